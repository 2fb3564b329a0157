//! Face detector: anchors, decoding and merging of boxes, as in MediaPipe's short-range face detection graph.

use crate::{
    error::{ModelRole, VisionError},
    frame::Frame,
    math,
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
    Ok(merge(detect_at(models, frame, fit)?, models.params.same_face_iou))
}

/// Looks at overlapping squares of a third of the frame's longer side: finds faces too small for [`detect_faces`], whose input shows a face
/// of a tenth of the frame with 13 px. At most 25 runs of the detector.
pub(crate) fn detect_in_tiles(models: &Models, frame: &Frame) -> Result<Vec<DetectedFace>, VisionError> {
    let side = DETECTOR_SIDE as u32;
    let small = frame.resized_to_max_side(3 * side);
    let mut faces = Vec::new();
    // Half a tile per step, so that every face under half a tile lies whole in one of them.
    let steps = |length: u32| (0..length.saturating_sub(side).div_ceil(side / 2) + 1).map(move |k| k * side / 2);
    for y in steps(small.height()) {
        for x in steps(small.width()) {
            faces.extend(detect_at(models, &small, Letterbox::piece(x, y))?);
        }
    }
    let (up_x, up_y) = (frame.width() as f32 / small.width() as f32, frame.height() as f32 / small.height() as f32);
    let scaled = |p: Point2| Point2 { x: p.x * up_x, y: p.y * up_y };
    for face in &mut faces {
        let b = face.bounds;
        face.bounds = BoundingBox { x: b.x * up_x, y: b.y * up_y, width: b.width * up_x, height: b.height * up_y };
        face.keypoints = face.keypoints.map(scaled);
    }
    // A face cut by a tile's edge overlaps its whole self too little to be merged: the better one of two nested boxes stays.
    let mut apart: Vec<DetectedFace> = Vec::new();
    for face in merge(faces, models.params.same_face_iou) {
        if !apart.iter().any(|kept| holds_centre(kept.bounds, face.bounds) || holds_centre(face.bounds, kept.bounds)) {
            apart.push(face);
        }
    }
    Ok(apart)
}

/// Does `outer` hold the centre of `inner`?
fn holds_centre(outer: BoundingBox, inner: BoundingBox) -> bool {
    let (dx, dy) = (inner.x + inner.width / 2.0 - outer.x, inner.y + inner.height / 2.0 - outer.y);
    dx >= 0.0 && dy >= 0.0 && dx <= outer.width && dy <= outer.height
}

