//! Picture quality, read off the pixels of the face. Only measures: what is good enough is decided by whoever reads them.

use crate::{
    frame::Frame,
    observation::{BoundingBox, Point2, Point3, Quality},
    resample::crop,
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
/// Fewest pixels of surroundings (share of the crop) from which back-light is a measurement.
const LEAST_SURROUNDINGS: f32 = 0.05;
/// Side of the crop around one eye, px.
const EYE_SIDE: usize = 24;
/// Luma range of an eye region / luma of the face that counts as full contrast of an eye. Own measurement: 0.45 and more on webcam faces with
/// eyes 20 to 60 px wide, through clear glasses too; 0.2 to 0.4 where an eye is under 16 px.
const EYE_CONTRAST: f32 = 0.4;
/// Median luma of an eye region / luma of the face: none below the first, full from the second (own measurement: 0.32 at least in shade;
/// a dark lens is under 0.2).
const EYE_DARK: (f32, f32) = (0.1, 0.3);

/// Luma of a square crop, 0..1.
struct Luma {
    side: usize,
    values: Vec<f32>,
}

impl Luma {
    /// Rec. 601 weights on gamma-coded values.
    fn of(frame: &Frame, roi: &Roi, side: usize) -> Self {
        let planes = crop(frame, roi, side, 1.0 / 255.0, 0.0);
        let (red, rest) = planes.split_at(side * side);
        let (green, blue) = rest.split_at(side * side);
        let values = red.iter().zip(green).zip(blue).map(|((r, g), b)| 0.299 * r + 0.587 * g + 0.114 * b).collect();
        Self { side, values }
    }

    /// Every pixel with its place in the crop, 0..1.
    fn pixels(&self) -> impl Iterator<Item = (f32, f32, f32)> + '_ {
        let unit = 1.0 / self.side as f32;
        self.values
            .iter()
            .enumerate()
            .map(move |(i, &value)| ((i % self.side) as f32 * unit + unit / 2.0, (i / self.side) as f32 * unit + unit / 2.0, value))
    }
}

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
    let luma = Luma::of(frame, &roi, SIDE);
    let oval = Oval::around(landmarks, &roi);
    let in_frame = |u: f32, v: f32| {
        let p = roi.to_frame(u, v);
        p.x >= 0.0 && p.y >= 0.0 && p.x <= frame.width() as f32 && p.y <= frame.height() as f32
    };
    let face: Vec<f32> = luma.pixels().filter(|&(u, v, _)| oval.radius(u, v) <= 1.0 && in_frame(u, v)).map(|p| p.2).collect();
    let Some(mean) = mean(&face) else { return placed };
    // Beside and above the head; below the chin are neck and clothes.
    let around: Vec<f32> = luma
        .pixels()
        .filter(|&(u, v, _)| oval.radius(u, v) > 1.3 && v < oval.v + oval.half_v * 0.5 && in_frame(u, v))
        .map(|p| p.2)
        .collect();
    let enough = around.len() as f32 >= LEAST_SURROUNDINGS * (SIDE * SIDE) as f32;
    let share = |test: &dyn Fn(f32) -> bool| face.iter().filter(|&&v| test(v)).count() as f32 / face.len() as f32;
    let variance = face.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / face.len() as f32;
    Quality {
        luma: Some(mean),
        contrast: Some(variance.sqrt()),
        over_exposed: Some(share(&|v| v > BURNT)),
        under_exposed: Some(share(&|v| v < DROWNED)),
        back_light: if enough { self::mean(&around).map(|surroundings| surroundings - mean) } else { None },
        sharpness: sharpness(&luma, &oval),
        eyes_visible: eyes_visible(frame, landmarks, mean),
        ..placed
    }
}

/// The ellipse that the face fills in a crop, in crop units.
struct Oval {
    u: f32,
    v: f32,
    half_u: f32,
    half_v: f32,
}

impl Oval {
    fn around(landmarks: &[Point3], roi: &Roi) -> Self {
        let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
        for p in landmarks {
            let (u, v) = roi.from_frame(Point2 { x: p.x, y: p.y });
            low = [low[0].min(u), low[1].min(v)];
            high = [high[0].max(u), high[1].max(v)];
        }
        Self {
            u: (low[0] + high[0]) / 2.0,
            v: (low[1] + high[1]) / 2.0,
            half_u: (high[0] - low[0]) / 2.0,
            half_v: (high[1] - low[1]) / 2.0,
        }
    }

    /// 0 at the centre, 1 on the edge.
    fn radius(&self, u: f32, v: f32) -> f32 {
        let (x, y) = ((u - self.u) / self.half_u.max(f32::MIN_POSITIVE), (v - self.v) / self.half_v.max(f32::MIN_POSITIVE));
        (x * x + y * y).sqrt()
    }
}

