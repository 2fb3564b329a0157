//! Notifications waiting to be delivered: written with the verdict, so that neither can exist without the other.

use super::{Store, StoreError, db::Tx, from_db, small, sql};
use faceid_protocol::Millis;

/// A notification that is due.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whose result.
    pub biz_token: String,
    /// Whose key.
    pub app_key: String,
    /// The customer's serial number.
    pub biz_no: Option<String>,
    /// Result code.
    pub code: u32,
    /// Result message.
    pub message: String,
    /// Made under `--accept-simulated`.
    pub simulated: bool,
    /// When the verdict was made.
    pub at: Millis,
    /// Attempts before this one.
    pub attempts: u32,
    due: Millis,
}

impl core::fmt::Debug for Notice {
    /// Without token and serial number.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Notice").field("code", &self.code).field("attempts", &self.attempts).finish_non_exhaustive()
    }
}

/// How a notification stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// Waiting for its next attempt.
    Waiting,
    /// The customer's server took it.
    Delivered,
    /// Given up.
    GivenUp,
}

impl Delivery {
    /// Name in the database and in listings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::GivenUp => "given_up",
        }
    }
}

/// One line for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeLine {
    /// Whose result.
    pub biz_token: String,
    /// Whose key.
    pub app_key: String,
    /// How it stands.
    pub state: String,
    /// Attempts so far.
    pub attempts: u32,
    /// HTTP status or a word for what went wrong last.
    pub last: Option<String>,
    /// Next attempt.
    pub due: Millis,
}

impl Store {
    /// Notifications whose next attempt is due, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due_notices(&self, now: Millis, limit: u32) -> Result<Vec<Notice>, StoreError> {
        type Raw = (String, String, Option<String>, i64, String, bool, i64, i64, i64);
        let raw: Vec<Raw> = sql("SELECT biz_token, s.app_key, s.biz_no, v.code, v.message, s.simulated, v.at_ms, o.attempts, o.due_ms
             FROM outbox o JOIN session s USING (biz_token) JOIN verdict v USING (biz_token)
             WHERE o.state = 'waiting' AND o.due_ms <= $1 ORDER BY o.due_ms LIMIT $2")
        .bind(now)
        .bind(limit)
        .all(&self.db)
        .await?;
        raw.into_iter()
            .map(|(biz_token, app_key, biz_no, code, message, simulated, at, attempts, due)| {
                Ok(Notice {
                    biz_token,
                    app_key,
                    biz_no,
                    code: small(code, "code")?,
                    message,
                    simulated,
                    at: from_db(at, "at_ms")?,
                    attempts: small(attempts, "attempts")?,
                    due: from_db(due, "due_ms")?,
                })
            })
            .collect()
    }

    /// Takes a notification for one attempt; nobody else sees it until `until`, when it is due again should this node die. False when somebody was faster.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn claim_notice(&self, notice: &Notice, until: Millis) -> Result<bool, StoreError> {
        let done = sql("UPDATE outbox SET attempts = attempts + 1, due_ms = $1 WHERE biz_token = $2 AND state = 'waiting' AND due_ms = $3 AND attempts = $4")
            .bind(until)
            .bind(&notice.biz_token)
            .bind(notice.due)
            .bind(notice.attempts)
            .execute(&self.db)
            .await?;
        Ok(done == 1)
    }

    /// Notes how an attempt went.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_attempt(&self, biz_token: &str, state: Delivery, last: &str, due: Millis) -> Result<(), StoreError> {
        sql("UPDATE outbox SET state = $1, last = $2, due_ms = $3 WHERE biz_token = $4")
            .bind(state.name())
            .bind(last)
            .bind(due)
            .bind(biz_token)
            .execute(&self.db)
            .await?;
        Ok(())
    }

    /// Makes a notification due now, whatever became of it; false when there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn resend_notice(&self, biz_token: &str, now: Millis) -> Result<bool, StoreError> {
        let done = sql("UPDATE outbox SET state = 'waiting', attempts = 0, due_ms = $1 WHERE biz_token = $2")
            .bind(now)
            .bind(biz_token)
            .execute(&self.db)
            .await?;
        Ok(done == 1)
    }

    /// Notifications for the operator, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notices(&self, limit: u32) -> Result<Vec<NoticeLine>, StoreError> {
        type Raw = (String, String, String, i64, Option<String>, i64);
        let raw: Vec<Raw> =
            sql("SELECT biz_token, s.app_key, o.state, o.attempts, o.last, o.due_ms FROM outbox o JOIN session s USING (biz_token)
             ORDER BY s.created_ms DESC, biz_token LIMIT $1")
            .bind(limit)
            .all(&self.db)
            .await?;
        raw.into_iter()
            .map(|(biz_token, app_key, state, attempts, last, due)| {
                Ok(NoticeLine { biz_token, app_key, state, attempts: small(attempts, "attempts")?, last, due: from_db(due, "due_ms")? })
            })
            .collect()
    }

    /// How the notification of one session stands: state, attempts, last outcome. `None` = there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn notice(&self, biz_token: &str) -> Result<Option<(String, u32, Option<String>)>, StoreError> {
        let raw: Option<(String, i64, Option<String>)> =
            sql("SELECT state, attempts, last FROM outbox WHERE biz_token = $1").bind(biz_token).optional(&self.db).await?;
        raw.map(|(state, attempts, last)| Ok((state, small(attempts, "attempts")?, last))).transpose()
    }
}

/// Written with the verdict, for keys that want to be told.
pub(super) async fn enqueue(tx: &mut Tx, biz_token: &str, now: Millis) -> Result<(), StoreError> {
    sql("INSERT INTO outbox (biz_token, due_ms) SELECT biz_token, $1 FROM session JOIN account USING (app_key) WHERE biz_token = $2 AND notify_url IS NOT NULL")
        .bind(now)
        .bind(biz_token)
        .execute(tx)
        .await?;
    Ok(())
}
