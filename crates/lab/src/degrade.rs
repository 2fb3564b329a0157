//! Photographs made worse in one known way, to see what the gate makes of them.
//!
//! Sizes are in the face's own measures, so that the same fault is the same on every photograph. Everything is a pure function of the picture,
//! its landmarks and a seed.

use faceid_vision::{Frame, FrameError, Point3};

/// Face outline, MediaPipe face-mesh indices, clockwise in the picture from the forehead.
const OVAL: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132,
    93, 234, 127, 162, 21, 54, 103, 67, 109,
];
/// A surgical mask: over the nose, along both jaws.
const MASK: [usize; 23] = [93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 280, 195, 50, 93];
/// Right and left eye corners, outer and inner.
const EYES: [(usize, usize); 2] = [(33, 133), (263, 362)];

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// Gaussian blur; standard deviation in hundredths of the outer eye distance.
    Blur(u32),
    /// Blur along a horizontal path of this many hundredths of the outer eye distance.
    Shake(u32),
    /// Gaussian noise of this standard deviation, grey levels of 255.
    Noise(u32),
    /// Exposure in half stops, burnt out where it must be.
    Exposure(i32),
    /// Face darkened by this many half stops, the rest brightened by as many up to white.
    BackLight(i32),
    /// A mask in this colour over nose, mouth and chin.
    Mask([u8; 3]),
    /// A hand of the person's own skin over the mouth.
    HandOnMouth,
    /// A dark thing (cup, telephone) before the mouth.
    CupOnMouth,
    /// Dark glasses that let this share of the light through, percent.
    DarkGlasses(u32),
    /// Fingers of the person's own skin over both eyes.
    HandOnEyes,
    /// The picture cut so that this percentage of the face's height is missing at the bottom.
    CutBelow(u32),
    /// The picture cut so that this percentage of the face's width is missing at the left.
    CutLeft(u32),
    /// The face at this percentage of the picture's shorter side (height against height), its surroundings cut or grey.
    FaceShare(u32),
    /// The face moved out of the middle by this percentage of the shorter side.
    Aside(u32),
}

/// The fault on a picture whose face has these 468 landmarks.
///
/// # Errors
/// [`FrameError`] when the result would be larger or smaller than a frame can be.
pub fn degrade(frame: &Frame, landmarks: &[Point3], fault: Fault, seed: u64) -> Result<Frame, FrameError> {
    let mut canvas = Canvas::of(frame);
    let eyes = distance(landmarks, 33, 263);
    match fault {
        Fault::Blur(hundredths) => canvas.blur(eyes * hundredths as f32 / 100.0),
        Fault::Shake(hundredths) => canvas.smear(eyes * hundredths as f32 / 100.0),
        Fault::Noise(sigma) => canvas.noise(sigma as f32, seed),
        Fault::Exposure(half_stops) => canvas.each(|_, _, px| px.map(|v| v * gain(half_stops))),
        Fault::BackLight(half_stops) => {
            let oval = polygon(landmarks, &OVAL);
            canvas.each(
                |x, y, px| {
                    if inside(&oval, x, y) { px.map(|v| v * gain(-half_stops)) } else { px.map(|v| v * gain(half_stops) + 60.0) }
                },
            );
        }
        Fault::Mask(colour) => {
            let (mask, chin) = (polygon(landmarks, &MASK), landmarks[152].y);
            canvas.each(|x, y, px| {
                // folds across, a little shade towards the chin
                let fold = 1.0 - 0.06 * (1.0 + ((chin - y) / eyes * 22.0).sin()) - 0.25 * (1.0 - ((chin - y) / eyes).clamp(0.0, 1.0));
                if inside(&mask, x, y) { colour.map(|c| f32::from(c) * fold) } else { px }
            });
        }
        Fault::HandOnMouth => {
            let (x, y) = middle(landmarks, 13, 14);
            canvas.hand(landmarks, (x, y + 0.08 * eyes), (0.62 * eyes, 0.38 * eyes), seed);
        }
        Fault::CupOnMouth => {
            let (cx, cy) = middle(landmarks, 13, 14);
            canvas.each(|x, y, px| {
                let (u, v) = ((x - cx) / eyes, (y - cy) / eyes);
                // a rounded front: lighter in the middle, a highlight to one side
                let shine = 34.0 + 30.0 * (1.0 - (u / 0.42).powi(2)).max(0.0) + if (u + 0.18).abs() < 0.03 { 60.0 } else { 0.0 };
                if u.abs() < 0.42 && (-0.3..0.9).contains(&v) { [shine, shine, shine * 1.05] } else { px }
            });
        }
        Fault::DarkGlasses(percent) => {
            let share = percent as f32 / 100.0;
            for (outer, inner) in EYES {
                let (cx, cy) = middle(landmarks, outer, inner);
                canvas.each(|x, y, px| {
                    let (u, v) = ((x - cx) / eyes / 0.27, (y - cy - 0.05 * eyes) / eyes / 0.2);
                    // a lens reflects some of the room: brighter towards its top
                    let sheen = 10.0 + 8.0 * (1.0 - v);
                    if u.powi(4) + v.powi(4) < 1.0 { px.map(|c| c * share + sheen * (1.0 - share)) } else { px }
                });
            }
        }
        Fault::HandOnEyes => {
            let (x, y) = middle(landmarks, 33, 263);
            canvas.hand(landmarks, (x, y), (0.75 * eyes, 0.3 * eyes), seed);
        }
        Fault::CutBelow(percent) => {
            let (top, bottom) = span(landmarks, |p| p.y);
            let keep = bottom - (bottom - top) * percent as f32 / 100.0;
            return canvas.window(0, 0, i64::from(frame.width()), keep.round() as i64);
        }
        Fault::CutLeft(percent) => {
            let (left, right) = span(landmarks, |p| p.x);
            let from = (left + (right - left) * percent as f32 / 100.0).round() as i64;
            return canvas.window(from, 0, i64::from(frame.width()) - from, i64::from(frame.height()));
        }
        Fault::FaceShare(percent) => {
            let ((top, bottom), (left, right)) = (span(landmarks, |p| p.y), span(landmarks, |p| p.x));
            let side = (bottom - top) * 100.0 / percent.max(1) as f32;
            let (x, y) = ((left + right - side) / 2.0, (top + bottom - side) / 2.0);
            let placed = canvas.window(x.round() as i64, y.round() as i64, side.round() as i64, side.round() as i64)?;
            // as a 480-line camera would give it
            return Ok(placed.resized_to_max_side(480));
        }
        Fault::Aside(percent) => {
            let ((top, bottom), (left, right)) = (span(landmarks, |p| p.y), span(landmarks, |p| p.x));
            let side = (bottom - top) * 2.0;
            let away = side * percent as f32 / 100.0;
            return canvas.window(
                ((left + right - side) / 2.0 + away).round() as i64,
                ((top + bottom - side) / 2.0).round() as i64,
                side.round() as i64,
                side.round() as i64,
            );
        }
    }
    canvas.frame()
}

