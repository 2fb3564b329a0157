//! Evidence to report: the order of checks of docs/protocol.md, stopping at the first that decides.

use faceid_protocol::Action;
use faceid_session::{Baseline, JudgeParams, Params, WindowVerdict, judge_window};
use faceid_vision::{ModelError, Models, VisionError};
use thiserror::Error;

use crate::calibration::{Calibration, CalibrationError};
use crate::cue::{self, Cue, CueName};
use crate::embed::{EmbedError, EmbedLoadError, Embedder};
use crate::evidence::{EvidenceBundle, EvidenceLimits};
use crate::identity::{self, Likeness};
use crate::motion::MotionPrint;
use crate::observe::{Seen, Stop, look, look_at_best};
use crate::passive::{Passive, PassiveError, PassiveLoadError, PassiveSpec};
use crate::photo::{KnownFace, comparable};
use crate::policy::CuePolicy;
use crate::report::{Attack, Failure, Outcome, Passed, Report, Step, Unverified, WindowReport};
use crate::spec::{EmbeddingSpec, SpecError};

/// The files a judge is made of.
#[derive(Debug)]
pub struct ModelFiles<'a> {
    /// Face detector, ONNX.
    pub detector: &'a [u8],
    /// Landmark network, ONNX.
    pub landmark: &'a [u8],
    /// Canonical face geometry.
    pub geometry: &'a [u8],
    /// Embedding network, ONNX.
    pub embedding: &'a [u8],
    /// How the embedding network wants its faces.
    pub spec: EmbeddingSpec,
    /// The embedding network's calibration.
    pub calibration: Calibration,
    /// Passive network, ONNX, and how it wants its faces.
    pub passive: Option<(&'a [u8], PassiveSpec)>,
}

impl<'a> ModelFiles<'a> {
    /// The default embedding network with its committed descriptor and calibration.
    ///
    /// # Errors
    /// None in practice: both texts are part of this crate and tested.
    pub fn with_default_embedding(
        detector: &'a [u8],
        landmark: &'a [u8],
        geometry: &'a [u8],
        embedding: &'a [u8],
    ) -> Result<Self, JudgeError> {
        let (spec, calibration) = (EmbeddingSpec::dlib_resnet_128()?, Calibration::dlib_resnet_128()?);
        Ok(Self { detector, landmark, geometry, embedding, spec, calibration, passive: None })
    }
}

/// Why a judge cannot be made.
#[derive(Debug, Error)]
pub enum JudgeError {
    /// Detector, landmark network or geometry.
    #[error(transparent)]
    Vision(#[from] ModelError),
    /// Embedding network.
    #[error(transparent)]
    Embedding(#[from] EmbedLoadError),
    /// Embedding descriptor.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// Calibration, or it belongs to another network.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// Passive network or its descriptor.
    #[error(transparent)]
    Passive(#[from] PassiveLoadError),
}

/// A network failed while judging: nothing is known about the attempt, and the same evidence may be judged again.
#[derive(Debug, Error)]
pub enum RunError {
    /// Detector or landmark network.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// Embedding network.
    #[error(transparent)]
    Embed(#[from] EmbedError),
    /// Passive network.
    #[error(transparent)]
    Passive(#[from] PassiveError),
}

/// A part of judging that has just ended; for whoever measures what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Decoding, detector and landmarks of every frame.
    Look,
    /// The actions.
    Windows,
    /// One person throughout.
    Identity,
    /// One cue.
    Cue(CueName),
}

impl Part {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Windows => "windows",
            Self::Identity => "identity",
            Self::Cue(cue) => cue.name(),
        }
    }
}

/// What may differ between installations, and between the security levels of sessions.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Waive the cues that simulated persons trip by their nature ([`crate::CueName::waived_for_simulated`]) and nothing else.
    pub accept_simulated: bool,
    /// Form of the evidence.
    pub limits: EvidenceLimits,
    /// Cosine to the best frame below which two frames of a step show somebody else.
    pub other_person: f32,
    /// Cosine to the best frame from which a frame shows the same person; in between nothing is known. Every step needs one such frame.
    pub same_person: f32,
    /// Parameters of the action judges.
    pub session: Params,
    /// Which cues decide.
    pub cues: CuePolicy,
}

impl Policy {
    /// Whether this cue makes the attempt an attack: the policy's weights, less what is waived.
    #[must_use]
    pub fn accuses(&self, cue: &Cue) -> bool {
        let is_waived = self.accept_simulated && cue.name.waived_for_simulated();
        !is_waived && self.cues.speaks(cue)
    }

