//! ONNX networks by tract: an operator's own files, and the reference that the compact networks are tested against. Runs single-threaded.

use std::sync::Arc;

use tract_onnx::prelude::*;

use crate::error::{ModelError, ModelRole, VisionError};

/// A planned network, ready to run.
pub(crate) type Plan = Arc<TypedRunnableModel>;

/// Parses, checks the signature and plans. `outputs` are shapes.
pub(crate) fn load(bytes: &[u8], role: ModelRole, side: usize, outputs: &[&[usize]]) -> Result<Plan, ModelError> {
    let failed = |source: TractError| ModelError::Load { role, source: source.into() };
    let mut bytes = bytes;
    let model = onnx().model_for_read(&mut bytes).and_then(|model| model.into_optimized()).map_err(failed)?;
    let got: Vec<Vec<usize>> = model
        .inputs
        .iter()
        .chain(&model.outputs)
        // A symbolic or missing shape shows as an empty list and is refused below.
        .map(|&outlet| model.outlet_fact(outlet).ok().and_then(|fact| fact.shape.as_concrete()).map(<[usize]>::to_vec).unwrap_or_default())
        .collect();
    let mut expected = vec![vec![1, 3, side, side]];
    expected.extend(outputs.iter().map(|shape| shape.to_vec()));
    if got != expected {
        return Err(ModelError::Shape { role, expected, got });
    }
    model.into_runnable().map_err(failed)
}

/// Runs a plan on one planar RGB picture; the outputs as flat vectors.
pub(crate) fn run(plan: &Plan, role: ModelRole, side: usize, input: Vec<f32>) -> Result<Vec<Vec<f32>>, VisionError> {
    let failed = |source: TractError| VisionError::Run { role, source: source.into() };
    let input = tract_ndarray::Array4::from_shape_vec((1, 3, side, side), input).map_err(|error| failed(error.into()))?;
    let outputs = plan.run(tvec!(Tensor::from(input).into())).map_err(failed)?;
    let mut flat = Vec::with_capacity(outputs.len());
    for output in &outputs {
        let view = output.to_plain_array_view::<f32>().map_err(failed)?;
        flat.push(view.iter().copied().collect());
    }
    Ok(flat)
}
