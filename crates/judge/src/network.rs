//! A loaded ONNX network that looks at one square picture and gives numbers.

use std::sync::Arc;

use thiserror::Error;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::Factoid;

use crate::align::Chip;
use crate::spec::{Channels, InputSpec, Layout, Normalise};

/// Why a network cannot be used, or failed.
#[derive(Debug, Error)]
pub enum NetworkError {
    /// tract refused the file, its signature or a run.
    #[error("{0}")]
    Model(String),
    /// The network's own input shape is not the descriptor's.
    #[error("takes {got:?}, its descriptor says {expected:?}")]
    Shape {
        /// In the file.
        got: Vec<usize>,
        /// By the descriptor.
        expected: [usize; 4],
    },
}

impl From<TractError> for NetworkError {
    fn from(error: TractError) -> Self {
        Self::Model(format!("{error:#}"))
    }
}

/// One input, `1×3×side×side` or `1×side×side×3`; the first output is read.
pub(crate) struct Network {
    plan: Arc<TypedRunnableModel>,
    input: InputSpec,
    normalise: Normalise,
    outputs: usize,
}

impl Network {
    /// Loads an ONNX file and runs it once: that proves the signature now instead of in the first customer's session.
    ///
    /// # Errors
    /// [`NetworkError`].
    pub(crate) fn load(onnx: &[u8], input: InputSpec, normalise: Normalise) -> Result<Self, NetworkError> {
        let shape = shape(input);
        let mut bytes = onnx;
        let model = tract_onnx::onnx().model_for_read(&mut bytes)?;
        // a free batch size is no fixed shape and passes; a fixed one must be the descriptor's
        let own = model.input_fact(0)?.shape.concretize();
        let own: Option<Vec<usize>> =
            own.and_then(|dims| dims.iter().map(|d| d.to_i64().ok().and_then(|d| usize::try_from(d).ok())).collect());
        if let Some(got) = own.filter(|got| got != &shape) {
            return Err(NetworkError::Shape { got, expected: shape });
        }
        let plan = model.with_input_fact(0, f32::fact(shape).into())?.into_optimized()?.into_runnable()?;
        let mut network = Self { plan, input, normalise, outputs: 0 };
        network.outputs = network.run_values(&vec![0.0; 3 * input.side * input.side])?.len();
        Ok(network)
    }

    /// How many numbers it gives.
    pub(crate) const fn outputs(&self) -> usize {
        self.outputs
    }

    /// Its numbers for one picture of the input's side.
    ///
    /// # Errors
    /// [`NetworkError::Model`] when the run fails.
    pub(crate) fn run(&self, chip: &Chip) -> Result<Vec<f32>, NetworkError> {
        self.run_values(&self.values(chip))
    }

    fn values(&self, chip: &Chip) -> Vec<f32> {
        let order = match self.input.channels {
            Channels::Rgb => [0, 1, 2],
            Channels::Bgr => [2, 1, 0],
        };
        let norm = &self.normalise;
        let value = |pixel: &[f32], c: usize| (pixel[c] - norm.mean[c]) / norm.scale[c];
        let pixels = || chip.rgb().chunks_exact(3);
        match self.input.layout {
            Layout::Nchw => order.into_iter().flat_map(|c| pixels().map(move |p| value(p, c))).collect(),
            Layout::Nhwc => pixels().flat_map(|p| order.map(|c| value(p, c))).collect(),
        }
    }

    fn run_values(&self, values: &[f32]) -> Result<Vec<f32>, NetworkError> {
        let input = Tensor::from_shape(&shape(self.input), values)?;
        let outputs = self.plan.run(tvec!(input.into_tvalue()))?;
        let first = outputs.first().ok_or_else(|| NetworkError::Model("no output".into()))?;
        Ok(first.try_as_plain_ram()?.as_slice::<f32>()?.to_vec())
    }
}

const fn shape(input: InputSpec) -> [usize; 4] {
    match input.layout {
        Layout::Nchw => [1, 3, input.side, input.side],
        Layout::Nhwc => [1, input.side, input.side, 3],
    }
}
