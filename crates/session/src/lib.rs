//! Sans-IO liveness session: observations and time in, events and effects out.
//!
//! Fully deterministic: never reads a clock or a random source, never touches pixels, network or JS.
//! One call in, one value out.
#![forbid(unsafe_code)]

pub mod action;
mod best;
pub mod cues;
mod evidence;
mod gate;
mod guide;
pub mod io;
mod outcome;
mod params;
mod sample;
mod session;
mod shared;
mod spare;
mod state;
mod stream;
mod timer;
mod tokens;
mod watch;

pub use action::{ActionPassed, ActionSpotter, NotMeasuredReason, Spotted, WindowVerdict, evidence, judge_window};

pub use best::frame_score;
pub use gate::alignment_hint;
pub use io::{CameraFault, Challenge, Effect, Event, FrameId, Guidance, Input, NetworkFault, Outcome, Output, Plan, StateName};
pub use params::{EvidenceParams, GateParams, JudgeParams, Params, TimeParams};
pub use sample::{Baseline, Sample};
pub use session::Session;
pub use stream::{Lie, PictureWatch, Stream, TurnWatch};
