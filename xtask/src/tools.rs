//! Programs the chores need beyond Rust: looked for first, installed where that is possible, otherwise exit 3 with the exact line to run.

use crate::process::{self, MissingTool, run, step, target_dir};
use anyhow::{Context, Result};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A program and the Debian package that brings it.
struct System {
    names: &'static [&'static str],
    package: &'static str,
}

const NODE: System = System { names: &["node"], package: "nodejs" };
const NPM: System = System { names: &["npm"], package: "npm" };
const PYTHON: System = System { names: &["python3"], package: "python3" };
const PIP: System = System { names: &["pip3", "pip"], package: "python3-pip" };
const CHROMIUM: System = System { names: &["chromium", "chromium-browser", "google-chrome"], package: "chromium" };
const POSTGRES: System = System { names: &["initdb"], package: "postgresql" };
const FIREFOX: System = System { names: &["firefox-esr", "firefox"], package: "firefox-esr" };
const WEBKIT: System = System { names: &["WebKitWebDriver"], package: "webkit2gtk-driver" };
const DISPLAY: System = System { names: &["xvfb-run"], package: "xvfb" };
const XAUTH: System = System { names: &["xauth"], package: "xauth" };
const FFMPEG: System = System { names: &["ffmpeg"], package: "ffmpeg" };

/// Version of the S3 server.
const MOTO: &str = "5.2.5";

/// What a demo without browser automation needs.
pub(crate) fn need_node() -> Result<()> {
    need(&[NODE, NPM])
}

/// What the simulated person, a camera file and the tests need.
pub(crate) fn need_browser() -> Result<()> {
    need(&[NODE, NPM, PYTHON, PIP, CHROMIUM, FFMPEG])
}

/// The S3 server of the cloud's tests, in a Python environment of its own under the target directory; `None`, with the reason printed, when
/// it cannot be installed.
pub(crate) fn moto() -> Option<PathBuf> {
    let home = target_dir().join("tools").join(format!("moto-{MOTO}"));
    let program = home.join("bin/moto_server");
    if program.exists() {
        return Some(program);
    }
    step(&format!("installing the S3 server of the tests, moto {MOTO} (about a minute, once)"));
    let venv = run(Command::new("python3").args(["-m", "venv"]).arg(&home));
    let pip = |(): ()| run(Command::new(home.join("bin/pip")).args(["install", "--quiet", &format!("moto[server]=={MOTO}")]));
    match venv.and_then(pip) {
        Ok(()) => Some(program),
        Err(error) => {
            println!("skipped: pictures in a bucket ({error:#})");
            None
        }
    }
}

/// The database server that the cloud's tests start, installed where that is possible; false, with the reason printed, where it is not.
///
/// # Errors
/// When the installation itself fails.
pub(crate) fn postgres() -> Result<bool> {
    if postgres_programs().is_none() {
        match need(&[POSTGRES]) {
            Err(error) if error.is::<MissingTool>() => {
                eprintln!("skipped: PostgreSQL ({error:#})");
                return Ok(false);
            }
            other => other?,
        }
    }
    Ok(postgres_programs().is_some())
}

/// Folder of `initdb` and `postgres`: on the path, or where Debian keeps them off it, the newest version first.
pub(crate) fn postgres_programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut debian: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin")).collect();
    debian.sort();
    std::env::split_paths(&path)
        .chain(debian.into_iter().rev())
        .find(|dir| ["initdb", "postgres"].iter().all(|name| dir.join(name).is_file()))
}

/// The Chromium to drive: `FACEID_CHROMIUM` or the first on the path.
pub(crate) fn chromium() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("FACEID_CHROMIUM") {
        return Ok(PathBuf::from(path));
    }
    CHROMIUM.names.iter().find_map(|n| find(n)).context("chromium disappeared from the path")
}

/// The Firefox to drive.
pub(crate) fn firefox() -> Result<PathBuf> {
    need(&[FIREFOX])?;
    FIREFOX.names.iter().find_map(|n| find(n)).context("firefox disappeared from the path")
}

