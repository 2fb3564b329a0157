//! Planar parallax: while a head nods or shakes, its nose travels further than its temples; what is printed on a sheet moves as one plane.
//!
//! Two explanations of the same motion are held against each other: one homography (any view of a plane against any other), and a rigid head with
//! the canonical face's depth. The measure is the logarithm of the ratio of what each leaves unexplained. It reads places in the picture only:
//! the landmark network's own depth is a guess from one picture, and it guesses a head on every photograph.

use super::models::{Moved, homography, rigid, similarity};
use faceid_vision::{Geometry, Point3, Pose, RIGID, fit};
use nalgebra::Vector2;

/// Numbers of the measure. Lengths in outer eye distances.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ParallaxParams {
    /// Least motion beyond shift, turn and size in the picture (root mean square) from which there is something to explain: two and a half
    /// times the landmarks' noise.
    pub motion_min: f64,
    /// Landmark noise added to both residuals, so that two perfect explanations are a draw and not a quotient of rounding errors.
    pub noise: f64,
    /// Fewest frames with enough motion.
    pub frames_min: usize,
    /// Most frames taken, those with the most motion.
    pub frames_most: usize,
    /// Distance of the camera: about an arm's length (60 cm) over an outer eye distance of 9 cm.
    pub distance: f64,
}

impl Default for ParallaxParams {
    fn default() -> Self {
        Self { motion_min: 0.015, noise: 0.006, frames_min: 3, frames_most: 7, distance: 6.5 }
    }
}

/// What the motion looks like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Parallax {
    /// Natural logarithm of (what a rigid head leaves unexplained / what a plane leaves unexplained), median over the frames: positive = moves
    /// like a plane, negative = moves like a head.
    Measured(f32),
    /// Nothing can be said.
    NotMeasured(Unmeasured),
}

/// Why parallax was not measured. Never a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unmeasured {
    /// No neutral frame with all landmarks and a face that the canonical one can be laid onto.
    Neutral,
    /// Too few frames move enough in depth: a head held still, a photograph waved in its own plane.
    Motion,
}

/// Holds both explanations against the motion from the `neutral` frames to the `moving` ones (468 landmarks each, frame px).
#[must_use]
pub fn parallax(neutral: &[&[Point3]], moving: &[&[Point3]], geometry: &Geometry, p: &ParallaxParams) -> Parallax {
    let Some(reference) = Reference::new(neutral, geometry) else {
        return Parallax::NotMeasured(Unmeasured::Neutral);
    };
    let mut frames: Vec<(f64, Vec<Moved>)> = moving
        .iter()
        .filter_map(|frame| reference.moved(frame))
        .filter_map(|points| Some((similarity(&points)?, points)))
        .filter(|(motion, _)| *motion >= p.motion_min)
        .collect();
    frames.sort_by(|a, b| b.0.total_cmp(&a.0));
    frames.truncate(p.frames_most);
    let mut scores: Vec<f64> = frames
        .iter()
        .filter_map(|(_, points)| {
            let plane = homography(points)?.hypot(p.noise);
            let head = rigid(points, p.distance, &STARTS)?.hypot(p.noise);
            Some((head / plane).ln())
        })
        .collect();
    if scores.len() < p.frames_min.max(1) {
        return Parallax::NotMeasured(Unmeasured::Motion);
    }
    scores.sort_by(f64::total_cmp);
    Parallax::Measured(scores[scores.len() / 2] as f32)
}

/// Turns from which the rigid fit starts, degrees of yaw and pitch.
const STARTS: [(f64, f64); 5] = [(0.0, 0.0), (20.0, 0.0), (-20.0, 0.0), (0.0, 15.0), (0.0, -15.0)];

/// The neutral face in outer eye distances.
struct Reference {
    unit: f64,
    middle: Vector2<f64>,
    points: Vec<(usize, Vector2<f64>, f64, f64)>,
}

impl Reference {
    fn new(neutral: &[&[Point3]], geometry: &Geometry) -> Option<Self> {
        let mut frames = neutral.iter().filter(|f| f.len() == geometry.vertices().len());
        let first = *frames.next()?;
        let pose = fit(geometry, first)?.pose();
        let at = |p: Point3| Vector2::new(f64::from(p.x), f64::from(p.y));
        let (right, left) = (at(*first.get(33)?), at(*first.get(263)?));
        let unit = (left - right).norm();
        if unit.is_nan() || unit <= 0.0 {
            return None;
        }
        // Later neutral frames are moved onto the first before their mean is taken: the head sways.
        let mut sums: Vec<(usize, f64, Vector2<f64>)> = RIGID.iter().map(|(i, w)| (*i, *w, at(first[*i]))).collect();
        let weight: f64 = RIGID.iter().map(|(_, w)| w).sum();
        let mean = |frame: &[Point3]| RIGID.iter().map(|(i, w)| at(frame[*i]) * *w).sum::<Vector2<f64>>() / weight;
        let middle = mean(first);
        let mut count = 1.0;
        for frame in frames {
            let shift = middle - mean(frame);
            for (i, _, sum) in &mut sums {
                *sum += at(frame[*i]) + shift;
            }
            count += 1.0;
        }
        let depths = depths(geometry, pose)?;
        let points = sums.into_iter().zip(depths).map(|((i, w, sum), depth)| (i, (sum / count - middle) / unit, depth, w)).collect();
        Some(Self { unit, middle, points })
    }

