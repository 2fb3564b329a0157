//! Eye and mouth openness from the landmarks.

use crate::{
    observation::{EyeOpenness, Point3, Pose},
    params::Params,
    pose::Fit,
};

/// One eye: corners, then (upper, lower) lid pairs from the outer to the inner side.
struct Eye {
    outer: usize,
    inner: usize,
    lids: [(usize, usize); 3],
}

const RIGHT: Eye = Eye { outer: 33, inner: 133, lids: [(160, 144), (159, 145), (158, 153)] };
const LEFT: Eye = Eye { outer: 263, inner: 362, lids: [(387, 373), (386, 374), (385, 380)] };

/// Inner lips, (upper, lower).
const LIPS: [(usize, usize); 3] = [(82, 87), (13, 14), (312, 317)];

/// Openness of both eyes. Needs the pose: without it nothing can be said.
pub(crate) fn eyes(landmarks: &[Point3], fit: &Fit, pose: Pose, params: &Params) -> EyeOpenness {
    let seen = |yaw_away: f32| yaw_away <= params.eye_max_yaw;
    let open = |eye: &Eye| {
        let ratio = eye_ratio(landmarks, eye, fit)?;
        Some(((ratio - params.eye_shut_ratio) / (params.eye_open_ratio - params.eye_shut_ratio)).max(0.0))
    };
    // Turning to their own left hides the left eye.
    EyeOpenness { left: seen(pose.yaw).then(|| open(&LEFT)).flatten(), right: seen(-pose.yaw).then(|| open(&RIGHT)).flatten() }
}

/// Eye aspect ratio after Soukupova & Cech (CVWW 2016): mean lid gap / corner distance. The gap is the vertical one on the face itself
/// (turned back by the pose), so a nod does not shorten it; the raw ratio in the picture does shrink. Lids that really lower, as when
/// somebody looks down, still count as lowered.
fn eye_ratio(landmarks: &[Point3], eye: &Eye, fit: &Fit) -> Option<f32> {
    let width = fit.unrotate(*landmarks.get(eye.outer)?, *landmarks.get(eye.inner)?).norm();
    let gap = mean_gap(landmarks, &eye.lids, fit)?;
    (width > 0.0).then(|| (gap / width) as f32)
}

/// Inner-lip gap / outer eye distance, both on the face itself. Not negative.
pub(crate) fn mouth(landmarks: &[Point3], fit: &Fit, pose: Pose, params: &Params) -> Option<f32> {
    if pose.yaw.abs() > params.mouth_max_yaw {
        return None;
    }
    let width = fit.unrotate(*landmarks.get(RIGHT.outer)?, *landmarks.get(LEFT.outer)?).norm();
    let gap = mean_gap(landmarks, &LIPS, fit)?;
    (width > 0.0).then(|| (gap / width).max(0.0) as f32)
}

/// Mean of upper minus lower along the face's own vertical, px.
fn mean_gap(landmarks: &[Point3], pairs: &[(usize, usize)], fit: &Fit) -> Option<f64> {
    let mut sum = 0.0;
    for &(upper, lower) in pairs {
        sum += fit.unrotate(*landmarks.get(lower)?, *landmarks.get(upper)?).y;
    }
    Some(sum / pairs.len() as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{pose, synthetic};

    /// Eyes and mouth of the synthetic face at `pose`, with all lid and lip gaps scaled.
    fn measured(pose: Pose, lids: f32, lips: f32) -> (EyeOpenness, Option<f32>) {
        let geometry = synthetic::geometry();
        let mut vertices = geometry.vertices().to_vec();
        for (pairs, share) in [(&RIGHT.lids, lids), (&LEFT.lids, lids), (&LIPS, lips)] {
            for &(upper, lower) in pairs {
                vertices[upper][1] = vertices[lower][1] + (vertices[upper][1] - vertices[lower][1]) * share;
            }
        }
        let landmarks = synthetic::landmarks(&vertices, pose, 12.0, 300.0, 200.0);
        let Some(fit) = pose::fit(&geometry, &landmarks) else { panic!("fits") };
        let (pose, params) = (fit.pose(), Params::default());
        (eyes(&landmarks, &fit, pose, &params), mouth(&landmarks, &fit, pose, &params))
    }

    proptest! {
        #[test]
        fn turning_the_head_changes_neither_eyes_nor_mouth(yaw in -30f32..30.0, pitch in -30f32..30.0, roll in -30f32..30.0, lids in 0.2f32..1.2) {
            let (still, still_mouth) = measured(Pose::default(), lids, 2.0);
            let (turned, turned_mouth) = measured(Pose { yaw, pitch, roll }, lids, 2.0);
            for (a, b) in [(still.left, turned.left), (still.right, turned.right), (still_mouth, turned_mouth)] {
                let (Some(a), Some(b)) = (a, b) else { panic!("measured") };
                prop_assert!((a - b).abs() < 0.01, "{a} against {b}");
            }
        }
    }

    #[test]
    fn shut_eyes_and_shut_mouth_read_zero() {
        let (eyes, mouth) = measured(Pose { pitch: -20.0, ..Pose::default() }, 0.0, 0.0);
        assert!(eyes.left.is_some_and(|v| v < 0.01) && eyes.right.is_some_and(|v| v < 0.01), "{eyes:?}");
        assert!(mouth.is_some_and(|v| v < 0.01), "{mouth:?}");
    }

    #[test]
    fn eyes_turned_away_are_not_measured() {
        let (eyes, mouth) = measured(Pose { yaw: 45.0, ..Pose::default() }, 1.0, 1.0);
        assert!(eyes.left.is_none() && eyes.right.is_some() && mouth.is_some(), "left turn hides the left eye: {eyes:?} {mouth:?}");
        let (eyes, mouth) = measured(Pose { yaw: -60.0, ..Pose::default() }, 1.0, 1.0);
        assert!(eyes.right.is_none() && eyes.left.is_some() && mouth.is_none(), "right turn hides the right eye: {eyes:?} {mouth:?}");
    }
}
