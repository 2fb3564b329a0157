//! Four bilinear samples at once for x86-64 with SSE4.1: the whole numbers of the scalar loop, so the same bits.

use core::arch::x86_64::{
    __m128i, _mm_add_epi32, _mm_add_ps, _mm_and_si128, _mm_cmpgt_epi32, _mm_cvtepi32_ps, _mm_extract_epi32, _mm_loadl_epi64,
    _mm_madd_epi16, _mm_max_epi32, _mm_min_epi32, _mm_movemask_epi8, _mm_mul_ps, _mm_mullo_epi16, _mm_mullo_epi32, _mm_set_epi32,
    _mm_set1_epi32, _mm_set1_ps, _mm_setr_epi8, _mm_shuffle_epi8, _mm_shuffle_epi32, _mm_slli_epi32, _mm_srai_epi32, _mm_storeu_ps,
    _mm_sub_epi32, _mm_unpackhi_epi32, _mm_unpackhi_epi64, _mm_unpacklo_epi32, _mm_unpacklo_epi64,
};

use crate::warp::{POINT, Rgb, Steps, WEIGHT, one_by_one};

/// Samples at a time.
pub(crate) const LANES: usize = 4;

/// Samples from the `first` on, four for each of `out`, written as `sum * gain + offset`.
///
/// `MOVED`: samples beyond the edge are moved to it.
///
/// # Safety
/// The processor has SSE4.1. The samples are moved, or [`crate::warp::fits`] said true for the first four and the last four of them; offsets in
/// `src` fit 31 bits.
#[target_feature(enable = "sse4.1")]
pub(crate) unsafe fn several<const MOVED: bool>(
    src: Rgb<'_>,
    steps: Steps,
    first: usize,
    gain: f32,
    offset: f32,
    out: [&mut [[f32; LANES]]; 3],
) {
    const ONE: i32 = 1 << WEIGHT;
    let mut positions = [_mm_set1_epi32(0); 2];
    for (position, (at, by)) in positions.iter_mut().zip(steps.at.into_iter().zip(steps.by)) {
        let at = at + first as i32 * by;
        *position = _mm_set_epi32(at + 3 * by, at + 2 * by, at + by, at);
    }
    let [mut x, mut y] = positions;
    let (on_x, on_y) = (_mm_set1_epi32(steps.by[0].wrapping_mul(LANES as i32)), _mm_set1_epi32(steps.by[1].wrapping_mul(LANES as i32)));
    let stride = src.width() * 3;
    let [last_x, last_y] = src.last();
    let furthest = _mm_set1_epi32(src.data().len() as i32 - stride as i32 - 8);
    let scale = (gain, offset);
    let (gain, offset) = (_mm_set1_ps(gain), _mm_set1_ps(offset));
    let [red, green, blue] = out;
    for (chunk, ((red, green), blue)) in red.iter_mut().zip(green).zip(blue).enumerate() {
        let ((column, fx), (row, fy)) = if MOVED { (moved(x, last_x), moved(y, last_y)) } else { (split(x), split(y)) };
        (x, y) = (_mm_add_epi32(x, on_x), _mm_add_epi32(y, on_y));
        // Two weights to a lane, sixteen bits each: of the left and right pixel, then of the upper and of the lower row twice.
        let along = _mm_add_epi32(_mm_sub_epi32(_mm_slli_epi32::<16>(fx), fx), _mm_set1_epi32(ONE));
        let below = _mm_add_epi32(_mm_slli_epi32::<16>(fy), fy);
        let above = _mm_sub_epi32(_mm_set1_epi32(ONE << 16 | ONE), below);
        let (upper, lower) = (_mm_mullo_epi16(along, above), _mm_mullo_epi16(along, below));
        let column = _mm_add_epi32(column, _mm_add_epi32(column, column));
        let at = _mm_add_epi32(_mm_mullo_epi32(row, _mm_set1_epi32(stride as i32)), column);
        if MOVED && _mm_movemask_epi8(_mm_cmpgt_epi32(at, furthest)) != 0 {
            // The last row has no bytes after its last pixels.
            one_by_one(src, steps, first + chunk * LANES, scale.0, scale.1, [red, green, blue]);
            continue;
        }
        // SAFETY: a moved sample lies between pixels, and what it reads of both rows ends inside the picture; a sample that is not moved lies on a
        // straight line between samples that fit. Offsets are bytes and not negative.
        let [a, b, c, d] = unsafe {
            [
                sample::<0, 0x00>(src, at, stride, upper, lower),
                sample::<1, 0x55>(src, at, stride, upper, lower),
                sample::<2, 0xAA>(src, at, stride, upper, lower),
                sample::<3, 0xFF>(src, at, stride, upper, lower),
            ]
        };
        let (ab, cd) = (_mm_unpacklo_epi32(a, b), _mm_unpacklo_epi32(c, d));
        let last = _mm_unpacklo_epi64(_mm_unpackhi_epi32(a, b), _mm_unpackhi_epi32(c, d));
        let channels = [_mm_unpacklo_epi64(ab, cd), _mm_unpackhi_epi64(ab, cd), last];
        for (sums, out) in channels.into_iter().zip([red, green, blue]) {
            let value = _mm_add_ps(_mm_mul_ps(_mm_cvtepi32_ps(sums), gain), offset);
            // SAFETY: `out` holds four numbers; the store needs no alignment.
            unsafe { _mm_storeu_ps(out.as_mut_ptr(), value) };
        }
    }
}

