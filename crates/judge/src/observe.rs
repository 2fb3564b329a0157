//! Evidence files to measured frames.

use faceid_protocol::Millis;
use faceid_session::Sample;
use faceid_vision::{DecodeLimits, Face, Frame, Models, Observation, TrackState, VisionError, decode, observe, observe_still};

use crate::evidence::{EvidenceFrame, EvidenceLimits};
use crate::report::{Failure, Step, Unverified};

/// Least share of a step's frames that must show a face.
const FACE_SHARE: f32 = 0.75;

/// Share of a step's frames with a second face from which it is not a passer-by seen once.
const SEVERAL_SHARE: f32 = 0.25;

/// One decoded and measured frame.
pub(crate) struct Seen {
    pub(crate) t: Millis,
    pub(crate) frame: Frame,
    pub(crate) observation: Observation,
}

impl Seen {
    pub(crate) fn face(&self) -> Option<&Face> {
        self.observation.face.as_ref()
    }

    pub(crate) fn sample(&self) -> Sample {
        Sample::from_observation(self.t, &self.observation)
    }
}

/// Why a step ends the judging.
pub(crate) enum Stop {
    Unverified(Unverified),
    Vision(VisionError),
}

impl From<VisionError> for Stop {
    fn from(error: VisionError) -> Self {
        Self::Vision(error)
    }
}

/// Decodes and measures the frames of one step as the stream they were captured from. The detector must run on every frame
/// (`redetect_every` = 1 in the models' parameters), so that a second face is not missed.
pub(crate) fn look(models: &Models, frames: &[EvidenceFrame], step: Step, limits: &EvidenceLimits) -> Result<Vec<Seen>, Stop> {
    let bounds = DecodeLimits { max_bytes: limits.frame_bytes, max_side: limits.window_side };
    let mut state = TrackState::default();
    let mut seen = Vec::with_capacity(frames.len());
    for file in frames {
        let Ok(frame) = decode(&file.jpeg, bounds) else {
            return Err(Stop::Unverified(Unverified::Failure(Failure::Undecodable(step))));
        };
        let observation = observe(models, &frame, &mut state)?;
        seen.push(Seen { t: file.t, frame, observation });
    }
    check_faces(&seen, step).map_err(Stop::Unverified)?;
    Ok(seen)
}

/// Decodes and measures the best frame on its own.
pub(crate) fn look_at_best(models: &Models, file: &EvidenceFrame, limits: &EvidenceLimits) -> Result<Seen, Stop> {
    let bounds = DecodeLimits { max_bytes: limits.frame_bytes, max_side: limits.best_side };
    let Ok(frame) = decode(&file.jpeg, bounds) else {
        return Err(Stop::Unverified(Unverified::Failure(Failure::Undecodable(Step::Best))));
    };
    let observation = observe_still(models, &frame)?;
    let seen = [Seen { t: file.t, frame, observation }];
    check_faces(&seen, Step::Best).map_err(Stop::Unverified)?;
    let [seen] = seen;
    Ok(seen)
}

fn check_faces(seen: &[Seen], step: Step) -> Result<(), Unverified> {
    let total = seen.len() as f32;
    let with_face = seen.iter().filter(|s| s.face().is_some()).count() as f32;
    if with_face < FACE_SHARE * total {
        return Err(Unverified::NoFace(step));
    }
    let several = seen.iter().filter(|s| s.observation.faces_detected.is_some_and(|n| n > 1)).count() as f32;
    if several >= SEVERAL_SHARE * total && several > 0.0 {
        return Err(Unverified::Failure(Failure::SeveralFaces(step)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use faceid_vision::{BoundingBox, EyeOpenness, Point3, Quality};

    use super::*;

    fn seen(face: bool, count: u32) -> Seen {
        let face = face.then(|| Face {
            bounds: BoundingBox::default(),
            presence: 1.0,
            landmarks: vec![Point3::default(); 468],
            pose: None,
            eyes: EyeOpenness::default(),
            mouth: None,
            quality: Quality::default(),
        });
        let frame = Frame::from_rgb(1, 1, vec![0; 3]).expect("size matches");
        Seen { t: Millis(0), frame, observation: Observation { faces_detected: Some(count), face, ..Observation::default() } }
    }

    #[test]
    fn lost_and_extra_faces_end_the_step() {
        let step = Step::Action(1);
        let window = |faces: u32, several: u32| (0..12).map(|i| seen(i < faces, if i < several { 2 } else { 1 })).collect::<Vec<_>>();
        assert_eq!(check_faces(&window(12, 0), step), Ok(()), "all good");
        assert_eq!(check_faces(&window(9, 0), step), Ok(()), "three of twelve lost at the peak");
        assert_eq!(check_faces(&window(8, 0), step), Err(Unverified::NoFace(step)), "four of twelve");
        assert_eq!(check_faces(&window(12, 2), step), Ok(()), "somebody passed");
        assert_eq!(check_faces(&window(12, 3), step), Err(Unverified::Failure(Failure::SeveralFaces(step))), "somebody stayed");
        assert_eq!(check_faces(&[seen(true, 2)], Step::Best), Err(Unverified::Failure(Failure::SeveralFaces(Step::Best))), "best");
    }
}
