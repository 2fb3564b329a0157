//! `cargo xtask test`: what CI runs, cold, on a fresh machine.

use crate::{
    bench, demo, models,
    process::{PROFILE, built, cargo, root, run, step},
    protocol, tidy, tools, web, weight,
};
use anyhow::{Result, ensure};
use clap::Args;
use std::{path::Path, process::Command, time::Instant};

/// Options of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct Options {
    /// The full counts: all seeds, long mutation and replay runs, licence check.
    #[arg(long)]
    long: bool,
    /// Only the steps whose name contains this text.
    #[arg(long)]
    only: Option<String>,
}

type Step = (&'static str, fn(bool) -> Result<()>);

const STEPS: &[Step] = &[
    ("format", |_| run(cargo().args(["fmt", "--all", "--check"]))),
    ("tidy", |_| tidy::run()),
    ("models", |_| models::run(models::Args::default())),
    ("portraits", |_| crate::portraits::fetch(&crate::portraits::dir()).map(drop)),
    ("build", |_| demo::build_native()),
    ("numerics", |_| models::run(models::Args::numerics())),
    ("generated", |_| crate::codegen::run(true)),
    ("rust", rust_tests),
    ("clippy", |_| clippy()),
    ("docs", |_| docs()),
    ("web", |_| web::build_web().map(drop)),
    ("browser", browser_tests),
    ("package", crate::package::test),
    ("pace", |_| bench::web::guard()),
    ("weight", |_| weight::run(&weight::Options::default())),
    ("system", system_tests),
    ("agreement", agreement),
    ("licences", licences),
];

/// Runs every step in order and stops at the first that fails; states each step's wall time.
///
/// # Errors
/// When a step fails or the machine lacks a tool that cannot be installed.
pub(crate) fn test(options: &Options) -> Result<()> {
    tools::need_browser()?;
    tools::wasm_target()?;
    let begun = Instant::now();
    let mut times = Vec::new();
    for (name, action) in STEPS {
        if options.only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        step(name);
        let start = Instant::now();
        action(options.long)?;
        times.push((name, start.elapsed().as_secs()));
    }
    ensure!(!times.is_empty(), "no step is called {:?}", options.only);
    for (name, seconds) in &times {
        println!("{name:>10}  {seconds:>5} s");
    }
    println!("all steps passed in {} s", begun.elapsed().as_secs());
    println!("{} passed, 0 failed", times.len());
    Ok(())
}

/// Everything once; then the cloud's suite, the same binary, on PostgreSQL.
fn rust_tests(long: bool) -> Result<()> {
    run(&mut rust_command(long, &[]))?;
    if tools::postgres()? {
        step("the cloud's tests once more, on PostgreSQL");
        return run(rust_command(long, &["--test", "it"]).env("FACEID_TEST_DATABASE", "postgres"));
    }
    println!("skipped: tests on PostgreSQL (no initdb on the path or in /usr/lib/postgresql/*/bin)");
    Ok(())
}

fn rust_command(long: bool, only: &[&str]) -> Command {
    let mut command = cargo();
    command
        .arg("test")
        .args(PROFILE)
        .args(["--workspace", "--locked", "--no-fail-fast"])
        .args(web::FEATURES)
        .args(only)
        .env("FACEID_REQUIRE_MODELS", "1")
        .env("FACEID_PORTRAITS", crate::portraits::dir());
    if let Some(moto) = tools::moto() {
        command.env("FACEID_MOTO", moto);
    }
    if long {
        command.env("FACEID_LONG", "1");
    } else {
        command.env("FACEID_FUZZ_SECONDS", "15");
        // The same property-test cases on every run; the long run draws new ones.
        command.env("PROPTEST_RNG_SEED", "1");
    }
    command
}

fn clippy() -> Result<()> {
    run(cargo()
        .arg("clippy")
        .args(PROFILE)
        .args(["--workspace", "--lib", "--bins", "--locked", "--quiet"])
        .args(web::FEATURES)
        .args(["--", "-D", "warnings"]))?;
    for feature in ["shell", "engine"] {
        run(cargo().args(["clippy", "-p", "faceid-liveness", "--features", feature, "--target", "wasm32-unknown-unknown"]).args([
            "--release",
            "--locked",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]))?;
    }
    Ok(())
}

fn docs() -> Result<()> {
    run(cargo()
        .arg("doc")
        .args(PROFILE)
        .args(["--workspace", "--no-deps", "--locked", "--quiet"])
        .args(web::FEATURES)
        .env("RUSTDOCFLAGS", "-D warnings"))
}

fn browser_tests(long: bool) -> Result<()> {
    let tests = root().join("tests");
    npm_ci(&tests)?;
    // Named one by one: what node makes of a folder or a pattern differs between its versions.
    let mut files: Vec<_> = std::fs::read_dir(tests.join("browser"))?
        .map(|entry| Ok(entry?.path()))
        .filter(|path: &Result<_>| path.as_ref().map_or(true, |p: &std::path::PathBuf| p.to_string_lossy().ends_with(".test.mjs")))
        .collect::<Result<_>>()?;
    files.sort();
    files.push(root().join("www/text/lookup.test.js"));
    files.push(tests.join("protocol/vectors.test.mjs"));
    run(Command::new("node")
        .current_dir(&tests)
        .args(["--test", "--test-concurrency=1"])
        .args(files)
        .env("FACEID_CHROMIUM", tools::chromium()?)
        .env("FACEID_DIST", web::dist())
        .env("FACEID_SESSIONS", if long { "200" } else { "30" })
        .env("FACEID_BIN", built())
        .env("FACEID_PORTRAITS", crate::portraits::dir()))
}

/// Installs the tests' own packages from their lock file, once per lock.
pub(crate) fn npm_ci(folder: &Path) -> Result<()> {
    let lock = std::fs::read(folder.join("package-lock.json"))?;
    let stamp = folder.join("node_modules/.lock-copy");
    if std::fs::read(&stamp).is_ok_and(|old| old == lock) {
        return Ok(());
    }
    step("installing npm packages from their lock file");
    run(Command::new("npm").current_dir(folder).args(["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"]))?;
    std::fs::write(stamp, lock)?;
    Ok(())
}

/// The whole system with the simulated person: pass, other person's photo, still photograph. `--long` runs ten seeds.
fn system_tests(long: bool) -> Result<()> {
    let seeds: u64 = if long { 10 } else { 2 };
    for seed in 1..=seeds {
        demo::simulate_expecting(seed, demo::Expect::Same)?;
    }
    demo::simulate_expecting(1, demo::Expect::Different)?;
    demo::simulate_expecting(1, demo::Expect::StillRefused)?;
    protocol::run_client(long)
}

fn agreement(long: bool) -> Result<()> {
    if !long {
        println!("skipped: native against WebAssembly, session by session (builds tract for the page, minutes; run with --long)");
        return Ok(());
    }
    crate::agreement::run(&crate::agreement::Options::default())
}

fn licences(long: bool) -> Result<()> {
    if !long {
        println!("skipped: licences (cargo-deny takes minutes to build; run with --long)");
        return Ok(());
    }
    let deny = tools::cargo_tool("cargo-deny", "cargo-deny", "0.20.2")?;
    run(Command::new(deny).current_dir(root()).args(["check", "licenses", "bans", "sources"]))
}
