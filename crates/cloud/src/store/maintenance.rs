//! Time-outs nobody asked about, listings.

use super::{State, Store, StoreError, from_db, small, sql};
use faceid_protocol::Millis;

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
    /// Started sessions whose phase ended: token, state, sequence number.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn overdue(&self, now: Millis) -> Result<Vec<(String, State, u64)>, StoreError> {
        let raw: Vec<(String, String, i64)> =
            sql("SELECT biz_token, state, seq FROM session WHERE state IN ('INITED', 'CAPTURING') AND deadline_ms < $1 LIMIT 256")
                .bind(now)
                .all(&self.db)
                .await?;
        raw.into_iter().map(|(token, state, seq)| Ok((token, State::parse(&state)?, small(seq, "seq")?))).collect()
    }

    /// Sequence number and key of a token, for settling and the command line.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn standing(&self, biz_token: &str) -> Result<Option<(String, State, u64)>, StoreError> {
        let raw: Option<(String, String, i64)> =
            sql("SELECT app_key, state, seq FROM session WHERE biz_token = $1").bind(biz_token).optional(&self.db).await?;
        raw.map(|(key, state, seq)| Ok((key, State::parse(&state)?, small(seq, "seq")?))).transpose()
    }

    /// Newest sessions: token, key, state, creation. No personal data.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sessions(&self, limit: u32) -> Result<Vec<(String, String, State, Millis)>, StoreError> {
        let raw: Vec<(String, String, String, i64)> =
            sql("SELECT biz_token, app_key, state, created_ms FROM session ORDER BY created_ms DESC, biz_token LIMIT $1")
                .bind(limit)
                .all(&self.db)
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
        let raw: Vec<(i64, Option<String>, i64, i64)> = sql(
            "SELECT s.step, c.action, (SELECT COUNT(*) FROM committed_frame f WHERE f.biz_token = s.biz_token AND f.step = s.step),
                    (SELECT CAST(COALESCE(SUM(b.size), 0) AS BIGINT) FROM committed_frame f JOIN frame p ON p.biz_token = f.biz_token AND p.sha256 = f.sha256 JOIN blob b ON b.id = p.blob WHERE f.biz_token = s.biz_token AND f.step = s.step)
             FROM step_commit s LEFT JOIN challenge c USING (biz_token, step) WHERE s.biz_token = $1 ORDER BY s.step",
        )
        .bind(biz_token)
        .all(&self.db)
        .await?;
        raw.into_iter().map(|(step, action, frames, bytes)| Ok((small(step, "step")?, action, small(frames, "frames")?, bytes))).collect()
    }

    /// Bills by key and code, optionally from a moment on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn bills(&self, since: Millis) -> Result<Vec<Bill>, StoreError> {
        let raw: Vec<(String, i64, i64)> =
            sql("SELECT app_key, code, COUNT(*) FROM bill WHERE at_ms >= $1 GROUP BY app_key, code ORDER BY app_key, code")
                .bind(since)
                .all(&self.db)
                .await?;
        raw.into_iter()
            .map(|(app_key, code, count)| Ok(Bill { app_key, code: small(code, "code")?, count: count.unsigned_abs() }))
            .collect()
    }
}
