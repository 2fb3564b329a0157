//! `cargo xtask soak`: a node of the cloud killed at random moments, as often as asked, while sessions run.

use crate::{
    process::{cargo, run, step},
    tools, web,
};
use anyhow::Result;
use clap::Args;

/// Options of `cargo xtask soak`.
#[derive(Args)]
pub(crate) struct Options {
    /// How many kills, on each database.
    #[arg(long, default_value_t = 500)]
    kills: u32,
}

/// The crash test with another count; its summary lines are the result.
///
/// # Errors
/// When something acknowledged was lost, billed twice or hangs.
pub(crate) fn soak(options: &Options) -> Result<()> {
    let postgres = tools::postgres()?;
    for suite in ["it", "postgres"] {
        if suite == "postgres" && !postgres {
            continue;
        }
        step(&format!("{} kills, suite {suite}", options.kills));
        run(cargo()
            .args(["test", "--workspace", "--release", "--locked"])
            .args(web::FEATURES)
            .args(["--test", suite, "random_kills", "--", "--nocapture"])
            .env("FACEID_KILLS", options.kills.to_string()))?;
    }
    Ok(())
}
