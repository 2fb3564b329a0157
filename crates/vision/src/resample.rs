//! From frame pixels to network input.

use faceid_kernels::{Border, Line, Rgb, accumulate_row, shrink_row, warp_row};

use crate::{frame::Frame, math, observation::Point2, roi::Roi};

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

    /// The square piece of the frame with its top-left corner at (`x`, `y`), pixel by pixel.
    pub(crate) fn piece(x: u32, y: u32) -> Self {
        Self { scale: 1.0, offset: Point2 { x: -(x as f32), y: -(y as f32) } }
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
///
/// Sampled as MediaPipe's `ImageToTensorCalculator` does: one bilinear sample per input pixel, taken at the pixel's corner. Averaging first, or
/// sampling at centres, moves the box by a few frame pixels and with it the landmarks by about 1 % of the eye distance from the reference.
/// `planes` holds three squares of `side`.
pub(crate) fn letterbox(frame: &Frame, fit: Letterbox, side: usize, gain: f32, offset: f32, planes: &mut [f32]) {
    let step = 1.0 / fit.scale;
    let Some(rgb) = rgb_of(frame) else { return };
    for_rows(planes, side, |row, out| {
        let line = Line { x: -fit.offset.x * step, y: (row as f32 - fit.offset.y) * step, dx: step, dy: 0.0 };
        warp_row(rgb, line, Border::Black, gain, offset, out);
    });
}

/// The frame at `scale` (< 1), area-averaged; sides rounded, at least 1 px.
pub(crate) fn shrunk(frame: &Frame, scale: f32) -> Frame {
    let fit = |side: u32| ((side as f32 * scale).round() as u32).clamp(1, side);
    reduced(frame, Part { x: 0, y: 0, width: frame.width(), height: frame.height() }, fit(frame.width()), fit(frame.height()))
}

/// A rectangle of whole pixels inside a frame, not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

/// `part` of the frame, area-averaged to `width` x `height`, neither larger than the part's.
fn reduced(frame: &Frame, part: Part, width: u32, height: u32) -> Frame {
    let (step_x, step_y) = (part.width as f32 / width as f32, part.height as f32 / height as f32);
    let (stride, left, used) = (frame.width() as usize * 3, part.x as usize * 3, part.width as usize * 3);
    let mut sums = vec![0.0f32; used];
    let mut line = vec![[0.0f32; 3]; width as usize];
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    for row in 0..height {
        sums.fill(0.0);
        let (start, end) = (row as f32 * step_y, ((row + 1) as f32 * step_y).min(part.height as f32));
        let mut cover = 0.0;
        for source in start as u32..(end.ceil() as u32).min(part.height) {
            let share = (end.min((source + 1) as f32) - start.max(source as f32)).max(0.0);
            cover += share;
            let at = (part.y + source) as usize * stride + left;
            accumulate_row(&frame.rgb()[at..at + used], share, &mut sums);
        }
        shrink_row(&sums, step_x, 1.0 / cover.max(f32::MIN_POSITIVE), &mut line);
        // `as u8` saturates; + 0.5 rounds.
        rgb.extend(line.iter().flatten().map(|&v| (v + 0.5) as u8));
    }
    // invariant: width x height triplets were pushed and both sides are within the frame's.
    Frame::from_rgb(width, height, rgb).unwrap_or_else(|_| frame.clone())
}

/// The rotated square `roi` as planar RGB of `side` x `side`, each value `byte * gain + offset`; outside the frame the edge repeats. `planes` holds
/// three such squares.
pub(crate) fn crop(frame: &Frame, roi: &Roi, side: usize, gain: f32, offset: f32, planes: &mut [f32]) {
    with_source(frame, roi, side, |source| {
        for_rows(planes, side, |row, out| warp_row(source.rgb, source.line(roi, side, row), Border::Replicate, gain, offset, out));
    });
}

/// The same square as luma 0..1 (Rec. 601 weights on gamma-coded values): a row of colours at a time, a third of the memory.
pub(crate) fn crop_luma(frame: &Frame, roi: &Roi, side: usize) -> Vec<f32> {
    let mut luma = vec![0.0; side * side];
    let mut colours = vec![0.0; 3 * side];
    with_source(frame, roi, side, |source| {
        for (row, out) in luma.chunks_exact_mut(side).enumerate() {
            let (red, rest) = colours.split_at_mut(side);
            let (green, blue) = rest.split_at_mut(side);
            warp_row(source.rgb, source.line(roi, side, row), Border::Replicate, 1.0 / 255.0, 0.0, [red, green, blue]);
            for (out, ((r, g), b)) in out.iter_mut().zip(red.iter().zip(green.iter()).zip(blue.iter())) {
                *out = 0.299 * r + 0.587 * g + 0.114 * b;
            }
        }
    });
    luma
}

/// Pixels to sample from: a picture of the frame with its corner at `origin` and its axes scaled by `scale`.
struct Source<'a> {
    rgb: Rgb<'a>,
    origin: Point2,
    scale: (f32, f32),
}

