//! What the rules and the action network each contribute: rules alone, network alone, and rules whose arcs the network must support.

use std::collections::BTreeMap;

use anyhow::Result;
use faceid_protocol::{Action, Millis};
use faceid_session::{ActionSpotter, Params, Sample, evidence};
use faceid_vision::{ActionNet, ActionRing};
use serde_json::json;

use crate::cli::{AblateArgs, Verdict, read_named};
use crate::labels;
use crate::matching::{Span, match_one_to_one};
use crate::metrics::wilson95;
use crate::traces::{self, Recorded, measures};

/// Two moments of the network closer than this are one detection: as the spotter joins arcs.
const JOIN: Millis = Millis(600);

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Method {
    /// The session's judges.
    Rules,
    /// The network's score at or above this.
    Network(f32),
    /// The judges with the network's evidence beside every sample: arcs below this do not pass.
    Gated(f32),
}

/// Counts of one action.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Count {
    labelled: usize,
    found: usize,
    wrong: usize,
    minutes: f64,
}

/// A sequence with the network's answers.
struct Prepared {
    line: Recorded,
    scored: Vec<Sample>,
}

pub(crate) fn run(args: &AblateArgs, as_json: bool) -> Result<Verdict> {
    let net = ActionNet::from_bytes(&read_named(&args.network)?)?;
    let mut by_kind: BTreeMap<String, Vec<Prepared>> = BTreeMap::new();
    for line in load(args)? {
        for every in &args.every {
            let line = line.every(*every);
            let kind = if *every == 1 { line.kind.clone() } else { format!("{}, 1 of {every} frames", line.kind) };
            let mut scored = line.samples.clone();
            add_scores(&mut scored, &net)?;
            by_kind.entry(kind).or_default().push(Prepared { line, scored });
        }
    }
    let mut params = Params::default();
    params.judge.blink_pair_gap = args.blink_pair_gap.map_or(params.judge.blink_pair_gap, Millis);
    let alone = args.alone.iter().map(|&least| Method::Network(least));
    let methods: Vec<Method> =
        [Method::Rules].into_iter().chain(alone).chain(args.gate.iter().map(|&least| Method::Gated(least))).collect();
    if !as_json {
        println!("{:34} {:15} {:>25} {:>25} {:>25} {:>25}", "", "", "nod", "shake", "deliberate blink", "mouth");
        println!("{:34} {:15} {}", "sequences", "method", "  found/labelled false/min".repeat(4));
    }
    for (kind, sequences) in &by_kind {
        for method in &methods {
            let mut counts = [Count::default(); 4];
            for sequence in sequences {
                let detections = sequence.detections(*method, &params);
                for ((action, times), sum) in Action::ALL.into_iter().zip(&detections).zip(&mut counts) {
                    count(action, &sequence.line, times, sum);
                }
            }
            show(kind, sequences.len(), *method, &counts, as_json);
        }
    }
    Ok(Verdict::Done)
}

fn load(args: &AblateArgs) -> Result<Vec<Recorded>> {
    let mut lines = Vec::new();
    for path in &args.traces {
        lines.extend(traces::read(path)?);
    }
    for path in &args.events {
        let text = String::from_utf8_lossy(&read_named(path)?).into_owned();
        for (name, labels) in labels::parse(&text)? {
            for line in lines.iter_mut().filter(|l| l.name == name) {
                line.label(&labels);
            }
        }
    }
    Ok(lines)
}

/// Puts the network's answer beside every sample whose window is full.
pub(crate) fn add_scores(samples: &mut [Sample], net: &ActionNet) -> Result<()> {
    let mut ring = ActionRing::default();
    for sample in samples {
        ring.push(measures(sample));
        sample.scores = net.scores(&ring)?;
    }
    Ok(())
}

impl Prepared {
    /// Moments at which each action is said to have happened, in the order of [`Action::ALL`].
    fn detections(&self, method: Method, params: &Params) -> [Vec<Millis>; 4] {
        match method {
            Method::Rules => spotted(&self.line.samples, params),
            Method::Gated(least) => {
                let mut params = params.clone();
                params.judge.score_min = least;
                spotted(&self.scored, &params)
            }
            Method::Network(least) => Action::ALL.map(|action| runs(&self.scored, action, least)),
        }
    }
}

/// Middles of the arcs the judges find. Of the blinks only deliberate ones.
fn spotted(samples: &[Sample], params: &Params) -> [Vec<Millis>; 4] {
    let mut spotter = ActionSpotter::new(params);
    let mut found: Vec<_> = samples.iter().flat_map(|s| spotter.feed(s)).collect();
    found.extend(spotter.finish());
    Action::ALL.map(|action| {
        let wanted = found.iter().filter(|s| s.action == action && s.deliberate);
        wanted.map(|s| Span { start: s.t_start, end: s.t_end }.middle()).collect()
    })
}

