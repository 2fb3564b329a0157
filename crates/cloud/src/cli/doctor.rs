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
    let mut report = |check: &str, problem: Option<String>| {
        faults += usize::from(problem.is_some());
        common.print(&json!({ "check": check, "ok": problem.is_none(), "problem": problem }), || {
            format!("{check:24} {}", problem.as_deref().unwrap_or("ok"))
        });
    };
    match common.store().await {
        Err(_) => report("database", Some("cannot be opened or is damaged".into())),
        Ok(store) => {
            let sound = store.is_sound().await?;
            report("database", (!sound).then(|| "is damaged or a read-only copy".into()));
            report("pictures", store.vault().check().await.err().map(|error| error.to_string()));
            let names = store.vault().ring().names();
            let missing: Vec<String> = store.masters().await?.into_iter().filter(|master| !names.contains(master)).collect();
            report("master keys", (!missing.is_empty()).then(|| format!("needed and not in the key file: {}", missing.join(", "))));
            report("audit trail", store.verify_audit(None).await?.fault);
        }
    }
    if faults == 0 { Ok(()) } else { Err(Failure::environment(format!("{faults} checks failed"))) }
}

pub(super) async fn migrate(common: &Common) -> Result<(), Failure> {
    // Opening migrates.
    common.store().await?.close().await;
    common.print(&json!({ "migrated": true }), || "database is up to date".into());
    Ok(())
}
