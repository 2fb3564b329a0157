//! From stored evidence to a stored verdict: judge, authority, comparison, one transaction.

use crate::{
    app::App,
    authority::{Answer, SourceError},
    failpoints::point,
    judging::{Assessment, Bundle, Judging, JudgingError, Likeness, Liveness, PhotoFault, Picture},
    random::{self, RandomError},
    store::{CommittedFrame, Evidence, Lease, Outcome, Reply, StoreError},
};
use faceid_protocol::{
    Millis,
    codes::{FixedRow, SDK_OFFSET, result as rows},
    wire::{FinaliseReply, FinaliseRequest},
};
use serde::Serialize;
use std::time::{Duration, Instant};
use thiserror::Error;

/// How often judging the same evidence is tried before it counts as not judgeable.
const ATTEMPTS: u32 = 3;

/// No verdict this time; the session stays in VERIFYING and the next caller tries again.
#[derive(Debug, Error)]
pub(crate) enum VerdictError {
    /// The database, or the lease is somebody else's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The judge.
    #[error(transparent)]
    Judge(#[from] JudgingError),
}

/// Comparison details as get_result shows them.
#[derive(Debug, Default, Serialize)]
struct Verification {
    #[serde(skip_serializing_if = "Option::is_none")]
    idcard: Option<Likeness>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ref1: Option<Likeness>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ref2: Option<Likeness>,
}

/// How long the phases of one verdict took, for the log.
#[derive(Debug, Default)]
struct Spent {
    read: Duration,
    judge: Duration,
    /// The authority's answer included.
    compare: Duration,
    store: Duration,
}

/// Milliseconds to a tenth: finer would be noise.
fn ms(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10_000.0).round() / 10.0
}

/// A lease of the configured length for a new worker.
pub(crate) fn new_lease(app: &App) -> Result<Lease, RandomError> {
    Ok(Lease { owner: random::bytes()?, until: app.clock.now().plus(Millis(app.config.sdk.lease_s * 1000)) })
}

/// Judges and stores; returns the bytes of the finalise reply. Holds the lease by renewing it while it works.
pub(crate) async fn run(app: App, biz_token: String, lease: Lease) -> Result<Vec<u8>, VerdictError> {
    let beat = Duration::from_secs((app.config.sdk.lease_s / 3).max(1));
    let work = judge_and_store(&app, &biz_token, &lease);
    tokio::pin!(work);
    let outcome = loop {
        match tokio::time::timeout(beat, &mut work).await {
            Ok(outcome) => break outcome,
            Err(_) => {
                let until = app.clock.now().plus(Millis(app.config.sdk.lease_s * 1000));
                if !app.store.renew(&biz_token, &Lease { until, ..lease.clone() }).await? {
                    return Err(StoreError::Conflict.into());
                }
            }
        }
    };
    if outcome.is_err() {
        app.metrics.judgement_failed();
        // Give the lease up at once: the client's retry need not wait for it.
        app.store.renew(&biz_token, &Lease { until: Millis(0), ..lease }).await?;
    }
    outcome
}

async fn judge_and_store(app: &App, biz_token: &str, lease: &Lease) -> Result<Vec<u8>, VerdictError> {
    let began = Instant::now();
    let mut spent = Spent::default();
    let evidence = app.store.evidence(biz_token).await?;
    spent.read = began.elapsed();
    point("verdict.evidence");
    let outcome = match decide(app, &evidence, &mut spent).await {
        Ok(outcome) => outcome,
        Err(error) if evidence.attempts < ATTEMPTS => return Err(error),
        Err(error) => {
            tracing::error!(%error, attempts = evidence.attempts, "evidence given up");
            Outcome::plain(rows::VERIFICATION_FAILURE)
        }
    };
    let reply = FinaliseReply::Final { code: SDK_OFFSET + outcome.row.code, message: outcome.row.message.to_owned() };
    let body = serde_json::to_vec(&reply).map_err(|_| StoreError::Damaged("reply"))?;
    let stored = Reply { request_mark: evidence.finalise_mark, status: 200, body: body.clone() };
    let storing = Instant::now();
    app.store.finish(biz_token, lease, evidence.seq, &outcome, &stored, app.clock.now()).await?;
    spent.store = storing.elapsed();
    app.metrics.verdict(outcome.row.code, began.elapsed());
    tracing::info!(
        code = outcome.row.code,
        message = outcome.row.message,
        read_ms = ms(spent.read),
        judge_ms = ms(spent.judge),
        compare_ms = ms(spent.compare),
        store_ms = ms(spent.store),
        "verdict"
    );
    Ok(body)
}

