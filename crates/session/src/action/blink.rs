//! Blink: both eyes shut and open again. Spontaneous blinks are reported, deliberate ones (long, or two in quick succession) are actions.

use super::{
    judges::{Blink, Seen, score},
    mouth::halfway_span,
};
use crate::{
    params::JudgeParams,
    sample::{Baseline, Sample, quantile},
};
use faceid_protocol::{Action, Millis};
use std::collections::VecDeque;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct BlinkJudge {
    state: State,
    last: Option<Millis>,
    /// Relative openness of the last moments, for the level that counts as open now.
    recent: VecDeque<(Millis, f32)>,
    /// The closure before, as a candidate for a pair.
    previous: Option<Earlier>,
}

#[derive(Debug, Clone, PartialEq)]
struct Earlier {
    blink: Blink,
    held: Millis,
    depth: f32,
    keys: Vec<Millis>,
}

#[derive(Debug, Clone, Default, PartialEq)]
enum State {
    /// Eyes not seen open yet.
    #[default]
    Unarmed,
    /// Open at this time.
    Open(Millis),
    /// Between open and shut.
    Between {
        open: Millis,
        before: Millis,
    },
    Shut(Closure),
}

#[derive(Debug, Clone, PartialEq)]
struct Closure {
    /// Last open sample.
    open: Millis,
    /// Sample before the first shut one.
    before: Millis,
    first: Millis,
    last: Millis,
    lowest: f32,
    t_lowest: Millis,
    /// First sample after the last shut one.
    after: Option<Millis>,
    /// Open level before it.
    level: f32,
}

impl BlinkJudge {
    /// Returns a closure that ended with this sample, and the deliberate blink it completed, if any.
    pub(super) fn feed(&mut self, sample: &Sample, baseline: &Baseline, p: &JudgeParams) -> (Option<Blink>, Option<Seen>) {
        let Some((mean, larger)) = sample.eyes_relative(baseline) else {
            return (None, None);
        };
        let t = sample.t;
        let before = self.last.replace(t);
        if before.is_some_and(|last| t.since(last) > p.gap) {
            self.state = State::Unarmed;
        }
        let level = self.level(t, mean, p);
        let shut = mean < p.eye_shut * level && larger < p.eye_each * level;
        let open = mean >= p.eye_open * level;
        match &mut self.state {
            State::Unarmed | State::Open(_) if open => self.state = State::Open(t),
            State::Unarmed => {}
            State::Open(since) if shut => self.state = State::Shut(Closure::new(*since, *since, t, mean, level)),
            State::Open(since) => self.state = State::Between { open: *since, before: t },
            State::Between { .. } if open => self.state = State::Open(t),
            State::Between { open, before } => {
                if shut && t.since(*open) <= p.blink_onset {
                    self.state = State::Shut(Closure::new(*open, *before, t, mean, level));
                } else if t.since(*open) > p.blink_onset {
                    // Lids that sink slowly follow the gaze downwards.
                    self.state = State::Unarmed;
                } else {
                    *before = t;
                }
            }
            State::Shut(closure) => {
                if t.since(closure.open) > p.blink_max {
                    self.state = State::Unarmed;
                } else if open && t.since(closure.open) < p.blink_min {
                    self.state = State::Open(t);
                } else if open {
                    let closure = closure.clone();
                    self.state = State::Open(t);
                    return self.finish(&closure, t, p);
                } else if shut {
                    closure.extend(t, mean);
                } else {
                    closure.after.get_or_insert(t);
                }
            }
        }
        (None, None)
    }

    /// The openness that counts as open at this moment: lower than the person's neutral while they smile or look down, frozen during a closure.
    fn level(&mut self, t: Millis, mean: f32, p: &JudgeParams) -> f32 {
        if let State::Shut(closure) = &self.state {
            return closure.level;
        }
        self.recent.push_back((t, mean));
        while self.recent.front().is_some_and(|(first, _)| t.since(*first) > p.eye_memory) {
            self.recent.pop_front();
        }
        quantile(self.recent.iter().map(|(_, open)| *open), 0.75).unwrap_or(1.0).clamp(p.eye_level, 1.0)
    }

    fn finish(&mut self, closure: &Closure, end: Millis, p: &JudgeParams) -> (Option<Blink>, Option<Seen>) {
        let after = closure.after.unwrap_or(end);
        let held = halfway_span(closure.before, closure.first, closure.last, after);
        let long = held >= p.blink_hold;
        let reach = 1.0 - closure.lowest / closure.level;
        let depth = score(reach, 1.0 - p.eye_shut);
        let partner = self.previous.take().filter(|earlier| {
            !earlier.blink.deliberate
                && closure.open.since(earlier.blink.end) <= p.blink_pair_gap
                && held.min(earlier.held) >= p.blink_pair_each
                && held.plus(earlier.held) >= p.blink_pair_hold
        });
        let blink = Blink { start: closure.open, peak: closure.t_lowest, end, deliberate: long || partner.is_some() };
        let keys = vec![closure.open, closure.before, closure.first, closure.last, after, end];
        self.previous = Some(Earlier { blink, held, depth, keys: keys.clone() });
        let seen = match partner {
            Some(first) if !long => Some(Seen {
                action: Action::Blink,
                deliberate: true,
                t_start: first.blink.start,
                t_peak: first.blink.peak,
                t_second: Some(blink.peak),
                t_end: end,
                keys: [first.keys, keys].concat(),
                reach,
                score: depth.min(first.depth),
            }),
            Some(_) | None => long.then_some(Seen {
                action: Action::Blink,
                deliberate: true,
                t_start: blink.start,
                t_peak: blink.peak,
                t_second: None,
                t_end: end,
                keys,
                reach,
                score: depth,
            }),
        };
        (Some(blink), seen)
    }

    pub(super) fn busy(&self) -> bool {
        matches!(self.state, State::Between { .. } | State::Shut(_))
    }

    pub(super) fn progress(&self) -> f32 {
        match self.state {
            State::Shut(_) => 0.8,
            State::Unarmed | State::Open(_) | State::Between { .. } => 0.0,
        }
    }
}

impl Closure {
    fn new(open: Millis, before: Millis, t: Millis, mean: f32, level: f32) -> Self {
        Self { open, before, first: t, last: t, lowest: mean, t_lowest: t, after: None, level }
    }

    fn extend(&mut self, t: Millis, mean: f32) {
        self.last = t;
        self.after = None;
        if mean < self.lowest {
            (self.lowest, self.t_lowest) = (mean, t);
        }
    }
}
