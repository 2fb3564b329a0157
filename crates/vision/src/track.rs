//! Frame after frame: follow the face, look for it again when it is lost, count faces now and then.

use crate::{
    detect::{DetectedFace, detect_faces, iou, largest},
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
        Some(roi) => present(models, mesh_in(models, frame, &roi)?),
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
        (None, Some(faces)) => acquire(models, frame, faces)?,
        (None, None) => None,
    };
    let faces_detected = detected.map(|faces| count(&faces, mesh.as_ref(), models.params.same_face_iou));
    *state = TrackState { roi: mesh.as_ref().and_then(|m| Roi::from_landmarks(&m.points, models.params.roi_scale)), since_detection, frame_size };
    let face = mesh.and_then(|mesh| measured(models, frame, mesh));
    Ok(Observation { faces_detected, reacquired: reacquired && face.is_some(), face, frame_size })
}

/// The mesh if the network says that the crop holds a face.
fn present(models: &Models, mesh: Mesh) -> Option<Mesh> {
    (mesh.presence >= models.params.presence).then_some(mesh)
}

/// Landmarks of the largest detected face.
pub(crate) fn acquire(models: &Models, frame: &Frame, faces: &[DetectedFace]) -> Result<Option<Mesh>, VisionError> {
    let Some(face) = largest(faces) else { return Ok(None) };
    let mesh = mesh_in(models, frame, &Roi::from_detection(face, models.params.roi_scale))?;
    Ok(present(models, mesh))
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