/// What the judge alone says of the evidence.
pub(crate) struct Looked {
    assessment: Box<dyn Assessment>,
    /// Without a row where the comparison decides.
    pub(crate) row: Option<FixedRow>,
    /// The row decides and nothing is compared.
    is_decided: bool,
    pub(crate) cues: String,
    picture: Option<Vec<u8>>,
    judged_by: String,
    motion: Option<Vec<u8>>,
}

impl Looked {
    fn outcome(&self, row: FixedRow) -> Outcome {
        Outcome {
            cues: Some(self.cues.clone()),
            image_best: self.picture.clone(),
            judged_by: Some(self.judged_by.clone()),
            motion: self.motion.clone(),
            ..Outcome::plain(row)
        }
    }
}

fn broken() -> JudgingError {
    JudgingError("the worker did not finish".into())
}

/// Runs the judge on stored evidence.
pub(crate) async fn look(app: &App, evidence: &Evidence) -> Result<Looked, VerdictError> {
    let bundle = bundle(evidence)?;
    let picture = bundle.best.jpeg.clone();
    let earlier = evidence.earlier.clone();
    let judge_and_recall = move |judge: &dyn Judging| {
        let assessment = judge.assess(&bundle)?;
        let recalled = assessment.recall(&earlier);
        Ok::<_, JudgingError>((assessment, recalled))
    };
    let (assessment, recalled) = app.with_judge(judge_and_recall).await.ok_or_else(broken)??;
    let has_face = assessment.face().is_some();
    let is_recording = recalled.as_ref().is_some_and(|recalled| recalled.is_attack);
    let judged = assessment.liveness();
    // What was not live stays what it was.
    let liveness = if judged == Liveness::Live && is_recording { Liveness::FakeFace } else { judged };
    let mut cues = assessment.cues();
    cues.extend(recalled.map(|recalled| recalled.line));
    let (row, is_decided) = match liveness {
        Liveness::Live if has_face => (None, false),
        Liveness::Live | Liveness::NotJudged => (Some(rows::VERIFICATION_FAILURE), true),
        Liveness::NoFace => (Some(rows::UNDETECTED_FACE), true),
        Liveness::WrongAction => (Some(rows::ACTION_ERROR), true),
        Liveness::FakeFace => (Some(rows::FAIL_LIVING_FACE_ATTACK), !(evidence.force_compare && has_face)),
        Liveness::ReplacedFace => (Some(rows::REPLACED_FACE_ATTACK), !(evidence.force_compare && has_face)),
    };
    Ok(Looked {
        row,
        is_decided,
        cues: serde_json::to_string(&cues).map_err(|_| StoreError::Damaged("cues"))?,
        picture: has_face.then_some(picture),
        judged_by: app.judging.rules().to_owned(),
        motion: assessment.motion(),
        assessment,
    })
}

/// The order after the judge: fake and force_compare = 0 → 4100; authority; comparison; threshold.
async fn decide(app: &App, evidence: &Evidence, spent: &mut Spent) -> Result<Outcome, VerdictError> {
    let judging = Instant::now();
    let looked = look(app, evidence).await?;
    spent.judge = judging.elapsed();
    point("verdict.assessed");
    let comparing = Instant::now();
    let outcome = conclude(app, evidence, looked).await?;
    spent.compare = comparing.elapsed();
    Ok(outcome)
}

