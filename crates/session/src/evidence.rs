//! Which frames go to the server: a thinned window from neutral through the peak to neutral that still convinces the judges.

use crate::{
    action::Seen,
    io::FrameId,
    params::{EvidenceParams, JudgeParams},
    sample::{Baseline, Sample},
    spare::spare,
};
use faceid_protocol::{Action, Millis};
use std::collections::VecDeque;

/// A frame that may be sent.
pub(crate) type Candidate = (FrameId, Sample);

/// The frames with a face that may still be sent, thinned towards the past.
#[derive(Debug)]
pub(crate) struct Candidates {
    action: Action,
    frames: VecDeque<Candidate>,
}

impl Candidates {
    /// None yet, for an action that is asked.
    pub(crate) fn new(action: Action) -> Self {
        Self { action, frames: VecDeque::new() }
    }

    /// Takes a frame; what is no candidate any more comes back.
    pub(crate) fn push(&mut self, id: FrameId, sample: Sample, e: &EvidenceParams, j: &JudgeParams) -> Vec<FrameId> {
        self.frames.push_back((id, sample));
        let mut gone = Vec::new();
        while self.frames.front().is_some_and(|(_, first)| sample.t.since(first.t) > e.memory) {
            gone.extend(self.frames.pop_front());
        }
        while self.frames.len() > e.held {
            gone.extend(self.frames.remove(spare(&self.frames, self.action, j.window_gap, e).unwrap_or(0)));
        }
        gone.into_iter().map(|(id, _)| id).collect()
    }

    /// The window around an arc once enough frames follow it: at least the judge's number in all, and a moment of rest afterwards.
    /// Before that `None`.
    pub(crate) fn window(&self, seen: &Seen, e: &EvidenceParams, j: &JudgeParams) -> Option<Vec<Candidate>> {
        let (first, last) = self.span(seen, e, j)?;
        let mut rest = self.frames.iter().filter(|(_, s)| s.t > seen.t_end);
        let rested = rest.clone().count() >= 2 && rest.next_back().is_some_and(|(_, s)| s.t.since(seen.t_end) >= e.rest);
        (rested && last + 1 - first >= j.window_frames).then(|| self.thinned(first, last, seen, e, j))
    }

    /// The same window with whatever there is.
    pub(crate) fn window_so_far(&self, seen: &Seen, e: &EvidenceParams, j: &JudgeParams) -> Vec<Candidate> {
        self.span(seen, e, j).map_or_else(Vec::new, |(first, last)| self.thinned(first, last, seen, e, j))
    }

    /// Windows for an arc too long to be shown whole, fullest first: without rest before it and with as little as a judge needs after it, and of
    /// a shake only the last swings, from a moment when the head passed through its neutral.
    pub(crate) fn shorter(&self, seen: &Seen, neutral: &Baseline, e: &EvidenceParams, j: &JudgeParams) -> Vec<Vec<Candidate>> {
        let Some(newest) = self.frames.len().checked_sub(1) else { return Vec::new() };
        let last = self.frames.iter().position(|(_, s)| s.t >= seen.t_end).map_or(newest, |end| (end + 2).min(newest));
        let yaw = |s: &Sample| s.pose.map(|pose| pose.yaw - neutral.pose.yaw);
        let passes = |s: &Sample| yaw(s).is_some_and(|angle| angle.abs() <= j.pose_neutral);
        let whole = self.frames.iter().rposition(|(_, s)| s.t <= seen.t_start);
        let later = self
            .frames
            .iter()
            .enumerate()
            .filter(|(_, (_, s))| seen.action == Action::Shake && s.t > seen.t_start && s.t < seen.t_end && passes(s));
        let starts = whole.into_iter().chain(later.map(|(i, _)| i));
        starts
            .filter(|first| last + 1 - first >= j.window_frames)
            .map(|first| {
                let arc = self.part(first, seen, yaw);
                self.thinned(first, last, &arc, e, j)
            })
            .collect()
    }

