//! From brightness and colour differences to packed RGB.

/// What brightness becomes and where black is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Light {
    /// Brightness that is black.
    pub black: u8,
    /// Half the gain, in units of 1/32768.
    pub half_gain: i16,
}

/// `a * b` in units of 1/32768, rounded: what WebAssembly's `i16x8.q15mulr_sat_s` does of numbers that are not both -32768.
#[must_use]
pub const fn times(a: i16, b: i16) -> i16 {
    ((a as i32 * b as i32 + (1 << 14)) >> 15) as i16
}

/// Packs a row: each channel is `gain * (y - black)` plus what `added` holds for it, in units of 1/32, rounded and clamped to a byte. As many
/// pixels as all hold. `added` of pixels lies within +-16,000, gains below two.
pub fn colour_row(y: &[u8], light: Light, added: [&[i16]; 3], rgb: &mut [u8]) {
    let count = added.iter().map(|a| a.len()).fold(y.len().min(rgb.len() / 3), usize::min);
    let (y, rgb) = (&y[..count], &mut rgb[..3 * count]);
    let added = added.map(|a| &a[..count]);
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    let done = simd::row(y, light, added, rgb);
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    let done = 0;
    for (i, pixel) in rgb.as_chunks_mut::<3>().0.iter_mut().enumerate().skip(done) {
        let bright = times((i16::from(y[i]) - i16::from(light.black)) << 6, light.half_gain);
        // wrapping, as the lanes of the twin do beyond what is documented
        *pixel = added.map(|a| (bright.wrapping_add(16).wrapping_add(a[i]) >> 5).clamp(0, 255) as u8);
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd {
    use core::arch::wasm32::{
        i8x16_shuffle, i16x8_add, i16x8_q15mulr_sat, i16x8_shl, i16x8_shr, i16x8_splat, i16x8_sub, u8x16_narrow_i16x8,
        u16x8_load_extend_u8x8, v128, v128_load, v128_store, v128_store64_lane,
    };

    use super::Light;

    /// Eight pixels at a time; how many were done. The scalar loop's operations, so the same bits.
    pub(super) fn row(y: &[u8], light: Light, added: [&[i16]; 3], rgb: &mut [u8]) -> usize {
        let (black, gain, half) = (i16x8_splat(i16::from(light.black)), i16x8_splat(light.half_gain), i16x8_splat(16));
        let [reds, greens, blues] = added.map(|a| a.as_chunks::<8>().0);
        let all = y.as_chunks::<8>().0.iter().zip(reds).zip(greens).zip(blues).zip(rgb.as_chunks_mut::<24>().0);
        let mut done = 0;
        for ((((y, red), green), blue), out) in all {
            // SAFETY: eight bytes are there; wasm loads need no alignment.
            let y = unsafe { u16x8_load_extend_u8x8(y.as_ptr()) };
            let bright = i16x8_add(i16x8_q15mulr_sat(i16x8_shl(i16x8_sub(y, black), 6), gain), half);
            let channel = |added: &[i16; 8]| {
                // SAFETY: sixteen bytes are there; wasm loads need no alignment.
                let added = unsafe { v128_load(added.as_ptr().cast::<v128>()) };
                i16x8_shr(i16x8_add(bright, added), 5)
            };
            let red_green = u8x16_narrow_i16x8(channel(red), channel(green));
            let blue = channel(blue);
            let blue = u8x16_narrow_i16x8(blue, blue);
            let head = i8x16_shuffle::<0, 8, 16, 1, 9, 17, 2, 10, 18, 3, 11, 19, 4, 12, 20, 5>(red_green, blue);
            let tail = i8x16_shuffle::<13, 21, 6, 14, 22, 7, 15, 23, 0, 0, 0, 0, 0, 0, 0, 0>(red_green, blue);
            // SAFETY: `out` holds 24 bytes; wasm stores need no alignment.
            unsafe {
                v128_store(out.as_mut_ptr().cast::<v128>(), head);
                v128_store64_lane::<0>(tail, out.as_mut_ptr().wrapping_add(16).cast::<u64>());
            }
            done += 8;
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_is_brightness_and_its_share() {
        let y: Vec<u8> = (0..21).map(|i| (i * 12) as u8).collect();
        let added: [Vec<i16>; 3] = [-3000, 0, 5000].map(|begin| (0..21).map(|i| begin + 37 * i).collect());
        let light = Light { black: 16, half_gain: (255.0 / 219.0 / 2.0 * 32_768.0_f32).round() as i16 };
        let mut rgb = vec![9; 3 * 21 + 2];
        colour_row(&y, light, [&added[0], &added[1], &added[2]], &mut rgb);
        for (i, pixel) in rgb[..63].chunks_exact(3).enumerate() {
            for (channel, &got) in pixel.iter().enumerate() {
                let value = (f32::from(y[i]) - 16.0) * 255.0 / 219.0 + f32::from(added[channel][i]) / 32.0;
                assert!((f32::from(got) - value.clamp(0.0, 255.0)).abs() < 0.6, "pixel {i}: {got}, expected {value}");
            }
        }
        assert_eq!(rgb[63..], [9, 9], "no pixel more");
        colour_row(&y, light, [&added[0][..2], &[], &added[2]], &mut rgb);
    }
}
