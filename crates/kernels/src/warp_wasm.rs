//! Four bilinear samples at once for WebAssembly's simd128. The same operations in the same order as the scalar loop, so the same bits.

use core::arch::wasm32::{
    f32x4, f32x4_add, f32x4_convert_i32x4, f32x4_mul, f32x4_splat, f32x4_sub, i32x4_add, i32x4_extract_lane, i32x4_mul, i32x4_splat,
    i32x4_trunc_sat_f32x4, u32x4_shr, v128, v128_and, v128_load32_lane, v128_load32_zero, v128_store,
};

use crate::warp::{Line, Rgb};

/// Samples per call.
pub(crate) const LANES: usize = 4;

/// Samples `first` to `first + 3` of `line`, written as `byte * gain + offset`.
///
/// # Safety
/// [`crate::warp::fits`] said true for the same arguments.
#[inline]
pub(crate) unsafe fn several(src: Rgb<'_>, line: Line, first: usize, gain: f32, offset: f32, out: [&mut [f32; LANES]; 3]) {
    let index = f32x4_add(f32x4_splat(first as f32), f32x4(0.0, 1.0, 2.0, 3.0));
    let along = |start: f32, step: f32| f32x4_add(f32x4_splat(start), f32x4_mul(index, f32x4_splat(step)));
    let (x, y) = (along(line.x, line.dx), along(line.y, line.dy));
    let (column, row) = (i32x4_trunc_sat_f32x4(x), i32x4_trunc_sat_f32x4(y));
    let (fx, fy) = (f32x4_sub(x, f32x4_convert_i32x4(column)), f32x4_sub(y, f32x4_convert_i32x4(row)));
    let one = f32x4_splat(1.0);
    let (gx, gy) = (f32x4_sub(one, fx), f32x4_sub(one, fy));
    let stride = src.width() * 3;
    let at = i32x4_add(i32x4_mul(row, i32x4_splat(stride as i32)), i32x4_mul(column, i32x4_splat(3)));
    let read = |extra: usize| {
        let place = |lane: i32| src.data().as_ptr().wrapping_add(lane as usize + extra).cast::<u32>();
        // SAFETY: `fits` puts column + 1 and row + 1 inside the picture with one more row below, so that the four bytes read at the furthest
        // pixel end inside the buffer; offsets are bytes and not negative. wasm loads need no alignment.
        unsafe {
            let px = v128_load32_zero(place(i32x4_extract_lane::<0>(at)));
            let px = v128_load32_lane::<1>(px, place(i32x4_extract_lane::<1>(at)));
            let px = v128_load32_lane::<2>(px, place(i32x4_extract_lane::<2>(at)));
            v128_load32_lane::<3>(px, place(i32x4_extract_lane::<3>(at)))
        }
    };
    let corners = [read(0), read(3), read(stride), read(stride + 3)];
    for (channel, out) in out.into_iter().enumerate() {
        let [a, b, c, d] = corners.map(|px| byte(px, 8 * channel as u32));
        let upper = f32x4_add(f32x4_mul(a, gx), f32x4_mul(b, fx));
        let lower = f32x4_add(f32x4_mul(c, gx), f32x4_mul(d, fx));
        let value = f32x4_add(f32x4_mul(upper, gy), f32x4_mul(lower, fy));
        let scaled = f32x4_add(f32x4_mul(value, f32x4_splat(gain)), f32x4_splat(offset));
        // SAFETY: `out` holds four numbers; wasm stores need no alignment.
        unsafe { v128_store(out.as_mut_ptr().cast::<v128>(), scaled) };
    }
}

/// The byte `shift` bits up in every lane, as a number.
#[inline]
fn byte(px: v128, shift: u32) -> v128 {
    f32x4_convert_i32x4(v128_and(u32x4_shr(px, shift), i32x4_splat(255)))
}
