//! Frame after frame: follow the face, look for it again when it is lost, count faces now and then.

use crate::{
    detect::{DetectedFace, area, detect_faces, iou},
    error::VisionError,
    frame::Frame,
    landmarks::{Mesh, mesh_in},
    measure,
    model::Models,
    observation::{EyeOpenness, Face, Observation},
    pose, quality,
    roi::{Roi, bounds_of},
};

/// What one frame leaves for the next. `Default` = nothing is followed yet. Belongs to one camera stream.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrackState {
    /// Where the face should be in the next frame.
    roi: Option<Roi>,
    /// Frames since the detector ran.
    since_detection: u32,
    /// Size of the last frame; another size means another stream.
    frame_size: [u32; 2],
}

/// Judges one camera frame. `state` comes from the frame before and is updated; on an error it forgets the face.
///
/// The landmark network follows the face from its last landmarks. The detector runs when nothing is followed, when the presence score falls
/// under its threshold, and every [`crate::Params::redetect_every`] frames to notice a second face.
///
/// # Errors
/// [`VisionError`] when a network fails. No face is not an error.
pub fn observe(models: &Models, frame: &Frame, state: &mut TrackState) -> Result<Observation, VisionError> {
    let frame_size = [frame.width(), frame.height()];
    let before = core::mem::take(state);
    let known = before.roi.filter(|_| before.frame_size == frame_size);
    let mut since_detection = before.since_detection.saturating_add(1);

    let followed = match known {
        Some(roi) => Some(mesh_in(models, frame, &roi)?).filter(|mesh| mesh.presence >= models.params.presence),
        None => None,
    };
    let due = models.params.redetect_every > 0 && since_detection >= models.params.redetect_every;
    let detected = if followed.is_none() || due {
        since_detection = 0;
        Some(detect_faces(models, frame)?)
    } else {
        None
    };
    let reacquired = followed.is_none();
    let mesh = match (followed, &detected) {
        (Some(mesh), _) => Some(mesh),
        (None, Some(faces)) => acquire(models, frame, faces.clone(), models.params.presence)?,
        (None, None) => None,
    };
    let faces_detected = detected.map(|faces| count(&faces, mesh.as_ref(), models.params.same_face_iou));
    *state = TrackState {
        roi: mesh.as_ref().and_then(|m| Roi::from_landmarks(&m.points, models.params.roi_scale)),
        since_detection,
        frame_size,
    };
    let face = mesh.and_then(|mesh| measured(models, frame, mesh));
    Ok(Observation { faces_detected, reacquired: reacquired && face.is_some(), face, frame_size })
}

/// Landmarks of the largest detected face that the landmark network confirms with at least `presence`. Only the three largest are asked:
/// the detector sometimes takes a large pattern for a face, but not often.
pub(crate) fn acquire(models: &Models, frame: &Frame, mut faces: Vec<DetectedFace>, presence: f32) -> Result<Option<Mesh>, VisionError> {
    faces.sort_by(|a, b| area(b.bounds).total_cmp(&area(a.bounds)));
    for face in faces.iter().take(3) {
        let mesh = mesh_in(models, frame, &Roi::from_detection(face, models.params.roi_scale))?;
        if mesh.presence >= presence {
            return Ok(Some(mesh));
        }
    }
    Ok(None)
}

/// Distinct faces: the detections, plus the followed face when the detector missed it (it sees less at extreme angles).
fn count(faces: &[DetectedFace], mesh: Option<&Mesh>, same_iou: f32) -> u32 {
    let missed = mesh.and_then(|m| bounds_of(&m.points)).is_some_and(|bounds| !faces.iter().any(|f| iou(f.bounds, bounds) > same_iou));
    u32::try_from(faces.len()).unwrap_or(u32::MAX).saturating_add(u32::from(missed))
}

