//! One clip through the native pipeline: decode, observe, spot actions.

use std::cell::OnceCell;
use std::path::Path;

use anyhow::{Context, Result};
use faceid_protocol::Millis;
use faceid_session::{ActionSpotter, Params, Sample, Spotted};
use faceid_vision::{Models, Observation, TrackState, observe};
use serde::Serialize;

use crate::cache::{Cache, Key};
use crate::models::{ModelDir, ModelsError};
use crate::variant::{Pacer, Variant};
use crate::video::Video;

/// Longest side of decoded frames, px: what the page's camera delivers at most.
pub(crate) const MAX_SIDE: u32 = 1280;

/// Measures clips and remembers what it measured.
pub struct Meter {
    folder: ModelDir,
    key: Key,
    cache: Cache,
    models: OnceCell<Models>,
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Meter").field("folder", &self.folder).field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl Meter {
    /// A meter with the models of `folder`. They are loaded when something has to be measured.
    ///
    /// # Errors
    /// [`ModelsError`] when a file is missing.
    pub fn new(folder: ModelDir, cache: Cache) -> Result<Self, ModelsError> {
        let key = folder.vision_files()?.iter().fold(Key::new("observations"), |key, file| key.with(file));
        Ok(Self { folder, key, cache, models: OnceCell::new() })
    }

    /// The networks.
    ///
    /// # Errors
    /// [`ModelsError`] when they do not load.
    pub fn models(&self) -> Result<&Models, ModelsError> {
        if let Some(models) = self.models.get() {
            return Ok(models);
        }
        let models = self.folder.vision()?;
        Ok(self.models.get_or_init(|| models))
    }

    /// Decodes and measures a clip as `variant` films it, or recalls the measurement. The tracker runs over it exactly as in the page.
    ///
    /// # Errors
    /// When the file cannot be decoded or a network fails. A cache that cannot be written is only a warning.
    pub fn measure(&self, path: &Path, variant: &Variant) -> Result<Trace> {
        let named = || path.display().to_string();
        let bytes = std::fs::read(path).with_context(named)?;
        let film = serde_json::to_vec(&(variant.pace, &variant.changes))?;
        let key = self.key.clone().with(&bytes).with(&film);
        if let Some(frames) = self.cache.load(&key) {
            return Ok(Trace::of(frames));
        }
        let (models, mut pacer, mut state) = (self.models()?, Pacer::new(variant.pace), TrackState::default());
        let mut frames: Vec<(Millis, Observation)> = Vec::new();
        for timed in Video::open(path, MAX_SIDE).with_context(named)? {
            let timed = timed.with_context(named)?;
            if pacer.takes(timed.t) {
                let frame = variant.picture(timed.frame).with_context(named)?;
                frames.push((timed.t, observe(models, &frame, &mut state)?));
            }
        }
        if let Err(error) = self.cache.store(&key, &frames) {
            eprintln!("faceid-lab: measurement not kept: {error}");
        }
        Ok(Trace::of(frames))
    }
}

/// What a clip shows.
#[derive(Debug, Default)]
pub struct Trace {
    /// What each frame shows, in order.
    pub frames: Vec<(Millis, Observation)>,
    /// The measures that actions are judged by, frame by frame.
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

impl Trace {
    /// Reads a sequence of observations.
    #[must_use]
    pub fn of(frames: Vec<(Millis, Observation)>) -> Self {
        let samples: Vec<Sample> = frames.iter().map(|(t, observation)| Sample::from_observation(*t, observation)).collect();
        let span = samples.first().zip(samples.last()).map_or(0.0, |(a, b)| b.t.since(a.t).0 as f64 / 1000.0);
        let intervals = samples.len().saturating_sub(1) as f64;
        let fps = if span > 0.0 { intervals / span } else { 0.0 };
        let duration_s = if fps > 0.0 { span + 1.0 / fps } else { 0.0 };
        Self { frames, samples, duration_s, fps }
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

    fn empty(times: &[u64]) -> Trace {
        Trace::of(times.iter().map(|&t| (Millis(t), Observation::default())).collect())
    }

    #[test]
    fn rate_and_duration_of_irregular_times() {
        let trace = empty(&[0, 40, 80, 200]);
        assert!((trace.fps - 15.0).abs() < 1e-9 && (trace.duration_s - 0.266_67).abs() < 1e-4, "{trace:?}");
        let none = empty(&[]);
        assert_eq!((none.fps, none.duration_s), (0.0, 0.0), "no frames");
    }

    #[test]
    fn a_clip_without_a_face_shows_nothing() {
        let trace = empty(&(0..100).map(|i| i * 40).collect::<Vec<_>>());
        assert!(trace.actions(&Params::default()).is_empty(), "no face, no action");
    }
}
