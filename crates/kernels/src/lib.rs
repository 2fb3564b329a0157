//! Inner loops over pixels: safe scalar code that the compiler vectorises, and a SIMD twin where that is not enough.
//!
//! A twin does the same operations in the same order, is chosen while running, and is tested against the scalar loop bit by bit. This is the only
//! crate that may hold `unsafe`.
//!
//! Arithmetic is plain f32 multiply and add in a fixed order (no fused multiply-add, no library math), so native and wasm32 give the same bits.
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

mod accumulate;
mod alpha;
mod colour;
mod net;
mod warp;
#[cfg(target_arch = "x86_64")]
mod warp_sse;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod warp_wasm;
mod weigh;

pub use accumulate::{accumulate_row, shrink_row};
pub use alpha::drop_alpha;
pub use colour::{Light, colour_row, times};
pub use net::{Net, NetError, Processor, Scratch, is_net};
pub use warp::{Border, Line, Rgb, warp_row};
pub use weigh::{Columns, weigh_rows};
