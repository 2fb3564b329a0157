//! One-use parts of signed requests, kept until their timestamp can no longer pass.

use super::{Store, StoreError, to_db};
use crate::sign::Nonce;
use faceid_protocol::Millis;

/// What the store knew about a nonce.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Never seen; it is recorded now.
    New,
    /// Seen before.
    Before {
        /// The token that the earlier request got, if it came that far.
        biz_token: Option<String>,
    },
}

impl Store {
    /// Records a nonce, durably, unless it is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn use_nonce(&self, app_key: &str, nonce: &Nonce, until: Millis) -> Result<Seen, StoreError> {
        let done = sqlx::query("INSERT OR IGNORE INTO nonce (app_key, digest, expires_ms) VALUES (?, ?, ?)")
            .bind(app_key)
            .bind(nonce.digest.as_slice())
            .bind(to_db(until))
            .execute(&self.writer)
            .await?;
        if done.rows_affected() == 1 {
            return Ok(Seen::New);
        }
        let biz_token: Option<Option<String>> = sqlx::query_scalar("SELECT biz_token FROM nonce WHERE app_key = ? AND digest = ?")
            .bind(app_key)
            .bind(nonce.digest.as_slice())
            .fetch_optional(&self.writer)
            .await?;
        Ok(Seen::Before { biz_token: biz_token.flatten() })
    }
}
