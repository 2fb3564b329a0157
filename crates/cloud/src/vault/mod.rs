//! Pictures outside the database: encrypted objects in a local directory or an S3-compatible bucket.
//!
//! Every picture has a key of its own (AES-256-GCM). That key lies in the database, wrapped by a master key that lies outside it, so that neither the
//! bucket nor a copy of the database alone shows a picture, and deleting a row makes its object unreadable at once, even in a backup.

mod https;
mod keyring;
mod objects;
mod receipt;

pub use keyring::{KeyFault, KeyRing};
pub use objects::{BlobRow, Vault, VaultError};
pub use receipt::{Receipt, Signer, signature_holds};

use std::{
    io::{Read, Write},
    path::Path,
};

/// Reads a secret file, or makes it with mode 0600 and synced before its name appears. Processes that start together agree on one content.
fn read_or_make(path: &Path, make: impl FnOnce() -> Result<String, KeyFault>) -> Result<String, KeyFault> {
    if let Some(text) = read(path)? {
        return Ok(text);
    }
    let draft = write_draft(path, &make()?)?;
    // A link, unlike a rename, does not replace what another process put there meanwhile.
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    match linked {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.into()),
    }
    read(path)?.ok_or(KeyFault::Damaged)
}

fn read(path: &Path) -> Result<Option<String>, KeyFault> {
    let mut text = String::new();
    match std::fs::File::open(path) {
        Ok(mut file) => file.read_to_string(&mut text)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    Ok(Some(text))
}

/// Writes beside `path`, synced; the caller gives it its name.
fn write_draft(path: &Path, text: &str) -> Result<std::path::PathBuf, KeyFault> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_private(folder)?;
    let draft = folder.join(format!(".{}.new", crate::random::hex::<8>()?));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(draft)
}

fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}
