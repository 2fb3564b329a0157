//! Face alignment: five landmark points onto a template by a similarity, then resampling to the network's square input.
//!
//! Coordinates are continuous: the centre of the pixel in column i and row j is (i + 0.5, j + 0.5).

use faceid_vision::{Frame, Point2};
use thiserror::Error;

/// Why a face cannot be aligned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AlignError {
    /// Fewer than two distinct points, or a coordinate that is not finite.
    #[error("the landmarks do not span a face")]
    Degenerate,
    /// The aligned square does not touch the picture.
    #[error("the face lies outside the picture")]
    Outside,
}

/// Rotation, uniform scale and shift: x' = a·x − b·y + tx, y' = b·x + a·y + ty. Never a reflection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    a: f64,
    b: f64,
    tx: f64,
    ty: f64,
}

impl Similarity {
    /// The similarity with the least sum of squared distances between the images of `from` and `to` (paired by position).
    ///
    /// Closed form in the plane: with both sets centred, a = Σ(s·d)/Σ|s|² and b = Σ(s×d)/Σ|s|².
    ///
    /// # Errors
    /// [`AlignError::Degenerate`] for fewer than two distinct finite points or unequal counts.
    pub fn fit(from: &[Point2], to: &[Point2]) -> Result<Self, AlignError> {
        if from.len() != to.len() || from.len() < 2 {
            return Err(AlignError::Degenerate);
        }
        let n = from.len() as f64;
        let mean = |points: &[Point2]| {
            let sum = points.iter().fold((0.0, 0.0), |(x, y), p| (x + f64::from(p.x), y + f64::from(p.y)));
            (sum.0 / n, sum.1 / n)
        };
        let ((fx, fy), (gx, gy)) = (mean(from), mean(to));
        let (mut dot, mut cross, mut norm) = (0.0, 0.0, 0.0);
        for (s, d) in from.iter().zip(to) {
            let (sx, sy) = (f64::from(s.x) - fx, f64::from(s.y) - fy);
            let (dx, dy) = (f64::from(d.x) - gx, f64::from(d.y) - gy);
            dot += sx * dx + sy * dy;
            cross += sx * dy - sy * dx;
            norm += sx * sx + sy * sy;
        }
        let (a, b) = (dot / norm, cross / norm);
        if !(a.is_finite() && b.is_finite()) || a.hypot(b) < 1e-9 {
            return Err(AlignError::Degenerate);
        }
        Ok(Self { a, b, tx: gx - (a * fx - b * fy), ty: gy - (b * fx + a * fy) })
    }

    /// Output units per input unit.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.a.hypot(self.b)
    }

    /// Where `(x, y)` lands.
    #[must_use]
    pub fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        (self.a * x - self.b * y + self.tx, self.b * x + self.a * y + self.ty)
    }

    fn inverse(&self) -> Self {
        let s2 = self.a * self.a + self.b * self.b;
        let (a, b) = (self.a / s2, -self.b / s2);
        Self { a, b, tx: -(a * self.tx - b * self.ty), ty: -(b * self.tx + a * self.ty) }
    }
}

/// A square RGB picture in floating point, rows top to bottom, values 0..255.
#[derive(Clone, PartialEq)]
pub struct Chip {
    side: usize,
    rgb: Vec<f32>,
}

impl core::fmt::Debug for Chip {
    /// Size only: pixels of a face are personal data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Chip({0}x{0})", self.side)
    }
}

impl Chip {
    /// Resamples the square `[0, side)²` of `to_chip`'s output space from `frame`: bilinear with the border repeated outwards.
    /// When the chip is smaller than half of the face, the picture is first averaged over areas to twice the chip's scale,
    /// so that no source pixel is skipped.
    ///
    /// # Errors
    /// [`AlignError::Outside`] when the square does not touch the frame.
    pub fn cut(frame: &Frame, to_chip: &Similarity, side: usize) -> Result<Self, AlignError> {
        let shrink = (2.0 * to_chip.scale()).min(1.0);
        let patch = Patch::around(frame, &to_chip.inverse(), side as f64, shrink)?;
        let back = to_chip.inverse();
        let mut rgb = Vec::with_capacity(side * side * 3);
        for row in 0..side {
            for col in 0..side {
                let (x, y) = back.apply(col as f64 + 0.5, row as f64 + 0.5);
                let at = patch.sample((x - patch.left) * shrink - 0.5, (y - patch.top) * shrink - 0.5);
                rgb.extend_from_slice(&at);
            }
        }
        Ok(Self { side, rgb })
    }

    /// Width and height, px.
    #[must_use]
    pub const fn side(&self) -> usize {
        self.side
    }

