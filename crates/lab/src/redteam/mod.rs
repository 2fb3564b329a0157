//! The `redteam` command: what the server's judge makes of attacks, beside what it makes of people.
//!
//! Everything is sent as by a client that speaks the protocol: nothing the page would have stopped is stopped here. How the protocol itself
//! takes forged, replayed and reordered calls is tested with the cloud.

mod instruments;
mod report;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;
use faceid_judge::{Cue, CueOutcome, EvidenceBundle, Judge, MotionPrint, Outcome, Policy, Unverified};

use crate::cli::Verdict;
use crate::models::ModelDir;
use crate::simulate::{Kind, MaterialArgs, Reel};
use instruments::{Instrument, Pool};
use report::Row;

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
    /// Writes the table into this Markdown file, between its `redteam` marks.
    #[arg(long)]
    write: Option<std::path::PathBuf>,
}

/// Begin of a reason that cues gave.
const CUE: &str = "cue ";

fn instrument(text: &str) -> Result<Instrument, String> {
    let known = || Instrument::ALL.map(Instrument::name).join(", ");
    Instrument::ALL.into_iter().find(|i| i.name() == text).ok_or_else(|| format!("one of {}", known()))
}

/// One attempt as judged.
struct Judged {
    /// `None` = live.
    refused: Option<String>,
    cues: Vec<Cue>,
    took: Duration,
}

pub(crate) fn run(dir: &ModelDir, args: &RedteamArgs, cache: Option<&Path>, as_json: bool) -> Result<Verdict> {
    let models = dir.vision()?;
    let identities = args.material.identities(&models, dir)?;
    let chosen = if args.instruments.is_empty() { Instrument::ALL.to_vec() } else { args.instruments.clone() };
    let needed = |kind: &Kind| chosen.iter().any(|i| i.material() == *kind);
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(needed).collect();
    let traces = args.material.traces(&models, &identities, &kinds, cache)?;
    let reels: Vec<Reel<'_>> = traces.iter().map(Reel::new).collect();
    let judge = dir.judge()?;
    let attempts = if args.material.quick { args.attempts.min(2) } else { args.attempts };
    let mut rows = Vec::new();
    for instrument in chosen {
        let mine: Vec<&Reel<'_>> = reels.iter().filter(|r| r.trace().plan.kind == instrument.material()).collect();
        let clips = mine.len();
        let mut pool = Pool { reels: mine, identities: &identities, remembered: Vec::new() };
        if instrument == Instrument::Genuine && !args.material.quick {
            pool.remember(&judge)?;
        }
        let judged = try_all(&judge, &pool, instrument, attempts, args.material.jobs())?;
        eprintln!("{}: {} attempts from {clips} clips", instrument.name(), judged.len());
        rows.push(row(instrument, clips, &judged));
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
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(work)).collect();
        let results = workers.into_iter().map(|w| w.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a worker panicked"))));
        results.collect::<Result<Vec<_>>>().map(|all| all.into_iter().flatten().collect())
    })
}

/// With the policy of a server that is not a demo: nothing is waived. `known` are the prints of what the server has judged before.
fn look(judge: &Judge, bundle: &EvidenceBundle, known: &[MotionPrint]) -> Result<Judged> {
    let started = Instant::now();
    let mut report = judge.evaluate(bundle, &Policy::default())?;
    let recalled = report.motion.as_ref().map(|motion| motion.cue(known));
    let took = started.elapsed();
    let returned = recalled.filter(Cue::fires).map(|cue| format!("{CUE}{}", cue.name.name()));
    report.cues.extend(recalled);
    let refused = match &report.outcome {
        Outcome::Live(_) => returned,
        Outcome::Attack(attack) => {
            let fired: Vec<&str> = report.cues.iter().filter(|c| c.fires()).map(|c| c.name.name()).collect();
            Some(if fired.is_empty() { format!("{attack:?}") } else { format!("{CUE}{}", fired.join(" + ")) })
        }
        Outcome::Unverified(row @ Unverified::Failure(why)) => Some(format!("{} ({why:?})", row.message())),
        Outcome::Unverified(row @ (Unverified::NoFace(_) | Unverified::Action { .. })) => Some(row.message().to_owned()),
    };
    Ok(Judged { refused, cues: report.cues, took })
}

fn row(instrument: Instrument, clips: usize, judged: &[Judged]) -> Row {
    let mut reasons = BTreeMap::new();
    for reason in judged.iter().filter_map(|j| j.refused.clone()) {
        *reasons.entry(reason).or_insert(0) += 1;
    }
    let mut cues: BTreeMap<&'static str, Vec<f32>> = BTreeMap::new();
    for cue in judged.iter().flat_map(|j| &j.cues) {
        let scores = cues.entry(cue.name.name()).or_default();
        match cue.outcome {
            CueOutcome::Measured(score) => scores.push(score),
            CueOutcome::NotMeasured(_) => {}
        }
    }
    let mut times: Vec<Duration> = judged.iter().map(|j| j.took).collect();
    times.sort();
    Row::new(instrument, clips, judged.len(), reasons, cues, times.get(times.len() / 2).map(|t| t.as_secs_f64() * 1000.0))
}
