//! Erasure, time-outs nobody asked about, listings.

use super::{State, Store, StoreError, from_db, to_db};
use faceid_protocol::Millis;

/// What a purge removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Purged {
    /// Sessions with all their pictures and personal data.
    pub sessions: u64,
    /// Nonces whose timestamps can no longer pass.
    pub nonces: u64,
}

/// Bills of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// Whose.
    pub app_key: String,
    /// 1000, 2000 or 3000.
    pub code: u32,
    /// How many.
    pub count: u64,
}

impl Store {
    /// Erases what is due. Pages are overwritten (`secure_delete`) and the log is folded back, so the bytes are gone from the files too.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn purge(&self, now: Millis) -> Result<Purged, StoreError> {
        let mut tx = self.begin().await?;
        let sessions = sqlx::query("DELETE FROM session WHERE purge_ms <= ?").bind(to_db(now)).execute(&mut *tx).await?.rows_affected();
        let nonces = sqlx::query("DELETE FROM nonce WHERE expires_ms < ?").bind(to_db(now)).execute(&mut *tx).await?.rows_affected();
        tx.commit().await?;
        if sessions > 0 {
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&self.writer).await?;
        }
        Ok(Purged { sessions, nonces })
    }

    /// Started sessions whose phase ended: token, state, sequence number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn overdue(&self, now: Millis) -> Result<Vec<(String, State, u64)>, StoreError> {
        let raw: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT biz_token, state, seq FROM session WHERE state IN ('INITED', 'CAPTURING') AND deadline_ms < ? LIMIT 256",
        )
        .bind(to_db(now))
        .fetch_all(&self.readers)
        .await?;
        raw.into_iter()
            .map(|(token, state, seq)| Ok((token, State::parse(&state)?, u64::try_from(seq).map_err(|_| StoreError::Damaged("seq"))?)))
            .collect()
    }

    /// Sequence number and key of a token, for settling and the command line.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn standing(&self, biz_token: &str) -> Result<Option<(String, State, u64)>, StoreError> {
        let raw: Option<(String, String, i64)> = sqlx::query_as("SELECT app_key, state, seq FROM session WHERE biz_token = ?")
            .bind(biz_token)
            .fetch_optional(&self.readers)
            .await?;
        raw.map(|(key, state, seq)| Ok((key, State::parse(&state)?, u64::try_from(seq).map_err(|_| StoreError::Damaged("seq"))?)))
            .transpose()
    }

    /// Newest sessions: token, key, state, creation. No personal data.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sessions(&self, limit: u32) -> Result<Vec<(String, String, State, Millis)>, StoreError> {
        let raw: Vec<(String, String, String, i64)> =
            sqlx::query_as("SELECT biz_token, app_key, state, created_ms FROM session ORDER BY created_ms DESC, biz_token LIMIT ?")
                .bind(limit)
                .fetch_all(&self.readers)
                .await?;
        raw.into_iter()
            .map(|(token, key, state, created)| Ok((token, key, State::parse(&state)?, from_db(created, "created_ms")?)))
            .collect()
    }

    /// Steps of a session: step, action (none for the neutral frames), frames committed, bytes uploaded.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn steps(&self, biz_token: &str) -> Result<Vec<(u32, Option<String>, u32, i64)>, StoreError> {
        Ok(sqlx::query_as(
            "SELECT s.step, c.action, (SELECT COUNT(*) FROM committed_frame f WHERE f.biz_token = s.biz_token AND f.step = s.step),
                    (SELECT COALESCE(SUM(length(bytes)), 0) FROM committed_frame f JOIN frame USING (biz_token, sha256) WHERE f.biz_token = s.biz_token AND f.step = s.step)
             FROM step_commit s LEFT JOIN challenge c USING (biz_token, step) WHERE s.biz_token = ? ORDER BY s.step",
        )
        .bind(biz_token)
        .fetch_all(&self.readers)
        .await?)
    }

    /// Bills by key and code, optionally from a moment on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bills(&self, since: Millis) -> Result<Vec<Bill>, StoreError> {
        let raw: Vec<(String, u32, i64)> =
            sqlx::query_as("SELECT app_key, code, COUNT(*) FROM bill WHERE at_ms >= ? GROUP BY app_key, code ORDER BY app_key, code")
                .bind(to_db(since))
                .fetch_all(&self.readers)
                .await?;
        Ok(raw.into_iter().map(|(app_key, code, count)| Bill { app_key, code, count: count.unsigned_abs() }).collect())
    }
}
