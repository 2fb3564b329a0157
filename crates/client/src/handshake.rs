//! Key agreement: ECDH on P-256, HKDF-SHA256.

use crate::HandshakeError;
use base64::{Engine, engine::general_purpose::STANDARD};
use faceid_protocol::framing::{KEY_INFO_C2S, KEY_INFO_S2C};
use hkdf::Hkdf;
use p256::{PublicKey, SecretKey, elliptic_curve::sec1::ToSec1Point};
use sha2::{Digest, Sha256};
use std::fmt;

/// The client's half of the key agreement.
pub struct Handshake {
    secret: SecretKey,
}

/// What both sides hold after init.
#[derive(Clone, PartialEq, Eq)]
pub struct Keys {
    /// SHA-256(init request bytes ‖ init reply bytes): HKDF salt and first transcript hash.
    pub salt: [u8; 32],
    /// MAC key of requests.
    pub c2s: [u8; 32],
    /// MAC key of replies.
    pub s2c: [u8; 32],
}

impl Handshake {
    /// With a fresh random secret.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Self, HandshakeError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|_| HandshakeError::Entropy)?;
        // One value in 2^32 is no scalar of the curve; the caller may simply try again.
        Self::from_secret(&bytes)
    }

    /// With a given secret scalar, big-endian. For test vectors.
    ///
    /// # Errors
    /// When the bytes are no scalar of the curve.
    pub fn from_secret(bytes: &[u8; 32]) -> Result<Self, HandshakeError> {
        Ok(Self { secret: SecretKey::from_slice(bytes).map_err(|_| HandshakeError::Secret)? })
    }

    /// The public point as the init request sends it: uncompressed SEC1, 65 bytes, standard base64.
    #[must_use]
    pub fn client_pub(&self) -> String {
        STANDARD.encode(self.secret.public_key().to_sec1_point(false).as_bytes())
    }

    /// Both session keys, from the exact bytes of the init request and reply as they were on the wire.
    ///
    /// # Errors
    /// When the server's point is not on the curve.
    pub fn keys(&self, request: &[u8], reply: &[u8], server_pub: &str) -> Result<Keys, HandshakeError> {
        let point = STANDARD.decode(server_pub).map_err(|_| HandshakeError::ServerPoint)?;
        if point.len() != 65 {
            return Err(HandshakeError::ServerPoint);
        }
        let point = PublicKey::from_sec1_bytes(&point).map_err(|_| HandshakeError::ServerPoint)?;
        let shared = self.secret.diffie_hellman(&point);
        let salt: [u8; 32] = Sha256::new().chain_update(request).chain_update(reply).finalize().into();
        let hkdf = Hkdf::<Sha256>::new(Some(&salt), shared.raw_secret_bytes());
        let derive = |info: &[u8]| {
            let mut key = [0; 32];
            // invariant: HKDF-SHA256 refuses only outputs longer than 8160 bytes
            hkdf.expand(info, &mut key).map_err(|_| HandshakeError::Secret)?;
            Ok(key)
        };
        Ok(Keys { salt, c2s: derive(KEY_INFO_C2S)?, s2c: derive(KEY_INFO_S2C)? })
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handshake(secret withheld)")
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys(withheld)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_agree_and_a_changed_byte_changes_the_keys() {
        let client = Handshake::from_secret(&[1; 32]).expect("a scalar");
        let server = Handshake::from_secret(&[2; 32]).expect("a scalar");
        let ours = client.keys(b"request", b"reply", &server.client_pub()).expect("keys");
        let theirs = server.keys(b"request", b"reply", &client.client_pub()).expect("keys");
        assert!(ours == theirs, "same secret on both sides");
        assert_ne!(ours.c2s, ours.s2c, "one key per direction");
        let other = client.keys(b"request", b"replY", &server.client_pub()).expect("keys");
        assert_ne!(ours.c2s, other.c2s, "the reply's bytes are bound");
        assert_ne!(ours.s2c, other.s2c, "the reply's bytes are bound");
    }

    #[test]
    fn invalid_points_and_scalars_are_refused() {
        let client = Handshake::from_secret(&[1; 32]).expect("a scalar");
        let mut off_curve = vec![4; 65];
        off_curve[64] = 5;
        for bad in [String::new(), "!".to_owned(), STANDARD.encode([0]), STANDARD.encode(&off_curve)] {
            assert_eq!(client.keys(b"", b"", &bad).err(), Some(HandshakeError::ServerPoint), "{bad}");
        }
        let compressed = Handshake::from_secret(&[2; 32]).expect("a scalar").secret.public_key().to_sec1_point(true);
        assert_eq!(
            client.keys(b"", b"", &STANDARD.encode(compressed.as_bytes())).err(),
            Some(HandshakeError::ServerPoint),
            "one encoding only"
        );
        assert_eq!(Handshake::from_secret(&[0; 32]).err(), Some(HandshakeError::Secret), "zero");
        assert_eq!(Handshake::from_secret(&[255; 32]).err(), Some(HandshakeError::Secret), "above the order");
    }

    #[test]
    fn debug_output_holds_no_key() {
        let keys = Keys { salt: [0xaa; 32], c2s: [0xbb; 32], s2c: [0xcc; 32] };
        assert_eq!(format!("{keys:?}"), "Keys(withheld)", "keys stay out of logs");
    }
}
