//! `cargo xtask screens`: pictures of every screen of the built page, for whoever changes its looks.

use crate::{
    process::{self, root, target_dir},
    testing, tools, web,
};
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::{env, path::PathBuf, process::Command};

/// The README's picture.
const PICTURE: &str = "docs/pictures/element.png";

/// Options of `cargo xtask screens`.
#[derive(Args)]
pub(crate) struct Options {
    /// Folder for the pictures; `target/screens` when left out.
    out: Option<PathBuf>,
    /// Only the sets whose name contains this text, for example 320x568 or dark.
    #[arg(long)]
    only: Option<String>,
    /// Make the picture of the README anew instead.
    #[arg(long)]
    picture: bool,
}

/// Takes the pictures.
///
/// # Errors
/// When the page is not built, or the browser fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    tools::need_browser()?;
    ensure!(web::dist().join("states.html").is_file(), "there is no built page: run `cargo xtask web` first");
    let tests = root().join("tests");
    testing::npm_ci(&tests)?;
    let mut command = Command::new("node");
    command.current_dir(&tests).arg("screens/screens.mjs").env("FACEID_CHROMIUM", tools::chromium()?).env("FACEID_DIST", web::dist());
    if options.picture {
        return process::run(command.arg("--picture").arg(root().join(PICTURE)));
    }
    let out = match &options.out {
        Some(out) => env::current_dir().context("no current folder")?.join(out),
        None => target_dir().join("screens"),
    };
    command.arg(&out);
    if let Some(only) = &options.only {
        command.args(["--only", only]);
    }
    process::run(&mut command)?;
    println!("{}", out.display());
    Ok(())
}
