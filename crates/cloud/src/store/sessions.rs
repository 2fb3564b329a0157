//! A session's life: `CREATED -> INITED -> CAPTURING -> VERIFYING -> FINAL`, or `-> EXPIRED | ABORTED`.

use super::{
    Store, StoreError,
    db::{Db, Tx},
    from_db, small, sql,
};
use crate::failpoints::point;
use faceid_protocol::{Action, Millis};

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// The token exists, nobody used it.
    Created,
    /// The SDK won init.
    Inited,
    /// Neutral frames committed, actions under way, or uploads.
    Capturing,
    /// A worker judges the evidence.
    Verifying,
    /// A verdict stands.
    Final,
    /// Time ran out; the verdict row says so.
    Expired,
    /// Cancelled, refused or attacked; the verdict row says which.
    Aborted,
}

impl State {
    /// Name in the database and in listings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Inited => "INITED",
            Self::Capturing => "CAPTURING",
            Self::Verifying => "VERIFYING",
            Self::Final => "FINAL",
            Self::Expired => "EXPIRED",
            Self::Aborted => "ABORTED",
        }
    }

    /// True when nothing can change any more.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        match self {
            Self::Final | Self::Expired | Self::Aborted => true,
            Self::Created | Self::Inited | Self::Capturing | Self::Verifying => false,
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, StoreError> {
        [Self::Created, Self::Inited, Self::Capturing, Self::Verifying, Self::Final, Self::Expired, Self::Aborted]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or(StoreError::Damaged("state"))
    }
}

/// What init writes when it wins.
#[derive(Clone)]
pub struct InitFields {
    /// 128 random bits, hex.
    pub session_id: String,
    /// The page's origin; `None` for native clients.
    pub origin: Option<String>,
    /// MAC key, client to server.
    pub key_c2s: [u8; 32],
    /// MAC key, server to client.
    pub key_s2c: [u8; 32],
    /// Transcript start: the salt.
    pub transcript: [u8; 32],
    /// Actions never to be asked.
    pub excluded: Vec<Action>,
    /// End of the setup phase.
    pub deadline: Millis,
    /// SDK and environment as the client stated them, JSON.
    pub telemetry: String,
    /// Whose failure it will be, if it fails: the device's subject.
    pub device: Option<[u8; 32]>,
    /// And that of the client's address.
    pub address: Option<[u8; 32]>,
}

impl core::fmt::Debug for InitFields {
    /// Without the keys.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("InitFields").finish_non_exhaustive()
    }
}

/// A session that passed init.
#[derive(Clone)]
pub struct SessionRow {
    /// Its token.
    pub biz_token: String,
    /// Where it stands.
    pub state: State,
    /// Seconds for liveness.
    pub liveness_timeout_s: u32,
    /// Number of actions.
    pub action_count: u32,
    /// The page's origin.
    pub origin: Option<String>,
    /// MAC key, client to server.
    pub key_c2s: [u8; 32],
    /// MAC key, server to client.
    pub key_s2c: [u8; 32],
    /// Running transcript hash.
    pub transcript: [u8; 32],
    /// Sequence number of the last accepted call.
    pub seq: u64,
    /// The step to be committed next.
    pub step: u32,
    /// Actions never to be asked.
    pub excluded: Vec<Action>,
    /// End of the present phase.
    pub deadline: Millis,
    /// Mark of the finalise call that is being judged.
    pub finalise_mark: Option<[u8; 32]>,
}

impl core::fmt::Debug for SessionRow {
    /// Without keys and token.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("SessionRow").field("state", &self.state).field("seq", &self.seq).field("step", &self.step).finish_non_exhaustive()
    }
}

#[derive(sqlx::FromRow)]
struct Raw {
    biz_token: String,
    state: String,
    liveness_timeout_s: i64,
    action_count: i64,
    origin: Option<String>,
    key_c2s: Vec<u8>,
    key_s2c: Vec<u8>,
    transcript: Vec<u8>,
    seq: i64,
    step: i64,
    excluded: String,
    deadline_ms: i64,
    finalise_mark: Option<Vec<u8>>,
}

