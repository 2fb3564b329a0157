//! The demo's customer backend: holds a key, signs both public calls like any customer, serves the built page.
//!
//! Loopback only. Every request must name this server in `Host` (a page elsewhere cannot reach it by rebinding its own name)
//! and, if the browser says where it comes from, come from this server's own pages. The page gets the biz_token in a reply's
//! body, as the SDK needs it; results are asked for by a handle, so that no token is ever part of an address.

mod api;
mod guard;
mod handles;
mod key;

pub use api::Preset;
pub use key::{Key, KeyError};

use crate::{PublicClient, PublicError};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{get, post},
};
use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use thiserror::Error;
use tower_http::services::ServeDir;

/// Longest request body, bytes: a name and a number.
const MAX_BODY: usize = 4096;

/// What the backend is started with.
#[derive(Debug)]
pub struct Config {
    /// Where it listens; must be a loopback address.
    pub address: SocketAddr,
    /// The built page.
    pub files: PathBuf,
    /// Origin of the cloud, for example `http://127.0.0.1:8080`.
    pub cloud: String,
    /// The customer's key.
    pub key: Key,
    /// People the page offers.
    pub presets: Vec<Preset>,
    /// `liveness_action_count` of every session; `None` = the cloud's default.
    pub action_count: Option<u32>,
    /// `liveness_timeout` of every session, s; `None` = the cloud's default.
    pub timeout: Option<u32>,
}

/// Why the backend does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address could be reached from elsewhere.
    #[error("{0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// The folder of the page does not exist.
    #[error("no folder {0}")]
    NoFiles(PathBuf),
    /// A file that would be served holds the key's secret.
    #[error("{0} holds the key's secret")]
    SecretServed(PathBuf),
    /// The page's files cannot be read.
    #[error("cannot read the page's files")]
    Files(#[from] io::Error),
    /// The cloud's address is not `http://host[:port]` or `https://host[:port]`.
    #[error("the cloud's address must be an origin, such as http://127.0.0.1:8080")]
    Cloud,
    /// The client of the cloud could not be made.
    #[error(transparent)]
    Client(#[from] PublicError),
}

/// The backend's routes.
///
/// # Errors
/// When the configuration is unsafe or unusable.
pub fn app(config: Config) -> Result<Router, StartError> {
    if !config.address.ip().is_loopback() {
        return Err(StartError::NotLoopback(config.address));
    }
    if !config.files.is_dir() {
        return Err(StartError::NoFiles(config.files));
    }
    if let Some(file) = key::leak(&config.key, &config.files)? {
        return Err(StartError::SecretServed(file));
    }
    let cloud = origin(&config.cloud).ok_or(StartError::Cloud)?;
    let client = PublicClient::new(&cloud, &config.key.app_key, &config.key.app_secret, Duration::from_secs(15))?;
    let guard = Arc::new(guard::Guard::new(config.address.port(), &cloud));
    let state = api::Shared::new(client, cloud, config.presets, config.action_count, config.timeout);
    let api = Router::new()
        .route("/api/config", get(api::config))
        .route("/api/start", post(api::start))
        .route("/api/result", get(api::result))
        .with_state(state)
        .layer(DefaultBodyLimit::max(MAX_BODY));
    Ok(api.fallback_service(ServeDir::new(config.files)).layer(middleware::from_fn_with_state(guard, guard::check)))
}

/// `text` if it is an http origin: scheme, host, optional port, nothing else. It goes into a header, so nothing else may.
fn origin(text: &str) -> Option<String> {
    let url: reqwest::Url = text.parse().ok()?;
    let plain =
        url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
    (plain && matches!(url.scheme(), "http" | "https")).then(|| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn only_origins_are_origins() {
        assert_eq!(origin("http://127.0.0.1:8080").as_deref(), Some("http://127.0.0.1:8080"), "as given");
        assert_eq!(origin("http://127.0.0.1:8080/").as_deref(), Some("http://127.0.0.1:8080"), "slash dropped");
        for bad in ["127.0.0.1:8080", "http://a/b", "http://u@a", "http://a?x", "file:///etc", "http://a; script-src *", ""] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }
}
