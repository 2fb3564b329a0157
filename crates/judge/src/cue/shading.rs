//! Does the light stay where it is when the head turns?
//!
//! A lamp stands still. When a head turns under it, the side that comes towards the lamp brightens and the other darkens: Lambert's cosine law.
//! A picture that software bends into other views keeps the brightness it was taken with, wherever its points go. Measured is how much of the
//! brightness of skin changes smoothly over the face between rest and a turn.

use faceid_protocol::Action;
use faceid_vision::{Geometry, LANDMARK_COUNT, Point3, Pose, fit};
use nalgebra::{Matrix4, Vector4};

use super::{CueOutcome, NotMeasured};
use crate::observe::Seen;

/// Places on skin: means of one or two landmarks (MediaPipe face mesh) between features, away from brows, eyes, nostrils and lips.
const PLACES: [(usize, usize); 30] = [
    (151, 151),
    (9, 9),
    (8, 8),
    (108, 108),
    (337, 337),
    (69, 69),
    (299, 299),
    (151, 67),
    (151, 297),
    (168, 168),
    (197, 197),
    (195, 195),
    (5, 5),
    (117, 117),
    (346, 346),
    (50, 50),
    (280, 280),
    (101, 101),
    (330, 330),
    (36, 36),
    (266, 266),
    (205, 205),
    (425, 425),
    (187, 187),
    (411, 411),
    (123, 147),
    (352, 376),
    (199, 199),
    (194, 32),
    (418, 262),
];

/// Radius of a place / distance between the outer eye corners.
const RADIUS: f32 = 0.045;
/// Least distance between the outer eye corners, px: below it a place has too few pixels.
const EYES_MIN: f32 = 40.0;
/// Least turn from rest, degrees, from which the light must have something to change.
const TURN_MIN: f32 = 7.0;
/// The change is given as for this turn, degrees.
const TURN: f32 = 15.0;
/// Most turned frames read of one window, those furthest from rest.
const FRAMES: usize = 5;
/// Fewest turned frames.
const FRAMES_MIN: usize = 3;
/// Fewest places seen in both frames.
const PLACES_MIN: usize = 16;
/// Range of luma, 0..255, whose changes are those of the light: darker is noise, brighter is clipped.
const LUMA: core::ops::RangeInclusive<f32> = 20.0..=245.0;
/// Gamma of the pictures, as for sRGB.
const GAMMA: f32 = 2.2;

/// Smooth change of brightness, natural logarithm, root mean square over the face for a turn of [`TURN`], at which the score is one half.
const EVEN: f32 = 0.02;

/// The window that changes most decides: one head that was lit as a head is enough.
pub(super) fn attached_light(steps: &[Vec<Seen>], actions: &[Action], geometry: &Geometry) -> CueOutcome {
    let Some((rest, windows)) = steps.split_first() else { return CueOutcome::NotMeasured(NotMeasured::TooFewFrames) };
    let Some(rest) = Rest::of(rest, geometry) else { return CueOutcome::NotMeasured(NotMeasured::NoNeutral) };
    let turning = actions.iter().zip(windows).filter(|(action, _)| action.moves_head());
    let most = turning.filter_map(|(_, window)| rest.change(window, geometry)).max_by(f32::total_cmp);
    most.map_or(CueOutcome::NotMeasured(NotMeasured::TooLittleMovement), |change| CueOutcome::Measured(score(change)))
}

fn score(change: f32) -> f32 {
    let squared = (change / EVEN).powi(2);
    1.0 / (1.0 + squared)
}

/// The face at rest: its turn, and the brightness of each place.
struct Rest {
    pose: Pose,
    brightness: [Option<f32>; PLACES.len()],
}

impl Rest {
    /// Medians over the neutral frames.
    fn of(step: &[Seen], geometry: &Geometry) -> Option<Self> {
        let faces: Vec<_> = step.iter().filter_map(|seen| Some((seen, landmarks(seen)?))).collect();
        let poses: Vec<Pose> = faces.iter().filter_map(|(_, points)| Some(fit(geometry, points)?.pose())).collect();
        let all: Vec<_> = faces.iter().map(|(seen, points)| brightness(seen, points)).collect();
        let pose = Pose { yaw: median(poses.iter().map(|p| p.yaw))?, pitch: median(poses.iter().map(|p| p.pitch))?, roll: 0.0 };
        let brightness = core::array::from_fn(|i| median(all.iter().filter_map(|frame| frame[i])));
        Some(Self { pose, brightness })
    }

