//! How far the chin travels for each opening of the lips.

use faceid_vision::Point3;

/// Landmarks, MediaPipe face-mesh indices: outer eye corners, bridge of the nose, inner lips, tip of the chin.
const EYES: (usize, usize) = (33, 263);
const BRIDGE: usize = 6;
const LIPS: (usize, usize) = (13, 14);
const CHIN: usize = 152;

/// Least opening of the lips beyond rest, in outer eye distances, from which the chin must have travelled.
const OPENING_MIN: f32 = 0.12;
/// Most frames taken, those with the widest mouth.
const FRAMES: usize = 5;
/// Fewest of them.
const FRAMES_MIN: usize = 2;

/// What chin and lips did together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Jaw {
    /// (Travel of the chin away from the bridge of the nose) / (opening of the inner lips), both beyond rest: median over the widest frames.
    Measured(f32),
    /// No frame at rest shows the landmarks.
    NoNeutral,
    /// The lips do not open far enough in enough frames.
    NotOpened,
}

/// Lengths of one face in outer eye distances.
#[derive(Clone, Copy)]
struct Lengths {
    opening: f32,
    chin: f32,
}

impl Lengths {
    /// In three dimensions, so that a nod changes neither.
    fn of(face: &[Point3]) -> Option<Self> {
        let length = |a: usize, b: usize| {
            let (a, b) = (face.get(a)?, face.get(b)?);
            Some(((a.x - b.x).powi(2) + (a.y - b.y).powi(2) + (a.z - b.z).powi(2)).sqrt())
        };
        let unit = length(EYES.0, EYES.1).filter(|unit| *unit > 0.0)?;
        let lengths = Self { opening: length(LIPS.0, LIPS.1)? / unit, chin: length(BRIDGE, CHIN)? / unit };
        (lengths.opening.is_finite() && lengths.chin.is_finite()).then_some(lengths)
    }
}

/// Compares the frames with the widest mouth with those at rest (468 landmarks each, frame px).
#[must_use]
pub fn jaw(neutral: &[&[Point3]], moving: &[&[Point3]]) -> Jaw {
    let rest: Vec<Lengths> = neutral.iter().filter_map(|face| Lengths::of(face)).collect();
    let (Some(opening), Some(chin)) = (median(rest.iter().map(|l| l.opening)), median(rest.iter().map(|l| l.chin))) else {
        return Jaw::NoNeutral;
    };
    let beyond = moving.iter().filter_map(|face| Lengths::of(face)).map(|l| Lengths { opening: l.opening - opening, chin: l.chin - chin });
    let mut open: Vec<Lengths> = beyond.filter(|l| l.opening >= OPENING_MIN).collect();
    open.sort_by(|a, b| b.opening.total_cmp(&a.opening));
    open.truncate(FRAMES);
    if open.len() < FRAMES_MIN {
        return Jaw::NotOpened;
    }
    median(open.iter().map(|l| l.chin / l.opening)).map_or(Jaw::NotOpened, Jaw::Measured)
}

fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut sorted: Vec<f32> = values.collect();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A face of 100 px between the eyes whose lips are `opening` and whose chin has come down by `drop`, px.
    fn face(opening: f32, drop: f32) -> Vec<Point3> {
        let mut points = vec![Point3::default(); 468];
        let at = |x: f32, y: f32| Point3 { x, y, z: 0.0 };
        points[EYES.0] = at(100.0, 100.0);
        points[EYES.1] = at(200.0, 100.0);
        points[BRIDGE] = at(150.0, 100.0);
        points[LIPS.0] = at(150.0, 180.0);
        points[LIPS.1] = at(150.0, 182.0 + opening);
        points[CHIN] = at(150.0, 230.0 + drop);
        points
    }

    fn measured(drop: f32) -> Jaw {
        let rest = [face(0.0, 0.0), face(1.0, 0.0)];
        let moving = [face(5.0, 0.1 * drop), face(20.0, 0.5 * drop), face(40.0, drop), face(38.0, drop), face(10.0, 0.2 * drop)];
        jaw(&rest.each_ref().map(Vec::as_slice), &moving.each_ref().map(Vec::as_slice))
    }

    #[test]
    fn a_jaw_travels_with_the_lips_and_a_print_does_not() {
        let ratio = |jaw| match jaw {
            Jaw::Measured(ratio) => ratio,
            Jaw::NoNeutral | Jaw::NotOpened => panic!("{jaw:?}"),
        };
        assert!((ratio(measured(36.0)) - 0.9).abs() < 0.1, "{:?}", measured(36.0));
        assert!(ratio(measured(0.0)).abs() < 0.01, "{:?}", measured(0.0));
    }

    #[test]
    fn what_was_not_seen_is_not_measured() {
        let (shut, open) = (face(0.0, 0.0), face(40.0, 30.0));
        assert_eq!(jaw(&[], &[&open, &open]), Jaw::NoNeutral, "no rest");
        assert_eq!(jaw(&[&shut], &[&shut, &shut, &open]), Jaw::NotOpened, "open in one frame");
        assert_eq!(jaw(&[&shut], &[&open[..100], &open]), Jaw::NotOpened, "landmarks missing");
    }
}