/// Everything that is read off the landmarks.
pub(crate) fn measured(models: &Models, frame: &Frame, mesh: Mesh) -> Option<Face> {
    let Mesh { points: landmarks, presence } = mesh;
    let params = &models.params;
    let bounds = bounds_of(&landmarks)?;
    let fit = pose::fit(&models.geometry, &landmarks).filter(|fit| fit.residual() <= params.pose_residual);
    let pose = fit.as_ref().map(pose::Fit::pose);
    let (eyes, mouth) = match (&fit, pose) {
        (Some(fit), Some(pose)) => (measure::eyes(&landmarks, fit, pose, params), measure::mouth(&landmarks, fit, pose, params)),
        (None, _) | (_, None) => (EyeOpenness::default(), None),
    };
    let quality = quality::assess(frame, &landmarks, bounds);
    Some(Face { bounds, presence, landmarks, pose, eyes, mouth, quality })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{
        error::{ModelRole, VisionError},
        model::{ANCHOR_COUNT, DetectorOutput, LANDMARK_COUNT, LandmarkOutput, Networks, REGRESSOR_LEN},
        observation::Pose,
        observe_still,
        params::Params,
        synthetic,
    };

    /// Networks that answer by script and count their calls.
    #[derive(Default)]
    struct Script {
        faces: usize,
        presence: f32,
        fails: bool,
        detections: u32,
    }

    struct Scripted(&'static Mutex<Script>);

    impl Scripted {
        fn script(&self) -> std::sync::MutexGuard<'static, Script> {
            self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
        }
    }

    impl Networks for Scripted {
        fn detect(&self, _: &[f32]) -> Result<DetectorOutput, VisionError> {
            let mut script = self.script();
            script.detections += 1;
            let mut out = DetectorOutput { regressors: vec![0.0; ANCHOR_COUNT * REGRESSOR_LEN], scores: vec![-100.0; ANCHOR_COUNT] };
            // Faces side by side on the coarse grid, the first one largest, eyes level.
            for k in 0..script.faces {
                let index = 512 + (3 * 8 + 2 + k * 4) * 6;
                out.scores[index] = 5.0;
                let side = 40.0 - 10.0 * k as f32;
                out.regressors[index * REGRESSOR_LEN..][..8].copy_from_slice(&[0.0, 0.0, side, side, -8.0, -6.0, 8.0, -6.0]);
            }
            Ok(out)
        }

        fn landmarks(&self, _: &[f32]) -> Result<LandmarkOutput, VisionError> {
            let script = self.script();
            if script.fails {
                return Ok(LandmarkOutput { points: vec![f32::NAN; LANDMARK_COUNT * 3], presence: 9.0 });
            }
            let face = synthetic::landmarks(synthetic::geometry().vertices(), Pose { yaw: 10.0, ..Pose::default() }, 7.0, 96.0, 96.0);
            Ok(LandmarkOutput { points: face.iter().flat_map(|p| [p.x, p.y, p.z]).collect(), presence: script.presence })
        }
    }

    fn rig(script: Script) -> (Models, &'static Mutex<Script>, Frame) {
        let script: &'static Mutex<Script> = Box::leak(Box::new(Mutex::new(script)));
        let models =
            Models::new(Box::new(Scripted(script)), synthetic::geometry()).with_params(Params { redetect_every: 3, ..Params::default() });
        match Frame::from_rgb(256, 256, vec![120; 256 * 256 * 3]) {
            Ok(frame) => (models, script, frame),
            Err(error) => panic!("{error}"),
        }
    }

    fn change(script: &Mutex<Script>, with: impl FnOnce(&mut Script)) {
        with(&mut script.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    fn seen(models: &Models, frame: &Frame, state: &mut TrackState) -> Observation {
        match observe(models, frame, state) {
            Ok(observation) => observation,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn follows_without_the_detector_and_looks_around_now_and_then() {
        let (models, script, frame) = rig(Script { faces: 1, presence: 4.0, ..Script::default() });
        let mut state = TrackState::default();
        let first = seen(&models, &frame, &mut state);
        assert!(first.reacquired && first.faces_detected == Some(1), "found anew: {:?}", first.faces_detected);
        let pose = first.face.as_ref().and_then(|f| f.pose);
        assert!(pose.is_some_and(|p| (p.yaw - 10.0).abs() < 0.5), "pose through the whole pipeline: {pose:?}");
        change(script, |s| s.faces = 2);
        let counts: Vec<_> = (0..4).map(|_| seen(&models, &frame, &mut state)).map(|o| (o.faces_detected, o.reacquired)).collect();
        assert_eq!(counts, [(None, false), (None, false), (Some(2), false), (None, false)], "every third frame");
    }

    #[test]
    fn a_lost_face_is_looked_for_in_the_same_frame() {
        let (models, script, frame) = rig(Script { faces: 1, presence: 4.0, ..Script::default() });
        let mut state = TrackState::default();
        seen(&models, &frame, &mut state);
        change(script, |s| (s.faces, s.presence) = (0, -4.0));
        let lost = seen(&models, &frame, &mut state);
        assert_eq!((lost.faces_detected, lost.face.is_some(), lost.reacquired), (Some(0), false, false), "gone");
        change(script, |s| (s.faces, s.presence) = (1, 4.0));
        assert!(seen(&models, &frame, &mut state).reacquired, "back");
    }

    #[test]
    fn another_frame_size_is_another_stream() {
        let (models, _, frame) = rig(Script { faces: 1, presence: 4.0, ..Script::default() });
        let mut state = TrackState::default();
        seen(&models, &frame, &mut state);
        assert!(seen(&models, &frame.resized_to_max_side(128), &mut state).reacquired, "starts over");
    }

    #[test]
    fn an_unusable_answer_is_an_error_and_forgets_the_face() {
        let (models, script, frame) = rig(Script { faces: 1, presence: 4.0, ..Script::default() });
        let mut state = TrackState::default();
        seen(&models, &frame, &mut state);
        change(script, |s| s.fails = true);
        assert!(matches!(observe(&models, &frame, &mut state), Err(VisionError::BadOutput { role: ModelRole::Landmark })), "NaN landmarks");
        assert_eq!(state, TrackState::default(), "nothing is followed");
    }

    #[test]
    fn a_followed_face_counts_even_when_the_detector_misses_it() {
        let (models, script, frame) = rig(Script { faces: 1, presence: 4.0, ..Script::default() });
        let mut state = TrackState::default();
        seen(&models, &frame, &mut state);
        change(script, |s| s.faces = 0);
        let count = (0..3).filter_map(|_| seen(&models, &frame, &mut state).faces_detected).last();
        assert_eq!(count, Some(1), "one face in view");
    }

    #[test]
    fn a_still_picture_is_searched_thoroughly_when_empty() {
        let (models, script, frame) = rig(Script { presence: 4.0, ..Script::default() });
        let still = observe_still(&models, &frame);
        assert!(still.is_ok_and(|o| o.face.is_none() && o.faces_detected == Some(0)), "no face");
        let mut detections = 0;
        change(script, |s| detections = s.detections);
        assert_eq!(detections, 5 + 9, "plain, with four borders, then tiles of half the picture");
    }
}
