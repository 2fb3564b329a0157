//! Rules of the tree that the compiler does not check.

use crate::process::{cargo, output, root, step};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{collections::BTreeSet, fs, path::Path, process::Command};

/// Allowed normal dependencies between our packages (ARCHITECTURE.md). Dev-dependencies are free, except that testkit is dev-only.
const EDGES: &[(&str, &[&str])] = &[
    ("faceid-liveness", &["faceid-session", "faceid-vision", "faceid-protocol"]),
    ("faceid-protocol", &[]),
    ("faceid-kernels", &[]),
    ("faceid-bench", &["faceid-kernels", "faceid-judge", "faceid-session", "faceid-protocol"]),
    ("faceid-vision", &["faceid-kernels", "faceid-protocol"]),
    ("faceid-session", &["faceid-vision", "faceid-protocol"]),
    ("faceid-judge", &["faceid-session", "faceid-vision", "faceid-protocol"]),
    ("faceid-cloud", &["faceid-judge", "faceid-protocol"]),
    ("faceid-client", &["faceid-protocol"]),
    ("faceid-simulate", &["faceid-vision"]),
    (
        "faceid-lab",
        &["faceid-bench", "faceid-judge", "faceid-session", "faceid-vision", "faceid-protocol", "faceid-simulate", "faceid-client"],
    ),
    ("faceid-testkit", &["faceid-session", "faceid-vision", "faceid-protocol"]),
    ("xtask", &[]),
];

/// Third-party crates a package must never reach in its normal tree: the promise its name makes.
const BANS: &[(&str, &[&str])] = &[
    ("faceid-protocol", &["tokio", "tract-core", "image", "rand", "getrandom", "wasm-bindgen"]),
    ("faceid-session", &["tokio", "tract-core", "image", "rand", "getrandom", "wasm-bindgen", "js-sys"]),
    ("faceid-vision", &["tokio", "wasm-bindgen", "js-sys"]),
    ("faceid-judge", &["tokio", "reqwest", "sqlx-core", "axum"]),
];

/// Files at the top of the tree: anything else there is a leftover.
const TOP: &[&str] = &[
    ".gitignore",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "SECURITY.md",
    "clippy.toml",
    "deny.toml",
    "rust-toolchain.toml",
    "rustfmt.toml",
];
const MAX_LINES: usize = 600;
const MAX_BYTES: u64 = 1 << 20;

/// Runs every rule and reports all breaches at once.
///
/// # Errors
/// When a rule is broken or git/cargo cannot be run.
pub(crate) fn run() -> Result<()> {
    step("tidy: dependency edges, bans, file sizes, leftovers");
    let mut breaches = Vec::new();
    edges(&mut breaches)?;
    bans(&mut breaches)?;
    page_is_light(&mut breaches)?;
    files(&mut breaches)?;
    if breaches.is_empty() {
        println!("tidy: {} edges lists, {} ban lists and every tracked file hold", EDGES.len(), BANS.len());
        return Ok(());
    }
    bail!("tidy found {} breaches:\n  {}", breaches.len(), breaches.join("\n  "))
}

fn edges(breaches: &mut Vec<String>) -> Result<()> {
    let text = output(cargo().args(["metadata", "--format-version", "1", "--no-deps", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata is not JSON")?;
    let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
    let ours: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = EDGES.iter().find(|(n, _)| *n == name) else {
            breaches.push(format!("{name}: a new package needs a row in the allowed edges"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let target = dependency["name"].as_str().unwrap_or_default();
            let normal = dependency["kind"].is_null();
            if normal && ours.contains(target) && !allowed.contains(&target) {
                breaches.push(format!("{name} -> {target} is not an allowed dependency"));
            }
        }
    }
    Ok(())
}

fn bans(breaches: &mut Vec<String>) -> Result<()> {
    for (package, banned) in BANS {
        let tree = tree(&["-p", package, "--all-features"])?;
        breaches.extend(banned.iter().filter(|b| tree.contains(**b)).map(|b| format!("{package} reaches {b}")));
    }
    Ok(())
}

/// The main-thread binary shows the prompt before the engine has arrived: it must not carry it. The engine runs compact networks.
fn page_is_light(breaches: &mut Vec<String>) -> Result<()> {
    for (feature, ours, banned) in
        [("shell", "faceid-session", ["tract-core", "image"]), ("engine", "faceid-vision", ["tract-core", "tract-onnx"])]
    {
        let tree = tree(&["-p", "faceid-liveness", "--features", feature, "--target", "wasm32-unknown-unknown"])?;
        breaches.extend(banned.iter().filter(|b| tree.contains(**b)).map(|b| format!("the {feature} reaches {b}")));
        if !tree.contains(ours) {
            breaches.push(format!("the {feature}'s tree could not be read"));
        }
    }
    Ok(())
}

fn tree(args: &[&str]) -> Result<BTreeSet<String>> {
    let text = output(cargo().args(["tree", "--locked", "-e", "normal", "--prefix", "none", "-f", "{p}"]).args(args))?;
    Ok(text.lines().filter_map(|l| l.split(' ').next()).map(str::to_owned).collect())
}

fn files(breaches: &mut Vec<String>) -> Result<()> {
    let listed = output(Command::new("git").current_dir(root()).args(["ls-files"]))?;
    for name in listed.lines() {
        if !name.contains('/') && !TOP.contains(&name) {
            breaches.push(format!("{name}: not a file that belongs at the top of the tree"));
        }
        let path = root().join(name);
        let Ok(meta) = fs::metadata(&path) else { continue };
        if meta.len() > MAX_BYTES {
            breaches.push(format!("{name}: over 1 MiB; models and media are never committed"));
        }
        let extension = Path::new(name).extension().and_then(|e| e.to_str()).unwrap_or_default();
        if matches!(extension, "rs" | "js" | "mjs" | "ts" | "py" | "css") && !name.starts_with("docs/") {
            source(name, &path, breaches)?;
        }
    }
    Ok(())
}

fn source(name: &str, path: &Path, breaches: &mut Vec<String>) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    let lines = text.lines().count();
    if lines > MAX_LINES {
        breaches.push(format!("{name}: {lines} lines; split by {MAX_LINES}"));
    }
    // Written in two parts so that this file does not report itself.
    for mark in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")] {
        if text.lines().any(|l| l.contains(mark) && !l.contains('#')) {
            breaches.push(format!("{name}: {mark} without an issue number"));
        }
    }
    let crate_root = name.starts_with("crates/") && (name.ends_with("/src/lib.rs") || name.ends_with("/src/main.rs"));
    if crate_root && !name.starts_with("crates/kernels/") && !text.contains("#![forbid(unsafe_code)]") {
        breaches.push(format!("{name}: missing #![forbid(unsafe_code)]"));
    }
    Ok(())
}
