//! `faceid session`, `result`, `purge`.

use super::{Common, Failure, now};
use crate::public;
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Newest sessions.
    List {
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Steps of one session.
    Show {
        /// The token.
        biz_token: String,
    },
    /// Erase one session now: personal data, pictures, result. Prints a signed receipt; the bill stays.
    Erase {
        /// The token.
        biz_token: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct ResultOptions {
    /// The token.
    biz_token: String,
    /// With comparison details and picture.
    #[arg(long)]
    verbose: bool,
}

pub(super) async fn run(common: &Common, command: Command) -> Result<(), Failure> {
    let store = common.store().await?;
    match command {
        Command::List { limit } => {
            for (biz_token, app_key, state, created) in store.sessions(limit).await? {
                common.print(&json!({ "biz_token": biz_token, "app_key": app_key, "state": state.name(), "created": created }), || {
                    format!("{biz_token}  {app_key}  {}", state.name())
                });
            }
            Ok(())
        }
        Command::Erase { biz_token } => {
            let receipt = store.erase(&biz_token, now()).await?.ok_or_else(|| Failure::check("no such session"))?;
            let json = serde_json::to_value(&receipt).map_err(Failure::environment)?;
            common.print(&json, || json.to_string());
            Ok(())
        }
        Command::Show { biz_token } => {
            let (app_key, state, seq) = store.standing(&biz_token).await?.ok_or_else(|| Failure::check("no such session"))?;
            let steps = store.steps(&biz_token).await?;
            let verdict = store
                .verdict(&biz_token)
                .await?
                .map(|verdict| json!({ "code": verdict.code, "message": verdict.message, "at": verdict.at }));
            let shown: Vec<_> = steps
                .iter()
                .map(|(step, action, frames, bytes)| json!({ "step": step, "action": action, "frames": frames, "bytes": bytes }))
                .collect();
            common.print(&json!({ "biz_token": biz_token, "app_key": app_key, "state": state.name(), "calls": seq, "steps": shown, "verdict": verdict }), || {
                let lines: Vec<String> =
                    steps.iter().map(|(step, action, frames, bytes)| format!("  step {step}  {}  {frames} frames  {bytes} bytes", action.as_deref().unwrap_or("neutral"))).collect();
                format!("{biz_token}  {app_key}  {}\n{}", state.name(), lines.join("\n"))
            });
            Ok(())
        }
    }
}

pub(super) async fn result(common: &Common, options: &ResultOptions) -> Result<(), Failure> {
    let store = common.store().await?;
    let no_token = || Failure::check("no such token");
    let (app_key, _, _) = store.standing(&options.biz_token).await?.ok_or_else(no_token)?;
    let body = public::result_body(&store, &options.biz_token, &app_key, options.verbose, now()).await?.ok_or_else(no_token)?;
    let json = serde_json::to_value(&body).map_err(Failure::environment)?;
    common.print(&json, || format!("{} {}", json["result_code"], json["result_message"].as_str().unwrap_or_default()));
    Ok(())
}

pub(super) async fn purge(common: &Common) -> Result<(), Failure> {
    let purged = common.store().await?.purge(now()).await?;
    common.print(&json!({ "sessions": purged.sessions, "pictures": purged.pictures, "nonces": purged.nonces }), || {
        format!("erased {} sessions, {} pictures, {} nonces", purged.sessions, purged.pictures, purged.nonces)
    });
    Ok(())
}
