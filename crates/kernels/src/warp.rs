/// A packed RGB picture, rows top to bottom, one byte per channel. `data.len() == 3 * width * height`, both sides at least 1.
#[derive(Clone, Copy)]
pub struct Rgb<'a> {
    data: &'a [u8],
    width: usize,
    height: usize,
}

impl<'a> Rgb<'a> {
    /// Checks the size; `None` when a side is zero or the buffer does not match.
    #[must_use]
    pub fn new(data: &'a [u8], width: usize, height: usize) -> Option<Self> {
        let fits = width > 0 && height > 0 && width.checked_mul(height).and_then(|n| n.checked_mul(3)) == Some(data.len());
        fits.then_some(Self { data, width, height })
    }

    /// Packed RGB.
    #[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
    pub(crate) const fn data(self) -> &'a [u8] {
        self.data
    }

    /// px, at least 1.
    #[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
    pub(crate) const fn width(self) -> usize {
        self.width
    }
}

impl core::fmt::Debug for Rgb<'_> {
    /// Size only: pixels of a face are personal data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Rgb({}x{})", self.width, self.height)
    }
}

/// Where the samples of one output row lie in the source, in pixel-index coordinates: (0, 0) is the centre of the first pixel.
/// Sample `i` is at `(x + i * dx, y + i * dy)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// First sample, px.
    pub x: f32,
    /// First sample, px.
    pub y: f32,
    /// Step per sample, px.
    pub dx: f32,
    /// Step per sample, px.
    pub dy: f32,
}

/// What lies outside the source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Border {
    /// The nearest edge pixel.
    Replicate,
    /// Black.
    Black,
}

/// Bilinear samples along `line`, one plane per channel, each written as `byte * gain + offset`.
/// The planes may differ in length; the shortest one counts.
pub fn warp_row(src: Rgb<'_>, line: Line, border: Border, gain: f32, offset: f32, planes: [&mut [f32]; 3]) {
    let [red, green, blue] = planes;
    let count = red.len().min(green.len()).min(blue.len());
    let (red, green, blue) = (&mut red[..count], &mut green[..count], &mut blue[..count]);
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        warp_row_wide(src, line, border, (gain, offset), [red, green, blue]);
        return;
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    warp_row_wide(src, line, border, (gain, offset), [red, green, blue]);
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    warp_part(src, line, border, (gain, offset), 0, [red, green, blue]);
}

/// Several samples at a time where they fit, one at a time elsewhere. On x86-64 it needs AVX2; the planes are of equal length.
#[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
fn warp_row_wide(src: Rgb<'_>, line: Line, border: Border, (gain, offset): (f32, f32), [red, green, blue]: [&mut [f32]; 3]) {
    #[cfg(target_arch = "x86_64")]
    use crate::warp_avx2::{LANES, several};
    #[cfg(target_arch = "wasm32")]
    use crate::warp_wasm::{LANES, several};
    let whole = |chunk: &usize| fits(src, line, chunk * LANES, LANES);
    let chunks = red.len() / LANES;
    // The samples lie on a straight line: what lies between two chunks that fit does too.
    let (first, end) = match ((0..chunks).find(whole), (0..chunks).rfind(whole)) {
        (Some(first), Some(last)) => (first, last + 1),
        (None, _) | (_, None) => (0, 0),
    };
    let [head, tail] = [0..first * LANES, end * LANES..red.len()];
    for part in [head, tail] {
        let planes = [&mut red[part.clone()], &mut green[part.clone()], &mut blue[part.clone()]];
        warp_part(src, line, border, (gain, offset), part.start, planes);
    }
    let middle = first * LANES..end * LANES;
    let [r, g, b] = [red, green, blue].map(|plane| plane[middle.clone()].as_chunks_mut::<LANES>().0);
    for (chunk, ((r, g), b)) in (first..).zip(r.iter_mut().zip(g).zip(b)) {
        // SAFETY: the caller has seen AVX2 where it is asked for, and the samples fit.
        unsafe { several(src, line, chunk * LANES, gain, offset, [r, g, b]) };
    }
}

