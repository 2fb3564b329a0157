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

/// Eye aspect ratio after Soukupova & Cech (CVWW 2016): mean lid gap / corner distance, on points turned back by the pose.
fn eye_ratio(landmarks: &[Point3], eye: &Eye, fit: &Fit) -> Option<f32> {
    let at = |i: usize| landmarks.get(i).copied();
    let width = fit.unrotate(at(eye.outer)?, at(eye.inner)?).norm();
    let mut gap = 0.0;
    for (upper, lower) in eye.lids {
        gap += fit.unrotate(at(lower)?, at(upper)?).norm();
    }
    (width > 0.0).then(|| (gap / eye.lids.len() as f64 / width) as f32)
}

/// Inner-lip gap / outer eye distance.
pub(crate) fn mouth(landmarks: &[Point3], fit: &Fit, pose: Pose, params: &Params) -> Option<f32> {
    if pose.yaw.abs() > params.mouth_max_yaw {
        return None;
    }
    let at = |i: usize| landmarks.get(i).copied();
    let width = fit.unrotate(at(RIGHT.outer)?, at(LEFT.outer)?).norm();
    let mut gap = 0.0;
    for (upper, lower) in LIPS {
        gap += fit.unrotate(at(lower)?, at(upper)?).norm();
    }
    (width > 0.0).then(|| (gap / LIPS.len() as f64 / width) as f32)
}
