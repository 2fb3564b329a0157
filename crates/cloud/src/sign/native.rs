//! The native `sign` of the FaceID documentation: `base64( HMAC-SHA1(secret, raw) ‖ raw )` with `raw = a=KEY&b=EXPIRES&c=NOW&d=RANDOM`.
//!
//! It proves that the caller holds the secret and nothing about the request it comes with: the other parameters are not under it.
//! The transport (TLS) must cover them. HMAC-SHA1 is the scheme's own choice; collisions of SHA-1 do not carry over to HMAC.

use super::Nonce;
use base64::{Engine, engine::general_purpose::STANDARD};
use faceid_protocol::Millis;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// The only `sign_version` there is.
pub const SIGN_VERSION: &str = "hmac_sha1";

/// How far the moment of signing may lie from the server's clock for a single-use sign, seconds; ours, the documentation sets no bound.
const SKEW_S: u64 = 15 * 60;
/// Longest life of a reusable sign, seconds; ours.
const LIFE_S: u64 = 24 * 3600;
/// How long a single-use sign is remembered after its moment of signing, seconds: longer than it can pass.
const REMEMBER_S: u64 = 30 * 60;
/// HMAC-SHA1.
const MAC: usize = 20;
/// Longest sign, characters: a key of 64 characters, two times and ten digits stay far below.
const SIGN_MAX: usize = 512;

/// Why a sign is refused. The text is the documented message of class 5000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NativeFault {
    /// Not of the documented form, an unknown key, a wrong MAC, or times out of bounds.
    #[error("INVALID_SIGN")]
    Invalid,
    /// Its time is over.
    #[error("EXPIRED_SIGN")]
    Expired,
    /// A single-use sign came again.
    #[error("REPLAY_ATTACK")]
    Replay,
}

/// A sign of the right form; nothing is proven yet.
#[derive(Clone, PartialEq, Eq)]
pub struct NativeSign {
    /// Claimed key.
    pub api_key: String,
    /// End of use, Unix seconds; `None` = single use.
    pub expires_s: Option<u64>,
    /// When it was made, Unix seconds.
    pub made_s: u64,
    mac: [u8; MAC],
    raw: Vec<u8>,
}

impl core::fmt::Debug for NativeSign {
    /// Without the MAC: whoever holds a reusable sign can call.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NativeSign").field("expires_s", &self.expires_s).field("made_s", &self.made_s).finish_non_exhaustive()
    }
}

impl NativeSign {
    /// Takes a sign apart. A space counts as `+`: some clients do not escape it.
    ///
    /// # Errors
    /// [`NativeFault::Invalid`].
    pub fn parse(text: &str) -> Result<Self, NativeFault> {
        let bytes = Some(text)
            .filter(|text| text.len() <= SIGN_MAX)
            .and_then(|text| STANDARD.decode(text.replace(' ', "+")).ok())
            .ok_or(NativeFault::Invalid)?;
        let (mac, raw) = bytes.split_first_chunk::<MAC>().ok_or(NativeFault::Invalid)?;
        let fields = core::str::from_utf8(raw).ok().and_then(fields).ok_or(NativeFault::Invalid)?;
        let [api_key, expires, made, random] = fields;
        let seconds = |text: &str| digits(text, 12).then(|| text.parse::<u64>().ok()).flatten().ok_or(NativeFault::Invalid);
        if api_key.is_empty() || !digits(random, 10) {
            return Err(NativeFault::Invalid);
        }
        let expires_s = Some(seconds(expires)?).filter(|expires| *expires != 0);
        Ok(Self { api_key: api_key.to_owned(), expires_s, made_s: seconds(made)?, mac: *mac, raw: raw.to_vec() })
    }

    /// True when the MAC is the one of this secret; constant time.
    #[must_use]
    pub fn is_authentic(&self, secret: &[u8]) -> bool {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret) else { return false };
        mac.update(&self.raw);
        mac.verify_slice(&self.mac).is_ok()
    }

    /// Checks MAC, then times. A single-use sign is not known to be fresh yet: its [`Self::nonce`] decides.
    ///
    /// # Errors
    /// [`NativeFault::Invalid`] or [`NativeFault::Expired`].
    pub fn verify(&self, secret: &[u8], now: Millis) -> Result<(), NativeFault> {
        let now_s = now.0 / 1000;
        if !self.is_authentic(secret) || self.made_s > now_s + SKEW_S {
            return Err(NativeFault::Invalid);
        }
        match self.expires_s {
            None if now_s > self.made_s + SKEW_S => Err(NativeFault::Expired),
            None => Ok(()),
            Some(expires) if expires <= self.made_s || expires - self.made_s > LIFE_S => Err(NativeFault::Invalid),
            Some(expires) if now_s > expires => Err(NativeFault::Expired),
            Some(_) => Ok(()),
        }
    }

    /// What must not come again, and until when it is remembered; `None` for a reusable sign.
    #[must_use]
    pub fn nonce(&self) -> Option<(Nonce, Millis)> {
        if self.expires_s.is_some() {
            return None;
        }
        let digest = Sha256::new().chain_update(b"native").chain_update(self.mac).finalize();
        Some((Nonce { digest: digest.into(), from_client: true }, Millis((self.made_s + REMEMBER_S) * 1000)))
    }
}

/// `a=…&b=…&c=…&d=…`, in this order and nothing else.
fn fields(raw: &str) -> Option<[&str; 4]> {
    let mut parts = raw.split('&');
    let mut field = |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix('=');
    let out = [field("a")?, field("b")?, field("c")?, field("d")?];
    parts.next().is_none().then_some(out)
}

fn digits(text: &str, most: usize) -> bool {
    !text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit())
}