/// Whole pixels of a position, and the part of one in units of 1/128.
#[inline]
#[target_feature(enable = "sse4.1")]
fn split(position: __m128i) -> (__m128i, __m128i) {
    let part = _mm_srai_epi32::<{ (POINT - WEIGHT) as i32 }>(position);
    (_mm_srai_epi32::<{ POINT as i32 }>(position), _mm_and_si128(part, _mm_set1_epi32((1 << WEIGHT) - 1)))
}

/// The same of a position that is moved to between the pixels 0 and `last`; at the last one, it is a whole part after the one before.
#[inline]
#[target_feature(enable = "sse4.1")]
fn moved(position: __m128i, last: i32) -> (__m128i, __m128i) {
    let position = _mm_min_epi32(_mm_max_epi32(position, _mm_set1_epi32(0)), _mm_set1_epi32(last << POINT));
    let whole = _mm_min_epi32(_mm_srai_epi32::<{ POINT as i32 }>(position), _mm_set1_epi32(last - 1));
    let part = _mm_srai_epi32::<{ (POINT - WEIGHT) as i32 }>(position);
    (whole, _mm_sub_epi32(part, _mm_slli_epi32::<{ WEIGHT as i32 }>(whole)))
}

/// Red, green and blue of the sample of one lane, in units of 1/2^14, and a lane without meaning. `SPREAD` shuffles that lane into all four.
///
/// # Safety
/// Eight bytes from byte `at` of the lane on, and a row below them, are there.
#[inline]
#[target_feature(enable = "sse4.1")]
unsafe fn sample<const LANE: i32, const SPREAD: i32>(src: Rgb<'_>, at: __m128i, stride: usize, upper: __m128i, lower: __m128i) -> __m128i {
    let at = _mm_extract_epi32::<LANE>(at) as usize;
    let (upper, lower) = (_mm_shuffle_epi32::<SPREAD>(upper), _mm_shuffle_epi32::<SPREAD>(lower));
    // Left and right byte of each channel side by side, as numbers of sixteen bits.
    let apart = _mm_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
    // SAFETY: eight bytes, see above; the load needs no alignment.
    let [above, below] = unsafe {
        let place = |at: usize| src.data().as_ptr().wrapping_add(at).cast::<__m128i>();
        [_mm_loadl_epi64(place(at)), _mm_loadl_epi64(place(at + stride))]
    };
    _mm_add_epi32(_mm_madd_epi16(_mm_shuffle_epi8(above, apart), upper), _mm_madd_epi16(_mm_shuffle_epi8(below, apart), lower))
}
