//! Key agreement and message authentication, server side.

use base64::{Engine, engine::general_purpose::STANDARD};
use faceid_protocol::framing::{Direction, KEY_INFO_C2S, KEY_INFO_S2C, mac_input, transcript_input};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use p256::{
    PublicKey,
    ecdh::EphemeralSecret,
    elliptic_curve::{Generate, sec1::ToSec1Point},
};
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Length of an uncompressed SEC1 point.
const POINT: usize = 65;

/// Key agreement failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(super) enum KeyFault {
    /// Not an uncompressed point on the curve.
    #[error("the client's point is invalid")]
    Point,
    /// No randomness.
    #[error("no random bytes")]
    Random,
}

/// The server's half of one key agreement.
pub(super) struct Handshake(EphemeralSecret);

/// Keys of one session.
pub(super) struct Keys {
    pub(super) salt: [u8; 32],
    pub(super) c2s: [u8; 32],
    pub(super) s2c: [u8; 32],
}

/// The client's point: standard base64 of 65 bytes, on the curve.
pub(super) fn client_point(text: &str) -> Result<PublicKey, KeyFault> {
    let bytes = STANDARD.decode(text).map_err(|_| KeyFault::Point)?;
    if bytes.len() != POINT {
        return Err(KeyFault::Point);
    }
    PublicKey::from_sec1_bytes(&bytes).map_err(|_| KeyFault::Point)
}

impl Handshake {
    pub(super) fn generate() -> Result<Self, KeyFault> {
        EphemeralSecret::try_generate_from_rng(&mut SysRng).map(Self).map_err(|_| KeyFault::Random)
    }

    /// Uncompressed SEC1, standard base64.
    pub(super) fn public(&self) -> String {
        STANDARD.encode(self.0.public_key().to_sec1_point(false).as_bytes())
    }

    /// Keys from the exact bytes of request and reply.
    pub(super) fn keys(&self, client: &PublicKey, request: &[u8], reply: &[u8]) -> Result<Keys, KeyFault> {
        let shared = self.0.diffie_hellman(client);
        let salt: [u8; 32] = Sha256::new().chain_update(request).chain_update(reply).finalize().into();
        let hkdf = Hkdf::<Sha256>::new(Some(&salt), shared.raw_secret_bytes());
        let derive = |info: &[u8]| {
            let mut key = [0; 32];
            // HKDF-SHA256 refuses only outputs longer than 8160 bytes.
            hkdf.expand(info, &mut key).map_err(|_| KeyFault::Point)?;
            Ok(key)
        };
        Ok(Keys { salt, c2s: derive(KEY_INFO_C2S)?, s2c: derive(KEY_INFO_S2C)? })
    }
}

/// What a request's headers and line say, and what its reply is sealed with.
#[derive(Debug, Clone)]
pub(super) struct Seal {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) seq: u64,
    pub(super) prev: [u8; 32],
}

impl Seal {
    /// MAC of a reply with this body, hex.
    pub(super) fn reply_mac(&self, key_s2c: &[u8; 32], body: &[u8]) -> String {
        let input = mac_input(Direction::ServerToClient, &self.method, &self.path, self.seq, &self.prev, &digest(body));
        hex::encode(hmac(key_s2c, &input))
    }

    /// Bytes under the request's MAC.
    pub(super) fn request_input(&self, body_sha: &[u8; 32]) -> Vec<u8> {
        mac_input(Direction::ClientToServer, &self.method, &self.path, self.seq, &self.prev, body_sha)
    }

    /// Transcript hash after this call.
    pub(super) fn next_transcript(&self, request_sha: &[u8; 32], reply: &[u8]) -> [u8; 32] {
        digest(&transcript_input(&self.prev, self.seq, request_sha, &digest(reply)))
    }
}

/// SHA-256.
pub(super) fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn hmac(key: &[u8; 32], input: &[u8]) -> [u8; 32] {
    let mut mac = keyed(key);
    mac.update(input);
    mac.finalize().into_bytes().into()
}

/// Constant-time check of a request's MAC.
pub(super) fn is_authentic(key: &[u8; 32], input: &[u8], claimed: &[u8; 32]) -> bool {
    let mut mac = keyed(key);
    mac.update(input);
    mac.verify_slice(claimed).is_ok()
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    // HMAC pads a key shorter than its block with zeros; doing it here avoids a fallible call.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    Hmac::new(&block.into())
}
