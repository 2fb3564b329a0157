//! Picture quality, read off the pixels of the face. Only measures: what is good enough is decided by whoever reads them.

use std::ops::Range;

use crate::{
    cover,
    frame::Frame,
    math,
    observation::{BoundingBox, Point3, Quality},
    resample::crop_luma,
    roi::Roi,
};

/// Side of the crop that light and sharpness are judged on, px: one size for all cameras, otherwise sharpness is not comparable.
const SIDE: usize = 128;
/// The crop's side / the face box's longer side: enough surroundings to judge back-light.
const CROP_SCALE: f32 = 2.0;
/// Luma from which a pixel counts as burnt out, 0..1.
const BURNT: f32 = 0.97;
/// Luma below which a pixel counts as drowned, 0..1.
const DROWNED: f32 = 0.06;
/// Luma that sharpness is scaled to, 0..1: the Laplacian of the same face grows with the light on it.
const MID_GREY: f32 = 0.5;
/// Fewest pixels of surroundings (share of the crop) from which back-light is a measurement.
const LEAST_SURROUNDINGS: f32 = 0.05;
/// Measures everything that the pixels around `landmarks` allow. A face without a usable region has only what its box tells.
pub(crate) fn assess(frame: &Frame, landmarks: &[Point3], bounds: BoundingBox) -> Quality {
    let shorter = frame.width().min(frame.height()) as f32;
    let (dx, dy) =
        (bounds.x + bounds.width / 2.0 - frame.width() as f32 / 2.0, bounds.y + bounds.height / 2.0 - frame.height() as f32 / 2.0);
    let placed = Quality {
        face_ratio: Some(bounds.height / shorter),
        centre_offset: Some((dx * dx + dy * dy).sqrt() / shorter),
        ..Quality::default()
    };
    let Some(roi) = Roi::from_landmarks(landmarks, CROP_SCALE) else { return placed };
    let sums = Sums::over(&crop_luma(frame, &roi, SIDE), &Oval::around(landmarks, &roi), &InFrame::new(frame, &roi));
    let Some((mean, spread)) = sums.face.moments() else { return placed };
    let share = |count: u32| count as f32 / sums.face.count as f32;
    let (eyes_visible, mouth_visible) = cover::visible(frame, landmarks);
    let enough = sums.around.count as f32 >= LEAST_SURROUNDINGS * (SIDE * SIDE) as f32;
    Quality {
        luma: Some(mean),
        contrast: Some(spread.sqrt()),
        over_exposed: Some(share(sums.burnt)),
        under_exposed: Some(share(sums.drowned)),
        back_light: sums.around.moments().filter(|_| enough).map(|(surroundings, _)| surroundings - mean),
        sharpness: sums.laplacian.moments().map(|(_, variance)| variance * (MID_GREY / mean.max(DROWNED)).powi(2)),
        eyes_visible,
        mouth_visible,
        ..placed
    }
}

/// Which pixels of the crop lie in the frame.
struct InFrame {
    roi: Roi,
    width: f32,
    height: f32,
    /// All of them: the usual case, and no need to ask again.
    whole: bool,
}

impl InFrame {
    fn new(frame: &Frame, roi: &Roi) -> Self {
        let mut own = Self { roi: *roi, width: frame.width() as f32, height: frame.height() as f32, whole: false };
        own.whole = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)].into_iter().all(|(u, v)| own.holds(u, v));
        own
    }

    #[inline]
    fn holds(&self, u: f32, v: f32) -> bool {
        self.whole || {
            let p = self.roi.to_frame(u, v);
            p.x >= 0.0 && p.y >= 0.0 && p.x <= self.width && p.y <= self.height
        }
    }
}

/// Count, sum and sum of squares.
#[derive(Clone, Copy, Default)]
struct Moments {
    count: u32,
    sum: f64,
    squares: f64,
}

impl Moments {
    #[inline]
    fn add(&mut self, value: f32) {
        let value = f64::from(value);
        self.count += 1;
        self.sum += value;
        self.squares += value * value;
    }

    /// Mean and variance; `None` of nothing.
    fn moments(&self) -> Option<(f32, f32)> {
        let count = f64::from(self.count);
        let mean = self.sum / count;
        (self.count > 0).then(|| (mean as f32, (self.squares / count - mean * mean).max(0.0) as f32))
    }
}

/// Everything that one pass over the crop gathers.
#[derive(Default)]
struct Sums {
    face: Moments,
    burnt: u32,
    drowned: u32,
    /// Beside and above the head; below the chin are neck and clothes.
    around: Moments,
    /// Of luma 0..255, inside the face. Its own outline is left out: a sharp background edge says nothing about the face.
    laplacian: Moments,
}

impl Sums {
    fn over(luma: &[f32], oval: &Oval, frame: &InFrame) -> Self {
        let mut sums = Self::default();
        for (y, line) in luma.chunks_exact(SIDE).enumerate() {
            let v = place(y);
            let seen = |x: &usize| frame.holds(place(*x), v);
            let face = oval.columns(v, 1.0);
            for x in face.clone().filter(seen) {
                sums.face.add(line[x]);
                sums.burnt += u32::from(line[x] > BURNT);
                sums.drowned += u32::from(line[x] < DROWNED);
            }
            if let Some(rows) = y.checked_sub(1).and_then(|above| luma.get(above * SIDE..(above + 3) * SIDE)) {
                let inner = oval.columns(v, 0.85);
                for x in (inner.start.max(1)..inner.end.min(SIDE - 1)).filter(seen) {
                    let four = rows[x] + rows[2 * SIDE + x] + rows[SIDE + x - 1] + rows[SIDE + x + 1];
                    sums.laplacian.add(255.0 * (four - 4.0 * line[x]));
                }
            }
            if v < oval.v + oval.half_v * 0.5 {
                let head = oval.columns(v, 1.3);
                for x in (0..head.start).chain(head.end..SIDE).filter(seen) {
                    sums.around.add(line[x]);
                }
            }
        }
        sums
    }
}