/// All boxes of one run, in frame pixels, not merged.
fn detect_at(models: &Models, frame: &Frame, fit: Letterbox) -> Result<Vec<DetectedFace>, VisionError> {
    // 0..255 -> -1..1
    let output = models.with_input(3 * DETECTOR_SIDE * DETECTOR_SIDE, |networks, input| {
        letterbox(frame, fit, DETECTOR_SIDE, 2.0 / 255.0, -1.0, input);
        networks.detect(input)
    });
    let mut faces = decode(&output?, models.params.detection_score)?;
    for face in &mut faces {
        let corner = fit.to_frame(Point2 { x: face.bounds.x, y: face.bounds.y });
        let (width, height) = (fit.length_to_frame(face.bounds.width), fit.length_to_frame(face.bounds.height));
        face.bounds = BoundingBox { x: corner.x, y: corner.y, width, height };
        face.keypoints = face.keypoints.map(|p| fit.to_frame(p));
    }
    Ok(faces)
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
    1.0 / (1.0 + math::exp(-logit.clamp(-100.0, 100.0)))
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

/// Square pixels; a negative side counts as zero.
pub(crate) fn area(bounds: BoundingBox) -> f32 {
    bounds.width.max(0.0) * bounds.height.max(0.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn face(x: f32, y: f32, side: f32, score: f32) -> DetectedFace {
        let bounds = BoundingBox { x, y, width: side, height: side };
        DetectedFace { bounds, score, keypoints: [Point2 { x: x + side / 2.0, y: y + side / 2.0 }; 6] }
    }

    /// All boxes silent except `(index, logit, raw)`.
    fn output(speaking: &[(usize, f32, [f32; 16])]) -> DetectorOutput {
        let mut out = DetectorOutput { regressors: vec![0.0; ANCHOR_COUNT * REGRESSOR_LEN], scores: vec![-200.0; ANCHOR_COUNT] };
        for &(index, logit, raw) in speaking {
            out.scores[index] = logit;
            out.regressors[index * REGRESSOR_LEN..(index + 1) * REGRESSOR_LEN].copy_from_slice(&raw);
        }
        out
    }

    #[test]
    fn anchors_cover_both_grids_row_by_row() {
        let at = |i| (anchor(i).x, anchor(i).y);
        assert_eq!(
            [at(0), at(1), at(2), at(32), at(511)],
            [(4.0, 4.0), (4.0, 4.0), (12.0, 4.0), (4.0, 12.0), (124.0, 124.0)],
            "16 x 16 x 2"
        );
        assert_eq!([at(512), at(517), at(518), at(895)], [(8.0, 8.0), (8.0, 8.0), (24.0, 8.0), (120.0, 120.0)], "8 x 8 x 6");
    }

    #[test]
    fn boxes_decode_relative_to_their_anchor() {
        let raw = [10.0, -4.0, 20.0, 30.0, -5.0, 1.0, 5.0, 1.0, 0.0, 6.0, 0.0, 9.0, -8.0, 2.0, 8.0, 2.0];
        let faces = decode(&output(&[(2, 2.0, raw), (3, -1.0, raw)]), 0.5);
        let Ok([face]) = faces.as_deref() else { panic!("one box: {faces:?}") };
        assert_eq!(face.bounds, BoundingBox { x: 12.0, y: -15.0, width: 20.0, height: 30.0 }, "centre 22, 0");
        assert_eq!(face.keypoints[1], Point2 { x: 17.0, y: 5.0 }, "left eye");
        assert!((face.score - 0.880_797).abs() < 1e-5, "sigmoid of 2");
    }

    #[test]
    fn unusable_answers_are_errors() {
        let bad = |change: &dyn Fn(&mut DetectorOutput)| {
            let mut out = output(&[(5, 3.0, [1.0; 16])]);
            change(&mut out);
            matches!(decode(&out, 0.5), Err(VisionError::BadOutput { role: ModelRole::Detector }))
        };
        assert!(!bad(&|_| ()), "sound");
        assert!(bad(&|o| o.scores[7] = f32::NAN), "NaN score");
        assert!(bad(&|o| o.regressors[5 * 16 + 3] = f32::INFINITY), "infinite box");
        assert!(bad(&|o| o.scores.truncate(895)), "short");
    }

    #[test]
    fn overlapping_boxes_average_by_score_and_apart_ones_stay() {
        let merged = merge(vec![face(0.0, 0.0, 100.0, 0.6), face(10.0, 0.0, 100.0, 0.9), face(300.0, 0.0, 50.0, 0.7)], 0.3);
        assert_eq!(merged.len(), 2, "two faces");
        assert!((merged[0].bounds.x - 6.0).abs() < 1e-4 && merged[0].score == 0.9, "weighted by 0.9 and 0.6: {:?}", merged[0]);
        assert_eq!(merged[1].bounds, face(300.0, 0.0, 50.0, 0.7).bounds, "alone");
    }

    proptest! {
        #[test]
        fn merging_ends_and_never_invents_boxes(boxes in prop::collection::vec((-50f32..150.0, -50f32..150.0, 0.1f32..120.0, 0.5f32..1.0), 0..40)) {
            let faces: Vec<_> = boxes.iter().map(|&(x, y, side, score)| face(x, y, side, score)).collect();
            let merged = merge(faces.clone(), 0.3);
            prop_assert!(merged.len() <= faces.len() && merged.is_empty() == faces.is_empty());
            prop_assert!(merged.windows(2).all(|pair| pair[0].score >= pair[1].score), "best first");
            for m in &merged {
                prop_assert!(faces.iter().any(|f| f.bounds.width <= m.bounds.width + 1e-3) && faces.iter().any(|f| f.bounds.width >= m.bounds.width - 1e-3));
            }
        }

        #[test]
        fn overlap_is_symmetric_and_bounded(a in (-50f32..50.0, -50f32..50.0, 0f32..80.0), b in (-50f32..50.0, -50f32..50.0, 0f32..80.0)) {
            let (a, b) = (face(a.0, a.1, a.2, 1.0).bounds, face(b.0, b.1, b.2, 1.0).bounds);
            let (ab, ba) = (iou(a, b), iou(b, a));
            prop_assert!((ab - ba).abs() < 1e-5 && (0.0..=1.0001).contains(&ab));
        }
    }
}
