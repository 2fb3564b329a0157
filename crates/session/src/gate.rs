//! Is the face where and how it should be? One answer, the most useful first.

use crate::{io::Guidance, params::GateParams, sample::Sample};
use faceid_vision::{Observation, Quality};

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

/// The first thing that is wrong; `None` = all is well. What was not measured is held against the person only where the session needs it.
pub(crate) fn gate(observation: &Observation, sample: &Sample, several: bool, strictness: Strictness, p: &GateParams) -> Option<Guidance> {
    let Some(face) = &observation.face else {
        return Some(Guidance::NoFace);
    };
    if several {
        return Some(Guidance::SeveralFaces);
    }
    placed(&face.quality, p).or_else(|| match strictness {
        Strictness::Act => lit(&face.quality, p),
        Strictness::Neutral => lit(&face.quality, p).or_else(|| frontal(sample, p)),
        Strictness::Align => lit(&face.quality, p).or_else(|| frontal(sample, p)).or_else(|| features(&face.quality, sample, p)),
    })
}

fn placed(quality: &Quality, p: &GateParams) -> Option<Guidance> {
    let ratio = quality.face_ratio;
    if ratio.is_some_and(|r| r < p.face_min) {
        return Some(Guidance::TooFar);
    }
    if ratio.is_some_and(|r| r > p.face_max) {
        return Some(Guidance::TooClose);
    }
    quality.centre_offset.is_some_and(|o| o > p.offset_max).then_some(Guidance::OffCentre)
}

fn lit(quality: &Quality, p: &GateParams) -> Option<Guidance> {
    let dark = quality.luma.is_some_and(|l| l < p.luma_min);
    if dark && quality.back_light.is_some_and(|b| b > p.back_light_max) {
        return Some(Guidance::BackLit);
    }
    if dark {
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

fn features(quality: &Quality, sample: &Sample, p: &GateParams) -> Option<Guidance> {
    let eyes = sample.eyes.left.into_iter().chain(sample.eyes.right).reduce(f32::max);
    if eyes.is_none_or(|open| open < p.eyes_open) || quality.eyes_visible.is_some_and(|v| v < p.eyes_visible_min) {
        return Some(Guidance::EyesHidden);
    }
    match sample.mouth {
        None => Some(Guidance::FaceCovered),
        Some(gap) => (gap > p.mouth_shut).then_some(Guidance::HoldStill),
    }
}
