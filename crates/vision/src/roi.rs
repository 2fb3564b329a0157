//! The square, rotated part of a frame that the landmark network sees.

use crate::{
    detect::DetectedFace,
    math,
    observation::{BoundingBox, Point2, Point3},
};

/// A square in the frame, turned so that the eyes are level inside it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Roi {
    /// Centre, frame px.
    pub centre: Point2,
    /// Side, px.
    pub side: f32,
    /// Radians, clockwise in the picture: direction of the eye line (subject's right to left eye) against the x axis.
    pub rotation: f32,
}

impl Roi {
    /// From a detection: MediaPipe's rule (box centre, longer side times `scale`, rotation from the two eyes).
    #[must_use]
    pub fn from_detection(face: &DetectedFace, scale: f32) -> Self {
        let [right_eye, left_eye, ..] = face.keypoints;
        Self::around(face.bounds, right_eye, left_eye, scale)
    }

    /// From the landmarks of the frame before: box of all points, rotation from the outer eye corners. `None` for a degenerate set.
    #[must_use]
    pub fn from_landmarks(landmarks: &[Point3], scale: f32) -> Option<Self> {
        let bounds = bounds_of(landmarks)?;
        let (right, left) = (landmarks.get(33)?, landmarks.get(263)?);
        let roi = Self::around(bounds, Point2 { x: right.x, y: right.y }, Point2 { x: left.x, y: left.y }, scale);
        (roi.side.is_finite() && roi.side >= 1.0).then_some(roi)
    }

    fn around(bounds: BoundingBox, right_eye: Point2, left_eye: Point2, scale: f32) -> Self {
        let centre = Point2 { x: bounds.x + bounds.width / 2.0, y: bounds.y + bounds.height / 2.0 };
        let rotation = math::atan2(left_eye.y - right_eye.y, left_eye.x - right_eye.x);
        Self { centre, side: bounds.width.max(bounds.height) * scale, rotation }
    }

    /// A position in the crop (0..1 rightwards and down) to frame pixels.
    #[must_use]
    pub fn to_frame(&self, u: f32, v: f32) -> Point2 {
        let (sin, cos) = math::sin_cos(self.rotation);
        let (x, y) = ((u - 0.5) * self.side, (v - 0.5) * self.side);
        Point2 { x: self.centre.x + x * cos - y * sin, y: self.centre.y + x * sin + y * cos }
    }

    /// A frame position to the crop (0..1 inside); the inverse of [`Roi::to_frame`].
    #[must_use]
    pub fn from_frame(&self, point: Point2) -> (f32, f32) {
        let (sin, cos) = math::sin_cos(self.rotation);
        let (x, y) = (point.x - self.centre.x, point.y - self.centre.y);
        ((x * cos + y * sin) / self.side + 0.5, (y * cos - x * sin) / self.side + 0.5)
    }
}

/// Smallest box around the points; `None` without points or when a coordinate is not finite.
pub(crate) fn bounds_of(points: &[Point3]) -> Option<BoundingBox> {
    let first = points.first()?;
    let (mut x0, mut y0, mut x1, mut y1) = (first.x, first.y, first.x, first.y);
    for p in points {
        if !(p.x.is_finite() && p.y.is_finite() && p.z.is_finite()) {
            return None;
        }
        (x0, y0, x1, y1) = (x0.min(p.x), y0.min(p.y), x1.max(p.x), y1.max(p.y));
    }
    Some(BoundingBox { x: x0, y: y0, width: x1 - x0, height: y1 - y0 })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{observation::Pose, synthetic};

    proptest! {
        #[test]
        fn crop_positions_come_back(x in -500f32..500.0, y in -500f32..500.0, side in 1f32..2000.0, rotation in -3.2f32..3.2, u in 0f32..1.0, v in 0f32..1.0) {
            let roi = Roi { centre: Point2 { x, y }, side, rotation };
            let (back_u, back_v) = roi.from_frame(roi.to_frame(u, v));
            // One part in 2^24 of the position, seen in units of the side.
            let tolerance = 1e-5 + 3e-7 * (x.abs() + y.abs() + side) / side;
            prop_assert!((back_u - u).abs() < tolerance && (back_v - v).abs() < tolerance, "{back_u} {back_v}");
        }

        #[test]
        fn landmarks_of_a_tilted_face_give_an_upright_crop(roll in -60f32..60.0) {
            let landmarks = synthetic::landmarks(synthetic::geometry().vertices(), Pose { roll, ..Pose::default() }, 10.0, 200.0, 200.0);
            let Some(roi) = Roi::from_landmarks(&landmarks, 1.5) else { panic!("a face has a region") };
            prop_assert!((roi.rotation.to_degrees() - roll).abs() < 0.01, "clockwise tilt is clockwise rotation");
            let eyes = [33, 263].map(|i| roi.from_frame(Point2 { x: landmarks[i].x, y: landmarks[i].y }));
            prop_assert!((eyes[0].1 - eyes[1].1).abs() < 1e-3 && eyes[0].0 < eyes[1].0, "level, right eye on the left: {eyes:?}");
        }
    }

    #[test]
    fn degenerate_landmarks_have_no_region() {
        assert_eq!(Roi::from_landmarks(&[], 1.5), None, "none");
        assert_eq!(Roi::from_landmarks(&[Point3::default(); 468], 1.5), None, "one spot");
        let mut broken = vec![Point3 { x: 1.0, y: 2.0, z: 0.0 }; 468];
        broken[7].x = f32::NAN;
        assert_eq!(Roi::from_landmarks(&broken, 1.5), None, "NaN");
    }
}
