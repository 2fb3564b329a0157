//! What judging one attempt gives.

use faceid_protocol::Action;
use faceid_session::WindowVerdict;

use crate::cue::Cue;
use crate::evidence::FormError;
use crate::motion::MotionPrint;
use crate::photo::KnownFace;

/// Proof that an attempt was judged live. Only [`crate::Judge::evaluate`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    pub(crate) _made_by_the_judge: (),
}

/// The liveness decision.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A live person did what was asked.
    Live(Passed),
    /// Evidence of an attack: a 4100 row.
    Attack(Attack),
    /// Not shown to be live, without evidence of an attack: a 4200 row.
    Unverified(Unverified),
}

/// Rows of class 4100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// FAIL_LIVING_FACE_ATTACK.
    FakeFace,
    /// REPLACED_FACE_ATTACK.
    ReplacedFace,
}

impl Attack {
    /// Message of the taxonomy row.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::FakeFace => "FAIL_LIVING_FACE_ATTACK",
            Self::ReplacedFace => "REPLACED_FACE_ATTACK",
        }
    }
}

/// Rows of class 4200 with the reason, which is for the operator's log only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unverified {
    /// VERIFICATION_FAILURE: the evidence could not be judged.
    Failure(Failure),
    /// UNDETECTED_FACE: too many frames without a face.
    NoFace(Step),
    /// ACTION_ERROR: the window was judged and does not show the action.
    Action {
        /// 1-based step.
        step: u32,
        /// What was asked.
        action: Action,
    },
}

impl Unverified {
    /// Message of the taxonomy row.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Failure(_) => "VERIFICATION_FAILURE",
            Self::NoFace(_) => "UNDETECTED_FACE",
            Self::Action { .. } => "ACTION_ERROR",
        }
    }
}

/// Which part of the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The frames before the first prompt.
    Neutral,
    /// 1-based action.
    Action(u32),
    /// The picture for comparing.
    Best,
}

/// Why the evidence could not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Counts, sizes or times are not those of a bundle.
    Form(FormError),
    /// A file is not a picture within the limits.
    Undecodable(Step),
    /// More than one face of comparable size.
    SeveralFaces(Step),
    /// The neutral frames give no baseline.
    NoBaseline,
    /// The action's window could not be measured (gap, too few frames, channel hidden).
    NotMeasured {
        /// 1-based step.
        step: u32,
    },
    /// No frame of the step shows the face well enough to tell who it is, or the likeness is neither clear nor clearly missing.
    Identity(Step),
}

/// How one action was judged.
#[derive(Debug, PartialEq)]
pub struct WindowReport {
    /// What was asked.
    pub action: Action,
    /// What the window shows.
    pub verdict: WindowVerdict,
}

/// Everything found out about one attempt. Parts after the first failing check are empty: the checks stop there.
#[derive(Debug, PartialEq)]
pub struct Report {
    /// The decision.
    pub outcome: Outcome,
    /// One entry per action judged, in order.
    pub windows: Vec<WindowReport>,
    /// Attack cues, measured or not.
    pub cues: Vec<Cue>,
    /// The best frame's face; also there after [`Attack::FakeFace`], for callers that compare nonetheless.
    pub best: Option<KnownFace>,
    /// How the face moved in the windows, for recognising a recording that is sent again; `None` when the evidence could not be looked at.
    pub motion: Option<MotionPrint>,
}
