//! `faceid key`.

use super::{Common, Failure, key_set, now};
use crate::{random, store::NewKey};
use clap::{Args, Subcommand};
use serde_json::json;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key; its secrets are shown once and never again.
    Create(Create),
    /// Change what a key's account may do.
    Set(Box<key_set::Options>),
    /// Show a key's account, without secrets.
    Show {
        /// Public name of the key.
        app_key: String,
    },
    /// Give a key a new secret, shown once. Calls signed with the old one are refused from now on.
    Rotate {
        /// Public name of the key.
        app_key: String,
    },
    /// List keys, without secrets.
    List,
    /// Revoke a key: its calls and its sessions' inits are refused from now on.
    Revoke {
        /// Public name of the key.
        app_key: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Free text.
    #[arg(long, default_value = "")]
    label: String,
    /// Origin whose pages may run sessions, such as https://shop.example; may be repeated.
    #[arg(long = "origin")]
    origins: Vec<String>,
    /// Also allow clients without an Origin header.
    #[arg(long)]
    native: bool,
    /// Also make an AppCode (bearer secret).
    #[arg(long)]
    app_code: bool,
    /// Most tokens in 24 hours.
    #[arg(long)]
    daily_quota: Option<u32>,
}

pub(super) async fn run(common: &Common, command: Command) -> Result<(), Failure> {
    let store = common.store().await?;
    match command {
        Command::Create(options) => {
            let key = new_key(&options.label, options.origins, options.native, options.app_code, options.daily_quota)?;
            store.add_key(&key, now()).await?;
            let mut line = json!({ "app_key": key.app_key, "app_secret": key.app_secret, "label": key.label, "origins": key.origins, "native": key.native });
            if let Some(code) = &key.app_code {
                line["app_code"] = json!(code);
            }
            common.print(&line, || {
                let code = key.app_code.as_ref().map(|code| format!("\nAppCode    {code}")).unwrap_or_default();
                format!("AppKey     {}\nAppSecret  {}{code}\nThe secrets are not shown again.", key.app_key, key.app_secret)
            });
            Ok(())
        }
        Command::Set(options) => key_set::run(common, &store, *options).await,
        Command::Show { app_key } => {
            if store.key(&app_key).await?.is_none() {
                return Err(Failure::check(format!("no key {app_key}")));
            }
            let line = key_set::shown(&store, &app_key).await?;
            common.print(&line, || {
                line.as_object().into_iter().flatten().map(|(name, value)| format!("{name:16} {value}")).collect::<Vec<_>>().join("\n")
            });
            Ok(())
        }
        Command::Rotate { app_key } => {
            let secret = random::hex::<32>().map_err(Failure::environment)?;
            if !store.replace_secret(&app_key, &secret).await? {
                return Err(Failure::check(format!("no active key {app_key}")));
            }
            common.print(&json!({ "app_key": app_key, "app_secret": secret }), || {
                format!("AppKey     {app_key}\nAppSecret  {secret}\nThe secret is not shown again.")
            });
            Ok(())
        }
        Command::List => {
            for key in store.keys().await? {
                let origins = store.origins(&key.app_key).await?;
                let line = json!({ "app_key": key.app_key, "label": key.label, "origins": origins, "native": key.native, "app_code": key.has_app_code,
                    "daily_quota": key.daily_quota, "created": key.created, "revoked": key.revoked });
                common.print(&line, || {
                    let state = if key.revoked.is_some() { "revoked" } else { "active" };
                    format!("{}  {state}  {}  {}", key.app_key, key.label, origins.join(" "))
                });
            }
            Ok(())
        }
        Command::Revoke { app_key } => {
            if !store.revoke_key(&app_key, now()).await? {
                return Err(Failure::check(format!("no active key {app_key}")));
            }
            common.print(&json!({ "revoked": app_key }), || format!("revoked {app_key}"));
            Ok(())
        }
    }
}

/// A key with fresh secrets.
pub(super) fn new_key(
    label: &str,
    origins: Vec<String>,
    native: bool,
    app_code: bool,
    daily_quota: Option<u32>,
) -> Result<NewKey, Failure> {
    if let Some(bad) = origins.iter().find(|origin| !is_origin(origin)) {
        return Err(Failure::usage(format!("{bad} is not an origin: scheme://host[:port], lower case, no path")));
    }
    let random = |error: random::RandomError| Failure::environment(error);
    Ok(NewKey {
        app_key: random::hex::<8>().map_err(random)?,
        app_secret: random::hex::<32>().map_err(random)?,
        app_code: if app_code { Some(random::hex::<16>().map_err(random)?) } else { None },
        label: label.to_owned(),
        native,
        daily_quota,
        origins,
    })
}

/// As browsers write it: scheme and host, an optional port, nothing else.
fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    let scheme = matches!(uri.scheme_str(), Some("http" | "https"));
    let Some(authority) = uri.authority() else { return false };
    scheme
        && !authority.as_str().contains('@')
        && text == format!("{}://{authority}", uri.scheme_str().unwrap_or_default())
        && text == text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_written_as_browsers_send_them() {
        for good in ["https://shop.example", "http://127.0.0.1:8081", "http://localhost:3000", "https://[::1]:8443"] {
            assert!(is_origin(good), "{good}");
        }
        for bad in [
            "",
            "null",
            "*",
            "shop.example",
            "https://shop.example/",
            "https://shop.example/a",
            "https://Shop.example",
            "ftp://a.example",
            "https://u@a.example",
        ] {
            assert!(!is_origin(bad), "{bad}");
        }
    }
}
