//! Recall and false triggers of the action judges over labelled clips.

use faceid_protocol::{Action, Millis};
use faceid_session::Spotted;
use serde::Serialize;

use crate::labels::{Confidence, Label, Meaning};
use crate::matching::{Span, match_one_to_one};
use crate::metrics::wilson95;

/// One clip's labels and what was spotted in it.
#[derive(Debug)]
pub struct Clip<'a> {
    /// File name.
    pub name: &'a str,
    /// Labels in file order.
    pub labels: &'a [Label],
    /// Spotted actions.
    pub spotted: &'a [Spotted],
    /// Length, s.
    pub duration_s: f64,
}

/// Figures of one action over all clips.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ActionFigures {
    /// nod, shake, blink or mouth.
    pub action: &'static str,
    /// High-confidence labels.
    pub labelled: usize,
    /// Of these, found.
    pub found: usize,
    /// `found / labelled`; `null` without labels.
    pub recall: Option<f64>,
    /// 95 % Wilson interval of the recall.
    pub recall95: Option<[f64; 2]>,
    /// Medium-confidence labels: neither misses nor false triggers.
    pub medium_labelled: usize,
    /// Of these, found.
    pub medium_found: usize,
    /// Detections without a label, in clips labelled for this action.
    pub false_triggers: usize,
    /// Of these, inside an interval labelled as resembling the action.
    pub in_look_alikes: usize,
    /// Minutes of the clips labelled for this action.
    pub minutes: f64,
    /// `false_triggers / minutes`; `null` without minutes.
    pub false_per_minute: Option<f64>,
    /// Median time from the label's begin to the end of the arc, s; negative when the label begins late.
    pub time_to_detect_s: Option<f64>,
    /// Detections in clips labelled for this action that somebody would take for done on purpose (a blink held or doubled; others always are).
    pub deliberate: usize,
    /// Detections that the labels leave open (a small nod in a blink): neither found nor false.
    pub left_open: usize,
    /// What else was spotted during this action's high-confidence labels: nod, shake, blink, mouth.
    pub confused_with: [usize; 4],
}

/// A label without its detection or a detection without its label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mismatch {
    /// Clip.
    pub clip: String,
    /// Action.
    pub action: &'static str,
    /// "missed" or "false".
    pub kind: &'static str,
    /// Begin, s.
    pub t_start: f64,
    /// End, s.
    pub t_end: f64,
}

/// Figures of a whole folder.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// One row per action, in the order of the wire names.
    pub rows: Vec<ActionFigures>,
    /// Recall over all high-confidence labels.
    pub recall: Option<f64>,
    /// 95 % Wilson interval.
    pub recall95: Option<[f64; 2]>,
    /// False triggers of all actions over the minutes of all clips, each clip counted once.
    pub false_per_minute: Option<f64>,
    /// Everything that did not match, for looking at.
    pub mismatches: Vec<Mismatch>,
}

