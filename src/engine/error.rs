//! Engine errors as the page sees them.

use faceid_vision::{FrameError, ModelError, VisionError};
use serde::Serialize;
use thiserror::Error;
use wasm_bindgen::JsValue;

/// What can go wrong in the worker.
#[derive(Debug, Error)]
pub(crate) enum EngineError {
    /// A model file is corrupt or not the documented one: no session can run.
    #[error("{0}")]
    Model(ModelError),
    /// These pixels are no frame; the next may be.
    #[error("{0}")]
    Frame(FrameError),
    /// Neither three planes nor two.
    #[error("a frame of {0} planes")]
    Planes(usize),
    /// A network failed on this frame.
    #[error("{0}")]
    Run(VisionError),
    /// The frame has left the ring.
    #[error("frame {0} is not held any more")]
    Gone(u64),
    /// The JPEG encoder failed.
    #[error("JPEG encoding failed")]
    Encode,
}

impl EngineError {
    /// Stable name.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Model(_) => "model-invalid",
            Self::Frame(_) | Self::Planes(_) => "frame-invalid",
            Self::Run(_) => "run-failed",
            Self::Gone(_) => "frame-gone",
            Self::Encode => "encode-failed",
        }
    }
}

#[derive(Serialize)]
struct Plain {
    code: &'static str,
    reason: String,
}

impl From<EngineError> for JsValue {
    fn from(error: EngineError) -> Self {
        let plain = Plain { code: error.code(), reason: error.to_string() };
        serde_wasm_bindgen::to_value(&plain).unwrap_or(Self::NULL)
    }
}