impl TryFrom<Raw> for SessionRow {
    type Error = StoreError;

    fn try_from(raw: Raw) -> Result<Self, StoreError> {
        let key = |bytes: Vec<u8>, column| <[u8; 32]>::try_from(bytes).map_err(|_| StoreError::Damaged(column));
        Ok(Self {
            biz_token: raw.biz_token,
            state: State::parse(&raw.state)?,
            liveness_timeout_s: small(raw.liveness_timeout_s, "liveness_timeout_s")?,
            action_count: small(raw.action_count, "action_count")?,
            origin: raw.origin,
            key_c2s: key(raw.key_c2s, "key_c2s")?,
            key_s2c: key(raw.key_s2c, "key_s2c")?,
            transcript: key(raw.transcript, "transcript")?,
            seq: small(raw.seq, "seq")?,
            step: small(raw.step, "step")?,
            excluded: raw
                .excluded
                .split(',')
                .filter(|name| !name.is_empty())
                .map(str::parse)
                .collect::<Result<_, _>>()
                .map_err(|_| StoreError::Damaged("excluded"))?,
            deadline: from_db(raw.deadline_ms, "deadline_ms")?,
            finalise_mark: raw.finalise_mark.map(|mark| key(mark, "finalise_mark")).transpose()?,
        })
    }
}

/// One accepted call: what it consumes and what it leaves behind.
#[derive(Debug, Clone)]
pub struct Advance {
    /// The session.
    pub biz_token: String,
    /// State before.
    pub from: State,
    /// State after.
    pub to: State,
    /// Sequence number of this call; the row must hold this minus one.
    pub seq: u64,
    /// Transcript hash after this call.
    pub transcript: [u8; 32],
    /// The stored reply.
    pub reply: Reply,
}

/// A reply kept for retries.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// SHA-256 of the call's MAC input: method, path, seq, previous hash and body.
    pub request_mark: [u8; 32],
    /// HTTP status.
    pub status: u16,
    /// Body as sent.
    pub body: Vec<u8>,
}

impl core::fmt::Debug for Reply {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).finish_non_exhaustive()
    }
}

/// The right to judge one session until a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Random name of the worker.
    pub owner: [u8; 16],
    /// When others may take over.
    pub until: Millis,
}

impl Advance {
    /// The guarded UPDATE.
    pub(super) async fn apply(&self, tx: &mut Tx) -> Result<(), StoreError> {
        // Whatever the caller believes: no call moves a session that is being judged or is over.
        if !matches!(self.from, State::Inited | State::Capturing) {
            return Err(StoreError::Conflict);
        }
        let seq = i64::try_from(self.seq).map_err(|_| StoreError::Conflict)?;
        sql("UPDATE session SET state = $1, seq = $2, transcript = $3 WHERE biz_token = $4 AND state = $5 AND seq = $6")
            .bind(self.to.name())
            .bind(seq)
            .bind(&self.transcript)
            .bind(&self.biz_token)
            .bind(self.from.name())
            .bind(seq - 1)
            .execute_once(&mut *tx)
            .await?;
        insert_reply(tx, &self.biz_token, seq, &self.reply).await
    }
}

pub(super) async fn insert_reply(tx: &mut Tx, biz_token: &str, seq: i64, reply: &Reply) -> Result<(), StoreError> {
    sql("INSERT INTO reply (biz_token, seq, request_mark, status, body) VALUES ($1, $2, $3, $4, $5)")
        .bind(biz_token)
        .bind(seq)
        .bind(&reply.request_mark)
        .bind(reply.status)
        .bind(&reply.body)
        .execute(tx)
        .await?;
    Ok(())
}

