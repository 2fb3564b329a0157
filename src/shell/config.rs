//! What the page hands to an attempt, checked once.

use faceid_protocol::{Action, Millis, codes::sdk};
use serde::Deserialize;
use wasm_bindgen::JsValue;

use super::error;

/// Longest token accepted, bytes; ours are 47.
const TOKEN_MAX: usize = 256;

/// Settings of one attempt, as a plain object with camelCase names.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Config {
    /// One-use token from get_biz_token.
    pub(crate) biz_token: String,
    /// Base URL of the cloud without trailing slash; empty = the page's own origin.
    #[serde(default)]
    pub(crate) server: String,
    /// BCP 47 tag of the page.
    #[serde(default)]
    pub(crate) language: String,
    /// Consent the person gave.
    #[serde(default)]
    pub(crate) consent: Option<Consent>,
    /// Actions the person cannot do.
    #[serde(default)]
    pub(crate) excluded_actions: Vec<Action>,
    /// Random id that the page keeps for this device.
    #[serde(default)]
    pub(crate) device_id: Option<String>,
    /// `deviceId` of the camera to use.
    #[serde(default)]
    pub(crate) camera_id: Option<String>,
    /// Digest of the engine binary, hex; empty when unknown.
    #[serde(default)]
    pub(crate) engine_sha256: String,
    /// Addresses of what the worker loads.
    pub(crate) assets: Assets,
    /// How long the worker may take to load, ms.
    #[serde(default = "default_engine_timeout")]
    pub(crate) engine_timeout_ms: u32,
}

/// A consent text shown and accepted.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Consent {
    /// Which text.
    pub(crate) text_id: String,
    /// Unix milliseconds.
    pub(crate) ts: f64,
}

/// Absolute URLs of the engine's files.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
pub(crate) struct Assets {
    pub(crate) wasm: String,
    pub(crate) detector: String,
    pub(crate) landmark: String,
    pub(crate) geometry: String,
}

const fn default_engine_timeout() -> u32 {
    45_000
}

impl Config {
    /// Reads and checks the object.
    ///
    /// # Errors
    /// `LivenessError` 56000 ILLEGAL_PARAMETER.
    pub(crate) fn read(value: JsValue) -> Result<Self, JsValue> {
        let illegal = || error::row(&sdk::ILLEGAL_PARAMETER);
        let mut config: Self = serde_wasm_bindgen::from_value(value).map_err(|_| illegal())?;
        config.server.truncate(config.server.trim_end_matches('/').len());
        if config.legal() { Ok(config) } else { Err(illegal()) }
    }

    fn legal(&self) -> bool {
        let token = self.biz_token.as_str();
        let token_ok = !token.trim().is_empty() && token.len() <= TOKEN_MAX && token.chars().all(|c| c.is_ascii_graphic());
        let server = self.server.as_str();
        let server_ok = server.is_empty() || server.starts_with("https://") || server.starts_with("http://");
        token_ok && server_ok && Action::ALL.iter().any(|a| !self.excluded_actions.contains(a))
    }

    /// Unix milliseconds of the consent, whole.
    pub(crate) fn consent(&self) -> Option<faceid_protocol::wire::Consent> {
        let consent = self.consent.as_ref()?;
        Some(faceid_protocol::wire::Consent { text_id: consent.text_id.clone(), ts: Millis(consent.ts as u64) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(biz_token: &str, server: &str, excluded: &[Action]) -> Config {
        let none = || String::new();
        Config {
            biz_token: biz_token.into(),
            server: server.into(),
            language: none(),
            consent: None,
            excluded_actions: excluded.to_vec(),
            device_id: None,
            camera_id: None,
            engine_sha256: none(),
            assets: Assets { wasm: none(), detector: none(), landmark: none(), geometry: none() },
            engine_timeout_ms: 1,
        }
    }

    #[test]
    fn bad_settings_are_refused_before_anything_starts() {
        assert!(config("1532485677,fb241f74-e4e0-4396-ad74-eb8c1764aa1b", "https://kyc.example", &[]).legal(), "usual");
        assert!(config("t", "", &Action::ALL[..3]).legal(), "own origin, one action left");
        assert!(!config("", "", &[]).legal(), "empty token");
        assert!(!config(&"t".repeat(257), "", &[]).legal(), "over-long token");
        assert!(!config("a b", "", &[]).legal(), "blank inside");
        assert!(!config("t", "ftp://x", &[]).legal(), "not http");
        assert!(!config("t", "", &Action::ALL).legal(), "no action left");
    }
}
