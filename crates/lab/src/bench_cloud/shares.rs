//! Where the time of one verdict goes: the server's own account of its phases, the judge's phase divided as the same judge spends it here.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use faceid_judge::{Judge, Policy};
use faceid_protocol::Action;
use faceid_session::{Baseline, Sample, judge_window};
use faceid_vision::{
    DecodeLimits, DetectorOutput, Frame, LandmarkOutput, Models, Networks, Params, TrackState, VisionError, decode, observe, observe_still,
};
use serde::Serialize;

use super::evidence::Takes;
use crate::models::ModelDir;

/// A part of a verdict.
#[derive(Debug, Serialize)]
pub(super) struct Share {
    pub(super) part: &'static str,
    pub(super) ms: f64,
    pub(super) share: f64,
}

/// Phases as the server's log names them, and as they are printed; the judge is divided further.
const PHASES: [(&str, &str); 4] = [
    ("read_ms", "read and decrypt the evidence"),
    ("judge_ms", "judge"),
    ("compare_ms", "authority and comparison"),
    ("store_ms", "store verdict, bill and audit row"),
];

/// The actions of the bundle that is judged here.
const ACTIONS: [Action; 3] = [Action::Nod, Action::Blink, Action::Mouth];

/// Networks that add up their time, ns.
struct Timed {
    inner: Box<dyn Networks>,
    detector: Arc<AtomicU64>,
    landmarks: Arc<AtomicU64>,
}

