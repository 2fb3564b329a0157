//! One-use parts of signed requests, kept until their timestamp can no longer pass.

use super::{Store, StoreError, sql};
use crate::{failpoints::point, sign::Nonce};
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
        point("nonce.before");
        let new = sql("INSERT INTO nonce (app_key, digest, expires_ms) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(app_key)
            .bind(&nonce.digest)
            .bind(until)
            .execute(&self.db)
            .await?;
        point("nonce.after");
        if new == 1 {
            return Ok(Seen::New);
        }
        let earlier: Option<(Option<String>,)> = sql("SELECT biz_token FROM nonce WHERE app_key = $1 AND digest = $2")
            .bind(app_key)
            .bind(&nonce.digest)
            .optional(&self.db)
            .await?;
        Ok(Seen::Before { biz_token: earlier.and_then(|(token,)| token) })
    }
}
