//! Challenges, commitments, uploaded frames, and the whole of it for the judge.

use super::{Advance, State, Store, StoreError, from_db, pictures::insert_blob, small, sql};
use crate::{failpoints::point, vault::BlobRow};
use faceid_protocol::{
    Action, Millis,
    wire::{FinaliseRequest, Telemetry},
};

/// A drawn challenge.
#[derive(Debug, Clone)]
pub struct NewChallenge {
    /// 1-based step.
    pub step: u32,
    /// 128 random bits, hex.
    pub challenge_id: String,
    /// What to do.
    pub action: Action,
    /// Now.
    pub issued: Millis,
    /// Latest arrival of its commit.
    pub deadline: Millis,
}

/// A step's commitment.
#[derive(Debug, Clone)]
pub struct NewCommit {
    /// The step.
    pub step: u32,
    /// When it arrived.
    pub arrived: Millis,
    /// Digest (hex) and capture time of each frame, in order.
    pub frames: Vec<(String, Millis)>,
    /// End of the phase that follows.
    pub deadline: Millis,
}

/// A stored challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeRow {
    /// 1-based step.
    pub step: u32,
    /// What to do.
    pub action: Action,
    /// When it was drawn.
    pub issued: Millis,
    /// Latest arrival of its commit.
    pub deadline: Millis,
}

/// One committed frame with its bytes, if uploaded.
#[derive(Clone, PartialEq, Eq)]
pub struct CommittedFrame {
    /// 0 = neutral, then 1-based actions.
    pub step: u32,
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// Capture time by the page's clock.
    pub t: Millis,
    /// JPEG.
    pub bytes: Option<Vec<u8>>,
}

impl core::fmt::Debug for CommittedFrame {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("CommittedFrame").field("step", &self.step).field("t", &self.t).finish_non_exhaustive()
    }
}

/// A reference photo.
#[derive(Clone, PartialEq, Eq)]
pub struct ReferenceRow {
    /// 1 or 2.
    pub slot: u8,
    /// The file.
    pub bytes: Vec<u8>,
}

impl core::fmt::Debug for ReferenceRow {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ReferenceRow").field("slot", &self.slot).finish_non_exhaustive()
    }
}

/// All that a verdict is made from.
#[derive(Clone)]
pub struct Evidence {
    /// Sequence number of the finalise call.
    pub seq: u64,
    /// Body of the finalise call.
    pub finalise: Vec<u8>,
    /// Mark of the finalise call.
    pub finalise_mark: [u8; 32],
    /// How often judging was tried, this time included.
    pub attempts: u32,
    /// Whose token.
    pub app_key: String,
    /// Name to verify.
    pub idcard_name: String,
    /// Number to verify.
    pub idcard_number: String,
    /// 1 to 4.
    pub security_level: u32,
    /// Compare even after an attack verdict.
    pub force_compare: bool,
    /// Look for a face in turned reference photos too.
    pub multi_oriented: bool,
    /// Reported as simulated, never billed.
    pub simulated: bool,
    /// Drawn challenges by step.
    pub challenges: Vec<ChallengeRow>,
    /// When each step's commit arrived: step, server clock.
    pub arrivals: Vec<(u32, Millis)>,
    /// Committed frames by step and position.
    pub frames: Vec<CommittedFrame>,
    /// Reference photos by slot.
    pub references: Vec<ReferenceRow>,
    /// How the face moved in earlier attempts of the same person, newest first.
    pub earlier: Vec<Vec<u8>>,
}

impl core::fmt::Debug for Evidence {
    /// Without personal data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Evidence").field("frames", &self.frames.len()).field("attempts", &self.attempts).finish_non_exhaustive()
    }
}

impl Store {
    /// An accepted challenge call: commitment in, next challenge (if any) out, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another call was faster.
    pub async fn commit_step(&self, advance: &Advance, commit: &NewCommit, next: Option<&NewChallenge>) -> Result<(), StoreError> {
        point("commit.begin");
        let mut tx = self.db.begin().await?;
        advance.apply(&mut tx).await?;
        point("commit.advanced");
        sql("UPDATE session SET step = $1, deadline_ms = $2 WHERE biz_token = $3 AND step = $4")
            .bind(commit.step + 1)
            .bind(commit.deadline)
            .bind(&advance.biz_token)
            .bind(commit.step)
            .execute_once(&mut tx)
            .await?;
        sql("INSERT INTO step_commit (biz_token, step, arrived_ms) VALUES ($1, $2, $3)")
            .bind(&advance.biz_token)
            .bind(commit.step)
            .bind(commit.arrived)
            .execute(&mut tx)
            .await?;
        point("commit.step");
        for (position, (sha256, t)) in (0_i64..).zip(&commit.frames) {
            sql("INSERT INTO committed_frame (biz_token, step, position, sha256, t_ms) VALUES ($1, $2, $3, $4, $5)")
                .bind(&advance.biz_token)
                .bind(commit.step)
                .bind(position)
                .bind(sha256)
                .bind(*t)
                .execute(&mut tx)
                .await?;
        }
        point("commit.frames");
        if let Some(next) = next {
            sql("INSERT INTO challenge (biz_token, step, challenge_id, action, issued_ms, deadline_ms) VALUES ($1, $2, $3, $4, $5, $6)")
                .bind(&advance.biz_token)
                .bind(next.step)
                .bind(&next.challenge_id)
                .bind(next.action.name())
                .bind(next.issued)
                .bind(next.deadline)
                .execute(&mut tx)
                .await?;
        }
        point("commit.challenge");
        tx.commit().await?;
        point("commit.committed");
        Ok(())
    }

