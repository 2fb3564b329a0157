//! What is sent, and how it is signed.

use crate::{
    random::{self, RandomError},
    store::Notice,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, SecondsFormat};
use faceid_protocol::Millis;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::json;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// How a notification is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Standard Webhooks: JSON body, HMAC-SHA256 over `id.timestamp.body` in `webhook-signature`.
    Standard,
    /// The older form of the FaceID documentation: a form with `data` (JSON) and `sign` = hex SHA-1 of secret ‖ data. For receivers
    /// that exist already: a plain hash over a secret prefix can be extended by whoever sees one, and SHA-1 is broken for collisions.
    Sha1,
}

/// Neither `standard` nor `sha1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("standard or sha1")]
pub struct StyleError;

impl Style {
    /// Name in the database and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Sha1 => "sha1",
        }
    }
}

impl FromStr for Style {
    type Err = StyleError;

    fn from_str(text: &str) -> Result<Self, StyleError> {
        [Self::Standard, Self::Sha1].into_iter().find(|style| style.name() == text).ok_or(StyleError)
    }
}

/// Where and how a key is notified.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    /// Where to.
    pub url: String,
    /// Form.
    pub style: Style,
    /// Signs; a secret of its own, so that a receiver need not hold the one that may call the API.
    pub secret: Vec<u8>,
}

impl fmt::Debug for Target {
    /// Without address and secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("style", &self.style).finish_non_exhaustive()
    }
}

/// A fresh secret of 256 bits.
///
/// # Errors
/// [`RandomError`].
pub fn new_secret() -> Result<Vec<u8>, RandomError> {
    Ok(random::bytes::<32>()?.to_vec())
}

/// As receivers' libraries take it: `whsec_` and base64. The older form uses this text, too.
#[must_use]
pub fn shown_secret(secret: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(secret))
}

/// One request's headers and body.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: String,
}

impl fmt::Debug for Message {
    /// Without token and serial number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").finish_non_exhaustive()
    }
}

impl Message {
    /// Writes and signs a notification. `webhook-id` is the same for every attempt: receivers recognise repetitions by it.
    #[must_use]
    pub fn new(notice: &Notice, target: &Target, now: Millis) -> Self {
        let mut data = json!({ "biz_token": notice.biz_token, "result_code": notice.code, "result_message": notice.message });
        if let Some(biz_no) = &notice.biz_no {
            data["biz_no"] = json!(biz_no);
        }
        if notice.simulated {
            data["simulated"] = json!(true);
        }
        match target.style {
            Style::Standard => {
                let body = json!({ "type": "session.finished", "timestamp": rfc3339(notice.at), "data": data }).to_string();
                Self::standard(&event_id(&notice.biz_token), now, body, &target.secret)
            }
            Style::Sha1 => {
                let data = data.to_string();
                let sign = hex::encode(Sha1::new().chain_update(shown_secret(&target.secret)).chain_update(&data).finalize());
                let body =
                    url::form_urlencoded::Serializer::new(String::new()).append_pair("data", &data).append_pair("sign", &sign).finish();
                let mut headers = HeaderMap::new();
                headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
                Self { headers, body }
            }
        }
    }

    fn standard(id: &str, now: Millis, body: String, secret: &[u8]) -> Self {
        let seconds = (now.0 / 1000).to_string();
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let signature = format!("v1,{}", STANDARD.encode(signature(secret, id, &seconds, &body)));
        for (name, value) in [("webhook-id", id), ("webhook-timestamp", &seconds), ("webhook-signature", &signature)] {
            // invariant: hex digits, decimal digits and base64 are header values
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        Self { headers, body }
    }
}

/// `msg_` and 128 bits of the token's digest: nobody can turn it back into the token.
fn event_id(biz_token: &str) -> String {
    let digest = Sha256::new().chain_update(b"faceid/notify\0").chain_update(biz_token).finalize();
    format!("msg_{}", hex::encode(&digest[..16]))
}

fn signature(secret: &[u8], id: &str, seconds: &str, body: &str) -> Vec<u8> {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return Vec::new() };
    for piece in [id, ".", seconds, ".", body] {
        mac.update(piece.as_bytes());
    }
    mac.finalize().into_bytes().to_vec()
}

/// `2018-07-25T02:27:57Z`; the epoch for moments beyond the calendar, which no clock of ours shows.
fn rfc3339(at: Millis) -> String {
    let moment = i64::try_from(at.0 / 1000).ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0)).unwrap_or_default();
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_the_specification() {
        // The published example of Standard Webhooks (spec, "Signature scheme").
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let message =
            Message::standard("msg_p5jXN8AQM9LWM0D4loKWxJek", Millis(1_614_265_330_000), r#"{"test": 2432232314}"#.into(), &secret);
        assert_eq!(message.headers["webhook-signature"], "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "signature");
        assert_eq!(message.headers["webhook-timestamp"], "1614265330", "seconds");
    }
}
