//! The network itself, by tract.

use std::sync::Arc;

use tract_onnx::prelude::*;

use super::{ACTION_CHANNELS, ACTION_FRAMES, ActionRing, ActionScores};
use crate::error::{ModelError, ModelRole, VisionError};

/// A loaded action network; immutable and shareable.
pub struct ActionNet(Arc<TypedRunnableModel>);

const ROLE: ModelRole = ModelRole::Action;

impl ActionNet {
    /// Loads `models/action/action.onnx`: input `[1,18,128]`, output `[1,4]` (nod, shake, blink, mouth; 0..1).
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self, ModelError> {
        let failed = |source: TractError| ModelError::Load { role: ROLE, source: source.into() };
        let model = onnx().model_for_read(&mut bytes).and_then(|model| model.into_optimized()).map_err(failed)?;
        let shape = |outlet: OutletId| model.outlet_fact(outlet).ok().and_then(|fact| fact.shape.as_concrete()).map(<[usize]>::to_vec);
        let got: Vec<Vec<usize>> = model.inputs.iter().chain(&model.outputs).map(|&o| shape(o).unwrap_or_default()).collect();
        let expected = vec![vec![1, ACTION_CHANNELS, ACTION_FRAMES], vec![1, 4]];
        if got != expected {
            return Err(ModelError::Shape { role: ROLE, expected, got });
        }
        model.into_runnable().map(Self).map_err(failed)
    }

    /// Evidence for the newest frame of the ring; `None` until its window is full.
    ///
    /// # Errors
    /// [`VisionError`] when the runtime fails or answers with anything but four numbers of 0..1.
    pub fn scores(&self, ring: &ActionRing) -> Result<Option<ActionScores>, VisionError> {
        let Some(window) = ring.window() else { return Ok(None) };
        let failed = |source: TractError| VisionError::Run { role: ROLE, source: source.into() };
        let input =
            tract_ndarray::Array3::from_shape_vec((1, ACTION_CHANNELS, ACTION_FRAMES), window.values).map_err(|e| failed(e.into()))?;
        let outputs = self.0.run(tvec!(Tensor::from(input).into())).map_err(failed)?;
        let bad = VisionError::BadOutput { role: ROLE };
        let Some(output) = outputs.first() else { return Err(bad) };
        let view = output.to_plain_array_view::<f32>().map_err(failed)?;
        let scores: Vec<f32> = view.iter().copied().collect();
        let [nod, shake, blink, mouth] = scores[..] else { return Err(bad) };
        if ![nod, shake, blink, mouth].iter().all(|score| (0.0..=1.0).contains(score)) {
            return Err(bad);
        }
        let [pose, eyes, lips] = window.measured;
        Ok(Some(ActionScores {
            nod: pose.then_some(nod),
            shake: pose.then_some(shake),
            blink: eyes.then_some(blink),
            mouth: lips.then_some(mouth),
        }))
    }
}

impl core::fmt::Debug for ActionNet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ActionNet").finish_non_exhaustive()
    }
}
