use thiserror::Error;

/// Which model file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModelRole {
    /// Face detector, 128 x 128.
    Detector,
    /// Landmark network, 192 x 192.
    Landmark,
    /// Canonical face geometry.
    Geometry,
    /// Action network over a window of measures.
    Action,
}

impl core::fmt::Display for ModelRole {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Detector => "face detector",
            Self::Landmark => "landmark network",
            Self::Geometry => "canonical face geometry",
            Self::Action => "action network",
        })
    }
}

/// Why a model file cannot be used. All of these mean: this file, as it is, will never work.
#[derive(Debug, Error)]
pub enum ModelError {
    /// Empty, truncated, or not a file of this kind.
    #[error("{role} does not load")]
    Load {
        /// Which file.
        role: ModelRole,
        /// What the loader said.
        source: Box<dyn core::error::Error + Send + Sync>,
    },
    /// The network's inputs or outputs are not the documented ones.
    #[error("{role} has the wrong shape: {got:?}, expected {expected:?}")]
    Shape {
        /// Which file.
        role: ModelRole,
        /// Documented shapes: input, then outputs.
        expected: Vec<Vec<usize>>,
        /// Shapes found, in the same order.
        got: Vec<Vec<usize>>,
    },
    /// The geometry does not have 468 finite vertices of a face in the documented axes.
    #[error("canonical face geometry: {vertices} vertices, not a face in the documented axes")]
    NotAFace {
        /// Number found.
        vertices: usize,
    },
}

/// Why a frame could not be observed although the models are loaded. "No face" is not an error.
#[derive(Debug, Error)]
pub enum VisionError {
    /// The network failed to run (out of memory, internal fault).
    #[error("{role} failed to run")]
    Run {
        /// Which network.
        role: ModelRole,
        /// What the runtime said.
        source: Box<dyn core::error::Error + Send + Sync>,
    },
    /// The network answered with fewer numbers than its signature says, or with infinities.
    #[error("{role} gave an unusable answer")]
    BadOutput {
        /// Which network.
        role: ModelRole,
    },
}
