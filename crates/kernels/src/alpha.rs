/// Copies packed RGBA to packed RGB. As many pixels as both hold.
pub fn drop_alpha(rgba: &[u8], rgb: &mut [u8]) {
    let pixels = (rgba.len() / 4).min(rgb.len() / 3);
    let (fours, rest) = rgba[..4 * pixels].as_chunks::<16>();
    let (packed, end) = rgb[..3 * pixels].as_chunks_mut::<12>();
    for (from, to) in fours.iter().zip(packed) {
        *to = four(from);
    }
    for (from, to) in rest.as_chunks::<4>().0.iter().zip(end.as_chunks_mut::<3>().0) {
        [to[0], to[1], to[2], _] = *from;
    }
}

/// Four pixels, as three words made of four.
#[inline(always)]
fn four(rgba: &[u8; 16]) -> [u8; 12] {
    let word = |i: usize| u32::from_le_bytes([rgba[4 * i], rgba[4 * i + 1], rgba[4 * i + 2], rgba[4 * i + 3]]);
    let [a, b, c, d] = [word(0), word(1), word(2), word(3)];
    let packed = [a & 0xff_ffff | b << 24, b >> 8 & 0xffff | c << 16, c >> 16 & 0xff | d << 8].map(u32::to_le_bytes);
    let mut out = [0; 12];
    out.as_chunks_mut::<4>().0.copy_from_slice(&packed);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fourth_byte_goes() {
        for pixels in 0..23 {
            let rgba: Vec<u8> = (0..pixels * 4).map(|i| (i * 7 + 3) as u8).collect();
            let mut rgb = vec![0; pixels * 3];
            drop_alpha(&rgba, &mut rgb);
            let expected: Vec<u8> = rgba.chunks_exact(4).flat_map(|px| px[..3].to_vec()).collect();
            assert_eq!(rgb, expected, "{pixels} pixels");
        }
        let mut short = [9; 7];
        drop_alpha(&[1, 2, 3, 0, 4, 5, 6, 0, 7, 8, 9, 0], &mut short);
        assert_eq!(short, [1, 2, 3, 4, 5, 6, 9], "two whole pixels");
    }
}
