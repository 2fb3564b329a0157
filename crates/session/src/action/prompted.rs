//! One prompted action: the judges from the prompt on, with reaction time, wrong actions and the drifting neutral.

use super::{
    ActionPassed,
    judges::{Blink, Judges, Seen},
};
use crate::{
    params::JudgeParams,
    sample::{Baseline, Sample},
};
use faceid_protocol::{Action, Millis};
use std::collections::VecDeque;

/// What one sample showed.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Finding {
    /// The asked action, with its arc.
    pub(crate) passed: Option<(ActionPassed, Seen)>,
    /// The asked action, but sooner after the prompt than a person can.
    pub(crate) too_soon: bool,
    /// Another action; at most once per window.
    pub(crate) wrong: Option<Action>,
    /// A closure of the eyes.
    pub(crate) blink: Option<Blink>,
}

/// Judge of one action window.
#[derive(Debug)]
pub(crate) struct Prompted {
    action: Action,
    prompt: Millis,
    /// Earliest time at which the arc may start.
    earliest_start: Millis,
    /// Earliest time at which it may end.
    earliest_end: Millis,
    /// The neutral at the prompt.
    origin: Baseline,
    /// The neutral now: follows small changes of posture while the head rests.
    baseline: Baseline,
    recent: VecDeque<Sample>,
    judges: Judges,
    wrong: Wrong,
    params: JudgeParams,
}

/// Span of samples that make the resting posture.
const POSTURE: Millis = Millis(1000);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrong {
    None,
    /// Seen while the asked action was under way: counts if that comes to nothing.
    Held(Action),
    Counted,
}

impl Prompted {
    /// `reaction` = shortest human reaction to a prompt; `min` = shortest believable time from prompt to completion, by the server.
    pub(crate) fn new(action: Action, prompt: Millis, reaction: Millis, min: Millis, baseline: Baseline, p: &JudgeParams) -> Self {
        Self {
            action,
            prompt,
            earliest_start: prompt.plus(reaction),
            earliest_end: prompt.plus(min),
            origin: baseline,
            baseline,
            recent: VecDeque::new(),
            judges: Judges::new(p),
            wrong: Wrong::None,
            params: p.clone(),
        }
    }

    /// Takes the next sample; samples from before the prompt are ignored.
    pub(crate) fn feed(&mut self, sample: &Sample) -> Finding {
        if sample.t < self.prompt {
            return Finding::default();
        }
        self.follow_posture(sample);
        let judged = self.judges.feed(sample, &self.baseline);
        let mut finding = Finding { blink: judged.blink, ..Finding::default() };
        for seen in judged.seen {
            if seen.action == self.action {
                // A movement that began before anyone could react was not an answer to this prompt.
                if seen.t_start < self.earliest_start || seen.t_end < self.earliest_end {
                    finding.too_soon = true;
                } else {
                    self.wrong = Wrong::Counted;
                    finding.passed = Some((ActionPassed::from_judge(seen.clone()), seen));
                }
            } else if seen.action != Action::Blink && seen.is_clear(&self.params) && self.wrong == Wrong::None {
                self.wrong = Wrong::Held(seen.action);
            }
        }
        if let Wrong::Held(action) = self.wrong
            && (!self.judges.busy(self.action) || self.action == Action::Blink)
        {
            self.wrong = Wrong::Counted;
            finding.wrong = Some(action);
        }
        finding
    }

    fn follow_posture(&mut self, sample: &Sample) {
        self.recent.push_back(*sample);
        while self.recent.front().is_some_and(|first| sample.t.since(first.t) > POSTURE) {
            self.recent.pop_front();
        }
        if !self.judges.busy(Action::Nod) && !self.judges.busy(Action::Shake) {
            self.baseline = self.origin.recentred(self.recent.make_contiguous(), self.params.drift);
        }
    }

    /// How far the asked movement has come, 0..1.
    pub(crate) fn progress(&self) -> f32 {
        self.judges.progress(self.action)
    }
}
