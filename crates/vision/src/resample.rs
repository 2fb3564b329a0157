//! From frame pixels to network input.

use faceid_kernels::{Border, Line, Rgb, accumulate_row, shrink_row, warp_row};

use crate::{
    frame::{Frame, MAX_SIDE},
    observation::Point2,
    roi::Roi,
};

/// How a frame lies inside the detector's square input: `input = frame * scale + offset`, in continuous coordinates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Letterbox {
    scale: f32,
    offset: Point2,
}

impl Letterbox {
    /// Fits the whole frame, centred, leaving at least `border` (share of the longer side) free on every edge.
    pub(crate) fn new(frame: &Frame, side: usize, border: f32) -> Self {
        let (width, height) = (frame.width() as f32, frame.height() as f32);
        let scale = side as f32 / (width.max(height) * (1.0 + 2.0 * border));
        let offset = Point2 { x: (side as f32 - width * scale) / 2.0, y: (side as f32 - height * scale) / 2.0 };
        Self { scale, offset }
    }

    /// Input position to frame pixels.
    pub(crate) fn to_frame(self, point: Point2) -> Point2 {
        Point2 { x: (point.x - self.offset.x) / self.scale, y: (point.y - self.offset.y) / self.scale }
    }

    /// Input length to frame pixels.
    pub(crate) fn length_to_frame(self, length: f32) -> f32 {
        length / self.scale
    }
}

/// The letterboxed frame as planar RGB, each value `byte * gain + offset`. Free space is black, as in MediaPipe's detector graph.
pub(crate) fn letterbox(frame: &Frame, fit: Letterbox, side: usize, gain: f32, offset: f32) -> Vec<f32> {
    // Area-average first when shrinking, so that no source pixel is skipped; the bilinear pass below then samples at about 1:1.
    let small = if fit.scale < 0.75 { Some(shrunk(frame, fit.scale)) } else { None };
    let source = small.as_ref().unwrap_or(frame);
    let (sx, sy) = (source.width() as f32 / (frame.width() as f32 * fit.scale), source.height() as f32 / (frame.height() as f32 * fit.scale));
    let mut planes = vec![0.0; 3 * side * side];
    for_rows(&mut planes, side, |row, out| {
        let y = (row as f32 + 0.5 - fit.offset.y) * sy - 0.5;
        let line = Line { x: (0.5 - fit.offset.x) * sx - 0.5, y, dx: sx, dy: 0.0 };
        if let Some(rgb) = rgb_of(source) {
            warp_row(rgb, line, Border::Black, gain, offset, out);
        }
    });
    planes
}

/// The frame at `scale` (< 1), area-averaged; sides rounded, at least 1 px.
pub(crate) fn shrunk(frame: &Frame, scale: f32) -> Frame {
    let fit = |side: u32| ((side as f32 * scale).round() as u32).clamp(1, side.min(MAX_SIDE));
    resized(frame, fit(frame.width()), fit(frame.height()))
}

/// Area-averages to a size not larger than the frame's on either side.
fn resized(frame: &Frame, width: u32, height: u32) -> Frame {
    if (width, height) == (frame.width(), frame.height()) {
        return frame.clone();
    }
    let (step_x, step_y) = (frame.width() as f32 / width as f32, frame.height() as f32 / height as f32);
    let stride = frame.width() as usize * 3;
    let mut sums = vec![0.0f32; stride];
    let mut line = vec![[0.0f32; 3]; width as usize];
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for row in 0..height {
        sums.fill(0.0);
        let (start, end) = (row as f32 * step_y, ((row + 1) as f32 * step_y).min(frame.height() as f32));
        let mut cover = 0.0;
        for source in start as usize..(end.ceil() as usize).min(frame.height() as usize) {
            let share = (end.min((source + 1) as f32) - start.max(source as f32)).max(0.0);
            cover += share;
            accumulate_row(&frame.rgb()[source * stride..(source + 1) * stride], share, &mut sums);
        }
        shrink_row(&sums, step_x, 1.0 / cover.max(f32::MIN_POSITIVE), &mut line);
        // `as u8` saturates; + 0.5 rounds.
        rgb.extend(line.iter().flatten().map(|&v| (v + 0.5) as u8));
    }
    // invariant: width x height triplets were pushed and both sides are within the source's.
    Frame::from_rgb(width, height, rgb).unwrap_or_else(|_| frame.clone())
}

/// The rotated square `roi` as planar RGB of `side` x `side`, each value `byte * gain + offset`; outside the frame the edge repeats.
pub(crate) fn crop(frame: &Frame, roi: &Roi, side: usize, gain: f32, offset: f32) -> Vec<f32> {
    // Shrinking more than 1.5 times would skip source pixels: take k x k samples per output pixel instead and average them.
    let k = ((roi.side / (1.5 * side as f32)).ceil().max(1.0) as usize).min(8);
    let fine = side * k;
    let (cos, sin) = (roi.rotation.cos(), roi.rotation.sin());
    let step = roi.side / fine as f32;
    let line = |row: usize| {
        let (u, v) = (step * 0.5 - roi.side / 2.0, (row as f32 + 0.5) * step - roi.side / 2.0);
        Line { x: roi.centre.x + u * cos - v * sin - 0.5, y: roi.centre.y + u * sin + v * cos - 0.5, dx: step * cos, dy: step * sin }
    };
    let mut planes = vec![0.0; 3 * side * side];
    let Some(rgb) = rgb_of(frame) else { return planes };
    if k == 1 {
        for_rows(&mut planes, side, |row, out| warp_row(rgb, line(row), Border::Replicate, gain, offset, out));
        return planes;
    }
    let mut scratch = vec![0.0f32; 3 * fine];
    let mean = 1.0 / (k * k) as f32;
    for_rows(&mut planes, side, |row, out| {
        let mut out = out;
        for sub in 0..k {
            let (r, rest) = scratch.split_at_mut(fine);
            let (g, b) = rest.split_at_mut(fine);
            warp_row(rgb, line(row * k + sub), Border::Replicate, gain, offset, [&mut *r, &mut *g, &mut *b]);
            for (plane, samples) in out.iter_mut().zip([&*r, &*g, &*b]) {
                for (px, group) in plane.iter_mut().zip(samples.chunks_exact(k)) {
                    *px += group.iter().sum::<f32>() * mean;
                }
            }
        }
    });
    planes
}

/// Calls `each` with the three planes' slices of every row.
fn for_rows(planes: &mut [f32], side: usize, mut each: impl FnMut(usize, [&mut [f32]; 3])) {
    let (red, rest) = planes.split_at_mut(side * side);
    let (green, blue) = rest.split_at_mut(side * side);
    for (row, ((r, g), b)) in red.chunks_exact_mut(side).zip(green.chunks_exact_mut(side)).zip(blue.chunks_exact_mut(side)).enumerate() {
        each(row, [r, g, b]);
    }
}

/// The frame's pixels for the kernels; a [`Frame`] always has a matching buffer.
pub(crate) fn rgb_of(frame: &Frame) -> Option<Rgb<'_>> {
    Rgb::new(frame.rgb(), frame.width() as usize, frame.height() as usize)
}

impl Frame {
    /// The frame with its longer side at most `max_side` px (at least 1), area-averaged. A frame that fits is copied unchanged.
    #[must_use]
    pub fn resized_to_max_side(&self, max_side: u32) -> Self {
        let longer = self.width().max(self.height());
        if longer <= max_side { self.clone() } else { shrunk(self, max_side.max(1) as f32 / longer as f32) }
    }
}
