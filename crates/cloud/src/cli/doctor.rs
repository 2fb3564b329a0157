//! `faceid doctor`, `faceid migrate`.

use super::{Common, Failure};
use crate::models;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Folder of the model files.
    #[arg(long)]
    models: Option<PathBuf>,
}

pub(super) async fn run(common: &Common, options: &Options) -> Result<(), Failure> {
    let folder = options.models.clone().unwrap_or(common.settings()?.models.dir);
    let mut faults = 0;
    for file in models::check(&folder).map_err(Failure::environment)? {
        let problem = file.outcome.err().map(|error| error.to_string());
        faults += usize::from(problem.is_some());
        common.print(&json!({ "check": file.name, "ok": problem.is_none(), "problem": problem }), || {
            format!("{:24} {}", file.name, problem.as_deref().unwrap_or("ok"))
        });
    }
    let sound = match common.store().await {
        Ok(store) => store.is_sound().await?,
        Err(_) => false,
    };
    faults += usize::from(!sound);
    common.print(&json!({ "check": "database", "ok": sound, "problem": (!sound).then_some("cannot be opened or is damaged") }), || {
        format!("{:24} {}", "database", if sound { "ok" } else { "cannot be opened or is damaged" })
    });
    if faults == 0 { Ok(()) } else { Err(Failure::environment(format!("{faults} checks failed"))) }
}

pub(super) async fn migrate(common: &Common) -> Result<(), Failure> {
    // Opening migrates.
    common.store().await?.close().await;
    common.print(&json!({ "migrated": true }), || "database is up to date".into());
    Ok(())
}
