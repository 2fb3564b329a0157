//! Identity vectors: align, resample, run the network, average with the mirror image, normalise.

use std::sync::Arc;

use faceid_vision::{Face, Frame};
use thiserror::Error;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::Factoid;

use crate::align::{AlignError, Chip, Similarity};
use crate::spec::{Channels, EmbeddingSpec, Layout};

/// Why there is no identity vector.
#[derive(Debug, Error)]
pub enum EmbedError {
    /// The face cannot be aligned.
    #[error(transparent)]
    Align(#[from] AlignError),
    /// The network failed or gave a vector without direction.
    #[error("embedding network: {0}")]
    Network(String),
}

/// Why a network is not usable.
#[derive(Debug, Error)]
pub enum EmbedLoadError {
    /// tract refused the file or its signature.
    #[error("embedding network: {0}")]
    Model(String),
    /// The network's own input shape is not the descriptor's.
    #[error("embedding network takes {got:?}, its descriptor says {expected:?}")]
    Shape {
        /// In the file.
        got: Vec<usize>,
        /// By the descriptor.
        expected: [usize; 4],
    },
    /// The first output is not a vector of 16 to 4096 values.
    #[error("embedding network gives {0} values; 16 to 4096 expected")]
    Length(usize),
}

/// A direction in the network's identity space: unit length.
#[derive(Clone, PartialEq)]
pub struct Embedding(Vec<f32>);

impl core::fmt::Debug for Embedding {
    /// Length only: the vector is biometric data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Embedding({})", self.0.len())
    }
}

impl Embedding {
    /// Scales `raw` to unit length; `None` when it has no direction (zero or not finite).
    #[must_use]
    pub fn normalised(raw: &[f32]) -> Option<Self> {
        let norm = raw.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        (norm.is_finite() && norm > 1e-12).then(|| Self(raw.iter().map(|v| (f64::from(*v) / norm) as f32).collect()))
    }

    /// Cosine of the angle between two vectors, −1..1; larger = more alike. Vectors of different networks give 0.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> f32 {
        if self.0.len() != other.0.len() {
            return 0.0;
        }
        let dot: f64 = self.0.iter().zip(&other.0).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        dot.clamp(-1.0, 1.0) as f32
    }

    /// The unit vector.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.0
    }
}

/// A loaded embedding network with its descriptor.
pub struct Embedder {
    plan: Arc<TypedRunnableModel>,
    spec: EmbeddingSpec,
}

impl core::fmt::Debug for Embedder {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Embedder({})", self.spec.name)
    }
}

impl Embedder {
    /// Loads an ONNX file.
    ///
    /// # Errors
    /// [`EmbedLoadError`] when the bytes are not an ONNX network that takes the descriptor's input and gives a vector.
    pub fn load(onnx: &[u8], spec: EmbeddingSpec) -> Result<Self, EmbedLoadError> {
        let side = spec.input.side;
        let shape = match spec.input.layout {
            Layout::Nchw => [1, 3, side, side],
            Layout::Nhwc => [1, side, side, 3],
        };
        let refused = |e: TractError| EmbedLoadError::Model(format!("{e:#}"));
        let mut bytes = onnx;
        let model = tract_onnx::onnx().model_for_read(&mut bytes).map_err(refused)?;
        // a free batch size is no fixed shape and passes; a fixed one must be the descriptor's
        let own = model.input_fact(0).map_err(refused)?.shape.concretize();
        let own: Option<Vec<usize>> =
            own.and_then(|dims| dims.iter().map(|d| d.to_i64().ok().and_then(|d| usize::try_from(d).ok())).collect());
        if let Some(got) = own.filter(|got| got != &shape) {
            return Err(EmbedLoadError::Shape { got, expected: shape });
        }
        let fact = f32::fact(shape).into();
        let plan = model.with_input_fact(0, fact).and_then(|m| m.into_optimized()).and_then(|m| m.into_runnable()).map_err(refused)?;
        // one run on grey proves the signature now instead of in the first customer's session
        let embedder = Self { plan, spec };
        let length = embedder.run(&vec![0.0; 3 * side * side]).map_err(|e| EmbedLoadError::Model(e.to_string()))?.len();
        if (16..=4096).contains(&length) { Ok(embedder) } else { Err(EmbedLoadError::Length(length)) }
    }

    /// The descriptor it was loaded with.
    #[must_use]
    pub const fn spec(&self) -> &EmbeddingSpec {
        &self.spec
    }

