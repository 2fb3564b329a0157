//! The `redteam` command: what the server's judge makes of attacks, beside what it makes of people.
//!
//! Everything is sent as by a client that speaks the protocol: nothing the page would have stopped is stopped here. How the protocol itself
//! takes forged, replayed and reordered calls is tested with the cloud.

mod instruments;
mod pool;
mod report;
mod screen;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use clap::Args;
use faceid_judge::Judge;

use crate::attack::clips;
use crate::cache::Cache;
use crate::cli::Verdict;
use crate::clip::Meter;
use crate::judged::{Judged, look};
use crate::models::ModelDir;
use crate::simulate::{Kind, MaterialArgs, Reel};
use crate::workers::together;
use instruments::Instrument;
use pool::{Originals, Pool};
use report::{Bar, Row};

/// Arguments of `redteam`.
#[derive(Debug, Args)]
pub(crate) struct RedteamArgs {
    #[command(flatten)]
    material: MaterialArgs,
    /// Attempts with each instrument.
    #[arg(long, default_value_t = 300)]
    attempts: usize,
    /// Only these instruments (default: all).
    #[arg(long, value_delimiter = ',', value_parser = instrument)]
    instruments: Vec<Instrument>,
    /// Also sessions of the people in the clips of this folder, cut at the labels of its events.tsv.
    #[arg(long, value_name = "FOLDER")]
    people: Option<PathBuf>,
    /// Writes the table into this Markdown file, between its `redteam` marks.
    #[arg(long)]
    write: Option<PathBuf>,
}

fn instrument(text: &str) -> Result<Instrument, String> {
    let known = || Instrument::ALL.map(Instrument::name).join(", ");
    Instrument::ALL.into_iter().find(|i| i.name() == text).ok_or_else(|| format!("one of {}", known()))
}

/// `cache`: where traces of simulated people are kept; `measured`: where measurements of clips are.
pub(crate) fn run(dir: &ModelDir, args: &RedteamArgs, cache: Option<&Path>, measured: Cache, as_json: bool) -> Result<Verdict> {
    let models = dir.vision()?;
    let identities = args.material.identities(&models, dir)?;
    let chosen = if args.instruments.is_empty() { Instrument::ALL.to_vec() } else { args.instruments.clone() };
    let kinds = |performed: bool| -> Vec<Kind> {
        let of = |kind: Kind| chosen.iter().filter(move |i| i.material() == kind);
        let wanted = |kind: &Kind| of(*kind).next().is_some() && of(*kind).any(|i| i.performed()) == performed;
        Kind::ALL.into_iter().filter(wanted).collect()
    };
    let mut traces = args.material.traces(&models, &identities, &kinds(true), cache)?;
    traces.extend(args.material.unmeasured(&kinds(false), identities.len()));
    let reels: Vec<Reel<'_>> = traces.iter().map(Reel::new).collect();
    let judge = dir.judge()?;
    let attempts = if args.material.quick { args.attempts.min(2) } else { args.attempts };
    let (originals, jobs) = (Originals::default(), args.material.jobs());
    let mut rows = Vec::new();
    for instrument in chosen {
        let mine: Vec<&Reel<'_>> = reels.iter().filter(|r| r.trace().plan.kind == instrument.material()).collect();
        let clips = mine.len();
        let mut pool = Pool { reels: mine, identities: &identities, remembered: Vec::new(), originals: &originals };
        if instrument == Instrument::Genuine && !args.material.quick {
            pool.remember(&judge, jobs)?;
        }
        let judged = try_all(&judge, &pool, instrument, attempts, jobs)?;
        eprintln!("{}: {} attempts from {clips} clips", instrument.name(), judged.len());
        rows.push(Row::new(instrument.name(), instrument.bar(), clips, &judged.iter().collect::<Vec<_>>()));
    }
    if let Some(folder) = &args.people {
        let people = clips::judged(&judge, &Meter::new(dir.clone(), measured)?, folder, &[], jobs)?;
        let sessions: Vec<&Judged> = people.iter().flat_map(|clip| &clip.sessions).map(|s| &s.judged).collect();
        rows.push(Row::new(report::PEOPLE, Bar::Reported, people.len(), &sessions));
    }
    report::print(&rows, as_json)?;
    if let Some(file) = &args.write {
        report::write(file, &rows, identities.len())?;
    }
    Ok(if args.material.quick || rows.iter().all(Row::holds) { Verdict::Done } else { Verdict::DoesNotHold })
}

/// Attempts that the material has nothing for are passed over; no more than four times as many are drawn.
fn try_all(judge: &Judge, pool: &Pool<'_>, instrument: Instrument, wanted: usize, jobs: usize) -> Result<Vec<Judged>> {
    let (next, made) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || -> Result<Vec<Judged>> {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= wanted * 4 || made.load(Ordering::Relaxed) >= wanted {
                return Ok(done);
            }
            let Some(bundle) = pool.attempt(instrument, index)? else { continue };
            if made.fetch_add(1, Ordering::Relaxed) >= wanted {
                return Ok(done);
            }
            done.push(look(judge, &bundle, &pool.known(judge, instrument, index)?)?);
        }
    };
    together(jobs, work)
}
