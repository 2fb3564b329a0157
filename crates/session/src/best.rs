//! The best frame: sharp, frontal, eyes open, mouth shut, well lit, whole. Tracked over the session, kept at full size by the glue.

use crate::{
    gate::outside,
    io::FrameId,
    sample::{Baseline, Sample},
};
use faceid_protocol::Millis;
use faceid_vision::{EyeOpenness, Observation, Pose};

/// The frame to compare with the ID photo.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BestFrame {
    pub(crate) id: FrameId,
    pub(crate) t: Millis,
    score: f32,
}

/// A newcomer must be this much better: every change makes the glue copy a full-size frame.
const MARGIN: f32 = 1.05;
/// What a frame is worth before the person's neutral is known: any fair frame after that replaces it.
const UNKNOWN_NEUTRAL: f32 = 0.3;
/// The neutral until then.
const AVERAGE: Baseline =
    Baseline { pose: Pose { yaw: 0.0, pitch: 0.0, roll: 0.0 }, eyes: EyeOpenness { left: Some(1.0), right: Some(1.0) }, mouth: None };

impl BestFrame {
    /// Puts the frame in `best` when it is clearly better; true when it did.
    pub(crate) fn consider(
        best: &mut Option<Self>,
        id: FrameId,
        sample: &Sample,
        observation: &Observation,
        neutral: Option<&Baseline>,
    ) -> bool {
        let worth = match neutral {
            Some(neutral) => frame_score(sample, observation, neutral),
            None => frame_score(sample, observation, &AVERAGE).map(|score| score * UNKNOWN_NEUTRAL),
        };
        let Some(score) = worth else { return false };
        let better = best.is_none_or(|b| score > b.score * MARGIN);
        if better {
            *best = Some(Self { id, t: sample.t, score });
        }
        better
    }
}

/// How fit a frame is to be compared with an ID photo, 0..1: a product, so that one bad property cannot be bought back by another. Pose and eyes
/// lose nothing within a tolerance, so that among fair frames the sharpest wins.
/// * frontal: full within 5 degrees of the neutral (yaw, pitch; half weight for roll, which alignment removes), a Gaussian of sigma 4 beyond
/// * eyes: squared share of 0.9 of the neutral openness, full above it
/// * mouth: full up to a gap of 0.08 outer eye distances, a half at 0.23
/// * light: full for a face luma of 0.35 to 0.7, falling to zero at 0 and 1; less the burnt-out share
/// * sharp: s / (s + 1000), which is close to proportional: portraits measure 150 to 1500
/// * whole: a tenth when the face reaches over an edge of the frame
/// * size: face height / shorter side up to 0.35, from where the comparison network sees all it can use
///
/// The tolerances are own choices, made on labelled clips: the chosen frame is within 10 degrees of the clip's neutral, its eyes are above 0.8 of
/// their median, and it is among the sharpest quarter. `None` without a face, pose or eyes; unmeasured light, sharpness or mouth counts half.
#[must_use]
pub fn frame_score(sample: &Sample, observation: &Observation, neutral: &Baseline) -> Option<f32> {
    let (face, pose) = (observation.face.as_ref()?, sample.pose?);
    let quality = &face.quality;
    let off = [pose.yaw - neutral.pose.yaw, pose.pitch - neutral.pose.pitch, 0.5 * (pose.roll - neutral.pose.roll)];
    let angle = off.iter().map(|d| d * d).sum::<f32>().sqrt();
    let frontal = (-(angle - 5.0).max(0.0).powi(2) / (2.0 * 4.0 * 4.0)).exp();
    let (eyes, _) = sample.eyes_relative(neutral)?;
    let eyes = (eyes / 0.9).clamp(0.01, 1.0).powi(2);
    let mouth = sample.mouth.map_or(0.5, |gap| 1.0 / (1.0 + (gap - 0.08).max(0.0) / 0.15));
    let light = quality.luma.map_or(0.5, |luma| {
        let full = (luma / 0.35).min((1.0 - luma) / 0.3).clamp(0.01, 1.0);
        full * (1.0 - quality.over_exposed.unwrap_or(0.0).clamp(0.0, 0.99))
    });
    let sharp = quality.sharpness.map_or(0.5, |s| s.max(0.1) / (s.max(0.1) + 1000.0));
    let whole = if outside(face.bounds, observation.frame_size) > 0.0 { 0.1 } else { 1.0 };
    let size = quality.face_ratio.map_or(0.5, |ratio| (ratio / 0.35).clamp(0.01, 1.0));
    Some(frontal * eyes * mouth * light * sharp * whole * size)
}
