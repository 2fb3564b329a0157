//! `faceid audit`, `faceid backup`, `faceid master-key`.

use super::{Common, Failure};
use crate::store::Seal;
use clap::{Args, Subcommand};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Recompute every hash chain and every seal; exit 1 when a row was altered, added or removed.
    Verify {
        /// A seal copied away earlier (output of `audit head`): it must still be part of the trail.
        #[arg(long)]
        kept: Option<PathBuf>,
    },
    /// The newest seal, as JSON. Keep a copy where the database's owner cannot change it.
    Head,
}

#[derive(Debug, Args)]
pub(super) struct BackupOptions {
    /// New folder for the copy; key files are not copied.
    #[arg(long)]
    out: PathBuf,
}

#[derive(Debug, Subcommand)]
pub(super) enum MasterKey {
    /// Names of the master keys, and which are still needed.
    List,
    /// Put a fresh key in front: new pictures are wrapped by it, old ones still open with theirs.
    Rotate,
}

pub(super) async fn run(common: &Common, command: Command) -> Result<(), Failure> {
    let store = common.store().await?;
    match command {
        Command::Verify { kept } => {
            let kept = kept
                .map(|path| {
                    let text =
                        std::fs::read_to_string(&path).map_err(|error| Failure::environment(format!("{}: {error}", path.display())))?;
                    serde_json::from_str::<Seal>(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
                })
                .transpose()?;
            let report = store.verify_audit(kept.as_ref()).await?;
            common.print(&json!({ "rows": report.rows, "seals": report.seals, "fault": report.fault }), || {
                format!("{} rows, {} seals: {}", report.rows, report.seals, report.fault.as_deref().unwrap_or("all hold"))
            });
            match report.fault {
                None => Ok(()),
                Some(fault) => Err(Failure::check(fault)),
            }
        }
        Command::Head => {
            let seal = store.last_seal().await?.ok_or_else(|| Failure::check("nothing is sealed yet"))?;
            let json = serde_json::to_value(&seal).map_err(Failure::environment)?;
            common.print(&json, || json.to_string());
            Ok(())
        }
    }
}

pub(super) async fn backup(common: &Common, options: &BackupOptions) -> Result<(), Failure> {
    if options.out.exists() {
        return Err(Failure::usage(format!("{} exists; a backup makes its own folder", options.out.display())));
    }
    let pictures = common.store().await?.backup(&options.out).await?;
    common.print(&json!({ "folder": options.out, "pictures": pictures }), || {
        format!("database and {pictures} pictures copied to {}\nThe key files are not in it: keep them apart.", options.out.display())
    });
    Ok(())
}

pub(super) async fn master_key(common: &Common, command: MasterKey) -> Result<(), Failure> {
    let store = common.store().await?;
    let ring = store.vault().ring();
    match command {
        MasterKey::Rotate => {
            let name = ring.rotate().map_err(Failure::environment)?;
            common.print(&json!({ "master": name }), || format!("{name} wraps new pictures"));
        }
        MasterKey::List => {
            let needed = store.masters().await?;
            for (name, first) in ring.names().into_iter().zip(std::iter::once(true).chain(std::iter::repeat(false))) {
                let used = needed.contains(&name);
                common.print(&json!({ "master": name, "wraps": first, "needed": used || first }), || {
                    format!(
                        "{name}  {}",
                        if first {
                            "wraps new pictures"
                        } else if used {
                            "still needed"
                        } else {
                            "not needed any more"
                        }
                    )
                });
            }
        }
    }
    Ok(())
}
