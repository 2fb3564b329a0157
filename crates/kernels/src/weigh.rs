//! Weighted sums of four neighbours: how a row of area sums becomes narrower.

/// `out[i]` = sum of `sums[first[i] + k] * weights[i][k]` in units of 1/65536, rounded. As many as all three hold; what would reach beyond `sums`
/// stays as it is. Weights of one `i` add up to at most 256, so that a byte comes out.
pub fn weigh_four(sums: &[u16], first: &[u32], weights: &[[u16; 4]], out: &mut [u8]) {
    let count = first.len().min(weights.len()).min(out.len());
    let (first, weights, out) = (&first[..count], &weights[..count], &mut out[..count]);
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    let done = simd::weigh(sums, first, weights, out);
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    let done = 0;
    for ((byte, &first), weights) in out.iter_mut().zip(first).zip(weights).skip(done) {
        let Some(sums) = sums.get(first as usize..).and_then(<[u16]>::first_chunk::<4>) else { continue };
        let sum: u32 = (0..4).map(|k| u32::from(sums[k]) * u32::from(weights[k])).sum();
        *byte = ((sum + (1 << 15)) >> 16) as u8;
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd {
    use core::arch::wasm32::{
        i32x4_shuffle, u8x16_narrow_i16x8, u16x8_narrow_i32x4, u32x4_add, u32x4_extmul_low_u16x8, u32x4_shr, u32x4_splat, v128,
        v128_load64_zero, v128_store32_lane,
    };

    /// Four numbers at a time, as long as all they need is there; how many were done. Unsigned products as in the scalar loop, so the same bits.
    pub(super) fn weigh(sums: &[u16], first: &[u32], weights: &[[u16; 4]], out: &mut [u8]) -> usize {
        let Some(last) = sums.len().checked_sub(4) else { return 0 };
        let quads = first.as_chunks::<4>().0.iter().zip(weights.as_chunks::<4>().0).zip(out.as_chunks_mut::<4>().0);
        let mut done = 0;
        for ((first, weights), out) in quads {
            if first.iter().any(|&i| i as usize > last) {
                break;
            }
            let products = |lane: usize| {
                // SAFETY: `first[lane] + 4` numbers of two bytes are there, checked above; a weight is eight bytes. wasm loads need no alignment.
                let (sums, weights) = unsafe {
                    (
                        v128_load64_zero(sums.as_ptr().wrapping_add(first[lane] as usize).cast::<u64>()),
                        v128_load64_zero(weights.as_ptr().wrapping_add(lane).cast::<u64>()),
                    )
                };
                u32x4_extmul_low_u16x8(sums, weights)
            };
            let [a, b, c, d] = [0, 1, 2, 3].map(products);
            let folded = |x: v128, y: v128| u32x4_add(i32x4_shuffle::<0, 1, 4, 5>(x, y), i32x4_shuffle::<2, 3, 6, 7>(x, y));
            let (ab, cd) = (folded(a, b), folded(c, d));
            let sum = u32x4_add(i32x4_shuffle::<0, 2, 4, 6>(ab, cd), i32x4_shuffle::<1, 3, 5, 7>(ab, cd));
            let bytes = u32x4_shr(u32x4_add(sum, u32x4_splat(1 << 15)), 16);
            let bytes = u16x8_narrow_i32x4(bytes, bytes);
            // SAFETY: `out` holds four bytes; wasm stores need no alignment.
            unsafe { v128_store32_lane::<0>(u8x16_narrow_i16x8(bytes, bytes), out.as_mut_ptr().cast::<u32>()) };
            done += 4;
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_weighed_and_nothing_beyond_the_end_is_read() {
        let sums: Vec<u16> = (0..23).map(|i| (i * 2803) as u16).collect();
        let first: Vec<u32> = (0..19).chain([20]).collect();
        let weights: Vec<[u16; 4]> = (0..20).map(|i| [i, 2 * i, 100, 156 - 3 * i]).collect();
        let mut out = vec![7; 20];
        weigh_four(&sums, &first, &weights, &mut out);
        for (i, &got) in out.iter().enumerate().take(19) {
            let sum: u64 = (0..4).map(|k| u64::from(sums[i + k]) * u64::from(weights[i][k])).sum();
            assert_eq!(u64::from(got), (sum + 32_768) >> 16, "{i}");
        }
        assert_eq!(out[19], 7, "beyond the end");
        weigh_four(&sums, &first[..2], &weights, &mut out[..1]);
        weigh_four(&[], &first, &weights, &mut out);
        let before = out.clone();
        weigh_four(&sums, &[u32::MAX; 20], &weights, &mut out);
        assert_eq!(out, before, "far beyond the end");
    }
}