/// Middle of a row or column of the crop, 0..1.
fn place(index: usize) -> f32 {
    (index as f32 + 0.5) / SIDE as f32
}

/// The ellipse that the face fills in a crop, in crop units. Half axes are above zero.
struct Oval {
    u: f32,
    v: f32,
    half_u: f32,
    half_v: f32,
}

impl Oval {
    fn around(landmarks: &[Point3], roi: &Roi) -> Self {
        let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
        let (sin, cos) = math::sin_cos(roi.rotation);
        for p in landmarks {
            let (x, y) = (p.x - roi.centre.x, p.y - roi.centre.y);
            let (u, v) = ((x * cos + y * sin) / roi.side + 0.5, (y * cos - x * sin) / roi.side + 0.5);
            low = [low[0].min(u), low[1].min(v)];
            high = [high[0].max(u), high[1].max(v)];
        }
        let half = |axis: usize| ((high[axis] - low[axis]) / 2.0).max(f32::MIN_POSITIVE);
        Self { u: f32::midpoint(low[0], high[0]), v: f32::midpoint(low[1], high[1]), half_u: half(0), half_v: half(1) }
    }

    /// Columns of the crop inside the ellipse scaled by `size`, in the row at `v`; where it does not reach, none, at the middle of the row.
    fn columns(&self, v: f32, size: f32) -> Range<usize> {
        let half = self.half_u * (size * size - ((v - self.v) / self.half_v).powi(2)).max(0.0).sqrt();
        // Centres at or right of the edge; `as usize` saturates.
        let edge = |u: f32| ((u * SIDE as f32 + 0.5).floor() as usize).min(SIDE);
        edge(self.u - half)..edge(self.u + half)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{roi::bounds_of, synthetic};

    fn painted(paint: impl Fn(f32, f32) -> u8) -> (Frame, Vec<Point3>) {
        synthetic::painted(|x, y| [paint(x, y); 3])
    }

    fn judged(paint: impl Fn(f32, f32) -> u8) -> Quality {
        let (frame, landmarks) = painted(paint);
        match bounds_of(&landmarks) {
            Some(bounds) => assess(&frame, &landmarks, bounds),
            None => panic!("landmarks have a box"),
        }
    }

    /// Roughly the face of `painted`.
    fn on_face(x: f32, y: f32) -> bool {
        let (dx, dy) = ((x - 150.0) / 66.0, (y - 155.0) / 78.0);
        dx * dx + dy * dy < 1.0
    }

    #[test]
    fn light_is_read_off_the_face_alone() {
        let lit = judged(|x, y| if on_face(x, y) { 128 } else { 10 });
        assert!(lit.luma.is_some_and(|v| (v - 0.5).abs() < 0.03), "face {:?}", lit.luma);
        assert!(lit.back_light.is_some_and(|v| v < -0.4), "dark room {:?}", lit.back_light);
        let window = judged(|x, y| if on_face(x, y) { 50 } else { 250 });
        assert!(window.back_light.is_some_and(|v| v > 0.6), "window behind {:?}", window.back_light);
        assert!(judged(|_, _| 255).over_exposed.is_some_and(|v| v > 0.99), "burnt");
        assert!(judged(|_, _| 3).under_exposed.is_some_and(|v| v > 0.99), "drowned");
    }

    #[test]
    fn sharpness_falls_with_blur_and_is_zero_when_flat() {
        let wave = |period: f32| judged(move |x, y| (128.0 + 80.0 * (x / period).sin() * (y / period).sin()) as u8).sharpness;
        let (fine, coarse) = (wave(2.0), wave(8.0));
        assert!(fine > coarse && coarse > Some(0.0), "fine {fine:?} coarse {coarse:?}");
        assert!(judged(|_, _| 90).sharpness.is_some_and(|v| v < 1e-3), "flat");
    }

    #[test]
    fn sharpness_does_not_depend_on_the_light() {
        let in_light = |gain: f32| judged(move |x, y| ((100.0 + 60.0 * (x / 2.0).sin() * (y / 2.0).sin()) * gain) as u8).sharpness;
        let (dim, bright) = (in_light(0.4).unwrap_or_default(), in_light(1.4).unwrap_or_default());
        assert!((dim / bright - 1.0).abs() < 0.1, "dim {dim} bright {bright}");
    }

    #[test]
    fn place_is_told_even_outside_the_frame() {
        let (frame, mut landmarks) = painted(|_, _| 100);
        landmarks.iter_mut().for_each(|p| p.x += 1000.0);
        let Some(bounds) = bounds_of(&landmarks) else { panic!("landmarks have a box") };
        let quality = assess(&frame, &landmarks, bounds);
        assert_eq!((quality.luma, quality.sharpness, quality.eyes_visible, quality.mouth_visible), (None, None, None, None), "no pixels");
        assert!(quality.centre_offset.is_some_and(|v| v > 3.0), "far off");
    }
}