fn clocked<T>(sum: &AtomicU64, run: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let out = run();
    sum.fetch_add(u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    out
}

impl Networks for Timed {
    fn detect(&self, input: &[f32]) -> Result<DetectorOutput, VisionError> {
        clocked(&self.detector, || self.inner.detect(input))
    }

    fn landmarks(&self, input: &[f32]) -> Result<LandmarkOutput, VisionError> {
        clocked(&self.landmarks, || self.inner.landmarks(input))
    }
}

/// Seconds of one judgement by part, each the least of `runs`: what else the machine does only adds.
pub(super) fn inside(dir: &ModelDir, judge: &Judge, takes: &Takes, runs: usize) -> Result<Vec<(&'static str, f64)>> {
    let (detector, landmarks) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let clocks = (Arc::clone(&detector), Arc::clone(&landmarks));
    let models = dir.vision()?.with_networks(|inner| Box::new(Timed { inner, detector: clocks.0, landmarks: clocks.1 }));
    // As the judge: a second face between two detections would go unseen.
    let every_frame = Params { redetect_every: 1, ..models.params().clone() };
    let models = models.with_params(every_frame);
    let names = ["decode JPEG", "detector", "landmarks", "other measures of a frame", "judge the windows", "identity and attack cues"];
    let mut least = names.map(|_| f64::INFINITY);
    for _ in 0..runs.max(1) {
        for clock in [&detector, &landmarks] {
            clock.store(0, Ordering::Relaxed);
        }
        let seconds = |clock: &AtomicU64| clock.load(Ordering::Relaxed) as f64 / 1e9;
        let (decoding, watching, windows) = step_by_step(&models, takes)?;
        let bundle = takes.bundle(&ACTIONS)?;
        let begun = Instant::now();
        judge.evaluate(&bundle, &Policy::default())?;
        let whole = begun.elapsed().as_secs_f64();
        let measures = watching - seconds(&detector) - seconds(&landmarks);
        let parts = [decoding, seconds(&detector), seconds(&landmarks), measures, windows, whole - decoding - watching - windows];
        for (least, part) in least.iter_mut().zip(parts) {
            *least = least.min(part.max(0.0));
        }
    }
    Ok(names.into_iter().zip(least).collect())
}

/// Seconds for decoding, for measuring all frames, and for judging the windows.
fn step_by_step(models: &Models, takes: &Takes) -> Result<(f64, f64, f64)> {
    let bundle = takes.bundle(&ACTIONS)?;
    let begun = Instant::now();
    let picture = |jpeg: &[u8]| decode(jpeg, DecodeLimits::default());
    let steps = [&bundle.neutral].into_iter().chain(bundle.actions.iter().map(|a| &a.frames));
    let decoded = steps
        .map(|step| step.iter().map(|f| Ok((f.t, picture(&f.jpeg)?))).collect::<Result<Vec<(_, Frame)>>>())
        .collect::<Result<Vec<_>>>()?;
    let best = picture(&bundle.best.jpeg)?;
    let decoding = begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let mut samples = Vec::with_capacity(decoded.len());
    for step in &decoded {
        let mut state = TrackState::default();
        let watch = |(t, frame): &(_, Frame)| Ok(Sample::from_observation(*t, &observe(models, frame, &mut state)?));
        samples.push(step.iter().map(watch).collect::<Result<Vec<Sample>>>()?);
    }
    std::hint::black_box(observe_still(models, &best)?);
    let watching = begun.elapsed().as_secs_f64();

    let begun = Instant::now();
    let (neutral, windows) = samples.split_first().context("a neutral")?;
    let baseline = Baseline::from_samples(neutral).context("the simulated person's neutral was not measured")?;
    for (action, window) in ACTIONS.iter().zip(windows) {
        std::hint::black_box(judge_window(*action, &baseline, window, &faceid_session::Params::default()));
    }
    Ok((decoding, watching, begun.elapsed().as_secs_f64()))
}

/// Medians of the phases that the server logged for the `alone` verdicts, which are followed by `after` others.
pub(super) fn of_verdicts(log: &Path, alone: usize, after: usize, inside: &[(&'static str, f64)]) -> Result<Vec<Share>> {
    let text = std::fs::read_to_string(log).with_context(|| log.display().to_string())?;
    let lines: Vec<[f64; PHASES.len()]> = text.lines().filter_map(phases).collect();
    let end = lines.len().checked_sub(after).context("verdicts are missing in the server's log")?;
    let lines = end.checked_sub(alone).and_then(|begin| lines.get(begin..end)).unwrap_or_default();
    ensure!(!lines.is_empty(), "no verdict in the server's log says what took how long: is FACEID_LOG at info?");
    let whole_inside: f64 = inside.iter().map(|(_, s)| s).sum();
    let mut parts = Vec::new();
    for (index, (field, part)) in PHASES.into_iter().enumerate() {
        let mut values: Vec<f64> = lines.iter().map(|line| line[index]).collect();
        values.sort_by(f64::total_cmp);
        let median = values[values.len() / 2];
        if field == "judge_ms" {
            parts.extend(inside.iter().map(|(part, seconds)| (*part, median * seconds / whole_inside)));
        } else {
            parts.push((part, median));
        }
    }
    let whole: f64 = parts.iter().map(|(_, ms)| ms).sum();
    Ok(parts.into_iter().map(|(part, ms)| Share { part, ms, share: ms / whole }).collect())
}

/// The durations on a verdict's line.
fn phases(line: &str) -> Option<[f64; PHASES.len()]> {
    let of = |name: &str| line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('=')?.parse::<f64>().ok());
    let mut out = [0.0; PHASES.len()];
    for (value, (name, _)) in out.iter_mut().zip(PHASES) {
        *value = of(name)?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_judge_is_divided_and_all_sums_to_one() {
        let folder = tempfile::tempdir().expect("folder");
        let log = folder.path().join("log");
        let line = |ms: u32| {
            format!(
                "2026-11-24T00:00:00Z  INFO faceid_cloud::verdict: verdict code=1000 message=\"SUCCESS\" read_ms=10 judge_ms={ms} compare_ms=20.5 store_ms=9.5\n"
            )
        };
        std::fs::write(&log, [line(9), "INFO other\n".into(), line(160), line(9)].concat()).expect("written");
        let shares = of_verdicts(&log, 1, 1, &[("a", 3.0), ("b", 1.0)]).expect("shares");
        let found: Vec<(&str, f64)> = shares.iter().map(|s| (s.part, s.ms)).collect();
        let expected = [
            ("read and decrypt the evidence", 10.0),
            ("a", 120.0),
            ("b", 40.0),
            ("authority and comparison", 20.5),
            ("store verdict, bill and audit row", 9.5),
        ];
        assert_eq!(found, expected, "the middle line only");
        assert!((shares.iter().map(|s| s.share).sum::<f64>() - 1.0).abs() < 1e-9, "whole");
        assert!(of_verdicts(&log, 1, 9, &[]).is_err(), "fewer verdicts than claimed");
    }
}