/// WebKitGTK's driver, and the program that gives it a display.
pub(crate) fn webkit() -> Result<(PathBuf, PathBuf)> {
    need(&[WEBKIT, DISPLAY, XAUTH])?;
    let [driver, display] = [WEBKIT, DISPLAY].map(|tool| tool.names.iter().find_map(|n| find(n)));
    driver.zip(display).context("WebKitWebDriver or xvfb-run disappeared from the path")
}

fn need(tools: &[System]) -> Result<()> {
    let missing: Vec<&str> = tools.iter().filter(|t| !t.names.iter().any(|n| find(n).is_some())).map(|t| t.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let line = format!("apt-get install -y --no-install-recommends {}", missing.join(" "));
    if find("apt-get").is_none() || !is_root() {
        return Err(MissingTool(format!("this needs {}; install with:\n  sudo {line}", missing.join(", "))).into());
    }
    step(&format!("installing {} (a minute or two)", missing.join(", ")));
    run(Command::new("apt-get").args(["-qq", "update"]).stdout(Stdio::null()))?;
    run(Command::new("apt-get").args(["-qq", "install", "-y", "--no-install-recommends"]).args(&missing).stdout(Stdio::null()))
        .map_err(|e| MissingTool(format!("{e:#}; try:\n  {line}")).into())
}

/// A cargo-installed tool at an exact version, kept under the target directory.
///
/// # Errors
/// When cargo cannot build it.
pub(crate) fn cargo_tool(name: &str, binary: &str, version: &str) -> Result<PathBuf> {
    let home = target_dir().join("tools").join(format!("{name}-{version}"));
    let path = home.join("bin").join(binary);
    if !path.exists() {
        step(&format!("building {name} {version} (about two minutes, once)"));
        let install = |locked: &[&str]| {
            run(Command::new("cargo")
                .current_dir(std::env::temp_dir())
                .env_remove("CARGO_TARGET_DIR")
                .env_remove("RUSTUP_TOOLCHAIN")
                // They start compilers and rewrite a few files: their own build is the longer part.
                .envs([
                    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
                    ("CARGO_PROFILE_RELEASE_LTO", "off"),
                    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
                ])
                .args(["install", "--quiet", "--root"])
                .arg(&home)
                .args(locked)
                .args(["--version", version, name]))
        };
        // A published lock file may name versions that a registry mirror does not hold (yet); the tool itself stays at its exact version.
        install(&["--locked"]).or_else(|error| {
            step(&format!("{error:#}; once more without the tool's lock file"));
            install(&[])
        })?;
    }
    Ok(path)
}

/// The wasm32 target of the active toolchain.
pub(crate) fn wasm_target() -> Result<()> {
    let sysroot = process::output(Command::new("rustc").args(["--print", "sysroot"]).current_dir(process::root()))?;
    if Path::new(sysroot.trim()).join("lib/rustlib/wasm32-unknown-unknown").exists() {
        return Ok(());
    }
    step("adding the wasm32-unknown-unknown target");
    run(Command::new("rustup").args(["target", "add", "wasm32-unknown-unknown"]).current_dir(process::root()))
        .map_err(|e| MissingTool(format!("{e:#}; install with:\n  rustup target add wasm32-unknown-unknown")).into())
}

/// Version of a package in Cargo.lock: the command-line tool must equal the library.
pub(crate) fn locked_version(package: &str) -> Result<String> {
    let text = std::fs::read_to_string(process::root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let lock: toml::Table = text.parse().context("Cargo.lock is not TOML")?;
    lock.get("package")
        .and_then(toml::Value::as_array)
        .into_iter()
        .flatten()
        .find(|p| p.get("name").and_then(toml::Value::as_str) == Some(package))
        .and_then(|p| p.get("version").and_then(toml::Value::as_str).map(str::to_owned))
        .with_context(|| format!("{package} is not in Cargo.lock"))
}

fn find(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(name)).find(|p| p.is_file())
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout.starts_with(b"0\n"))
}
