//! Measurements kept on disk, named by what they were computed from: the networks need minutes for what the judges read in seconds.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

/// Environment variable naming the folder of the cache.
pub const CACHE_VARIABLE: &str = "FACEID_CACHE";

/// The code that measures (see `build.rs`): other code, other entries.
const CODE: &str = env!("FACEID_MEASURING_CODE");
/// Bytes of the checksum in front of an entry.
const CHECKSUM: usize = 32;

/// What an entry was computed from. Two keys are equal only when the code and every part are.
#[derive(Debug, Clone)]
pub struct Key(Sha256);

impl Key {
    /// A key of this build's code; `kind` tells entries of different types apart.
    #[must_use]
    pub fn new(kind: &str) -> Self {
        Self(Sha256::new()).with(CODE.as_bytes()).with(kind.as_bytes())
    }

    /// Adds a part: a file's bytes, a parameter.
    #[must_use]
    pub fn with(mut self, part: &[u8]) -> Self {
        // with its length, so that parts cannot flow into each other
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    fn name(&self) -> String {
        self.0.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A folder of entries, or none.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: Option<PathBuf>,
}

impl Cache {
    /// Keeps nothing.
    #[must_use]
    pub const fn off() -> Self {
        Self { folder: None }
    }

    /// Keeps entries in `folder`, which need not exist yet.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()) }
    }

    /// `$FACEID_CACHE`, else `faceid-lab` in the user's cache folder; off where there is none.
    #[must_use]
    pub fn from_env() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let own = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
        Self { folder: set(CACHE_VARIABLE).or_else(|| own.map(|folder| folder.join("faceid-lab"))) }
    }

    /// The entry, if there is a sound one. A damaged entry counts as absent.
    #[must_use]
    pub fn load<T: DeserializeOwned>(&self, key: &Key) -> Option<T> {
        let bytes = fs::read(self.path(key)?).ok()?;
        let (sum, payload) = bytes.split_at_checked(CHECKSUM)?;
        (Sha256::digest(payload).as_slice() == sum).then(|| postcard::from_bytes(payload).ok()).flatten()
    }

    /// Writes an entry; concurrent writers of the same key do not harm each other.
    ///
    /// # Errors
    /// When the folder cannot be written or the value cannot be encoded.
    pub fn store<T: Serialize>(&self, key: &Key, value: &T) -> io::Result<()> {
        let Some(path) = self.path(key) else { return Ok(()) };
        let payload = postcard::to_stdvec(value).map_err(io::Error::other)?;
        let mut bytes = Sha256::digest(&payload).to_vec();
        bytes.extend(payload);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let unfinished = path.with_extension(format!("{}.part", std::process::id()));
        fs::write(&unfinished, bytes)?;
        fs::rename(unfinished, path)
    }

    fn path(&self, key: &Key) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(key.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_until_anything_differs() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = Cache::at(&folder.path().join("new"));
        let key = Key::new("test").with(b"clip").with(b"30 fps");
        let value = vec![Some(1.5f32), None];
        assert_eq!(cache.load::<Vec<Option<f32>>>(&key), None, "empty");
        cache.store(&key, &value).expect("written");
        assert_eq!(cache.load(&key), Some(value), "back");
        for other in [Key::new("test").with(b"clip").with(b"15 fps"), Key::new("test").with(b"clip3").with(b"0 fps"), Key::new("other")] {
            assert_eq!(cache.load::<Vec<Option<f32>>>(&other), None, "another key");
        }
        assert_eq!(Cache::off().load::<Vec<Option<f32>>>(&key), None, "off");
        Cache::off().store(&key, &1).expect("nothing to write");
    }

    #[test]
    fn a_damaged_entry_is_no_entry() {
        let folder = tempfile::tempdir().expect("a folder");
        let (cache, key) = (Cache::at(folder.path()), Key::new("test"));
        cache.store(&key, &[1.0f32, 2.0]).expect("written");
        let path = cache.path(&key).expect("a folder");
        let sound = fs::read(&path).expect("an entry");
        let mut flipped = sound.clone();
        flipped[CHECKSUM + 2] ^= 1;
        for damaged in [&sound[..20], &sound[..CHECKSUM + 5], &flipped[..], &[]] {
            fs::write(&path, damaged).expect("written");
            assert_eq!(cache.load::<[f32; 2]>(&key), None, "{} bytes", damaged.len());
        }
    }
}
