//! Head pose: the canonical face fitted to the landmarks.
//!
//! Weighted similarity fit (scale, rotation, translation) of three-dimensional points in closed form: Umeyama, "Least-squares estimation of
//! transformation parameters between two point patterns", PAMI 13(4), 1991.
//!
//! Weak perspective: yaw and pitch are relative to the line of sight through the face, not to the camera's axis. A head that moves sideways
//! without turning therefore seems to turn outwards, by `atan(offset / focal length)`: own measurement on a 400 px wide clip, 0.2 degrees per
//! px, 17.6 degrees over a movement of 80 px, which a focal length of 0.75 frame widths would explain down to 3.8 degrees. The camera's focal
//! length and the crop of a photograph are unknown here, so nothing is corrected; whoever judges movements must allow for the travel.
//!
//! Rotation convention: `R = Rz(-roll) * Ry(yaw) * Rx(-pitch)` on canonical axes (x right in the picture, y up, z towards the camera).
//! Roll is outermost: a tilted head that nods still nods in `pitch`.

use nalgebra::{Matrix3, Vector3};

use crate::{
    geometry::Geometry,
    observation::{Point3, Pose},
};

/// Points that neither lids, brows, lips nor jaw move, with their weights. Eye corners and nose carry the fit because the network places them
/// best; forehead, temples and cheekbones add leverage but lie under hair.
pub const RIGID: [(usize, f64); 28] = [
    // eye corners
    (33, 1.0),
    (133, 1.0),
    (362, 1.0),
    (263, 1.0),
    // nose bridge and tip
    (168, 1.0),
    (6, 1.0),
    (197, 1.0),
    (195, 1.0),
    (5, 1.0),
    (4, 1.0),
    (1, 1.0),
    // nose base
    (2, 0.5),
    (129, 0.5),
    (358, 0.5),
    // forehead
    (9, 0.5),
    (151, 0.5),
    (10, 0.25),
    (67, 0.25),
    (297, 0.25),
    // temples
    (54, 0.25),
    (284, 0.25),
    (127, 0.25),
    (356, 0.25),
    // cheekbones
    (117, 0.5),
    (346, 0.5),
    (143, 0.5),
    (372, 0.5),
    (8, 1.0),
];

/// The canonical face laid onto the landmarks: `landmark = scale * rotation * vertex + translation`, landmarks taken with y and z flipped
/// to the canonical axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Canonical axes to picture axes.
    pub(crate) rotation: Matrix3<f64>,
    /// px per cm.
    pub(crate) scale: f64,
    /// Root-mean-square distance of the fitted points / outer eye distance of the posed face.
    pub(crate) residual: f64,
}

/// Fits `geometry` to 468 landmarks. `None` when they are degenerate (all in one place, too few).
#[must_use]
pub fn fit(geometry: &Geometry, landmarks: &[Point3]) -> Option<Fit> {
    let mut pairs = Vec::with_capacity(RIGID.len());
    let (mut total, mut from, mut to) = (0.0, Vector3::zeros(), Vector3::zeros());
    for &(index, weight) in &RIGID {
        let p = landmarks.get(index)?;
        let vertex = Vector3::from(geometry.vertex(index).map(f64::from));
        let point = Vector3::new(f64::from(p.x), -f64::from(p.y), -f64::from(p.z));
        total += weight;
        from += vertex * weight;
        to += point * weight;
        pairs.push((vertex, point, weight));
    }
    (from, to) = (from / total, to / total);
    let mut covariance = Matrix3::zeros();
    let mut spread = 0.0;
    for (v, p, weight) in &pairs {
        covariance += (p - to) * (v - from).transpose() * *weight;
        spread += (v - from).norm_squared() * weight;
    }
    let svd = covariance.svd(true, true);
    let (u, v_t) = (svd.u?, svd.v_t?);
    // A reflection would fit a mirrored face: forbid it by flipping the weakest axis.
    let sign = (u.determinant() * v_t.determinant()).signum();
    let flip = Matrix3::from_diagonal(&Vector3::new(1.0, 1.0, sign));
    let rotation = u * flip * v_t;
    let scale = (svd.singular_values[0] + svd.singular_values[1] + sign * svd.singular_values[2]) / spread;
    if !(scale.is_finite() && scale > 0.0) {
        return None;
    }
    let error: f64 = pairs.iter().map(|(v, p, weight)| ((p - to) - rotation * (v - from) * scale).norm_squared() * weight).sum();
    let eyes = (Vector3::from(geometry.vertex(263)) - Vector3::from(geometry.vertex(33))).norm();
    let residual = (error / total).sqrt() / (scale * f64::from(eyes));
    Some(Fit { rotation, scale, residual })
}

impl Fit {
    /// The angles of the rotation; yaw within +-90.
    #[must_use]
    pub fn pose(&self) -> Pose {
        let r = &self.rotation;
        let degrees = |radians: f64| radians.to_degrees() as f32;
        Pose {
            yaw: degrees((-r[(2, 0)]).clamp(-1.0, 1.0).asin()),
            pitch: degrees(-r[(2, 1)].atan2(r[(2, 2)])),
            roll: degrees(-r[(1, 0)].atan2(r[(0, 0)])),
        }
    }