/// Two pictures beside each other, the second scaled to the first one's height.
///
/// # Errors
/// [`FrameError`] when the result would be too wide.
pub fn beside(a: &Frame, b: &Frame) -> Result<Frame, FrameError> {
    let b = if b.height() > a.height() {
        b.resized_to_max_side((b.width().max(b.height()) * a.height()).div_ceil(b.height()))
    } else {
        b.clone()
    };
    let mut canvas = Canvas { width: (a.width() + b.width()) as usize, height: a.height() as usize, px: Vec::new() };
    canvas.px = vec![[118.0; 3]; canvas.width * canvas.height];
    for (frame, x0) in [(a, 0), (&b, a.width() as usize)] {
        for (y, line) in frame.rgb().chunks_exact(frame.width() as usize * 3).enumerate().take(canvas.height) {
            for (x, px) in line.chunks_exact(3).enumerate() {
                canvas.px[y * canvas.width + x0 + x] = [f32::from(px[0]), f32::from(px[1]), f32::from(px[2])];
            }
        }
    }
    canvas.frame()
}

/// Linear light times `2^(half stops / 2)`, for gamma-coded values.
fn gain(half_stops: i32) -> f32 {
    2f32.powf(half_stops as f32 / 2.0 / 2.2)
}

fn distance(landmarks: &[Point3], a: usize, b: usize) -> f32 {
    (landmarks[a].x - landmarks[b].x).hypot(landmarks[a].y - landmarks[b].y)
}

fn middle(landmarks: &[Point3], a: usize, b: usize) -> (f32, f32) {
    ((landmarks[a].x + landmarks[b].x) / 2.0, (landmarks[a].y + landmarks[b].y) / 2.0)
}

fn span(landmarks: &[Point3], axis: fn(&Point3) -> f32) -> (f32, f32) {
    landmarks.iter().map(axis).fold((f32::MAX, f32::MIN), |(low, high), v| (low.min(v), high.max(v)))
}

fn polygon(landmarks: &[Point3], indices: &[usize]) -> Vec<(f32, f32)> {
    indices.iter().map(|&i| (landmarks[i].x, landmarks[i].y)).collect()
}

/// Even-odd rule.
fn inside(polygon: &[(f32, f32)], x: f32, y: f32) -> bool {
    let edges = polygon.iter().zip(polygon.iter().cycle().skip(1));
    edges.filter(|((x0, y0), (x1, y1))| (*y0 > y) != (*y1 > y) && x < (x1 - x0) * (y - y0) / (y1 - y0) + x0).count() % 2 == 1
}

/// Repeatable noise: a number of 0..1 per position and seed (finaliser of SplitMix64, OOPSLA 2014).
fn hash(seed: u64, index: u64) -> f32 {
    let z = (seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 24) as f32
}

/// A picture of floats, 0..255.
struct Canvas {
    width: usize,
    height: usize,
    px: Vec<[f32; 3]>,
}

impl Canvas {
    fn of(frame: &Frame) -> Self {
        let px = frame.rgb().chunks_exact(3).map(|p| [f32::from(p[0]), f32::from(p[1]), f32::from(p[2])]).collect();
        Self { width: frame.width() as usize, height: frame.height() as usize, px }
    }