/// Compares labels and detections of all clips.
#[must_use]
pub fn evaluate(clips: &[Clip<'_>]) -> Evaluation {
    let mut mismatches = Vec::new();
    let rows: Vec<_> = Action::ALL.into_iter().map(|action| figures(action, clips, &mut mismatches)).collect();
    let (labelled, found) = rows.iter().fold((0, 0), |(l, f), row| (l + row.labelled, f + row.found));
    let minutes: f64 = clips.iter().map(|c| c.duration_s / 60.0).sum();
    let false_triggers: usize = rows.iter().map(|r| r.false_triggers).sum();
    Evaluation {
        recall: ratio(found, labelled as f64),
        recall95: wilson95(found, labelled),
        false_per_minute: ratio(false_triggers, minutes),
        rows,
        mismatches,
    }
}

fn ratio(count: usize, of: f64) -> Option<f64> {
    (of > 0.0).then(|| count as f64 / of)
}

fn span_of_label(label: &Label) -> Span {
    Span { start: label.start, end: label.end }
}

fn middle(spotted: &Spotted) -> Millis {
    Span { start: spotted.t_start, end: spotted.t_end }.middle()
}

fn figures(action: Action, clips: &[Clip<'_>], mismatches: &mut Vec<Mismatch>) -> ActionFigures {
    let mut sum = ActionFigures {
        action: action.name(),
        labelled: 0,
        found: 0,
        recall: None,
        recall95: None,
        medium_labelled: 0,
        medium_found: 0,
        false_triggers: 0,
        in_look_alikes: 0,
        minutes: 0.0,
        false_per_minute: None,
        time_to_detect_s: None,
        deliberate: 0,
        left_open: 0,
        confused_with: [0; 4],
    };
    let mut delays = Vec::new();
    // a clip is labelled for an action when any of its labels shows or resembles it
    for clip in clips.iter().filter(|c| c.labels.iter().any(|l| about(l, action))) {
        sum.minutes += clip.duration_s / 60.0;
        one_clip(action, clip, &mut sum, &mut delays, mismatches);
    }
    sum.recall = ratio(sum.found, sum.labelled as f64);
    sum.recall95 = wilson95(sum.found, sum.labelled);
    sum.false_per_minute = ratio(sum.false_triggers, sum.minutes);
    delays.sort_by(f64::total_cmp);
    sum.time_to_detect_s = delays.get(delays.len() / 2).copied();
    sum
}

fn about(label: &Label, action: Action) -> bool {
    match label.meaning() {
        Some(Meaning::Shows(a) | Meaning::Resembles(a)) => a == action,
        None => false,
    }
}

fn one_clip(action: Action, clip: &Clip<'_>, sum: &mut ActionFigures, delays: &mut Vec<f64>, mismatches: &mut Vec<Mismatch>) {
    let mut mismatch = |kind, start: Millis, end: Millis| {
        let seconds = |t: Millis| t.0 as f64 / 1000.0;
        mismatches.push(Mismatch { clip: clip.name.to_owned(), action: action.name(), kind, t_start: seconds(start), t_end: seconds(end) });
    };
    let open = |s: &Spotted| clip.labels.iter().any(|l| l.leaves_open(s.action) && span_of_label(l).admits(middle(s)));
    let mut left: Vec<&Spotted> = clip.spotted.iter().filter(|s| s.action == action).collect();
    sum.deliberate += left.iter().filter(|s| s.deliberate).count();
    // labels that must be found choose first, then those that may be found; what is left is a false trigger
    for confidence in [Confidence::High, Confidence::Medium] {
        let labels: Vec<&Label> = clip.labels.iter().filter(|l| l.shows() == Some(action) && l.confidence == confidence).collect();
        let spans: Vec<Span> = labels.iter().map(|l| span_of_label(l)).collect();
        let times: Vec<Millis> = left.iter().map(|s| middle(s)).collect();
        let matched = match_one_to_one(&spans, &times);
        let found = matched.iter().flatten().count();
        match confidence {
            Confidence::High => {
                sum.labelled += labels.len();
                sum.found += found;
                for (label, detection) in labels.iter().zip(&matched) {
                    match detection.and_then(|d| left.get(d)) {
                        Some(s) => delays.push((s.t_end.0 as f64 - label.start.0 as f64) / 1000.0),
                        None => mismatch("missed", label.start, label.end),
                    }
                    for (slot, other) in sum.confused_with.iter_mut().zip(Action::ALL) {
                        let inside =
                            |s: &&Spotted| s.action == other && other != action && span_of_label(label).admits(middle(s)) && !open(s);
                        *slot += clip.spotted.iter().filter(inside).count();
                    }
                }
            }
            Confidence::Medium => {
                sum.medium_labelled += labels.len();
                sum.medium_found += found;
            }
        }
        left = left.into_iter().enumerate().filter(|(i, _)| !matched.contains(&Some(*i))).map(|(_, s)| s).collect();
    }
    for spotted in left {
        if open(spotted) {
            sum.left_open += 1;
            continue;
        }
        sum.false_triggers += 1;
        let alike = |l: &&Label| l.meaning() == Some(Meaning::Resembles(action)) && span_of_label(l).admits(middle(spotted));
        sum.in_look_alikes += usize::from(clip.labels.iter().any(|l| alike(&l)));
        mismatch("false", spotted.t_start, spotted.t_end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(start: u64, end: u64, event: &str, confidence: Confidence) -> Label {
        Label { start: Millis(start), end: Millis(end), event: event.into(), confidence, note: String::new() }
    }

    fn spotted(action: Action, start: u64, end: u64) -> Spotted {
        Spotted { action, deliberate: true, t_start: Millis(start), t_peak: Millis(start), t_end: Millis(end), score: 0.7 }
    }

    #[test]
    fn counts_of_one_clip() {
        let labels = [
            label(1000, 1200, "BLINK", Confidence::High),
            label(5000, 5200, "BLINK", Confidence::High),
            label(8000, 8200, "BLINK", Confidence::Medium),
            label(20_000, 22_000, "SQUINT", Confidence::High),
        ];
        let spotted = [
            spotted(Action::Blink, 1050, 1300),
            spotted(Action::Nod, 5000, 5100),
            spotted(Action::Blink, 8050, 8150),
            spotted(Action::Blink, 15_000, 15_100),
            spotted(Action::Blink, 21_000, 21_100),
            spotted(Action::Mouth, 30_000, 31_000),
        ];
        let clip = Clip { name: "a.mp4", labels: &labels, spotted: &spotted, duration_s: 120.0 };
        let evaluation = evaluate(&[clip]);
        let blink = &evaluation.rows[2];
        assert_eq!((blink.labelled, blink.found), (2, 1), "high");
        assert_eq!((blink.medium_labelled, blink.medium_found), (1, 1), "medium is neither a miss nor a false trigger");
        assert_eq!((blink.false_triggers, blink.in_look_alikes), (2, 1), "false triggers");
        assert_eq!(blink.false_per_minute, Some(1.0), "two in two minutes");
        assert_eq!(blink.confused_with, [1, 0, 0, 0], "a nod where a blink was labelled");
        assert_eq!(blink.time_to_detect_s, Some(0.3), "end of arc after begin of label");
        let mouth = &evaluation.rows[3];
        assert_eq!((mouth.false_triggers, mouth.minutes), (0, 0.0), "the clip is not labelled for mouths");
        assert_eq!(evaluation.false_per_minute, Some(1.0), "pooled over clip minutes");
        let kinds: Vec<_> = evaluation.mismatches.iter().map(|m| (m.kind, m.t_start)).collect();
        assert_eq!(kinds, [("missed", 5.0), ("false", 15.0), ("false", 21.0)], "mismatches");
    }

    #[test]
    fn a_small_nod_in_a_blink_is_left_open() {
        let labels = [label(1000, 2000, "NOD", Confidence::High), label(5000, 5300, "BLINK+PITCH_UP", Confidence::High)];
        let spotted = [spotted(Action::Nod, 5000, 5400), spotted(Action::Nod, 9000, 9400)];
        let evaluation = evaluate(&[Clip { name: "a", labels: &labels, spotted: &spotted, duration_s: 60.0 }]);
        let nod = &evaluation.rows[0];
        assert_eq!((nod.found, nod.left_open, nod.false_triggers), (0, 1, 1), "{nod:?}");
        assert_eq!(evaluation.rows[2].confused_with, [0; 4], "nor is the blink confused with it");
    }

    #[test]
    fn nothing_labelled_is_no_recall() {
        let evaluation = evaluate(&[]);
        assert_eq!((evaluation.recall, evaluation.false_per_minute), (None, None), "absent, not zero");
    }
}
