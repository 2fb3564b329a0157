//! Rows of sealed pictures, and erasure: rows and objects together.

use super::{
    Store, StoreError,
    audit::append,
    db::{Db, Tx},
    motion, sql,
};
use crate::{
    failpoints::point,
    vault::{BlobRow, Receipt},
};
use faceid_protocol::Millis;

/// One purge transaction removes at most this many sessions, so that other writers get their turn.
const BATCH: i64 = 128;

/// What a purge removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    /// Sessions with all their pictures and personal data.
    pub sessions: u64,
    /// Encrypted pictures.
    pub pictures: u64,
    /// Nonces whose timestamps can no longer pass.
    pub nonces: u64,
}

pub(super) async fn insert_blob(tx: &mut Tx, biz_token: &str, blob: &BlobRow) -> Result<(), StoreError> {
    sql("INSERT INTO blob (id, biz_token, size, master, wrapped) VALUES ($1, $2, $3, $4, $5)")
        .bind(&blob.id)
        .bind(biz_token)
        .bind(blob.size)
        .bind(&blob.master)
        .bind(&blob.wrapped)
        .execute(tx)
        .await?;
    Ok(())
}

impl Store {
    /// The best live photo of a verdict, where it may be shown.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn best_picture(&self, biz_token: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let raw: Option<(String, i64, String, Vec<u8>)> = sql("SELECT b.id, b.size, b.master, b.wrapped FROM verdict v
             JOIN frame f ON f.biz_token = v.biz_token AND f.sha256 = v.best_sha256 JOIN blob b ON b.id = f.blob WHERE v.biz_token = $1")
        .bind(biz_token)
        .optional(&self.db)
        .await?;
        let Some((id, size, master, wrapped)) = raw else { return Ok(None) };
        Ok(Some(self.vault.get(biz_token, &BlobRow { id, size, master, wrapped }).await?))
    }

    /// Objects that no row will name. Left-overs cost space only: nothing holds their keys, and the sweep finds them.
    pub(super) async fn abandon(&self, ids: Vec<String>) {
        if let Err(error) = self.vault.remove(&ids).await {
            tracing::warn!(%error, "an abandoned picture is left to the sweep");
        }
    }

    /// Erases what is due, rows first: with its key gone a picture is unreadable, whatever becomes of the object. SQLite pages are overwritten
    /// (`secure_delete`) and the log is folded back, so the bytes are gone from the files too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge(&self, now: Millis) -> Result<Purged, StoreError> {
        let mut done =
            Purged { nonces: sql("DELETE FROM nonce WHERE expires_ms < $1").bind(now).execute(&self.db).await?, ..Purged::default() };
        point("purge.nonces");
        loop {
            let (sessions, ids) = self.purge_batch(now).await?;
            done.sessions += sessions;
            done.pictures += ids.len() as u64;
            point("purge.committed");
            self.abandon(ids).await;
            point("purge.objects");
            if sessions == 0 {
                break;
            }
        }
        if done.sessions > 0 && matches!(self.db, Db::Sqlite { .. }) {
            sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.db).await?;
        }
        Ok(done)
    }

    async fn purge_batch(&self, now: Millis) -> Result<(u64, Vec<String>), StoreError> {
        let mut tx = self.db.begin().await?;
        if matches!(self.db, Db::Postgres(_)) {
            // One node at a time: two that delete the same rows in different orders would wait for each other.
            let (mine,): (bool,) = sql("SELECT pg_try_advisory_xact_lock(7005)").one(&mut tx).await?;
            if !mine {
                return Ok((0, Vec::new()));
            }
        }
        let due: Vec<(String,)> = sql("SELECT biz_token FROM session WHERE purge_ms <= $1 ORDER BY purge_ms, biz_token LIMIT $2")
            .bind(now)
            .bind(BATCH)
            .all(&mut tx)
            .await?;
        let (mut sessions, mut pictures) = (0, Vec::new());
        for (biz_token,) in due {
            pictures.extend(delete_session(&mut tx, &biz_token).await?);
            sessions += 1;
        }
        if sessions > 0 {
            point("purge.rows");
        }
        tx.commit().await?;
        Ok((sessions, pictures))
    }

    /// Deletion on request: objects first, so that a failure leaves a session that can be erased again; then the rows. `None` = no such session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erase(&self, biz_token: &str, now: Millis) -> Result<Option<Receipt>, StoreError> {
        if self.standing(biz_token).await?.is_none() {
            return Ok(None);
        }
        let named: Vec<(String,)> = sql("SELECT id FROM blob WHERE biz_token = $1").bind(biz_token).all(&self.db).await?;
        let named: Vec<String> = named.into_iter().map(|(id,)| id).collect();
        self.vault.remove(&named).await?;
        point("erase.objects");
        let mut tx = self.db.begin().await?;
        let gone = delete_session(&mut tx, biz_token).await?;
        motion::erase(&mut tx, biz_token).await?;
        append(&mut tx, biz_token, "erased", None, None, now).await?;
        point("erase.rows");
        tx.commit().await?;
        point("erase.committed");
        // An upload may have slipped in between; its key is gone with the row.
        self.abandon(gone.iter().filter(|id| !named.contains(id)).cloned().collect()).await;
        if matches!(self.db, Db::Sqlite { .. }) {
            sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.db).await?;
        }
        Ok(Some(self.vault.receipt(biz_token, gone.len() as u64, now)))
    }

    /// Removes objects of one of 256 shards that were written before `before` and that no row names: left by a crash between object and row.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sweep(&self, shard: u8, before: Millis) -> Result<u64, StoreError> {
        let mut orphans = Vec::new();
        for id in self.vault.older(shard, before).await? {
            let (known,): (bool,) = sql("SELECT EXISTS (SELECT 1 FROM blob WHERE id = $1)").bind(&id).one(&self.db).await?;
            if !known {
                orphans.push(id);
            }
        }
        point("sweep.listed");
        self.vault.remove(&orphans).await?;
        point("sweep.removed");
        Ok(orphans.len() as u64)
    }

    /// Master keys that some picture still needs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn masters(&self) -> Result<Vec<String>, StoreError> {
        let raw: Vec<(String,)> = sql("SELECT DISTINCT master FROM blob ORDER BY master").all(&self.db).await?;
        Ok(raw.into_iter().map(|(master,)| master).collect())
    }
}

/// Names of the pictures that went with it.
async fn delete_session(tx: &mut Tx, biz_token: &str) -> Result<Vec<String>, StoreError> {
    let pictures: Vec<(String,)> = sql("DELETE FROM blob WHERE biz_token = $1 RETURNING id").bind(biz_token).all(&mut *tx).await?;
    sql("DELETE FROM session WHERE biz_token = $1").bind(biz_token).execute(tx).await?;
    Ok(pictures.into_iter().map(|(id,)| id).collect())
}
