//! The best frame of a clip: what an ID photo would show. Chosen by the session's own score.

use std::path::Path;

use anyhow::{Context, Result, bail};
use faceid_protocol::Millis;
use faceid_session::{Baseline, frame_score};
use faceid_vision::Frame;

use crate::clip::{Meter, Trace};
use crate::variant::Variant;
use crate::video::Video;

/// A chosen frame.
#[derive(Debug)]
pub struct Best {
    /// Its time.
    pub t: Millis,
    /// Pixels.
    pub frame: Frame,
    /// 0..1, larger = better.
    pub score: f32,
}

/// Longest side of the written frame, px.
const MAX_SIDE: u32 = 1920;

/// Index and score of the best frame of a measured clip, by the neutral of the whole clip. `None` when no frame can be scored.
#[must_use]
pub fn choose(trace: &Trace) -> Option<(usize, f32)> {
    let neutral = Baseline::from_samples(&trace.samples)?;
    let scores = trace.samples.iter().zip(&trace.frames).map(|(sample, (_, observation))| frame_score(sample, observation, &neutral));
    scores.enumerate().filter_map(|(i, score)| Some((i, score?))).max_by(|a, b| a.1.total_cmp(&b.1))
}

/// Measures the whole clip and fetches the frame of [`choose`].
///
/// # Errors
/// When the clip cannot be decoded, a network fails, or no frame shows a face with open eyes.
pub fn best_frame(meter: &Meter, path: &Path) -> Result<Best> {
    let named = || path.display().to_string();
    let trace = meter.measure(path, &Variant::plain())?;
    let Some((index, score)) = choose(&trace) else { bail!("{}: no frame with a frontal face", named()) };
    let Some(timed) = Video::open(path, MAX_SIDE).with_context(named)?.nth(index) else { bail!("{}: changed while it was read", named()) };
    let timed = timed.with_context(named)?;
    Ok(Best { t: timed.t, frame: timed.frame, score })
}
