//! Planar parallax of every window: a head that turns shows depth, a sheet does not.

use faceid_protocol::Action;
use faceid_session::cues::{Parallax, ParallaxParams, Unmeasured, parallax};
use faceid_vision::{Geometry, LANDMARK_COUNT, Point3};

use super::{CueOutcome, NotMeasured};
use crate::observe::Seen;

/// Parallax (see [`parallax`]) at which a plane and a head explain the movement equally well for this cue.
const EVEN: f32 = -0.3;
/// Change of the parallax that takes the score from 0.5 to 0.73.
const SCALE: f32 = 0.15;

/// The nod or shake that moves most like a plane decides: whoever shows one of them on a sheet has shown a sheet. Other actions move the head by
/// chance, and too little to tell.
pub(super) fn planar_motion(steps: &[Vec<Seen>], actions: &[Action], geometry: &Geometry) -> CueOutcome {
    let Some((neutral, windows)) = steps.split_first() else { return CueOutcome::NotMeasured(NotMeasured::TooFewFrames) };
    let neutral = landmarks(neutral);
    let mut why = NotMeasured::TooLittleMovement;
    let mut most: Option<f32> = None;
    for (_, window) in actions.iter().zip(windows).filter(|(action, _)| action.moves_head()) {
        match parallax(&neutral, &landmarks(window), geometry, &ParallaxParams::default()) {
            Parallax::Measured(value) => most = Some(most.map_or(value, |m| m.max(value))),
            Parallax::NotMeasured(Unmeasured::Motion) => {}
            Parallax::NotMeasured(Unmeasured::Neutral) => why = NotMeasured::NoNeutral,
        }
    }
    most.map_or(CueOutcome::NotMeasured(why), |value| CueOutcome::Measured(score(value)))
}

fn score(parallax: f32) -> f32 {
    1.0 / (1.0 + (-(parallax - EVEN) / SCALE).exp())
}

fn landmarks(step: &[Seen]) -> Vec<&[Point3]> {
    let faces = step.iter().filter_map(|s| s.face());
    faces.map(|f| f.landmarks.as_slice()).filter(|l| l.len() == LANDMARK_COUNT).collect()
}
