//! Identity vectors: align, resample, run the network, average with the mirror image, normalise.

use std::sync::Arc;

use faceid_vision::{Face, Frame};
use thiserror::Error;
use tract_onnx::prelude::*;

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
        let plan = (|| {
            let mut bytes = onnx;
            tract_onnx::onnx()
                .model_for_read(&mut bytes)?
                .with_input_fact(0, f32::fact(shape).into())?
                .into_optimized()?
                .into_runnable()
        })()
        .map_err(|e| EmbedLoadError::Model(format!("{e:#}")))?;
        let embedder = Self { plan, spec };
        // one run on grey proves the signature now instead of in the first customer's session
        let length = embedder.run(vec![0.0; 3 * side * side]).map_err(|e| EmbedLoadError::Model(e.to_string()))?.len();
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
        let mut sum = self.run(self.tensor_values(chip))?;
        if self.spec.average_mirror {
            let mirrored = self.run(self.tensor_values(&chip.mirrored()))?;
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

    fn run(&self, values: Vec<f32>) -> Result<Vec<f32>, EmbedError> {
        let side = self.spec.input.side;
        let shape = match self.spec.input.layout {
            Layout::Nchw => [1, 3, side, side],
            Layout::Nhwc => [1, side, side, 3],
        };
        let network = |e: TractError| EmbedError::Network(format!("{e:#}"));
        let input = Tensor::from_shape(&shape, &values).map_err(network)?;
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
