//! Master keys, and the sealing of one record with a key of its own.

use super::{read, read_or_make, write_draft};
use crate::random::{self, RandomError};
use aes_gcm::{
    Aes256Gcm, Key, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use std::{
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};
use thiserror::Error;

/// Length of an AES-GCM nonce, bytes (NIST SP 800-38D, 5.2.1.1).
const NONCE: usize = 12;

/// A key file or a sealed record cannot be used.
#[derive(Debug, Error)]
pub enum KeyFault {
    /// The key file cannot be read or made.
    #[error("key file: {0}")]
    File(#[from] std::io::Error),
    /// The key file is not what `faceid` writes.
    #[error("the key file is damaged")]
    Damaged,
    /// A record names a master key that the file does not hold.
    #[error("master key {0} is not in the key file")]
    Unknown(String),
    /// Altered, or of another record.
    #[error("a sealed record does not open")]
    Sealed,
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
}

/// The master keys of a key file: one per line, `<8 hex: name> <64 hex: key>`. The first wraps new records, the others still open old ones.
pub struct KeyRing {
    path: PathBuf,
    keys: RwLock<Vec<Master>>,
}

struct Master {
    name: String,
    cipher: Aes256Gcm,
}

/// A sealed record and what opens it again.
pub(super) struct Sealed {
    /// Nonce, ciphertext, tag.
    pub(super) object: Vec<u8>,
    /// Name of the master key.
    pub(super) master: String,
    /// Nonce, wrapped record key, tag.
    pub(super) wrapped: Vec<u8>,
}

impl std::fmt::Debug for KeyRing {
    /// Without the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").field("path", &self.path).finish_non_exhaustive()
    }
}

impl KeyRing {
    /// Reads the file, or makes it with one fresh key.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn open(path: &Path) -> Result<Self, KeyFault> {
        let keys = parse(&read_or_make(path, fresh_line)?)?;
        Ok(Self { path: path.to_owned(), keys: RwLock::new(keys) })
    }

    /// Puts a fresh key in front; returns its name. Running nodes take it up when they start, or when they first meet a record of it.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn rotate(&self) -> Result<String, KeyFault> {
        let line = fresh_line()?;
        let text = format!("{line}{}", read(&self.path)?.ok_or(KeyFault::Damaged)?);
        let keys = parse(&text)?;
        let name = keys.first().ok_or(KeyFault::Damaged)?.name.clone();
        std::fs::rename(write_draft(&self.path, &text)?, &self.path)?;
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(name)
    }

    /// Names of the keys, the wrapping one first.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).iter().map(|key| key.name.clone()).collect()
    }

    /// Encrypts with a fresh key and wraps that key. `owner` is authenticated with both: a record moved to another owner does not open.
    pub(super) fn seal(&self, owner: &[u8], plain: &[u8]) -> Result<Sealed, KeyFault> {
        let record = random::bytes::<32>()?;
        let object = encrypt(&cipher(&record), owner, plain)?;
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let master = keys.first().ok_or(KeyFault::Damaged)?;
        Ok(Sealed { object, master: master.name.clone(), wrapped: encrypt(&master.cipher, owner, &record)? })
    }

    /// The plain text of a record.
    pub(super) fn open_sealed(&self, owner: &[u8], master: &str, wrapped: &[u8], object: &[u8]) -> Result<Vec<u8>, KeyFault> {
        let record = match self.unwrap(owner, master, wrapped) {
            // Another node may have rotated.
            Err(KeyFault::Unknown(_)) => {
                let keys = parse(&read(&self.path)?.ok_or(KeyFault::Damaged)?)?;
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
                self.unwrap(owner, master, wrapped)?
            }
            other => other?,
        };
        decrypt(&cipher(&record), owner, object)
    }

    fn unwrap(&self, owner: &[u8], master: &str, wrapped: &[u8]) -> Result<[u8; 32], KeyFault> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let key = keys.iter().find(|key| key.name == master).ok_or_else(|| KeyFault::Unknown(master.to_owned()))?;
        decrypt(&key.cipher, owner, wrapped)?.try_into().map_err(|_| KeyFault::Sealed)
    }
}

