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

    /// Index of the last column and row. Only of pictures that [`Steps`] were made for.
    pub(crate) const fn last(self) -> [i32; 2] {
        [self.width as i32 - 1, self.height as i32 - 1]
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
///
/// Positions between four pixels are rounded to 1/128 px, which makes their weights whole numbers (fixed-point bilinear interpolation as in
/// OpenCV's `remap`, which rounds to 1/32). Two samples may move that far; no byte is rounded.
pub fn warp_row(src: Rgb<'_>, line: Line, border: Border, gain: f32, offset: f32, planes: [&mut [f32]; 3]) {
    let [red, green, blue] = planes;
    let count = red.len().min(green.len()).min(blue.len());
    let (red, green, blue) = (&mut red[..count], &mut green[..count], &mut blue[..count]);
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("sse4.1") {
        warp_row_wide(src, line, border, (gain, offset), [red, green, blue]);
        return;
    }
    #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
    warp_row_wide(src, line, border, (gain, offset), [red, green, blue]);
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    warp_part(src, line, Steps::of(src, line, count), border, (gain, offset), 0, [red, green, blue]);
}

/// Bits behind the point of a position.
pub(crate) const POINT: u32 = 18;
/// Of those, the bits that make the weights.
pub(crate) const WEIGHT: u32 = 7;
/// Weights of four pixels add up to this.
const WHOLE: f32 = (1 << (2 * WEIGHT)) as f32;

/// A [`Line`] in units of 2^-18 px, half of 1/128 px added, so that cutting off rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Steps {
    /// First sample.
    pub(crate) at: [i32; 2],
    /// Step per sample.
    pub(crate) by: [i32; 2],
}

impl Steps {
    /// `None` where 32 bits do not hold the row's positions (far outside, not finite, or in a huge picture), and where no four pixels meet.
    fn of(src: Rgb<'_>, line: Line, count: usize) -> Option<Self> {
        const LIMIT: f32 = ((1 << (31 - POINT)) - 2) as f32;
        let last = count.saturating_sub(1) as f32;
        let ends = [line.x, line.y, line.x + last * line.dx, line.y + last * line.dy];
        // False for NaN. Steps rounded up to half a unit move the last of so many samples by 1/64 px at most.
        let held = ends.iter().all(|end| end.abs() < LIMIT)
            && count <= 1 << 13
            && src.width.min(src.height) > 1
            && src.width.max(src.height) < 1 << (31 - POINT);
        let units = |px: f32| (px * (1 << POINT) as f32).round() as i32;
        let half = 1 << (POINT - WEIGHT - 1);
        held.then(|| Self { at: [line.x, line.y].map(|px| units(px) + half), by: [line.dx, line.dy].map(units) })
    }

    fn sample(self, i: usize) -> [i32; 2] {
        [0, 1].map(|axis| self.at[axis] + i as i32 * self.by[axis])
    }
}

/// Several samples at a time where they fit, one at a time elsewhere. On x86-64 it needs SSE4.1; the planes are of equal length.
#[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
fn warp_row_wide(src: Rgb<'_>, line: Line, border: Border, (gain, offset): (f32, f32), [red, green, blue]: [&mut [f32]; 3]) {
    #[cfg(target_arch = "x86_64")]
    use crate::warp_sse::{LANES, several};
    #[cfg(target_arch = "wasm32")]
    use crate::warp_wasm::{LANES, several};
    let chunks = red.len() / LANES;
    let found = Steps::of(src, line, red.len());
    let Some(steps) = found.filter(|_| chunks > 0 && src.data.len() <= i32::MAX as usize) else {
        return warp_part(src, line, found, border, (gain, offset), 0, [red, green, blue]);
    };
    let within = fits(src, steps, 0, red.len());
    let (first, end) = match border {
        Border::Replicate => (0, chunks),
        Border::Black if within => (0, chunks),
        // The samples lie on a straight line: what lies between two chunks that fit does too.
        Border::Black => {
            let whole = |chunk: &usize| fits(src, steps, chunk * LANES, LANES);
            (0..chunks).find(whole).zip((0..chunks).rfind(whole)).map_or((0, 0), |(first, last)| (first, last + 1))
        }
    };
    let [head, middle, tail] = [0..first * LANES, first * LANES..end * LANES, end * LANES..red.len()];
    for part in [head, tail] {
        let planes = [&mut red[part.clone()], &mut green[part.clone()], &mut blue[part.clone()]];
        warp_part(src, line, Some(steps), border, (gain, offset), part.start, planes);
    }
    let out = [red, green, blue].map(|plane| plane[middle.clone()].as_chunks_mut::<LANES>().0);
    // SAFETY: the caller has seen SSE4.1 where it is asked for; without moving them, the samples fit.
    unsafe {
        match border {
            Border::Replicate if !within => several::<true>(src, steps, middle.start, gain / WHOLE, offset, out),
            Border::Replicate | Border::Black => several::<false>(src, steps, middle.start, gain / WHOLE, offset, out),
        }
    }
}