    /// Every challenge of a session, by step.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn challenges(&self, biz_token: &str) -> Result<Vec<ChallengeRow>, StoreError> {
        let raw: Vec<(i64, String, i64, i64)> =
            sql("SELECT step, action, issued_ms, deadline_ms FROM challenge WHERE biz_token = $1 ORDER BY step")
                .bind(biz_token)
                .all(&self.db)
                .await?;
        raw.into_iter()
            .map(|(step, action, issued, deadline)| {
                Ok(ChallengeRow {
                    step: small(step, "step")?,
                    action: action.parse().map_err(|_| StoreError::Damaged("action"))?,
                    issued: from_db(issued, "issued_ms")?,
                    deadline: from_db(deadline, "deadline_ms")?,
                })
            })
            .collect()
    }

    /// Whether this digest was committed, and how many bytes of frames the session holds already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn frame_standing(&self, biz_token: &str, sha256: &str) -> Result<(bool, u64), StoreError> {
        let (committed, stored): (bool, i64) = sql(
            "SELECT EXISTS (SELECT 1 FROM committed_frame WHERE biz_token = $1 AND sha256 = $2), (SELECT CAST(COALESCE(SUM(b.size), 0) AS BIGINT) FROM frame f JOIN blob b ON b.id = f.blob WHERE f.biz_token = $1)",
        )
        .bind(biz_token)
        .bind(sha256)
        .one(&self.db)
        .await?;
        Ok((committed, u64::try_from(stored).map_err(|_| StoreError::Damaged("frame"))?))
    }

    /// An accepted upload.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another call was faster.
    pub async fn put_frame(&self, advance: &Advance, sha256: &str, bytes: &[u8]) -> Result<(), StoreError> {
        point("frame.begin");
        let blob = self.vault.put(&advance.biz_token, bytes).await?;
        point("frame.stored");
        let outcome = self.put_frame_row(advance, sha256, &blob).await;
        if outcome.is_err() {
            self.abandon(vec![blob.id]).await;
        }
        outcome
    }

    async fn put_frame_row(&self, advance: &Advance, sha256: &str, blob: &BlobRow) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        advance.apply(&mut tx).await?;
        point("frame.advanced");
        insert_blob(&mut tx, &advance.biz_token, blob).await?;
        sql("INSERT INTO frame (biz_token, sha256, blob) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(&advance.biz_token)
            .bind(sha256)
            .bind(&blob.id)
            .execute(&mut tx)
            .await?;
        point("frame.rows");
        tx.commit().await?;
        point("frame.committed");
        Ok(())
    }

    /// Number of committed frames whose bytes are missing, and whether `best` is among the frames of `step`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn upload_standing(&self, biz_token: &str, step: u32, best: &str) -> Result<(u64, bool), StoreError> {
        let (missing, best): (i64, bool) = sql(
            "SELECT (SELECT COUNT(*) FROM committed_frame c WHERE biz_token = $1 AND NOT EXISTS (SELECT 1 FROM frame f WHERE f.biz_token = c.biz_token AND f.sha256 = c.sha256)),
                    EXISTS (SELECT 1 FROM committed_frame WHERE biz_token = $1 AND step = $2 AND sha256 = $3)",
        )
        .bind(biz_token)
        .bind(step)
        .bind(best)
        .one(&self.db)
        .await?;
        Ok((u64::try_from(missing).unwrap_or(u64::MAX), best))
    }

    /// Everything the judge needs of a session in VERIFYING.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the session is in another state.
    pub async fn evidence(&self, biz_token: &str) -> Result<Evidence, StoreError> {
        self.evidence_in(biz_token, State::Verifying).await
    }

    /// The same of a session that has its verdict, for as long as it is kept.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is none, or none that was made from evidence.
    pub async fn judged_evidence(&self, biz_token: &str) -> Result<Evidence, StoreError> {
        self.evidence_in(biz_token, State::Final).await
    }

    /// What the page reported of its camera with its evidence; `None` before finalise.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn telemetry(&self, biz_token: &str) -> Result<Option<Telemetry>, StoreError> {
        let raw: Option<(Option<Vec<u8>>,)> =
            sql("SELECT finalise FROM session WHERE biz_token = $1").bind(biz_token).optional(&self.db).await?;
        let Some(body) = raw.and_then(|(body,)| body) else { return Ok(None) };
        let asked: FinaliseRequest = serde_json::from_slice(&body).map_err(|_| StoreError::Damaged("finalise"))?;
        Ok(Some(asked.telemetry))
    }

    async fn evidence_in(&self, biz_token: &str, state: State) -> Result<Evidence, StoreError> {
        type Raw = (i64, Vec<u8>, Vec<u8>, i64, String, String, String, i64, bool, bool, bool);
        let raw: Option<Raw> = sql(
            "SELECT seq, finalise, finalise_mark, attempts, app_key, idcard_name, idcard_number, security_level, force_compare, multi_oriented, simulated
             FROM session WHERE biz_token = $1 AND state = $2",
        )
        .bind(biz_token)
        .bind(state.name())
        .optional(&self.db)
        .await?;
        let (seq, finalise, mark, attempts, app_key, idcard_name, idcard_number, security_level, force_compare, multi_oriented, simulated) =
            raw.ok_or(StoreError::Conflict)?;
        let arrivals: Vec<(i64, i64)> =
            sql("SELECT step, arrived_ms FROM step_commit WHERE biz_token = $1 ORDER BY step").bind(biz_token).all(&self.db).await?;
        let frames: Vec<FrameRaw> = sql("SELECT c.step, c.sha256, c.t_ms, b.id, b.size, b.master, b.wrapped FROM committed_frame c
             LEFT JOIN frame f ON f.biz_token = c.biz_token AND f.sha256 = c.sha256 LEFT JOIN blob b ON b.id = f.blob
             WHERE c.biz_token = $1 ORDER BY c.step, c.position")
        .bind(biz_token)
        .all(&self.db)
        .await?;
        let references: Vec<(i64, String, i64, String, Vec<u8>)> = sql(
            "SELECT r.slot, b.id, b.size, b.master, b.wrapped FROM reference_photo r JOIN blob b ON b.id = r.blob WHERE r.biz_token = $1 ORDER BY r.slot",
        )
        .bind(biz_token)
        .all(&self.db)
        .await?;
        Ok(Evidence {
            seq: u64::try_from(seq).map_err(|_| StoreError::Damaged("seq"))?,
            finalise,
            finalise_mark: mark.try_into().map_err(|_| StoreError::Damaged("finalise_mark"))?,
            attempts: small(attempts, "attempts")?,
            app_key,
            idcard_name,
            idcard_number,
            security_level: small(security_level, "security_level")?,
            force_compare,
            multi_oriented,
            simulated,
            challenges: self.challenges(biz_token).await?,
            arrivals: arrivals
                .into_iter()
                .map(|(step, ms)| Ok((small(step, "step")?, from_db(ms, "arrived_ms")?)))
                .collect::<Result<_, StoreError>>()?,
            frames: self.frames(biz_token, frames).await?,
            references: self.references(biz_token, references).await?,
            earlier: self.earlier_motion(biz_token).await?,
        })
    }

    async fn frames(&self, biz_token: &str, raw: Vec<FrameRaw>) -> Result<Vec<CommittedFrame>, StoreError> {
        let blob = |raw: &FrameRaw| {
            let (id, size, master, wrapped) = (raw.id.clone()?, raw.size?, raw.master.clone()?, raw.wrapped.clone()?);
            Some(BlobRow { id, size, master, wrapped })
        };
        let blobs: Vec<Option<BlobRow>> = raw.iter().map(blob).collect();
        let stored: Vec<BlobRow> = blobs.iter().flatten().cloned().collect();
        let mut pictures = self.vault.get_all(biz_token, &stored).await?.into_iter();
        raw.into_iter()
            .zip(blobs)
            .map(|(raw, blob)| {
                let bytes = blob.and_then(|_| pictures.next());
                Ok(CommittedFrame { step: small(raw.step, "step")?, sha256: raw.sha256, t: from_db(raw.t_ms, "t_ms")?, bytes })
            })
            .collect()
    }

    async fn references(&self, biz_token: &str, raw: Vec<(i64, String, i64, String, Vec<u8>)>) -> Result<Vec<ReferenceRow>, StoreError> {
        let (slots, blobs): (Vec<_>, Vec<_>) =
            raw.into_iter().map(|(slot, id, size, master, wrapped)| (slot, BlobRow { id, size, master, wrapped })).unzip();
        let pictures = self.vault.get_all(biz_token, &blobs).await?;
        slots.into_iter().zip(pictures).map(|(slot, bytes)| Ok(ReferenceRow { slot: small(slot, "slot")?, bytes })).collect()
    }
}

/// A committed frame; the last four belong to its picture, if it was uploaded.
#[derive(sqlx::FromRow)]
struct FrameRaw {
    step: i64,
    sha256: String,
    t_ms: i64,
    id: Option<String>,
    size: Option<i64>,
    master: Option<String>,
    wrapped: Option<Vec<u8>>,
}
