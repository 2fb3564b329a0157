//! The `eval` command: labelled clips through the pipeline, figures as a table or JSON.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use faceid_protocol::Action;
use faceid_session::{Params, Spotted};
use faceid_vision::ActionNet;
use serde_json::json;

use crate::ablation::add_scores;
use crate::cli::{EvalArgs, Verdict, read_named};
use crate::clip::{Meter, Trace};
use crate::eval::{ActionFigures, Clip, Evaluation, evaluate};
use crate::labels;
use crate::plot;
use crate::slices::{self, Labelled, Slice};
use crate::variant::Variant;

pub(crate) fn run(meter: &Meter, args: &EvalArgs, as_json: bool) -> Result<Verdict> {
    let labelled = read_labels(&args.dir, &args.labels)?;
    let chosen: Vec<Slice> = match &args.slices {
        None => Vec::new(),
        Some(names) if names.is_empty() => slices::all(),
        Some(names) => slices::all().into_iter().filter(|s| names.contains(&s.variant.name)).collect(),
    };
    if args.slices.as_ref().is_some_and(|names| names.len() > chosen.len()) {
        let known: Vec<String> = slices::all().into_iter().map(|s| s.variant.name).collect();
        bail!("slices are {}", known.join(", "));
    }
    let plain = slices::plain();
    let evaluation = one_slice(meter, args, &labelled, &plain)?;
    print(&plain.variant.name, &evaluation, as_json)?;
    for slice in chosen {
        print(&slice.variant.name, &one_slice(meter, args, &labelled, &slice)?, as_json)?;
    }
    let missed: usize = evaluation.rows.iter().map(|row| row.labelled - row.found).sum();
    let is_blink = |row: &&ActionFigures| row.action == Action::Blink.name();
    let unlabelled: usize = evaluation.rows.iter().filter(|row| !is_blink(row)).map(|row| row.false_triggers).sum();
    let holds = evaluation.recall.is_some() && missed <= args.max_missed && unlabelled <= args.max_false;
    if !as_json {
        println!(
            "{}: {missed} missed (at most {}), {unlabelled} false nods, shakes and mouths (at most {})",
            if holds { "holds" } else { "does not hold" },
            args.max_missed,
            args.max_false
        );
    }
    Ok(if holds { Verdict::Done } else { Verdict::DoesNotHold })
}

/// The labels of a folder of clips, with those of more lists in the same format.
///
/// # Errors
/// When a list cannot be read.
pub(crate) fn read_labels(dir: &Path, more: &[PathBuf]) -> Result<Labelled> {
    let mut labelled = Labelled::new();
    for list in [&dir.join("events.tsv")].into_iter().chain(more) {
        let text = std::fs::read_to_string(list).with_context(|| list.display().to_string())?;
        for (clip, labels) in labels::parse(&text).with_context(|| list.display().to_string())? {
            labelled.entry(clip).or_default().extend(labels);
        }
    }
    Ok(labelled)
}

fn one_slice(meter: &Meter, args: &EvalArgs, labelled: &Labelled, slice: &Slice) -> Result<Evaluation> {
    let net = args.scores.as_deref().map(read_named).transpose()?.map(|bytes| ActionNet::from_bytes(&bytes)).transpose()?;
    let mut measured: Vec<(&str, &[labels::Label], Trace, Vec<Spotted>)> = Vec::new();
    for (name, labels) in slice.clips(labelled) {
        let mut trace = meter.measure(&args.dir.join(name), &slice.variant)?;
        if let Some(net) = &net {
            add_scores(&mut trace.samples, net)?;
        }
        eprintln!("{}: {name}: {:.1} s, {:.1} fps", slice.variant.name, trace.duration_s, trace.fps);
        let spotted = trace.actions(&Params::default());
        measured.push((name, labels, trace, spotted));
    }
    if let Some(folder) = &args.plots {
        let plain = slice.variant == Variant::plain();
        let folder = if plain { folder.clone() } else { folder.join(slice.variant.name.replace(|c: char| !c.is_alphanumeric(), "_")) };
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        for (name, labels, trace, spotted) in &measured {
            write_plot(&folder, name, &plot::svg(name, &trace.samples, labels, spotted))?;
        }
    }
    let clips: Vec<Clip<'_>> =
        measured.iter().map(|(name, labels, trace, spotted)| Clip { name, labels, spotted, duration_s: trace.duration_s }).collect();
    Ok(evaluate(&clips))
}

fn print(slice: &str, evaluation: &Evaluation, as_json: bool) -> Result<()> {
    if as_json {
        return print_json(slice, evaluation);
    }
    println!("== {slice}");
    print_table(evaluation);
    Ok(())
}

fn write_plot(folder: &Path, name: &str, svg: &str) -> Result<()> {
    let path = folder.join(format!("{name}.svg"));
    std::fs::write(&path, svg).with_context(|| path.display().to_string())
}

fn print_json(slice: &str, evaluation: &Evaluation) -> Result<()> {
    for row in &evaluation.rows {
        let mut line = serde_json::to_value(row)?;
        line["slice"] = slice.into();
        println!("{line}");
    }
    let Evaluation { recall, recall95, false_per_minute, mismatches, rows: _ } = evaluation;
    println!(
        "{}",
        json!({"slice": slice, "action": "all", "recall": recall, "recall95": recall95, "false_per_minute": false_per_minute, "mismatches": mismatches})
    );
    Ok(())
}

fn print_table(evaluation: &Evaluation) {
    println!(
        "action  found/labelled  recall (95 %)         medium  false  look-alike  open  on purpose  minutes  false/min  to detect  seen instead ({})",
        names()
    );
    let percent = |value: Option<f64>| value.map_or("–".into(), |v| format!("{:.1} %", v * 100.0));
    let interval = |value: Option<[f64; 2]>| value.map_or(String::new(), |[l, h]| format!("({:.0}–{:.0})", l * 100.0, h * 100.0));
    let number = |value: Option<f64>| value.map_or("–".into(), |v| format!("{v:.2}"));
    for row in &evaluation.rows {
        println!(
            "{:6}  {:>6}/{:<7}  {:>8} {:10}  {:>3}/{:<3}  {:>5}  {:>10}  {:>4}  {:>10}  {:>7.2}  {:>9}  {:>7} s  {:?}",
            row.action,
            row.found,
            row.labelled,
            percent(row.recall),
            interval(row.recall95),
            row.medium_found,
            row.medium_labelled,
            row.false_triggers,
            row.in_look_alikes,
            row.left_open,
            row.deliberate,
            row.minutes,
            number(row.false_per_minute),
            number(row.time_to_detect_s),
            row.confused_with,
        );
    }
    println!(
        "all: recall {} {}, {} false triggers per minute",
        percent(evaluation.recall),
        interval(evaluation.recall95),
        number(evaluation.false_per_minute)
    );
    for m in &evaluation.mismatches {
        println!("  {:6} {:5} {:6.2} to {:6.2} s  {}", m.kind, m.action, m.t_start, m.t_end, m.clip);
    }
}

fn names() -> String {
    Action::ALL.map(Action::name).join(", ")
}
