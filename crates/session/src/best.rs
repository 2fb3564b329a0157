//! The best frame: sharp, frontal, eyes open, mouth shut, well lit. Tracked over the whole session, kept at full size by the glue.

use crate::{io::FrameId, sample::Sample};
use faceid_protocol::Millis;
use faceid_vision::{Observation, Quality};

/// The frame to compare with the ID photo.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BestFrame {
    pub(crate) id: FrameId,
    pub(crate) t: Millis,
    score: f32,
}

/// A newcomer must be this much better: every change makes the glue copy a full-size frame.
const MARGIN: f32 = 1.05;

impl BestFrame {
    /// Puts the frame in `best` when it is clearly better; true when it did.
    pub(crate) fn consider(best: &mut Option<Self>, id: FrameId, sample: &Sample, observation: &Observation) -> bool {
        let Some(score) = observation.face.as_ref().and_then(|face| score(sample, &face.quality)) else {
            return false;
        };
        let better = best.is_none_or(|b| score > b.score * MARGIN);
        if better {
            *best = Some(Self { id, t: sample.t, score });
        }
        better
    }
}

/// Product of factors 0..1, so that one bad property cannot be bought back by another:
/// * frontal: Gaussian of the angle to the camera, sigma 10 degrees (yaw, pitch; half weight for roll, which alignment removes)
/// * eyes: mean openness up to 0.9
/// * mouth: falls with the gap, 0.5 at a gap of 0.15 outer eye distances
/// * light: triangular in the face's luma, full from 0.35 to 0.7, less the burnt-out share
/// * sharp: s / (s + 60) of the Laplacian variance: doubling a soft picture's sharpness counts, doubling a crisp one's hardly
/// * size: face height / shorter side up to 0.5
///
/// `None` without pose or eyes. Unmeasured light or sharpness counts half.
fn score(sample: &Sample, quality: &Quality) -> Option<f32> {
    let pose = sample.pose?;
    let angle2 = pose.yaw.powi(2) + pose.pitch.powi(2) + 0.25 * pose.roll.powi(2);
    let frontal = (-angle2 / (2.0 * 10.0 * 10.0)).exp();
    let eyes = match (sample.eyes.left, sample.eyes.right) {
        (Some(l), Some(r)) => f32::midpoint(l, r),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => return None,
    };
    let eyes = (eyes / 0.9).clamp(0.01, 1.0);
    let mouth = sample.mouth.map_or(0.5, |gap| 1.0 / (1.0 + gap.max(0.0) / 0.15));
    let light = quality.luma.map_or(0.5, |luma| {
        let full = (luma / 0.35).min((1.0 - luma) / 0.3).clamp(0.01, 1.0);
        full * (1.0 - quality.over_exposed.unwrap_or(0.0).clamp(0.0, 0.99))
    });
    let sharp = quality.sharpness.map_or(0.5, |s| s.max(0.1) / (s.max(0.1) + 60.0));
    let size = quality.face_ratio.map_or(0.5, |ratio| (ratio / 0.5).clamp(0.01, 1.0));
    Some(frontal * eyes * mouth * light * sharp * size)
}
