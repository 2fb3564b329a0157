//! The page in Firefox and WebKit, through their WebDrivers. What cannot be installed is skipped, with the command that failed.

use crate::{
    process::{self, root, step},
    testing, tools, web,
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Version of Firefox's driver; Debian has none.
const GECKODRIVER: &str = "0.37.1";

/// Runs `tests/engines` on the page in `dist/`.
///
/// # Errors
/// When a test fails, or no engine could be tried at all.
pub(crate) fn run() -> Result<()> {
    let tests = root().join("tests");
    testing::npm_ci(&tests)?;
    let engines = [("Firefox", firefox()), ("WebKit", webkit())].map(|(name, found)| match found {
        Ok(mut engine) => {
            engine["name"] = name.into();
            engine
        }
        Err(error) => {
            println!("skipped: {name} ({error:#})");
            json!({"name": name, "args": [], "skip": format!("{error:#}")})
        }
    });
    ensure!(engines.iter().any(|engine| engine.get("skip").is_none()), "no engine could be tried");
    step("the page in other engines");
    process::run(
        Command::new("node")
            .current_dir(&tests)
            .args(["--test", "engines/engines.test.mjs"])
            .env("FACEID_ENGINES", Value::from(engines.to_vec()).to_string())
            .env("FACEID_DIST", web::dist()),
    )
}

fn firefox() -> Result<Value> {
    let browser = tools::firefox()?;
    let driver = tools::cargo_tool("geckodriver", "geckodriver", GECKODRIVER)?;
    Ok(json!({
        "command": driver,
        "args": ["--port", "{port}"],
        "capabilities": {"browserName": "firefox", "moz:firefoxOptions": {"binary": browser, "args": ["-headless"]}},
    }))
}

/// WebKitGTK needs a display; its small browser comes with the library.
fn webkit() -> Result<Value> {
    let (driver, display) = tools::webkit()?;
    let browser = mini_browser().context("no MiniBrowser in /usr/lib/*/webkit2gtk-4.*")?;
    Ok(json!({
        "command": display,
        "args": ["-a", driver, "--port={port}"],
        "capabilities": {"browserName": "MiniBrowser", "webkitgtk:browserOptions": {"binary": browser, "args": ["--automation", "--enable-media-stream=true"]}},
    }))
}

fn mini_browser() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = folders(Path::new("/usr/lib"))
        .iter()
        .flat_map(|machine| folders(machine))
        .filter(|folder| folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with("webkit2gtk-4")))
        .map(|folder| folder.join("MiniBrowser"))
        .filter(|program| program.is_file())
        .collect();
    found.sort();
    found.pop()
}

fn folders(path: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}
