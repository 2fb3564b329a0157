//! `faceid operator`.

use super::{Common, Failure, now};
use crate::random;
use clap::Subcommand;
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Give an operator a token for the page at /operator of the management port, shown once. A second time replaces it.
    Add {
        /// Letters, digits, `.`, `-`, `_`.
        name: String,
    },
    /// List operators.
    List,
    /// Take an operator's token away; takes effect at once.
    Remove {
        /// The name.
        name: String,
    },
}

pub(super) async fn run(common: &Common, command: Command) -> Result<(), Failure> {
    let store = common.store().await?;
    match command {
        Command::Add { name } => {
            if !is_name(&name) {
                return Err(Failure::usage("a name has 1 to 64 letters, digits, dots, dashes and underscores"));
            }
            let token = random::hex::<32>().map_err(Failure::environment)?;
            store.put_operator(&name, &token, now()).await?;
            common.print(&json!({ "operator": name, "token": token }), || {
                format!("User      {name}\nPassword  {token}\nThe password is not shown again.")
            });
        }
        Command::List => {
            for (name, created) in store.operators().await? {
                common.print(&json!({ "operator": name, "created": created }), || name.clone());
            }
        }
        Command::Remove { name } => {
            if !store.remove_operator(&name).await? {
                return Err(Failure::check(format!("no operator {name}")));
            }
            common.print(&json!({ "removed": name }), || format!("removed {name}"));
        }
    }
    Ok(())
}

/// A colon would end the name in HTTP Basic.
fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}