/// Variance of the Laplacian (Pech-Pacheco et al., ICPR 2000) of luma 0..255 inside the face, at [`SIDE`] px for [`CROP_SCALE`] face sides.
/// The face's own outline is left out: a sharp background edge says nothing about the face.
fn sharpness(luma: &Luma, oval: &Oval) -> Option<f32> {
    let side = luma.side;
    let mut laplacian = Vec::new();
    for (i, (u, v, value)) in luma.pixels().enumerate() {
        let (x, y) = (i % side, i / side);
        if x == 0 || y == 0 || x + 1 == side || y + 1 == side || oval.radius(u, v) > 0.85 {
            continue;
        }
        let at = |j: usize| luma.values[j];
        laplacian.push(255.0 * (at(i - 1) + at(i + 1) + at(i - side) + at(i + side) - 4.0 * value));
    }
    let mean = mean(&laplacian)?;
    self::mean(&laplacian.iter().map(|v| (v - mean) * (v - mean)).collect::<Vec<_>>())
}

/// The worse of the two eye regions: luma range against the face's luma (an eye has lashes, iris and white; skin and hands have little),
/// less for a region much darker than the face (dark glasses) and for the share lost in glare. `None` when an eye has no size or lies outside
/// the frame.
fn eyes_visible(frame: &Frame, landmarks: &[Point3], face_luma: f32) -> Option<f32> {
    let one = |a: usize, b: usize| {
        let (p, q) = (landmarks.get(a)?, landmarks.get(b)?);
        let (dx, dy) = (q.x - p.x, q.y - p.y);
        let roi = Roi {
            centre: Point2 { x: (p.x + q.x) / 2.0, y: (p.y + q.y) / 2.0 },
            side: (dx * dx + dy * dy).sqrt() * 1.1,
            rotation: dy.atan2(dx),
        };
        let inside =
            roi.centre.x >= 0.0 && roi.centre.y >= 0.0 && roi.centre.x < frame.width() as f32 && roi.centre.y < frame.height() as f32;
        if roi.side < 1.0 || !inside {
            return None;
        }
        let mut band: Vec<f32> = Luma::of(frame, &roi, EYE_SIDE).pixels().filter(|p| (p.1 - 0.5).abs() < 0.3).map(|p| p.2).collect();
        band.sort_by(f32::total_cmp);
        let at = |share: f32| band.get((share * (band.len() - 1) as f32) as usize).copied();
        let face = face_luma.max(DROWNED);
        let contrast = ((at(0.95)? - at(0.05)?) / (EYE_CONTRAST * face)).min(1.0);
        let light = ((at(0.5)? / face - EYE_DARK.0) / (EYE_DARK.1 - EYE_DARK.0)).clamp(0.0, 1.0);
        let glare = band.iter().filter(|&&v| v > BURNT).count() as f32 / band.len() as f32;
        Some(contrast * light * (1.0 - glare))
    };
    Some(one(33, 133)?.min(one(362, 263)?))
}

fn mean(values: &[f32]) -> Option<f32> {
    (!values.is_empty()).then(|| values.iter().sum::<f32>() / values.len() as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{observation::Pose, roi::bounds_of, synthetic};

    const SIZE: u32 = 300;

    /// A frame painted by position, and the synthetic face in its middle, about 150 px high.
    fn painted(paint: impl Fn(f32, f32) -> u8) -> (Frame, Vec<Point3>) {
        let rgb = (0..SIZE * SIZE).flat_map(|i| [paint((i % SIZE) as f32, (i / SIZE) as f32); 3]).collect();
        let landmarks = synthetic::landmarks(synthetic::geometry().vertices(), Pose::default(), 8.5, 150.0, 150.0);
        match Frame::from_rgb(SIZE, SIZE, rgb) {
            Ok(frame) => (frame, landmarks),
            Err(error) => panic!("{error}"),
        }
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
    fn covered_dark_and_glaring_eyes_are_not_visible() {
        let eye = |x: f32, y: f32| (y - 127.0).abs() < 12.0 && ((x - 123.0).abs() < 16.0 || (x - 177.0).abs() < 16.0);
        let open = judged(|x, y| if eye(x, y) && (x as u32 / 6).is_multiple_of(2) { 40 } else { 140 });
        assert!(open.eyes_visible.is_some_and(|v| v > 0.9), "contrast {:?}", open.eyes_visible);
        assert!(judged(|_, _| 140).eyes_visible.is_some_and(|v| v < 0.1), "skin only");
        let dark = judged(|x, y| if eye(x, y) { 8 + (x as u32 % 3) as u8 * 20 } else { 140 });
        assert!(dark.eyes_visible.is_some_and(|v| v < 0.6), "dark glasses {:?}", dark.eyes_visible);
        let glare = judged(|x, y| if eye(x, y) && !(x as u32 / 6).is_multiple_of(4) { 255 } else { 140 });
        assert!(glare.eyes_visible.is_some_and(|v| v < 0.4), "glare {:?}", glare.eyes_visible);
    }

    #[test]
    fn place_is_told_even_outside_the_frame() {
        let (frame, mut landmarks) = painted(|_, _| 100);
        landmarks.iter_mut().for_each(|p| p.x += 1000.0);
        let Some(bounds) = bounds_of(&landmarks) else { panic!("landmarks have a box") };
        let quality = assess(&frame, &landmarks, bounds);
        assert_eq!((quality.luma, quality.sharpness, quality.eyes_visible), (None, None, None), "no pixels");
        assert!(quality.centre_offset.is_some_and(|v| v > 3.0), "far off");
    }
}
