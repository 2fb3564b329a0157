//! Does the jaw open with the mouth?
//!
//! The lower lip hangs on the jaw: who opens the mouth lowers the chin. Behind a hole cut for the mouth, lips open and the chin of the print stays.

use faceid_protocol::Action;
use faceid_session::cues::{Jaw, jaw};
use faceid_vision::LANDMARK_COUNT;

use super::{CueOutcome, NotMeasured};
use crate::observe::Seen;

/// Travel of the chin / opening of the lips at which the score is one half. Live people had 0.37 to 0.81 (14 mouths of 4 people), simulated heads
/// 0.39 to 0.86, mouths behind a hole 0.10 to 0.63: the landmark network draws the chin along, so that this cue finds some of them only.
const EVEN: f32 = 0.25;
/// Change of the ratio that takes the score from 0.5 to 0.73.
const SCALE: f32 = 0.06;

/// The mouth whose chin stays most decides.
pub(super) fn still_jaw(steps: &[Vec<Seen>], actions: &[Action]) -> CueOutcome {
    let Some((rest, windows)) = steps.split_first() else { return CueOutcome::NotMeasured(NotMeasured::TooFewFrames) };
    let rest = landmarks(rest);
    let mouths = actions.iter().zip(windows).filter(|(action, _)| **action == Action::Mouth);
    let mut why = NotMeasured::TooLittleMovement;
    let mut least: Option<f32> = None;
    for (_, window) in mouths {
        match jaw(&rest, &landmarks(window)) {
            Jaw::Measured(ratio) => least = Some(least.map_or(ratio, |l| l.min(ratio))),
            Jaw::NoNeutral => why = NotMeasured::NoNeutral,
            Jaw::NotOpened => {}
        }
    }
    least.map_or(CueOutcome::NotMeasured(why), |ratio| CueOutcome::Measured(1.0 / (1.0 + ((ratio - EVEN) / SCALE).exp())))
}

fn landmarks(step: &[Seen]) -> Vec<&[faceid_vision::Point3]> {
    let faces = step.iter().filter_map(Seen::face);
    faces.map(|f| f.landmarks.as_slice()).filter(|l| l.len() == LANDMARK_COUNT).collect()
}
