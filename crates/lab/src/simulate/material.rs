//! What simulations are made of: identities from portraits, and the traces of their clips.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use faceid_protocol::Millis;
use faceid_simulate::{HeadShape, Portrait};
use faceid_vision::{DecodeLimits, Models, Observation, decode, observe_still};

use super::film::{self, Identity, Studio};
use super::plan::{ClipPlan, Counts, Kind};
use super::trace::{Measured, Trace};
use crate::cache::CACHE_VARIABLE;
use crate::models::ModelDir;

/// Where traces are kept when nothing else is said: filming is too dear to be done twice.
const CACHE: &str = "target/simulate";

/// Arguments of every command that films simulated people.
#[derive(Debug, Args)]
pub(crate) struct MaterialArgs {
    /// Folder with portraits, one upright face each: every picture in it is an identity (default: $FACEID_PORTRAITS, else target/portraits,
    /// where `cargo xtask` puts two public-domain ones).
    #[arg(long)]
    portraits: Option<PathBuf>,
    /// A clip per kind and a dozen sessions: shows that everything runs, measures nothing.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Fewer (or more) clips of each genuine kind than a report needs.
    #[arg(long)]
    clips: Option<usize>,
    /// The same for each attack species.
    #[arg(long)]
    attack_clips: Option<usize>,
    /// Only what the cache already holds: figures of an unfinished run.
    #[arg(long)]
    cached_only: bool,
    /// Clips or sessions measured at a time (default: as many as there are processors).
    #[arg(long)]
    jobs: Option<usize>,
}

impl MaterialArgs {
    /// How much of what.
    pub(crate) fn counts(&self) -> Counts {
        let usual = if self.quick { Counts::QUICK } else { Counts::FULL };
        Counts { clips: self.clips.unwrap_or(usual.clips), attack_clips: self.attack_clips.unwrap_or(usual.attack_clips), ..usual }
    }

    pub(crate) fn jobs(&self) -> usize {
        self.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }

    /// Every picture of the folder, by name.
    ///
    /// # Errors
    /// When there is none, or one shows no face.
    pub(crate) fn identities(&self, models: &Models, dir: &ModelDir) -> Result<Vec<Identity>> {
        let from_env = || std::env::var_os("FACEID_PORTRAITS").map(PathBuf::from);
        let folder = self.portraits.clone().or_else(from_env).unwrap_or_else(|| "target/portraits".into());
        let found = identities(models, &HeadShape::from_json(&dir.geometry()?)?, &folder)?;
        let names: Vec<&str> = found.iter().map(|i| i.name.as_str()).collect();
        eprintln!("identities: {}", names.join(", "));
        Ok(found)
    }

    /// Films the clips of `kinds`, or takes them from the cache.
    ///
    /// # Errors
    /// When a network fails or the cache cannot be written.
    pub(crate) fn traces(&self, models: &Models, identities: &[Identity], kinds: &[Kind], cache: Option<&Path>) -> Result<Vec<Trace>> {
        let plans = self.plans(kinds, identities.len());
        let from_env = || std::env::var_os(CACHE_VARIABLE).map(PathBuf::from);
        let cache = cache.map(Path::to_owned).or_else(from_env).unwrap_or_else(|| CACHE.into());
        let studio = Studio { models, measures: film::fingerprint(models, identities)?, identities, cache: &cache, jobs: self.jobs() };
        if self.cached_only { studio.cached(&plans) } else { studio.measure(&plans) }
    }

    /// The same clips with their times and nothing measured: for whoever draws their frames again and lets others look at them.
    pub(crate) fn unmeasured(&self, kinds: &[Kind], identities: usize) -> Vec<Trace> {
        let blank = |plan: ClipPlan| {
            let times = plan.times(plan.routine().duration_ms());
            Trace { frames: times.into_iter().map(|t| Measured::new(Millis(t), Observation::default())).collect(), plan }
        };
        self.plans(kinds, identities).into_iter().map(blank).collect()
    }

    fn plans(&self, kinds: &[Kind], identities: usize) -> Vec<ClipPlan> {
        let counts = self.counts();
        let clips = |kind: Kind| if kind.genuine() { counts.clips } else { counts.attack_clips };
        let plans = kinds.iter().flat_map(|kind| (0..clips(*kind)).map(|index| ClipPlan::draw(*kind, index, identities)));
        plans.map(|plan| if self.quick { plan.short() } else { plan }).collect()
    }
}

/// Every picture of the folder, by name.
fn identities(models: &Models, shape: &HeadShape, folder: &Path) -> Result<Vec<Identity>> {
    let missing =
        || format!("{}: no portraits (`cargo xtask demo --simulate` fetches two, or name a folder with --portraits)", folder.display());
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).with_context(missing)?.filter_map(|entry| Some(entry.ok()?.path())).filter(|p| is_picture(p)).collect();
    files.sort();
    if files.is_empty() {
        bail!(missing());
    }
    files.iter().map(|file| identity(models, shape, file).with_context(|| file.display().to_string())).collect()
}

/// By its ending.
pub(crate) fn is_picture(path: &Path) -> bool {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    matches!(ending.as_str(), "png" | "jpg" | "jpeg" | "webp" | "bmp")
}

fn identity(models: &Models, shape: &HeadShape, file: &Path) -> Result<Identity> {
    let frame = decode(&std::fs::read(file)?, DecodeLimits { max_bytes: 64 << 20, ..DecodeLimits::default() })?;
    let face = observe_still(models, &frame)?.face.context("no face")?;
    let name = file.file_stem().and_then(|s| s.to_str()).unwrap_or("portrait").to_owned();
    Ok(Identity { name, portrait: Portrait::prepare(&frame, &face.landmarks)?, shape: shape.clone() })
}
