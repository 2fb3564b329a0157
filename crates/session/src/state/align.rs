//! Brings the face into place.

use super::{Calibrate, State};
use crate::{
    io::StateName,
    shared::{Look, Shared},
};
use faceid_protocol::Millis;

/// Waits for a face that is well placed for a moment.
#[derive(Debug)]
pub(crate) struct AlignFace {
    good_since: Option<Millis>,
}

impl AlignFace {
    pub(crate) fn enter(shared: &mut Shared) -> State {
        shared.enter(StateName::AlignFace, shared.params.times.align);
        State::AlignFace(Self { good_since: None })
    }

    pub(crate) fn look(mut self, look: &Look, shared: &mut Shared) -> State {
        if !look.alone || look.hint.is_some() {
            self.good_since = None;
            return State::AlignFace(self);
        }
        let since = *self.good_since.get_or_insert(look.sample.t);
        if look.sample.t.since(since) >= shared.params.times.aligned {
            return Calibrate::enter(shared);
        }
        State::AlignFace(self)
    }
}
