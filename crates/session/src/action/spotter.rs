//! The judges over an unprompted stream, for the lab: every action in a clip, with a neutral that follows the person.

use super::judges::{Judges, Seen};
use crate::{
    params::Params,
    sample::{Baseline, Sample},
};
use faceid_protocol::{Action, Millis};
use std::collections::VecDeque;

/// An action found in a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Spotted {
    /// Which action.
    pub action: Action,
    /// False for a blink that may be spontaneous.
    pub deliberate: bool,
    /// Last neutral frame before.
    pub t_start: Millis,
    /// Extreme frame.
    pub t_peak: Millis,
    /// First frame back in neutral.
    pub t_end: Millis,
    /// 0.5 = just enough, 1 = twice the threshold or more.
    pub score: f32,
}

/// Span of past samples that make the running neutral of head and mouth: long against one action, short against a change of posture.
const MEMORY: Millis = Millis(3000);
/// The same for the eyes: how wide they open is a trait, and a lowered gaze of some seconds is not a new one.
const EYE_MEMORY: Millis = Millis(10_000);
/// Quantile of the eyes over that memory.
const EYE_QUANTILE: f32 = 0.7;
/// Span kept after a movement that never came back: the new posture.
const NEW_POSTURE: Millis = Millis(700);

/// Runs all four judges continuously. Each judge has its own running neutral, which stands still while that judge follows a movement.
#[derive(Debug)]
pub struct ActionSpotter {
    params: Params,
    judges: Judges,
    neutrals: [(Action, Neutral); Action::ALL.len()],
    /// Head movements of one action close together are one event (a nod that overshoots, a shake that goes on).
    open: Vec<Spotted>,
}

#[derive(Debug, Default)]
struct Neutral {
    memory: VecDeque<Sample>,
    recent: VecDeque<Sample>,
    current: Option<Baseline>,
    since_busy: Option<Millis>,
}

impl ActionSpotter {
    /// Two movements of the same action closer than this are reported as one.
    const JOIN: Millis = Millis(600);

    /// Starts with no neutral; the first is made of the first samples.
    #[must_use]
    pub fn new(params: &Params) -> Self {
        Self {
            params: params.clone(),
            judges: Judges::new(&params.judge),
            neutrals: Action::ALL.map(|action| (action, Neutral::default())),
            open: Vec::new(),
        }
    }

    /// Takes the next sample in time order and returns the actions known to be over.
    pub fn feed(&mut self, sample: &Sample) -> Vec<Spotted> {
        let neutrals = &self.neutrals;
        let judged = self.judges.feed_each(sample, |action| neutrals.iter().find(|(a, _)| *a == action).and_then(|(_, n)| n.current));
        for (action, neutral) in &mut self.neutrals {
            let memory = match action {
                Action::Nod | Action::Shake | Action::Mouth => MEMORY,
                Action::Blink => EYE_MEMORY,
            };
            neutral.learn(sample, self.judges.busy(*action), memory, self.params.judge.move_max);
        }
        let p = &self.params.judge;
        let clear: Vec<&Seen> = judged.seen.iter().filter(|s| s.action != Action::Blink && s.is_clear(p)).collect();
        for seen in clear {
            self.join(seen);
        }
        let mut over = self.close_before(sample.t);
        over.extend(judged.blink.map(|blink| Spotted {
            action: Action::Blink,
            deliberate: blink.deliberate,
            t_start: blink.start,
            t_peak: blink.peak,
            t_end: blink.end,
            score: judged.seen.iter().find(|s| s.action == Action::Blink).map_or(0.5, |s| s.score),
        }));
        over
    }

    /// The stream is over: returns what was still open, and a mouth that was opened and held until the end.
    #[must_use]
    pub fn finish(mut self) -> Vec<Spotted> {
        if let Some(held) = self.judges.held_mouth() {
            self.join(&held);
        }
        std::mem::take(&mut self.open)
    }

    fn join(&mut self, seen: &Seen) {
        let fresh = Spotted {
            action: seen.action,
            deliberate: seen.deliberate,
            t_start: seen.t_start,
            t_peak: seen.t_peak,
            t_end: seen.t_end,
            score: seen.score,
        };
        let joins = matches!(seen.action, Action::Nod | Action::Shake);
        let open = self.open.iter_mut().find(|s| joins && s.action == seen.action && seen.t_start.since(s.t_end) <= Self::JOIN);
        match open {
            Some(spotted) => {
                if fresh.score > spotted.score {
                    (spotted.t_peak, spotted.score) = (fresh.t_peak, fresh.score);
                }
                spotted.t_end = fresh.t_end;
            }
            None => self.open.push(fresh),
        }
    }

    /// Events that nothing can be joined to any more, in order of their end.
    fn close_before(&mut self, now: Millis) -> Vec<Spotted> {
        let judges = &self.judges;
        let still_open = |s: &Spotted| judges.busy(s.action) || now.since(s.t_end) <= Self::JOIN;
        let (open, over) = std::mem::take(&mut self.open).into_iter().partition(still_open);
        self.open = open;
        over
    }
}

impl Neutral {
    fn learn(&mut self, sample: &Sample, busy: bool, memory: Millis, move_max: Millis) {
        push(&mut self.recent, sample, NEW_POSTURE);
        if !busy {
            self.since_busy = None;
            push(&mut self.memory, sample, memory);
        } else if sample.t.since(*self.since_busy.get_or_insert(sample.t)) > move_max {
            // The person took a new posture and stayed.
            self.memory = self.recent.clone();
            self.since_busy = None;
        } else {
            return;
        }
        self.current = Baseline::of(self.memory.make_contiguous(), EYE_QUANTILE).or(self.current);
    }
}

fn push(queue: &mut VecDeque<Sample>, sample: &Sample, span: Millis) {
    queue.push_back(*sample);
    while queue.front().is_some_and(|first| sample.t.since(first.t) > span) {
        queue.pop_front();
    }
}
