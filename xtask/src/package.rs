//! The npm package: packed as it would be published, checked, and tried in bundlers with the simulated person in headless Chromium.

use crate::{
    engines, models,
    process::{self, output, root, step, target_dir},
    sim, testing, tools, web,
};
use anyhow::{Context, Result, ensure};
use clap::Args;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The bundler that every change is tried with; the others are in the long run.
const FAST: &str = "vite";

/// Options of `cargo xtask package`.
#[derive(Args)]
pub(crate) struct Options {
    /// Every bundler's sample; prints the table.
    #[arg(long)]
    matrix: bool,
    /// Only the page in Firefox and WebKit, no packing.
    #[arg(long)]
    engines: bool,
    /// Only the samples whose name contains this text.
    #[arg(long)]
    only: Option<String>,
    /// Take dist/ as it is instead of building it in the published profile.
    #[arg(long)]
    built: bool,
}

/// Packs, checks and, on demand, runs the samples.
///
/// # Errors
/// When a build, a check or a sample fails.
pub(crate) fn run(options: &Options) -> Result<()> {
    tools::need_browser()?;
    if !options.built {
        models::run(models::Args::default())?;
        crate::demo::build_native()?;
        web::build_web()?;
    }
    if options.engines {
        return engines::run();
    }
    let tarball = checked()?;
    if options.matrix || options.only.is_some() {
        samples(&tarball, options.only.as_deref())?;
    }
    println!("{}", tarball.display());
    Ok(())
}

/// Step of `cargo xtask test`: the checks and one bundler on the page that the step before has built; all bundlers in the long run.
pub(crate) fn test(long: bool) -> Result<()> {
    let tarball = checked()?;
    samples(&tarball, (!long).then_some(FAST))
}

/// Makes what is made of the copied files: the worker's one script, the inline entry, the list of digests.
///
/// # Errors
/// When npm or the bundler fails.
pub(crate) fn make_files(package: &Path) -> Result<()> {
    let tools = root().join("xtask/js");
    testing::npm_ci(&tools)?;
    process::run(Command::new("node").current_dir(&tools).arg("assemble.mjs").arg(package))
}

/// The tarball, after every check of `tests/package`.
fn checked() -> Result<PathBuf> {
    step("packing the npm package");
    let folder = target_dir().join("package");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let package = web::dist().join("faceid");
    let name = output(
        Command::new("npm").current_dir(&package).args(["pack", "--silent", "--ignore-scripts", "--pack-destination"]).arg(&folder),
    )?;
    let tarball = folder.join(name.trim());
    ensure!(tarball.is_file(), "npm pack left no {}", tarball.display());
    step("checking the npm package");
    let checks = root().join("tests/package");
    testing::npm_ci(&checks)?;
    process::run(Command::new("node").current_dir(&checks).args(["--test", "package.test.mjs"]).env("FACEID_TARBALL", &tarball))?;
    process::run(Command::new("node").current_dir(&checks).arg("sizes.mjs").arg(&tarball))?;
    Ok(tarball)
}

/// Installs the tarball into samples, builds them and lets the simulated person do the actions.
fn samples(tarball: &Path, only: Option<&str>) -> Result<()> {
    testing::npm_ci(&root().join("tests"))?;
    let person = sim::prepare()?;
    step("building and running the bundlers' samples");
    let mut command = Command::new("node");
    command.current_dir(root().join("tests/package")).arg("matrix.mjs").arg(tarball);
    command
        .arg("--sim")
        .arg(&person.module)
        .arg("--portrait")
        .arg(&person.portrait)
        .arg("--work")
        .arg(target_dir().join("package/samples"));
    if let Some(only) = only {
        command.args(["--only", only]);
    }
    process::run(command.env("FACEID_CHROMIUM", tools::chromium()?))
}
