//! How faces moved in judged attempts: what recordings that are sent again are recognised by.

use super::{Store, StoreError, Subject, db::Tx, sql};
use faceid_protocol::Millis;

/// Earlier attempts of one subject that are looked at, newest first.
const EARLIER_MAX: u32 = 500;

impl Store {
    /// Prints of earlier attempts of the same person (of the same key, where persons are not told apart): those before this session's verdict,
    /// or all where it has none yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn earlier_motion(&self, biz_token: &str) -> Result<Vec<Vec<u8>>, StoreError> {
        let owner: Option<(String, Option<Vec<u8>>, Option<i64>)> =
            sql("SELECT app_key, identity, (SELECT at_ms FROM verdict v WHERE v.biz_token = session.biz_token)
             FROM session JOIN minting USING (biz_token) WHERE biz_token = $1")
            .bind(biz_token)
            .optional(&self.db)
            .await?;
        let Some((app_key, identity, judged)) = owner else { return Ok(Vec::new()) };
        let prints: Vec<(Vec<u8>,)> =
            sql("SELECT print FROM motion WHERE subject = $1 AND biz_token <> $2 AND at_ms <= $3 ORDER BY at_ms DESC, biz_token LIMIT $4")
                .bind(identity.unwrap_or_else(|| Subject::key(&app_key).into_bytes()))
                .bind(biz_token)
                .bind(judged.unwrap_or(i64::MAX))
                .bind(EARLIER_MAX)
                .all(&self.db)
                .await?;
        Ok(prints.into_iter().map(|(print,)| print).collect())
    }

    /// Forgets prints from before this moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_motion(&self, before: Millis) -> Result<u64, StoreError> {
        sql("DELETE FROM motion WHERE at_ms < $1").bind(before).execute(&self.db).await
    }
}

/// Written with the verdict.
pub(super) async fn insert(tx: &mut Tx, biz_token: &str, print: &[u8], now: Millis) -> Result<(), StoreError> {
    let owner: Option<(String, Option<Vec<u8>>)> =
        sql("SELECT app_key, identity FROM session JOIN minting USING (biz_token) WHERE biz_token = $1")
            .bind(biz_token)
            .optional(&mut *tx)
            .await?;
    let Some((app_key, identity)) = owner else { return Ok(()) };
    sql("INSERT INTO motion (biz_token, subject, print, at_ms) VALUES ($1, $2, $3, $4)")
        .bind(biz_token)
        .bind(identity.unwrap_or_else(|| Subject::key(&app_key).into_bytes()))
        .bind(print)
        .bind(now)
        .execute(tx)
        .await?;
    Ok(())
}

/// Gone on request, with everything else of the session.
pub(super) async fn erase(tx: &mut Tx, biz_token: &str) -> Result<(), StoreError> {
    sql("DELETE FROM motion WHERE biz_token = $1").bind(biz_token).execute(tx).await?;
    Ok(())
}
