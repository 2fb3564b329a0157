//! `faceid notify`.

use super::{Common, Failure, now};
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Newest notifications and how they stand.
    List {
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Deliver a notification again, from its first attempt on.
    Resend {
        /// The token.
        biz_token: String,
    },
}

pub(super) async fn run(common: &Common, command: Command) -> Result<(), Failure> {
    let store = common.store().await?;
    match command {
        Command::List { limit } => {
            for notice in store.notices(limit).await? {
                let line = json!({ "biz_token": notice.biz_token, "app_key": notice.app_key, "state": notice.state, "attempts": notice.attempts,
                    "last": notice.last, "due": notice.due });
                common.print(&line, || {
                    format!(
                        "{}  {}  {}  {} attempts  {}",
                        notice.biz_token,
                        notice.app_key,
                        notice.state,
                        notice.attempts,
                        notice.last.unwrap_or_default()
                    )
                });
            }
            Ok(())
        }
        Command::Resend { biz_token } => {
            if !store.resend_notice(&biz_token, now()).await? {
                return Err(Failure::check("no notification for this token"));
            }
            common.print(&json!({ "resend": biz_token }), || "due now".into());
            Ok(())
        }
    }
}