    /// The identity vector of `face` in `frame`.
    ///
    /// # Errors
    /// [`EmbedError::Align`] when the landmarks span no face inside the frame, [`EmbedError::Network`] when the network fails.
    pub fn embed(&self, frame: &Frame, face: &Face) -> Result<Embedding, EmbedError> {
        self.embed_chip(&self.chip(frame, face)?)
    }

    /// The aligned square the network sees.
    ///
    /// # Errors
    /// [`AlignError`] when the landmarks span no face inside the frame.
    pub fn chip(&self, frame: &Frame, face: &Face) -> Result<Chip, AlignError> {
        let sources = self.spec.sources(face).ok_or(AlignError::Degenerate)?;
        let transform = Similarity::fit(&sources, &self.spec.targets())?;
        Chip::cut(frame, &transform, self.spec.input.side)
    }

    fn embed_chip(&self, chip: &Chip) -> Result<Embedding, EmbedError> {
        let mut sum = self.run(&self.tensor_values(chip))?;
        if self.spec.average_mirror {
            let mirrored = self.run(&self.tensor_values(&chip.mirrored()))?;
            for (s, m) in sum.iter_mut().zip(mirrored) {
                *s += m;
            }
        }
        Embedding::normalised(&sum).ok_or_else(|| EmbedError::Network("a vector without direction".into()))
    }

    fn tensor_values(&self, chip: &Chip) -> Vec<f32> {
        let order = match self.spec.input.channels {
            Channels::Rgb => [0, 1, 2],
            Channels::Bgr => [2, 1, 0],
        };
        let norm = &self.spec.normalise;
        let value = |pixel: &[f32], c: usize| (pixel[c] - norm.mean[c]) / norm.scale[c];
        let pixels = || chip.rgb().chunks_exact(3);
        match self.spec.input.layout {
            Layout::Nchw => order.into_iter().flat_map(|c| pixels().map(move |p| value(p, c))).collect(),
            Layout::Nhwc => pixels().flat_map(|p| order.map(|c| value(p, c))).collect(),
        }
    }

    fn run(&self, values: &[f32]) -> Result<Vec<f32>, EmbedError> {
        let side = self.spec.input.side;
        let shape = match self.spec.input.layout {
            Layout::Nchw => [1, 3, side, side],
            Layout::Nhwc => [1, side, side, 3],
        };
        let network = |e: TractError| EmbedError::Network(format!("{e:#}"));
        let input = Tensor::from_shape(&shape, values).map_err(network)?;
        let outputs = self.plan.run(tvec!(input.into_tvalue())).map_err(network)?;
        let first = outputs.first().ok_or_else(|| EmbedError::Network("no output".into()))?;
        let plain = first.try_as_plain_ram().map_err(network)?;
        Ok(plain.as_slice::<f32>().map_err(network)?.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosine_of_unit_vectors() {
        let e = |v: &[f32]| Embedding::normalised(v).expect("has a direction");
        assert!((e(&[3.0, 0.0]).cosine(&e(&[5.0, 5.0])) - 0.5_f32.sqrt()).abs() < 1e-6, "45 degrees");
        assert!((e(&[1.0, 2.0, 2.0]).cosine(&e(&[-2.0, -4.0, -4.0])) + 1.0).abs() < 1e-6, "opposite");
        assert_eq!(e(&[1.0, 0.0]).cosine(&e(&[1.0, 0.0, 0.0])), 0.0, "vectors of different networks");
        assert_eq!(Embedding::normalised(&[0.0, 0.0]), None, "no direction");
        assert_eq!(Embedding::normalised(&[f32::NAN, 1.0]), None, "not finite");
    }

    #[test]
    fn values_are_not_printed() {
        let e = Embedding::normalised(&[3.0, 4.0]).expect("has a direction");
        assert_eq!(format!("{e:?}"), "Embedding(2)", "biometric data stays out of logs");
    }

    #[test]
    fn bytes_that_are_not_onnx_are_an_error() {
        let spec = EmbeddingSpec::dlib_resnet_128().expect("committed");
        assert!(Embedder::load(b"not a network", spec).is_err(), "garbage");
    }
}

#[cfg(test)]
mod plug_in_tests {
    //! An operator's own network, as small as it gets: it hands its input back as the vector.

    use faceid_vision::{BoundingBox, EyeOpenness, Point3, Quality};

    use super::*;

    /// Length-delimited protobuf field.
    fn bytes(field: u8, content: &[u8]) -> Vec<u8> {
        assert!(content.len() < 128 * 128, "two length bytes are enough here");
        [&[field << 3 | 2, (content.len() % 128) as u8 | 128, (content.len() / 128) as u8], content].concat()
    }

    /// Varint protobuf field below 128.
    fn small(field: u8, value: u8) -> Vec<u8> {
        vec![field << 3, value]
    }

    /// ONNX `ValueInfoProto` of a float tensor.
    fn value(name: &str, shape: &[u8]) -> Vec<u8> {
        let dims: Vec<u8> = shape.iter().flat_map(|&d| bytes(1, &small(1, d))).collect();
        let tensor = [small(1, 1), bytes(2, &dims)].concat();
        [bytes(1, name.as_bytes()), bytes(2, &bytes(1, &tensor))].concat()
    }

    /// ONNX model `y = Flatten(x)` with the given input shape.
    fn flatten(shape: &[u8]) -> Vec<u8> {
        let length = shape.iter().product();
        let node = [bytes(1, b"x"), bytes(2, b"y"), bytes(4, b"Flatten")].concat();
        let graph = [bytes(1, &node), bytes(2, b"g"), bytes(11, &value("x", shape)), bytes(12, &value("y", &[1, length]))].concat();
        let opset = small(2, 13);
        [small(1, 7), bytes(7, &graph), bytes(8, &opset)].concat()
    }

    fn spec(layout: &str, channels: &str) -> EmbeddingSpec {
        let text = format!(
            r#"{{"name": "tiny", "input": {{"side": 4, "layout": "{layout}", "channels": "{channels}"}},
                "normalise": {{"mean": [10.0, 20.0, 30.0], "scale": [1.0, 2.0, 4.0]}},
                "template": {{"landmarks": [[33, 133], [263]], "points": [[0.25, 0.5], [0.75, 0.5]]}}}}"#
        );
        EmbeddingSpec::from_json(&text).expect("valid")
    }

