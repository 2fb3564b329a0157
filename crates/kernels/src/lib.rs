//! Inner loops over pixels, as safe scalar code.
//!
//! This is the place for SIMD twins of these loops: each would be tested against the scalar loop here, and `unsafe` would stay inside this crate.
//! Today everything is scalar, written so that the compiler vectorises it.
//!
//! Arithmetic is plain f32 multiply and add in a fixed order (no fused multiply-add, no library math), so native and wasm32 give the same bits.
#![forbid(unsafe_code)]

mod accumulate;
mod warp;

pub use accumulate::{accumulate_row, shrink_row};
pub use warp::{Border, Line, Rgb, warp_row};
