//! Evidence bundle to verdict: pure, runs vision and session again on uploaded frames.
//!
//! No clock, no randomness, no network: the same files and the same evidence give the same report.
//! What could not be measured never becomes an attack.
#![forbid(unsafe_code)]

mod align;
mod calibration;
mod cue;
mod embed;
mod evidence;
mod identity;
mod judge;
mod motion;
mod network;
mod observe;
mod passive;
mod photo;
mod policy;
mod report;
mod spec;
#[cfg(test)]
mod tiny_onnx;

pub use align::{AlignError, Chip, Similarity};
pub use calibration::{Basis, Calibration, CalibrationError, CalibrationFile, OperatingPoint, THRESHOLDS, Thresholds};
pub use cue::{Cue, CueName, CueOutcome, NotMeasured};
pub use embed::{EmbedError, EmbedLoadError, Embedder, Embedding};
pub use evidence::{ActionEvidence, EvidenceBundle, EvidenceFrame, EvidenceLimits, FormError};
pub use faceid_vision::DecodeError;
pub use judge::{Judge, JudgeError, ModelFiles, Part, Policy, RunError};
pub use motion::{MotionPrint, PrintError};
pub use network::NetworkError;
pub use passive::{Output, Passive, PassiveError, PassiveLoadError, PassiveSpec};
pub use photo::{CompareError, Comparison, KnownFace, MAX_TURN, MIN_EYE_SPAN, PhotoError, eye_span};
pub use policy::{CuePolicy, Strictness, WeightError};
pub use report::{Attack, Failure, Outcome, Passed, Report, Step, Unverified, WindowReport};
pub use spec::{Channels, EmbeddingSpec, InputSpec, Layout, Normalise, SpecError, Template};
