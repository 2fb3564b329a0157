//! Four bilinear samples at once for WebAssembly's simd128: the whole numbers of the scalar loop, so the same bits.

use core::arch::wasm32::{
    f32x4_add, f32x4_convert_i32x4, f32x4_mul, f32x4_splat, i8x16, i8x16_swizzle, i16x8_mul, i32x4, i32x4_add, i32x4_dot_i16x8,
    i32x4_extract_lane, i32x4_gt, i32x4_max, i32x4_min, i32x4_mul, i32x4_shl, i32x4_shr, i32x4_shuffle, i32x4_splat, i32x4_sub,
    i64x2_shuffle, v128, v128_and, v128_any_true, v128_load64_zero, v128_store,
};

use crate::warp::{POINT, Rgb, Steps, WEIGHT, one_by_one};

/// Samples at a time.
pub(crate) const LANES: usize = 4;

/// Samples from the `first` on, four for each of `out`, written as `sum * gain + offset`.
///
/// `MOVED`: samples beyond the edge are moved to it.
///
/// # Safety
/// The samples are moved, or [`crate::warp::fits`] said true for the first four and the last four of them; offsets in `src` fit 31 bits.
pub(crate) unsafe fn several<const MOVED: bool>(
    src: Rgb<'_>,
    steps: Steps,
    first: usize,
    gain: f32,
    offset: f32,
    out: [&mut [[f32; LANES]]; 3],
) {
    const ONE: i32 = 1 << WEIGHT;
    let [mut x, mut y] = [0, 1].map(|axis| {
        let (at, by) = (steps.at[axis] + first as i32 * steps.by[axis], steps.by[axis]);
        i32x4(at, at + by, at + 2 * by, at + 3 * by)
    });
    let [on_x, on_y] = steps.by.map(|by| i32x4_splat(by.wrapping_mul(LANES as i32)));
    let stride = src.width() * 3;
    let [last_x, last_y] = src.last();
    let furthest = i32x4_splat(src.data().len() as i32 - stride as i32 - 8);
    let [red, green, blue] = out;
    for (chunk, ((red, green), blue)) in red.iter_mut().zip(green).zip(blue).enumerate() {
        let [(column, fx), (row, fy)] = if MOVED {
            [(x, last_x), (y, last_y)].map(|(position, last)| {
                let position = i32x4_min(i32x4_max(position, i32x4_splat(0)), i32x4_splat(last << POINT));
                let whole = i32x4_min(i32x4_shr(position, POINT), i32x4_splat(last - 1));
                (whole, i32x4_sub(i32x4_shr(position, POINT - WEIGHT), i32x4_shl(whole, WEIGHT)))
            })
        } else {
            [x, y].map(|position| (i32x4_shr(position, POINT), v128_and(i32x4_shr(position, POINT - WEIGHT), i32x4_splat(ONE - 1))))
        };
        (x, y) = (i32x4_add(x, on_x), i32x4_add(y, on_y));
        // Two weights to a lane, sixteen bits each: of the left and right pixel, then of the upper and of the lower row twice.
        let along = i32x4_add(i32x4_sub(i32x4_shl(fx, 16), fx), i32x4_splat(ONE));
        let below = i32x4_add(i32x4_shl(fy, 16), fy);
        let above = i32x4_sub(i32x4_splat(ONE << 16 | ONE), below);
        let (upper, lower) = (i16x8_mul(along, above), i16x8_mul(along, below));
        let column = i32x4_add(column, i32x4_add(column, column));
        let at = i32x4_add(i32x4_mul(row, i32x4_splat(stride as i32)), column);
        if MOVED && v128_any_true(i32x4_gt(at, furthest)) {
            // The last row has no bytes after its last pixels.
            one_by_one(src, steps, first + chunk * LANES, gain, offset, [red, green, blue]);
            continue;
        }
        // SAFETY: a moved sample lies between pixels, and what it reads of both rows ends inside the picture; a sample that is not moved lies on a
        // straight line between samples that fit. Offsets are bytes and not negative.
        let [a, b, c, d] = unsafe {
            [
                sample::<0>(src, at, stride, upper, lower),
                sample::<1>(src, at, stride, upper, lower),
                sample::<2>(src, at, stride, upper, lower),
                sample::<3>(src, at, stride, upper, lower),
            ]
        };
        let (ab, cd) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<0, 4, 1, 5>(c, d));
        let last = [i32x4_shuffle::<2, 6, 3, 7>(a, b), i32x4_shuffle::<2, 6, 3, 7>(c, d)];
        let channels = [i64x2_shuffle::<0, 2>(ab, cd), i64x2_shuffle::<1, 3>(ab, cd), i64x2_shuffle::<0, 2>(last[0], last[1])];
        for (sums, out) in channels.into_iter().zip([red, green, blue]) {
            let value = f32x4_add(f32x4_mul(f32x4_convert_i32x4(sums), f32x4_splat(gain)), f32x4_splat(offset));
            // SAFETY: `out` holds four numbers; wasm stores need no alignment.
            unsafe { v128_store(out.as_mut_ptr().cast::<v128>(), value) };
        }
    }
}

/// Red, green and blue of the sample of one lane, in units of 1/2^14, and a lane without meaning.
///
/// # Safety
/// Eight bytes from byte `at` of the lane on, and a row below them, are there.
#[inline]
unsafe fn sample<const LANE: usize>(src: Rgb<'_>, at: v128, stride: usize, upper: v128, lower: v128) -> v128 {
    let at = i32x4_extract_lane::<LANE>(at) as usize;
    let weights = |of: v128| i32x4_shuffle::<LANE, LANE, LANE, LANE>(of, of);
    let pair = |at: usize| {
        // SAFETY: eight bytes, see above. wasm loads need no alignment.
        let bytes = unsafe { v128_load64_zero(src.data().as_ptr().wrapping_add(at).cast::<u64>()) };
        // Left and right byte of each channel side by side, as numbers of sixteen bits.
        i8x16_swizzle(bytes, i8x16(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1))
    };
    i32x4_add(i32x4_dot_i16x8(pair(at), weights(upper)), i32x4_dot_i16x8(pair(at + stride), weights(lower)))
}
