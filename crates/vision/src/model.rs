//! The seam between the pipeline and whatever runs the two networks.

use std::sync::{Mutex, PoisonError};

use crate::{error::VisionError, geometry::Geometry, params::Params};

/// Side of the detector's input, px.
pub const DETECTOR_SIDE: usize = 128;
/// Side of the landmark network's input, px.
pub const LANDMARK_SIDE: usize = 192;
/// Boxes the detector scores.
pub const ANCHOR_COUNT: usize = 896;
/// Numbers per box: centre x, centre y, width, height, then six points x, y.
pub const REGRESSOR_LEN: usize = 16;
/// Points of the landmark network.
pub const LANDMARK_COUNT: usize = 468;

/// Raw answer of the detector.
#[derive(Debug, Clone, PartialEq)]
pub struct DetectorOutput {
    /// `ANCHOR_COUNT * REGRESSOR_LEN` numbers, box by box, in input pixels relative to the anchor's centre.
    pub regressors: Vec<f32>,
    /// `ANCHOR_COUNT` logits.
    pub scores: Vec<f32>,
}

/// Raw answer of the landmark network.
#[derive(Debug, Clone, PartialEq)]
pub struct LandmarkOutput {
    /// `LANDMARK_COUNT * 3` numbers: x, y, z of each point, in input pixels (0..192; z in the same scale, smaller = nearer).
    pub points: Vec<f32>,
    /// Logit of "this crop shows a face".
    pub presence: f32,
}

/// Runs the two networks. Loaded files implement it; tests implement it with scripted answers.
/// Inputs are planar RGB (all red, all green, all blue; rows top to bottom).
pub trait Networks: Send + Sync {
    /// `input`: 3 x 128 x 128, values -1..1.
    ///
    /// # Errors
    /// [`VisionError::Run`] when the runtime fails.
    fn detect(&self, input: &[f32]) -> Result<DetectorOutput, VisionError>;

    /// `input`: 3 x 192 x 192, values 0..1.
    ///
    /// # Errors
    /// [`VisionError::Run`] when the runtime fails.
    fn landmarks(&self, input: &[f32]) -> Result<LandmarkOutput, VisionError>;
}

/// Everything a frame is judged with: both networks, the canonical geometry and the parameters.
/// Immutable and shareable between threads; the memory of a run is kept for the next.
pub struct Models {
    pub(crate) networks: Box<dyn Networks>,
    pub(crate) geometry: Geometry,
    pub(crate) params: Params,
    /// The last input's memory, for the next.
    input: Mutex<Vec<f32>>,
}

impl Models {
    /// Puts the parts together with default parameters.
    #[must_use]
    pub fn new(networks: Box<dyn Networks>, geometry: Geometry) -> Self {
        Self { networks, geometry, params: Params::default(), input: Mutex::default() }
    }

    /// The same models with other parameters.
    #[must_use]
    pub fn with_params(self, params: Params) -> Self {
        Self { params, ..self }
    }

    /// The same models with their networks inside others, which may time or record them.
    #[must_use]
    pub fn with_networks(self, wrap: impl FnOnce(Box<dyn Networks>) -> Box<dyn Networks>) -> Self {
        Self { networks: wrap(self.networks), ..self }
    }

    /// Calls `with` with memory for an input of `length` numbers; what it holds is left over from another input.
    pub(crate) fn with_input<T>(&self, length: usize, with: impl FnOnce(&dyn Networks, &mut [f32]) -> T) -> T {
        // Whatever a panicking thread left behind is still numbers; who comes while another is at it starts with none.
        let kept = || self.input.lock().unwrap_or_else(PoisonError::into_inner);
        let mut input = core::mem::take(&mut *kept());
        input.resize(length, 0.0);
        let result = with(&*self.networks, &mut input);
        *kept() = input;
        result
    }

    /// The canonical face in use.
    #[must_use]
    pub const fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Parameters in use.
    #[must_use]
    pub const fn params(&self) -> &Params {
        &self.params
    }
}

impl core::fmt::Debug for Models {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Models").field("params", &self.params).finish_non_exhaustive()
    }
}