    /// A face of one colour whose eye points lie 20 px apart.
    fn picture() -> (Frame, Face) {
        let frame = Frame::from_rgb(60, 60, [11, 24, 42].repeat(3600)).expect("size matches");
        let mut landmarks = vec![Point3::default(); 468];
        for (index, x) in [(33, 18.0), (133, 22.0), (263, 40.0)] {
            landmarks[index] = Point3 { x, y: 30.0, z: 0.0 };
        }
        let face = Face {
            bounds: BoundingBox::default(),
            presence: 1.0,
            landmarks,
            pose: None,
            eyes: EyeOpenness::default(),
            mouth: None,
            quality: Quality::default(),
        };
        (frame, face)
    }

    #[test]
    fn layout_channels_and_normalisation_follow_the_descriptor() {
        let (frame, face) = picture();
        // normalised colour: (11 − 10) / 1, (24 − 20) / 2, (42 − 30) / 4 = 1, 2, 3; the vector has unit length
        for (layout, channels, shape, at, want) in [
            ("nchw", "rgb", [1, 3, 4, 4], [0, 16, 32], [1.0, 2.0, 3.0]),
            ("nchw", "bgr", [1, 3, 4, 4], [0, 16, 32], [3.0, 2.0, 1.0]),
            ("nhwc", "rgb", [1, 4, 4, 3], [0, 1, 2], [1.0, 2.0, 3.0]),
        ] {
            let embedder = Embedder::load(&flatten(&shape), spec(layout, channels)).expect("a valid network");
            let vector = embedder.embed(&frame, &face).expect("inside the picture");
            let length = (16.0_f32 * 14.0).sqrt();
            for (index, value) in at.into_iter().zip(want) {
                let got = vector.values()[index] * length;
                assert!((got - value).abs() < 1e-3, "{layout} {channels} at {index}: {got} for {value}");
            }
        }
    }

    #[test]
    fn a_network_with_another_input_is_refused_on_loading() {
        let error = Embedder::load(&flatten(&[1, 3, 5, 5]), spec("nchw", "rgb"));
        assert!(matches!(error, Err(EmbedLoadError::Shape { .. })), "side 5 is not the descriptor's 4: {error:?}");
        let error = Embedder::load(
            &flatten(&[1, 3, 2, 2]),
            EmbeddingSpec { input: crate::InputSpec { side: 2, ..spec("nchw", "rgb").input }, ..spec("nchw", "rgb") },
        );
        assert!(matches!(error, Err(EmbedLoadError::Length(12))), "twelve values are no identity: {error:?}");
    }
}
