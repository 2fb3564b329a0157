//! Mouth: opened (not just parted by talking or smiling), held for a moment, and shut again.

use super::judges::{Seen, score};
use crate::{
    params::JudgeParams,
    sample::{Baseline, Sample},
};
use faceid_protocol::{Action, Millis};

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct MouthJudge {
    state: State,
    last: Option<Millis>,
}

#[derive(Debug, Clone, Default, PartialEq)]
enum State {
    #[default]
    Unarmed,
    Shut(Millis),
    Parted(Opening),
}

#[derive(Debug, Clone, PartialEq)]
struct Opening {
    start: Millis,
    /// Sample before the current run of wide-open samples, the run's first, and its last.
    run: Option<(Millis, Millis, Millis)>,
    /// Longest held run so far, and the samples around it.
    held: Millis,
    keys: Vec<Millis>,
    peak: f32,
    t_peak: Millis,
}

impl MouthJudge {
    pub(super) fn feed(&mut self, sample: &Sample, baseline: &Baseline, p: &JudgeParams) -> Option<Seen> {
        let rise = sample.mouth? - baseline.mouth?;
        let before = self.last.replace(sample.t);
        if before.is_some_and(|last| sample.t.since(last) > p.gap) {
            self.state = State::Unarmed;
        }
        let shut = rise <= p.mouth_shut;
        match &mut self.state {
            State::Unarmed if shut => self.state = State::Shut(sample.t),
            State::Unarmed => {}
            State::Shut(since) if shut => *since = sample.t,
            State::Shut(since) => {
                let mut opening = Opening { start: *since, run: None, held: Millis(0), keys: Vec::new(), peak: rise, t_peak: sample.t };
                opening.extend(sample, rise, *since, p);
                self.state = State::Parted(opening);
            }
            State::Parted(opening) if !shut => {
                opening.extend(sample, rise, before.unwrap_or(sample.t), p);
                if sample.t.since(opening.start) > p.move_max {
                    self.state = State::Unarmed;
                }
            }
            State::Parted(opening) => {
                opening.end_run(sample.t);
                let seen = opening.judge(sample.t, p);
                self.state = State::Shut(sample.t);
                return seen;
            }
        }
        None
    }

    /// The opening in hand, as if the mouth shut now.
    pub(super) fn held(&self, p: &JudgeParams) -> Option<Seen> {
        let State::Parted(opening) = &self.state else { return None };
        let mut opening = opening.clone();
        let end = self.last?;
        opening.end_run(end);
        opening.judge(end, p)
    }

    pub(super) fn busy(&self) -> bool {
        matches!(self.state, State::Parted(_))
    }

    pub(super) fn progress(&self, p: &JudgeParams) -> f32 {
        match &self.state {
            State::Parted(opening) => (opening.peak / p.mouth_open).clamp(0.0, 1.0) * 0.8,
            State::Unarmed | State::Shut(_) => 0.0,
        }
    }
}

impl Opening {
    fn extend(&mut self, sample: &Sample, rise: f32, before: Millis, p: &JudgeParams) {
        if rise > self.peak {
            (self.peak, self.t_peak) = (rise, sample.t);
        }
        let wide = rise >= p.mouth_open && sample.mouth_aspect.is_none_or(|aspect| aspect >= p.mouth_aspect);
        match &mut self.run {
            Some((_, _, last)) if wide => *last = sample.t,
            Some(_) => self.end_run(sample.t),
            None if wide => self.run = Some((before, sample.t, sample.t)),
            None => {}
        }
    }

    /// A run lasts from halfway to its first sample until halfway past its last: the best estimate on sparse samples.
    fn end_run(&mut self, after: Millis) {
        if let Some((before, first, last)) = self.run.take() {
            let held = halfway_span(before, first, last, after);
            if held > self.held {
                self.held = held;
                self.keys = vec![before, first, last, after];
            }
        }
    }

    fn judge(&self, end: Millis, p: &JudgeParams) -> Option<Seen> {
        let duration = end.since(self.start);
        (self.held >= p.mouth_hold && duration >= p.move_min && duration <= p.move_max).then(|| Seen {
            action: Action::Mouth,
            deliberate: true,
            t_start: self.start,
            t_peak: self.t_peak,
            t_second: None,
            t_end: end,
            keys: self.keys.clone(),
            reach: self.peak,
            score: score(self.peak, p.mouth_open),
        })
    }
}

/// Duration of a state seen in samples `first..=last`, absent in the samples `before` and `after`.
pub(super) fn halfway_span(before: Millis, first: Millis, last: Millis, after: Millis) -> Millis {
    Millis((last.0 + after.0).saturating_sub(before.0 + first.0) / 2)
}
