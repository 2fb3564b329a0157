//! Single pictures: reference photos, best frames.

use crate::{
    detect::{DetectedFace, area, detect_in_tiles, detect_with_border},
    error::VisionError,
    frame::{Frame, QuarterTurn},
    landmarks::mesh_in,
    model::Models,
    observation::Observation,
    roi::Roi,
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
/// around the picture (in tight crops it sees nothing, or takes a part for a face, which the landmark network then rejects), and at last in
/// overlapping tiles (small faces in large pictures).
///
/// # Errors
/// [`VisionError`] when a network fails. No face is not an error.
pub fn observe_still(models: &Models, frame: &Frame) -> Result<Observation, VisionError> {
    search(models, frame, models.params.presence)
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
            let observation = search(models, &turned, models.params.sure_presence)?;
            if observation.face.is_some() {
                return Ok(Upright { turn, frame: turned, observation });
            }
        }
    }
    Ok(Upright { turn: QuarterTurn::None, frame: frame.clone(), observation: upright })
}

/// One way to look for faces.
#[derive(Debug, Clone, Copy)]
enum View {
    /// The whole picture with free space around it.
    Whole { border: f32 },
    /// Piece by piece.
    Tiles,
}

/// Tries all views until one gives a face whose presence reaches `presence`.
fn search(models: &Models, frame: &Frame, presence: f32) -> Result<Observation, VisionError> {
    let params = &models.params;
    let mut observation = Observation { faces_detected: Some(0), frame_size: [frame.width(), frame.height()], ..Observation::default() };
    let borders = params.still_borders.map(|border| View::Whole { border });
    for view in borders.into_iter().chain([View::Tiles]) {
        let (faces, least) = match view {
            View::Whole { border } => (detect_with_border(models, frame, border)?, presence),
            // Many windows, many chances to see a face in a pattern: only confirmed ones count.
            View::Tiles => (confirmed(models, frame, detect_in_tiles(models, frame)?)?, params.sure_presence),
        };
        observation.faces_detected = u32::try_from(faces.len()).ok();
        observation.face = acquire(models, frame, faces, least)?.and_then(|mesh| measured(models, frame, mesh));
        if observation.face.is_some() {
            observation.reacquired = true;
            break;
        }
    }
    Ok(observation)
}

/// The faces that the landmark network is sure of. Only the eight largest are asked: beyond that, it is a crowd anyway.
fn confirmed(models: &Models, frame: &Frame, mut faces: Vec<DetectedFace>) -> Result<Vec<DetectedFace>, VisionError> {
    faces.sort_by(|a, b| area(b.bounds).total_cmp(&area(a.bounds)));
    let mut sure = Vec::new();
    for face in faces.into_iter().take(8) {
        if mesh_in(models, frame, &Roi::from_detection(&face, models.params.roi_scale))?.presence >= models.params.sure_presence {
            sure.push(face);
        }
    }
    Ok(sure)
}