    /// The part of a movement that begins with this frame, with the first end that a shake reaches in it.
    fn part(&self, first: usize, seen: &Seen, yaw: impl Fn(&Sample) -> Option<f32>) -> Seen {
        let mut arc = seen.clone();
        let frames = || self.frames.iter().skip(first).filter(|(_, s)| s.t <= seen.t_end);
        arc.t_start = frames().next().map_or(seen.t_start, |(_, s)| s.t);
        let turned = || frames().filter_map(|(_, s)| Some((s.t, yaw(s)?)));
        let most = turned().max_by(|a, b| a.1.total_cmp(&b.1)).zip(turned().min_by(|a, b| a.1.total_cmp(&b.1)));
        if let (Action::Shake, Some((right, left))) = (seen.action, most) {
            // The other end is shown by whatever frame comes near it: there is none to spare.
            (arc.t_peak, arc.t_second) = (right.0.min(left.0), None);
        }
        // A head that is back at the edge of its neutral needs more than one frame to show it.
        arc.keys.extend(self.frames.iter().map(|(_, s)| s.t).filter(|t| *t > seen.t_end).take(1));
        arc
    }

    /// Every frame that may still be chosen for this arc.
    pub(crate) fn ids(&self) -> Vec<FrameId> {
        self.frames.iter().map(|(id, _)| *id).collect()
    }

    /// First and last index: the arc with its margins, widened at the front, then at the back, to the least number of frames.
    fn span(&self, seen: &Seen, e: &EvidenceParams, j: &JudgeParams) -> Option<(usize, usize)> {
        let newest = self.frames.len().checked_sub(1)?;
        let start = self.frames.iter().rposition(|(_, s)| s.t <= seen.t_start).unwrap_or(0);
        let end = self.frames.iter().position(|(_, s)| s.t >= seen.t_end).unwrap_or(newest);
        let rested = self.frames.iter().position(|(_, s)| s.t.since(seen.t_end) >= e.rest).unwrap_or(newest);
        let last = (end + e.margin).max(rested).min(newest);
        // A long movement needs all its frames for itself.
        let roomy = seen.t_end.since(seen.t_start) <= e.lead_below;
        let led = self.frames.iter().rposition(|(_, s)| roomy && s.t.plus(e.lead) <= seen.t_start).unwrap_or(start);
        let mut first = start.saturating_sub(e.margin).min(led);
        first = first.min((last + 1).saturating_sub(j.window_frames));
        Some((first, last.max((first + j.window_frames - 1).min(newest))))
    }

    fn thinned(&self, first: usize, last: usize, seen: &Seen, e: &EvidenceParams, j: &JudgeParams) -> Vec<Candidate> {
        let frames: Vec<Candidate> = self.frames.iter().skip(first).take(last + 1 - first).copied().collect();
        let times: Vec<Millis> = frames.iter().map(|(_, s)| s.t).collect();
        let mut keep = vec![false; frames.len()];
        let (must, should) = key_frames(&times, seen, j);
        for i in must {
            keep[i] = true;
        }
        // Both sides read the same whole milliseconds, so the judge's own limit serves: every frame saved here lets a longer movement fit.
        cover(&times, &mut keep, j.window_gap, e.most);
        for i in should {
            keep[i] |= kept(&keep).len() < e.most;
        }
        fill(&times, &mut keep, e, j.window_frames);
        frames.into_iter().zip(keep).filter_map(|(frame, kept)| kept.then_some(frame)).collect()
    }
}

/// Frames the judgement rests on. Must: both ends, where the arc starts and ends, three in a row at its peak, the second peak, and what the judge
/// named. Should: the second frame of a head that is back, the rest that ends it, and three in a row at the second peak.
fn key_frames(times: &[Millis], seen: &Seen, j: &JudgeParams) -> (Vec<usize>, Vec<usize>) {
    let Some(newest) = times.len().checked_sub(1) else { return (Vec::new(), Vec::new()) };
    let at = |t: Millis| times.iter().position(|&x| x >= t).unwrap_or(newest);
    let around = |i: usize| [i.saturating_sub(1), i, (i + 1).min(newest)];
    let mut must = vec![0, newest, at(seen.t_start), at(seen.t_end)];
    must.extend(around(at(seen.t_peak)));
    must.extend(seen.keys.iter().map(|&t| at(t)));
    // One frame in neutral is a head that passes through it: a shake may go on after it has counted.
    let mut should: Vec<usize> = seen.action.moves_head().then(|| (at(seen.t_end) + 1).min(newest)).into_iter().collect();
    should.push(times.iter().position(|t| t.since(seen.t_end) > j.settle).unwrap_or(newest));
    if let Some(second) = seen.t_second.map(at) {
        must.push(second);
        should.extend(around(second));
    }
    (must, should)
}

