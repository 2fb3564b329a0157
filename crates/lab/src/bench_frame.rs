//! What a frame costs besides the two networks: cropping, geometry, quality, judging.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use faceid_protocol::Millis;
use faceid_session::{ActionSpotter, Params, Sample, alignment_hint};
use faceid_vision::{DecodeLimits, DetectorOutput, LandmarkOutput, Models, Networks, TrackState, VisionError, decode, observe};
use serde_json::json;

use crate::cli::{Verdict, read_named};

/// Frames before measuring starts: caches, allocator and clock settle.
const WARM_UP: usize = 20;

/// Networks that add up the time they take.
struct Timed {
    inner: Box<dyn Networks>,
    nanos: Arc<AtomicU64>,
}

impl Timed {
    fn clocked<T>(&self, run: impl FnOnce(&dyn Networks) -> T) -> T {
        let begun = Instant::now();
        let out = run(self.inner.as_ref());
        self.nanos.fetch_add(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        out
    }
}

impl Networks for Timed {
    fn detect(&self, input: &[f32]) -> Result<DetectorOutput, VisionError> {
        self.clocked(|n| n.detect(input))
    }

    fn landmarks(&self, input: &[f32]) -> Result<LandmarkOutput, VisionError> {
        self.clocked(|n| n.landmarks(input))
    }
}

/// Follows the face of one picture for `runs` frames and tells the median time per frame, with and without the networks. Fails (exit 1) when
/// everything else takes more than `limit_ms`.
pub(crate) fn run(models: Models, image: &Path, side: u32, runs: usize, limit_ms: f64, as_json: bool) -> Result<Verdict> {
    let limits = DecodeLimits { max_bytes: 64 * 1024 * 1024, ..DecodeLimits::default() };
    let frame = decode(&read_named(image)?, limits).with_context(|| image.display().to_string())?.resized_to_max_side(side);
    let nanos = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&nanos);
    let models = models.with_networks(|inner| Box::new(Timed { inner, nanos: clock }));
    let params = Params::default();
    let (mut state, mut spotter) = (TrackState::default(), ActionSpotter::new(&params));
    let (mut rest, mut networks) = (Vec::with_capacity(runs), Vec::with_capacity(runs));
    for index in 0..WARM_UP + runs.max(1) {
        nanos.store(0, Ordering::Relaxed);
        let begun = Instant::now();
        let observation = observe(&models, &frame, &mut state)?;
        let sample = Sample::from_observation(Millis(index as u64 * 33), &observation);
        std::hint::black_box((spotter.feed(&sample), alignment_hint(&observation, &params.gate)));
        let all = begun.elapsed();
        if observation.face.is_none() {
            bail!("{}: no face to follow", image.display());
        }
        let inside = Duration::from_nanos(nanos.load(Ordering::Relaxed));
        if index >= WARM_UP {
            rest.push(all.saturating_sub(inside).as_secs_f64() * 1000.0);
            networks.push(inside.as_secs_f64() * 1000.0);
        }
    }
    let (rest, networks) = (spread(rest), spread(networks));
    let holds = rest[1] <= limit_ms;
    if as_json {
        let line = json!({
            "frame": [frame.width(), frame.height()], "runs": runs, "rest_ms": {"min": rest[0], "median": rest[1], "p90": rest[2]},
            "networks_ms": {"min": networks[0], "median": networks[1], "p90": networks[2]}, "ratio": rest[1] / networks[1], "limit_ms": limit_ms,
        });
        println!("{line}");
    } else {
        println!("{} x {} px, {runs} frames after {WARM_UP}: min, median, 90 %", frame.width(), frame.height());
        println!("  networks         {:7.3} {:7.3} {:7.3} ms", networks[0], networks[1], networks[2]);
        println!("  everything else  {:7.3} {:7.3} {:7.3} ms", rest[0], rest[1], rest[2]);
        println!(
            "  ratio of the medians {:.3}; limit {limit_ms} ms: {}",
            rest[1] / networks[1],
            if holds { "holds" } else { "does not hold" }
        );
    }
    Ok(if holds { Verdict::Done } else { Verdict::DoesNotHold })
}

/// Least, median and 90th percentile.
fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[(share * (values.len() - 1) as f64) as usize];
    [at(0.0), at(0.5), at(0.9)]
}
