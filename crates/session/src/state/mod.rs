//! The states, one struct each: what is known while waiting for one thing.

mod act;
mod align;
mod calibrate;
mod finish;
mod setup;
mod wait;

pub(crate) use act::Act;
pub(crate) use align::AlignFace;
pub(crate) use calibrate::Calibrate;
pub(crate) use finish::{AwaitVerdict, Submit};
pub(crate) use setup::{NotStarted, WaitCamera};
pub(crate) use wait::{AwaitChallenge, Commit};

use crate::{
    gate::Strictness,
    io::{NetworkFault, StateName},
    outcome::Ending,
    shared::Shared,
    timer::Timer,
};

/// Where the session is.
#[derive(Debug)]
pub(crate) enum State {
    NotStarted(NotStarted),
    WaitCamera(WaitCamera),
    AlignFace(AlignFace),
    Calibrate(Calibrate),
    AwaitChallenge(AwaitChallenge),
    Act(Box<Act>),
    Commit(Commit),
    Submit(Submit),
    AwaitVerdict(AwaitVerdict),
    Closed,
}

impl State {
    pub(crate) fn name(&self) -> StateName {
        match self {
            Self::NotStarted(_) => StateName::NotStarted,
            Self::WaitCamera(_) => StateName::WaitCamera,
            Self::AlignFace(_) => StateName::AlignFace,
            Self::Calibrate(_) => StateName::Calibrate,
            Self::AwaitChallenge(_) => StateName::AwaitChallenge,
            Self::Act(_) => StateName::Act,
            Self::Commit(_) => StateName::Commit,
            Self::Submit(_) => StateName::Submit,
            Self::AwaitVerdict(_) => StateName::AwaitVerdict,
            Self::Closed => StateName::Closed,
        }
    }

    /// How frames are judged here; `None` where frames mean nothing.
    pub(crate) fn strictness(&self) -> Option<Strictness> {
        match self {
            Self::AlignFace(_) => Some(Strictness::Align),
            Self::Calibrate(_) => Some(Strictness::Neutral),
            Self::AwaitChallenge(_) | Self::Act(_) | Self::Commit(_) => Some(Strictness::Act),
            Self::NotStarted(_) | Self::WaitCamera(_) | Self::Submit(_) | Self::AwaitVerdict(_) | Self::Closed => None,
        }
    }

    /// Whether the camera's fate matters here.
    pub(crate) fn needs_camera(&self) -> bool {
        matches!(self, Self::WaitCamera(_)) || self.strictness().is_some()
    }

    /// Whether the engine's fate matters here: it may be loading before the start.
    pub(crate) fn needs_engine(&self) -> bool {
        matches!(self, Self::NotStarted(_)) || self.needs_camera()
    }

    /// A deadline has passed.
    pub(crate) fn on_timer(self, timer: Timer, shared: &mut Shared) -> Self {
        match timer {
            Timer::Attempt => shared.end(Ending::TimedOut),
            Timer::Hidden | Timer::SeveralFaces => shared.end(Ending::Abandoned),
            Timer::NoFace => shared.end(Ending::NoFace),
            Timer::Stall => shared.end(Ending::Camera(crate::io::CameraFault::Stalled)),
            Timer::Guidance => self,
            Timer::State => match self {
                Self::NotStarted(_) => shared.end(Ending::InitFailed),
                Self::WaitCamera(_) => shared.end(Ending::Camera(crate::io::CameraFault::Stalled)),
                Self::AlignFace(_) if !shared.seen_face() => shared.end(Ending::NoFace),
                Self::AlignFace(_) | Self::Act(_) => shared.end(Ending::TimedOut),
                Self::Calibrate(_) => AlignFace::enter(shared),
                Self::AwaitChallenge(_) | Self::Commit(_) | Self::Submit(_) | Self::AwaitVerdict(_) => shared.end(Ending::Network),
                Self::Closed => Self::Closed,
            },
        }
    }

    /// The network gave up: whatever is under way (start-up, uploads in the background, finalising) cannot be completed.
    pub(crate) fn on_network(self, fault: NetworkFault, shared: &mut Shared) -> Self {
        match (self, fault) {
            (Self::Closed, _) => Self::Closed,
            (
                Self::NotStarted(_)
                | Self::WaitCamera(_)
                | Self::AlignFace(_)
                | Self::Calibrate(_)
                | Self::AwaitChallenge(_)
                | Self::Act(_)
                | Self::Commit(_)
                | Self::Submit(_)
                | Self::AwaitVerdict(_),
                NetworkFault::Unreachable | NetworkFault::TimedOut | NetworkFault::BadReply,
            ) => shared.end(Ending::Network),
        }
    }
}
