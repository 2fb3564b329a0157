//! Does the light stay where it is when the head shakes?
//!
//! A lamp stands still. When a head turns under it, the cheek that turns away from the camera's side of the room darkens and the other brightens:
//! Lambert's cosine law. A picture that software bends into other views keeps the brightness it was taken with, wherever its points go. Measured is
//! how the brightness of each place on the skin, against its mirror place, follows the turn. Only a shake is read: it turns both ways, so that
//! whatever changes alike in both (places that slip, a side that shrinks) cancels.

use faceid_protocol::Action;
use faceid_vision::{Geometry, LANDMARK_COUNT, Point3, fit};

use super::{CueOutcome, NotMeasured};
use crate::observe::Seen;

/// Mirror places on skin, the subject's right first: each is the middle of two landmarks (MediaPipe face mesh; twice the same = itself), between
/// features, away from brows, eyes, nostrils and lips.
const PAIRS: [[(usize, usize); 2]; 11] = [
    [(108, 108), (337, 337)],
    [(69, 69), (299, 299)],
    [(151, 67), (151, 297)],
    [(117, 117), (346, 346)],
    [(50, 50), (280, 280)],
    [(101, 101), (330, 330)],
    [(36, 36), (266, 266)],
    [(205, 205), (425, 425)],
    [(187, 187), (411, 411)],
    [(123, 147), (352, 376)],
    [(194, 32), (418, 262)],
];

/// Outer eye corners.
const EYES: (usize, usize) = (33, 263);
/// Radius of a place / distance between the outer eye corners.
const RADIUS: f32 = 0.045;
/// Least distance between the outer eye corners, px: below it a place has too few pixels.
const EYES_MIN: f32 = 40.0;
/// Turn from rest, degrees, from which a side counts as turned away, and the furthest at which both cheeks are seen.
const TURN_LEAST: f32 = 6.0;
const TURN_MOST: f32 = 30.0;
/// Fewest frames turned to each side.
const FRAMES_MIN: usize = 2;
/// Fewest frames in which a pair is seen.
const POINTS_MIN: usize = 8;
/// Fewest pairs.
const PAIRS_MIN: usize = 6;
/// Largest error of the response (1.4826 median absolute deviations of the pairs over the root of their number): beyond it the pairs disagree.
const ERROR_MOST: f32 = 0.3;
/// Range of luma, 0..255, whose changes are those of the light: darker is noise, brighter is clipped.
const LUMA: core::ops::RangeInclusive<f32> = 20.0..=245.0;
/// Gamma of the pictures, as for sRGB.
const GAMMA: f32 = 2.2;

/// Response of the light at which the score is one half: simulated heads had 0.62 to 1.24, photo puppets -0.06 to -0.02 (34 shakes).
const EVEN: f32 = 0.35;
/// Change of the response that takes the score from 0.5 to 0.73.
const SCALE: f32 = 0.1;

/// The shake whose light follows the turn best decides: one head that was lit as a head is enough.
pub(super) fn attached_light(steps: &[Vec<Seen>], actions: &[Action], geometry: &Geometry) -> CueOutcome {
    let Some((rest, windows)) = steps.split_first() else { return CueOutcome::NotMeasured(NotMeasured::TooFewFrames) };
    let shakes = actions.iter().zip(windows).filter(|(action, _)| **action == Action::Shake);
    let most = shakes.filter_map(|(_, window)| response(rest, window, geometry)).max_by(f32::total_cmp);
    most.map_or(CueOutcome::NotMeasured(NotMeasured::TooLittleMovement), |response| CueOutcome::Measured(score(response)))
}

fn score(response: f32) -> f32 {
    1.0 / (1.0 + ((response - EVEN) / SCALE).exp())
}

/// Brightness of the subject's right place less that of the left one, natural logarithm, linear light; `None` where one is not seen well.
type Sides = [Option<f32>; PAIRS.len()];

/// How much the side that turns away darkens, natural logarithm of light per outer eye distance from the middle of the face and sine of the turn:
/// the median over the pairs, each by least squares over all frames. `None` when the head is not seen turned to both sides, or the pairs disagree.
fn response(rest: &[Seen], window: &[Seen], geometry: &Geometry) -> Option<f32> {
    let yaw = |seen: &Seen| Some(fit(geometry, landmarks(seen)?)?.pose().yaw);
    let straight = median(rest.iter().filter_map(yaw))?;
    let frames: Vec<(f32, Sides)> = rest
        .iter()
        .chain(window)
        .filter_map(|seen| Some((yaw(seen)? - straight, sides(seen, landmarks(seen)?))))
        .filter(|(turn, _)| turn.abs() <= TURN_MOST)
        .collect();
    let turned = |side: f32| frames.iter().filter(|(turn, _)| turn * side >= TURN_LEAST).count();
    if turned(1.0).min(turned(-1.0)) < FRAMES_MIN {
        return None;
    }
    let eyes = geometry.vertex(EYES.1)[0] - geometry.vertex(EYES.0)[0];
    let x = |(a, b): (usize, usize)| f32::midpoint(geometry.vertex(a)[0], geometry.vertex(b)[0]);
    let slopes = PAIRS.iter().enumerate().filter_map(|(i, [right, left])| {
        let seen = frames.iter().filter_map(|(turn, sides)| Some((turn.to_radians().sin(), sides[i]?)));
        // Turned to the own left, the left side turns away and darkens: right less left grows.
        Some(slope(&seen.collect::<Vec<_>>())? * eyes / (x(*left) - x(*right)))
    });
    let slopes: Vec<f32> = slopes.filter(|v| v.is_finite()).collect();
    let middle = median(slopes.iter().copied())?;
    let error = 1.4826 * median(slopes.iter().map(|slope| (slope - middle).abs()))? / (slopes.len() as f32).sqrt();
    (slopes.len() >= PAIRS_MIN && error <= ERROR_MOST).then_some(middle)
}