    fn frame(&self) -> Result<Frame, FrameError> {
        let rgb = self.px.iter().flatten().map(|v| (v + 0.5) as u8).collect();
        Frame::from_rgb(self.width as u32, self.height as u32, rgb)
    }

    fn each(&mut self, change: impl Fn(f32, f32, [f32; 3]) -> [f32; 3]) {
        let width = self.width;
        for (i, px) in self.px.iter_mut().enumerate() {
            *px = change((i % width) as f32 + 0.5, (i / width) as f32 + 0.5, *px);
        }
    }

    /// A window of the picture; grey outside it.
    fn window(&self, x: i64, y: i64, width: i64, height: i64) -> Result<Frame, FrameError> {
        let mut rgb = Vec::new();
        for row in y..y + height {
            for column in x..x + width {
                let at = usize::try_from(row).ok().zip(usize::try_from(column).ok()).filter(|&(r, c)| r < self.height && c < self.width);
                rgb.extend(at.map_or([118; 3], |(r, c)| self.px[r * self.width + c].map(|v| (v + 0.5) as u8)));
            }
        }
        Frame::from_rgb(u32::try_from(width).unwrap_or(0), u32::try_from(height).unwrap_or(0), rgb)
    }

    fn blur(&mut self, sigma: f32) {
        let reach = (3.0 * sigma).ceil() as i64;
        let kernel: Vec<f32> = (-reach..=reach).map(|k| (-(k as f32).powi(2) / (2.0 * sigma * sigma).max(1e-6)).exp()).collect();
        self.convolve(&kernel, (1, 0));
        self.convolve(&kernel, (0, 1));
    }

    fn smear(&mut self, length: f32) {
        let half = (length / 2.0).round() as usize;
        self.convolve(&vec![1.0; 2 * half + 1], (1, 0));
    }

    /// One-dimensional, normalised, the edge repeated.
    fn convolve(&mut self, kernel: &[f32], (dx, dy): (i64, i64)) {
        let (reach, total): (i64, f32) = (kernel.len() as i64 / 2, kernel.iter().sum());
        let (w, h) = (self.width as i64, self.height as i64);
        let source = std::mem::take(&mut self.px);
        self.px = (0..w * h)
            .map(|i| {
                let (x, y) = (i % w, i / w);
                let mut sum = [0.0; 3];
                for (k, weight) in (-reach..=reach).zip(kernel) {
                    let (u, v) = ((x + k * dx).clamp(0, w - 1), (y + k * dy).clamp(0, h - 1));
                    let px = source[(v * w + u) as usize];
                    sum.iter_mut().zip(px).for_each(|(s, c)| *s += weight * c / total);
                }
                sum
            })
            .collect();
    }

    /// Box and Muller.
    fn noise(&mut self, sigma: f32, seed: u64) {
        for (i, px) in self.px.iter_mut().enumerate() {
            for (c, value) in px.iter_mut().enumerate() {
                let at = (i * 3 + c) as u64 * 2;
                let (u, v) = (hash(seed, at).max(1e-7), hash(seed, at + 1));
                *value = (*value + sigma * (-2.0 * u.ln()).sqrt() * (std::f32::consts::TAU * v).cos()).clamp(0.0, 255.0);
            }
        }
    }

    /// Four fingers in the colour of the person's forehead, with dark gaps, shaded round, tilted by the seed.
    fn hand(&mut self, landmarks: &[Point3], (cx, cy): (f32, f32), (half_u, half_v): (f32, f32), seed: u64) {
        let skin = self.mean(&[9, 151, 108, 337].map(|i| (landmarks[i].x, landmarks[i].y)));
        let (sin, cos) = (0.5 * (hash(seed, 1) - 0.5)).sin_cos();
        let tone = 0.9 + 0.2 * hash(seed, 2);
        self.each(|x, y, px| {
            let (u, v) = (((x - cx) * cos + (y - cy) * sin) / half_u, ((y - cy) * cos - (x - cx) * sin) / half_v);
            if u.abs() > 1.0 || v.abs() > 1.0 {
                return px;
            }
            // distance from the middle of the finger, 0..1
            let across = ((v + 1.0) * 2.0).fract() * 2.0 - 1.0;
            let round = tone * (1.05 - 0.35 * across.powi(4) - 0.1 * u * u);
            let knuckle = if (u * 2.0 + 0.3).fract().abs() < 0.05 { 0.93 } else { 1.0 };
            skin.map(|c| c * round * knuckle)
        });
    }

    /// Mean colour of 5 x 5 patches.
    fn mean(&self, points: &[(f32, f32)]) -> [f32; 3] {
        let mut sum = [0.0; 3];
        let mut count = 0.0;
        for (x, y) in points {
            for i in 0..25 {
                let (u, v) = (*x as usize + i % 5, *y as usize + i / 5);
                let px = self.px[v.saturating_sub(2).min(self.height - 1) * self.width + u.saturating_sub(2).min(self.width - 1)];
                sum.iter_mut().zip(px).for_each(|(s, c)| *s += c);
                count += 1.0;
            }
        }
        sum.map(|s| s / count)
    }
}
