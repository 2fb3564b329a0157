//! Cutting sessions from a labelled clip: rest before, the labelled actions, each with the rest around it. No frame is shown twice.

use faceid_protocol::{Action, Millis};
use faceid_session::{Baseline, GateParams, Params, Sample, frame_score};

use crate::clip::Trace;
use crate::cut::{BEGIN, NEUTRAL, PAUSE, SPACING, fitted, placed, spaced};
use crate::labels::{Confidence, Label};
use crate::simulate::{ASKED, Rng, Sent};

/// Rest shown before and after a labelled action, ms: what the page shows of it.
const AROUND: u64 = 600;
/// Most rest after an action near the clip's begin, ms, until the window holds enough frames.
const LATEST: u64 = 1400;
/// Frames that a window needs.
const LEAST: usize = 12;
/// Labels are read by eye to 0.2 s: nobody is at rest so near to one, ms.
const BESIDE: u64 = 250;
/// Longest gap between frames of one rest, ms.
const GAP: u64 = 200;
/// Sessions of several actions drawn from one clip; the same ones are kept once.
const DRAWN: u64 = 6;

/// One session of a clip: which frames are sent, and at what times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Take {
    pub(crate) neutral: Sent,
    pub(crate) windows: Vec<(Action, Sent)>,
    pub(crate) best: (usize, Millis),
}

/// What a clip gives.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Takes {
    pub(crate) takes: Vec<Take>,
    /// Labelled actions, high confidence.
    pub(crate) labelled: usize,
    /// Of these, longer than a window.
    pub(crate) too_long: usize,
    /// Sessions without a rest before them that none of their windows shows.
    pub(crate) without_rest: usize,
}

/// Every labelled action alone, and sessions of two or three as a server draws them from the kinds that the clip shows.
pub(crate) fn takes(trace: &Trace, labels: &[Label], seed: u64) -> Takes {
    let at = |i: usize| trace.samples.get(i).map_or(0, |s| s.t.0);
    let shown: Vec<(Action, &Label)> =
        labels.iter().filter(|l| l.confidence == Confidence::High).filter_map(|l| Some((l.shows()?, l))).collect();
    let windows: Vec<(Action, Vec<usize>)> =
        shown.iter().filter_map(|(action, label)| Some((*action, window(&trace.samples, label)?))).collect();
    let mut sessions: Vec<Vec<usize>> = (0..windows.len()).map(|i| vec![i]).collect();
    for draw in 0..DRAWN {
        let session = drawn(&windows, &mut Rng::new(seed ^ draw));
        if session.len() > 1 && !sessions.contains(&session) {
            sessions.push(session);
        }
    }
    let rests = rests(trace, labels);
    let mut found = Takes { labelled: shown.len(), too_long: shown.len() - windows.len(), ..Takes::default() };
    for session in sessions {
        let steps: Vec<&(Action, Vec<usize>)> = session.iter().filter_map(|i| windows.get(*i)).collect();
        let first = steps.first().and_then(|(_, frames)| frames.first()).map_or(0, |&i| at(i));
        let apart = |rest: &&Vec<usize>| steps.iter().all(|(_, frames)| disjoint(rest, frames));
        let nearest = rests.iter().filter(apart).min_by_key(|rest| rest.first().map_or(u64::MAX, |&i| at(i).abs_diff(first)));
        let Some((neutral, best)) = nearest.and_then(|rest| Some((rest, best(trace, rest, &rests)?))) else {
            found.without_rest += 1;
            continue;
        };
        let neutral = placed(at, neutral, BEGIN);
        let mut now = neutral.last().map_or(BEGIN, |(_, t)| t.0);
        let mut shown = Vec::new();
        for (action, frames) in steps {
            let sent = placed(at, frames, now + PAUSE);
            now = sent.last().map_or(now, |(_, t)| t.0);
            shown.push((*action, sent));
        }
        found.takes.push(Take { neutral, windows: shown, best: (best, Millis(BEGIN)) });
    }
    found
}