    /// Packed RGB, `3 * side * side` values of 0..255.
    #[must_use]
    pub fn rgb(&self) -> &[f32] {
        &self.rgb
    }

    /// Left and right exchanged.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let mut rgb = Vec::with_capacity(self.rgb.len());
        for row in self.rgb.chunks_exact(self.side * 3) {
            for pixel in row.chunks_exact(3).rev() {
                rgb.extend_from_slice(pixel);
            }
        }
        Self { side: self.side, rgb }
    }
}

/// The part of a frame that a chip reads, area-averaged by `shrink`.
struct Patch {
    /// Left edge in frame coordinates.
    left: f64,
    /// Top edge in frame coordinates.
    top: f64,
    width: usize,
    height: usize,
    rgb: Vec<f32>,
}

impl Patch {
    fn around(frame: &Frame, to_frame: &Similarity, side: f64, shrink: f64) -> Result<Self, AlignError> {
        let corners = [(0.0, 0.0), (side, 0.0), (0.0, side), (side, side)].map(|(x, y)| to_frame.apply(x, y));
        let margin = 2.0 / shrink;
        let span = |values: [f64; 4], limit: u32| {
            let low = values.into_iter().fold(f64::INFINITY, f64::min) - margin;
            let high = values.into_iter().fold(f64::NEG_INFINITY, f64::max) + margin;
            let limit = f64::from(limit);
            // comparisons with NaN are false, so a broken transform ends here as well
            let inside = high > 0.0 && low < limit;
            inside.then(|| (low.max(0.0).floor() as usize, high.min(limit).ceil() as usize))
        };
        let (x0, x1) = span(corners.map(|c| c.0), frame.width()).ok_or(AlignError::Outside)?;
        let (y0, y1) = span(corners.map(|c| c.1), frame.height()).ok_or(AlignError::Outside)?;
        let columns = cells(x0, x1, shrink);
        let rows = cells(y0, y1, shrink);
        let stride = frame.width() as usize * 3;
        let mut rgb = Vec::with_capacity(columns.len() * rows.len() * 3);
        for row in &rows {
            for column in &columns {
                rgb.extend_from_slice(&mean(frame.rgb(), stride, row, column));
            }
        }
        Ok(Self { left: x0 as f64, top: y0 as f64, width: columns.len(), height: rows.len(), rgb })
    }

    /// Bilinear value at sample coordinates (0, 0 = centre of the first cell), border repeated.
    fn sample(&self, x: f64, y: f64) -> [f32; 3] {
        let x = x.clamp(0.0, (self.width - 1) as f64);
        let y = y.clamp(0.0, (self.height - 1) as f64);
        let (x0, y0) = (x as usize, y as usize);
        let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
        let (fx, fy) = ((x - x0 as f64) as f32, (y - y0 as f64) as f32);
        let at = |x: usize, y: usize, c: usize| self.rgb[(y * self.width + x) * 3 + c];
        [0, 1, 2].map(|c| {
            let upper = at(x0, y0, c) * (1.0 - fx) + at(x1, y0, c) * fx;
            let lower = at(x0, y1, c) * (1.0 - fx) + at(x1, y1, c) * fx;
            upper * (1.0 - fy) + lower * fy
        })
    }
}

/// One output cell along one axis: first source index and the weight of each source pixel (they sum to 1).
struct Cell {
    first: usize,
    weights: Vec<f32>,
}

/// Splits `[start, end)` into cells of `1 / shrink` source pixels; the last one may be cut short.
fn cells(start: usize, end: usize, shrink: f64) -> Vec<Cell> {
    let (width, step) = ((end - start) as f64, 1.0 / shrink);
    let count = ((width * shrink).ceil() as usize).max(1);
    (0..count)
        .map(|i| {
            let low = i as f64 * step;
            let high = (low + step).min(width);
            let first = low as usize;
            let last = (high.ceil() as usize).max(first + 1);
            let overlap = |p: usize| (high.min(p as f64 + 1.0) - low.max(p as f64)).max(0.0);
            let total: f64 = (first..last).map(overlap).sum();
            let weights = (first..last).map(|p| (overlap(p) / total.max(1e-12)) as f32).collect();
            Cell { first: start + first, weights }
        })
        .collect()
}