fn kept(keep: &[bool]) -> Vec<usize> {
    (0..keep.len()).filter(|&i| keep[i]).collect()
}

/// Bridges gaps wider than `limit` with as few frames as possible: each step goes as far as the limit allows.
fn cover(times: &[Millis], keep: &mut [bool], limit: Millis, most: usize) {
    let pairs: Vec<usize> = kept(keep);
    for (&a, &b) in pairs.iter().zip(pairs.iter().skip(1)) {
        let mut from = a;
        while times[b].since(times[from]) > limit && kept(keep).len() < most {
            let reach = (from + 1..b).rev().find(|&i| times[i].since(times[from]) <= limit);
            let Some(next) = reach.or_else(|| Some(from + 1).filter(|&i| i < b)) else { break };
            keep[next] = true;
            from = next;
        }
    }
}

/// Splits the widest gap in the middle until no gap is wider than the spacing and there are enough frames, or there are as many as may be.
fn fill(times: &[Millis], keep: &mut [bool], e: &EvidenceParams, least: usize) {
    loop {
        let kept = kept(keep);
        if kept.len() >= e.most {
            return;
        }
        let gaps = kept.iter().zip(kept.iter().skip(1)).filter(|(a, b)| *b - *a > 1);
        let Some((&a, &b)) = gaps.max_by_key(|(a, b)| times[**b].since(times[**a])) else { return };
        if times[b].since(times[a]) <= e.spacing && kept.len() >= least {
            return;
        }
        let middle = Millis(u64::midpoint(times[a].0, times[b].0));
        let distance = |i: &usize| times[*i].0.abs_diff(middle.0);
        let Some(nearest) = (a + 1..b).min_by_key(distance) else { return };
        keep[nearest] = true;
    }
}

/// Neutral frames for step 0, spread over the measurement: near the neutral, eyes open. Fewer than the judge's least means: measure again.
pub(crate) fn neutral_frames(frames: &[Candidate], baseline: &Baseline, e: &EvidenceParams, j: &JudgeParams) -> Option<Vec<Candidate>> {
    let still = |s: &Sample| {
        s.pose.is_some_and(|o| {
            let off = [o.yaw - baseline.pose.yaw, o.pitch - baseline.pose.pitch, o.roll - baseline.pose.roll];
            off.iter().all(|d| d.abs() <= j.pose_neutral)
        }) && s.eyes_relative(baseline).is_some_and(|(mean, _)| mean >= j.eye_open)
    };
    let good: Vec<Candidate> = frames.iter().filter(|(_, s)| still(s)).copied().collect();
    if good.len() < JudgeParams::BASELINE_MIN {
        return None;
    }
    let count = good.len().min(e.neutral_most);
    let last = good.len() - 1;
    Some((0..count).filter_map(|i| good.get(i * last / (count - 1).max(1)).copied()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_is_back_is_shown_by_two_frames() {
        let times: Vec<Millis> = (0..60).map(|i| Millis(i * 33)).collect();
        let seen = |action| Seen {
            action,
            deliberate: true,
            t_start: times[8],
            t_peak: times[20],
            t_second: None,
            t_end: times[40],
            keys: Vec::new(),
            reach: 40.0,
            score: 1.0,
        };
        for action in Action::ALL {
            let (must, should) = key_frames(&times, &seen(action), &JudgeParams::default());
            assert!(must.contains(&40), "{action}: the first");
            assert_eq!(should.contains(&41), action.moves_head(), "{action}: the next, 33 ms later");
        }
    }
}
