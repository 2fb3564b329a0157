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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Test vectors of docs/protocol.md §9.
    fn vectors() -> Value {
        serde_json::from_str(include_str!("../../../../tests/protocol/vectors.json")).expect("JSON")
    }

    fn text<'a>(value: &'a Value, name: &str) -> &'a str {
        value[name].as_str().expect("text")
    }

    fn bytes<const N: usize>(value: &Value, name: &str) -> [u8; N] {
        hex::decode(text(value, name)).expect("hex").try_into().expect("length")
    }

    #[test]
    fn the_server_derives_and_seals_what_the_vectors_say() {
        let vectors = vectors();
        let sessions = vectors["sessions"].as_array().expect("sessions");
        assert!(sessions.len() >= 2, "none was lost");
        for session in sessions {
            let (request, reply) = (text(session, "init_request").as_bytes(), text(session, "init_reply").as_bytes());
            let salt: [u8; 32] = Sha256::new().chain_update(request).chain_update(reply).finalize().into();
            assert_eq!(salt, bytes(session, "salt"), "salt");
            let hkdf = Hkdf::<Sha256>::new(Some(&salt), &bytes::<32>(session, "shared_secret"));
            for (info, name) in [(KEY_INFO_C2S, "key_c2s"), (KEY_INFO_S2C, "key_s2c")] {
                let mut key = [0; 32];
                hkdf.expand(info, &mut key).expect("32 bytes");
                assert_eq!(key, bytes(session, name), "{name}");
            }
            let (c2s, s2c): ([u8; 32], [u8; 32]) = (bytes(session, "key_c2s"), bytes(session, "key_s2c"));
            let init = Seal { method: "POST".into(), path: "/sdk/v1/init".into(), seq: 0, prev: salt };
            assert_eq!(init.reply_mac(&s2c, reply), text(session, "init_reply_mac"), "init reply");
            for call in session["calls"].as_array().expect("calls") {
                let seal = Seal {
                    method: text(call, "method").into(),
                    path: text(call, "path").into(),
                    seq: call["seq"].as_u64().expect("number"),
                    prev: bytes(call, "prev"),
                };
                let body = digest(&hex::decode(text(call, "body_hex")).expect("hex"));
                let input = seal.request_input(&body);
                assert_eq!(hex::encode(&input), text(call, "mac_input"), "bytes under the MAC");
                assert!(is_authentic(&c2s, &input, &bytes(call, "mac")), "MAC");
                let reply = text(call, "reply").as_bytes();
                assert_eq!(seal.reply_mac(&s2c, reply), text(call, "reply_mac"), "MAC of the reply");
                if call["accepted"] == true {
                    assert_eq!(seal.next_transcript(&body, reply), bytes(call, "transcript"), "transcript");
                }
            }
        }
    }

    #[test]
    fn the_server_takes_and_refuses_the_points_of_the_vectors() {
        let vectors = vectors();
        for point in vectors["points"].as_array().expect("points") {
            assert_eq!(client_point(text(point, "base64")).is_ok(), point["valid"] == true, "{}", point["name"]);
        }
    }
}
