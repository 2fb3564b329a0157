//! Tokens: what get_biz_token writes and get_result reads.

use super::{
    Store, StoreError, from_db,
    minting::{self, Minting},
    pictures::insert_blob,
    sessions::State,
    sql,
};
use crate::{failpoints::point, sign::Nonce, vault::BlobRow};
use faceid_protocol::Millis;

/// What get_biz_token stores.
#[derive(Clone)]
pub struct NewToken {
    /// The token.
    pub biz_token: String,
    /// Whose.
    pub app_key: String,
    /// The customer's serial number, given back untouched.
    pub biz_no: Option<String>,
    /// Name to verify.
    pub idcard_name: String,
    /// Number to verify.
    pub idcard_number: String,
    /// Seconds, 5 to 60.
    pub liveness_timeout_s: u32,
    /// 1 to 3.
    pub action_count: u32,
    /// 1 to 4.
    pub security_level: u32,
    /// Compare even after an attack verdict.
    pub force_compare: bool,
    /// Look for a face in turned reference photos too.
    pub multi_oriented: bool,
    /// Made by a server that accepts the simulated person: reported as such, never billed.
    pub simulated: bool,
    /// Now.
    pub created: Millis,
    /// End of use by the SDK.
    pub expires: Millis,
    /// Erasure.
    pub purge: Millis,
    /// Reference photos.
    pub references: Vec<NewReference>,
    /// The idempotency mark of a request without a nonce of its own.
    pub once: Option<Nonce>,
    /// Looked at again when the session starts.
    pub minting: Minting,
}

impl core::fmt::Debug for NewToken {
    /// Without personal data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NewToken").field("app_key", &self.app_key).field("references", &self.references.len()).finish_non_exhaustive()
    }
}

/// A reference photo of the customer.
#[derive(Clone)]
pub struct NewReference {
    /// 1 or 2.
    pub slot: u8,
    /// The file as received.
    pub bytes: Vec<u8>,
}

impl core::fmt::Debug for NewReference {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NewReference").field("slot", &self.slot).finish_non_exhaustive()
    }
}

/// What get_result needs of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// The customer's serial number.
    pub biz_no: Option<String>,
    /// Where the session stands.
    pub state: State,
    /// End of use by the SDK.
    pub expires: Millis,
    /// End of the phase the session is in; `None` before init.
    pub deadline: Option<Millis>,
    /// Made under `--accept-simulated`.
    pub simulated: bool,
}

impl Store {
    /// Stores a token and its photos, all or nothing. When the same nonce-less request already got a token, that token is returned and nothing is stored.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn add_token(&self, token: &NewToken) -> Result<String, StoreError> {
        point("token.begin");
        let mut blobs = Vec::new();
        for photo in &token.references {
            blobs.push(self.vault.put(&token.biz_token, &photo.bytes).await?);
        }
        let outcome = self.add_token_rows(token, &blobs).await;
        if outcome.as_ref().ok() != Some(&token.biz_token) {
            self.abandon(blobs.into_iter().map(|blob| blob.id).collect()).await;
        }
        outcome
    }

    async fn add_token_rows(&self, token: &NewToken, blobs: &[BlobRow]) -> Result<String, StoreError> {
        let mut tx = self.db.begin().await?;
        if let Some(once) = &token.once {
            // A twin of this request waits here until the first has committed, and then finds its token.
            let first = sql("UPDATE nonce SET biz_token = $1 WHERE app_key = $2 AND digest = $3 AND biz_token IS NULL")
                .bind(&token.biz_token)
                .bind(&token.app_key)
                .bind(&once.digest)
                .execute(&mut tx)
                .await?;
            if first == 0 {
                let earlier: Option<(Option<String>,)> = sql("SELECT biz_token FROM nonce WHERE app_key = $1 AND digest = $2")
                    .bind(&token.app_key)
                    .bind(&once.digest)
                    .optional(&mut tx)
                    .await?;
                if let Some((Some(biz_token),)) = earlier {
                    return Ok(biz_token);
                }
            }
        }
        sql(
            "INSERT INTO session (biz_token, app_key, biz_no, idcard_name, idcard_number, liveness_timeout_s, action_count, security_level, force_compare, multi_oriented, simulated, created_ms, expires_ms, purge_ms)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        )
        .bind(&token.biz_token)
        .bind(&token.app_key)
        .bind(&token.biz_no)
        .bind(&token.idcard_name)
        .bind(&token.idcard_number)
        .bind(token.liveness_timeout_s)
        .bind(token.action_count)
        .bind(token.security_level)
        .bind(token.force_compare)
        .bind(token.multi_oriented)
        .bind(token.simulated)
        .bind(token.created)
        .bind(token.expires)
        .bind(token.purge)
        .execute(&mut tx)
        .await?;
        minting::insert(&mut tx, &token.biz_token, &token.minting).await?;
        point("token.rows");
        for (photo, blob) in token.references.iter().zip(blobs) {
            insert_blob(&mut tx, &token.biz_token, blob).await?;
            sql("INSERT INTO reference_photo (biz_token, slot, blob) VALUES ($1, $2, $3)")
                .bind(&token.biz_token)
                .bind(photo.slot)
                .bind(&blob.id)
                .execute(&mut tx)
                .await?;
        }
        point("token.photos");
        tx.commit().await?;
        point("token.committed");
        Ok(token.biz_token.clone())
    }

    /// Tokens a key got since a moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tokens_since(&self, app_key: &str, since: Millis) -> Result<u32, StoreError> {
        let (count,): (i64,) =
            sql("SELECT COUNT(*) FROM session WHERE app_key = $1 AND created_ms >= $2").bind(app_key).bind(since).one(&self.db).await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// A token of this key; unknown, foreign and purged tokens are the same `None` from the same query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn token(&self, biz_token: &str, app_key: &str, now: Millis) -> Result<Option<TokenRow>, StoreError> {
        type Raw = (Option<String>, String, i64, Option<i64>, bool);
        let raw: Option<Raw> = sql(
            "SELECT biz_no, state, expires_ms, deadline_ms, simulated FROM session WHERE biz_token = $1 AND app_key = $2 AND purge_ms > $3",
        )
        .bind(biz_token)
        .bind(app_key)
        .bind(now)
        .optional(&self.db)
        .await?;
        let Some((biz_no, state, expires, deadline, simulated)) = raw else { return Ok(None) };
        Ok(Some(TokenRow {
            biz_no,
            state: State::parse(&state)?,
            expires: from_db(expires, "expires_ms")?,
            deadline: deadline.map(|ms| from_db(ms, "deadline_ms")).transpose()?,
            simulated,
        }))
    }
}
