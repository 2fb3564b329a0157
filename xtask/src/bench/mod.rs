//! `cargo xtask bench`: what things cost on this machine. Measures and prints; nothing here passes or fails by the clock.

mod cloud;
mod machine;
mod native;
mod page;
mod postgres;
mod report;
mod server;
pub(crate) mod web;

use anyhow::Result;
use clap::Subcommand;

/// What to measure.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Calls, verdicts and memory of the real server, on SQLite and on PostgreSQL.
    Cloud(cloud::Options),
    /// The networks on this machine's processor, beside tract and onnxruntime.
    Native(native::Options),
    /// The page's networks and frames beside onnxruntime-web, stock tract, MediaPipe and Human.
    Web(web::Options),
}

/// Runs the bench.
///
/// # Errors
/// When something cannot be built or started, or a call fails.
pub(crate) fn run(bench: &Bench) -> Result<()> {
    match bench {
        Bench::Cloud(options) => cloud::run(options),
        Bench::Native(options) => native::run(options),
        Bench::Web(options) => web::run(options),
    }
}
