//! The real judge behind [`Judging`].

use crate::{
    judging::{Assessment, Bundle, CueLine, Judging, JudgingError, Likeness, LiveFace, Liveness, PhotoFault, Picture, Recalled},
    models,
};
use faceid_judge::{
    ActionEvidence, Attack, Cue, CueOutcome, CuePolicy, DecodeError, EvidenceBundle, EvidenceFrame, Judge, KnownFace, MotionPrint, Outcome,
    PhotoError, Policy, Report, Strictness, Unverified,
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt::Debug, sync::Arc};

/// Networks and policy.
#[derive(Debug, Clone)]
pub struct FaceJudge {
    judge: Arc<Judge>,
    policy: Arc<Policy>,
    rules: Arc<str>,
}

impl FaceJudge {
    /// With loaded networks. `accept_simulated` waives the cues that the simulated person trips and nothing else.
    #[must_use]
    pub fn new(judge: Judge, accept_simulated: bool, cues: CuePolicy) -> Self {
        let policy = Policy { accept_simulated, cues, ..Policy::default() };
        let rules = format!(
            "faceid {} cues {} policy {} networks {}",
            env!("CARGO_PKG_VERSION"),
            CuePolicy::VERSION,
            fingerprint(&policy),
            // Detector and landmark network are those of this build's manifest, or nothing would have been loaded.
            fingerprint(&(models::MANIFEST, judge.embedder().spec(), judge.calibration(), judge.passive())),
        );
        Self { judge: Arc::new(judge), policy: Arc::new(policy), rules: rules.into() }
    }
}

/// 64 bits of the SHA-256 of everything that the value's derived text shows: one changed parameter changes it.
fn fingerprint(value: &impl Debug) -> String {
    hex::encode(&Sha256::digest(format!("{value:?}"))[..8])
}

impl Judging for FaceJudge {
    fn rules(&self) -> &str {
        &self.rules
    }

    fn check_photo(&self, photo: &[u8], multi_oriented: bool) -> Result<(), PhotoFault> {
        self.judge.known_face(photo, multi_oriented).map(drop).map_err(|error| fault(&error))
    }

    fn assess(&self, bundle: &Bundle) -> Result<Box<dyn Assessment>, JudgingError> {
        let strictness = Strictness::from_level(bundle.security_level).ok_or_else(|| JudgingError("no such security level".into()))?;
        let policy = Policy { cues: self.policy.cues.with_strictness(strictness), ..Policy::clone(&self.policy) };
        let report = self.judge.evaluate(&evidence(bundle), &policy).map_err(|error| JudgingError(error.to_string()))?;
        // What decided is for the operator: rows and step numbers, nothing of the person.
        tracing::info!(outcome = ?report.outcome, "judged");
        let face = report.best.clone().map(|face| Known { judge: Arc::clone(&self.judge), face });
        Ok(Box::new(Found { report, face, policy }))
    }
}

struct Found {
    report: Report,
    face: Option<Known>,
    policy: Policy,
}

struct Known {
    judge: Arc<Judge>,
    face: KnownFace,
}

impl Assessment for Found {
    fn liveness(&self) -> Liveness {
        match &self.report.outcome {
            Outcome::Live(_) => Liveness::Live,
            Outcome::Attack(Attack::FakeFace) => Liveness::FakeFace,
            Outcome::Attack(Attack::ReplacedFace) => Liveness::ReplacedFace,
            Outcome::Unverified(Unverified::Failure(_)) => Liveness::NotJudged,
            Outcome::Unverified(Unverified::NoFace(_)) => Liveness::NoFace,
            Outcome::Unverified(Unverified::Action { .. }) => Liveness::WrongAction,
        }
    }

    fn cues(&self) -> Vec<CueLine> {
        self.report.cues.iter().map(line).collect()
    }

    fn motion(&self) -> Option<Vec<u8>> {
        self.report.motion.as_ref().map(MotionPrint::to_bytes)
    }

    fn recall(&self, earlier: &[Vec<u8>]) -> Option<Recalled> {
        // Prints of a build that kept another form are passed over: they age away.
        let earlier: Vec<MotionPrint> = earlier.iter().filter_map(|bytes| MotionPrint::from_bytes(bytes).ok()).collect();
        let cue = self.report.motion.as_ref()?.cue(&earlier);
        Some(Recalled { line: line(&cue), is_attack: self.policy.accuses(&cue) })
    }

    fn face(&self) -> Option<&dyn LiveFace> {
        self.face.as_ref().map(|face| face as &dyn LiveFace)
    }
}

impl LiveFace for Known {
    fn compare(&self, photo: &[u8], multi_oriented: bool) -> Result<Likeness, PhotoFault> {
        let other = self.judge.known_face(photo, multi_oriented).map_err(|error| fault(&error))?;
        let found = self.judge.compare(&self.face, &other);
        let names = ["1e-3", "1e-4", "1e-5", "1e-6"];
        let thresholds: BTreeMap<_, _> = names.into_iter().zip(found.thresholds.rising()).collect();
        Ok(Likeness { confidence: found.confidence, thresholds })
    }
}

fn line(cue: &Cue) -> CueLine {
    let name = cue.name.name().to_owned();
    match cue.outcome {
        CueOutcome::Measured(score) => CueLine { name, measured: true, score: Some(f64::from(score)), reason: None },
        CueOutcome::NotMeasured(why) => CueLine { name, measured: false, score: None, reason: Some(why.reason().to_owned()) },
    }
}

fn fault(error: &PhotoError) -> PhotoFault {
    match error {
        PhotoError::Format(DecodeError::Size { width, height, .. }) if *width > 0 && *height > 0 => PhotoFault::TooLarge,
        PhotoError::Format(
            DecodeError::Size { .. }
            | DecodeError::Empty
            | DecodeError::TooManyBytes { .. }
            | DecodeError::UnknownFormat
            | DecodeError::Damaged,
        ) => PhotoFault::Unreadable,
        PhotoError::NoFace | PhotoError::TooSmall { .. } | PhotoError::Turned { .. } => PhotoFault::NoFace,
        PhotoError::Vision(error) => {
            tracing::error!(%error, "photo");
            PhotoFault::Broken
        }
        PhotoError::Embed(error) => {
            tracing::error!(%error, "photo");
            PhotoFault::Broken
        }
    }
}

fn evidence(bundle: &Bundle) -> EvidenceBundle {
    let frame = |picture: &Picture| EvidenceFrame { t: picture.t, jpeg: picture.jpeg.clone() };
    EvidenceBundle {
        neutral: bundle.neutral.iter().map(frame).collect(),
        actions: bundle
            .actions
            .iter()
            .map(|(action, frames)| ActionEvidence { action: *action, frames: frames.iter().map(frame).collect() })
            .collect(),
        best: frame(&bundle.best),
    }
}
