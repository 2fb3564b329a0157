//! Weighted sums of four neighbours: how rows of a plane become fewer, and how a row becomes narrower.

/// Rows weighed together: `sums[i]` = sum of `rows[k][i] * weights[k]`. As many as all of them hold. Weights that add up to at most 256 leave no sum
/// too large.
pub fn weigh_rows<const N: usize>(rows: [&[u8]; N], weights: [u16; N], sums: &mut [u16]) {
    let count = rows.iter().map(|row| row.len()).fold(sums.len(), usize::min);
    let rows = rows.map(|row| &row[..count]);
    for (i, sum) in sums[..count].iter_mut().enumerate() {
        *sum = (0..N).fold(0, |sum, k| weights[k].wrapping_mul(u16::from(rows[k][i])).wrapping_add(sum));
    }
}

/// For each byte of a narrower row: where its four neighbours begin in the row of sums, and their weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    first: Vec<u32>,
    /// Not negative.
    weights: Vec<[i16; 4]>,
    /// How many sums a row must have.
    reach: usize,
}

impl Columns {
    /// `None` when there are not equally many of both, or weights of one byte do not add up to 256.
    #[must_use]
    pub fn new(first: Vec<u32>, weights: &[[u16; 4]]) -> Option<Self> {
        let whole = |weights: &[u16; 4]| weights.iter().map(|&weight| u32::from(weight)).sum::<u32>() == 256;
        let reach = first.iter().max().map_or(Some(0), |&last| (last as usize).checked_add(4))?;
        let fits = first.len() == weights.len() && weights.iter().all(whole);
        // invariant: at most 256
        let weights = weights.iter().map(|four| four.map(|weight| weight as i16)).collect();
        fits.then_some(Self { first, weights, reach })
    }

    /// `out[i]` = sum of `sums[first[i] + k] * weights[i][k]` in units of 1/65536, rounded; as many as there are of both. A row that is too short for
    /// these columns leaves `out` as it is.
    pub fn weigh(&self, sums: &[u16], out: &mut [u8]) {
        if sums.len() < self.reach {
            return;
        }
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        let done = simd::weigh(self, sums, out);
        #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
        let done = 0;
        for ((byte, &first), weights) in out.iter_mut().zip(&self.first).zip(&self.weights).skip(done) {
            let Some(sums) = sums.get(first as usize..).and_then(<[u16]>::first_chunk::<4>) else { continue };
            let sum: u32 = sums.iter().zip(weights).map(|(&sum, &weight)| u32::from(sum) * weight as u32).sum();
            *byte = ((sum + (1 << 15)) >> 16) as u8;
        }
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd {
    use core::arch::wasm32::{
        i16x8_splat, i32x4_dot_i16x8, i32x4_shuffle, i32x4_splat, u8x16_narrow_i16x8, u16x8_narrow_i32x4, u32x4_add, u32x4_shr, v128,
        v128_load, v128_load64_lane, v128_load64_zero, v128_store32_lane, v128_xor,
    };

    use super::Columns;

    /// Four bytes at a time; how many were done. `sums` reaches as far as the columns.
    ///
    /// Products are of signed numbers: each sum less 32,768, which the weights, adding up to 256, turn into 2^23 less. The same bits as the loop.
    pub(super) fn weigh(columns: &Columns, sums: &[u16], out: &mut [u8]) -> usize {
        assert!(sums.len() >= columns.reach, "the caller has looked");
        let quads = columns.first.as_chunks::<4>().0.iter().zip(columns.weights.as_chunks::<4>().0).zip(out.as_chunks_mut::<4>().0);
        let done = 4 * quads.len();
        for ((first, weights), out) in quads {
            let products = |lane: usize| {
                let place = |lane: usize| sums.as_ptr().wrapping_add(first[lane] as usize).cast::<u64>();
                // SAFETY: every `first` has four sums of two bytes from there on, since none reaches beyond `reach`; two sets of weights are 16 bytes
                // and `lane` is 0 or 2. wasm loads need no alignment.
                let (two, weights) = unsafe {
                    (
                        v128_load64_lane::<1>(v128_load64_zero(place(lane)), place(lane + 1)),
                        v128_load(weights.as_ptr().wrapping_add(lane).cast::<v128>()),
                    )
                };
                i32x4_dot_i16x8(v128_xor(two, i16x8_splat(i16::MIN)), weights)
            };
            let (ab, cd) = (products(0), products(2));
            let sum = u32x4_add(i32x4_shuffle::<0, 2, 4, 6>(ab, cd), i32x4_shuffle::<1, 3, 5, 7>(ab, cd));
            let bytes = u32x4_shr(u32x4_add(sum, i32x4_splat((1 << 23) + (1 << 15))), 16);
            let bytes = u16x8_narrow_i32x4(bytes, bytes);
            // SAFETY: `out` holds four bytes; wasm stores need no alignment.
            unsafe { v128_store32_lane::<0>(u8x16_narrow_i16x8(bytes, bytes), out.as_mut_ptr().cast::<u32>()) };
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_weighed() {
        let sums: Vec<u16> = (0..23).map(|i: u32| if i % 5 == 0 { 65_280 } else { (i * 2803) as u16 }).collect();
        let first: Vec<u32> = (0..19).chain([3]).collect();
        let weights: Vec<[u16; 4]> = (0..20).map(|i| if i == 7 { [0, 256, 0, 0] } else { [i, 2 * i, 100, 156 - 3 * i] }).collect();
        let columns = Columns::new(first.clone(), &weights).expect("fits");
        let mut out = vec![7; 21];
        columns.weigh(&sums, &mut out);
        for (i, &got) in out.iter().enumerate().take(20) {
            let sum: u64 = (0..4).map(|k| u64::from(sums[first[i] as usize + k]) * u64::from(weights[i][k])).sum();
            assert_eq!(u64::from(got), (sum + 32_768) >> 16, "{i}");
        }
        assert_eq!(out[20], 7, "no columns for it");
        let before = out.clone();
        columns.weigh(&sums[..21], &mut out);
        assert_eq!(out, before, "a row that is too short");
        columns.weigh(&sums, &mut out[..1]);
    }

    #[test]
    fn columns_must_be_whole() {
        assert!(Columns::new(vec![0, 1], &[[64; 4]]).is_none(), "as many of both");
        assert!(Columns::new(vec![0], &[[64, 64, 64, 63]]).is_none(), "255");
        assert!(Columns::new(vec![0], &[[u16::MAX, 257, 0, 0]]).is_none(), "no wrapping around");
        assert!(Columns::new(Vec::new(), &[]).is_some(), "none at all");
    }

    #[test]
    fn rows_are_weighed() {
        let rows = [[255u8; 3], [255; 3], [255; 3], [0, 1, 255]];
        let mut sums = [9; 4];
        weigh_rows(rows.each_ref().map(|row| &row[..]), [1, 2, 3, 250], &mut sums);
        assert_eq!(sums, [1530, 1780, 65_280, 9], "and what has no row stays");
        weigh_rows([&[255, 3], &[1; 5], &[7; 2]], [250, 4, 2], &mut sums);
        assert_eq!(sums, [63_768, 768, 65_280, 9], "three, the shortest counts");
    }
}
