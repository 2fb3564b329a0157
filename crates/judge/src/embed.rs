//! Identity vectors: align, resample, run the network, average with the mirror image, normalise.

use faceid_vision::{Face, Frame};
use thiserror::Error;

use crate::align::{AlignError, Chip, Similarity};
use crate::network::{Network, NetworkError};
use crate::spec::EmbeddingSpec;

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
    /// The file, or its input is not the descriptor's.
    #[error("embedding network: {0}")]
    Network(#[from] NetworkError),
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
    network: Network,
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
        let network = Network::load(onnx, spec.input, spec.normalise)?;
        let length = network.outputs();
        if (16..=4096).contains(&length) { Ok(Self { network, spec }) } else { Err(EmbedLoadError::Length(length)) }
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
        let run = |chip: &Chip| self.network.run(chip).map_err(|error| EmbedError::Network(error.to_string()));
        let mut sum = run(chip)?;
        if self.spec.average_mirror {
            for (s, m) in sum.iter_mut().zip(run(&chip.mirrored())?) {
                *s += m;
            }
        }
        Embedding::normalised(&sum).ok_or_else(|| EmbedError::Network("a vector without direction".into()))
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
    use crate::tiny_onnx::flatten;

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
        assert!(matches!(error, Err(EmbedLoadError::Network(NetworkError::Shape { .. }))), "side 5 is not the descriptor's 4: {error:?}");
        let error = Embedder::load(
            &flatten(&[1, 3, 2, 2]),
            EmbeddingSpec { input: crate::InputSpec { side: 2, ..spec("nchw", "rgb").input }, ..spec("nchw", "rgb") },
        );
        assert!(matches!(error, Err(EmbedLoadError::Length(12))), "twelve values are no identity: {error:?}");
    }
}
