//! Attack cues that landmark sequences alone can give. They measure; what a figure means is decided by whoever judges.

mod jaw;
mod models;
mod parallax;

pub use jaw::{Jaw, jaw};
pub use parallax::{Parallax, ParallaxParams, Unmeasured, parallax};
