//! The simulated person: a portrait that nods, shakes its head, blinks and opens its mouth when told to.
//!
//! The **photo puppet** takes one photograph and its 468 landmarks (x, y, z), joins them with rings of points around the head into a
//! triangle mesh, turns the mesh in depth and draws it, with lids that cover the eyes and an inner mouth, as a camera with noise and
//! light of its own would see it. Every frame comes with the truth it was drawn from.
//!
//! The **solid head** wears the same portrait on a head with its own depth, before a backdrop that does not move with it. **Photographs in
//! hands** ([`PhotoCard`]) are what attackers hold up. All are a [`Body`]: they draw any [`Truth`], of a live [`Person`] or of a [`Routine`].
//!
//! Pure: time and seed are arguments; the same portrait, seed, prompts and time give the same frame. Landmarks are found natively by
//! the command `faceid-sim prepare` (feature `cli`); the page harness draws with the feature `web`.
#![forbid(unsafe_code)]

mod backdrop;
mod camera;
mod card;
mod deform;
mod gesture;
mod mesh;
mod overlay;
mod person;
mod persona;
mod portrait;
mod puppet;
mod raster;
mod rng;
mod routine;
mod solid;
mod topology;
#[cfg(feature = "web")]
mod web;

pub use camera::View;
pub use card::{PhotoCard, Presentation};
pub use gesture::{Cue, Gesture, Script, ScriptError};
pub use person::{Body, Person};
pub use persona::{Persona, Truth};
pub use portrait::{LANDMARKS, Portrait, PortraitError};
pub use puppet::{PhotoMesh, Puppet};
pub use routine::{Blink, Doing, Passage, Routine};
pub use solid::{HeadShape, Proportions, ShapeError, SolidBody, SolidError, SolidHead};
