//! Receipts for deletions: what was erased and when, signed with Ed25519, without personal data.

use super::{KeyFault, read_or_make};
use crate::random;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use faceid_protocol::Millis;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Signs receipts; the key lies in a file beside the master keys.
pub struct Signer(SigningKey);

impl std::fmt::Debug for Signer {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

/// A signed statement that a session was erased. The signature covers the other fields, in this order, each ended by a line feed, after the line
/// `faceid erasure receipt 1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// SHA-256 of the token, hex: whoever knows the token can match it, and nobody learns it from here.
    pub token_sha256: String,
    /// When, Unix milliseconds.
    pub erased_ms: u64,
    /// Encrypted pictures removed.
    pub pictures: u64,
    /// Ed25519 public key, hex.
    pub public_key: String,
    /// Ed25519 signature, hex.
    pub signature: String,
}

impl Signer {
    /// Reads the key file, or makes it.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn open(path: &Path) -> Result<Self, KeyFault> {
        let text = read_or_make(path, || Ok(format!("{}\n", random::hex::<32>()?)))?;
        let seed: [u8; 32] = hex::decode(text.trim_end()).ok().and_then(|seed| seed.try_into().ok()).ok_or(KeyFault::Damaged)?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The public key, hex: the operator publishes it.
    #[must_use]
    pub fn public_key(&self) -> String {
        hex::encode(self.0.verifying_key().as_bytes())
    }

    /// Signature of a text, hex.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        hex::encode(self.0.sign(text.as_bytes()).to_bytes())
    }

    /// Signs one erasure.
    #[must_use]
    pub fn receipt(&self, biz_token: &str, pictures: u64, at: Millis) -> Receipt {
        let mut receipt = Receipt {
            token_sha256: hex::encode(Sha256::digest(biz_token)),
            erased_ms: at.0,
            pictures,
            public_key: self.public_key(),
            signature: String::new(),
        };
        receipt.signature = self.sign(&receipt.text());
        receipt
    }
}

impl Receipt {
    fn text(&self) -> String {
        format!("faceid erasure receipt 1\n{}\n{}\n{}\n{}\n", self.token_sha256, self.erased_ms, self.pictures, self.public_key)
    }

    /// True when the signature is that of the stated key, which the reader compares with the one the operator published.
    #[must_use]
    pub fn holds(&self) -> bool {
        signature_holds(&self.public_key, &self.text(), &self.signature)
    }
}

/// True when the signature of the text is that of the key; all in hex, damaged hex holds nothing.
#[must_use]
pub fn signature_holds(public_key: &str, text: &str, signature: &str) -> bool {
    let key = hex::decode(public_key).ok().and_then(|key| key.try_into().ok()).and_then(|key| VerifyingKey::from_bytes(&key).ok());
    let signature = hex::decode(signature).ok().and_then(|bytes| bytes.try_into().ok()).map(|bytes| Signature::from_bytes(&bytes));
    key.zip(signature).is_some_and(|(key, signature)| key.verify_strict(text.as_bytes(), &signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_hold_and_altered_ones_do_not() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("receipt.key");
        let receipt = Signer::open(&path).expect("made").receipt("token", 3, Millis(1_000));
        assert_eq!(receipt, Signer::open(&path).expect("read").receipt("token", 3, Millis(1_000)), "one key, deterministic signature");
        assert!(receipt.holds(), "{receipt:?}");
        let json = serde_json::to_string(&receipt).expect("JSON");
        assert!(!json.contains("\"token\""), "the token itself is not in it");
        for altered in [
            Receipt { pictures: 4, ..receipt.clone() },
            Receipt { erased_ms: 1_001, ..receipt.clone() },
            Receipt { token_sha256: "00".into(), ..receipt.clone() },
            Receipt { public_key: "00".repeat(32), ..receipt.clone() },
            Receipt { signature: "00".repeat(64), ..receipt.clone() },
            Receipt { signature: String::new(), ..receipt },
        ] {
            assert!(!altered.holds(), "{altered:?}");
        }
    }
}