impl Store {
    /// The key name and liveness settings of a token that init may still win: `(app_key, liveness_timeout_s, action_count)`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn startable(&self, biz_token: &str, now: Millis) -> Result<Option<(String, u32, u32)>, StoreError> {
        let raw: Option<(String, i64, i64)> = sql(
            "SELECT app_key, liveness_timeout_s, action_count FROM session WHERE biz_token = $1 AND state = 'CREATED' AND expires_ms > $2",
        )
        .bind(biz_token)
        .bind(now)
        .optional(&self.db)
        .await?;
        raw.map(|(key, timeout, count)| Ok((key, small(timeout, "liveness_timeout_s")?, small(count, "action_count")?))).transpose()
    }

    /// Compare-and-set of init: true for exactly one caller per token.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn init(&self, biz_token: &str, fields: &InitFields, now: Millis) -> Result<bool, StoreError> {
        let excluded: Vec<&str> = fields.excluded.iter().map(|action| action.name()).collect();
        point("init.before");
        let changed = sql(
            "UPDATE session SET state = 'INITED', session_id = $1, origin = $2, key_c2s = $3, key_s2c = $4, transcript = $5, excluded = $6, deadline_ms = $7, telemetry = $8, device = $9, address = $10
             WHERE biz_token = $11 AND state = 'CREATED' AND seq = 0 AND expires_ms > $12",
        )
        .bind(&fields.session_id)
        .bind(&fields.origin)
        .bind(&fields.key_c2s)
        .bind(&fields.key_s2c)
        .bind(&fields.transcript)
        .bind(excluded.join(","))
        .bind(fields.deadline)
        .bind(&fields.telemetry)
        .bind(fields.device.map(|device| device.to_vec()))
        .bind(fields.address.map(|address| address.to_vec()))
        .bind(biz_token)
        .bind(now)
        .execute(&self.db).await?;
        point("init.after");
        Ok(changed == 1)
    }

    /// A session by the id that init gave out.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session(&self, session_id: &str) -> Result<Option<SessionRow>, StoreError> {
        let raw: Option<Raw> = sql(
            "SELECT biz_token, state, liveness_timeout_s, action_count, origin, key_c2s, key_s2c, transcript, seq, step, excluded, deadline_ms, finalise_mark FROM session WHERE session_id = $1",
        )
        .bind(session_id)
        .optional(&self.db)
        .await?;
        raw.map(SessionRow::try_from).transpose()
    }

    /// The stored reply of a call.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn reply(&self, biz_token: &str, seq: u64) -> Result<Option<Reply>, StoreError> {
        let Ok(seq) = i64::try_from(seq) else { return Ok(None) };
        let raw: Option<(Vec<u8>, i64, Vec<u8>)> = sql("SELECT request_mark, status, body FROM reply WHERE biz_token = $1 AND seq = $2")
            .bind(biz_token)
            .bind(seq)
            .optional(&self.db)
            .await?;
        let Some((mark, status, body)) = raw else { return Ok(None) };
        Ok(Some(Reply {
            request_mark: mark.try_into().map_err(|_| StoreError::Damaged("request_mark"))?,
            status: small(status, "status")?,
            body,
        }))
    }

    /// `CAPTURING -> VERIFYING`, taking the lease with it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another call was faster.
    pub async fn begin_verifying(&self, biz_token: &str, seq: u64, mark: &[u8; 32], body: &[u8], lease: &Lease) -> Result<(), StoreError> {
        point("finalise.before");
        self.verifying(biz_token, seq, mark, body, Some(lease.owner.to_vec()), lease.until, 1).await?;
        point("finalise.verifying");
        Ok(())
    }

    /// `CAPTURING -> VERIFYING`, to be judged by whoever claims it first.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another call was faster.
    pub async fn enqueue(&self, biz_token: &str, seq: u64, mark: &[u8; 32], body: &[u8], now: Millis) -> Result<(), StoreError> {
        self.verifying(biz_token, seq, mark, body, None, now, 0).await?;
        point("queue.queued");
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "the columns of one row")]
    async fn verifying(
        &self,
        biz_token: &str,
        seq: u64,
        mark: &[u8; 32],
        body: &[u8],
        owner: Option<Vec<u8>>,
        until: Millis,
        attempts: u32,
    ) -> Result<(), StoreError> {
        let seq = i64::try_from(seq).map_err(|_| StoreError::Conflict)?;
        sql(
            "UPDATE session SET state = 'VERIFYING', seq = $1, finalise = $2, finalise_mark = $3, lease_owner = $4, lease_until_ms = $5, attempts = $6
             WHERE biz_token = $7 AND state = 'CAPTURING' AND seq = $8",
        )
        .bind(seq)
        .bind(body)
        .bind(mark)
        .bind(owner)
        .bind(until)
        .bind(attempts)
        .bind(biz_token)
        .bind(seq - 1)
        .execute_once(&self.db)
        .await
    }

    /// Sessions that wait for a judge.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn queued(&self, now: Millis) -> Result<u32, StoreError> {
        let (count,): (i64,) =
            sql("SELECT COUNT(*) FROM session WHERE state = 'VERIFYING' AND lease_until_ms <= $1").bind(now).one(&self.db).await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    /// Takes the session that has waited longest: a queued one, or one whose worker fell silent.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim(&self, lease: &Lease, now: Millis) -> Result<Option<String>, StoreError> {
        let mut tx = self.db.begin().await?;
        let text = match &self.db {
            // The transaction is the only writer.
            Db::Sqlite { .. } => {
                "UPDATE session SET lease_owner = $1, lease_until_ms = $2, attempts = attempts + 1 WHERE biz_token =
                 (SELECT biz_token FROM session WHERE state = 'VERIFYING' AND lease_until_ms <= $3 ORDER BY lease_until_ms, biz_token LIMIT 1)
                 RETURNING biz_token"
            }
            // Nodes that claim at the same moment pass over each other's rows instead of waiting for them.
            Db::Postgres(_) => {
                "UPDATE session SET lease_owner = $1, lease_until_ms = $2, attempts = attempts + 1 WHERE biz_token =
                 (SELECT biz_token FROM session WHERE state = 'VERIFYING' AND lease_until_ms <= $3 ORDER BY lease_until_ms, biz_token LIMIT 1
                  FOR UPDATE SKIP LOCKED)
                 RETURNING biz_token"
            }
        };
        let claimed: Option<(String,)> = sql(text).bind(&lease.owner).bind(lease.until).bind(now).optional(&mut tx).await?;
        point("queue.before-commit");
        tx.commit().await?;
        point("queue.claimed");
        Ok(claimed.map(|(token,)| token))
    }

    /// Takes over a session whose judging worker fell silent; false when its lease still runs.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_over(&self, biz_token: &str, lease: &Lease, now: Millis) -> Result<bool, StoreError> {
        let changed = sql("UPDATE session SET lease_owner = $1, lease_until_ms = $2, attempts = attempts + 1 WHERE biz_token = $3 AND state = 'VERIFYING' AND lease_until_ms <= $4")
            .bind(&lease.owner)
            .bind(lease.until)
            .bind(biz_token)
            .bind(now)
            .execute(&self.db).await?;
        Ok(changed == 1)
    }

    /// Prolongs (or, with a moment in the past, gives up) a lease; false when it is somebody else's by now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn renew(&self, biz_token: &str, lease: &Lease) -> Result<bool, StoreError> {
        let changed = sql("UPDATE session SET lease_until_ms = $1 WHERE biz_token = $2 AND state = 'VERIFYING' AND lease_owner = $3")
            .bind(lease.until)
            .bind(biz_token)
            .bind(&lease.owner)
            .execute(&self.db)
            .await?;
        Ok(changed == 1)
    }
}
