//! tract behind [`Networks`]. Loads ONNX, checks shapes once, runs single-threaded; works on wasm32.

use std::sync::Arc;

use tract_onnx::prelude::*;

use crate::{
    error::{ModelError, ModelRole, VisionError},
    geometry::Geometry,
    model::{ANCHOR_COUNT, DETECTOR_SIDE, DetectorOutput, LANDMARK_COUNT, LANDMARK_SIDE, LandmarkOutput, Models, Networks, REGRESSOR_LEN},
};

/// A planned network, ready to run.
type Plan = Arc<TypedRunnableModel>;

/// Both networks as tract plans.
struct Tract {
    detector: Plan,
    landmark: Plan,
}

impl Models {
    /// Loads all three files. Signatures (names are free, order is not):
    /// - `detector`: ONNX, input `[1,3,128,128]` (values -1..1), outputs regressors `[1,896,16]` and scores `[1,896,1]` (logits);
    /// - `landmark`: ONNX, input `[1,3,192,192]` (values 0..1), outputs points `[1,1404]` and presence `[1,1]` (logit);
    /// - `geometry`: see [`Geometry::from_bytes`].
    ///
    /// # Errors
    /// [`ModelError`], naming the file.
    pub fn from_bytes(detector: &[u8], landmark: &[u8], geometry: &[u8]) -> Result<Self, ModelError> {
        // The geometry is checked first because it costs nothing.
        let geometry = Geometry::from_bytes(geometry)?;
        let detector = load(detector, ModelRole::Detector, DETECTOR_SIDE, &[&[1, ANCHOR_COUNT, REGRESSOR_LEN], &[1, ANCHOR_COUNT, 1]])?;
        let landmark = load(landmark, ModelRole::Landmark, LANDMARK_SIDE, &[&[1, LANDMARK_COUNT * 3], &[1, 1]])?;
        Ok(Self::new(Box::new(Tract { detector, landmark }), geometry))
    }
}

/// Parses, checks the signature and plans.
fn load(bytes: &[u8], role: ModelRole, side: usize, outputs: &[&[usize]]) -> Result<Plan, ModelError> {
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
fn run<const N: usize>(plan: &Plan, role: ModelRole, side: usize, input: Vec<f32>) -> Result<[Vec<f32>; N], VisionError> {
    let failed = |source: TractError| VisionError::Run { role, source: source.into() };
    let input = tract_ndarray::Array4::from_shape_vec((1, 3, side, side), input).map_err(|error| failed(error.into()))?;
    let outputs = plan.run(tvec!(Tensor::from(input).into())).map_err(failed)?;
    let mut flat = Vec::with_capacity(N);
    for output in &outputs {
        let view = output.to_plain_array_view::<f32>().map_err(failed)?;
        flat.push(view.iter().copied().collect());
    }
    flat.try_into().map_err(|_| VisionError::BadOutput { role })
}

impl Networks for Tract {
    fn detect(&self, input: Vec<f32>) -> Result<DetectorOutput, VisionError> {
        let [regressors, scores] = run(&self.detector, ModelRole::Detector, DETECTOR_SIDE, input)?;
        Ok(DetectorOutput { regressors, scores })
    }

    fn landmarks(&self, input: Vec<f32>) -> Result<LandmarkOutput, VisionError> {
        let role = ModelRole::Landmark;
        let [points, presence] = run(&self.landmark, role, LANDMARK_SIDE, input)?;
        let presence = presence.first().copied().ok_or(VisionError::BadOutput { role })?;
        Ok(LandmarkOutput { points, presence })
    }
}
