//! The `simulate` command: simulated people and photographs before a simulated camera, measured by the real networks once, then thousands of
//! sessions drawn from those traces and played to the real session machine.

pub(crate) mod darkroom;
mod export;
mod figures;
mod film;
mod kept;
mod material;
mod plan;
mod play;
mod pose;
mod report;
mod rng;
mod second;
mod sheet;
mod trace;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use faceid_vision::{Geometry, Params};

use crate::cli::Verdict;
use crate::models::ModelDir;

pub(crate) use figures::{ASKED, session};
pub use figures::{CommandRow, Figures, MissedRow, ParallaxRow, SessionRow, Share, WindowRow, figures};
pub(crate) use film::Identity;
pub(crate) use material::{MaterialArgs, is_picture};
pub use plan::{ClipPlan, Counts, Kind};
pub(crate) use play::{Played, Reel, Sent, gesture};
pub use pose::PoseRow;
pub use report::{Bar, bars};
pub(crate) use rng::Rng;
pub use second::{Apart, SecondLook, WindowLook};
pub use trace::{Measured, Trace};

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    #[command(flatten)]
    material: MaterialArgs,
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
    /// Measures clips (and writes traces) without drawing sessions.
    #[arg(long)]
    film_only: bool,
    /// Also lets the server judge this many sessions that passed in the page: drawn again, encoded, decoded and measured anew.
    #[arg(long, value_name = "SESSIONS")]
    second_look: Option<usize>,
    /// Puts the evidence of the second look into this folder, with what this build said of each session.
    #[arg(long, requires = "second_look", value_name = "FOLDER")]
    evidence: Option<PathBuf>,
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::ALL.into_iter().find(|k| k.name() == text).ok_or_else(|| format!("one of {}", Kind::ALL.map(Kind::name).join(", ")))
}

/// `cache`: where measured traces are kept between runs.
pub(crate) fn run(dir: &ModelDir, args: &SimulateArgs, cache: Option<&Path>, as_json: bool) -> Result<Verdict> {
    let models = dir.vision()?;
    let identities = args.material.identities(&models, dir)?;
    if args.pose {
        let rows = pose::rows(&models, &identities)?;
        pose::print(&rows, as_json)?;
        return Ok(if rows.iter().all(PoseRow::holds) { Verdict::Done } else { Verdict::DoesNotHold });
    }
    let kinds = if args.kinds.is_empty() { Kind::ALL.to_vec() } else { args.kinds.clone() };
    if let Some(folder) = &args.sheets {
        for kind in &kinds {
            sheet::write(folder, *kind, &identities)?;
        }
    }
    let traces = args.material.traces(&models, &identities, &kinds, cache)?;
    if let Some(path) = &args.traces {
        export::write(path, &traces, &identities)?;
    }
    if traces.is_empty() || args.film_only {
        return Ok(Verdict::Done);
    }
    let figures = figures(&traces, &Geometry::from_bytes(&dir.geometry()?)?, args.material.counts());
    let second = args.second_look.map(|wanted| second_look(dir, &identities, &traces, wanted, args)).transpose()?;
    let mut bars = bars(&figures);
    bars.extend(second.as_ref().map(report::second_bar));
    if as_json {
        report::print_json(&figures, second.as_ref(), &bars)?;
    } else {
        report::print_tables(&figures, second.as_ref(), &bars);
    }
    // A quick run measures nothing, so nothing can fail to hold.
    Ok(if args.material.quick || bars.iter().all(|b| b.holds) { Verdict::Done } else { Verdict::DoesNotHold })
}

fn second_look(dir: &ModelDir, identities: &[Identity], traces: &[Trace], wanted: usize, args: &SimulateArgs) -> Result<SecondLook> {
    let models = dir.vision()?;
    let every_frame = Params { redetect_every: 1, ..models.params().clone() };
    let models = models.with_params(every_frame);
    let (jobs, evidence) = (args.material.jobs(), args.evidence.as_deref());
    second::Server { judge: &dir.judge()?, models: &models, identities, jobs, evidence }.look(traces, wanted)
}
