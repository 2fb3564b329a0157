//! Settings of one server: TOML file, all keys optional. Security parameters are explained in docs/operations.md.

use crate::{authority::AuthorityConfig, limits::LimitsConfig, notify::NotifyConfig, sign};
use faceid_protocol::wire::WrongActionPolicy;
use ipnet::IpNet;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Largest request body, bytes (documented limit, 413 beyond it).
pub const REQUEST_MAX: usize = 20 * 1024 * 1024;
/// Largest single photo or frame, bytes (documented limit, 413 beyond it).
pub const PHOTO_MAX: usize = 2 * 1024 * 1024;
/// Longest side of a photo, px (documented limit).
pub const PHOTO_SIDE_MAX: u32 = 4096;

/// Everything an operator can set.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Public API.
    pub public: PublicConfig,
    /// Private SDK protocol.
    pub sdk: SdkConfig,
    /// Lifetimes.
    pub lifetime: LifetimeConfig,
    /// Listener.
    pub server: ServerConfig,
    /// Face models.
    pub models: ModelsConfig,
    /// Database.
    pub store: StoreConfig,
    /// Where the authority's data comes from.
    pub authority: AuthorityConfig,
    /// Locks after failures.
    pub limits: LimitsConfig,
    /// Webhooks.
    pub notify: NotifyConfig,
}

/// Public API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PublicConfig {
    /// Path prefix that a rewriting proxy removes before the request arrives here; it is part of what clients sign.
    pub base_path: String,
    /// Accept signatures that do not cover the timestamp. Weakens replay protection.
    pub allow_unsigned_timestamp: bool,
    /// Accept clients that sign the percent-encoded query.
    pub allow_raw_query: bool,
    /// Accept clients that sign repeated parameters joined with a comma.
    pub allow_joined_repeats: bool,
    /// Accept `X-Ca-Signature-Method: HmacSHA1`.
    pub allow_sha1: bool,
    /// Accept an AppCode in the query. It is a secret, and URLs end up in logs.
    pub allow_app_code_query: bool,
    /// Show callers with a bad signature the masked text this server would have signed. For test systems.
    pub debug_signature_echo: bool,
    /// Calls of one key in progress at once.
    pub concurrent_per_key: u32,
    /// Calls of all keys in progress at once.
    pub concurrent: u32,
}

/// Private SDK protocol.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SdkConfig {
    /// Oldest SDK version served: three numbers.
    pub min_version: [u32; 3],
    /// Devices that are not served: texts to find in the browser's `User-Agent`.
    pub unsupported_devices: Vec<String>,
    /// From init to the neutral frames, on top of liveness_timeout: camera permission and model download.
    pub setup_grace_s: u64,
    /// One action, from its prompt.
    pub action_timeout_s: u64,
    /// Shortest believable time from prompt to commit: reaction and movement.
    pub action_min_ms: u64,
    /// Added to action deadlines for the network both ways.
    pub network_grace_s: u64,
    /// From the last commit to finalise: uploads.
    pub upload_grace_s: u64,
    /// Longest side of evidence frames, px.
    pub evidence_max_side: u32,
    /// JPEG quality of evidence frames.
    pub evidence_quality: u8,
    /// Frames in one commit, the best frame included.
    pub frames_per_step: usize,
    /// What a wrong action does.
    pub wrong_action: WrongAction,
    /// URL prefixes the page may return to.
    pub return_prefixes: Vec<String>,
    /// SDK calls in progress at once, all sessions together.
    pub concurrent: usize,
    /// Judgements in progress at once on this node.
    pub judges: usize,
    /// Photo checks that may wait for a judge on this node.
    pub waiting: usize,
    /// Sessions that may wait for a judge, all nodes together.
    pub queue: u32,
    /// How long a judging worker owns a session without a sign of life.
    pub lease_s: u64,
    /// How long a finalise call waits for the verdict before it answers "verifying".
    pub finalise_wait_s: u64,
}

/// Policy for wrong actions, as TOML text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrongAction {
    /// Carry on.
    Ignore,
    /// Restart the window once.
    RestartOnce,
    /// Fail at once.
    Fail,
}

