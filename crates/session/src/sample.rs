//! What the judges read of one frame, and the person's own neutral.

use crate::params::JudgeParams;
use faceid_protocol::Millis;
use faceid_vision::{ActionScores, EyeOpenness, Face, Observation, Point2, Point3, Pose};

/// Inner lips, middle, MediaPipe face-mesh indices.
const UPPER_LIP: usize = 13;
const LOWER_LIP: usize = 14;
/// Inner upper lip, half-way to the subject's right and left corner.
const LIP: (usize, usize) = (82, 312);

/// Quantile of the lip gap that counts as shut: lips part, and nothing takes them below shut but noise.
const SHUT_QUANTILE: f32 = 0.3;

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
    /// Inner-lip gap / width of the inner upper lip (half-way points): tells an opened mouth (1.4 to 2.9 measured) from a smile that shows
    /// teeth (0.9 to 1.0).
    pub mouth_aspect: Option<f32>,
    /// Centre of the face in frame pixels.
    pub centre: Option<Point2>,
    /// Height of the face, px.
    pub height: Option<f32>,
    /// The action network's evidence at this frame; `None` = not asked, or its window is not full.
    pub scores: Option<ActionScores>,
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
            mouth_aspect: ratio(face, (UPPER_LIP, LOWER_LIP), LIP),
            centre: placed.then(|| Point2 { x: bounds.x + bounds.width / 2.0, y: bounds.y + bounds.height / 2.0 }),
            height: placed.then_some(bounds.height),
            scores: None,
        }
    }

    /// The same sample with the action network's evidence beside it.
    #[must_use]
    pub fn with_scores(self, scores: Option<ActionScores>) -> Self {
        Self { scores, ..self }
    }

    /// A frame without a face.
    #[must_use]
    pub fn unmeasured(t: Millis) -> Self {
        Self { t, pose: None, eyes: EyeOpenness::default(), mouth: None, mouth_aspect: None, centre: None, height: None, scores: None }
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
    /// Robust neutral of a short still interval, so that a blink or a smile inside it does no harm: medians of the pose, the 60th percentile
    /// of the eyes (a blink only lowers them), the 30th of the mouth (a parted mouth only raises it).
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
        let mouth = quantile(samples.iter().filter_map(|s| s.mouth), SHUT_QUANTILE);
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

/// Distance of one pair of landmarks over that of another.
fn ratio(face: &Face, over: (usize, usize), under: (usize, usize)) -> Option<f32> {
    let length = |(a, b): (usize, usize)| Some(distance(*face.landmarks.get(a)?, *face.landmarks.get(b)?));
    finite(Some(length(over)? / length(under)?))
}

fn distance(a: Point3, b: Point3) -> f32 {
    ((a.x - b.x).powi(2) + (a.y - b.y).powi(2) + (a.z - b.z).powi(2)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceid_vision::LANDMARKS_IN_USE;

    #[test]
    fn reads_only_landmarks_that_the_page_model_places() {
        for i in [UPPER_LIP, LOWER_LIP, LIP.0, LIP.1] {
            assert!(LANDMARKS_IN_USE.contains(&i), "landmark {i}");
        }
    }

    fn sample(t: u64, pitch: f32, eye: f32) -> Sample {
        Sample {
            pose: Some(Pose { yaw: 1.0, pitch, roll: 0.0 }),
            eyes: EyeOpenness { left: Some(eye), right: None },
            mouth: Some(0.02),
            ..Sample::unmeasured(Millis(t))
        }
    }

    #[test]
    fn a_neutral_is_robust_and_absent_when_unmeasured() {
        let blink_inside: Vec<Sample> = (0..10).map(|i| sample(i, 2.0, if (3..6).contains(&i) { 0.1 } else { 0.9 })).collect();
        let neutral = Baseline::from_samples(&blink_inside);
        assert_eq!(neutral.map(|b| (b.pose.pitch, b.eyes.left, b.eyes.right, b.mouth)), Some((2.0, Some(0.9), None, Some(0.02))));
        assert_eq!(Baseline::from_samples(&blink_inside[..3]), None, "three samples are too few");
        assert_eq!(Baseline::from_samples(&[Sample::unmeasured(Millis(0)); 9]), None, "nothing measured");
        let parted = |i| Sample { mouth: Some(if i < 6 { 0.09 } else { 0.02 }), ..sample(i, 0.0, 0.9) };
        let parted: Vec<Sample> = (0..10).map(parted).collect();
        assert_eq!(Baseline::from_samples(&parted).and_then(|b| b.mouth), Some(0.02), "lips that were parted for most of it");
        let shut: Vec<Sample> = (0..9).map(|i| sample(i, 0.0, 0.05)).collect();
        assert_eq!(Baseline::from_samples(&shut), None, "shut eyes are no neutral");
    }

    #[test]
    fn recentring_follows_small_drifts_only() {
        let Some(neutral) = Baseline::from_samples(&[sample(0, 0.0, 1.0); 4]) else { panic!("a neutral") };
        assert!((neutral.recentred(&[sample(0, 5.0, 1.0), sample(1, 7.0, 1.0)], 8.0).pose.pitch - 6.0).abs() < 1e-5, "drift");
        assert!(neutral.recentred(&[sample(0, 20.0, 1.0)], 8.0).pose.pitch.abs() < 1e-5, "a held turn");
        assert_eq!(neutral.recentred(&[Sample::unmeasured(Millis(0))], 8.0), neutral, "nothing measured");
    }

    #[test]
    fn quantiles_interpolate() {
        let of = |q| quantile([3.0, 1.0, 2.0].into_iter(), q);
        assert_eq!((of(0.0), of(0.5), of(0.75), of(1.0)), (Some(1.0), Some(2.0), Some(2.5), Some(3.0)));
        assert_eq!(quantile(std::iter::empty(), 0.5), None);
    }
}
