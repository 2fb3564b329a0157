//! What the service needs of the judge, as a trait: the real one loads networks, tests script the answers.

use faceid_protocol::{Action, Millis};
use serde::Serialize;
use std::{collections::BTreeMap, fmt};
use thiserror::Error;

/// One uploaded picture with its capture time by the page's clock.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Capture time.
    pub t: Millis,
    /// The file as uploaded.
    pub jpeg: Vec<u8>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture").field("t", &self.t).finish_non_exhaustive()
    }
}

/// Everything one attempt left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// Before the first prompt.
    pub neutral: Vec<Picture>,
    /// One entry per prompt, in order.
    pub actions: Vec<(Action, Vec<Picture>)>,
    /// For comparing.
    pub best: Picture,
    /// How strictly attack cues are taken, 1 to 4.
    pub security_level: u32,
}

/// The liveness decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// A live person did what was asked.
    Live,
    /// 4100 FAIL_LIVING_FACE_ATTACK.
    FakeFace,
    /// 4100 REPLACED_FACE_ATTACK.
    ReplacedFace,
    /// 4200 VERIFICATION_FAILURE: the evidence could not be judged.
    NotJudged,
    /// 4200 UNDETECTED_FACE.
    NoFace,
    /// 4200 ACTION_ERROR.
    WrongAction,
}

/// One attack cue for the backend.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CueLine {
    /// Stable name.
    pub name: String,
    /// False when the evidence did not allow a measurement.
    pub measured: bool,
    /// 0..1, larger = more suspicious; only when measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Why not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How alike two faces are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Likeness {
    /// 0..100, larger = more likely the same person.
    pub confidence: f64,
    /// Confidence needed at each false-accept rate, by the documented names `1e-3` to `1e-6`.
    pub thresholds: BTreeMap<&'static str, f64>,
}

impl Likeness {
    /// The threshold of a security level: 1 = 1e-3 … 4 = 1e-6. `None` for other levels.
    #[must_use]
    pub fn threshold(&self, security_level: u32) -> Option<f64> {
        let name = match security_level {
            1 => "1e-3",
            2 => "1e-4",
            3 => "1e-5",
            4 => "1e-6",
            _ => return None,
        };
        self.thresholds.get(name).copied()
    }
}

/// Why a photo cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PhotoFault {
    /// Not a picture, damaged, or a format we do not read.
    #[error("not a readable picture")]
    Unreadable,
    /// A side exceeds the limit.
    #[error("the picture has too many pixels")]
    TooLarge,
    /// No face, or none that can be compared.
    #[error("no usable face")]
    NoFace,
    /// A network failed; the picture is not to blame.
    #[error("a network failed")]
    Broken,
}

/// The judge itself failed; the same evidence may be judged again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the judge failed: {0}")]
pub struct JudgingError(
    /// Which part, without personal data.
    pub String,
);

/// The judge as the service sees it. Calls block and take from milliseconds to seconds.
pub trait Judging: fmt::Debug + Send + Sync + 'static {
    /// Can this photo be compared?
    ///
    /// # Errors
    /// [`PhotoFault`].
    fn check_photo(&self, photo: &[u8], multi_oriented: bool) -> Result<(), PhotoFault>;

    /// Judges one attempt; deterministic.
    ///
    /// # Errors
    /// [`JudgingError`] when nothing is known about the attempt.
    fn assess(&self, bundle: &Bundle) -> Result<Box<dyn Assessment>, JudgingError>;

    /// Names the build, the policy and the networks: the same text means that the same evidence gets the same verdict. Kept with each verdict.
    fn rules(&self) -> &str;
}

/// What comparing with earlier attempts gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Recalled {
    /// For the backend.
    pub line: CueLine,
    /// An attempt that was live until then is a recording.
    pub is_attack: bool,
}

/// What the judge found.
pub trait Assessment: Send {
    /// The decision.
    fn liveness(&self) -> Liveness;
    /// Attack cues, measured or not.
    fn cues(&self) -> Vec<CueLine>;
    /// How the face moved, in a form to keep and to hand to [`Self::recall`] of later attempts; `None` when nothing was measured.
    fn motion(&self) -> Option<Vec<u8>>;
    /// Was this movement seen in earlier attempts? `None` when nothing was measured.
    fn recall(&self, earlier: &[Vec<u8>]) -> Option<Recalled>;
    /// The live face; `None` when the evidence shows none that can be compared.
    fn face(&self) -> Option<&dyn LiveFace>;
}

/// The face of the attempt's best picture.
pub trait LiveFace {
    /// Compares it with a photo.
    ///
    /// # Errors
    /// [`PhotoFault`] about the photo.
    fn compare(&self, photo: &[u8], multi_oriented: bool) -> Result<Likeness, PhotoFault>;
}
