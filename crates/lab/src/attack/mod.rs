//! The `attack` command: what each attack cue of the server's judge says of material: single pictures of live people and of attacks, and sessions
//! of live people cut from labelled clips. It measures cues; `redteam` holds whole attacks against bars.

pub(crate) mod clips;
mod report;
mod stills;
mod takes;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use faceid_judge::Cue;

use crate::cache::Cache;
use crate::cli::Verdict;
use crate::clip::Meter;
use crate::models::ModelDir;
use crate::workers;
use report::{ClipRow, SpeciesRow};
use stills::Still;

/// Arguments of `attack`.
#[derive(Debug, Args)]
pub(crate) struct AttackArgs {
    /// Pictures of live people, files or folders; what they are called in the table stands before an equals sign, else it is the name of the file
    /// or folder.
    #[arg(long, num_args = 1.., value_name = "[NAME=]PATH", required_unless_present_any = ["attack", "people"])]
    live: Vec<String>,
    /// Pictures of attacks, in the same way.
    #[arg(long, num_args = 1.., value_name = "[NAME=]PATH")]
    attack: Vec<String>,
    /// Folder of clips of live people with events.tsv, as `eval` takes it: sessions are cut at the labels of high confidence.
    #[arg(long, value_name = "FOLDER")]
    people: Option<PathBuf>,
    /// More labels in the same format, for what the folder's own list leaves out.
    #[arg(long, requires = "people")]
    labels: Vec<PathBuf>,
    /// Pictures or clips judged at a time (default: as many as there are processors).
    #[arg(long)]
    jobs: Option<usize>,
}

pub(crate) fn run(dir: &ModelDir, args: &AttackArgs, cache: Cache, as_json: bool) -> Result<Verdict> {
    let jobs = args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let mut pictures: Vec<(bool, Still)> = Vec::new();
    for (live, arguments) in [(true, &args.live), (false, &args.attack)] {
        for argument in arguments {
            pictures.extend(stills::named(argument)?.into_iter().map(|still| (live, still)));
        }
    }
    let judge = dir.judge()?;
    let told = workers::each(jobs, pictures.len(), |i| stills::cues(&judge, &pictures[i].1))?;
    let mut species: BTreeMap<(bool, &str), Vec<Option<&[Cue]>>> = BTreeMap::new();
    for ((live, still), cues) in pictures.iter().zip(&told) {
        species.entry((!live, &still.species)).or_default().push(cues.as_deref());
    }
    let mut rows: Vec<SpeciesRow> = species.iter().map(|((attack, name), told)| SpeciesRow::of(name, !attack, "picture", told)).collect();
    let meter = args.people.as_ref().map(|folder| Ok::<_, anyhow::Error>((folder, Meter::new(dir.clone(), cache)?))).transpose()?;
    let people = meter.map(|(folder, meter)| clips::judged(&judge, &meter, folder, &args.labels, jobs)).transpose()?;
    let clips: Vec<ClipRow> = people.iter().flatten().map(ClipRow::of).collect();
    rows.extend(people.as_deref().map(SpeciesRow::of_clips));
    report::print(&rows, &clips, as_json)?;
    Ok(Verdict::Done)
}
