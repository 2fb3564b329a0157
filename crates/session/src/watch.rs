//! Is it still the same face? Follows place, size and shape from frame to frame.
//!
//! Identity proper is the server's business (embeddings of the evidence). Here only a discontinuity of the track is judged: enough to restart a
//! window, and enough to call an attack when another head stands in another place from one frame to the next.

use crate::{
    params::{GateParams, TimeParams},
    sample::Sample,
};
use faceid_protocol::Millis;
use faceid_vision::{Face, Observation, Point2, Point3};
use std::collections::VecDeque;

/// How the newest face relates to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Continuity {
    /// Followed without a break.
    Same,
    /// A long pause or a jump: what was half done does not count.
    Broken,
    /// The picture has other sides: the device was turned, or another camera took over.
    Turned,
    /// Another head.
    Replaced,
}

/// A jump of this many face heights between two frames is no movement of a head.
const JUMP: f32 = 0.6;
/// Nor is a change of size by this factor.
const GROWTH: f32 = 1.6;
/// Mean difference of the logarithms of the shape ratios from which two heads differ. One person's ratios vary by 0.05 with pose and expression.
const SHAPE: f32 = 0.12;
/// Shape is compared only this near to frontal, degrees.
const FRONTAL: f32 = 15.0;
/// Only frames this close together are called consecutive.
const CONSECUTIVE: Millis = Millis(300);

/// Pairs of rigid points whose distances, over the outer eye distance, describe a head: eye widths, nose length, brow, temples.
const PAIRS: [(usize, usize); 5] = [(33, 133), (362, 263), (168, 4), (168, 10), (127, 356)];
const OUTER_EYES: (usize, usize) = (33, 263);

#[derive(Debug, Clone)]
struct Track {
    t: Millis,
    frame_size: [u32; 2],
    centre: Point2,
    height: f32,
    shape: Option<[f32; PAIRS.len()]>,
}

/// The face followed so far.
#[derive(Debug, Default)]
pub(crate) struct FaceWatch {
    track: Option<Track>,
    several: bool,
}

impl FaceWatch {
    /// Takes the next observation.
    pub(crate) fn feed(&mut self, observation: &Observation, sample: &Sample, p: &TimeParams) -> Continuity {
        if let Some(count) = observation.faces_detected {
            self.several = count > 1;
        }
        let (Some(face), Some(centre), Some(height)) = (&observation.face, sample.centre, sample.height) else {
            return Continuity::Same;
        };
        let now = Track { t: sample.t, frame_size: observation.frame_size, centre, height, shape: shape(face, sample) };
        let continuity = self.track.as_ref().map_or(Continuity::Same, |before| compare(before, &now, p));
        self.track = Some(now);
        continuity
    }

    /// Whether the last frame that counted faces saw more than one.
    pub(crate) fn several(&self) -> bool {
        self.several
    }
}

/// How fast frames are judged, from their capture times.
#[derive(Debug, Default)]
pub(crate) struct PaceWatch {
    times: VecDeque<Millis>,
    /// Since when no action can be proven.
    too_slow: Option<Millis>,
}

/// What the pace allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Everything, or too early to tell.
    Good,
    /// Slow movements only.
    Slow,
    /// Nothing, for this long already.
    TooSlow(Millis),
}

impl PaceWatch {
    /// Intervals whose median counts: 1.6 s at 10 fps; a single stutter changes nothing.
    const INTERVALS: usize = 16;
    /// Fewer tell nothing.
    const LEAST: usize = 6;

