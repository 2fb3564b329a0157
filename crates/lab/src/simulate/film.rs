//! Films clips and runs the real networks over them, once: traces are kept by the hash of all they depend on.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result};
use faceid_protocol::Millis;
use faceid_simulate::{Body, Doing, Gesture, HeadShape, PhotoCard, PhotoMesh, Portrait, SolidBody};
use faceid_vision::{Models, TrackState, observe};
use sha2::{Digest, Sha256};

use super::plan::{ClipPlan, Kind};
use super::trace::{Measured, Trace, decode, encode};

/// A person that clips can be made of.
#[derive(Debug)]
pub(crate) struct Identity {
    /// File name without its ending.
    pub(super) name: String,
    pub(super) portrait: Portrait,
    /// What a solid head is made of.
    pub(super) shape: HeadShape,
}

/// Everything filming needs.
pub(super) struct Studio<'a> {
    pub(super) models: &'a Models,
    /// Result of [`fingerprint`].
    pub(super) measures: String,
    pub(super) identities: &'a [Identity],
    pub(super) cache: &'a Path,
    pub(super) jobs: usize,
}

impl Studio<'_> {
    /// Measures all clips, taking from the cache what is there. In the order of `plans`.
    ///
    /// # Errors
    /// When a network fails or the cache cannot be written.
    pub(super) fn measure(&self, plans: &[ClipPlan]) -> Result<Vec<Trace>> {
        std::fs::create_dir_all(self.cache).with_context(|| self.cache.display().to_string())?;
        let (next, fresh) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let started = Instant::now();
        let done: Mutex<Vec<(usize, Trace)>> = Mutex::new(Vec::with_capacity(plans.len()));
        std::thread::scope(|scope| {
            let work = || -> Result<()> {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(plan) = plans.get(index) else { return Ok(()) };
                    let (frames, was_cached) = self.one(plan)?;
                    let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    done.push((index, Trace { plan: plan.clone(), frames }));
                    if !was_cached {
                        let filmed = fresh.fetch_add(1, Ordering::Relaxed) + 1;
                        let left = plans.len() - done.len();
                        let minutes = started.elapsed().as_secs_f64() / 60.0;
                        let kind = plan.kind.name();
                        // An estimate: what is left may be in the cache.
                        let eta = minutes / filmed as f64 * left as f64;
                        eprintln!("{kind}: clip {}/{} measured, {minutes:.1} min, at most {eta:.0} min to go", done.len(), plans.len());
                    }
                }
            };
            let workers: Vec<_> = (0..self.jobs.max(1)).map(|_| scope.spawn(work)).collect();
            workers.into_iter().try_for_each(|w| w.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a worker panicked"))))
        })?;
        let mut traces = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        traces.sort_by_key(|(index, _)| *index);
        Ok(traces.into_iter().map(|(_, trace)| trace).collect())
    }

    /// What the cache holds of `plans`.
    ///
    /// # Errors
    /// When an identity cannot be hashed.
    pub(super) fn cached(&self, plans: &[ClipPlan]) -> Result<Vec<Trace>> {
        let mut found = Vec::new();
        for plan in plans {
            let identity = self.identities.get(plan.identity).context("a clip of nobody")?;
            let frames = std::fs::read(self.path(plan, identity)?).ok().and_then(|bytes| decode(&bytes).ok());
            found.extend(frames.map(|frames| Trace { plan: plan.clone(), frames }));
        }
        Ok(found)
    }

    fn one(&self, plan: &ClipPlan) -> Result<(Vec<Measured>, bool)> {
        let identity = self.identities.get(plan.identity).context("a clip of nobody")?;
        let path = self.path(plan, identity)?;
        if let Ok(bytes) = std::fs::read(&path)
            && let Ok(frames) = decode(&bytes)
        {
            return Ok((frames, true));
        }
        let frames = film(self.models, plan, identity, usize::MAX)?;
        // Renamed when complete: an interrupted run leaves no half file.
        let part = path.with_extension("part");
        std::fs::write(&part, encode(&frames)).with_context(|| part.display().to_string())?;
        std::fs::rename(&part, &path).with_context(|| path.display().to_string())?;
        Ok((frames, false))
    }

    /// The file of a clip: named after its plan, the models, what today's vision code measures on a probe, and what today's drawing code makes
    /// of one moment of every passage of this very clip, and the truth of every frame. Code that changes none of these keeps the cache.
    fn path(&self, plan: &ClipPlan, identity: &Identity) -> Result<PathBuf> {
        let mut hash = Sha256::new();
        for part in [&self.measures, &serde_json::to_string(plan)?] {
            hash.update(part);
            hash.update([0]);
        }
        let routine = plan.routine();
        let mut body = body(plan, identity)?;
        for passage in &routine.passages {
            let middle = (passage.start_ms + passage.end_ms) / 2.0;
            hash.update(body.draw(&routine.truth(middle)).as_flattened());
        }
        for t in plan.times(routine.duration_ms()) {
            hash.update(t.to_le_bytes());
            hash.update(serde_json::to_vec(&routine.truth(t as f64))?);
        }
        Ok(self.cache.join(format!("{}-{}.trace", plan.kind.name(), hex(&hash.finalize()))))
    }
}

/// First half of a hash as text.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(12).map(|b| format!("{b:02x}")).collect()
}

/// Frames of the probe: long enough for the detector to run again while a face is followed.
const PROBE: usize = 20;

/// Fingerprint of models and vision code: what they measure on a short clip, bit for bit.
///
/// # Errors
/// When the clip cannot be drawn or a network fails.
pub(super) fn fingerprint(models: &Models, identities: &[Identity]) -> Result<String> {
    let identity = identities.first().context("no identities")?;
    let mut plan = ClipPlan::draw(Kind::Puppet, 0, 1);
    plan.plan = vec![Doing::Gesture(Gesture::Shake)];
    let frames = film(models, &plan, identity, PROBE)?;
    Ok(hex(&Sha256::digest(encode(&frames))))
}

/// Renders a clip and measures every frame as the page would.
///
/// # Errors
/// When the clip cannot be drawn or a network fails.
fn film(models: &Models, plan: &ClipPlan, identity: &Identity, most: usize) -> Result<Vec<Measured>> {
    let routine = plan.routine();
    let mut body = body(plan, identity)?;
    let mut state = TrackState::default();
    let times = plan.times(routine.duration_ms());
    let mut frames = Vec::with_capacity(times.len());
    for t in times.into_iter().take(most) {
        let frame = body.frame(&routine.truth(t as f64))?;
        frames.push(Measured::new(Millis(t), observe(models, &frame, &mut state)?));
    }
    Ok(frames)
}

/// Who or what stands before the camera in `plan`.
///
/// # Errors
/// When the view's size is not that of a frame.
pub(super) fn body(plan: &ClipPlan, identity: &Identity) -> Result<Box<dyn Body>> {
    Ok(match plan.kind {
        Kind::Puppet => Box::new(PhotoMesh::new(&identity.portrait, plan.seed, plan.view())?),
        Kind::Solid => Box::new(SolidBody::new(&identity.portrait, &identity.shape, plan.seed, plan.view())?),
        Kind::Photo(presentation) => Box::new(PhotoCard::new(&identity.portrait, presentation, plan.seed, plan.view())?),
    })
}
