//! The landmark network on one region of interest, and the list of points anything reads.

use crate::{
    detect::sigmoid,
    error::{ModelRole, VisionError},
    frame::Frame,
    model::{LANDMARK_COUNT, LANDMARK_SIDE, LandmarkOutput, Models},
    observation::{Point2, Point3},
    resample::crop,
    roi::Roi,
};

/// The network's answer in frame pixels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mesh {
    /// 468 points.
    pub(crate) points: Vec<Point3>,
    /// 0..1.
    pub(crate) presence: f32,
}

/// Runs the network on `roi`.
pub(crate) fn mesh_in(models: &Models, frame: &Frame, roi: &Roi) -> Result<Mesh, VisionError> {
    // 0..255 -> 0..1
    let output = models.with_input(3 * LANDMARK_SIDE * LANDMARK_SIDE, |networks, input| {
        crop(frame, &corner_sampled(roi), LANDMARK_SIDE, 1.0 / 255.0, 0.0, input);
        networks.landmarks(input)
    });
    project(&output?, roi)
}

/// The region whose pixel centres are `roi`'s pixel corners: MediaPipe's `ImageToTensorCalculator` samples at corners, [`crop`] at centres.
/// Without this the points lie up to half a crop pixel beside the reference.
fn corner_sampled(roi: &Roi) -> Roi {
    let half = 0.5 / LANDMARK_SIDE as f32;
    let Point2 { x, y } = roi.to_frame(0.5 - half, 0.5 - half);
    Roi { centre: Point2 { x: x + 0.5, y: y + 0.5 }, ..*roi }
}

/// Crop pixels to frame pixels. z is in crop pixels like x, so it scales with the crop and does not turn with it.
fn project(output: &LandmarkOutput, roi: &Roi) -> Result<Mesh, VisionError> {
    let finite = output.presence.is_finite() && output.points.iter().all(|v| v.is_finite());
    if output.points.len() != LANDMARK_COUNT * 3 || !finite {
        return Err(VisionError::BadOutput { role: ModelRole::Landmark });
    }
    let unit = 1.0 / LANDMARK_SIDE as f32;
    let points = output
        .points
        .chunks_exact(3)
        .map(|p| {
            let at = roi.to_frame(p[0] * unit, p[1] * unit);
            Point3 { x: at.x, y: at.y, z: p[2] * unit * roi.side }
        })
        .collect();
    Ok(Mesh { points, presence: sigmoid(output.presence) })
}