/// True when `count` samples from the `first` on all lie between four existing pixels that another byte follows. They lie on a straight line, so
/// its ends decide. False for positions that are not finite, and for pictures whose byte offsets do not fit 31 bits.
#[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline]
pub(crate) fn fits(src: Rgb<'_>, line: Line, first: usize, count: usize) -> bool {
    let (max_x, max_y) = ((src.width - 1) as f32, src.height as f32 - 2.0);
    let inside = |i: usize| {
        let (x, y) = (line.x + i as f32 * line.dx, line.y + i as f32 * line.dy);
        x >= 0.0 && y >= 0.0 && x < max_x && y < max_y
    };
    src.data.len() <= i32::MAX as usize && inside(first) && inside(first + count - 1)
}

/// Samples from the `first` on, one at a time; the planes are of equal length.
fn warp_part(src: Rgb<'_>, line: Line, border: Border, (gain, offset): (f32, f32), first: usize, [red, green, blue]: [&mut [f32]; 3]) {
    let (max_x, max_y) = ((src.width - 1) as f32, (src.height - 1) as f32);
    // Almost every sample has all four neighbours; the test is false for NaN.
    let inside = |x: f32, y: f32| x >= 0.0 && y >= 0.0 && x < max_x && y < max_y;
    for (i, ((r, g), b)) in red.iter_mut().zip(green).zip(blue).enumerate() {
        let step = (first + i) as f32;
        let (x, y) = (line.x + step * line.dx, line.y + step * line.dy);
        let rgb = if inside(x, y) { inner(src, x, y) } else { edge(src, x, y, border) };
        (*r, *g, *b) = (rgb[0] * gain + offset, rgb[1] * gain + offset, rgb[2] * gain + offset);
    }
}

/// A sample between four existing pixels, 0..255 per channel: `0 <= x < width - 1`, `0 <= y < height - 1`.
///
/// Each pixel is read with the byte after it, so that the compiler works on four lanes at once; the last pixel of the picture has none.
#[inline]
fn inner(src: Rgb<'_>, x: f32, y: f32) -> [f32; 3] {
    // Truncation is floor for what is not negative, and needs no library call.
    let (column, row) = (x as u32, y as u32);
    let (fx, fy) = (x - column as f32, y - row as f32);
    let at = (row as usize * src.width + column as usize) * 3;
    let below = at + src.width * 3;
    if let (Some(top), Some(bottom)) = (seven(src.data, at), seven(src.data, below)) {
        let [r, g, b, _] = blend(lanes(top), lanes(bottom), fx, fy);
        return [r, g, b];
    }
    let (Some(top), Some(bottom)) = (src.data.get(at..at + 6), src.data.get(below..below + 6)) else { return [0.0; 3] };
    let padded = |px: &[u8]| [px[0], px[1], px[2], px[3], px[4], px[5], 0];
    let [r, g, b, _] = blend(lanes(&padded(top)), lanes(&padded(bottom)), fx, fy);
    [r, g, b]
}

#[inline]
fn seven(data: &[u8], at: usize) -> Option<&[u8; 7]> {
    data.get(at..)?.first_chunk()
}

/// A pixel and its right neighbour, each with one byte more.
#[inline]
fn lanes(px: &[u8; 7]) -> [[f32; 4]; 2] {
    let four = |from: usize| core::array::from_fn(|c| f32::from(px[from + c]));
    [four(0), four(3)]
}

#[inline]
fn blend(top: [[f32; 4]; 2], bottom: [[f32; 4]; 2], fx: f32, fy: f32) -> [f32; 4] {
    let (gx, gy) = (1.0 - fx, 1.0 - fy);
    core::array::from_fn(|c| (top[0][c] * gx + top[1][c] * fx) * gy + (bottom[0][c] * gx + bottom[1][c] * fx) * fy)
}

