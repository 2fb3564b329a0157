//! Test helpers: synthetic faces, scripted motion, and a driver that plays camera, person and server for a session.
//!
//! Dev-dependency only. Everything is deterministic: times are arguments, randomness is a seed, and a failing run prints its seed.
#![allow(clippy::panic, clippy::expect_used, reason = "for tests only: a scenario with a mistake in it ends its test")]
#![forbid(unsafe_code)]

mod drive;
mod face;
mod rng;
mod track;

pub use drive::{Drive, Trace};
pub use face::SyntheticFace;
pub use rng::Rng;
pub use track::{Track, gesture};
