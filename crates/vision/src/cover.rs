//! Are eyes and mouth to be seen, or is there a hand, a mask, a dark lens before them? Read off small patches of pixels; only measures, as in
//! `quality`. The landmark network cannot tell: it places lids and lips on a mask as surely as on a face (own measurement: presence 0.98 and more
//! under every kind of cover).

use crate::{
    frame::Frame,
    math,
    observation::{Point2, Point3},
    resample::crop,
    roi::Roi,
};

/// Luma from which a pixel counts as burnt out, 0..1.
const BURNT: f32 = 0.97;
/// Least luma of a face to divide by, 0..1.
const LEAST_LUMA: f32 = 0.06;

/// Side of the patch around one eye, px.
const EYE_SIDE: usize = 24;
/// Narrowest eye that tells something, frame px between its corners: below it lashes and iris run together.
const LEAST_EYE: f32 = 12.0;
/// Luma range of an eye patch / luma of the skin that counts as full contrast. Own measurement: 0.55 and more on portraits (medians 0.7), 0.36 and
/// more on soft webcam pictures; fingers 0.24 to 0.38, lenses that pass a fifth of the light 0.13 to 0.30, nearly black ones under 0.12.
const EYE_CONTRAST: f32 = 0.6;
/// Median luma of an eye patch / luma of the skin: none below the first, full from the second (0.27 at least in shade; a dark lens 0.12 to 0.24).
const EYE_DARK: (f32, f32) = (0.1, 0.3);
/// The same, upwards: an eye is darker than the skin around it (0.95 at most on portraits), fingers are not (0.91 to 1.4).
const EYE_PALE: (f32, f32) = (0.95, 1.15);

/// Side of the patch around the mouth, px and outer eye distances.
const MOUTH_SIDE: usize = 48;
const MOUTH_REACH: f32 = 1.2;
/// Least outer eye distance at which the line between the lips is resolved, frame px.
const LEAST_FACE: f32 = 36.0;
/// One unit of evidence for a mouth each. A dark line between the lips, its depth / luma of the skin (portraits: median 0.39) ...
const LIP_LINE: f32 = 0.2;
/// ... lips redder than the skin beside them, difference of ln(red / green) (portraits: median 0.10; grey pictures 0) ...
const LIP_RED: f32 = 0.08;
/// ... and edges across, root-mean-square luma step over 0.05 eye distances / luma of the skin (portraits: median 0.23).
const LIP_EDGES: f32 = 0.1;
/// Units of a mouth seen for certain. Own measurement: 45 portraits 3.1 to 12, beards and toothy smiles lowest; 976 frontal frames of clips from
/// 2.9. A hand over the mouth drawn on the portraits 1.2 to 3.2 (median 2.5), masks and cups mostly under 2.
const MOUTH_UNITS: f32 = 4.8;
/// Colour difference between chin and cheeks, as a distance of ln(red / green) and ln(green / blue): the same skin up to the first, no skin from
/// the second (portraits at most 0.18, also in coloured light; masks and cups mostly 0.25 to 0.9).
const SKIN_APART: (f32, f32) = (0.25, 0.45);

/// A square patch of the frame, red, green and blue 0..1.
struct Patch {
    side: usize,
    planes: Vec<f32>,
}

/// Sum of colours over some pixels.
#[derive(Clone, Copy, Default)]
struct Colour {
    sum: [f32; 3],
    count: f32,
}

impl Colour {
    fn add(&mut self, rgb: [f32; 3]) {
        self.sum.iter_mut().zip(rgb).for_each(|(s, c)| *s += c);
        self.count += 1.0;
    }

    fn luma(&self) -> f32 {
        luma(self.sum) / self.count.max(1.0)
    }

    /// ln(red / green) and ln(green / blue): the same in any light that is not itself coloured. A little grey is added, so that noise in the dark
    /// has no say.
    fn chroma(&self) -> [f32; 2] {
        let [r, g, b] = self.sum.map(|s| s / self.count.max(1.0) + 0.03);
        [math::ln(r / g), math::ln(g / b)]
    }
}

fn luma([r, g, b]: [f32; 3]) -> f32 {
    0.299 * r + 0.587 * g + 0.114 * b
}

impl Patch {
    fn of(frame: &Frame, roi: &Roi, side: usize) -> Self {
        let mut planes = vec![0.0; 3 * side * side];
        crop(frame, roi, side, 1.0 / 255.0, 0.0, &mut planes);
        Self { side, planes }
    }