    /// Between ten people's video frames (480 px, JPEG quality 80, head turned at most 25°) and another person's best frame the
    /// cosine was at most 0.928 in 3,300 comparisons.
    pub const OTHER_PERSON: f32 = 0.93;
    /// Between frames of one session and its own best frame it was at least 0.954 in 389 comparisons.
    pub const SAME_PERSON: f32 = 0.945;
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            accept_simulated: false,
            limits: EvidenceLimits::default(),
            other_person: Self::OTHER_PERSON,
            same_person: Self::SAME_PERSON,
            session: Params { judge: JudgeParams::default().second_look(), ..Params::default() },
            cues: CuePolicy::default(),
        }
    }
}

/// Loaded models; immutable, shareable between threads.
#[derive(Debug)]
pub struct Judge {
    pub(crate) models: Models,
    pub(crate) embedder: Embedder,
    pub(crate) calibration: Calibration,
    passive: Option<Passive>,
}

impl Judge {
    /// Loads every model.
    ///
    /// # Errors
    /// [`JudgeError`], naming the part.
    pub fn load(files: ModelFiles<'_>) -> Result<Self, JudgeError> {
        files.calibration.check_network(&files.spec.name)?;
        let models = Models::from_bytes(files.detector, files.landmark, files.geometry)?;
        // every frame: between two detections a second face would go unseen
        let params = faceid_vision::Params { redetect_every: 1, ..models.params().clone() };
        let embedder = Embedder::load(files.embedding, files.spec)?;
        let passive = files.passive.map(|(onnx, spec)| Passive::load(onnx, spec)).transpose()?;
        Ok(Self { models: models.with_params(params), embedder, calibration: files.calibration, passive })
    }

    /// The calibration in use: its data statement belongs in every published threshold.
    #[must_use]
    pub const fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// The embedding network in use.
    #[must_use]
    pub const fn embedder(&self) -> &Embedder {
        &self.embedder
    }

    /// The passive network, where one is installed.
    #[must_use]
    pub const fn passive(&self) -> Option<&Passive> {
        self.passive.as_ref()
    }

    /// Judges one attempt. Deterministic: the same bundle and policy give the same report.
    ///
    /// # Errors
    /// [`RunError`] when a network fails; everything about the evidence itself is in the report.
    pub fn evaluate(&self, bundle: &EvidenceBundle, policy: &Policy) -> Result<Report, RunError> {
        self.evaluate_by_parts(bundle, policy, &mut |_| ())
    }

    /// [`Self::evaluate`] that says when each part has ended, so that a caller with a clock can tell what it took.
    ///
    /// # Errors
    /// As [`Self::evaluate`].
    pub fn evaluate_by_parts(&self, bundle: &EvidenceBundle, policy: &Policy, done: &mut dyn FnMut(Part)) -> Result<Report, RunError> {
        let mut report = Report {
            outcome: Outcome::Live(Passed { _made_by_the_judge: () }),
            windows: Vec::new(),
            cues: Vec::new(),
            best: None,
            motion: None,
        };
        match self.run(bundle, policy, &mut report, done) {
            Ok(()) => {}
            Err(End::Decided(outcome)) => report.outcome = outcome,
            Err(End::Broken(error)) => return Err(error),
        }
        Ok(report)
    }

    /// The cues of an attempt whatever else it shows; for measuring them. `None` when the evidence cannot be looked at.
    ///
    /// # Errors
    /// [`RunError`] when a network fails.
    pub fn cues(&self, bundle: &EvidenceBundle, policy: &Policy) -> Result<Option<Vec<Cue>>, RunError> {
        let steps = match self.look(bundle, policy) {
            Ok((steps, _)) => steps,
            Err(End::Decided(_)) => return Ok(None),
            Err(End::Broken(error)) => return Err(error),
        };
        let asked: Vec<Action> = bundle.actions.iter().map(|a| a.action).collect();
        Ok(Some(cue::all(&steps, &asked, self.models.geometry(), self.passive.as_ref(), &mut |_| ())?))
    }