    /// Takes the next frame's capture time.
    pub(crate) fn feed(&mut self, t: Millis, p: &GateParams) -> Pace {
        self.times.push_back(t);
        while self.times.len() > Self::INTERVALS + 1 {
            self.times.pop_front();
        }
        let mut intervals: Vec<Millis> = self.times.iter().zip(self.times.iter().skip(1)).map(|(a, b)| b.since(*a)).collect();
        intervals.sort_unstable();
        let median = intervals.get(intervals.len() / 2).copied().filter(|_| intervals.len() >= Self::LEAST);
        let too_slow = median.is_some_and(|m| m > p.too_slow);
        self.too_slow = too_slow.then(|| self.too_slow.unwrap_or(t));
        match self.too_slow {
            Some(since) => Pace::TooSlow(t.since(since)),
            None if median.is_some_and(|m| m > p.slow) => Pace::Slow,
            None => Pace::Good,
        }
    }

    /// Frames were not to be expected for a while.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

fn compare(before: &Track, now: &Track, p: &TimeParams) -> Continuity {
    // Pixels of another picture are no distances in this one.
    if before.frame_size != now.frame_size {
        return Continuity::Turned;
    }
    let pause = now.t.since(before.t);
    let (dx, dy) = (now.centre.x - before.centre.x, now.centre.y - before.centre.y);
    let jump = (dx * dx + dy * dy).sqrt() / before.height.max(now.height);
    let growth = (now.height / before.height).max(before.height / now.height);
    let jumped = pause <= CONSECUTIVE && (jump > JUMP || growth > GROWTH);
    let other_head = match (before.shape, now.shape) {
        (Some(a), Some(b)) => a.iter().zip(b).map(|(x, y)| (x / y).ln().abs()).sum::<f32>() / a.len() as f32 > SHAPE,
        (Some(_) | None, None) | (None, Some(_)) => false,
    };
    match (jumped, other_head) {
        (true, true) => Continuity::Replaced,
        (true, false) => Continuity::Broken,
        (false, _) if pause > p.break_after => Continuity::Broken,
        (false, _) => Continuity::Same,
    }
}

/// `None` when turned too far, or when a distance is not positive.
fn shape(face: &Face, sample: &Sample) -> Option<[f32; PAIRS.len()]> {
    sample.pose.filter(|o| o.yaw.abs() <= FRONTAL && o.pitch.abs() <= FRONTAL)?;
    let distance = |(a, b): (usize, usize)| -> Option<f32> {
        let (a, b): (&Point3, &Point3) = (face.landmarks.get(a)?, face.landmarks.get(b)?);
        Some(((a.x - b.x).powi(2) + (a.y - b.y).powi(2) + (a.z - b.z).powi(2)).sqrt()).filter(|d| d.is_finite() && *d > 0.0)
    };
    let unit = distance(OUTER_EYES)?;
    let mut ratios = [0.0; PAIRS.len()];
    for (ratio, pair) in ratios.iter_mut().zip(PAIRS) {
        *ratio = distance(pair)? / unit;
    }
    Some(ratios)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_only_landmarks_that_the_page_model_places() {
        let mut read = PAIRS.iter().chain([&OUTER_EYES]).flat_map(|(a, b)| [a, b]);
        assert!(read.all(|i| faceid_vision::LANDMARKS_IN_USE.contains(i)));
    }

    #[test]
    fn pace_is_the_median_and_must_last() {
        let p = GateParams::default();
        let run = |intervals: &[u64]| {
            let (mut watch, mut t, mut last) = (PaceWatch::default(), 0, Pace::Good);
            for interval in intervals {
                t += interval;
                last = watch.feed(Millis(t), &p);
            }
            last
        };
        assert_eq!(run(&[900; 5]), Pace::Good, "too early to tell");
        assert_eq!(run(&[125; 30]), Pace::Good, "8 fps");
        assert_eq!(run(&[150; 30]), Pace::Slow, "under 7 fps");
        assert_eq!(run(&[33, 33, 900, 33, 33, 33, 33, 900, 33, 33]), Pace::Good, "stutter");
        assert_eq!(run(&[250; 27]), Pace::TooSlow(Millis(5000)), "4 fps: since the seventh frame");
        assert_eq!(run(&[[250; 20].as_slice(), &[50; 20]].concat()), Pace::Good, "recovered");
    }
}
