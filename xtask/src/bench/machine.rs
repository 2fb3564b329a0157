//! What was measured where: without it a figure says nothing.

use crate::process::{output, root};
use anyhow::{Context, Result};
use serde::Serialize;
use std::{fs, path::Path, process::Command};

/// The machine, the source and how busy it was.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    /// Model name of the first processor.
    pub(super) cpu: String,
    /// Processors this process may use.
    pub(super) cores: usize,
    pub(super) kernel: String,
    /// File system of the databases: decides what a synced commit costs.
    pub(super) file_system: String,
    /// Runnable processes over the last minute when the bench began, builds before it included: over 0.5 somebody else was at work.
    pub(super) load_before: f64,
    /// Commit of the source.
    pub(super) commit: String,
    /// Tracked files differ from it.
    pub(super) modified: bool,
}

impl Machine {
    /// Looks around; `folder` is where the databases will be.
    pub(super) fn look(folder: &Path) -> Result<Self> {
        let read = |path: &str| fs::read_to_string(path).with_context(|| format!("cannot read {path}"));
        let git = |args: &[&str]| output(Command::new("git").current_dir(root()).args(args));
        let cpu = read("/proc/cpuinfo")?
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim().to_owned()))
            // Arm kernels name no model.
            .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
        Ok(Self {
            cpu,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            file_system: output(Command::new("stat").args(["-f", "-c", "%T"]).arg(folder))?.trim().to_owned(),
            load_before: read("/proc/loadavg")?.split(' ').next().and_then(|n| n.parse().ok()).context("unreadable /proc/loadavg")?,
            commit: git(&["rev-parse", "HEAD"])?.trim().to_owned(),
            modified: !git(&["status", "--porcelain", "--untracked-files=no"])?.trim().is_empty(),
        })
    }
}