    /// How badly the face fits: root-mean-square distance / outer eye distance.
    #[must_use]
    pub fn residual(&self) -> f32 {
        self.residual as f32
    }

    /// Landmark offset `to - from` turned back to canonical axes, px: x to the subject's left, y up, z out of the face.
    pub(crate) fn unrotate(&self, from: Point3, to: Point3) -> Vector3<f64> {
        let offset = Vector3::new(f64::from(to.x - from.x), -f64::from(to.y - from.y), -f64::from(to.z - from.z));
        self.rotation.transpose() * offset
    }
}

impl Pose {
    /// Rotation matrix of this pose, rows of a matrix that maps canonical axes (x right in the picture, y up, z towards the camera).
    #[must_use]
    pub fn rotation(&self) -> [[f32; 3]; 3] {
        let (sy, cy) = f64::from(self.yaw).to_radians().sin_cos();
        let (sp, cp) = f64::from(-self.pitch).to_radians().sin_cos();
        let (sr, cr) = f64::from(-self.roll).to_radians().sin_cos();
        let roll = Matrix3::new(cr, -sr, 0.0, sr, cr, 0.0, 0.0, 0.0, 1.0);
        let yaw = Matrix3::new(cy, 0.0, sy, 0.0, 1.0, 0.0, -sy, 0.0, cy);
        let pitch = Matrix3::new(1.0, 0.0, 0.0, 0.0, cp, -sp, 0.0, sp, cp);
        let r = roll * yaw * pitch;
        core::array::from_fn(|i| core::array::from_fn(|j| r[(i, j)] as f32))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::synthetic;

    fn recovered(pose: Pose, scale: f32) -> Pose {
        let geometry = synthetic::geometry();
        match fit(&geometry, &synthetic::landmarks(geometry.vertices(), pose, scale, 320.0, 240.0)) {
            Some(fit) => fit.pose(),
            None => panic!("a face fits"),
        }
    }

    proptest! {
        #[test]
        fn pose_comes_back_within_a_degree(yaw in -40f32..40.0, pitch in -30f32..30.0, roll in -30f32..30.0, scale in 2f32..60.0) {
            let got = recovered(Pose { yaw, pitch, roll }, scale);
            prop_assert!((got.yaw - yaw).abs() < 1.0 && (got.pitch - pitch).abs() < 1.0 && (got.roll - roll).abs() < 1.0, "{got:?}");
        }
    }

    #[test]
    fn signs_are_as_documented() {
        let geometry = synthetic::geometry();
        let nose_to_eyes = |pose: Pose| {
            let l = synthetic::landmarks(geometry.vertices(), pose, 10.0, 0.0, 0.0);
            (l[4].x - (l[33].x + l[263].x) / 2.0, l[4].y - (l[33].y + l[263].y) / 2.0, l[263].y - l[33].y)
        };
        let (_, straight_down, _) = nose_to_eyes(Pose::default());
        assert!(nose_to_eyes(Pose { yaw: 20.0, ..Pose::default() }).0 > 0.0, "own left = right in the picture");
        assert!(nose_to_eyes(Pose { pitch: 20.0, ..Pose::default() }).1 < straight_down, "chin up lifts the nose");
        assert!(nose_to_eyes(Pose { roll: 20.0, ..Pose::default() }).2 > 0.0, "clockwise lowers the eye at the right in the picture");
    }

    #[test]
    fn mouth_lids_and_brows_do_not_move_the_pose() {
        let geometry = synthetic::geometry();
        let pose = Pose { yaw: 12.0, pitch: -8.0, roll: 5.0 };
        let mut landmarks = synthetic::landmarks(geometry.vertices(), pose, 20.0, 320.0, 240.0);
        for index in [13, 14, 82, 87, 312, 317, 61, 291, 152, 159, 145, 386, 374, 105, 334] {
            landmarks[index].y += 40.0;
        }
        let Some(fit) = fit(&geometry, &landmarks) else { panic!("fits") };
        assert!((fit.pose().pitch + 8.0).abs() < 0.01 && fit.residual() < 1e-4, "{:?}", fit.pose());
    }

    #[test]
    fn what_is_no_face_fits_badly_or_not_at_all() {
        let geometry = synthetic::geometry();
        assert_eq!(fit(&geometry, &[Point3::default(); 468]), None, "one spot");
        assert_eq!(fit(&geometry, &[]), None, "nothing");
        let scattered: Vec<Point3> =
            (0..468u32).map(|i| Point3 { x: (i * 7919 % 200) as f32, y: (i * 104_729 % 200) as f32, z: (i * 1301 % 200) as f32 }).collect();
        let residual = fit(&geometry, &scattered).map(|f| f.residual());
        assert!(residual.is_none_or(|r| r > crate::Params::default().pose_residual), "scattered points: {residual:?}");
    }
}