/// From the judge's word to the outcome: asks the authority and compares, unless the judge has decided.
pub(crate) async fn conclude(app: &App, evidence: &Evidence, looked: Looked) -> Result<Outcome, VerdictError> {
    if let Some(row) = looked.row
        && looked.is_decided
    {
        return Ok(looked.outcome(row));
    }
    let asked = app.authority.ask(&evidence.idcard_number, &evidence.idcard_name).await;
    point("verdict.authority");
    let references = evidence.references.clone();
    let multi_oriented = evidence.multi_oriented;
    let level = evidence.security_level;
    let (looked, compared) = app
        .with_judge(move |_| {
            let compared = compare(&*looked.assessment, asked, &references, multi_oriented, level);
            (looked, compared)
        })
        .await
        .ok_or_else(broken)?;
    let (row, verification) = compared?;
    point("verdict.compared");
    let verification = Some(serde_json::to_string(&verification).map_err(|_| StoreError::Damaged("verification"))?);
    // Compared or not, a fake stays a fake.
    Ok(Outcome { verification, ..looked.outcome(looked.row.unwrap_or(row)) })
}

fn compare(
    assessment: &dyn Assessment,
    asked: Result<Answer, SourceError>,
    references: &[crate::store::ReferenceRow],
    multi_oriented: bool,
    security_level: u32,
) -> Result<(FixedRow, Verification), JudgingError> {
    let face = assessment.face().ok_or_else(|| JudgingError("no face to compare".into()))?;
    let mut verification = Verification::default();
    let row = match asked {
        Err(SourceError) => rows::DATA_SOURCE_ERROR,
        Ok(Answer::UnknownNumber) => rows::NO_ID_CARD_NUMBER,
        Ok(Answer::OtherName) => rows::ID_NUMBER_NAME_NOT_MATCH,
        Ok(Answer::NoPhoto) => rows::NO_ID_PHOTO,
        Ok(Answer::DamagedPhoto) => rows::PHOTO_FORMAT_ERROR,
        Ok(Answer::Photo(photo)) => match face.compare(&photo, true) {
            Ok(likeness) => {
                let threshold = likeness.threshold(security_level).ok_or_else(|| JudgingError("no threshold for this level".into()))?;
                let same = likeness.confidence >= threshold;
                verification.idcard = Some(likeness);
                if same { rows::SUCCESS } else { rows::PASS_LIVING_NOT_THE_SAME }
            }
            Err(PhotoFault::Unreadable | PhotoFault::TooLarge) => rows::PHOTO_FORMAT_ERROR,
            Err(PhotoFault::NoFace) => rows::NO_FACE_FOUND,
            Err(PhotoFault::Broken) => return Err(JudgingError("authority photo".into())),
        },
    };
    for reference in references {
        let likeness = match face.compare(&reference.bytes, multi_oriented) {
            Ok(likeness) => Some(likeness),
            // It showed a face when it was handed in; a network that disagrees with itself decides nothing.
            Err(PhotoFault::Unreadable | PhotoFault::TooLarge | PhotoFault::NoFace) => None,
            Err(PhotoFault::Broken) => return Err(JudgingError("reference photo".into())),
        };
        if reference.slot == 1 {
            verification.ref1 = likeness;
        } else {
            verification.ref2 = likeness;
        }
    }
    Ok((row, verification))
}

/// Sorts the frames by role: step 0 neutral, then one window per action, the best frame last in the last commit.
fn bundle(evidence: &Evidence) -> Result<Bundle, StoreError> {
    let asked: FinaliseRequest = serde_json::from_slice(&evidence.finalise).map_err(|_| StoreError::Damaged("finalise"))?;
    let of_step = |step: u32| evidence.frames.iter().filter(move |frame| frame.step == step);
    let picture = |frame: &CommittedFrame| {
        let jpeg = frame.bytes.clone().ok_or(StoreError::Damaged("frame"))?;
        Ok::<_, StoreError>(Picture { t: frame.t, jpeg })
    };
    let neutral = of_step(0).map(picture).collect::<Result<Vec<_>, _>>()?;
    let mut actions = Vec::new();
    for challenge in &evidence.challenges {
        actions.push((challenge.action, of_step(challenge.step).map(picture).collect::<Result<Vec<_>, _>>()?));
    }
    let last = evidence.challenges.last().map_or(0, |challenge| challenge.step);
    let best = of_step(last).rfind(|frame| frame.sha256 == asked.best).ok_or(StoreError::Damaged("best"))?;
    let best_is_last = of_step(last).next_back().is_some_and(|frame| frame.sha256 == asked.best);
    if best_is_last && let Some((_, window)) = actions.last_mut() {
        window.pop();
    }
    Ok(Bundle { neutral, actions, best: picture(best)?, security_level: evidence.security_level })
}
