//! What the judges read of one frame, and the person's own neutral.

use crate::params::JudgeParams;
use faceid_protocol::Millis;
use faceid_vision::{EyeOpenness, Face, Observation, Point2, Point3, Pose};

/// Inner lips, MediaPipe face-mesh indices: upper middle, lower middle, the subject's right corner, left corner.
const INNER_LIPS: [usize; 4] = [13, 14, 78, 308];

/// The measures of one frame that the action judges read. Raw: never smoothed, never interpolated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Capture time.
    pub t: Millis,
    /// Head rotation in degrees; `None` = not measured.
    pub pose: Option<Pose>,
    /// Openness of each eye, 0 shut, about 1 usual.
    pub eyes: EyeOpenness,
    /// Inner-lip gap / outer eye corner distance.
    pub mouth: Option<f32>,
    /// Inner-lip gap / inner-lip width: tells an opened mouth (0.4 and more) from a smile that shows teeth (about 0.25).
    pub mouth_aspect: Option<f32>,
    /// Centre of the face in frame pixels.
    pub centre: Option<Point2>,
    /// Height of the face, px.
    pub height: Option<f32>,
}

impl Sample {
    /// Reads one observation. Without a face every measure is `None`.
    #[must_use]
    pub fn from_observation(t: Millis, observation: &Observation) -> Self {
        let Some(face) = &observation.face else {
            return Self::unmeasured(t);
        };
        let bounds = face.bounds;
        let placed = bounds.width > 0.0 && bounds.height > 0.0;
        Self {
            t,
            pose: face.pose.filter(|p| p.yaw.is_finite() && p.pitch.is_finite() && p.roll.is_finite()),
            eyes: EyeOpenness { left: finite(face.eyes.left), right: finite(face.eyes.right) },
            mouth: finite(face.mouth),
            mouth_aspect: mouth_aspect(face),
            centre: placed.then(|| Point2 { x: bounds.x + bounds.width / 2.0, y: bounds.y + bounds.height / 2.0 }),
            height: placed.then_some(bounds.height),
        }
    }

    /// A frame without a face.
    #[must_use]
    pub fn unmeasured(t: Millis) -> Self {
        Self { t, pose: None, eyes: EyeOpenness::default(), mouth: None, mouth_aspect: None, centre: None, height: None }
    }

    /// Openness of both eyes relative to the person's neutral: (mean, larger of the two). One eye alone stands for both.
    pub(crate) fn eyes_relative(&self, baseline: &Baseline) -> Option<(f32, f32)> {
        let left = self.eyes.left.zip(baseline.eyes.left).map(|(now, neutral)| now / neutral);
        let right = self.eyes.right.zip(baseline.eyes.right).map(|(now, neutral)| now / neutral);
        match (left, right) {
            (Some(l), Some(r)) => Some((f32::midpoint(l, r), l.max(r))),
            (Some(one), None) | (None, Some(one)) => Some((one, one)),
            (None, None) => None,
        }
    }
}

/// The person's neutral: what "zero" means for everything judged after it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Baseline {
    /// Neutral head rotation, degrees.
    pub pose: Pose,
    /// Openness of the open eyes; at least one is known.
    pub eyes: EyeOpenness,
    /// Gap of the closed mouth; `None` when the mouth was not seen (mouth actions cannot be judged then).
    pub mouth: Option<f32>,
}

impl Baseline {
    /// Robust neutral of a short still interval, so that a blink or a smile inside it does no harm: medians of pose and mouth,
    /// the 60th percentile of the eyes (a blink only lowers them).
    ///
    /// `None` when fewer than [`JudgeParams::BASELINE_MIN`] samples carry a pose and an eye, or the eyes read as shut throughout.
    #[must_use]
    pub fn from_samples(samples: &[Sample]) -> Option<Self> {
        Self::of(samples, 0.6)
    }

    /// [`Self::from_samples`] with another quantile for the eyes.
    pub(crate) fn of(samples: &[Sample], eye_quantile: f32) -> Option<Self> {
        let poses: Vec<Pose> = samples.iter().filter_map(|s| s.pose).collect();
        let left: Vec<f32> = samples.iter().filter_map(|s| s.eyes.left).collect();
        let right: Vec<f32> = samples.iter().filter_map(|s| s.eyes.right).collect();
        let enough = JudgeParams::BASELINE_MIN;
        if poses.len() < enough || left.len().max(right.len()) < enough {
            return None;
        }
        let pose = Pose {
            yaw: quantile(poses.iter().map(|p| p.yaw), 0.5)?,
            pitch: quantile(poses.iter().map(|p| p.pitch), 0.5)?,
            roll: quantile(poses.iter().map(|p| p.roll), 0.5)?,
        };
        let eye = |values: Vec<f32>| {
            let seen = values.len() >= enough;
            quantile(values.into_iter(), eye_quantile).filter(|&open| seen && open >= JudgeParams::EYE_FLOOR)
        };
        let eyes = EyeOpenness { left: eye(left), right: eye(right) };
        if eyes.left.is_none() && eyes.right.is_none() {
            return None;
        }
        let mouth = quantile(samples.iter().filter_map(|s| s.mouth), 0.5);
        Some(Self { pose, eyes, mouth })
    }

    /// The same neutral with its head rotation moved to that of `samples` (medians), as people settle a few degrees off after every
    /// movement. Unchanged when they lie more than `limit` degrees away or carry no pose: a held turn is no neutral.
    #[must_use]
    pub(crate) fn recentred(&self, samples: &[Sample], limit: f32) -> Self {
        let poses = || samples.iter().filter_map(|s| s.pose);
        let near = |value: Option<f32>, neutral: f32| value.filter(|v| (v - neutral).abs() <= limit).unwrap_or(neutral);
        let pose = Pose {
            yaw: near(quantile(poses().map(|p| p.yaw), 0.5), self.pose.yaw),
            pitch: near(quantile(poses().map(|p| p.pitch), 0.5), self.pose.pitch),
            roll: near(quantile(poses().map(|p| p.roll), 0.5), self.pose.roll),
        };
        Self { pose, ..*self }
    }
}

/// The `q` quantile (0..1), linear between neighbours; `None` for an empty set.
pub(crate) fn quantile(values: impl Iterator<Item = f32>, q: f32) -> Option<f32> {
    let mut sorted: Vec<f32> = values.collect();
    sorted.sort_by(f32::total_cmp);
    let place = q.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f32;
    let (low, high) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(low + (high - low) * place.fract())
}

fn finite(value: Option<f32>) -> Option<f32> {
    value.filter(|v| v.is_finite())
}

fn mouth_aspect(face: &Face) -> Option<f32> {
    let [upper, lower, right, left] = INNER_LIPS.map(|index| face.landmarks.get(index).copied());
    let width = distance(right?, left?);
    finite(Some(distance(upper?, lower?) / width))
}

fn distance(a: Point3, b: Point3) -> f32 {
    ((a.x - b.x).powi(2) + (a.y - b.y).powi(2) + (a.z - b.z).powi(2)).sqrt()
}
