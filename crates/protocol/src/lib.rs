//! Error taxonomy and wire messages shared by browser and cloud.
//!
//! Leaf crate: it depends on serde and nothing else, does no I/O, reads no clock and knows no cryptography.
//! What has to be agreed byte for byte (MAC input, transcript chaining, header names) is stated here as pure functions.
#![forbid(unsafe_code)]

mod action;
pub mod codes;
pub mod framing;
pub mod text;
mod time;
pub mod wire;

pub use action::{Action, ParseActionError};
pub use time::Millis;
