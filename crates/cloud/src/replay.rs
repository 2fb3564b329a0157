//! A stored session judged once more, for whoever doubts a verdict or has changed the rules. Changes nothing.

use crate::{
    app::App,
    store::{Evidence, Store, StoreError, stored_json},
    verdict::{self, VerdictError},
};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Why a session cannot be judged again.
#[derive(Debug, Error)]
pub(crate) enum ReplayError {
    /// Unknown, or erased with everything it had.
    #[error("no such session, or it is erased")]
    Unknown,
    /// It ended without a verdict from evidence: cancelled, timed out, refused, or still running.
    #[error("this session has no verdict that was made from evidence")]
    NotJudged,
    /// Evidence that is not the one that was committed.
    #[error("a stored picture is missing or differs from its committed digest")]
    Altered,
    /// The judge or the database.
    #[error(transparent)]
    Failed(#[from] VerdictError),
}

impl From<StoreError> for ReplayError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// One judgement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Judgement {
    /// Result code; none where only the judge was asked and it found a live person.
    pub(crate) code: Option<u32>,
    /// Result message, or `LIVE` where the code is none.
    pub(crate) message: String,
    cues: Option<Value>,
    verification: Option<Value>,
    judged_by: Option<String>,
}

/// Both judgements.
#[derive(Debug, Serialize)]
pub(crate) struct Replayed {
    pub(crate) stored: Judgement,
    pub(crate) again: Judgement,
    /// The same row; without comparing, the same word of the judge.
    pub(crate) agree: bool,
    /// Cues and comparison agree to the last digit.
    pub(crate) figures_agree: bool,
    /// The same build, policy and networks.
    pub(crate) same_rules: bool,
    /// Pictures whose digests were checked.
    frames: usize,
}

/// What a replay needs before a judge is loaded: the evidence, checked against its commitments, and the stored verdict.
pub(crate) struct Stored {
    evidence: Evidence,
    verdict: Judgement,
}

impl Stored {
    /// Reads a session that has been judged.
    pub(crate) async fn read(store: &Store, biz_token: &str) -> Result<Self, ReplayError> {
        if store.standing(biz_token).await?.is_none() {
            return Err(ReplayError::Unknown);
        }
        let evidence = match store.judged_evidence(biz_token).await {
            Ok(evidence) => evidence,
            Err(StoreError::Conflict) => return Err(ReplayError::NotJudged),
            Err(error) => return Err(error.into()),
        };
        let intact = |frame: &crate::store::CommittedFrame| {
            frame.bytes.as_deref().is_some_and(|bytes| hex::encode(Sha256::digest(bytes)) == frame.sha256)
        };
        if !evidence.frames.iter().all(intact) {
            return Err(ReplayError::Altered);
        }
        let row = store.verdict(biz_token).await?.ok_or(ReplayError::NotJudged)?;
        let verdict = Judgement {
            code: Some(row.code),
            message: row.message,
            cues: stored_json(row.cues.as_deref(), "cues")?,
            verification: stored_json(row.verification.as_deref(), "verification")?,
            judged_by: row.judged_by,
        };
        Ok(Self { evidence, verdict })
    }

    /// The session was one of a demo's simulated person, whose policy differs.
    pub(crate) fn is_simulated(&self) -> bool {
        self.evidence.simulated
    }

    /// Judges again; with `compare` as far as the first time, authority included.
    pub(crate) async fn replay(self, app: &App, compare: bool) -> Result<Replayed, ReplayError> {
        let Self { evidence, verdict: stored } = self;
        let looked = verdict::look(app, &evidence).await?;
        let cues = stored_json(Some(&looked.cues), "cues")?;
        let judged_by = Some(app.judging.rules().to_owned());
        let again = if compare {
            let outcome = verdict::conclude(app, &evidence, looked).await?;
            let verification = stored_json(outcome.verification.as_deref(), "verification")?;
            Judgement { code: Some(outcome.row.code), message: outcome.row.message.to_owned(), cues, verification, judged_by }
        } else {
            let (code, message) = looked.row.map_or((None, "LIVE"), |row| (Some(row.code), row.message));
            Judgement { code, message: message.to_owned(), cues, verification: None, judged_by }
        };
        let agree = match again.code {
            Some(code) => stored.code == Some(code) && stored.message == again.message,
            // The comparison decided: these classes presuppose a live person.
            None => matches!(stored.code, Some(1000 | 2000 | 3000)),
        };
        Ok(Replayed {
            agree,
            figures_agree: stored.cues == again.cues && (!compare || stored.verification == again.verification),
            same_rules: stored.judged_by == again.judged_by,
            frames: evidence.frames.len(),
            stored,
            again,
        })
    }
}
