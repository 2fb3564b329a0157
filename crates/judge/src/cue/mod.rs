//! Attack cues: measures that speak against a live camera. A cue that could not be measured says so and accuses nobody. Which of them decide, and
//! how strictly, is the policy's ([`crate::CuePolicy`]).

mod frames;
mod jaw;
mod planar;
mod shading;

use faceid_protocol::Action;
use faceid_vision::Geometry;

use crate::judge::Part;
use crate::observe::Seen;
use crate::passive::{Passive, PassiveError};

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
    /// The mouth opens and the jaw stays: a mouth behind a hole in a mask or print.
    StillJaw,
    /// The light turns with the head: a picture bent into other views instead of a head turning under a lamp.
    AttachedLight,
    /// What a network that looks at single pictures says; the operator's to install ([`crate::Passive`]).
    PassiveNetwork,
    /// The face moves exactly as in an earlier attempt: a recording of it ([`crate::MotionPrint`]).
    ReturningMotion,
}

impl CueName {
    /// Every cue, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::ReturningFrames,
        Self::RepeatedFrames,
        Self::NoSensorNoise,
        Self::PlanarMotion,
        Self::StillJaw,
        Self::AttachedLight,
        Self::PassiveNetwork,
        Self::ReturningMotion,
    ];

    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReturningFrames => "returning_frames",
            Self::RepeatedFrames => "repeated_frames",
            Self::NoSensorNoise => "no_sensor_noise",
            Self::PlanarMotion => "planar_motion",
            Self::StillJaw => "still_jaw",
            Self::AttachedLight => "attached_light",
            Self::PassiveNetwork => "passive_network",
            Self::ReturningMotion => "returning_motion",
        }
    }

    /// The cue of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cue| cue.name() == name)
    }

    /// True for cues that the project's own simulated person trips by its nature; only these can be waived.
    #[must_use]
    pub const fn waived_for_simulated(self) -> bool {
        match self {
            Self::ReturningFrames
            | Self::RepeatedFrames
            | Self::NoSensorNoise
            | Self::PlanarMotion
            | Self::StillJaw
            | Self::PassiveNetwork => false,
            // A photo puppet is lit once, when its photograph was taken; and it is made of a seed: the same seed moves the same way.
            Self::AttachedLight | Self::ReturningMotion => true,
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
    /// No passive network is installed.
    NotInstalled,
    /// No frame shows the face as the passive network wants it.
    NoFace,
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
            Self::NotInstalled => "not installed",
            Self::NoFace => "no face that it can look at",
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

    /// True when measured and at least [`Self::FIRES`]. Whether that decides anything is the policy's to say.
    #[must_use]
    pub fn fires(&self) -> bool {
        match self.outcome {
            CueOutcome::Measured(score) => score >= Self::FIRES,
            CueOutcome::NotMeasured(_) => false,
        }
    }
}

/// All cues over the steps of one attempt (neutral first, then the windows of `actions`). `done` hears of each part as it ends.
///
/// # Errors
/// [`PassiveError`] when the passive network fails.
pub(crate) fn all(
    steps: &[Vec<Seen>],
    actions: &[Action],
    geometry: &Geometry,
    passive: Option<&Passive>,
    done: &mut dyn FnMut(Part),
) -> Result<Vec<Cue>, PassiveError> {
    let mut cues = Vec::with_capacity(CueName::ALL.len());
    for name in CueName::ALL {
        let outcome = match name {
            CueName::ReturningFrames => frames::returning_frames(steps),
            CueName::RepeatedFrames => frames::repeated_frames(steps),
            CueName::NoSensorNoise => frames::no_sensor_noise(steps),
            CueName::PlanarMotion => planar::planar_motion(steps, actions, geometry),
            CueName::StillJaw => jaw::still_jaw(steps, actions),
            CueName::AttachedLight => shading::attached_light(steps, actions, geometry),
            CueName::PassiveNetwork => passive.map_or(Ok(CueOutcome::NotMeasured(NotMeasured::NotInstalled)), |net| net.look(steps))?,
            // Needs what was remembered of other attempts: whoever keeps that asks `MotionPrint::cue`.
            CueName::ReturningMotion => continue,
        };
        cues.push(Cue { name, outcome });
        done(Part::Cue(name));
    }
    Ok(cues)
}