    /// Smooth change of the light over the most turned frames of a window, per [`TURN`] degrees; `None` when it turns too little.
    fn change(&self, window: &[Seen], geometry: &Geometry) -> Option<f32> {
        let mut turned: Vec<(f32, &Seen, &[Point3])> = window
            .iter()
            .filter_map(|seen| {
                let points = landmarks(seen)?;
                let pose = fit(geometry, points)?.pose();
                let turn = (pose.yaw - self.pose.yaw).hypot(pose.pitch - self.pose.pitch);
                (turn >= TURN_MIN).then_some((turn, seen, points))
            })
            .collect();
        turned.sort_by(|a, b| b.0.total_cmp(&a.0));
        turned.truncate(FRAMES);
        let changes: Vec<f32> = turned
            .iter()
            .filter_map(|(turn, seen, points)| {
                let now = brightness(seen, points);
                let pairs = self.brightness.iter().zip(now).zip(PLACES);
                let found = pairs.filter_map(|((before, now), place)| Some((canonical(geometry, place), (now? - (*before)?))));
                smooth_part(&found.collect::<Vec<_>>()).map(|change| change * TURN / turn)
            })
            .collect();
        (changes.len() >= FRAMES_MIN).then(|| median(changes.into_iter())).flatten()
    }
}

fn landmarks(seen: &Seen) -> Option<&[Point3]> {
    seen.face().map(|f| f.landmarks.as_slice()).filter(|l| l.len() == LANDMARK_COUNT)
}

fn canonical(geometry: &Geometry, (a, b): (usize, usize)) -> [f32; 3] {
    let (a, b) = (geometry.vertex(a), geometry.vertex(b));
    core::array::from_fn(|k| f32::midpoint(a[k], b[k]))
}

/// Natural logarithm of the light of each place, in linear light; `None` where it is off the picture, too dark or clipped.
fn brightness(seen: &Seen, points: &[Point3]) -> [Option<f32>; PLACES.len()] {
    let eyes = points[33].x - points[263].x;
    let eyes = eyes.hypot(points[33].y - points[263].y);
    if !eyes.is_finite() || eyes < EYES_MIN {
        return [None; PLACES.len()];
    }
    PLACES.map(|(a, b)| {
        let (x, y) = (f32::midpoint(points[a].x, points[b].x), f32::midpoint(points[a].y, points[b].y));
        let luma = disc_mean(seen, x, y, RADIUS * eyes)?;
        LUMA.contains(&luma).then(|| GAMMA * (luma / 255.0).ln())
    })
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

/// Root mean square of what of the changes is a constant gradient over the head (of x, y and z), after their mean: exposure changes the mean.
/// The noise of the fit is taken out: three unknowns explain three of n - 1 parts of any noise. `None` with too few places.
fn smooth_part(changes: &[([f32; 3], f32)]) -> Option<f32> {
    if changes.len() < PLACES_MIN {
        return None;
    }
    let n = changes.len() as f64;
    let row = |p: &[f32; 3]| Vector4::new(1.0, f64::from(p[0]), f64::from(p[1]), f64::from(p[2]));
    let mut normal = Matrix4::zeros();
    let mut right = Vector4::zeros();
    for (place, change) in changes {
        let row = row(place);
        normal += row * row.transpose();
        right += row * f64::from(*change);
    }
    let solved = normal.cholesky()?.solve(&right);
    let mean = changes.iter().map(|(_, c)| f64::from(*c)).sum::<f64>() / n;
    let fitted = changes.iter().map(|(place, _)| (row(place).dot(&solved) - mean).powi(2)).sum::<f64>() / n;
    let left = changes.iter().map(|(place, c)| (f64::from(*c) - row(place).dot(&solved)).powi(2)).sum::<f64>() / (n - 4.0);
    let explained = fitted - 3.0 * left / n;
    explained.is_finite().then(|| explained.max(0.0).sqrt() as f32)
}

fn median(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut sorted: Vec<f32> = values.filter(|v| v.is_finite()).collect();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(of: impl Fn([f32; 3], usize) -> f32) -> Vec<([f32; 3], f32)> {
        (0..30)
            .map(|i| {
                let (x, y) = ((i % 5) as f32 - 2.0, (i / 5) as f32 - 2.5);
                let place = [3.0 * x, 2.5 * y, 5.0 - 0.5 * x * x - 0.2 * y * y];
                (place, of(place, i))
            })
            .collect()
    }

    #[test]
    fn a_gradient_is_found_and_exposure_and_noise_are_not() {
        let lit = smooth_part(&grid(|[x, ..], _| 0.3 + 0.02 * x)).expect("enough places");
        assert!((lit - 0.02 * 3.0 * 2.0_f32.sqrt()).abs() < 1e-3, "{lit}");
        assert!(smooth_part(&grid(|_, _| 0.4)).expect("enough places") < 1e-4, "exposure");
        let noise = smooth_part(&grid(|_, i| if (i * 7) % 11 < 5 { 0.03 } else { -0.03 })).expect("enough places");
        assert!(noise < 0.012, "noise of 0.03: {noise}");
        assert_eq!(smooth_part(&grid(|_, _| 0.0)[..PLACES_MIN - 1]), None, "too few places");
    }

    #[test]
    fn the_more_the_light_changes_the_lower_the_score() {
        assert!((score(EVEN) - 0.5).abs() < 1e-6 && score(0.0) > 0.99 && score(4.0 * EVEN) < 0.1, "one half at the even change");
    }
}