    fn rgb(&self, index: usize) -> [f32; 3] {
        let plane = self.side * self.side;
        core::array::from_fn(|c| self.planes[c * plane + index])
    }

    /// Middle of a row or column, -0.5..0.5.
    fn place(&self, index: usize) -> f32 {
        (index as f32 + 0.5) / self.side as f32 - 0.5
    }
}

/// A square around `centre`, as tilted as the line from `from` to `to`; `None` when it reaches out of the frame.
fn square(frame: &Frame, centre: Point2, side: f32, from: Point3, to: Point3) -> Option<Roi> {
    let roi = Roi { centre, side, rotation: math::atan2(to.y - from.y, to.x - from.x) };
    let corners = [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)].map(|(u, v)| roi.to_frame(u, v));
    let inside = |p: &Point2| p.x >= 0.0 && p.y >= 0.0 && p.x <= frame.width() as f32 && p.y <= frame.height() as f32;
    (side >= 1.0 && corners.iter().all(inside)).then_some(roi)
}

fn middle(a: Point3, b: Point3) -> Point2 {
    Point2 { x: (a.x + b.x) / 2.0, y: (a.y + b.y) / 2.0 }
}

fn distance(a: Point3, b: Point3) -> f32 {
    ((a.x - b.x).powi(2) + (a.y - b.y).powi(2) + (a.z - b.z).powi(2)).sqrt()
}

/// Visibility of eyes and mouth, each 0..1.
pub(crate) fn visible(frame: &Frame, landmarks: &[Point3]) -> (Option<f32>, Option<f32>) {
    let Some(skin) = upper_face(frame, landmarks) else { return (None, None) };
    (eyes(frame, landmarks, skin.luma().max(LEAST_LUMA)), mouth(frame, landmarks, &skin))
}

/// The worse of the two eyes: luma range against the skin's luma (an eye has lashes, iris and white; skin and hands have little), less for a patch
/// much darker than the skin (dark glasses), paler than it (fingers), or partly lost in glare. `None` when an eye is too small to tell or not wholly
/// in the frame.
fn eyes(frame: &Frame, landmarks: &[Point3], skin: f32) -> Option<f32> {
    let one = |a: usize, b: usize| {
        let (from, to) = (*landmarks.get(a)?, *landmarks.get(b)?);
        let width = math::hypot(to.x - from.x, to.y - from.y);
        let roi = square(frame, middle(from, to), width * 1.1, from, to).filter(|_| width >= LEAST_EYE)?;
        let patch = Patch::of(frame, &roi, EYE_SIDE);
        let rows = (0..EYE_SIDE).filter(|&row| patch.place(row).abs() < 0.3);
        let mut band: Vec<f32> = rows.flat_map(|row| row * EYE_SIDE..(row + 1) * EYE_SIDE).map(|i| luma(patch.rgb(i))).collect();
        band.sort_unstable_by(f32::total_cmp);
        let at = |share: f32| band.get((share * (band.len() - 1) as f32) as usize).copied();
        let contrast = ((at(0.95)? - at(0.05)?) / (EYE_CONTRAST * skin)).min(1.0);
        let level = at(0.5)? / skin;
        let lit = ((level - EYE_DARK.0) / (EYE_DARK.1 - EYE_DARK.0)).clamp(0.0, 1.0);
        let not_pale = ((EYE_PALE.1 - level) / (EYE_PALE.1 - EYE_PALE.0)).clamp(0.0, 1.0);
        let glare = band.iter().filter(|&&v| v > BURNT).count() as f32 / band.len() as f32;
        Some(contrast * lit * not_pale * (1.0 - glare))
    };
    Some(one(33, 133)?.min(one(362, 263)?))
}

