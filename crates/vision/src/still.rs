//! Single pictures: reference photos, best frames.

use crate::{
    detect::detect_with_border,
    error::VisionError,
    frame::{Frame, QuarterTurn},
    model::Models,
    observation::Observation,
    track::{acquire, measured},
};

/// A picture with the turn that made its face upright.
#[derive(Debug, Clone, PartialEq)]
pub struct Upright {
    /// How the given picture was turned, clockwise.
    pub turn: QuarterTurn,
    /// The turned picture; coordinates of `observation` belong to it.
    pub frame: Frame,
    /// What it shows.
    pub observation: Observation,
}

/// Judges one picture on its own: detector, then landmarks of the largest face. When that gives no face, the detector tries again with free space
/// around the picture: in tight crops it sees nothing, or takes a part for a face, which the landmark network then rejects.
///
/// # Errors
/// [`VisionError`] when a network fails. No face is not an error.
pub fn observe_still(models: &Models, frame: &Frame) -> Result<Observation, VisionError> {
    let mut observation = Observation { faces_detected: Some(0), frame_size: [frame.width(), frame.height()], ..Observation::default() };
    for border in [0.0, models.params.still_border, models.params.still_wide_border] {
        let faces = detect_with_border(models, frame, border)?;
        observation.faces_detected = Some(u32::try_from(faces.len()).unwrap_or(u32::MAX));
        observation.face = acquire(models, frame, &faces)?.and_then(|mesh| measured(models, frame, mesh));
        if observation.face.is_some() {
            observation.reacquired = true;
            break;
        }
    }
    Ok(observation)
}

/// As [`observe_still`]; when no face is found, tries the picture turned by 90, 180 and 270 degrees and returns the first turn with a face,
/// or the unturned picture when there is none.
///
/// # Errors
/// [`VisionError`] when a network fails.
pub fn observe_still_any_turn(models: &Models, frame: &Frame) -> Result<Upright, VisionError> {
    let upright = observe_still(models, frame)?;
    if upright.face.is_none() {
        for turn in [QuarterTurn::Clockwise, QuarterTurn::Half, QuarterTurn::CounterClockwise] {
            let turned = frame.turned(turn);
            let observation = observe_still(models, &turned)?;
            if observation.face.is_some() {
                return Ok(Upright { turn, frame: turned, observation });
            }
        }
    }
    Ok(Upright { turn: QuarterTurn::None, frame: frame.clone(), observation: upright })
}
