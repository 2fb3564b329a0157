//! Before the picture: start-up and camera.

use super::{AlignFace, State};
use crate::{
    io::{Plan, StateName},
    outcome::Ending,
    shared::Shared,
};

/// Waits for the server to accept the token.
#[derive(Debug)]
pub(crate) struct NotStarted;

/// Waits for permission, engine and first frame.
#[derive(Debug)]
pub(crate) struct WaitCamera {
    plan: Plan,
}

/// Most actions of a plan.
const MOST_ACTIONS: u32 = 3;

impl NotStarted {
    pub(crate) fn start(self, plan: Plan, shared: &mut Shared) -> State {
        if plan.action_count == 0 || plan.action_count > MOST_ACTIONS {
            return shared.end(Ending::InitFailed);
        }
        shared.open(&plan);
        shared.enter(StateName::WaitCamera, shared.params.times.camera);
        State::WaitCamera(WaitCamera { plan })
    }
}

impl WaitCamera {
    pub(crate) fn ready(self, shared: &mut Shared) -> State {
        shared.plan = Some(self.plan);
        shared.expect_frames();
        AlignFace::enter(shared)
    }
}
