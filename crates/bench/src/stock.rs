//! tract-onnx as it comes.

use std::sync::Arc;

use tract_onnx::prelude::*;
use wasm_bindgen::prelude::wasm_bindgen;

/// An ONNX network planned by tract, and its input.
#[wasm_bindgen]
pub struct Stock {
    plan: Arc<TypedRunnableModel>,
    input: Tensor,
}

impl core::fmt::Debug for Stock {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Stock").finish_non_exhaustive()
    }
}

#[wasm_bindgen]
impl Stock {
    /// Loads a file; `side` of the square input.
    ///
    /// # Errors
    /// What tract says.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8], side: usize) -> Result<Self, String> {
        let mut bytes = bytes;
        let model = onnx().model_for_read(&mut bytes).and_then(|model| model.into_optimized()).map_err(|e| format!("{e:#}"))?;
        let plan = model.into_runnable().map_err(|e| format!("{e:#}"))?;
        let input = Tensor::zero::<f32>(&[1, 3, side, side]).map_err(|e| format!("{e:#}"))?;
        Ok(Self { plan, input })
    }

    /// Takes the picture of the runs that follow: channel by channel.
    ///
    /// # Errors
    /// When its length is not the input's.
    pub fn set(&mut self, picture: &[f32]) -> Result<(), String> {
        self.input = Tensor::from_shape(self.input.shape(), picture).map_err(|e| format!("{e:#}"))?;
        Ok(())
    }

    /// Runs once; the number of outputs.
    ///
    /// # Errors
    /// What tract says.
    pub fn run(&self) -> Result<usize, String> {
        let outputs = self.plan.run(tvec!(self.input.clone().into_tvalue())).map_err(|e| format!("{e:#}"))?;
        Ok(outputs.len())
    }
}
