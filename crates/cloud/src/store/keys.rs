//! API keys and the origins their pages come from.

use super::{Store, StoreError, from_db, small, sql};
use faceid_protocol::Millis;
use sha2::{Digest, Sha256};

/// A key to be stored.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Public name, sent as `X-Ca-Key`.
    pub app_key: String,
    /// HMAC secret.
    pub app_secret: String,
    /// Bearer secret, if the key has one; only its digest is kept.
    pub app_code: Option<String>,
    /// Free text for the operator.
    pub label: String,
    /// Native clients (no `Origin` header) may run sessions.
    pub native: bool,
    /// Tokens per 24 hours; `None` = no limit.
    pub daily_quota: Option<u32>,
    /// Origins whose pages may run sessions.
    pub origins: Vec<String>,
}

/// A stored key.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Public name.
    pub app_key: String,
    /// HMAC secret.
    pub app_secret: String,
    /// True when a bearer secret exists.
    pub has_app_code: bool,
    /// Free text.
    pub label: String,
    /// Native clients allowed.
    pub native: bool,
    /// Tokens per 24 hours.
    pub daily_quota: Option<u32>,
    /// When it was made.
    pub created: Millis,
    /// When it was revoked.
    pub revoked: Option<Millis>,
}

impl core::fmt::Debug for KeyRow {
    /// Without the secret.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("KeyRow").field("app_key", &self.app_key).field("revoked", &self.revoked).finish_non_exhaustive()
    }
}

#[derive(sqlx::FromRow)]
struct Raw {
    app_key: String,
    app_secret: String,
    has_app_code: bool,
    label: String,
    native: bool,
    daily_quota: Option<i64>,
    created_ms: i64,
    revoked_ms: Option<i64>,
}

impl TryFrom<Raw> for KeyRow {
    type Error = StoreError;

    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        Ok(Self {
            app_key: raw.app_key,
            app_secret: raw.app_secret,
            has_app_code: raw.has_app_code,
            label: raw.label,
            native: raw.native,
            daily_quota: raw.daily_quota.map(|quota| small(quota, "daily_quota")).transpose()?,
            created: from_db(raw.created_ms, "created_ms")?,
            revoked: raw.revoked_ms.map(|ms| from_db(ms, "revoked_ms")).transpose()?,
        })
    }
}

fn code_digest(code: &str) -> Vec<u8> {
    Sha256::digest(code.as_bytes()).to_vec()
}

impl Store {
    /// Stores a key.
    ///
    /// # Errors
    /// [`StoreError`]; a name in use is a database error.
    pub async fn add_key(&self, key: &NewKey, now: Millis) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        sql(
            "INSERT INTO api_key (app_key, app_secret, app_code_sha, label, native, daily_quota, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&key.app_key)
        .bind(&key.app_secret)
        .bind(key.app_code.as_deref().map(code_digest))
        .bind(&key.label)
        .bind(key.native)
        .bind(key.daily_quota.map(i64::from))
        .bind(now)
        .execute(&mut tx)
        .await?;
        for origin in &key.origins {
            sql("INSERT INTO key_origin (app_key, origin) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(&key.app_key)
                .bind(origin)
                .execute(&mut tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// A key by its public name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn key(&self, app_key: &str) -> Result<Option<KeyRow>, StoreError> {
        let raw: Option<Raw> = sql("SELECT *, app_code_sha IS NOT NULL AS has_app_code FROM api_key WHERE app_key = $1")
            .bind(app_key)
            .optional(&self.db)
            .await?;
        raw.map(KeyRow::try_from).transpose()
    }

    /// A key by its bearer secret; looked up by digest, so timing tells nothing about the secret.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn key_by_app_code(&self, code: &str) -> Result<Option<KeyRow>, StoreError> {
        let raw: Option<Raw> = sql("SELECT *, app_code_sha IS NOT NULL AS has_app_code FROM api_key WHERE app_code_sha = $1")
            .bind(code_digest(code))
            .optional(&self.db)
            .await?;
        raw.map(KeyRow::try_from).transpose()
    }

    /// Every key, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keys(&self) -> Result<Vec<KeyRow>, StoreError> {
        let raw: Vec<Raw> =
            sql("SELECT *, app_code_sha IS NOT NULL AS has_app_code FROM api_key ORDER BY created_ms, app_key").all(&self.db).await?;
        raw.into_iter().map(KeyRow::try_from).collect()
    }

    /// Origins of one key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn origins(&self, app_key: &str) -> Result<Vec<String>, StoreError> {
        let raw: Vec<(String,)> =
            sql("SELECT origin FROM key_origin WHERE app_key = $1 ORDER BY origin").bind(app_key).all(&self.db).await?;
        Ok(raw.into_iter().map(|(origin,)| origin).collect())
    }

    /// True when any active key lists this origin.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_known_origin(&self, origin: &str) -> Result<bool, StoreError> {
        let (found,): (bool,) =
            sql("SELECT EXISTS (SELECT 1 FROM key_origin JOIN api_key USING (app_key) WHERE origin = $1 AND revoked_ms IS NULL)")
                .bind(origin)
                .one(&self.db)
                .await?;
        Ok(found)
    }

    /// Revokes a key; false when there is no such active key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn revoke_key(&self, app_key: &str, now: Millis) -> Result<bool, StoreError> {
        let changed = sql("UPDATE api_key SET revoked_ms = $1 WHERE app_key = $2 AND revoked_ms IS NULL")
            .bind(now)
            .bind(app_key)
            .execute(&self.db)
            .await?;
        Ok(changed == 1)
    }
}
