//! Eight bilinear samples at once for x86-64 with AVX2. The same operations in the same order as the scalar loop, so the same bits.

use core::arch::x86_64::{
    __m256, __m256i, _mm_cvtsi32_si128, _mm256_add_epi32, _mm256_add_ps, _mm256_and_si256, _mm256_cvtepi32_ps, _mm256_cvttps_epi32,
    _mm256_i32gather_epi32, _mm256_mul_ps, _mm256_mullo_epi32, _mm256_set1_epi32, _mm256_set1_ps, _mm256_setr_ps, _mm256_srl_epi32,
    _mm256_storeu_ps, _mm256_sub_ps,
};

use crate::warp::{Line, Rgb};

/// Samples per call.
pub(crate) const LANES: usize = 8;

/// Samples `first` to `first + 7` of `line`, written as `byte * gain + offset`.
///
/// # Safety
/// The processor has AVX2, and [`crate::warp::fits`] said true for the same arguments.
#[target_feature(enable = "avx2")]
pub(crate) unsafe fn several(src: Rgb<'_>, line: Line, first: usize, gain: f32, offset: f32, out: [&mut [f32; LANES]; 3]) {
    let first = first as f32;
    let index = _mm256_add_ps(_mm256_set1_ps(first), _mm256_setr_ps(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0));
    let along = |start: f32, step: f32| _mm256_add_ps(_mm256_set1_ps(start), _mm256_mul_ps(index, _mm256_set1_ps(step)));
    let (x, y) = (along(line.x, line.dx), along(line.y, line.dy));
    let (column, row) = (_mm256_cvttps_epi32(x), _mm256_cvttps_epi32(y));
    let (fx, fy) = (_mm256_sub_ps(x, _mm256_cvtepi32_ps(column)), _mm256_sub_ps(y, _mm256_cvtepi32_ps(row)));
    let one = _mm256_set1_ps(1.0);
    let (gx, gy) = (_mm256_sub_ps(one, fx), _mm256_sub_ps(one, fy));
    let stride = src.width() as i32 * 3;
    let at = _mm256_add_epi32(_mm256_mullo_epi32(row, _mm256_set1_epi32(stride)), _mm256_mullo_epi32(column, _mm256_set1_epi32(3)));
    let read = |extra: i32| {
        let place = _mm256_add_epi32(at, _mm256_set1_epi32(extra));
        // SAFETY: `fits` puts column + 1 and row + 1 inside the picture with one more row below, so that the four bytes read at the furthest
        // pixel end inside the buffer; offsets are bytes, not negative, and at most i32::MAX.
        unsafe { _mm256_i32gather_epi32::<1>(src.data().as_ptr().cast::<i32>(), place) }
    };
    let corners = [read(0), read(3), read(stride), read(stride + 3)];
    for (channel, out) in out.into_iter().enumerate() {
        let [a, b, c, d] = corners.map(|px| byte(px, channel as i32));
        let upper = _mm256_add_ps(_mm256_mul_ps(a, gx), _mm256_mul_ps(b, fx));
        let lower = _mm256_add_ps(_mm256_mul_ps(c, gx), _mm256_mul_ps(d, fx));
        let value = _mm256_add_ps(_mm256_mul_ps(upper, gy), _mm256_mul_ps(lower, fy));
        let scaled = _mm256_add_ps(_mm256_mul_ps(value, _mm256_set1_ps(gain)), _mm256_set1_ps(offset));
        // SAFETY: `out` holds eight numbers.
        unsafe { _mm256_storeu_ps(out.as_mut_ptr(), scaled) };
    }
}

/// Byte `channel` of every lane as a number.
#[inline]
#[target_feature(enable = "avx2")]
fn byte(px: __m256i, channel: i32) -> __m256 {
    let shifted = _mm256_srl_epi32(px, _mm_cvtsi32_si128(channel * 8));
    _mm256_cvtepi32_ps(_mm256_and_si256(shifted, _mm256_set1_epi32(255)))
}