/// A mouth shows a dark line between the lips, lips redder than the skin around them, and edges that run across; each makes up for another. Less
/// where chin and philtrum have not the colour of cheeks and forehead. `None` when the face is too small to tell or the mouth not wholly in the frame.
fn mouth(frame: &Frame, landmarks: &[Point3], skin: &Colour) -> Option<f32> {
    let at = |i: usize| landmarks.get(i).copied();
    let (right, left, upper, lower) = (at(33)?, at(263)?, at(13)?, at(14)?);
    let unit = distance(right, left);
    let roi = square(frame, middle(upper, lower), unit * MOUTH_REACH, right, left).filter(|_| unit >= LEAST_FACE)?;
    let patch = Patch::of(frame, &roi, MOUTH_SIDE);
    let down = |p: Point3| (roi.from_frame(Point2 { x: p.x, y: p.y }).1 - 0.5) * MOUTH_REACH;
    let (upper, lower) = (down(upper), down(lower));
    let (mut lips, mut beside, mut below_cheeks) = (Colour::default(), Colour::default(), Colour::default());
    let mut rows = [Colour::default(); MOUTH_SIDE];
    for (row, line) in rows.iter_mut().enumerate() {
        let v = patch.place(row) * MOUTH_REACH;
        let on_lips = (upper - 0.08..upper - 0.02).contains(&v) || (lower + 0.02..lower + 0.09).contains(&v);
        let (on_philtrum, on_chin) = ((upper - 0.2..upper - 0.11).contains(&v), (lower + 0.22..lower + 0.34).contains(&v));
        for column in 0..MOUTH_SIDE {
            let u = (patch.place(column) * MOUTH_REACH).abs();
            let rgb = patch.rgb(row * MOUTH_SIDE + column);
            if u < 0.17 {
                line.add(rgb);
                if on_lips {
                    lips.add(rgb);
                }
                if on_philtrum || on_chin {
                    beside.add(rgb);
                    below_cheeks.add(rgb);
                }
            } else if (0.38..0.52).contains(&u) && v.abs() < 0.15 {
                beside.add(rgb);
            }
        }
    }
    let bright = skin.luma().max(LEAST_LUMA);
    let (line, edges) = (lip_line(&patch, &rows, upper, lower)? / bright, edges(&patch, upper, lower)? / bright);
    let red = (lips.chroma()[0] - beside.chroma()[0]).max(0.0);
    let apart = below_cheeks.chroma().iter().zip(skin.chroma()).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
    let same_skin = ((SKIN_APART.1 - apart) / (SKIN_APART.1 - SKIN_APART.0)).clamp(0.0, 1.0);
    Some(((line / LIP_LINE + red / LIP_RED + edges / LIP_EDGES) / MOUTH_UNITS).clamp(0.0, 1.0) * same_skin)
}

/// Cheekbones and forehead.
fn upper_face(frame: &Frame, landmarks: &[Point3]) -> Option<Colour> {
    let (right, left) = (landmarks.get(33)?, landmarks.get(263)?);
    let (side, rotation) = (distance(*right, *left) * 0.12, math::atan2(left.y - right.y, left.x - right.x));
    let mut skin = Colour::default();
    for (index, times) in [(117, 2), (346, 2), (9, 1), (151, 1)] {
        let p = landmarks.get(index)?;
        let patch = Patch::of(frame, &Roi { centre: Point2 { x: p.x, y: p.y }, side, rotation }, 6);
        for _ in 0..times {
            (0..36).for_each(|i| skin.add(patch.rgb(i)));
        }
    }
    Some(skin)
}

/// Root-mean-square luma step from row to row but one in the middle of the mouth; `None` when that has no rows.
fn edges(patch: &Patch, upper: f32, lower: f32) -> Option<f32> {
    let near = |row: &usize| (upper - 0.12..lower + 0.12).contains(&(patch.place(*row) * MOUTH_REACH));
    let middle = |column: &usize| (patch.place(*column) * MOUTH_REACH).abs() < 0.2;
    let (mut sum, mut count) = (0.0, 0.0);
    for row in (1..MOUTH_SIDE - 1).filter(near) {
        for column in (0..MOUTH_SIDE).filter(middle) {
            let i = row * MOUTH_SIDE + column;
            sum += (luma(patch.rgb(i + MOUTH_SIDE)) - luma(patch.rgb(i - MOUTH_SIDE))).powi(2);
            count += 1.0;
        }
    }
    (count > 0.0).then(|| (sum / count).sqrt())
}

