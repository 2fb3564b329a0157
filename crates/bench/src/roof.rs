//! The most multiplications and additions per second, without memory.

use core::arch::wasm32::{f32x4_add, f32x4_extract_lane, f32x4_mul, f32x4_splat};

use wasm_bindgen::prelude::wasm_bindgen;

/// Independent sums: enough to hide the adder's latency, few enough for sixteen registers.
const SUMS: usize = 12;

/// `rounds` times twelve products of four lanes, each added to its own sum in a register: 48 multiply-adds a round. The result keeps the compiler
/// from leaving the work out.
#[wasm_bindgen]
#[must_use]
pub fn roof(rounds: u32, factor: f32) -> f32 {
    let factor = f32x4_splat(factor);
    let mut sums = [f32x4_splat(1.0); SUMS];
    for (place, sum) in sums.iter_mut().enumerate() {
        *sum = f32x4_splat(1.0 + place as f32);
    }
    let step = f32x4_splat(1e-3);
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = f32x4_add(f32x4_mul(*sum, factor), step);
        }
    }
    sums.into_iter().map(|sum| f32x4_extract_lane::<0>(sum)).sum()
}
