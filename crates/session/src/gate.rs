//! Is the face where and how it should be? One answer, the most useful first.

use crate::{io::Guidance, params::GateParams, sample::Sample};
use faceid_protocol::Millis;
use faceid_vision::{BoundingBox, Face, Observation, Quality};

/// How strict to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Before the neutral is measured: placed, lit, frontal, eyes open, mouth shut.
    Align,
    /// While the neutral is measured: a blink or a smile in between is no reason to start again.
    Neutral,
    /// While acting: only what spoils every action.
    Act,
}

/// What a person aligning the face would be told about this one picture; `None` = all is well. The session's own gate, for whoever measures it.
#[must_use]
pub fn alignment_hint(observation: &Observation, p: &GateParams) -> Option<Guidance> {
    let sample = Sample::from_observation(Millis(0), observation);
    gate(observation, &sample, observation.faces_detected.is_some_and(|count| count > 1), Strictness::Align, p)
}

/// The first thing that is wrong; `None` = all is well. What was not measured is held against the person only where the session needs it.
pub(crate) fn gate(observation: &Observation, sample: &Sample, several: bool, strictness: Strictness, p: &GateParams) -> Option<Guidance> {
    let Some(face) = &observation.face else {
        return Some(Guidance::NoFace);
    };
    if several {
        return Some(Guidance::SeveralFaces);
    }
    placed(face, observation.frame_size, p).or_else(|| match strictness {
        // Eyes are not asked for here: whoever blinks on purpose hides them.
        Strictness::Act => lit(&face.quality, p).or_else(|| frontal(sample, p).is_none().then(|| covered(&face.quality, p)).flatten()),
        Strictness::Neutral => lit(&face.quality, p).or_else(|| frontal(sample, p)),
        Strictness::Align => lit(&face.quality, p).or_else(|| frontal(sample, p)).or_else(|| features(&face.quality, sample, p)),
    })
}

fn placed(face: &Face, frame_size: [u32; 2], p: &GateParams) -> Option<Guidance> {
    let ratio = face.quality.face_ratio;
    if ratio.is_some_and(|r| r < p.face_min) {
        return Some(Guidance::TooFar);
    }
    if ratio.is_some_and(|r| r > p.face_max) {
        return Some(Guidance::TooClose);
    }
    let off_centre = face.quality.centre_offset.is_some_and(|o| o > p.offset_max);
    (off_centre || outside(face.bounds, frame_size) > p.outside_max).then_some(Guidance::OffCentre)
}

/// How far the face reaches over the worst of the frame's edges, as a share of its own size. The landmark network guesses what lies there.
pub(crate) fn outside(bounds: BoundingBox, [width, height]: [u32; 2]) -> f32 {
    let over = |from: f32, length: f32, frame: u32| (-from).max(from + length - frame as f32) / length.max(1.0);
    over(bounds.x, bounds.width, width).max(over(bounds.y, bounds.height, height))
}

fn lit(quality: &Quality, p: &GateParams) -> Option<Guidance> {
    let darker_than = |limit: f32| quality.luma.is_some_and(|l| l < limit);
    if darker_than(p.back_lit_luma) && quality.back_light.is_some_and(|b| b > p.back_light_max) {
        return Some(Guidance::BackLit);
    }
    if darker_than(p.luma_min) {
        return Some(Guidance::TooDark);
    }
    if quality.luma.is_some_and(|l| l > p.luma_max) || quality.over_exposed.is_some_and(|o| o > p.over_max) {
        return Some(Guidance::TooBright);
    }
    quality.sharpness.is_some_and(|s| s < p.sharpness_min).then_some(Guidance::Blurred)
}

fn frontal(sample: &Sample, p: &GateParams) -> Option<Guidance> {
    let faces_camera = sample.pose.is_some_and(|o| o.yaw.abs() <= p.frontal && o.pitch.abs() <= p.frontal && o.roll.abs() <= p.roll);
    (!faces_camera).then_some(Guidance::NotFrontal)
}

fn covered(quality: &Quality, p: &GateParams) -> Option<Guidance> {
    quality.mouth_visible.is_some_and(|v| v < p.mouth_visible_min).then_some(Guidance::FaceCovered)
}

fn features(quality: &Quality, sample: &Sample, p: &GateParams) -> Option<Guidance> {
    let eyes = sample.eyes.left.into_iter().chain(sample.eyes.right).reduce(f32::max);
    if eyes.is_none_or(|open| open < p.eyes_open) || quality.eyes_visible.is_some_and(|v| v < p.eyes_visible_min) {
        return Some(Guidance::EyesHidden);
    }
    covered(quality, p).or_else(|| match sample.mouth {
        None => Some(Guidance::FaceCovered),
        Some(gap) => (gap > p.mouth_shut).then_some(Guidance::HoldStill),
    })
}
