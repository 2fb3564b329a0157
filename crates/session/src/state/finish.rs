//! After the last action: only the network is left. Both states exist only with the proof of every action.

use super::State;
use crate::{
    io::{Effect, Event, StateName},
    outcome::verdict,
    shared::Shared,
    timer::Timer,
    tokens::AllPassed,
};

/// Uploads run, finalise follows.
#[derive(Debug)]
pub(crate) struct Submit {
    all: AllPassed,
    /// Share of the evidence that the page has been told of.
    told: Option<f32>,
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
        Self { all, told: None }.uploaded(shared)
    }

    /// Says how much has arrived. Nothing that the glue counts makes the bar go back.
    pub(crate) fn uploaded(mut self, shared: &mut Shared) -> State {
        if let Some(fraction) = shared.uploaded.filter(|now| self.told.is_none_or(|told| *now > told)) {
            self.told = Some(fraction);
            shared.event(Event::Upload { fraction });
        }
        State::Submit(self)
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