fn mean(rgb: &[u8], stride: usize, row: &Cell, column: &Cell) -> [f32; 3] {
    let mut sum = [0.0; 3];
    for (dy, wy) in row.weights.iter().enumerate() {
        let line = (row.first + dy) * stride;
        for (dx, wx) in column.weights.iter().enumerate() {
            let at = line + (column.first + dx) * 3;
            for (s, &v) in sum.iter_mut().zip(&rgb[at..at + 3]) {
                *s += wy * wx * f32::from(v);
            }
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p(x: f32, y: f32) -> Point2 {
        Point2 { x, y }
    }

    #[test]
    fn fit_recovers_a_known_similarity() {
        let from = [p(0.0, 0.0), p(10.0, 0.0), p(3.0, 7.0), p(-2.0, 5.0)];
        let (angle, scale) = (0.4_f64, 2.5);
        let (a, b) = (scale * angle.cos(), scale * angle.sin());
        let truth = Similarity { a, b, tx: 11.0, ty: -4.0 };
        let to: Vec<_> = from.iter().map(|q| truth.apply(q.x.into(), q.y.into())).map(|(x, y)| p(x as f32, y as f32)).collect();
        let got = Similarity::fit(&from, &to).expect("spans a plane");
        for (x, y) in [(a, got.a), (b, got.b), (11.0, got.tx), (-4.0, got.ty)] {
            assert!((x - y).abs() < 1e-4, "{got:?} against {truth:?}");
        }
        assert!((got.scale() - scale).abs() < 1e-5, "scale");
        let (x, y) = got.inverse().apply(got.apply(3.0, 4.0).0, got.apply(3.0, 4.0).1);
        assert!((x - 3.0).abs() < 1e-9 && (y - 4.0).abs() < 1e-9, "inverse");
    }

    #[test]
    fn coinciding_or_non_finite_points_are_refused() {
        let to = [p(0.0, 0.0), p(1.0, 0.0)];
        assert_eq!(Similarity::fit(&[p(5.0, 5.0), p(5.0, 5.0)], &to), Err(AlignError::Degenerate), "one point twice");
        assert_eq!(Similarity::fit(&[p(f32::NAN, 5.0), p(5.0, 5.0)], &to), Err(AlignError::Degenerate), "NaN");
        assert_eq!(Similarity::fit(&[p(1.0, 1.0)], &to), Err(AlignError::Degenerate), "counts differ");
    }

    fn gradient(width: u32, height: u32) -> Frame {
        let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| [x as u8, y as u8, 7])).collect();
        Frame::from_rgb(width, height, rgb).expect("size matches")
    }

    #[test]
    fn cutting_keeps_positions() {
        let frame = gradient(200, 200);
        // shift by (20, 30), no scaling: chip pixel (c, r) shows frame pixel (c + 20, r + 30)
        let shift = Similarity { a: 1.0, b: 0.0, tx: -20.0, ty: -30.0 };
        let chip = Chip::cut(&frame, &shift, 50).expect("inside");
        let at = |c: usize, r: usize| &chip.rgb()[(r * 50 + c) * 3..][..3];
        assert_eq!(at(0, 0), [20.0, 30.0, 7.0], "first pixel");
        assert_eq!(at(49, 9), [69.0, 39.0, 7.0], "row and column are not exchanged");
        assert_eq!(&chip.mirrored().rgb()[..3], [69.0, 30.0, 7.0], "mirror swaps columns only");
    }

    #[test]
    fn shrinking_averages_areas() {
        let frame = gradient(200, 200);
        // 8x smaller: the mean of columns 0..8 is 3.5 and the gradient stays linear inside
        let small = Similarity { a: 0.125, b: 0.0, tx: 0.0, ty: 0.0 };
        let chip = Chip::cut(&frame, &small, 25).expect("inside");
        for c in 1..24 {
            let want = c as f32 * 8.0 + 3.5;
            assert!((chip.rgb()[c * 3] - want).abs() < 0.01, "column {c}: {} for {want}", chip.rgb()[c * 3]);
        }
        let noisy = (0..64 * 64).flat_map(|i| if (i % 64 + i / 64) % 2 == 0 { [0, 0, 0] } else { [254, 254, 254] }).collect();
        let noisy = Frame::from_rgb(64, 64, noisy).expect("size matches");
        let chip = Chip::cut(&noisy, &small, 8).expect("inside");
        assert!(chip.rgb().iter().all(|v| (v - 127.0).abs() < 0.01), "a checkerboard becomes grey, not aliased");
    }

    #[test]
    fn border_repeats_and_outside_is_an_error() {
        let frame = gradient(10, 10);
        let half_out = Similarity { a: 1.0, b: 0.0, tx: 5.0, ty: 0.0 };
        let chip = Chip::cut(&frame, &half_out, 10).expect("touches");
        assert_eq!(chip.rgb()[0], 0.0, "left of the frame repeats column 0");
        let out = Similarity { a: 1.0, b: 0.0, tx: 500.0, ty: 0.0 };
        assert_eq!(Chip::cut(&frame, &out, 10), Err(AlignError::Outside), "far away");
    }
}