/// The frames around a labelled action; `None` when it lasts longer than a window.
fn window(samples: &[Sample], label: &Label) -> Option<Vec<usize>> {
    let at = |i: usize| samples.get(i).map_or(0, |s| s.t.0);
    let cut = |before: u64, after: u64| {
        let within = |s: &Sample| s.t.0 + before >= label.start.0 && s.t.0 <= label.end.0 + after;
        let frames: Vec<usize> = samples.iter().enumerate().filter(|(_, s)| within(s)).map(|(i, _)| i).collect();
        fitted(at, &frames, SPACING)
    };
    let (around, frames) = (SPACING..=AROUND).rev().step_by(100).find_map(|around| Some((around, cut(around, around)?)))?;
    let mut later = (around..=LATEST).step_by(100).filter_map(|after| cut(around, after));
    Some(later.find(|longer| longer.len() >= LEAST).unwrap_or(frames))
}

/// Two or three windows in the order of a server's draw, each window once and none that shows a frame of another.
fn drawn(windows: &[(Action, Vec<usize>)], rng: &mut Rng) -> Vec<usize> {
    let mut session: Vec<usize> = Vec::new();
    let mut done: Vec<Action> = Vec::new();
    while session.len() < ASKED {
        let apart = |frames: &[usize]| session.iter().filter_map(|i| windows.get(*i)).all(|(_, shown)| disjoint(shown, frames));
        let free: Vec<(usize, Action)> =
            windows.iter().enumerate().filter(|(_, (_, frames))| apart(frames)).map(|(i, (action, _))| (i, *action)).collect();
        let missing: Vec<Action> = Action::ALL.into_iter().filter(|a| free.iter().all(|(_, action)| action != a)).collect();
        let Some(action) = rng.pick(&Action::choices(&done, session.len() + 1 == ASKED, &missing)) else { break };
        let those: Vec<usize> = free.iter().filter(|(_, a)| *a == action).map(|(i, _)| *i).collect();
        let Some(next) = rng.pick(&those) else { break };
        session.push(next);
        done.push(action);
    }
    session
}

/// Neutrals: [`NEUTRAL`] frames in a row that the page would take for one, away from every label and everything that was spotted.
fn rests(trace: &Trace, labels: &[Label]) -> Vec<Vec<usize>> {
    let at = |i: usize| trace.samples.get(i).map_or(0, |s| s.t.0);
    let spotted = trace.actions(&Params::default());
    let gate = GateParams::default();
    let beside = |t: u64, start: Millis, end: Millis| t + BESIDE >= start.0 && t <= end.0 + BESIDE;
    let calm = |s: &Sample| {
        !labels.iter().any(|l| beside(s.t.0, l.start, l.end))
            && !spotted.iter().any(|a| s.t >= a.t_start && s.t <= a.t_end)
            && resting(s, &gate)
    };
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for (i, sample) in trace.samples.iter().enumerate().filter(|(_, s)| calm(s)) {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|&last| last + 1 == i && sample.t.0 - at(last) <= GAP) => run.push(i),
            Some(_) | None => runs.push(vec![i]),
        }
    }
    let spread = |frames: &[usize], angle: fn(&Sample) -> Option<f32>| {
        let angles = || frames.iter().filter_map(|&i| angle(trace.samples.get(i)?));
        angles().fold(f32::MIN, f32::max) - angles().fold(f32::MAX, f32::min)
    };
    let still = |frames: &[usize]| {
        spread(frames, |s| s.pose.map(|p| p.yaw)) <= gate.still && spread(frames, |s| s.pose.map(|p| p.pitch)) <= gate.still
    };
    let thinned = runs.iter().map(|run| spaced(at, run, SPACING));
    thinned.flat_map(|run| run.chunks_exact(NEUTRAL).map(<[usize]>::to_vec).collect::<Vec<_>>()).filter(|rest| still(rest)).collect()
}

/// Frontal, eyes open, mouth shut, as the page asks for before it knows the person.
fn resting(sample: &Sample, gate: &GateParams) -> bool {
    let frontal = |p: faceid_vision::Pose| p.yaw.abs() <= gate.frontal && p.pitch.abs() <= gate.frontal && p.roll.abs() <= gate.roll;
    let open = |eye: Option<f32>| eye.is_some_and(|open| open >= gate.eyes_open);
    sample.pose.is_some_and(frontal)
        && open(sample.eyes.left)
        && open(sample.eyes.right)
        && sample.mouth.is_some_and(|gap| gap <= gate.mouth_shut)
}

