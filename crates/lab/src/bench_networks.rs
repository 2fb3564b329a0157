//! Each network alone on one core: part of `cargo xtask bench native`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result};
use faceid_vision::{DETECTOR_SIDE, DetectorOutput, LANDMARK_SIDE, LandmarkOutput, ModelRole, Models, Networks, VisionError};
use serde_json::json;

use crate::cli::Verdict;

/// Runs before measuring starts: caches and clock settle.
const WARM_UP: usize = 30;

/// Prints the least and the median time of `runs` runs, ms, as one line of JSON.
pub(crate) fn run(models: Models, runs: usize) -> Result<Verdict> {
    let networks = taken(models).context("the models hold no networks")?;
    let (small, large) = (picture(DETECTOR_SIDE, 2.0 / 255.0, -1.0), picture(LANDMARK_SIDE, 1.0 / 255.0, 0.0));
    let detector = time(runs, || networks.detect(&small).map(drop))?;
    let landmark = time(runs, || networks.landmarks(&large).map(drop))?;
    println!("{}", json!({"detector": detector, "landmark": landmark}));
    Ok(Verdict::Done)
}

fn time(runs: usize, mut run: impl FnMut() -> Result<(), VisionError>) -> Result<serde_json::Value> {
    let mut times = Vec::with_capacity(runs);
    for index in 0..WARM_UP + runs.max(1) {
        let begun = Instant::now();
        run()?;
        if index >= WARM_UP {
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(json!({"min": times[0], "median": times[times.len() / 2]}))
}

/// The picture of the numeric references (`models/reference`), channel by channel.
fn picture(side: usize, gain: f32, offset: f32) -> Vec<f32> {
    let pixel = |c: usize, y: usize, x: usize| (7 * x + 13 * y + 29 * c + 3 * ((x * y) % 31) + (x * x + y * y) / 64) % 256;
    let places = (0..3).flat_map(|c| (0..side).flat_map(move |y| (0..side).map(move |x| (c, y, x))));
    places.map(|(c, y, x)| pixel(c, y, x) as f32 * gain + offset).collect()
}

/// The networks without the pipeline around them.
fn taken(models: Models) -> Option<Box<dyn Networks>> {
    let place: Arc<Mutex<Option<Box<dyn Networks>>>> = Arc::default();
    let inside = Arc::clone(&place);
    drop(models.with_networks(|inner| {
        *inside.lock().unwrap_or_else(PoisonError::into_inner) = Some(inner);
        Box::new(Gone)
    }));
    place.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// What is left in the models, which are dropped at once.
struct Gone;

impl Networks for Gone {
    fn detect(&self, _: &[f32]) -> Result<DetectorOutput, VisionError> {
        Err(VisionError::BadOutput { role: ModelRole::Detector })
    }

    fn landmarks(&self, _: &[f32]) -> Result<LandmarkOutput, VisionError> {
        Err(VisionError::BadOutput { role: ModelRole::Landmark })
    }
}