impl From<WrongAction> for WrongActionPolicy {
    fn from(value: WrongAction) -> Self {
        match value {
            WrongAction::Ignore => Self::Ignore,
            WrongAction::RestartOnce => Self::RestartOnce,
            WrongAction::Fail => Self::Fail,
        }
    }
}

/// Lifetimes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LifetimeConfig {
    /// How long a biz_token can start a session.
    pub token_s: u64,
    /// When results, pictures and personal data are erased, from the token's creation.
    pub purge_s: u64,
    /// How often the background task looks.
    pub sweep_s: u64,
}

/// Listener.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// A TLS-terminating proxy stands in front. Without it only loopback addresses are served.
    pub behind_tls_proxy: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Open connections at once.
    pub connections: usize,
    /// Time to send the request head.
    pub header_timeout_s: u64,
    /// Time to send the whole body.
    pub body_timeout_s: u64,
    /// Time that open requests get to finish at shutdown.
    pub drain_s: u64,
}

/// Face models.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelsConfig {
    /// Folder with the converted models and the manifest.
    pub dir: PathBuf,
}

/// Database.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// `postgres://…`; without it `faceid.db` in the data folder.
    pub url: Option<String>,
    /// Connections of one node to PostgreSQL.
    pub connections: u32,
    /// Where pictures lie: a directory or `s3://bucket/prefix`; without it `pictures` in the data folder.
    pub pictures: Option<String>,
    /// Folder of the master keys and the receipt key; without it `keys` in the data folder. Keep it out of database backups.
    pub keys: Option<PathBuf>,
}

impl std::fmt::Debug for StoreConfig {
    /// Without the address: it may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreConfig").field("connections", &self.connections).finish_non_exhaustive()
    }
}

impl Default for PublicConfig {
    fn default() -> Self {
        Self {
            base_path: String::new(),
            allow_unsigned_timestamp: false,
            allow_raw_query: false,
            allow_joined_repeats: false,
            allow_sha1: false,
            allow_app_code_query: false,
            debug_signature_echo: false,
            concurrent_per_key: 64,
            concurrent: 512,
        }
    }
}

impl Default for SdkConfig {
    fn default() -> Self {
        Self {
            min_version: [0, 1, 0],
            unsupported_devices: Vec::new(),
            setup_grace_s: 120,
            action_timeout_s: 20,
            action_min_ms: 400,
            network_grace_s: 5,
            upload_grace_s: 30,
            evidence_max_side: 480,
            evidence_quality: 85,
            frames_per_step: 61,
            wrong_action: WrongAction::RestartOnce,
            return_prefixes: Vec::new(),
            concurrent: 512,
            judges: 2,
            waiting: 32,
            queue: 256,
            lease_s: 30,
            finalise_wait_s: 5,
        }
    }
}

impl Default for LifetimeConfig {
    fn default() -> Self {
        Self { token_s: 3600, purge_s: 24 * 3600, sweep_s: 60 }
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            behind_tls_proxy: false,
            trusted_proxies: Vec::new(),
            connections: 2048,
            header_timeout_s: 10,
            body_timeout_s: 60,
            drain_s: 20,
        }
    }
}

impl Default for ModelsConfig {
    fn default() -> Self {
        Self { dir: PathBuf::from("models") }
    }
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self { url: None, connections: 16, pictures: None, keys: None }
    }
}