/// A sample on or beyond the edge. A position that is not finite counts as far outside.
fn edge(src: Rgb<'_>, x: f32, y: f32, border: Border) -> [f32; 3] {
    let (max_x, max_y) = ((src.width - 1) as f32, (src.height - 1) as f32);
    let inside = x > -1.0 && y > -1.0 && x < max_x + 1.0 && y < max_y + 1.0;
    if !inside && border == Border::Black {
        return [0.0; 3];
    }
    // `max` and `min` also turn NaN into an edge position.
    let (cx, cy) = (x.max(-1.0).min(max_x + 1.0), y.max(-1.0).min(max_y + 1.0));
    let (x0, y0) = (cx.floor(), cy.floor());
    let (fx, fy) = (cx - x0, cy - y0);
    let weights = [(1.0 - fx) * (1.0 - fy), fx * (1.0 - fy), (1.0 - fx) * fy, fx * fy];
    let mut out = [0.0; 3];
    for (k, weight) in weights.into_iter().enumerate() {
        let (px, py) = (x0 + (k & 1) as f32, y0 + (k >> 1) as f32);
        if border == Border::Black && (px < 0.0 || py < 0.0 || px > max_x || py > max_y) {
            continue;
        }
        let at = (py.max(0.0).min(max_y) as usize * src.width + px.max(0.0).min(max_x) as usize) * 3;
        if let Some(px) = src.data.get(at..at + 3) {
            for (sum, &byte) in out.iter_mut().zip(px) {
                *sum += weight * f32::from(byte);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(src: Rgb<'_>, line: Line, border: Border, n: usize) -> Vec<f32> {
        let (mut r, mut g, mut b) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        warp_row(src, line, border, 1.0, 0.0, [&mut r, &mut g, &mut b]);
        r
    }

    #[test]
    fn samples_between_and_beyond_pixels() {
        let data: Vec<u8> = [0, 100, 200, 40].iter().flat_map(|&v| [v, v, v]).collect();
        let Some(src) = Rgb::new(&data, 2, 2) else { panic!("2x2 picture") };
        let along = Line { x: 0.0, y: 0.0, dx: 0.5, dy: 0.0 };
        assert_eq!(row(src, along, Border::Replicate, 4), vec![0.0, 50.0, 100.0, 100.0], "between, on, and replicated");
        assert_eq!(row(src, along, Border::Black, 5), vec![0.0, 50.0, 100.0, 50.0, 0.0], "fades to black");
        let diagonal = Line { x: 0.5, y: 0.5, dx: 0.0, dy: 0.0 };
        assert_eq!(row(src, diagonal, Border::Replicate, 1), vec![85.0], "mean of four");
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn eight_at_a_time_gives_the_same_bits() {
        if !std::arch::is_x86_feature_detected!("avx2") {
            println!("skipped: no AVX2");
            return;
        }
        let (width, height) = (37, 29);
        let data: Vec<u8> = (0..width * height * 3u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
        let Some(src) = Rgb::new(&data, width as usize, height as usize) else { panic!("37x29 picture") };
        let mut compared = 0;
        for case in 0..2000u32 {
            let unit = |k: u32| (case.wrapping_mul(40_503).wrapping_add(k * 9973) % 10_007) as f32 / 10_007.0;
            let line = Line { x: unit(1) * 44.0 - 4.0, y: unit(2) * 36.0 - 4.0, dx: unit(3) * 4.0 - 2.0, dy: unit(4) * 4.0 - 2.0 };
            let border = if case % 2 == 0 { Border::Replicate } else { Border::Black };
            let mut planes = [(); 6].map(|()| vec![0.0; 21]);
            let [r, g, b, r2, g2, b2] = &mut planes;
            warp_part(src, line, border, (1.0 / 255.0, -0.5), 0, [r, g, b]);
            warp_row_wide(src, line, border, (1.0 / 255.0, -0.5), [r2, g2, b2]);
            for (plain, wide) in [(&planes[0], &planes[3]), (&planes[1], &planes[4]), (&planes[2], &planes[5])] {
                let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(plain), bits(wide), "{line:?}");
            }
            compared += u32::from(fits(src, line, 0, crate::warp_avx2::LANES));
        }
        assert!(compared > 100, "only {compared} lines were wide");
    }

    #[test]
    fn wild_positions_stay_in_range() {
        let data = [7u8; 3];
        let Some(src) = Rgb::new(&data, 1, 1) else { panic!("1x1 picture") };
        for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30] {
            let line = Line { x, y: x, dx: 0.0, dy: 0.0 };
            assert_eq!(row(src, line, Border::Replicate, 1), vec![7.0], "replicated at {x}");
            assert_eq!(row(src, line, Border::Black, 1), vec![0.0], "black at {x}");
        }
    }

    #[test]
    fn sizes_must_match() {
        assert!(Rgb::new(&[0; 5], 1, 2).is_none(), "short");
        assert!(Rgb::new(&[], 0, 2).is_none(), "empty");
    }
}
