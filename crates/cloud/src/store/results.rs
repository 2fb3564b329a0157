//! Verdicts, bills and the audit trail: one transaction each.

use super::{
    Advance, Lease, Reply, State, Store, StoreError, audit::append, billing::bill, db::Tx, from_db, minting::record_failure, motion,
    outbox::enqueue, sessions::insert_reply, small, sql,
};
use crate::failpoints::point;
use faceid_protocol::{Millis, codes::FixedRow};
use sha2::{Digest, Sha256};

/// How a session ends.
#[derive(Clone)]
pub struct Outcome {
    /// Row of table `result`.
    pub row: FixedRow,
    /// Same sequence number with another body was seen.
    pub replay: bool,
    /// Comparison details, JSON.
    pub verification: Option<String>,
    /// Attack cues, JSON.
    pub cues: Option<String>,
    /// Best live photo: one of the session's frames.
    pub image_best: Option<Vec<u8>>,
    /// Which rules judged ([`crate::judging::Judging::rules`]); `None` when nothing was judged.
    pub judged_by: Option<String>,
    /// How the face moved ([`crate::judging::Assessment::motion`]); `None` = nothing to recognise it by.
    pub motion: Option<Vec<u8>>,
}

impl core::fmt::Debug for Outcome {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Outcome").field("code", &self.row.code).field("message", &self.row.message).finish_non_exhaustive()
    }
}

impl Outcome {
    /// An end without details.
    #[must_use]
    pub fn plain(row: FixedRow) -> Self {
        Self { row, replay: false, verification: None, cues: None, image_best: None, judged_by: None, motion: None }
    }
}

/// A stored verdict.
#[derive(Clone, PartialEq, Eq)]
pub struct VerdictRow {
    /// Result code.
    pub code: u32,
    /// Result message.
    pub message: String,
    /// Comparison details, JSON.
    pub verification: Option<String>,
    /// Attack cues, JSON.
    pub cues: Option<String>,
    /// Which rules judged; `None` when nothing was judged.
    pub judged_by: Option<String>,
    /// When it was made.
    pub at: Millis,
}

impl core::fmt::Debug for VerdictRow {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("VerdictRow").field("code", &self.code).field("message", &self.message).finish_non_exhaustive()
    }
}

impl Store {
    /// The verdict of a token; its picture is asked for apart.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn verdict(&self, biz_token: &str) -> Result<Option<VerdictRow>, StoreError> {
        type Raw = (i64, String, Option<String>, Option<String>, Option<String>, i64);
        let raw: Option<Raw> = sql("SELECT code, message, verification, cues, judged_by, at_ms FROM verdict WHERE biz_token = $1")
            .bind(biz_token)
            .optional(&self.db)
            .await?;
        point("result.read");
        let Some((code, message, verification, cues, judged_by, at)) = raw else { return Ok(None) };
        Ok(Some(VerdictRow { code: small(code, "code")?, message, verification, cues, judged_by, at: from_db(at, "at_ms")? }))
    }

    /// `VERIFYING -> FINAL`: verdict, state, bill, audit row and stored reply in one transaction.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the lease is somebody else's by now: their verdict counts, not this one.
    pub async fn finish(
        &self,
        biz_token: &str,
        lease: &Lease,
        seq: u64,
        outcome: &Outcome,
        reply: &Reply,
        now: Millis,
    ) -> Result<(), StoreError> {
        point("finish.begin");
        let mut tx = self.db.begin().await?;
        sql("UPDATE session SET state = 'FINAL', lease_owner = NULL, lease_until_ms = NULL WHERE biz_token = $1 AND state = 'VERIFYING' AND lease_owner = $2")
            .bind(biz_token)
            .bind(&lease.owner)
            .execute_once(&mut tx).await?;
        point("finish.state");
        insert_verdict(&mut tx, biz_token, outcome, now).await?;
        point("finish.audit");
        insert_reply(&mut tx, biz_token, i64::try_from(seq).map_err(|_| StoreError::Conflict)?, reply).await?;
        point("finish.reply");
        tx.commit().await?;
        point("finish.committed");
        Ok(())
    }

    /// Ends a session that never got to a judgement, from exactly the state that the caller saw.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it moved on meanwhile.
    pub async fn settle(
        &self,
        biz_token: &str,
        from: State,
        seq: u64,
        to: State,
        outcome: &Outcome,
        now: Millis,
    ) -> Result<(), StoreError> {
        if from.is_terminal() {
            return Err(StoreError::Conflict);
        }
        let mut tx = self.db.begin().await?;
        sql("UPDATE session SET state = $1, lease_owner = NULL, lease_until_ms = NULL WHERE biz_token = $2 AND state = $3 AND seq = $4")
            .bind(to.name())
            .bind(biz_token)
            .bind(from.name())
            .bind(i64::try_from(seq).map_err(|_| StoreError::Conflict)?)
            .execute_once(&mut tx)
            .await?;
        point("settle.state");
        insert_verdict(&mut tx, biz_token, outcome, now).await?;
        point("settle.verdict");
        tx.commit().await?;
        point("settle.committed");
        Ok(())
    }

    /// An accepted call that ends the session.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another call was faster.
    pub async fn settle_by_call(&self, advance: &Advance, outcome: &Outcome, now: Millis) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        advance.apply(&mut tx).await?;
        point("cancel.advanced");
        insert_verdict(&mut tx, &advance.biz_token, outcome, now).await?;
        point("cancel.verdict");
        tx.commit().await?;
        point("cancel.committed");
        Ok(())
    }
}

async fn insert_verdict(tx: &mut Tx, biz_token: &str, outcome: &Outcome, now: Millis) -> Result<(), StoreError> {
    sql(
        "INSERT INTO verdict (biz_token, code, message, replay, verification, cues, best_sha256, judged_by, at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(biz_token)
    .bind(outcome.row.code)
    .bind(outcome.row.message)
    .bind(outcome.replay)
    .bind(&outcome.verification)
    .bind(&outcome.cues)
    .bind(outcome.image_best.as_deref().map(|jpeg| hex::encode(Sha256::digest(jpeg))))
    .bind(&outcome.judged_by)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    if let Some(print) = &outcome.motion {
        motion::insert(tx, biz_token, print, now).await?;
    }
    point("finish.verdict");
    bill(tx, biz_token, outcome.row, now).await?;
    record_failure(tx, biz_token, outcome.row, now).await?;
    enqueue(tx, biz_token, now).await?;
    point("finish.bill");
    let event = if outcome.replay { "verdict-after-replay" } else { "verdict" };
    append(tx, biz_token, event, Some(outcome.row.code), Some(outcome.row.message), now).await
}
