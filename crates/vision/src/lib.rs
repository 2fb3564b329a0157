//! Pixels to [`Observation`]: detector, landmarks, head pose, eye and mouth openness, image quality.
//!
//! One frame flows through: letterbox -> detector -> region of interest -> crop -> landmark network -> 468 points in frame pixels
//! -> pose, eyes, mouth, quality. While a face is followed, its last landmarks give the region and the detector rests.
//!
//! Stateless per frame: what tracking needs is a value passed in and out ([`TrackState`]). No clock, no randomness, no JS.
//! The types and the whole pipeline are always there; the feature `infer` adds the networks from compact files
//! ([`Models::from_bytes`]), `onnx` those from ONNX files, and `decode` the image codecs.
//!
//! Determinism: the same build gives the same observation for the same frame and state. Between native and wasm32 the networks sum in another
//! order. Measured over 278 tracked frames (x86-64 with AVX2 against wasm simd128): landmarks within 0.0004 px, angles within 0.0002 degrees,
//! eyes and mouth within 0.00002, the same values absent. Allow ten times as much.
#![forbid(unsafe_code)]

mod action;
#[cfg(feature = "decode")]
mod codec;
mod colours;
mod cover;
mod detect;
mod error;
mod frame;
mod geometry;
#[cfg(feature = "infer")]
mod infer;
mod landmarks;
mod math;
mod measure;
mod model;
mod observation;
#[cfg(feature = "onnx")]
mod onnx;
mod params;
mod picture;
mod planes;
mod points;
mod pose;
mod quality;
mod resample;
mod roi;
mod shelf;
mod still;
#[cfg(test)]
mod synthetic;
mod track;

#[cfg(feature = "onnx")]
pub use action::ActionNet;
pub use action::{ACTION_CHANNELS, ACTION_FRAMES, ActionMeasures, ActionRing, ActionScores};
#[cfg(feature = "decode")]
pub use codec::{BEST_BYTES, DecodeError, DecodeLimits, EncodeError, FRAME_BYTES, decode, encode_best, encode_jpeg, encode_window};
pub use colours::Coding;
pub use detect::{DetectedFace, detect_faces};
pub use error::{ModelError, ModelRole, VisionError};
pub use frame::{Frame, FrameError, MAX_SIDE, Orientation, QuarterTurn};
pub use geometry::Geometry;
pub use model::{
    ANCHOR_COUNT, DETECTOR_SIDE, DetectorOutput, LANDMARK_COUNT, LANDMARK_SIDE, LandmarkOutput, Models, Networks, REGRESSOR_LEN,
};
pub use observation::{BoundingBox, EyeOpenness, Face, Observation, Point2, Point3, Pose, Quality};
pub use params::Params;
pub use picture::{GreyTest, PictureStats};
pub use planes::{PlaneFormat, PlaneLayout, Planes, Shrinker};
pub use points::{LANDMARKS_IN_PAGE, LANDMARKS_IN_USE};
pub use pose::{Fit, RIGID, fit};
pub use roi::Roi;
pub use shelf::{Picture, Shelved};
pub use still::{Upright, observe_still, observe_still_any_turn};
pub use track::{TrackState, observe};
