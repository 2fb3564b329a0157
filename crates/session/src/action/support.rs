//! The action network's evidence beside the rules: an arc passes only when the network, where it was asked, scored it.

use super::judges::{Blink, Judged, Seen};
use crate::{params::JudgeParams, sample::Sample};
use faceid_protocol::{Action, Millis};
use faceid_vision::ActionScores;
use std::collections::VecDeque;

/// The network's evidence for one action.
#[must_use]
pub fn evidence(scores: &ActionScores, action: Action) -> Option<f32> {
    match action {
        Action::Nod => scores.nod,
        Action::Shake => scores.shake,
        Action::Blink => scores.blink,
        Action::Mouth => scores.mouth,
    }
}

/// Holds arcs back until the network has scored them or the time for it has passed. Without scores it holds nothing back.
#[derive(Debug, Clone, Default)]
pub(super) struct Support {
    recent: VecDeque<(Millis, ActionScores)>,
    waiting: Vec<Seen>,
    /// Closures in order, each with the deliberate blink it completed.
    closures: VecDeque<(Blink, Option<Seen>)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    Pass,
    Wait,
    Drop,
}

impl Support {
    /// Takes what the judges made of `sample` and gives what may go on.
    pub(super) fn feed(&mut self, sample: &Sample, judged: Judged, p: &JudgeParams) -> Judged {
        self.recent.extend(sample.scores.map(|scores| (sample.t, scores)));
        let span = p.move_max.plus(p.score_late);
        while self.recent.front().is_some_and(|(t, _)| sample.t.since(*t) > span) {
            self.recent.pop_front();
        }
        let mut out = Judged::default();
        let (blinks, moves): (Vec<Seen>, Vec<Seen>) = judged.seen.into_iter().partition(|s| s.action == Action::Blink);
        self.closures.extend(judged.blink.map(|blink| (blink, blinks.into_iter().next())));
        self.waiting.extend(moves);
        for seen in std::mem::take(&mut self.waiting) {
            match self.answer(&seen, sample.t, p) {
                Answer::Pass => out.seen.push(seen),
                Answer::Wait => self.waiting.push(seen),
                Answer::Drop => {}
            }
        }
        let answer = self.closures.front().map(|(_, seen)| seen.as_ref().map_or(Answer::Pass, |seen| self.answer(seen, sample.t, p)));
        if matches!(answer, Some(Answer::Pass | Answer::Drop))
            && let Some((blink, seen)) = self.closures.pop_front()
        {
            let passes = answer == Some(Answer::Pass);
            // A closure that is not supported happened all the same; it was not on purpose.
            out.blink = Some(Blink { deliberate: blink.deliberate && passes, ..blink });
            out.seen.extend(seen.filter(|_| passes));
        }
        out
    }

    /// The best score from the arc's peak on decides. Absent evidence is not evidence against.
    fn answer(&self, seen: &Seen, now: Millis, p: &JudgeParams) -> Answer {
        let until = seen.t_end.plus(p.score_late);
        let over = self.recent.iter().filter(|(t, _)| (seen.t_peak..=until).contains(t));
        match over.filter_map(|(_, scores)| evidence(scores, seen.action)).max_by(f32::total_cmp) {
            None => Answer::Pass,
            Some(best) if best >= p.score_min => Answer::Pass,
            Some(_) if now < until => Answer::Wait,
            Some(_) => Answer::Drop,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(t: u64, score: Option<f32>) -> Sample {
        let scores = score.map(|s| ActionScores { nod: Some(s), blink: Some(s), ..ActionScores::default() });
        Sample { scores, ..Sample::unmeasured(Millis(t)) }
    }

    fn seen(action: Action) -> Seen {
        let (t_start, t_peak, t_end) = (Millis(1000), Millis(1500), Millis(2000));
        Seen { action, deliberate: true, t_start, t_peak, t_second: None, t_end, keys: Vec::new(), reach: 12.0, score: 0.8 }
    }

    fn run(action: Action, scores: [Option<f32>; 3]) -> Vec<(usize, Option<bool>)> {
        let (mut support, p) = (Support::default(), JudgeParams::default());
        let blink = Blink { start: Millis(1000), peak: Millis(1500), end: Millis(2000), deliberate: true };
        let mut given = Judged { seen: vec![seen(action)], blink: (action == Action::Blink).then_some(blink) };
        [2000, 2100, 2000 + p.score_late.0]
            .into_iter()
            .zip(scores)
            .map(|(t, score)| {
                let out = support.feed(&sample(t, score), std::mem::take(&mut given), &p);
                (out.seen.len(), out.blink.map(|b| b.deliberate))
            })
            .collect()
    }

    #[test]
    fn an_arc_waits_for_its_evidence() {
        assert_eq!(run(Action::Nod, [None, None, None]), [(1, None), (0, None), (0, None)], "nobody was asked");
        assert_eq!(run(Action::Nod, [Some(0.9), None, None]), [(1, None), (0, None), (0, None)], "supported at once");
        assert_eq!(run(Action::Nod, [Some(0.0), Some(0.9), None]), [(0, None), (1, None), (0, None)], "supported late");
        assert_eq!(run(Action::Nod, [Some(0.0); 3]), [(0, None); 3], "not supported");
        assert_eq!(run(Action::Shake, [Some(0.0); 3]), [(1, None), (0, None), (0, None)], "this action was not measured");
    }

    #[test]
    fn an_unsupported_blink_is_a_closure_all_the_same() {
        assert_eq!(run(Action::Blink, [Some(0.9), None, None]), [(1, Some(true)), (0, None), (0, None)], "on purpose");
        assert_eq!(run(Action::Blink, [Some(0.0); 3]), [(0, None), (0, None), (0, Some(false))], "reported once, as spontaneous");
    }
}