/// True when `count` samples from the `first` on all lie between four existing pixels that another row follows. They lie on a straight line, so
/// its ends decide.
#[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
#[inline]
pub(crate) fn fits(src: Rgb<'_>, steps: Steps, first: usize, count: usize) -> bool {
    let inside = |i: usize| {
        let [x, y] = steps.sample(i).map(|position| position >> POINT);
        x >= 0 && y >= 0 && (x as usize) + 1 < src.width && (y as usize) + 2 < src.height
    };
    inside(first) && inside(first + count - 1)
}

/// Samples from the `first` on, one at a time; the planes are of equal length. `steps` are those of the whole row.
fn warp_part(
    src: Rgb<'_>,
    line: Line,
    steps: Option<Steps>,
    border: Border,
    (gain, offset): (f32, f32),
    first: usize,
    [red, green, blue]: [&mut [f32]; 3],
) {
    for (i, ((r, g), b)) in red.iter_mut().zip(green).zip(blue).enumerate() {
        let sums = steps.and_then(|steps| inner(src, steps.sample(first + i), border));
        [*r, *g, *b] = if let Some(sums) = sums {
            sums.map(|sum| sum as f32 * (gain / WHOLE) + offset)
        } else {
            let step = (first + i) as f32;
            edge(src, line.x + step * line.dx, line.y + step * line.dy, border).map(|value| value * gain + offset)
        };
    }
}

/// Samples from the `first` on, moved to the edge where they lie beyond it, written as `sum * gain + offset`.
#[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
#[cold]
pub(crate) fn one_by_one<const N: usize>(src: Rgb<'_>, steps: Steps, first: usize, gain: f32, offset: f32, out: [&mut [f32; N]; 3]) {
    let [red, green, blue] = out;
    for (i, ((r, g), b)) in red.iter_mut().zip(green).zip(blue).enumerate() {
        if let Some(sums) = inner(src, steps.sample(first + i), Border::Replicate) {
            [*r, *g, *b] = sums.map(|sum| sum as f32 * gain + offset);
        }
    }
}

/// A sample between four existing pixels, per channel, in units of 1/2^14; `None` elsewhere. With an edge that repeats, a sample outside is moved to
/// the edge. `src` has at least 2 x 2 pixels.
#[inline]
fn inner(src: Rgb<'_>, at: [i32; 2], border: Border) -> Option<[i32; 3]> {
    let last = src.last();
    let outside = |axis: usize| at[axis] < 0 || at[axis] >> POINT >= last[axis];
    if border == Border::Black && (outside(0) || outside(1)) {
        return None;
    }
    let at = [0, 1].map(|axis| at[axis].clamp(0, last[axis] << POINT));
    let whole = [0, 1].map(|axis| (at[axis] >> POINT).min(last[axis] - 1));
    let one = 1 << WEIGHT;
    let [fx, fy] = [0, 1].map(|axis| (at[axis] >> (POINT - WEIGHT)) - (whole[axis] << WEIGHT));
    let weights = [(one - fx) * (one - fy), fx * (one - fy), (one - fx) * fy, fx * fy];
    let start = (whole[1] as usize * src.width + whole[0] as usize) * 3;
    let two = |start: usize| src.data.get(start..)?.first_chunk::<6>();
    let (top, bottom) = (two(start)?, two(start + src.width * 3)?);
    let pixels = |c: usize| [top[c], top[c + 3], bottom[c], bottom[c + 3]];
    Some([0, 1, 2].map(|c| pixels(c).iter().zip(weights).map(|(&byte, weight)| i32::from(byte) * weight).sum()))
}

