//! Evidence for the four actions from the measures of the last seconds: a small network of our own (`models/action`).
//!
//! The window holds measures at their own time stamps, thinned but never averaged or interpolated, relative to medians of the window itself:
//! no calibration has to be known here. The network answers for the newest frame whether an arc neutral -> peak -> neutral has just ended.

#[cfg(feature = "onnx")]
mod network;
mod window;

#[cfg(feature = "onnx")]
pub use network::ActionNet;
pub use window::{ACTION_CHANNELS, ACTION_FRAMES, ActionMeasures, ActionRing};

/// Evidence 0..1 per action that its arc ended with, or within half a second before, the newest frame.
/// `None` = not measured: what the action is judged by was missing in most of the window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ActionScores {
    /// Pitch away and back.
    pub nod: Option<f32>,
    /// Yaw to one side, the other, and back.
    pub shake: Option<f32>,
    /// Deliberate blink: a held closure or two in quick succession.
    pub blink: Option<f32>,
    /// Mouth opened, held, shut.
    pub mouth: Option<f32>,
}
