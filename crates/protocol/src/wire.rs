//! JSON bodies of the private protocol (docs/protocol.md). Unknown fields are ignored, so an old page meets a new server calmly.

use crate::{Action, Millis};
use serde::{Deserialize, Serialize};

/// `POST init`. Sent without MAC: the keys do not exist yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InitRequest {
    /// Protocol version, [`crate::framing::VERSION`].
    pub v: u32,
    /// One-use token from get_biz_token.
    pub biz_token: String,
    /// Which build asks.
    pub sdk: SdkInfo,
    /// Client's ephemeral P-256 point, uncompressed SEC1 (65 bytes), standard base64.
    pub client_pub: String,
    /// 16 random bytes, hex.
    pub client_nonce: String,
    /// Environment as the browser reports it: telemetry, may raise risk, never lower it.
    #[serde(default)]
    pub env: Environment,
    /// The consent the person gave, if the page asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// Actions the person cannot do; the server draws from the others. All four excluded is refused.
    #[serde(default)]
    pub excluded_actions: Vec<Action>,
    /// Random id that the page keeps for this device, 16 to 64 of `A-Z a-z 0-9 - _`; absent when the page keeps none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
}

/// Build of the module.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SdkInfo {
    /// Package name.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// Source revision or build label.
    #[serde(default)]
    pub build: String,
    /// Digest of the engine binary the page loaded, hex; empty when unknown.
    #[serde(default)]
    pub wasm_sha256: String,
}

/// What the browser says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Environment {
    /// `navigator.userAgent`.
    #[serde(default)]
    pub user_agent: String,
    /// Camera label; empty before permission.
    #[serde(default)]
    pub camera_label: String,
    /// BCP 47 tag of the page.
    #[serde(default)]
    pub language: String,
}

/// Proof that a consent text was shown and accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Which text.
    pub text_id: String,
    /// When, Unix milliseconds by the page's clock.
    pub ts: Millis,
}

/// Reply to init. Its bytes are part of the key-derivation salt; the MAC travels in the header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InitReply {
    /// Names the session in later calls (header `x-fid-session`).
    pub session_id: String,
    /// Server's ephemeral P-256 point, uncompressed SEC1, standard base64.
    pub server_pub: String,
    /// 16 random bytes, hex.
    pub server_nonce: String,
    /// What the page must do.
    pub config: SessionConfig,
    /// End of the whole attempt, Unix milliseconds by the server's clock.
    pub expires_at: Millis,
    /// Server's clock now, Unix milliseconds.
    pub server_time: Millis,
}

/// Session settings, all chosen by the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionConfig {
    /// Number of actions, 1 to 3.
    pub action_count: u32,
    /// Whole attempt from init, ms.
    pub timeout_ms: Millis,
    /// One action from its prompt, ms.
    pub action_timeout_ms: Millis,
    /// Longest side of evidence frames, px.
    pub evidence_max_side: u32,
    /// JPEG quality of evidence frames, 1 to 100.
    pub evidence_quality: u8,
    /// Largest single upload, bytes.
    pub frame_max_bytes: u32,
    /// Largest sum of uploads, bytes.
    pub total_max_bytes: u32,
    /// What happens on a wrong action.
    pub wrong_action: WrongActionPolicy,
    /// URL prefixes the page may return to; empty = no redirect.
    #[serde(default)]
    pub return_prefixes: Vec<String>,
}

/// Policy for a wrong nod, shake or mouth during another action's window. A blink is never a wrong action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrongActionPolicy {
    /// Carry on.
    Ignore,
    /// Restart the action's window once, then ACTION_ERROR.
    #[default]
    RestartOnce,
    /// ACTION_ERROR at once.
    Fail,
}

/// `POST challenge`: commits the frames of step `step` and asks for the next one.
/// Step 0 commits the neutral frames; step i (1-based) commits action i. After the last action it is still sent: the reply then has no action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeRequest {
    /// The step just done.
    pub step: u32,
    /// Its frames.
    pub commit: Commit,
}

/// Digests and capture times of one step's frames, in capture order.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Commit {
    /// SHA-256 of each JPEG, lower-case hex.
    pub frames: Vec<String>,
    /// Capture time of each frame, page clock, ms. Same length as `frames`.
    pub t: Vec<Millis>,
}

/// Reply to challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeReply {
    /// The step asked for now; `None` when all actions are done and the page should upload and finalise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Challenge>,
}

/// One action challenge, drawn by the server at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// 1-based step.
    pub step: u32,
    /// 128 random bits, hex.
    pub challenge_id: String,
    /// What to do.
    pub action: Action,
    /// Shortest believable time from prompt to completion, ms.
    pub min_ms: Millis,
    /// Longest allowed time, ms.
    pub max_ms: Millis,
    /// Server-clock deadline of the commit, Unix ms.
    pub deadline: Millis,
}

/// `POST finalise`, after every committed frame has been uploaded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FinaliseRequest {
    /// Digest of the best frame. It must be among the frames committed at the last step (the page appends it to that commit).
    pub best: String,
    /// Telemetry; may raise risk only.
    #[serde(default)]
    pub telemetry: Telemetry,
    /// The client's transcript hash before this call, hex (equals `x-fid-prev`).
    pub transcript: String,
}

/// What the browser measured about its own capture.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Telemetry {
    /// Median interval between camera frames, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_interval_ms: Option<f32>,
    /// Camera frames seen.
    #[serde(default)]
    pub frames_seen: u32,
    /// Frames judged by the engine.
    #[serde(default)]
    pub frames_judged: u32,
    /// Delivered width and height, px.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_size: Option<[u32; 2]>,
    /// Median distance of the intervals from their median, ms; absent for few frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_jitter_ms: Option<f32>,
    /// How the stream came to the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture: Option<Capture>,
}

/// What the browser tells of the camera's stream. Every field is absent where the browser does not say.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Capture {
    /// Label of the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Class of the track: `MediaStreamTrack` for a camera.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track_class: Option<String>,
    /// The track has capabilities, as a camera's does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub has_capabilities: Option<bool>,
    /// Width and height by the track's settings, px.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings_size: Option<[u32; 2]>,
    /// Frames per second by the track's settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings_rate: Option<f32>,
    /// `getUserMedia` is the browser's own, as a fresh realm tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub get_user_media_native: Option<bool>,
    /// The browser says that a program drives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automated: Option<bool>,
    /// The track's device is among those that the browser lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_listed: Option<bool>,
}

/// Reply to finalise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum FinaliseReply {
    /// Finished.
    Final {
        /// SDK code, 5xxxx.
        code: u32,
        /// Message of the taxonomy row.
        message: String,
    },
    /// Another worker holds the lease: repeat the same call (same seq, same body) after `retry_after_ms`.
    Verifying {
        /// When to ask again.
        retry_after_ms: Millis,
    },
}

/// `POST cancel`: the page has ended the session by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CancelRequest {
    /// The row of table `sdk` that the page showed; `None` = the person cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Refusal>,
}

/// Body of every refusal on the private calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// SDK code, 5xxxx.
    pub code: u32,
    /// Message of the taxonomy row.
    pub message: String,
}

impl core::fmt::Display for Refusal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} {}", self.code, self.message)
    }
}

impl core::error::Error for Refusal {}

impl From<crate::codes::Coded> for Refusal {
    fn from(coded: crate::codes::Coded) -> Self {
        Self { code: coded.code, message: coded.message.into_owned() }
    }
}