/// Begins of runs at or above the threshold. A run goes on above half of it and over short pauses.
fn runs(scored: &[Sample], action: Action, least: f32) -> Vec<Millis> {
    let mut begins = Vec::new();
    let mut last: Option<Millis> = None;
    for Sample { t, scores, .. } in scored {
        let Some(score) = scores.and_then(|scores| evidence(&scores, action)) else { continue };
        let running = last.is_some_and(|last| t.since(last) <= JOIN);
        if score >= least && !running {
            begins.push(*t);
        }
        if score >= least || (running && score >= least / 2.0) {
            last = Some(*t);
        }
    }
    begins
}

/// Adds one sequence to the counts of one action.
fn count(action: Action, line: &Recorded, times: &[Millis], sum: &mut Count) {
    if !line.covers(action) {
        return;
    }
    let ms = |seconds: f64| Millis((seconds.max(0.0) * 1000.0) as u64);
    let spans_in = |arcs: &[traces::Arc]| -> Vec<Span> {
        arcs.iter().filter(|a| a.action == action.name()).map(|a| Span { start: ms(a.start), end: ms(a.end) }).collect()
    };
    let (spans, uncertain) = (spans_in(&line.actions), spans_in(&line.ambiguous));
    let matched = match_one_to_one(&spans, times);
    let left = times.iter().enumerate().filter(|(i, _)| !matched.contains(&Some(*i)));
    sum.minutes += line.minutes();
    sum.labelled += spans.len();
    sum.found += matched.iter().flatten().count();
    sum.wrong += left.filter(|(_, t)| !uncertain.iter().any(|u| u.admits(**t))).count();
}

fn name(method: Method) -> String {
    match method {
        Method::Rules => "rules".to_owned(),
        Method::Network(least) => format!("network ≥ {least}"),
        Method::Gated(least) => format!("rules + ≥ {least}"),
    }
}

fn show(kind: &str, sequences: usize, method: Method, counts: &[Count; 4], as_json: bool) {
    if as_json {
        let row = |(action, c): (Action, &Count)| {
            let recall95 = wilson95(c.found, c.labelled);
            json!({"action": action.name(), "labelled": c.labelled, "found": c.found, "recall95": recall95, "false": c.wrong, "minutes": c.minutes})
        };
        let rows: Vec<_> = Action::ALL.into_iter().zip(counts).map(row).collect();
        println!("{}", json!({"kind": kind, "sequences": sequences, "method": name(method), "actions": rows}));
        return;
    }
    let cell = |c: &Count| {
        let recall = if c.labelled > 0 { format!("{:.1} %", 100.0 * c.found as f64 / c.labelled as f64) } else { "–".to_owned() };
        let rate = if c.minutes > 0.0 { format!("{:.2}", c.wrong as f64 / c.minutes) } else { "–".to_owned() };
        format!(" {:>5}/{:<4} {:>7} {:>6}", c.found, c.labelled, recall, rate)
    };
    let cells: Vec<String> = counts.iter().map(cell).collect();
    println!("{:34} {:15} {}", format!("{kind} ({sequences})"), name(method), cells.join(" "));
}

#[cfg(test)]
mod tests {
    use faceid_vision::ActionScores;

    use super::*;

    fn scored(scores: &[(u64, f32)]) -> Vec<Sample> {
        let with = |nod| Some(ActionScores { nod: Some(nod), ..ActionScores::default() });
        scores.iter().map(|&(t, nod)| Sample { scores: with(nod), ..Sample::unmeasured(Millis(t)) }).collect()
    }

    #[test]
    fn a_run_is_one_detection() {
        let samples = scored(&[(0, 0.1), (100, 0.9), (200, 0.5), (300, 0.9), (400, 0.1), (2000, 0.9)]);
        assert_eq!(runs(&samples, Action::Nod, 0.8), [Millis(100), Millis(2000)], "two runs");
        assert!(runs(&samples, Action::Shake, 0.8).is_empty(), "not measured");
    }

    #[test]
    fn counts_match_one_to_one_and_leave_out_the_uncertain() {
        let mut line = Recorded::of_clip("a", scored(&[(1000, 0.9), (5000, 0.9), (9000, 0.9), (61_000, 0.0)]));
        line.actions =
            vec![traces::Arc { action: "nod".into(), start: 0.5, end: 0.9 }, traces::Arc { action: "nod".into(), start: 30.0, end: 31.0 }];
        line.ambiguous = vec![traces::Arc { action: "nod".into(), start: 4.8, end: 5.0 }];
        let times = runs(&line.samples, Action::Nod, 0.5);
        let mut sum = Count::default();
        count(Action::Nod, &line, &times, &mut sum);
        assert_eq!(sum, Count { labelled: 2, found: 1, wrong: 1, minutes: 1.0 }, "one missed, one false, one uncertain");
    }
}
