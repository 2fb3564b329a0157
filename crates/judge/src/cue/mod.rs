//! Attack cues: measures that speak against a live camera. A cue that could not be measured says so and accuses nobody.

mod frames;
mod planar;

use faceid_protocol::Action;
use faceid_vision::Geometry;

use crate::observe::Seen;

/// Which cue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CueName {
    /// Pixels of an earlier moment come back: a loop or a replay.
    ReturningFrames,
    /// Frames that are their neighbour once more: material with fewer pictures than the session shows.
    RepeatedFrames,
    /// Neighbouring frames without any sensor noise: not a camera.
    NoSensorNoise,
    /// The face moves as one plane: a print or a screen, turned or waved before the camera.
    PlanarMotion,
    /// The face moves exactly as in an earlier attempt: a recording of it ([`crate::MotionPrint`]).
    ReturningMotion,
}

impl CueName {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReturningFrames => "returning_frames",
            Self::RepeatedFrames => "repeated_frames",
            Self::NoSensorNoise => "no_sensor_noise",
            Self::PlanarMotion => "planar_motion",
            Self::ReturningMotion => "returning_motion",
        }
    }

    /// True for cues that the project's own simulated person trips by its nature; only these can be waived.
    #[must_use]
    pub const fn waived_for_simulated(self) -> bool {
        match self {
            Self::ReturningFrames | Self::RepeatedFrames | Self::NoSensorNoise | Self::PlanarMotion => false,
            // It is made of a seed: the same seed moves the same way.
            Self::ReturningMotion => true,
        }
    }
}

/// Why a cue was not measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotMeasured {
    /// Fewer frames than the cue needs.
    TooFewFrames,
    /// Picture sizes differ between frames.
    SizesDiffer,
    /// The movement was too small to tell.
    TooLittleMovement,
    /// No frame at rest shows the landmarks that movement is measured from.
    NoNeutral,
}

impl NotMeasured {
    /// Stable text.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooFewFrames => "too few frames",
            Self::SizesDiffer => "picture sizes differ",
            Self::TooLittleMovement => "too little movement",
            Self::NoNeutral => "no neutral",
        }
    }
}

/// A cue's answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CueOutcome {
    /// 0..1, at least 0.5 speaks for an attack.
    Measured(f32),
    /// No answer.
    NotMeasured(NotMeasured),
}

/// One cue with its answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cue {
    /// Which.
    pub name: CueName,
    /// Answer.
    pub outcome: CueOutcome,
}

impl Cue {
    /// Score from which a cue speaks for an attack.
    pub const FIRES: f32 = 0.5;

    /// True when measured and at least [`Self::FIRES`].
    #[must_use]
    pub fn fires(&self) -> bool {
        match self.outcome {
            CueOutcome::Measured(score) => score >= Self::FIRES,
            CueOutcome::NotMeasured(_) => false,
        }
    }
}

/// All cues over the steps of one attempt (neutral first, then the windows of `actions`).
pub(crate) fn all(steps: &[Vec<Seen>], actions: &[Action], geometry: &Geometry) -> Vec<Cue> {
    vec![
        Cue { name: CueName::ReturningFrames, outcome: frames::returning_frames(steps) },
        Cue { name: CueName::RepeatedFrames, outcome: frames::repeated_frames(steps) },
        Cue { name: CueName::NoSensorNoise, outcome: frames::no_sensor_noise(steps) },
        Cue { name: CueName::PlanarMotion, outcome: planar::planar_motion(steps, actions, geometry) },
    ]
}
