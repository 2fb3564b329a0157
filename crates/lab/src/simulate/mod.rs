//! The `simulate` command: simulated people and photographs before a simulated camera, measured by the real networks once, then thousands of
//! sessions drawn from those traces and played to the real session machine.

mod export;
mod figures;
mod film;
mod plan;
mod play;
mod pose;
mod report;
mod rng;
mod second;
mod sheet;
mod trace;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use faceid_simulate::{HeadShape, Portrait};
use faceid_vision::{DecodeLimits, Geometry, Models, Params, decode, observe_still};

use crate::cache::CACHE_VARIABLE;
use crate::cli::Verdict;
use crate::models::ModelDir;

pub use figures::{CommandRow, Figures, MissedRow, ParallaxRow, SessionRow, Share, WindowRow, figures};
use film::{Identity, Studio};
pub use plan::{ClipPlan, Counts, Kind};
pub(crate) use play::gesture;
pub use pose::PoseRow;
pub use report::{Bar, bars};
pub use second::{Apart, SecondLook, WindowLook};
pub use trace::{Measured, Trace};

/// Where traces are kept when nothing else is said: filming is too dear to be done twice.
const CACHE: &str = "target/simulate";

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Folder with portraits, one upright face each: every picture in it is an identity (default: $FACEID_PORTRAITS, else target/portraits,
    /// where `cargo xtask` puts two public-domain ones).
    #[arg(long)]
    portraits: Option<PathBuf>,
    /// Only these kinds (default: all).
    #[arg(long, value_delimiter = ',', value_parser = kind)]
    kinds: Vec<Kind>,
    /// Writes the traces as JSON lines, one clip per line.
    #[arg(long)]
    traces: Option<PathBuf>,
    /// Writes one contact sheet per kind into this folder, for looking at.
    #[arg(long)]
    sheets: Option<PathBuf>,
    /// Instead: head pose of solid heads turned to known angles.
    #[arg(long)]
    pose: bool,
    /// A clip per kind and a dozen sessions: shows that everything runs, measures nothing.
    #[arg(long)]
    quick: bool,
    /// Fewer (or more) clips of each genuine kind than a report needs.
    #[arg(long)]
    clips: Option<usize>,
    /// The same for each attack species.
    #[arg(long)]
    attack_clips: Option<usize>,
    /// Measures clips (and writes traces) without drawing sessions.
    #[arg(long)]
    film_only: bool,
    /// Only what the cache already holds: figures of an unfinished run.
    #[arg(long)]
    cached_only: bool,
    /// Also lets the server judge this many sessions that passed in the page: drawn again, encoded, decoded and measured anew.
    #[arg(long, value_name = "SESSIONS")]
    second_look: Option<usize>,
    /// Clips measured at a time (default: as many as there are processors).
    #[arg(long)]
    jobs: Option<usize>,
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::ALL.into_iter().find(|k| k.name() == text).ok_or_else(|| format!("one of {}", Kind::ALL.map(Kind::name).join(", ")))
}

/// `cache`: where measured traces are kept between runs.
pub(crate) fn run(dir: &ModelDir, args: &SimulateArgs, cache: Option<&Path>, as_json: bool) -> Result<Verdict> {
    let models = dir.vision()?;
    let usual = if args.quick { Counts::QUICK } else { Counts::FULL };
    let counts =
        Counts { clips: args.clips.unwrap_or(usual.clips), attack_clips: args.attack_clips.unwrap_or(usual.attack_clips), ..usual };
    let identities = identities(&models, &HeadShape::from_json(&dir.geometry()?)?, &portraits(args))?;
    let names: Vec<&str> = identities.iter().map(|i| i.name.as_str()).collect();
    eprintln!("identities: {}", names.join(", "));
    if args.pose {
        let rows = pose::rows(&models, &identities)?;
        pose::print(&rows, as_json)?;
        return Ok(if rows.iter().all(PoseRow::holds) { Verdict::Done } else { Verdict::DoesNotHold });
    }
    let kinds = if args.kinds.is_empty() { Kind::ALL.to_vec() } else { args.kinds.clone() };
    let plans: Vec<ClipPlan> = kinds
        .iter()
        .flat_map(|kind| {
            let clips = if kind.genuine() { counts.clips } else { counts.attack_clips };
            (0..clips).map(|index| ClipPlan::draw(*kind, index, identities.len()))
        })
        .map(|plan| if args.quick { plan.short() } else { plan })
        .collect();
    let cache = cache.map(Path::to_owned).or_else(|| std::env::var_os(CACHE_VARIABLE).map(PathBuf::from)).unwrap_or_else(|| CACHE.into());
    let studio = Studio {
        models: &models,
        measures: film::fingerprint(&models, &identities)?,
        identities: &identities,
        cache: &cache,
        jobs: args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
    };
    if let Some(folder) = &args.sheets {
        for kind in &kinds {
            sheet::write(folder, *kind, &identities)?;
        }
    }
    let traces = if args.cached_only { studio.cached(&plans)? } else { studio.measure(&plans)? };
    if let Some(path) = &args.traces {
        export::write(path, &traces, &identities)?;
    }
    if traces.is_empty() || args.film_only {
        return Ok(Verdict::Done);
    }
    let figures = figures(&traces, &Geometry::from_bytes(&dir.geometry()?)?, counts);
    let second = args.second_look.map(|wanted| second_look(dir, &studio, &traces, wanted)).transpose()?;
    let mut bars = bars(&figures);
    bars.extend(second.as_ref().map(report::second_bar));
    if as_json {
        report::print_json(&figures, second.as_ref(), &bars)?;
    } else {
        report::print_tables(&figures, second.as_ref(), &bars);
    }
    // A quick run measures nothing, so nothing can fail to hold.
    Ok(if args.quick || bars.iter().all(|b| b.holds) { Verdict::Done } else { Verdict::DoesNotHold })
}

fn second_look(dir: &ModelDir, studio: &Studio<'_>, traces: &[Trace], wanted: usize) -> Result<SecondLook> {
    let models = dir.vision()?;
    let every_frame = Params { redetect_every: 1, ..models.params().clone() };
    let models = models.with_params(every_frame);
    let server = second::Server { judge: &dir.judge()?, models: &models, identities: studio.identities, jobs: studio.jobs };
    server.look(traces, wanted)
}

fn portraits(args: &SimulateArgs) -> PathBuf {
    let from_env = || std::env::var_os("FACEID_PORTRAITS").map(PathBuf::from);
    args.portraits.clone().or_else(from_env).unwrap_or_else(|| "target/portraits".into())
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

fn is_picture(path: &Path) -> bool {
    let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    matches!(ending.as_str(), "png" | "jpg" | "jpeg" | "webp" | "bmp")
}

fn identity(models: &Models, shape: &HeadShape, file: &Path) -> Result<Identity> {
    let frame = decode(&std::fs::read(file)?, DecodeLimits { max_bytes: 64 << 20, ..DecodeLimits::default() })?;
    let face = observe_still(models, &frame)?.face.context("no face")?;
    let name = file.file_stem().and_then(|s| s.to_str()).unwrap_or("portrait").to_owned();
    Ok(Identity { name, portrait: Portrait::prepare(&frame, &face.landmarks)?, shape: shape.clone() })
}
