//! Tokens: what get_biz_token writes and get_result reads.

use super::{Store, StoreError, from_db, sessions::State, to_db};
use crate::sign::Nonce;
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
        let mut tx = self.begin().await?;
        if let Some(once) = &token.once {
            let earlier: Option<Option<String>> = sqlx::query_scalar("SELECT biz_token FROM nonce WHERE app_key = ? AND digest = ?")
                .bind(&token.app_key)
                .bind(once.digest.as_slice())
                .fetch_optional(&mut *tx)
                .await?;
            if let Some(biz_token) = earlier.flatten() {
                return Ok(biz_token);
            }
            sqlx::query("UPDATE nonce SET biz_token = ? WHERE app_key = ? AND digest = ?")
                .bind(&token.biz_token)
                .bind(&token.app_key)
                .bind(once.digest.as_slice())
                .execute(&mut *tx)
                .await?;
        }
        sqlx::query(
            "INSERT INTO session (biz_token, app_key, biz_no, idcard_name, idcard_number, liveness_timeout_s, action_count, security_level, force_compare, multi_oriented, simulated, created_ms, expires_ms, purge_ms)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
        .bind(to_db(token.created))
        .bind(to_db(token.expires))
        .bind(to_db(token.purge))
        .execute(&mut *tx)
        .await?;
        for photo in &token.references {
            sqlx::query("INSERT INTO reference_photo (biz_token, slot, bytes) VALUES (?, ?, ?)")
                .bind(&token.biz_token)
                .bind(photo.slot)
                .bind(&photo.bytes)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(token.biz_token.clone())
    }

    /// Tokens a key got since a moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tokens_since(&self, app_key: &str, since: Millis) -> Result<u32, StoreError> {
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM session WHERE app_key = ? AND created_ms >= ?")
            .bind(app_key)
            .bind(to_db(since))
            .fetch_one(&self.readers)
            .await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// A token of this key; unknown, foreign and purged tokens are the same `None` from the same query.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn token(&self, biz_token: &str, app_key: &str, now: Millis) -> Result<Option<TokenRow>, StoreError> {
        type Raw = (Option<String>, String, i64, Option<i64>, bool);
        let raw: Option<Raw> = sqlx::query_as(
            "SELECT biz_no, state, expires_ms, deadline_ms, simulated FROM session WHERE biz_token = ? AND app_key = ? AND purge_ms > ?",
        )
        .bind(biz_token)
        .bind(app_key)
        .bind(to_db(now))
        .fetch_optional(&self.readers)
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