/// The frame at rest that is fittest to be compared, by the session's own score.
fn best(trace: &Trace, neutral: &[usize], rests: &[Vec<usize>]) -> Option<usize> {
    let samples: Vec<Sample> = neutral.iter().filter_map(|&i| trace.samples.get(i).copied()).collect();
    let baseline = Baseline::from_samples(&samples)?;
    let score = |i: usize| frame_score(trace.samples.get(i)?, &trace.frames.get(i)?.1, &baseline);
    let scored = rests.iter().flatten().filter_map(|&i| Some((i, score(i)?)));
    scored.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i)
}

/// Whether two rising lists cover different stretches of a clip.
fn disjoint(a: &[usize], b: &[usize]) -> bool {
    let ends = |list: &[usize]| list.first().copied().zip(list.last().copied());
    ends(a).zip(ends(b)).is_none_or(|((a0, a1), (b0, b1))| a1 < b0 || b1 < a0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceid_testkit::SyntheticFace;
    use faceid_vision::Observation;

    /// A still face at 25 frames a second.
    fn trace(seconds: u64) -> Trace {
        let still = || Observation::clone(&SyntheticFace::default().observation());
        Trace::of((0..seconds * 25).map(|i| (Millis(i * 40), still())).collect())
    }

    fn label(start: u64, end: u64, event: &str) -> Label {
        Label { start: Millis(start), end: Millis(end), event: event.into(), confidence: Confidence::High, note: String::new() }
    }

    #[test]
    fn sessions_are_cut_at_labels_and_show_no_frame_twice() {
        let labels = [
            label(3000, 3200, "BLINK"),
            label(6000, 8000, "NOD"),
            label(12_000, 13_000, "MOUTH_OPEN"),
            label(12_100, 12_200, "BLINK"),
            Label { confidence: Confidence::Medium, ..label(16_000, 17_000, "SHAKE") },
            label(20_000, 21_000, "SMILE"),
        ];
        let found = takes(&trace(30), &labels, 1);
        assert_eq!((found.labelled, found.too_long, found.without_rest), (4, 0, 0));
        assert_eq!(found.takes.iter().filter(|t| t.windows.len() == 1).count(), 4, "each alone");
        assert!(found.takes.iter().any(|t| t.windows.len() == 3), "three where they can be had");
        assert!(found.takes.iter().all(|t| t.windows.iter().all(|(action, _)| *action != Action::Shake)), "of medium confidence");
        for take in &found.takes {
            let mut frames: Vec<usize> = take.neutral.iter().chain(take.windows.iter().flat_map(|(_, w)| w)).map(|(i, _)| *i).collect();
            let count = frames.len();
            frames.sort_unstable();
            frames.dedup();
            assert_eq!(frames.len(), count, "{take:?}");
            let times: Vec<u64> = take.neutral.iter().chain(take.windows.iter().flat_map(|(_, w)| w)).map(|(_, t)| t.0).collect();
            assert!(times.windows(2).all(|t| t[1] > t[0]), "times rise: {times:?}");
            for (_, window) in &take.windows {
                assert!((12..=20).contains(&window.len()), "{} frames", window.len());
                assert!(window.windows(2).all(|p| p[1].1.0 - p[0].1.0 <= 200), "gaps");
            }
            assert!(take.neutral.iter().all(|(i, _)| labels.iter().all(|l| !(l.start.0..=l.end.0).contains(&(*i as u64 * 40)))), "at rest");
        }
    }

    #[test]
    fn what_cannot_be_cut_is_counted() {
        let found = takes(&trace(10), &[label(2000, 7000, "SHAKE")], 1);
        assert_eq!((found.labelled, found.too_long, found.takes.len()), (1, 1, 0), "longer than a window");
        let found = takes(&trace(2), &[label(300, 1700, "NOD")], 1);
        assert_eq!((found.without_rest, found.takes.len()), (1, 0), "no rest in the clip");
        assert_eq!(takes(&trace(5), &[], 1), Takes::default());
    }

    #[test]
    fn one_kind_of_action_makes_sessions_of_what_there_is() {
        let found = takes(&trace(20), &[label(3000, 3200, "BLINK"), label(8000, 8200, "BLINK")], 1);
        let lengths: Vec<usize> = found.takes.iter().map(|t| t.windows.len()).collect();
        assert_eq!(lengths.iter().filter(|n| **n == 1).count(), 2, "{lengths:?}");
        assert!(lengths.contains(&2) && !lengths.contains(&3), "{lengths:?}");
    }
}