/// The file cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Not readable.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("{path}: {source}")]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A value outside its range.
    #[error("{key} must be {allowed}")]
    Range {
        /// Which setting.
        key: &'static str,
        /// What it may be.
        allowed: &'static str,
    },
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let config: Self =
            toml::from_str(&text).map_err(|source| ConfigError::Parse { path: path.to_owned(), source: Box::new(source) })?;
        config.check()?;
        Ok(config)
    }

    /// Refuses values outside their ranges.
    ///
    /// # Errors
    /// [`ConfigError::Range`].
    pub fn check(&self) -> Result<(), ConfigError> {
        let rules = [
            (self.sdk.evidence_quality >= 1 && self.sdk.evidence_quality <= 100, "sdk.evidence_quality", "1 to 100"),
            (self.sdk.evidence_max_side >= 128 && self.sdk.evidence_max_side <= PHOTO_SIDE_MAX, "sdk.evidence_max_side", "128 to 4096"),
            (self.sdk.frames_per_step >= 1 && self.sdk.frames_per_step <= 256, "sdk.frames_per_step", "1 to 256"),
            (self.sdk.judges >= 1, "sdk.judges", "at least 1"),
            (self.sdk.queue >= 1, "sdk.queue", "at least 1"),
            (self.public.concurrent >= 1, "public.concurrent", "at least 1"),
            (self.sdk.lease_s >= 3, "sdk.lease_s", "at least 3"),
            (self.sdk.action_timeout_s >= 1, "sdk.action_timeout_s", "at least 1"),
            (self.public.concurrent_per_key >= 1, "public.concurrent_per_key", "at least 1"),
            (self.sdk.concurrent >= 1, "sdk.concurrent", "at least 1"),
            (self.server.connections >= 1, "server.connections", "at least 1"),
            (self.store.connections >= 2, "store.connections", "at least 2"),
            (
                self.store.url.as_deref().is_none_or(|url| url.starts_with("postgres://") || url.starts_with("postgresql://")),
                "store.url",
                "a postgres:// address, or absent for SQLite in the data folder",
            ),
            (self.limits.window_s >= 1, "limits.window_s", "at least 1"),
            (self.limits.init_refusals >= 1, "limits.init_refusals", "at least 1"),
            (self.authority.attempts >= 1 && self.authority.attempts <= 10, "authority.attempts", "1 to 10"),
            (self.authority.timeout_ms >= 1 && self.authority.total_ms >= 1, "authority.timeout_ms and total_ms", "at least 1"),
            (self.authority.breaker.failures >= 1, "authority.breaker.failures", "at least 1"),
            (!self.notify.ports.is_empty(), "notify.ports", "at least one port"),
            (self.notify.concurrent >= 1, "notify.concurrent", "at least 1"),
            (self.notify.timeout_ms >= 1, "notify.timeout_ms", "at least 1"),
            (!self.sdk.unsupported_devices.iter().any(String::is_empty), "sdk.unsupported_devices", "texts that are not empty"),
            (self.lifetime.sweep_s >= 1, "lifetime.sweep_s", "at least 1"),
            (
                self.lifetime.token_s >= 1 && self.lifetime.token_s <= self.lifetime.purge_s,
                "lifetime.token_s",
                "at least 1 and at most lifetime.purge_s",
            ),
            (
                self.public.base_path.is_empty() || (self.public.base_path.starts_with('/') && !self.public.base_path.ends_with('/')),
                "public.base_path",
                "empty, or start with / and not end with it",
            ),
        ];
        match rules.into_iter().find(|(holds, _, _)| !holds) {
            Some((_, key, allowed)) => Err(ConfigError::Range { key, allowed }),
            None => Ok(()),
        }
    }

    /// The signature policy these settings ask for.
    #[must_use]
    pub fn policy(&self) -> sign::Policy {
        sign::Policy {
            unsigned_timestamp: self.public.allow_unsigned_timestamp,
            raw_query: self.public.allow_raw_query,
            joined_repeats: self.public.allow_joined_repeats,
            sha1: self.public.allow_sha1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_in_range_and_files_are_checked() {
        Config::default().check().expect("defaults");
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("faceid.toml");
        let load = |text: &str| {
            std::fs::write(&path, text).expect("write");
            Config::load(&path)
        };
        assert_eq!(load("[sdk]\naction_min_ms = 700\n").expect("valid").sdk.action_min_ms, 700, "one key set, the rest default");
        assert!(matches!(load("[sdk]\nevidence_quality = 0\n"), Err(ConfigError::Range { key: "sdk.evidence_quality", .. })), "range");
        assert!(matches!(load("[sdk]\nno_such_key = 0\n"), Err(ConfigError::Parse { .. })), "unknown keys are refused");
        assert!(
            matches!(load("[lifetime]\ntoken_s = 90000\n"), Err(ConfigError::Range { key: "lifetime.token_s", .. })),
            "token outlives its result"
        );
    }
}