/// A sample beyond the edge, or anywhere that [`Steps`] do not reach. A position that is not finite counts as far outside.
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
    fn four_at_a_time_give_the_same_bits() {
        if !std::arch::is_x86_feature_detected!("sse4.1") {
            println!("skipped: no SSE4.1");
            return;
        }
        let mut compared = 0;
        for (width, height) in [(37u32, 29u32), (2, 2), (3, 2), (2, 5), (1, 9), (300, 3)] {
            let data: Vec<u8> = (0..width * height * 3).map(|i| (i.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
            let Some(src) = Rgb::new(&data, width as usize, height as usize) else { panic!("{width}x{height} picture") };
            for case in 0..2000u32 {
                let unit = |k: u32| (case.wrapping_mul(40_503).wrapping_add(k * 9973) % 10_007) as f32 / 10_007.0;
                let (x, y) = (unit(1) * (width + 8) as f32 - 4.0, unit(2) * (height + 8) as f32 - 4.0);
                let line = Line { x, y, dx: unit(3) * 4.0 - 2.0, dy: unit(4) * 4.0 - 2.0 };
                let border = if case % 2 == 0 { Border::Replicate } else { Border::Black };
                let mut planes = [(); 6].map(|()| vec![0.0; 21]);
                let [r, g, b, r2, g2, b2] = &mut planes;
                let steps = Steps::of(src, line, 21);
                assert_eq!(steps.is_some(), width > 1, "{line:?}");
                warp_part(src, line, steps, border, (1.0 / 255.0, -0.5), 0, [r, g, b]);
                warp_row_wide(src, line, border, (1.0 / 255.0, -0.5), [r2, g2, b2]);
                for (plain, wide) in [(&planes[0], &planes[3]), (&planes[1], &planes[4]), (&planes[2], &planes[5])] {
                    let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(plain), bits(wide), "{width}x{height}, {border:?}, {line:?}");
                }
                compared += u32::from(steps.is_some_and(|steps| fits(src, steps, 0, crate::warp_sse::LANES)));
            }
        }
        assert!(compared > 100, "only {compared} lines were wide");
    }

    /// Against bilinear interpolation in floating point: no further off than a step of the sample by 1/256 px in both directions.
    #[test]
    fn samples_are_as_exact_as_their_positions() {
        let (width, height) = (40, 31);
        let data: Vec<u8> = (0..width * height * 3u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
        let Some(src) = Rgb::new(&data, width as usize, height as usize) else { panic!("40x31 picture") };
        let (mut furthest, mut squares) = (0.0f32, 0.0f64);
        for case in 0..2000u32 {
            let unit = |k: u32| (case.wrapping_mul(40_503).wrapping_add(k * 9973) % 10_007) as f32 / 10_007.0;
            let line = Line { x: unit(1) * 38.0, y: unit(2) * 29.0, dx: 0.0, dy: 0.0 };
            let difference = row(src, line, Border::Replicate, 1)[0] - edge(src, line.x, line.y, Border::Replicate)[0];
            furthest = furthest.max(difference.abs());
            squares += f64::from(difference * difference);
        }
        // Noise from 0 to 255 is the steepest picture there is.
        assert!(furthest <= 2.0 * 255.0 / 256.0 + 0.01, "{furthest}");
        let rms = (squares / 2000.0).sqrt();
        assert!((0.05..0.5).contains(&rms), "{rms}");
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