/// Of a straight line through (x, y), by least squares.
fn slope(points: &[(f32, f32)]) -> Option<f32> {
    let n = points.len() as f32;
    let (mx, my) = (points.iter().map(|p| p.0).sum::<f32>() / n, points.iter().map(|p| p.1).sum::<f32>() / n);
    let across = points.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum::<f32>();
    let along = points.iter().map(|p| (p.0 - mx).powi(2)).sum::<f32>();
    (points.len() >= POINTS_MIN && along > 0.0).then(|| across / along)
}

fn landmarks(seen: &Seen) -> Option<&[Point3]> {
    seen.face().map(|f| f.landmarks.as_slice()).filter(|l| l.len() == LANDMARK_COUNT)
}

fn sides(seen: &Seen, points: &[Point3]) -> Sides {
    let eyes = (points[EYES.0].x - points[EYES.1].x).hypot(points[EYES.0].y - points[EYES.1].y);
    if !eyes.is_finite() || eyes < EYES_MIN {
        return [None; PAIRS.len()];
    }
    let light = |(a, b): (usize, usize)| {
        let (x, y) = (f32::midpoint(points[a].x, points[b].x), f32::midpoint(points[a].y, points[b].y));
        let luma = disc_mean(seen, x, y, RADIUS * eyes)?;
        LUMA.contains(&luma).then(|| GAMMA * luma.ln())
    };
    PAIRS.map(|[right, left]| Some(light(right)? - light(left)?))
}

/// Mean luma (Rec. 601) of a disc; `None` where it reaches over the edge.
fn disc_mean(seen: &Seen, x: f32, y: f32, radius: f32) -> Option<f32> {
    let (width, height) = (seen.frame.width() as f32, seen.frame.height() as f32);
    let inside = x - radius >= 0.0 && y - radius >= 0.0 && x + radius < width && y + radius < height;
    if !inside {
        return None;
    }
    let rgb = seen.frame.rgb();
    let (mut sum, mut count) = (0.0, 0.0);
    for row in (y - radius) as usize..=(y + radius) as usize {
        for column in (x - radius) as usize..=(x + radius) as usize {
            if (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y) <= radius {
                let at = (row * seen.frame.width() as usize + column) * 3;
                let pixel = rgb.get(at..at + 3)?;
                sum += 0.299 * f32::from(pixel[0]) + 0.587 * f32::from(pixel[1]) + 0.114 * f32::from(pixel[2]);
                count += 1.0;
            }
        }
    }
    (count > 0.0).then(|| sum / count)
}

fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut sorted: Vec<f32> = values.filter(|v| v.is_finite()).collect();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use faceid_protocol::Millis;
    use faceid_vision::{BoundingBox, EyeOpenness, Face, Frame, Observation, Pose, Quality};

    use super::*;

    /// Half an egg of 9 cm between the outer eye corners, landmarks in a spiral but for those that are read.
    fn head() -> Geometry {
        let place = |i: usize| -> [f32; 3] {
            let named = PAIRS.iter().enumerate().flat_map(|(row, [right, left])| {
                let (x, y) = (1.6 + 0.35 * row as f32, 4.0 - 0.9 * row as f32);
                [(right.0, -x, y), (right.1, -x, y), (left.0, x, y), (left.1, x, y)]
            });
            let fixed = [(EYES.0, -4.5, 2.7), (EYES.1, 4.5, 2.7), (4, 0.0, -0.5), (10, 0.0, 8.5), (152, 0.0, -9.0)];
            let (turn, radius) = (i as f32 * 2.399_963, ((i as f32 + 0.5) / 468.0).sqrt());
            let own = named.chain(fixed).find(|(index, ..)| *index == i);
            let (x, y) = own.map_or((7.0 * radius * turn.cos(), 9.0 * radius * turn.sin()), |(_, x, y)| (x, y));
            [x, y, 8.0 - 0.08 * x * x - 0.03 * y * y]
        };
        Geometry::from_vertices((0..468).map(place).collect()).expect("a face")
    }

    /// A head turned by `yaw` under a light from the camera, of which `directed` falls by Lambert's law and the rest from everywhere.
    fn seen(geometry: &Geometry, t: u64, yaw: f32, directed: f32) -> Seen {
        let pose = Pose { yaw, pitch: 0.0, roll: 0.0 };
        let r = pose.rotation();
        let turned = |v: [f32; 3]| -> [f32; 3] { core::array::from_fn(|i| (0..3).map(|k| r[i][k] * v[k]).sum()) };
        let place = |v: [f32; 3]| {
            let [x, y, z] = turned(v);
            Point3 { x: 200.0 + 14.0 * x, y: 200.0 - 14.0 * y, z: -14.0 * z }
        };
        let landmarks: Vec<Point3> = geometry.vertices().iter().map(|v| place(*v)).collect();
        let mut rgb = vec![100; 400 * 400 * 3];
        for ends in PAIRS.iter().flatten() {
            let v = core::array::from_fn(|k| f32::midpoint(geometry.vertex(ends.0)[k], geometry.vertex(ends.1)[k]));
            let normal = turned([0.16 * v[0], 0.06 * v[1], 1.0]);
            let length = normal.iter().map(|c| c * c).sum::<f32>().sqrt();
            let light = 1.0 - directed + directed * (normal[2] / length).max(0.0);
            let (at, luma) = (place(v), (200.0 * light.powf(1.0 / GAMMA)) as u8);
            for dy in -6_i32..=6 {
                for dx in -6_i32..=6 {
                    let index = ((at.y as i32 + dy) * 400 + at.x as i32 + dx) as usize * 3;
                    rgb[index..index + 3].fill(luma);
                }
            }
        }
        let face = Face {
            bounds: BoundingBox::default(),
            presence: 1.0,
            landmarks,
            pose: None,
            eyes: EyeOpenness::default(),
            mouth: None,
            quality: Quality::default(),
        };
        let frame = Frame::from_rgb(400, 400, rgb).expect("size matches");
        Seen { t: Millis(t), frame, observation: Observation { face: Some(face), ..Observation::default() } }
    }

    fn shaken(yaws: &[f32], directed: f32) -> CueOutcome {
        let geometry = head();
        let step =
            |from: u64, yaws: &[f32]| (from..).zip(yaws).map(|(t, yaw)| seen(&geometry, t * 100, *yaw, directed)).collect::<Vec<_>>();
        let steps = [step(0, &[0.0, 0.5, -0.5, 0.0]), step(10, yaws)];
        attached_light(&steps, &[Action::Shake], &geometry)
    }

    const BOTH: [f32; 9] = [0.0, 9.0, 16.0, 14.0, 5.0, -8.0, -17.0, -15.0, -3.0];

    #[test]
    fn a_head_under_a_lamp_darkens_where_it_turns_away_and_a_bent_picture_does_not() {
        let score = |outcome| match outcome {
            CueOutcome::Measured(score) => score,
            CueOutcome::NotMeasured(why) => panic!("{}", why.reason()),
        };
        assert!(score(shaken(&BOTH, 0.5)) < 0.2, "a head: {:?}", shaken(&BOTH, 0.5));
        assert!(score(shaken(&BOTH, 0.0)) > 0.9, "a bent picture: {:?}", shaken(&BOTH, 0.0));
    }

    #[test]
    fn a_turn_to_one_side_says_nothing() {
        let one = [0.0, 5.0, 9.0, 14.0, 17.0, 16.0, 12.0, 7.0, 2.0];
        assert_eq!(shaken(&one, 0.5), CueOutcome::NotMeasured(NotMeasured::TooLittleMovement));
        let geometry = head();
        let nod = attached_light(&[vec![seen(&geometry, 0, 0.0, 0.5)], vec![seen(&geometry, 100, 0.0, 0.5)]], &[Action::Nod], &geometry);
        assert_eq!(nod, CueOutcome::NotMeasured(NotMeasured::TooLittleMovement), "no shake");
    }

    #[test]
    fn small_faces_and_clipped_light_are_not_seen() {
        let geometry = head();
        let seen = seen(&geometry, 0, 0.0, 0.0);
        let points = landmarks(&seen).expect("a face");
        assert!(sides(&seen, points).iter().all(Option::is_some), "all are seen");
        let small: Vec<Point3> = points.iter().map(|p| Point3 { x: 150.0 + p.x / 4.0, y: 150.0 + p.y / 4.0, z: p.z / 4.0 }).collect();
        assert_eq!(sides(&seen, &small), [None; PAIRS.len()], "31 px between the eyes");
        let white = Seen { frame: Frame::from_rgb(400, 400, vec![255; 400 * 400 * 3]).expect("size matches"), ..seen };
        assert_eq!(sides(&white, landmarks(&white).expect("a face")), [None; PAIRS.len()], "clipped");
    }
}
