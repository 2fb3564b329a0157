//! A circuit breaker: a source that keeps failing is left alone for a while, then tried by one caller.

use faceid_protocol::Millis;
use serde::Deserialize;

/// When to stop asking, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BreakerParams {
    /// Questions in a row that failed after all their attempts.
    pub failures: u32,
    /// How long nobody asks then, seconds.
    pub open_s: u64,
}

impl Default for BreakerParams {
    /// Five failed questions of up to 12 s each are no hiccup; half a minute is a short time for the source to come back.
    fn default() -> Self {
        Self { failures: 5, open_s: 30 }
    }
}

/// State of one source.
#[derive(Debug, Clone)]
pub struct Breaker {
    params: BreakerParams,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Everybody asks; so many failed in a row.
    Closed { failures: u32 },
    /// Nobody asks until then.
    Open { until: Millis },
    /// One caller asks on trial; when it never reports back, another may try at that moment.
    Trial { until: Millis },
}

impl Breaker {
    /// Closed.
    #[must_use]
    pub fn new(params: BreakerParams) -> Self {
        Self { params, state: State::Closed { failures: 0 } }
    }

    /// May this caller ask? Who gets `true` must report with [`Self::report`].
    pub fn may_ask(&mut self, now: Millis) -> bool {
        match self.state {
            State::Closed { .. } => true,
            State::Open { until } | State::Trial { until } if now < until => false,
            State::Open { .. } | State::Trial { .. } => {
                self.state = State::Trial { until: self.later(now) };
                true
            }
        }
    }

    /// How the question went. A success closes the breaker whatever its state.
    pub fn report(&mut self, succeeded: bool, now: Millis) {
        self.state = match (succeeded, self.state) {
            (true, _) => State::Closed { failures: 0 },
            (false, State::Closed { failures }) if failures + 1 < self.params.failures => State::Closed { failures: failures + 1 },
            (false, State::Closed { .. } | State::Trial { .. }) => State::Open { until: self.later(now) },
            // A straggler from before the breaker opened prolongs nothing.
            (false, open @ State::Open { .. }) => open,
        };
    }

    /// True while nobody is let through.
    #[must_use]
    pub fn is_open(&self, now: Millis) -> bool {
        match self.state {
            State::Closed { .. } => false,
            State::Open { until } | State::Trial { until } => now < until,
        }
    }

    fn later(&self, now: Millis) -> Millis {
        now.plus(Millis(self.params.open_s * 1000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Breaker {
        Breaker::new(BreakerParams { failures: 3, open_s: 30 })
    }

    fn fail(breaker: &mut Breaker, times: u32, now: u64) {
        for _ in 0..times {
            breaker.report(false, Millis(now));
        }
    }

    #[test]
    fn it_opens_after_failures_in_a_row_only() {
        let mut b = breaker();
        fail(&mut b, 2, 0);
        b.report(true, Millis(0));
        fail(&mut b, 2, 0);
        assert!(b.may_ask(Millis(0)), "a success in between starts the count again");
        fail(&mut b, 1, 0);
        assert!(!b.may_ask(Millis(0)) && b.is_open(Millis(0)), "the third in a row opens it");
    }

    #[test]
    fn one_caller_tries_and_decides() {
        let mut b = breaker();
        fail(&mut b, 3, 0);
        assert!(!b.may_ask(Millis(29_999)), "not yet");
        assert!(b.may_ask(Millis(30_000)), "one may try");
        assert!(!b.may_ask(Millis(30_000)), "one only");
        b.report(false, Millis(31_000));
        assert!(!b.may_ask(Millis(60_999)) && b.may_ask(Millis(61_000)), "a failed trial opens it for the whole time again");
        b.report(true, Millis(61_500));
        assert!(b.may_ask(Millis(61_500)) && b.may_ask(Millis(61_500)), "a good one closes it");
    }

    #[test]
    fn a_trial_that_never_reports_does_not_block_for_ever() {
        let mut b = breaker();
        fail(&mut b, 3, 0);
        assert!(b.may_ask(Millis(30_000)), "trial");
        assert!(!b.may_ask(Millis(59_999)) && b.may_ask(Millis(60_000)), "the next one after the same time");
    }

    #[test]
    fn stragglers_prolong_nothing() {
        let mut b = breaker();
        fail(&mut b, 3, 0);
        fail(&mut b, 10, 20_000);
        assert!(b.may_ask(Millis(30_000)), "still half a minute from the opening");
    }
}
