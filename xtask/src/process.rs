//! Running other programs, with errors that say which one and why.

use anyhow::{Context, Result, bail};
use std::{
    fmt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The machine lacks something; exit code 3. The text holds the line that would install it.
#[derive(Debug)]
pub(crate) struct MissingTool(pub(crate) String);

impl fmt::Display for MissingTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for MissingTool {}

/// Exit code for an error: 3 for a missing tool, 1 for the rest (clap itself exits 2 on usage).
pub(crate) fn exit_code_of(error: &anyhow::Error) -> u8 {
    if error.is::<MissingTool>() { 3 } else { 1 }
}

/// Repository root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// The cargo that started us.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // What `cargo xtask` says of itself stays out: build scripts that read it (ring's) would run anew, and half the workspace be compiled again, each
    // time somebody builds without xtask in between.
    let of_xtask = |name: &&std::ffi::OsString| {
        name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
    };
    for name in std::env::vars_os().map(|(name, _)| name).collect::<Vec<_>>().iter().filter(of_xtask) {
        command.env_remove(name);
    }
    command
}

/// Cargo's target directory.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The cargo profile of everything that no figure depends on.
pub(crate) const PROFILE: [&str; 2] = ["--profile", "quick"];

/// Folder of the binaries built with [`PROFILE`].
pub(crate) fn built() -> PathBuf {
    target_dir().join(PROFILE[1])
}

/// Runs with inherited output; an error names the command line and its status.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Runs and returns standard output as text; standard error is shown.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let out = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().with_context(|| format!("cannot start `{shown}`"))?;
    if !out.status.success() {
        bail!("`{shown}` ended with {}", out.status);
    }
    String::from_utf8(out.stdout).with_context(|| format!("`{shown}` printed something that is not UTF-8"))
}

fn show(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A progress line: what is being done now. Standard error, so that standard output stays for results.
pub(crate) fn step(text: &str) {
    eprintln!("==> {text}");
}