/// How much darker than the lips above and below it the darkest line between them is, luma; the lips' own places follow the landmarks, so that an
/// open mouth counts as a broad line.
fn lip_line(patch: &Patch, rows: &[Colour; MOUTH_SIDE], upper: f32, lower: f32) -> Option<f32> {
    let row_at = |v: f32| ((v / MOUTH_REACH + 0.5) * patch.side as f32) as usize;
    let (first, last) = (row_at((upper - 0.08).max(-0.4)), row_at((lower + 0.08).min(0.4)));
    let level = |v: f32| rows.get(row_at(v.clamp(-0.59, 0.59))).map(Colour::luma);
    let depth = |row: usize| {
        let v = patch.place(row) * MOUTH_REACH;
        Some(f32::midpoint(level(v.min(upper) - 0.1)?, level(v.max(lower) + 0.1)?) - rows.get(row)?.luma())
    };
    (first..=last).filter_map(depth).reduce(f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    /// Visibility of the eyes on a face painted by position.
    fn eyes_of(paint: impl Fn(f32, f32) -> u8) -> f32 {
        let (frame, landmarks) = synthetic::painted(|x, y| [paint(x, y); 3]);
        visible(&frame, &landmarks).0.unwrap_or(f32::NAN)
    }

    #[test]
    fn covered_dark_and_glaring_eyes_are_not_visible() {
        let eye = |x: f32, y: f32| (y - 127.0).abs() < 12.0 && ((x - 123.0).abs() < 16.0 || (x - 177.0).abs() < 16.0);
        let open = eyes_of(|x, y| if eye(x, y) && (x as u32 / 6).is_multiple_of(2) { 40 } else { 120 });
        assert!(open > 0.7, "contrast {open}");
        assert!(eyes_of(|_, _| 140) < 0.1, "skin only");
        let fingers = eyes_of(|x, y| if eye(x, y) && (x as u32 / 6).is_multiple_of(2) { 140 } else { 160 });
        assert!(fingers < 0.25, "pale, some contrast: {fingers}");
        let dark = eyes_of(|x, y| if eye(x, y) { 8 + (x as u32 % 3) as u8 * 20 } else { 140 });
        assert!(dark < 0.5, "dark glasses {dark}");
        let glare = eyes_of(|x, y| if eye(x, y) && !(x as u32 / 6).is_multiple_of(4) { 255 } else { 140 });
        assert!(glare < 0.4, "glare {glare}");
    }

    const SKIN: [u8; 3] = [180, 130, 110];

    /// Visibility of the mouth of a face painted skin, with `paint` below the eyes; (dx, dy) from the middle of the mouth in px, eyes 75 px apart.
    fn mouth_of(paint: impl Fn(f32, f32) -> Option<[u8; 3]>) -> Option<f32> {
        let (frame, landmarks) = synthetic::painted(|x, y| paint(x - 150.0, y - 185.0).filter(|_| y > 160.0).unwrap_or(SKIN));
        visible(&frame, &landmarks).1
    }

    #[test]
    fn a_mouth_shows_a_line_or_red_lips_and_covers_show_neither() {
        let line = |x: f32, y: f32| (x.abs() < 18.0 && y.abs() < 1.6).then_some([70, 45, 40]);
        let lips = |x: f32, y: f32| (x.abs() < 18.0 && y.abs() < 8.0).then_some([180, 105, 100]);
        assert!(mouth_of(line).is_some_and(|v| v > 0.5), "line {:?}", mouth_of(line));
        assert!(mouth_of(lips).is_some_and(|v| v > 0.5), "lips {:?}", mouth_of(lips));
        let open = |x: f32, y: f32| (x.abs() < 16.0 && y.abs() < 6.0).then_some([40, 20, 20]);
        assert!(mouth_of(open).is_some_and(|v| v > 0.5), "open {:?}", mouth_of(open));
        assert!(mouth_of(|_, _| None).is_some_and(|v| v < 0.1), "bare skin, as of a hand");
        assert!(mouth_of(|_, _| Some([120, 170, 210])).is_some_and(|v| v < 0.1), "mask");
        let printed = |x: f32, y: f32| line(x, y).or(Some([120, 170, 210]));
        assert!(mouth_of(printed).is_some_and(|v| v < 0.1), "mask with a mouth drawn on it: {:?}", mouth_of(printed));
    }

    #[test]
    fn what_cannot_be_told_is_absent() {
        let (frame, landmarks) = synthetic::painted(|_, _| SKIN);
        let small: Vec<Point3> = landmarks.iter().map(|p| Point3 { x: p.x * 0.3, y: p.y * 0.3, z: p.z * 0.3 }).collect();
        assert_eq!(visible(&frame, &small), (None, None), "22 px between the eyes");
        let aside: Vec<Point3> = landmarks.iter().map(|p| Point3 { x: p.x, y: p.y + 120.0, z: p.z }).collect();
        assert_eq!(visible(&frame, &aside).1, None, "below the frame");
        assert_eq!(visible(&frame, &[]), (None, None), "no landmarks");
    }
}
