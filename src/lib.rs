//! Browser glue of the liveness module: two wasm binaries from one crate, chosen by feature.
//!
//! * `shell` runs on the main thread: camera, frames, the session machine, the private protocol. It holds no model code.
//! * `engine` runs in a Web Worker: pixels to observations, the ring of recent frames, JPEG.
//!
//! No thresholds, no geometry and no states live here: they belong to `faceid-vision` and `faceid-session`.

#![forbid(unsafe_code)]

#[cfg(any(feature = "shell", feature = "engine"))]
pub mod codec;
#[cfg(feature = "engine")]
mod engine;
#[cfg(feature = "shell")]
mod shell;

#[cfg(feature = "engine")]
pub use engine::Engine;
#[cfg(feature = "shell")]
pub use shell::{Attempt, row_facts, sdk_build_info, sdk_version};
