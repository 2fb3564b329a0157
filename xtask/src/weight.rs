//! `cargo xtask weight`: what a first visit downloads, and the budget that CI holds it to.

use crate::{
    process::{output, root, step},
    web,
};
use anyhow::{Context, Result, bail};
use clap::Args;
use serde::{Deserialize, Serialize};
use std::{fs, path::PathBuf, process::Command};

/// Options of `cargo xtask weight`.
#[derive(Debug, Default, Args)]
pub(crate) struct Options {
    /// Weigh this folder (laid out as the package) instead of the built page.
    #[arg(long)]
    package: Option<PathBuf>,
    /// Where to write the figures.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// When a file is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Group {
    /// Before the first prompt shows.
    Prompt,
    /// While the person reads it.
    Engine,
}

/// One file of a first visit, bytes.
#[derive(Debug, Deserialize, Serialize)]
struct Weighed {
    file: String,
    group: Group,
    raw: u64,
    gzip: u64,
    brotli: u64,
}

/// Most brotli bytes before the first prompt: 200 kB.
const PROMPT_BUDGET: u64 = 200_000;
/// Most brotli bytes of everything: the bar is 1.9 MB; this holds what was reached with some room.
const TOTAL_BUDGET: u64 = 1_150_000;

/// Builds the published profile, weighs and compares with the budget.
///
/// # Errors
/// When the build fails or a budget is exceeded.
pub(crate) fn run(options: &Options) -> Result<()> {
    let package = match &options.package {
        Some(package) => package.clone(),
        None => web::build_web()?.join("faceid"),
    };
    step("weighing");
    let text = output(Command::new("node").current_dir(root()).arg("tests/bench/weight.mjs").arg(&package))?;
    let files: Vec<Weighed> = serde_json::from_str(text.trim()).context("weight.mjs printed no JSON")?;
    println!("{:<44} {:>10} {:>10} {:>10}", "bytes", "raw", "gzip", "brotli");
    for group in [Group::Prompt, Group::Engine] {
        let part = || files.iter().filter(move |file| file.group == group);
        for file in part() {
            println!("{:<44} {:>10} {:>10} {:>10}", file.file, file.raw, file.gzip, file.brotli);
        }
        let sum = |of: fn(&Weighed) -> u64| part().map(of).sum::<u64>();
        let name = match group {
            Group::Prompt => "before the first prompt",
            Group::Engine => "after it",
        };
        println!("{name:<44} {:>10} {:>10} {:>10}\n", sum(|f| f.raw), sum(|f| f.gzip), sum(|f| f.brotli));
    }
    if let Some(path) = &options.json {
        fs::write(root().join(path), serde_json::to_string_pretty(&files)?).with_context(|| format!("write {}", path.display()))?;
    }
    let prompt: u64 = files.iter().filter(|file| file.group == Group::Prompt).map(|file| file.brotli).sum();
    let total: u64 = files.iter().map(|file| file.brotli).sum();
    println!("brotli: {prompt} before the first prompt (budget {PROMPT_BUDGET}), {total} in all (budget {TOTAL_BUDGET})");
    if prompt > PROMPT_BUDGET || total > TOTAL_BUDGET {
        bail!("a first visit is over its budget");
    }
    Ok(())
}
