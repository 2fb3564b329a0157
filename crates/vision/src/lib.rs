//! Pixels to [`Observation`]: detector, landmarks, head pose, eye and mouth openness, image quality.
//!
//! Stateless per frame: what tracking needs is a value passed in and out. No clock, no randomness, no JS.
//! The types are always there; the feature `infer` adds the tract-backed models.
#![forbid(unsafe_code)]

mod frame;
mod observation;

pub use frame::{Frame, FrameError, MAX_SIDE};
pub use observation::{BoundingBox, EyeOpenness, Face, Observation, Point2, Point3, Pose, Quality};
