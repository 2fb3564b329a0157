//! Putting, getting and removing sealed pictures.

use super::{KeyFault, KeyRing, Receipt, Signer, https::Connector, make_private};
use crate::{failpoints::point, random};
use bytes::Bytes;
use faceid_protocol::Millis;
use futures_util::{FutureExt, StreamExt, TryStreamExt};
use object_store::{
    ObjectStore, ObjectStoreExt, RetryConfig, aws::AmazonS3Builder, local::LocalFileSystem, path::Path as Location, prefix::PrefixStore,
};
use std::{path::Path, sync::Arc, time::Duration};
use thiserror::Error;

/// Removals and look-ups in flight at once.
const PARALLEL: usize = 8;

/// Objects or keys failed.
#[derive(Debug, Error)]
pub enum VaultError {
    /// The directory or bucket.
    #[error("object store: {0}")]
    Objects(#[from] object_store::Error),
    /// The keys.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The setting is neither a directory nor `s3://bucket/prefix`.
    #[error("{0}")]
    Address(&'static str),
}

impl From<std::io::Error> for VaultError {
    fn from(error: std::io::Error) -> Self {
        Self::Key(KeyFault::File(error))
    }
}

/// What the database keeps of a picture.
#[derive(Clone, PartialEq, Eq)]
pub struct BlobRow {
    /// Name of the object: 128 random bits, hex.
    pub id: String,
    /// Bytes of the picture.
    pub size: i64,
    /// Which master key wraps its key.
    pub master: String,
    /// Its key, wrapped.
    pub wrapped: Vec<u8>,
}

impl std::fmt::Debug for BlobRow {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlobRow").field("id", &self.id).field("size", &self.size).field("master", &self.master).finish_non_exhaustive()
    }
}

/// The pictures of one service.
#[derive(Debug, Clone)]
pub struct Vault {
    objects: Arc<dyn ObjectStore>,
    ring: Arc<KeyRing>,
    signer: Arc<Signer>,
}

impl Vault {
    /// `address`: a directory, or `s3://bucket/prefix` with the usual `AWS_*` variables (`AWS_ENDPOINT`, `AWS_ALLOW_HTTP=true` for a
    /// bucket that is not Amazon's). `keys`: folder of the key files, made when absent.
    ///
    /// # Errors
    /// [`VaultError`].
    pub fn open(address: &str, keys: &Path) -> Result<Self, VaultError> {
        let ring = KeyRing::open(&keys.join("master.keys"))?;
        let signer = Signer::open(&keys.join("receipt.key"))?;
        Ok(Self { objects: objects(address)?, ring: Arc::new(ring), signer: Arc::new(signer) })
    }

    /// The master keys.
    #[must_use]
    pub fn ring(&self) -> &KeyRing {
        &self.ring
    }

    /// Signs receipts and seals.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Signs the erasure of a session.
    #[must_use]
    pub fn receipt(&self, biz_token: &str, pictures: u64, at: Millis) -> Receipt {
        self.signer.receipt(biz_token, pictures, at)
    }

    /// Seals and stores; durable when this returns. The row is still to be written: until then the object is an orphan.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn put(&self, biz_token: &str, picture: &[u8]) -> Result<BlobRow, VaultError> {
        let id = random::hex::<16>().map_err(KeyFault::from)?;
        let sealed = self.ring.seal(&owner(biz_token, &id), picture)?;
        point("vault.sealed");
        self.objects.put(&location(&id), sealed.object.into()).await?;
        point("vault.stored");
        let size = i64::try_from(picture.len()).unwrap_or(i64::MAX);
        Ok(BlobRow { id, size, master: sealed.master, wrapped: sealed.wrapped })
    }

    /// Fetches and opens.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn get(&self, biz_token: &str, row: &BlobRow) -> Result<Vec<u8>, VaultError> {
        let object: Bytes = self.objects.get(&location(&row.id)).await?.bytes().await?;
        Ok(self.ring.open_sealed(&owner(biz_token, &row.id), &row.master, &row.wrapped, &object)?)
    }

    /// Several at once, in the order of the rows.
    ///
    /// # Errors
    /// [`VaultError`] of the first that fails.
    pub async fn get_all(&self, biz_token: &str, rows: &[BlobRow]) -> Result<Vec<Vec<u8>>, VaultError> {
        // Collected before they run: a closure inside the stream would make the future's Send depend on a lifetime.
        let gets: Vec<_> = rows.iter().map(|row| self.get(biz_token, row).boxed()).collect();
        futures_util::stream::iter(gets).buffered(PARALLEL).try_collect().await
    }

    /// Removes; one that is gone already is fine.
    ///
    /// # Errors
    /// [`VaultError`] of the first that fails.
    pub async fn remove(&self, ids: &[String]) -> Result<(), VaultError> {
        let removals: Vec<_> = ids.iter().map(|id| self.remove_one(id).boxed()).collect();
        futures_util::stream::iter(removals).buffer_unordered(PARALLEL).try_collect::<()>().await
    }

    async fn remove_one(&self, id: &str) -> Result<(), VaultError> {
        match self.objects.delete(&location(id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Names of objects in one of 256 shards that were last written before `before`.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn older(&self, shard: u8, before: Millis) -> Result<Vec<String>, VaultError> {
        let prefix = Location::from(format!("{shard:02x}"));
        let before = i64::try_from(before.0).unwrap_or(i64::MAX);
        let mut ids = Vec::new();
        let mut listed = self.objects.list(Some(&prefix));
        while let Some(object) = listed.try_next().await? {
            if object.last_modified.timestamp_millis() < before
                && let Some(id) = object.location.filename()
            {
                ids.push(id.to_owned());
            }
        }
        Ok(ids)
    }

    /// Copies objects, still sealed, to a directory; one that was erased meanwhile is passed over.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn copy(&self, ids: &[String], folder: &Path) -> Result<u64, VaultError> {
        let target = objects(&folder.display().to_string())?;
        let mut copied = 0;
        for id in ids {
            match self.objects.get(&location(id)).await {
                Ok(object) => {
                    target.put(&location(id), object.bytes().await?.into()).await?;
                    copied += 1;
                }
                Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(copied)
    }

    /// Writes, reads and removes a probe.
    ///
    /// # Errors
    /// [`VaultError`].
    pub async fn check(&self) -> Result<(), VaultError> {
        let row = self.put("probe", b"probe").await?;
        let read = self.get("probe", &row).await;
        self.remove(&[row.id]).await?;
        read.map(drop)
    }
}

fn objects(address: &str) -> Result<Arc<dyn ObjectStore>, VaultError> {
    if let Some(rest) = address.strip_prefix("s3://") {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(VaultError::Address("store.blobs: s3://BUCKET/PREFIX needs a bucket"));
        }
        // A page's call waits for this: better a refusal it can retry than minutes of silence.
        let retry = RetryConfig { max_retries: 3, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() };
        let bucket = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry).with_http_connector(Connector).build()?;
        return Ok(Arc::new(PrefixStore::new(bucket, prefix)));
    }
    if address.contains("://") {
        return Err(VaultError::Address("store.blobs is a directory or s3://BUCKET/PREFIX"));
    }
    make_private(Path::new(address))?;
    Ok(Arc::new(LocalFileSystem::new_with_prefix(address)?.with_fsync(true)))
}

fn location(id: &str) -> Location {
    Location::from_iter([id.get(..2).unwrap_or("00"), id])
}

fn owner(biz_token: &str, id: &str) -> Vec<u8> {
    [b"faceid picture 1\0", biz_token.as_bytes(), b"\0", id.as_bytes()].concat()
}
