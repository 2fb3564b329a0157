//! Attack cues that landmark sequences alone can give. They measure; what a figure means is decided by whoever judges.

mod models;
mod parallax;

pub use parallax::{Parallax, ParallaxParams, Unmeasured, parallax};
