//! Face detector: anchors, decoding and merging of boxes, as in MediaPipe's short-range face detection graph.

use crate::{
    error::{ModelRole, VisionError},
    frame::Frame,
    model::{ANCHOR_COUNT, DETECTOR_SIDE, DetectorOutput, Models, REGRESSOR_LEN},
    observation::{BoundingBox, Point2},
    resample::{Letterbox, letterbox},
};

/// One face as the detector saw it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DetectedFace {
    /// Box from forehead to chin, frame px.
    pub bounds: BoundingBox,
    /// 0..1.
    pub score: f32,
    /// Frame px, in this order (sides are the subject's): right eye, left eye, nose tip, mouth centre, right ear, left ear.
    pub keypoints: [Point2; 6],
}

/// Finds all faces, best score first.
///
/// # Errors
/// [`VisionError`] when the network fails.
pub fn detect_faces(models: &Models, frame: &Frame) -> Result<Vec<DetectedFace>, VisionError> {
    detect_with_border(models, frame, 0.0)
}

/// As [`detect_faces`] with black space around the frame, `border` as a share of its longer side: finds faces that fill or leave the frame.
pub(crate) fn detect_with_border(models: &Models, frame: &Frame, border: f32) -> Result<Vec<DetectedFace>, VisionError> {
    let fit = Letterbox::new(frame, DETECTOR_SIDE, border);
    // 0..255 -> -1..1
    let input = letterbox(frame, fit, DETECTOR_SIDE, 2.0 / 255.0, -1.0);
    let output = models.networks.detect(input)?;
    let mut faces = merge(decode(&output, models.params.detection_score)?, models.params.same_face_iou);
    for face in &mut faces {
        let corner = fit.to_frame(Point2 { x: face.bounds.x, y: face.bounds.y });
        let (width, height) = (fit.length_to_frame(face.bounds.width), fit.length_to_frame(face.bounds.height));
        face.bounds = BoundingBox { x: corner.x, y: corner.y, width, height };
        face.keypoints = face.keypoints.map(|p| fit.to_frame(p));
    }
    Ok(faces)
}

/// The face with the largest box.
pub(crate) fn largest(faces: &[DetectedFace]) -> Option<&DetectedFace> {
    faces.iter().max_by(|a, b| area(a.bounds).total_cmp(&area(b.bounds)))
}

/// Centre of anchor `index`, input px: two per cell of a 16 x 16 grid (stride 8), then six per cell of an 8 x 8 grid (stride 16).
fn anchor(index: usize) -> Point2 {
    let (cell, cells, stride) = if index < 512 { (index / 2, 16, 8.0) } else { ((index - 512) / 6, 8, 16.0) };
    Point2 { x: ((cell % cells) as f32 + 0.5) * stride, y: ((cell / cells) as f32 + 0.5) * stride }
}

/// Boxes above `min_score`, in input px. Logits are clipped to +-100 before the sigmoid (MediaPipe's score_clipping_thresh).
fn decode(output: &DetectorOutput, min_score: f32) -> Result<Vec<DetectedFace>, VisionError> {
    let bad = VisionError::BadOutput { role: ModelRole::Detector };
    if output.scores.len() != ANCHOR_COUNT || output.regressors.len() != ANCHOR_COUNT * REGRESSOR_LEN {
        return Err(bad);
    }
    let mut faces = Vec::new();
    for (index, (&logit, raw)) in output.scores.iter().zip(output.regressors.chunks_exact(REGRESSOR_LEN)).enumerate() {
        if logit.is_nan() {
            return Err(bad);
        }
        let score = sigmoid(logit);
        if score < min_score {
            continue;
        }
        if !raw.iter().all(|v| v.is_finite()) {
            return Err(bad);
        }
        let anchor = anchor(index);
        let point = |k: usize| Point2 { x: raw[k] + anchor.x, y: raw[k + 1] + anchor.y };
        let (centre, width, height) = (point(0), raw[2], raw[3]);
        // Negative sizes are not boxes; MediaPipe drops them too.
        if width > 0.0 && height > 0.0 {
            let bounds = BoundingBox { x: centre.x - width / 2.0, y: centre.y - height / 2.0, width, height };
            faces.push(DetectedFace { bounds, score, keypoints: [4, 6, 8, 10, 12, 14].map(point) });
        }
    }
    Ok(faces)
}

/// Logistic function with the logit clipped to +-100.
pub(crate) fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit.clamp(-100.0, 100.0)).exp())
}

/// Weighted non-maximum suppression (BlazeFace, arXiv 1907.05047): boxes overlapping the best one by more than `same_iou` are averaged
/// into it with their scores as weights, which steadies the box from frame to frame; the best score is kept.
fn merge(mut faces: Vec<DetectedFace>, same_iou: f32) -> Vec<DetectedFace> {
    // Stable sort: equal scores keep anchor order.
    faces.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut merged = Vec::new();
    while let Some(&best) = faces.first() {
        let (same, rest): (Vec<_>, Vec<_>) = faces.into_iter().partition(|face| *face == best || iou(face.bounds, best.bounds) > same_iou);
        let total: f32 = same.iter().map(|face| face.score).sum();
        let mean = |of: &dyn Fn(&DetectedFace) -> f32| same.iter().map(|face| of(face) * face.score).sum::<f32>() / total;
        let bounds = BoundingBox {
            x: mean(&|f| f.bounds.x),
            y: mean(&|f| f.bounds.y),
            width: mean(&|f| f.bounds.width),
            height: mean(&|f| f.bounds.height),
        };
        let keypoints = core::array::from_fn(|k| Point2 { x: mean(&|f| f.keypoints[k].x), y: mean(&|f| f.keypoints[k].y) });
        merged.push(DetectedFace { bounds, score: best.score, keypoints });
        faces = rest;
    }
    merged
}

/// Intersection over union, 0..1; zero when either box is empty.
pub(crate) fn iou(a: BoundingBox, b: BoundingBox) -> f32 {
    let width = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
    let height = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
    let both = width.max(0.0) * height.max(0.0);
    let union = area(a) + area(b) - both;
    if union > 0.0 { both / union } else { 0.0 }
}

fn area(bounds: BoundingBox) -> f32 {
    bounds.width.max(0.0) * bounds.height.max(0.0)
}
