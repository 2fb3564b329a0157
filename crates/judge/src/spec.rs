//! How an embedding network wants its faces: the descriptor beside an operator's own ONNX file.

use faceid_vision::{Face, Point2};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Number of landmarks a template may name (MediaPipe face mesh).
const LANDMARKS: usize = 468;

/// Descriptor of an embedding network, JSON. The network has one input, `1×3×side×side` (or `1×side×side×3`), and its first
/// output holds the vector. `specs/` has the default network and the ArcFace type as examples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingSpec {
    /// Names the network; a calibration made for another name is refused.
    pub name: String,
    /// Input tensor.
    pub input: InputSpec,
    /// `(value − mean) / scale` on values 0..255, per channel, in RGB order whatever the tensor's order.
    pub normalise: Normalise,
    /// Where the face goes in the input square.
    pub template: Template,
    /// Add the vector of the mirrored face before normalising the length.
    #[serde(default)]
    pub average_mirror: bool,
}

/// Shape and order of the input tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputSpec {
    /// Width and height, px, 1 to 1024.
    pub side: usize,
    /// Axis order.
    pub layout: Layout,
    /// Channel order.
    pub channels: Channels,
}

impl InputSpec {
    /// Largest accepted side, px.
    pub const SIDE_MAX: usize = 1024;
}

/// Axis order of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// Channel planes.
    Nchw,
    /// Interleaved channels.
    Nhwc,
}

/// Channel order of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// Red first.
    Rgb,
    /// Blue first.
    Bgr,
}

/// Per-channel normalisation in RGB order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Normalise {
    /// Subtracted first, 0..255.
    pub mean: [f32; 3],
    /// Divisor, never zero.
    pub scale: [f32; 3],
}

impl Normalise {
    /// Finite means and scales that can be divided by.
    pub(crate) fn is_usable(&self) -> bool {
        self.scale.iter().all(|s| s.is_normal()) && self.mean.iter().all(|m| m.is_finite())
    }
}

/// Landmarks and the places they are brought to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// For each template point the landmarks whose mean is used (face-mesh numbers, 0..467).
    pub landmarks: Vec<Vec<usize>>,
    /// Places in the unit square, x right and y down, same order.
    pub points: Vec<[f64; 2]>,
    /// Added on every side before scaling: p ↦ (p + padding) / (1 + 2·padding) · side.
    #[serde(default)]
    pub padding: f64,
}

/// Why a descriptor is not usable.
#[derive(Debug, Error)]
pub enum SpecError {
    /// Not the JSON of a descriptor.
    #[error("embedding descriptor: {0}")]
    Json(#[from] serde_json::Error),
    /// A value out of its range.
    #[error("embedding descriptor: {0}")]
    Value(&'static str),
}

impl EmbeddingSpec {
    /// The default network (dlib ResNet, 128 values), as measured in its model card.
    ///
    /// # Errors
    /// None in practice: the text is part of this crate and tested.
    pub fn dlib_resnet_128() -> Result<Self, SpecError> {
        Self::from_json(include_str!("../specs/dlib-resnet-128.json"))
    }

    /// Reads and checks a descriptor.
    ///
    /// # Errors
    /// [`SpecError`] naming the first thing wrong.
    pub fn from_json(text: &str) -> Result<Self, SpecError> {
        let spec: Self = serde_json::from_str(text)?;
        spec.check()?;
        Ok(spec)
    }

    fn check(&self) -> Result<(), SpecError> {
        let Template { landmarks, points, padding } = &self.template;
        let problem = if self.name.is_empty() {
            "name is empty"
        } else if !(1..=InputSpec::SIDE_MAX).contains(&self.input.side) {
            "input.side must be 1 to 1024"
        } else if !self.normalise.is_usable() {
            "normalise needs finite means and non-zero scales"
        } else if landmarks.len() != points.len() || points.len() < 2 {
            "template needs at least two points and as many landmark groups"
        } else if !landmarks.iter().all(|group| !group.is_empty() && group.iter().all(|&i| i < LANDMARKS)) {
            "template.landmarks must be non-empty groups of numbers 0 to 467"
        } else if !points.iter().flatten().all(|v| v.is_finite()) || !(0.0..10.0).contains(padding) {
            "template.points must be finite and padding 0 to 10"
        } else {
            return Ok(());
        };
        Err(SpecError::Value(problem))
    }

    /// Template points in px of the input square.
    #[must_use]
    pub fn targets(&self) -> Vec<Point2> {
        let pad = self.template.padding;
        let place = |v: f64| ((v + pad) / (1.0 + 2.0 * pad) * self.input.side as f64) as f32;
        self.template.points.iter().map(|&[x, y]| Point2 { x: place(x), y: place(y) }).collect()
    }

    /// The face's points that go to [`Self::targets`], frame px; `None` when the face has too few landmarks.
    #[must_use]
    pub fn sources(&self, face: &Face) -> Option<Vec<Point2>> {
        let mean = |group: &Vec<usize>| {
            let mut sum = Point2::default();
            for &i in group {
                let point = face.landmarks.get(i)?;
                sum = Point2 { x: sum.x + point.x, y: sum.y + point.y };
            }
            let n = group.len() as f32;
            Some(Point2 { x: sum.x / n, y: sum.y / n })
        };
        self.template.landmarks.iter().map(mean).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARCFACE: &str = include_str!("../specs/arcface-112.json");

    #[test]
    fn committed_descriptors_are_valid() {
        let dlib = EmbeddingSpec::dlib_resnet_128().expect("committed");
        assert_eq!((dlib.input.side, dlib.input.layout), (150, Layout::Nchw), "dlib input");
        // nose base, x: (0.4901123 + 0.2) / 1.4 * 150
        assert!((dlib.targets()[4].x - 73.940_6).abs() < 1e-3, "template lands where the note says: {:?}", dlib.targets()[4]);
        let arc = EmbeddingSpec::from_json(ARCFACE).expect("committed");
        // the usual five points of this type are 38.2946, 51.6963 … in a 112 px square
        assert!((arc.targets()[0].x - 38.2947).abs() < 1e-2 && (arc.targets()[0].y - 51.6963).abs() < 1e-2, "{:?}", arc.targets()[0]);
    }

    #[test]
    fn bad_values_are_named() {
        let base: serde_json::Value = serde_json::from_str(ARCFACE).expect("committed");
        for (pointer, bad, word) in [
            ("/input/side", serde_json::json!(0), "side"),
            ("/normalise/scale", serde_json::json!([0.0, 1.0, 1.0]), "scale"),
            ("/template/landmarks", serde_json::json!([[1], [2], [3], [4], [468]]), "467"),
            ("/template/points", serde_json::json!([[0.1, 0.2]]), "groups"),
            ("/input/layout", serde_json::json!("hwc"), "variant"),
        ] {
            let mut value = base.clone();
            *value.pointer_mut(pointer).expect("exists") = bad;
            let error = EmbeddingSpec::from_json(&value.to_string()).expect_err(pointer).to_string();
            assert!(error.contains(word), "{pointer}: {error}");
        }
    }
}
