//! Sans-IO liveness session: observations and time in, events and effects out.
//!
//! Fully deterministic: never reads a clock or a random source, never touches pixels, network or JS.
//! One call in, one value out.
#![forbid(unsafe_code)]

pub mod action;
pub mod io;
mod params;
mod sample;

pub use action::{ActionPassed, ActionSpotter, NotMeasuredReason, Spotted, WindowVerdict, judge_window};

pub use io::{CameraFault, Challenge, Effect, Event, FrameId, Guidance, Input, NetworkFault, Outcome, Output, Plan, StateName};
pub use params::{JudgeParams, Params};
pub use sample::{Baseline, Sample};
