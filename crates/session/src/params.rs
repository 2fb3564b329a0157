//! Every number of the machine and the judges, with unit, meaning and origin.
//!
//! "Measured" means: on the labelled clips with the MediaPipe detector and landmark networks, see docs/calibration.md.

use faceid_protocol::Millis;

/// All tunables. `Default` is what page, server and lab use.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Params {
    /// Action judges: shared by page, server and lab.
    pub judge: JudgeParams,
}

/// Thresholds of the action judges. Angles in degrees from the person's neutral.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeParams {
    /// Degrees within which the head counts as neutral. Pose noise of a still head measured below 1.5, swaying below 4.
    pub pose_neutral: f32,
    /// Share of the peak within which the head counts as back: people settle a little off their neutral.
    pub pose_back: f32,
    /// Degrees a nod must reach, up or down. Commanded nods measured 14 to 22; asking for 30 shuts out stiff necks.
    pub nod_peak: f32,
    /// Degrees a shake must reach on each side.
    pub shake_side: f32,
    /// Degrees between the two ends of a shake. Small shakes measured 25 to 30, sideways translation up to 18.
    pub shake_range: f32,
    /// Largest share of the other axis' range in a nod or shake: diagonal moves are neither.
    pub cross_share: f32,
    /// Most sideways travel of the face per degree of yaw, in face heights: turning on the neck measured 0.009, translation 0.04.
    pub travel_per_degree: f32,
    /// A head back in neutral this long has finished its movement.
    pub settle: Millis,
    /// Pause in the middle of a shake (after one side) that is still the same shake.
    pub shake_pause: Millis,
    /// Shortest nod, shake or mouth from leaving neutral to being back; faster is a tracking jump.
    pub move_min: Millis,
    /// Longest nod, shake or mouth; slower does not fit an evidence window.
    pub move_max: Millis,
    /// Relative eye openness below which an eye is shut.
    pub eye_shut: f32,
    /// Relative openness above which it is open again.
    pub eye_open: f32,
    /// Both eyes must be below this in a closure: winks are none.
    pub eye_each: f32,
    /// Longest time from open to shut: a blink closes in 100 to 150 ms, lids that follow a lowered gaze take longer.
    pub blink_onset: Millis,
    /// Closed phase from which a single blink is on purpose. Spontaneous closed phases measured up to 200 ms.
    pub blink_hold: Millis,
    /// Two closures inside this span are on purpose.
    pub blink_pair: Millis,
    /// Longest closure that is still a blink.
    pub blink_max: Millis,
    /// Rise of the lip gap (in outer eye distances) of an open mouth. Talking measured 0.10 to 0.15 with short peaks to 0.23, opening 0.23 to 0.46.
    pub mouth_open: f32,
    /// Rise below which the mouth is shut again.
    pub mouth_shut: f32,
    /// Least gap / width of the opened inner lips: opening measured 0.55 to 0.75, a toothy smile 0.27, talking mostly below 0.35.
    pub mouth_aspect: f32,
    /// How long the mouth must stay open.
    pub mouth_hold: Millis,
    /// A pause between measured samples after which no movement can be followed.
    pub gap: Millis,
    /// Degrees by which the neutral head may drift from the calibrated one.
    pub drift: f32,
    /// Fewest frames of an evidence window.
    pub window_frames: usize,
    /// Longest gap between frames of an evidence window.
    pub window_gap: Millis,
    /// Least share of an evidence window's frames in which the judged channel was measured.
    pub window_measured: f32,
}

impl JudgeParams {
    /// Fewest samples that make a neutral.
    pub const BASELINE_MIN: usize = 4;
    /// Eye openness below which a "neutral" eye is taken for shut or mismeasured.
    pub const EYE_FLOOR: f32 = 0.35;
}

impl Default for JudgeParams {
    fn default() -> Self {
        Self {
            pose_neutral: 5.0,
            pose_back: 0.35,
            nod_peak: 10.0,
            shake_side: 9.0,
            shake_range: 22.0,
            cross_share: 0.6,
            travel_per_degree: 0.022,
            settle: Millis(80),
            shake_pause: Millis(900),
            move_min: Millis(200),
            move_max: Millis(4000),
            eye_shut: 0.60,
            eye_open: 0.75,
            eye_each: 0.80,
            blink_onset: Millis(250),
            blink_hold: Millis(200),
            blink_pair: Millis(2000),
            blink_max: Millis(2000),
            mouth_open: 0.14,
            mouth_shut: 0.06,
            mouth_aspect: 0.38,
            mouth_hold: Millis(200),
            gap: Millis(500),
            drift: 8.0,
            window_frames: 12,
            window_gap: Millis(200),
            window_measured: 0.75,
        }
    }
}
