//! `cargo xtask soak`: a node of the cloud killed at random moments, as often as asked, while sessions run.

use crate::{
    process::{PROFILE, cargo, run, step},
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
    let suites: &[_] = if tools::postgres()? { &["sqlite", "postgres"] } else { &["sqlite"] };
    for suite in suites {
        step(&format!("{} kills, {suite}", options.kills));
        run(cargo()
            .arg("test")
            .args(PROFILE)
            .args(["--workspace", "--locked"])
            .args(web::FEATURES)
            .args(["--test", "it", "random_kills", "--", "--nocapture"])
            .env("FACEID_KILLS", options.kills.to_string())
            .env("FACEID_TEST_DATABASE", suite))?;
    }
    Ok(())
}
