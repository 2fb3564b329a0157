//! Settings of one server: TOML file, all keys optional, single ones overridden on the command line or in the environment. Security parameters are explained in docs/operations.md.

mod load;

pub use load::ConfigError;

use crate::{authority::AuthorityConfig, limits::LimitsConfig, notify::NotifyConfig};
use faceid_judge::{CueName, CuePolicy};
use faceid_protocol::wire::WrongActionPolicy;
use ipnet::IpNet;
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};

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
    /// How the evidence is judged.
    pub judge: JudgeConfig,
    /// Database.
    pub store: StoreConfig,
    /// Where the authority's data comes from.
    pub authority: AuthorityConfig,
    /// Locks after failures.
    pub limits: LimitsConfig,
    /// Webhooks.
    pub notify: NotifyConfig,
    /// The operator's page.
    pub operator: OperatorConfig,
}

/// The operator's page.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OperatorConfig {
    /// Where days begin and times are shown, hours from UTC.
    pub utc_offset_h: i64,
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
    /// How long it is remembered how a face moved, so that a recording of the session is recognised.
    pub motion_s: u64,
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

/// How the evidence is judged.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JudgeConfig {
    /// Weights of attack cues by name, 0 (reported only) to 2; the others keep their own (docs/security.md).
    pub cues: CueWeights,
}

/// The cue policy that the operator's weights make.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(try_from = "BTreeMap<String, f32>")]
pub struct CueWeights(pub CuePolicy);

impl TryFrom<BTreeMap<String, f32>> for CueWeights {
    type Error = String;

    fn try_from(weights: BTreeMap<String, f32>) -> Result<Self, String> {
        let mut policy = CuePolicy::default();
        for (name, weight) in weights {
            let known = || CueName::ALL.map(CueName::name).join(", ");
            let cue = CueName::from_name(&name).ok_or_else(|| format!("there is no cue {name}; there are {}", known()))?;
            policy = policy.with_weight(cue, weight).map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(Self(policy))
    }
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
        Self { token_s: 3600, purge_s: 24 * 3600, motion_s: 30 * 24 * 3600, sweep_s: 60 }
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
