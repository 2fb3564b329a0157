//! Circumstances of a token's making that are looked at again when its session starts, and failures that lock.

use super::{State, Store, StoreError, db::Tx, from_db, sql};
use crate::{limits, sign::Nonce};
use faceid_protocol::{Millis, codes::FixedRow};
use std::net::IpAddr;

/// How a token came to be.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Minting {
    /// Address of the caller; `None` = unknown.
    pub address: Option<IpAddr>,
    /// The caller's native sign, if that was the credential.
    pub native_sign: Option<String>,
    /// The person's subject (HMAC of the number); `None` = there are no locks per person.
    pub identity: Option<[u8; 32]>,
}

impl core::fmt::Debug for Minting {
    /// Without address and sign.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Minting").finish_non_exhaustive()
    }
}

/// Whose failures are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject(Vec<u8>);

impl Subject {
    /// A person, device or address, as the pepper made it.
    #[must_use]
    pub fn hashed(subject: &[u8; 32]) -> Self {
        Self(subject.to_vec())
    }

    /// A key.
    #[must_use]
    pub fn key(app_key: &str) -> Self {
        Self([b"key:", app_key.as_bytes()].concat())
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// Failures of one subject that are looked at; any limit is far below.
const FAILURES_MAX: u32 = 1000;

impl Store {
    /// The circumstances of a token.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn minting(&self, biz_token: &str) -> Result<Minting, StoreError> {
        type Raw = (Option<String>, Option<String>, Option<Vec<u8>>);
        let raw: Option<Raw> =
            sql("SELECT address, native_sign, identity FROM minting WHERE biz_token = $1").bind(biz_token).optional(&self.db).await?;
        let Some((address, native_sign, identity)) = raw else { return Ok(Minting::default()) };
        Ok(Minting {
            address: address.map(|text| text.parse()).transpose().map_err(|_| StoreError::Damaged("address"))?,
            native_sign,
            identity: identity.map(TryInto::try_into).transpose().map_err(|_| StoreError::Damaged("identity"))?,
        })
    }

    /// Remembers which request started a session, so that its repetition is recognised.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_start(&self, biz_token: &str, request: &[u8; 32]) -> Result<(), StoreError> {
        sql("UPDATE minting SET started_by = $1 WHERE biz_token = $2").bind(request).bind(biz_token).execute(&self.db).await?;
        Ok(())
    }

    /// Digest of the request that started a session.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn started_by(&self, biz_token: &str) -> Result<Option<[u8; 32]>, StoreError> {
        let raw: Option<(Option<Vec<u8>>,)> =
            sql("SELECT started_by FROM minting WHERE biz_token = $1").bind(biz_token).optional(&self.db).await?;
        raw.and_then(|(digest,)| digest).map(TryInto::try_into).transpose().map_err(|_| StoreError::Damaged("started_by"))
    }

    /// True for a token that nobody used in its time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_lapsed(&self, biz_token: &str, now: Millis) -> Result<bool, StoreError> {
        let (count,): (i64,) =
            sql("SELECT COUNT(*) FROM session WHERE biz_token = $1 AND state = $2 AND expires_ms <= $3 AND purge_ms > $3")
                .bind(biz_token)
                .bind(State::Created.name())
                .bind(now)
                .one(&self.db)
                .await?;
        Ok(count > 0)
    }

    /// Counts a refused init of a token; the count with this one, or `None` when there is no such token.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_refused_init(&self, biz_token: &str) -> Result<Option<u32>, StoreError> {
        let mut tx = self.db.begin().await?;
        sql("UPDATE minting SET refused_inits = refused_inits + 1 WHERE biz_token = $1").bind(biz_token).execute(&mut tx).await?;
        let count: Option<(i64,)> = sql("SELECT refused_inits FROM minting WHERE biz_token = $1").bind(biz_token).optional(&mut tx).await?;
        tx.commit().await?;
        Ok(count.map(|(count,)| u32::try_from(count).unwrap_or(u32::MAX)))
    }

    /// Notes that a single-use sign came again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn mark_replayed(&self, app_key: &str, nonce: &Nonce) -> Result<(), StoreError> {
        sql("INSERT INTO replayed (app_key, digest, expires_ms) SELECT app_key, digest, expires_ms FROM nonce WHERE app_key = $1 AND digest = $2 ON CONFLICT DO NOTHING")
            .bind(app_key)
            .bind(&nonce.digest)
            .execute(&self.db)
            .await?;
        Ok(())
    }

    /// Did a single-use sign come again?
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_replayed(&self, app_key: &str, nonce: &Nonce) -> Result<bool, StoreError> {
        let (count,): (i64,) =
            sql("SELECT COUNT(*) FROM replayed WHERE app_key = $1 AND digest = $2").bind(app_key).bind(&nonce.digest).one(&self.db).await?;
        Ok(count > 0)
    }

    /// When this subject failed, from a moment on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn failures(&self, subject: &Subject, since: Millis) -> Result<Vec<Millis>, StoreError> {
        let raw: Vec<(i64,)> = sql("SELECT at_ms FROM failure WHERE subject = $1 AND at_ms >= $2 ORDER BY at_ms DESC LIMIT $3")
            .bind(&subject.0)
            .bind(since)
            .bind(FAILURES_MAX)
            .all(&self.db)
            .await?;
        raw.into_iter().map(|(at,)| from_db(at, "at_ms")).collect()
    }

    /// Forgets failures and replays that no longer matter.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_failures(&self, before: Millis, now: Millis) -> Result<u64, StoreError> {
        sql("DELETE FROM replayed WHERE expires_ms < $1").bind(now).execute(&self.db).await?;
        sql("DELETE FROM failure WHERE at_ms < $1").bind(before).execute(&self.db).await
    }
}

/// Written with the token.
pub(super) async fn insert(tx: &mut Tx, biz_token: &str, minting: &Minting) -> Result<(), StoreError> {
    sql("INSERT INTO minting (biz_token, address, native_sign, identity) VALUES ($1, $2, $3, $4)")
        .bind(biz_token)
        .bind(minting.address.map(|address| address.to_string()).as_deref())
        .bind(&minting.native_sign)
        .bind(minting.identity.map(|identity| identity.to_vec()))
        .execute(tx)
        .await?;
    Ok(())
}

/// Written with the verdict, if it is one that counts: once each for key, person, device and address.
pub(super) async fn record_failure(tx: &mut Tx, biz_token: &str, row: FixedRow, now: Millis) -> Result<(), StoreError> {
    if !limits::counts_as_failure(row) {
        return Ok(());
    }
    type Raw = (String, Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>);
    let owner: Option<Raw> =
        sql("SELECT app_key, identity, device, session.address FROM session JOIN minting USING (biz_token) WHERE biz_token = $1")
            .bind(biz_token)
            .optional(&mut *tx)
            .await?;
    let Some((app_key, identity, device, address)) = owner else { return Ok(()) };
    for subject in [Some(Subject::key(&app_key).0), identity, device, address].into_iter().flatten() {
        sql("INSERT INTO failure (subject, at_ms) VALUES ($1, $2)").bind(&subject).bind(now).execute(&mut *tx).await?;
    }
    Ok(())
}
