//! After the last action: only the network is left. Both states exist only with the proof of every action.

use super::State;
use crate::{
    io::{Effect, StateName},
    outcome::verdict,
    shared::Shared,
    timer::Timer,
    tokens::AllPassed,
};

/// Uploads run, finalise follows.
#[derive(Debug)]
pub(crate) struct Submit {
    all: AllPassed,
}

/// Everything is sent.
#[derive(Debug)]
pub(crate) struct AwaitVerdict {
    all: AllPassed,
}

impl Submit {
    pub(crate) fn enter(all: AllPassed, shared: &mut Shared) -> State {
        shared.enter(StateName::Submit, shared.params.times.submit);
        // The person has done their part: from here on the network has its own deadlines.
        shared.timers.clear(Timer::Attempt);
        shared.stop_camera();
        shared.effect(Effect::Submit);
        State::Submit(Self { all })
    }

    pub(crate) fn submitted(self, shared: &mut Shared) -> State {
        shared.enter(StateName::AwaitVerdict, shared.params.times.verdict);
        State::AwaitVerdict(AwaitVerdict { all: self.all })
    }

    pub(crate) fn verdict(self, code: u32, message: String, shared: &mut Shared) -> State {
        shared.close(verdict(&self.all, code, message))
    }
}

impl AwaitVerdict {
    pub(crate) fn verdict(self, code: u32, message: String, shared: &mut Shared) -> State {
        shared.close(verdict(&self.all, code, message))
    }
}