impl Source<'_> {
    /// Where a row's samples lie.
    fn line(&self, roi: &Roi, side: usize, row: usize) -> Line {
        let (sin, cos) = math::sin_cos(roi.rotation);
        let step = roi.side / side as f32;
        let (u, v) = (step * 0.5 - roi.side / 2.0, (row as f32 + 0.5) * step - roi.side / 2.0);
        let (x, y) = (roi.centre.x + u * cos - v * sin - self.origin.x, roi.centre.y + u * sin + v * cos - self.origin.y);
        Line { x: x * self.scale.0 - 0.5, y: y * self.scale.1 - 0.5, dx: step * cos * self.scale.0, dy: step * sin * self.scale.1 }
    }
}

/// Calls `then` with the frame, or with the part under `roi` made smaller: up to two source pixels per sample bilinear reads them all; beyond
/// that, they are area-averaged first. A [`Frame`] always has pixels, so `then` is always called.
fn with_source(frame: &Frame, roi: &Roi, side: usize, then: impl FnOnce(Source<'_>)) {
    let shrink = roi.side / side as f32;
    if shrink > 2.0
        && let Some(part) = part_under(frame, roi)
    {
        let fit = |length: u32| ((length as f32 / shrink).round() as u32).clamp(1, length);
        let (width, height) = (fit(part.width), fit(part.height));
        let small = reduced(frame, part, width, height);
        if let Some(rgb) = rgb_of(&small) {
            let scale = (width as f32 / part.width as f32, height as f32 / part.height as f32);
            then(Source { rgb, origin: Point2 { x: part.x as f32, y: part.y as f32 }, scale });
        }
    } else if let Some(rgb) = rgb_of(frame) {
        then(Source { rgb, origin: Point2::default(), scale: (1.0, 1.0) });
    }
}

/// The part of the frame under `roi`; `None` when they do not touch.
fn part_under(frame: &Frame, roi: &Roi) -> Option<Part> {
    // Half the diagonal of the upright box around a rotated square.
    let (sin, cos) = math::sin_cos(roi.rotation);
    let reach = roi.side / 2.0 * (cos.abs() + sin.abs());
    let span = |centre: f32, length: u32| {
        let (low, high) = ((centre - reach).floor().max(0.0) as u32, ((centre + reach).ceil().max(0.0) as u32).min(length));
        (low < high).then(|| (low, high - low))
    };
    let ((x, width), (y, height)) = (span(roi.centre.x, frame.width())?, span(roi.centre.y, frame.height())?);
    Some(Part { x, y, width, height })
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

    /// [`Self::resized_to_max_side`] for a frame that is not needed besides: one that fits is not copied.
    #[must_use]
    pub fn into_max_side(self, max_side: u32) -> Self {
        if self.width().max(self.height()) <= max_side { self } else { self.resized_to_max_side(max_side) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Red grows with x, green with y, as 0..255 over the frame.
    fn ramp(width: u32, height: u32) -> Frame {
        let rgb = (0..width * height)
            .flat_map(|i| {
                let (x, y) = ((i % width) as f32 + 0.5, (i / width) as f32 + 0.5);
                [(255.0 * x / width as f32) as u8, (255.0 * y / height as f32) as u8, 9]
            })
            .collect();
        match Frame::from_rgb(width, height, rgb) {
            Ok(frame) => frame,
            Err(error) => panic!("{error}"),
        }
    }

    proptest! {
        #[test]
        fn letterbox_positions_come_back_and_pixels_match(width in 32u32..400, height in 32u32..400, border in 0f32..0.5, px in 0.2f32..0.8, py in 0.2f32..0.8) {
            let frame = ramp(width, height);
            let fit = Letterbox::new(&frame, 128, border);
            let mut planes = vec![0.0; 3 * 128 * 128];
            letterbox(&frame, fit, 128, 1.0, 0.0, &mut planes);
            let (x, y) = ((px * 128.0) as usize, (py * 128.0) as usize);
            // Sampled at the corner of the network pixel, which falls on the centre of a frame pixel.
            let at = fit.to_frame(Point2 { x: x as f32, y: y as f32 });
            // A network pixel covers several frame pixels; one at the edge blends with the black beside the frame.
            let margin = 2.0 + 1.5 / fit.scale;
            let inside = at.x > margin && at.y > margin && at.x < width as f32 - margin && at.y < height as f32 - margin;
            if inside {
                let (red, green) = (planes[y * 128 + x], planes[128 * 128 + y * 128 + x]);
                // One grey level of rounding plus half a source pixel of the ramp.
                let tolerance = 1.5 + 255.0 / width.min(height) as f32;
                prop_assert!((red - 255.0 * at.x / width as f32).abs() < tolerance, "red {red} at {at:?}");
                prop_assert!((green - 255.0 * at.y / height as f32).abs() < tolerance, "green {green} at {at:?}");
            }
        }

        #[test]
        fn crop_pixels_are_where_the_region_says(side in 20f32..280.0, rotation in -3f32..3.0, u in 0.1f32..0.9, v in 0.1f32..0.9) {
            let frame = ramp(300, 300);
            let roi = Roi { centre: Point2 { x: 150.0, y: 150.0 }, side, rotation };
            let mut planes = vec![0.0; 3 * 64 * 64];
            crop(&frame, &roi, 64, 1.0, 0.0, &mut planes);
            let (i, j) = ((u * 64.0) as usize, (v * 64.0) as usize);
            let at = roi.to_frame((i as f32 + 0.5) / 64.0, (j as f32 + 0.5) / 64.0);
            if at.x > 5.0 && at.y > 5.0 && at.x < 295.0 && at.y < 295.0 {
                prop_assert!((planes[j * 64 + i] - 255.0 * at.x / 300.0).abs() < 2.0, "red");
                prop_assert!((planes[64 * 64 + j * 64 + i] - 255.0 * at.y / 300.0).abs() < 2.0, "green");
            }
        }
    }

    #[test]
    fn free_space_is_black_and_values_are_scaled() {
        let Ok(white) = Frame::from_rgb(64, 32, vec![255; 64 * 32 * 3]) else { panic!("64x32") };
        let mut planes = vec![7.0; 3 * 128 * 128];
        letterbox(&white, Letterbox::new(&white, 128, 0.0), 128, 2.0 / 255.0, -1.0, &mut planes);
        assert_eq!((planes[0], planes[64 * 128 + 64]), (-1.0, 1.0), "corner black, centre white");
    }

    #[test]
    fn shrinking_averages_every_pixel() {
        let checker: Vec<u8> = (0..200u32 * 100).flat_map(|i| [if (i % 200 + i / 200) % 2 == 0 { 0 } else { 200 }; 3]).collect();
        let Ok(frame) = Frame::from_rgb(200, 100, checker) else { panic!("200x100") };
        let small = frame.resized_to_max_side(50);
        assert_eq!((small.width(), small.height()), (50, 25), "proportions");
        assert!(small.rgb().iter().all(|&v| (99..=101).contains(&v)), "grey");
        assert_eq!(frame.resized_to_max_side(200), frame, "fits already");
        assert_eq!([frame.clone().into_max_side(200), frame.clone().into_max_side(50)], [frame.clone(), small], "and without a copy");
        assert_eq!(frame.resized_to_max_side(0).width(), 1, "never empty");
        let Ok(thin) = Frame::from_rgb(4096, 1, vec![5; 4096 * 3]) else { panic!("4096x1") };
        assert_eq!((thin.resized_to_max_side(10).width(), thin.resized_to_max_side(10).height()), (10, 1), "thin");
    }
}