fn fresh_line() -> Result<String, KeyFault> {
    Ok(format!("{} {}\n", random::hex::<4>()?, random::hex::<32>()?))
}

fn parse(text: &str) -> Result<Vec<Master>, KeyFault> {
    let master = |line: &str| {
        let (name, key) = line.split_once(' ')?;
        let key: [u8; 32] = hex::decode(key).ok()?.try_into().ok()?;
        (name.len() == 8).then(|| Master { name: name.to_owned(), cipher: cipher(&key) })
    };
    let keys: Option<Vec<Master>> = text.lines().map(master).collect();
    keys.filter(|keys| !keys.is_empty()).ok_or(KeyFault::Damaged)
}

fn cipher(key: &[u8; 32]) -> Aes256Gcm {
    Aes256Gcm::new(&Key::<Aes256Gcm>::from(*key))
}

fn encrypt(cipher: &Aes256Gcm, owner: &[u8], plain: &[u8]) -> Result<Vec<u8>, KeyFault> {
    let nonce = random::bytes::<NONCE>()?;
    let sealed = cipher.encrypt(&Nonce::from(nonce), Payload { msg: plain, aad: owner }).map_err(|_| KeyFault::Sealed)?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn decrypt(cipher: &Aes256Gcm, owner: &[u8], sealed: &[u8]) -> Result<Vec<u8>, KeyFault> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE>().ok_or(KeyFault::Sealed)?;
    cipher.decrypt(&Nonce::from(*nonce), Payload { msg: rest, aad: owner }).map_err(|_| KeyFault::Sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_open_for_their_owner_only_and_survive_rotation() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("keys/master.keys");
        let ring = KeyRing::open(&path).expect("made");
        let node = KeyRing::open(&path).expect("read");
        assert_eq!(ring.names(), node.names(), "one file, one key");
        let sealed = ring.seal(b"a", b"picture").expect("sealed");
        let open = |ring: &KeyRing, owner: &[u8], sealed: &Sealed| ring.open_sealed(owner, &sealed.master, &sealed.wrapped, &sealed.object);
        assert_eq!(open(&node, b"a", &sealed).expect("opens"), b"picture");
        assert!(matches!(open(&node, b"b", &sealed), Err(KeyFault::Sealed)), "another owner");
        assert!(!sealed.object.windows(7).any(|w| w == b"picture"), "encrypted");
        let name = ring.rotate().expect("rotated");
        let newer = ring.seal(b"a", b"picture").expect("sealed");
        assert_eq!((newer.master.as_str(), ring.names().len()), (name.as_str(), 2), "the new key wraps");
        assert_eq!(open(&node, b"a", &newer).expect("takes the new key up"), b"picture");
        assert_eq!(open(&ring, b"a", &sealed).expect("old records open"), b"picture");
        assert!(matches!(ring.open_sealed(b"a", "00000000", &sealed.wrapped, &sealed.object), Err(KeyFault::Unknown(_))), "no such key");
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let folder = tempfile::tempdir().expect("folder");
        let ring = KeyRing::open(&folder.path().join("master.keys")).expect("made");
        let sealed = ring.seal(b"a", b"picture").expect("sealed");
        for bit in 0..sealed.object.len() * 8 {
            let mut object = sealed.object.clone();
            object[bit / 8] ^= 1 << (bit % 8);
            assert!(ring.open_sealed(b"a", &sealed.master, &sealed.wrapped, &object).is_err(), "bit {bit} of the object");
        }
        for bit in 0..sealed.wrapped.len() * 8 {
            let mut wrapped = sealed.wrapped.clone();
            wrapped[bit / 8] ^= 1 << (bit % 8);
            assert!(ring.open_sealed(b"a", &sealed.master, &wrapped, &sealed.object).is_err(), "bit {bit} of the wrapped key");
        }
    }

    #[test]
    fn damaged_key_files_are_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("master.keys");
        for text in ["", "\n", "abcdef01", "abcdef01 00", "abc 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"] {
            std::fs::write(&path, text).expect("written");
            assert!(matches!(KeyRing::open(&path), Err(KeyFault::Damaged)), "{text:?}");
        }
    }
}
