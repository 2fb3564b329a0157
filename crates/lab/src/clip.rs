//! One clip through the native pipeline: decode, observe, spot actions.

use std::path::Path;

use anyhow::{Context, Result};
use faceid_protocol::Millis;
use faceid_session::{ActionSpotter, Params, Sample, Spotted};
use faceid_vision::{Models, TrackState, observe};
use serde::Serialize;

use crate::video::Video;

/// Longest side of decoded frames, px: what the page's camera delivers at most.
const MAX_SIDE: u32 = 1280;

/// What a clip shows.
#[derive(Debug)]
pub struct Trace {
    /// Measures of every frame, in order.
    pub samples: Vec<Sample>,
    /// Last frame's time plus one mean interval, s.
    pub duration_s: f64,
    /// Frames per second on average; 0 with fewer than two frames.
    pub fps: f64,
}

/// One action as printed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventRow {
    /// nod, shake, blink or mouth.
    pub action: &'static str,
    /// False for a blink that may be spontaneous.
    pub deliberate: bool,
    /// Leaving neutral, s.
    pub t_start: f64,
    /// Back in neutral, s.
    pub t_end: f64,
    /// 0.5 = just enough, 1 = twice the threshold or more.
    pub score: f32,
}

impl From<&Spotted> for EventRow {
    fn from(spotted: &Spotted) -> Self {
        let seconds = |t: Millis| t.0 as f64 / 1000.0;
        Self {
            action: spotted.action.name(),
            deliberate: spotted.deliberate,
            t_start: seconds(spotted.t_start),
            t_end: seconds(spotted.t_end),
            score: spotted.score,
        }
    }
}

/// Decodes and measures a clip. The tracker runs over it exactly as in the page.
///
/// # Errors
/// When the file cannot be decoded or a network fails.
pub fn measure(models: &Models, path: &Path) -> Result<Trace> {
    let mut state = TrackState::default();
    let mut samples: Vec<Sample> = Vec::new();
    for timed in Video::open(path, MAX_SIDE).with_context(|| path.display().to_string())? {
        let timed = timed.with_context(|| path.display().to_string())?;
        let observation = observe(models, &timed.frame, &mut state)?;
        samples.push(Sample::from_observation(timed.t, &observation));
    }
    Ok(Trace::new(samples))
}

impl Trace {
    /// Times of a sequence of samples.
    #[must_use]
    pub fn new(samples: Vec<Sample>) -> Self {
        let span = samples.first().zip(samples.last()).map_or(0.0, |(a, b)| b.t.since(a.t).0 as f64 / 1000.0);
        let intervals = samples.len().saturating_sub(1) as f64;
        let fps = if span > 0.0 { intervals / span } else { 0.0 };
        let duration_s = if fps > 0.0 { span + 1.0 / fps } else { 0.0 };
        Self { samples, duration_s, fps }
    }

    /// All actions, in order of their begin.
    #[must_use]
    pub fn actions(&self, params: &Params) -> Vec<Spotted> {
        let mut spotter = ActionSpotter::new(params);
        let mut spotted: Vec<Spotted> = self.samples.iter().flat_map(|s| spotter.feed(s)).collect();
        spotted.extend(spotter.finish());
        spotted.sort_by_key(|s| (s.t_start, s.t_end));
        spotted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_duration_of_irregular_times() {
        let trace = Trace::new([0, 40, 80, 200].map(|t| Sample::unmeasured(Millis(t))).to_vec());
        assert!((trace.fps - 15.0).abs() < 1e-9 && (trace.duration_s - 0.266_67).abs() < 1e-4, "{trace:?}");
        let empty = Trace::new(Vec::new());
        assert_eq!((empty.fps, empty.duration_s), (0.0, 0.0), "no frames");
    }

    #[test]
    fn a_clip_without_a_face_shows_nothing() {
        let trace = Trace::new((0..100).map(|i| Sample::unmeasured(Millis(i * 40))).collect());
        assert!(trace.actions(&Params::default()).is_empty(), "no face, no action");
    }
}