    fn run(&self, bundle: &EvidenceBundle, policy: &Policy, report: &mut Report, done: &mut dyn FnMut(Part)) -> Result<(), End> {
        policy.limits.check(bundle).map_err(|e| End::failure(Failure::Form(e)))?;
        let (steps, best) = self.look(bundle, policy)?;
        report.motion = steps.split_first().map(|(_, windows)| MotionPrint::read(windows));
        done(Part::Look);
        // Measured whatever decides below: who looks at refused attempts wants to see them.
        let asked: Vec<Action> = bundle.actions.iter().map(|a| a.action).collect();
        report.cues = cue::all(&steps, &asked, self.models.geometry(), self.passive.as_ref(), done)?;
        let best_face = best.face().ok_or(End::unverified(Unverified::NoFace(Step::Best)))?;

        judge_windows(bundle, &steps, policy, report)?;
        done(Part::Windows);

        comparable(best_face).map_err(|_| End::failure(Failure::Identity(Step::Best)))?;
        let embedding = self.embedder.embed(&best.frame, best_face)?;
        self.one_person(&steps, &embedding, policy)?;
        report.best = Some(KnownFace { embedding });
        done(Part::Identity);

        if report.cues.iter().any(|cue| policy.accuses(cue)) {
            return Err(End::Decided(Outcome::Attack(Attack::FakeFace)));
        }
        Ok(())
    }

    /// The steps (neutral first) and the best frame, decoded and measured.
    fn look(&self, bundle: &EvidenceBundle, policy: &Policy) -> Result<(Vec<Vec<Seen>>, Seen), End> {
        let mut steps = vec![look(&self.models, &bundle.neutral, Step::Neutral, &policy.limits)?];
        for (number, action) in (1..).zip(&bundle.actions) {
            steps.push(look(&self.models, &action.frames, Step::Action(number), &policy.limits)?);
        }
        let best = look_at_best(&self.models, &bundle.best, &policy.limits)?;
        Ok((steps, best))
    }

    fn one_person(&self, steps: &[Vec<Seen>], best: &crate::embed::Embedding, policy: &Policy) -> Result<(), End> {
        for (number, step) in (0..).zip(steps) {
            let step_name = if number == 0 { Step::Neutral } else { Step::Action(number) };
            match identity::likeness(&self.embedder, step, best)? {
                Likeness::Measured { low, .. } if low < policy.other_person => {
                    return Err(End::Decided(Outcome::Attack(Attack::ReplacedFace)));
                }
                // One frame shows them clearly and at most one looks like another: a turned head or an open mouth costs likeness.
                Likeness::Measured { most, .. } if most >= policy.same_person => {}
                Likeness::Measured { .. } | Likeness::NotMeasured => return Err(End::failure(Failure::Identity(step_name))),
            }
        }
        Ok(())
    }
}

fn judge_windows(bundle: &EvidenceBundle, steps: &[Vec<Seen>], policy: &Policy, report: &mut Report) -> Result<(), End> {
    let samples = |step: &[Seen]| step.iter().map(Seen::sample).collect::<Vec<_>>();
    let neutral = steps.first().map(|s| samples(s)).unwrap_or_default();
    let baseline = Baseline::from_samples(&neutral).ok_or(End::failure(Failure::NoBaseline))?;
    for ((number, asked), step) in (1..).zip(&bundle.actions).zip(steps.iter().skip(1)) {
        let action = asked.action;
        let verdict = judge_window(action, &baseline, &samples(step), &policy.session);
        let decided = match &verdict {
            WindowVerdict::Passed(_) => None,
            WindowVerdict::NotSeen | WindowVerdict::Wrong(_) => Some(End::unverified(Unverified::Action { step: number, action })),
            WindowVerdict::NotMeasured(_) => Some(End::failure(Failure::NotMeasured { step: number })),
        };
        report.windows.push(WindowReport { action, verdict });
        if let Some(end) = decided {
            return Err(end);
        }
    }
    Ok(())
}

/// Why the checks end early.
enum End {
    Decided(Outcome),
    Broken(RunError),
}

impl End {
    fn unverified(row: Unverified) -> Self {
        Self::Decided(Outcome::Unverified(row))
    }

    fn failure(failure: Failure) -> Self {
        Self::unverified(Unverified::Failure(failure))
    }
}

impl From<Stop> for End {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Unverified(row) => Self::unverified(row),
            Stop::Vision(error) => Self::Broken(error.into()),
        }
    }
}

impl From<EmbedError> for End {
    fn from(error: EmbedError) -> Self {
        Self::Broken(error.into())
    }
}

impl From<PassiveError> for End {
    fn from(error: PassiveError) -> Self {
        Self::Broken(error.into())
    }
}
