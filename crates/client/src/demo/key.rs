//! The key file.

use serde::Deserialize;
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};
use thiserror::Error;

/// A customer's key: JSON with `app_key` and `app_secret`, as `faceid key create --json` prints it.
#[derive(Clone, Deserialize)]
pub struct Key {
    /// Public name of the key.
    pub app_key: String,
    /// The secret that signs.
    pub app_secret: String,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key").field("app_key", &self.app_key).finish_non_exhaustive()
    }
}

/// The key file cannot be used.
#[derive(Debug, Error)]
pub enum KeyError {
    /// Unreadable.
    #[error("cannot read {0}")]
    Read(PathBuf, #[source] io::Error),
    /// Others may read or write it.
    #[error("{path} has mode {mode:o}; only its owner may have access: chmod 600 {path}")]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It lies in the folder that is served.
    #[error("{0} lies inside the folder that is served")]
    Served(PathBuf),
    /// Not the expected JSON.
    #[error("{0} is not a key file")]
    Content(PathBuf),
}

impl Key {
    /// Reads a key file, refusing one that others could have read or that `served` would give away.
    ///
    /// # Errors
    /// When the file is unreadable, open to others, inside `served`, or not a key.
    pub fn read(path: &Path, served: &Path) -> Result<Self, KeyError> {
        let fault = |error| KeyError::Read(path.to_owned(), error);
        let real = path.canonicalize().map_err(fault)?;
        if served.canonicalize().is_ok_and(|served| real.starts_with(served)) {
            return Err(KeyError::Served(path.to_owned()));
        }
        let mode = mode(&real).map_err(fault)?;
        if mode & 0o077 != 0 {
            return Err(KeyError::Mode { path: path.to_owned(), mode });
        }
        let text = fs::read(&real).map_err(fault)?;
        // serde's own error would quote the content
        serde_json::from_slice(&text).map_err(|_| KeyError::Content(path.to_owned()))
    }
}

/// The first file under `folder` that holds the key's secret, if any.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn leak(key: &Key, folder: &Path) -> io::Result<Option<PathBuf>> {
    let secret = key.app_secret.as_bytes();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let found = if path.is_dir() {
            leak(key, &path)?
        } else {
            let content = fs::read(&path)?;
            content.windows(secret.len().max(1)).any(|window| window == secret).then_some(path)
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

#[cfg(unix)]
fn mode(path: &Path) -> io::Result<u32> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

/// Systems without permission bits: the file's place is all there is to check.
#[cfg(not(unix))]
fn mode(path: &Path) -> io::Result<u32> {
    fs::metadata(path).map(|_| 0o600)
}