    fn moved(&self, frame: &[Point3]) -> Option<Vec<Moved>> {
        let one = |(i, from, depth, weight): &(usize, Vector2<f64>, f64, f64)| {
            let p = frame.get(*i)?;
            let to = (Vector2::new(f64::from(p.x), f64::from(p.y)) - self.middle) / self.unit;
            (to.x.is_finite() && to.y.is_finite()).then_some(Moved { from: *from, to, depth: *depth, weight: *weight })
        };
        self.points.iter().map(one).collect()
    }
}

/// Depth of each rigid point towards the camera in the neutral's pose, outer eye distances. The picture's y points down and depth towards the
/// camera: a left-handed frame, which a rigid fit cannot tell from its mirror image as long as both pictures use it.
fn depths(geometry: &Geometry, pose: Pose) -> Option<Vec<f64>> {
    let [_, _, towards] = pose.rotation();
    let eyes = {
        let (a, b) = (geometry.vertex(33), geometry.vertex(263));
        (0..3).map(|k| (f64::from(a[k]) - f64::from(b[k])).powi(2)).sum::<f64>().sqrt()
    };
    let depth = |i: usize| (0..3).map(|k| f64::from(towards[k]) * f64::from(geometry.vertex(i)[k])).sum::<f64>() / eyes;
    let total: f64 = RIGID.iter().map(|(_, w)| w).sum();
    let middle = RIGID.iter().map(|(i, w)| depth(*i) * w).sum::<f64>() / total;
    (eyes > 0.0).then(|| RIGID.iter().map(|(i, _)| depth(*i) - middle).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceid_vision::LANDMARKS_IN_USE;

    /// A made-up head, cm: an egg with a nose, and flat stretches between; good enough for geometry.
    fn head() -> Geometry {
        let place = |i: usize| -> [f32; 3] {
            let named: [(usize, [f32; 3]); 16] = [
                (33, [-4.4, 2.7, 3.2]),
                (263, [4.4, 2.7, 3.2]),
                (133, [-1.9, 2.6, 3.7]),
                (362, [1.9, 2.6, 3.7]),
                (168, [0.0, 3.3, 5.2]),
                (6, [0.0, 2.5, 5.8]),
                (197, [0.0, 1.4, 6.5]),
                (195, [0.0, 0.6, 7.1]),
                (5, [0.0, 0.0, 7.4]),
                (4, [0.0, -0.5, 7.6]),
                (1, [0.0, -1.1, 7.5]),
                (2, [0.0, -2.0, 6.1]),
                (10, [0.0, 8.3, 4.5]),
                (152, [0.0, -9.4, 4.3]),
                (127, [-7.7, 2.4, -2.0]),
                (356, [7.7, 2.4, -2.0]),
            ];
            if let Some((_, p)) = named.iter().find(|(n, _)| *n == i) {
                return *p;
            }
            let (turn, radius) = (i as f32 * 2.399_963, ((i as f32 + 0.5) / 468.0).sqrt());
            let (x, y) = (7.5 * radius * turn.cos(), 9.0 * radius * turn.sin());
            [x, y, 5.0 - 6.5 * (x / 8.5).powi(2) - 1.5 * (y / 9.0).powi(2)]
        };
        match Geometry::from_vertices((0..468).map(place).collect()) {
            Ok(geometry) => geometry,
            Err(error) => panic!("{error}"),
        }
    }

    /// Landmarks (px) of points in cm turned by a pose and seen from 60 cm; `shape` flattens or bends them first.
    fn seen(geometry: &Geometry, pose: Pose, shape: impl Fn([f32; 3]) -> [f32; 3], noise: f32) -> Vec<Point3> {
        let r = pose.rotation();
        let mut rng = faceid_testkit::Rng::new(pose.yaw.to_bits().into());
        geometry
            .vertices()
            .iter()
            .map(|v| {
                let v = shape(*v);
                let [x, y, z]: [f32; 3] = core::array::from_fn(|i| (0..3).map(|k| r[i][k] * v[k]).sum());
                let px = 14.0 * 60.0 / (60.0 - z);
                let mut jitter = || (rng.unit() + rng.unit() - 1.0) * 2.0 * noise;
                Point3 { x: 320.0 + x * px + jitter(), y: 240.0 - y * px + jitter(), z: -z * px }
            })
            .collect()
    }

    /// A shake: neutral, left, right.
    fn shake(geometry: &Geometry, shape: impl Fn([f32; 3]) -> [f32; 3] + Copy, noise: f32, further: f32) -> Parallax {
        let at = |yaw: f32, pitch: f32| seen(geometry, Pose { yaw, pitch, roll: 0.3 * yaw }, shape, noise);
        let neutral: Vec<_> = [0.0, 0.4, -0.3, 0.2].map(|yaw| at(yaw, 0.0)).to_vec();
        let moving: Vec<_> = [6.0, 12.0, 18.0, 22.0, 15.0, -8.0, -16.0, -22.0, -12.0].map(|yaw| at(further * yaw, 0.1 * yaw)).to_vec();
        parallax(
            &neutral.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            &moving.iter().map(Vec::as_slice).collect::<Vec<_>>(),
            geometry,
            &ParallaxParams::default(),
        )
    }

    fn score(measured: Parallax) -> f32 {
        match measured {
            Parallax::Measured(score) => score,
            Parallax::NotMeasured(reason) => panic!("not measured: {reason:?}"),
        }
    }

    const SOLID: fn([f32; 3]) -> [f32; 3] = |v| v;
    /// As printed: every point of the front view on one sheet.
    /// A print must be turned about twice as far before the networks read a head's turn in it.
    const FURTHER: f32 = 2.0;
    const FLAT: fn([f32; 3]) -> [f32; 3] = |[x, y, z]| [x * 60.0 / (60.0 - z), y * 60.0 / (60.0 - z), 0.0];

    #[test]
    fn heads_move_like_heads_and_prints_like_planes() {
        let geometry = head();
        for noise in [0.0, 0.3] {
            let (solid, flat) = (score(shake(&geometry, SOLID, noise, 1.0)), score(shake(&geometry, FLAT, noise, FURTHER)));
            assert!(solid < -0.5, "a head: {solid} at noise {noise}");
            assert!(flat > 0.2, "a print: {flat} at noise {noise}");
        }
    }

    #[test]
    fn other_proportions_are_still_a_head() {
        let geometry = head();
        let long_nose = |[x, y, z]: [f32; 3]| [x * 0.92, y * 1.06, if z > 6.0 { z + 1.0 } else { z * 1.1 }];
        let solid = score(shake(&geometry, long_nose, 0.2, 1.0));
        assert!(solid < -0.5, "{solid}");
    }

    #[test]
    fn nods_count_too() {
        let geometry = head();
        let nod = |shape: fn([f32; 3]) -> [f32; 3], further: f32| {
            let at = |pitch: f32| seen(&geometry, Pose { yaw: 1.0, pitch, roll: 0.0 }, shape, 0.2);
            let (neutral, moving) = ([at(0.0), at(0.5)], [-8.0, -14.0, -18.0, -15.0, -9.0].map(|pitch| at(further * pitch)));
            let (n, m): (Vec<_>, Vec<_>) = (neutral.iter().map(Vec::as_slice).collect(), moving.iter().map(Vec::as_slice).collect());
            score(parallax(&n, &m, &geometry, &ParallaxParams::default()))
        };
        assert!(nod(SOLID, 1.0) < -0.3, "a head: {}", nod(SOLID, 1.0));
        assert!(nod(FLAT, FURTHER) > 0.2, "a print: {}", nod(FLAT, FURTHER));
    }

    #[test]
    fn without_turn_in_depth_nothing_is_said() {
        let geometry = head();
        let at = |roll: f32| seen(&geometry, Pose { roll, ..Pose::default() }, FLAT, 0.2);
        let frames = [0.0, 8.0, -8.0, 12.0, -12.0].map(at);
        let views: Vec<&[Point3]> = frames.iter().map(Vec::as_slice).collect();
        let waved = parallax(&views[..1], &views[1..], &geometry, &ParallaxParams::default());
        assert_eq!(waved, Parallax::NotMeasured(Unmeasured::Motion), "waved in its plane");
        let none = parallax(&[], &views, &geometry, &ParallaxParams::default());
        assert_eq!(none, Parallax::NotMeasured(Unmeasured::Neutral), "no neutral");
        let broken = [Point3 { x: f32::NAN, ..Point3::default() }; 468];
        let lost = parallax(&[&broken[..]], &views, &geometry, &ParallaxParams::default());
        assert_eq!(lost, Parallax::NotMeasured(Unmeasured::Neutral), "no numbers");
    }

    #[test]
    fn reads_only_landmarks_that_the_page_model_places() {
        let geometry = head();
        let frames: Vec<Vec<Point3>> =
            [0.0, 10.0, 16.0, 20.0].map(|yaw| seen(&geometry, Pose { yaw, ..Pose::default() }, SOLID, 0.0)).to_vec();
        let measure = |frames: &[Vec<Point3>]| {
            let views: Vec<&[Point3]> = frames.iter().map(Vec::as_slice).collect();
            parallax(&views[..1], &views[1..], &geometry, &ParallaxParams::default())
        };
        let before = measure(&frames);
        for index in (0..468).filter(|i| !LANDMARKS_IN_USE.contains(i)) {
            let mut moved = frames.clone();
            moved.iter_mut().for_each(|f| f[index].x += 50.0);
            assert_eq!(measure(&moved), before, "landmark {index}");
        }
    }
}
