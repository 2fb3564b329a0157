//! Every number of the machine and the judges, with unit, meaning and origin.
//!
//! "Measured" means: on the labelled clips with the MediaPipe detector and landmark networks, see docs/session.md.

use faceid_protocol::Millis;

/// All tunables. `Default` is what page, server and lab use.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Params {
    /// Action judges: shared by page, server and lab.
    pub judge: JudgeParams,
    /// Picture and placement gate.
    pub gate: GateParams,
    /// Deadlines and dwell times of the session.
    pub times: TimeParams,
    /// Evidence windows.
    pub evidence: EvidenceParams,
}

/// Thresholds of the action judges. Angles in degrees from the person's neutral.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgeParams {
    /// Degrees within which the head counts as neutral. Pose noise of a still head measured below 1.5, swaying below 4.
    pub pose_neutral: f32,
    /// Share of the peak within which the head counts as back: people settle a little off their neutral.
    pub pose_back: f32,
    /// Degrees a nod must reach, up or down. Commanded nods measured 14 to 22, small ones 9; asking for 30 shuts out stiff necks.
    pub nod_peak: f32,
    /// Degrees a shake must reach on each side.
    pub shake_side: f32,
    /// Degrees between the two ends of a shake. Small shakes measured 25 to 30, sideways translation up to 18.
    pub shake_range: f32,
    /// Degrees from which a nod that nobody asked for counts (as a wrong action, and in the lab). Heads that settle, or dip with a blink,
    /// measured up to 10; commanded nods 14 and more, and field practice asks for 10 to 12.
    pub nod_unasked: f32,
    /// The same for the range of a shake. Glances to both sides measured up to 23.
    pub shake_unasked: f32,
    /// Largest share of the other axis' range in a nod or shake: diagonal moves are neither.
    pub cross_share: f32,
    /// Most sideways travel of the face per degree of yaw, in face heights: turning on the neck measured 0.009, translation 0.04.
    pub travel_per_degree: f32,
    /// Largest change of the face's height from before a nod or shake to after it: whoever moves nearer or away also tilts the head.
    pub approach: f32,
    /// A head back in neutral this long has finished its movement.
    pub settle: Millis,
    /// Pause in the middle of a shake (after one side) that is still the same shake.
    pub shake_pause: Millis,
    /// Shortest nod, shake or mouth from leaving neutral to being back; faster is a tracking jump.
    pub move_min: Millis,
    /// Longest nod, shake or mouth; slower does not fit an evidence window.
    pub move_max: Millis,
    /// Span that tells how far open the eyes are at the moment (smiles and a lowered gaze narrow them).
    pub eye_memory: Millis,
    /// Least share of the neutral openness that counts as open at the moment: eyes narrower than this are not open.
    pub eye_level: f32,
    /// Openness below which an eye is shut, relative to how far it is open at the moment. Lids shut on purpose by simulated people that 0.55
    /// missed measured 0.43 to 0.71; chosen by the sweep in docs/session.md.
    pub eye_shut: f32,
    /// Relative openness above which it is open again.
    pub eye_open: f32,
    /// Both eyes must be below this in a closure: winks are none.
    pub eye_each: f32,
    /// Longest time from open to shut: a blink closes in 100 to 150 ms, lids that follow a lowered gaze take longer.
    pub blink_onset: Millis,
    /// Closed phase from which a single blink is on purpose. Spontaneous blinks last 100 to 400 ms from open to open (sources in
    /// models/action/motion.py); this and the three spans for pairs were chosen by the sweep in docs/session.md.
    pub blink_hold: Millis,
    /// Two shorter closures are on purpose together when the eyes were open at most this long between them,
    pub blink_pair_gap: Millis,
    /// each closed phase was at least this long,
    pub blink_pair_each: Millis,
    /// and both together at least this long.
    pub blink_pair_hold: Millis,
    /// Shortest time from the last open to the first open frame; anything quicker is a glitch (natural blinks last 100 to 400 ms).
    pub blink_min: Millis,
    /// Longest closure that is still a blink.
    pub blink_max: Millis,
    /// Rise of the lip gap (in outer eye distances) of an open mouth. Talking measured 0.10 to 0.15 with short peaks to 0.23, opening 0.23 to 0.46.
    pub mouth_open: f32,
    /// Rise below which the mouth is shut again.
    pub mouth_shut: f32,
    /// Least gap / upper-lip width (see [`crate::Sample::mouth_aspect`]). Opening measured 1.4 to 2.9, a toothy smile 1.0, talking mostly
    /// below 1.25.
    pub mouth_aspect: f32,
    /// How long the mouth must stay open.
    pub mouth_hold: Millis,
    /// A pause between measured samples after which no movement can be followed.
    pub gap: Millis,
    /// Least evidence of the action network, where it was asked, over an arc from its peak on. Chosen on simulated sequences that were not
    /// trained on: see the ablation in models/action/README.md.
    pub score_min: f32,
    /// How long after an arc's end that evidence may come.
    pub score_late: Millis,
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

    /// For looking again at a movement that passed once: a tenth less reach and dwell, eyes shut by a twentieth less and for a quarter less (a
    /// frame that falls to the other side moves the span by half the distance of two frames). The second look measures the same frames after JPEG
    /// compression and with a tracker that starts anew, so a movement at the edge of what passed falls to either side of it. When eyes count as
    /// open again stays: half-shut lids would end a closure. How far the two looks lie apart: docs/session.md, "Measured".
    #[must_use]
    pub fn second_look(&self) -> Self {
        const REACH: f32 = 0.9;
        const LIDS: f32 = 0.95;
        let dwell = |span: Millis| Millis(span.0 * 9 / 10);
        let shut = |span: Millis| Millis(span.0 * 3 / 4);
        Self {
            nod_peak: self.nod_peak * REACH,
            shake_side: self.shake_side * REACH,
            shake_range: self.shake_range * REACH,
            cross_share: self.cross_share / REACH,
            travel_per_degree: self.travel_per_degree / REACH,
            eye_shut: self.eye_shut / LIDS,
            eye_each: self.eye_each / LIDS,
            blink_hold: shut(self.blink_hold),
            blink_pair_each: shut(self.blink_pair_each),
            blink_pair_hold: shut(self.blink_pair_hold),
            mouth_open: self.mouth_open * REACH,
            mouth_shut: self.mouth_shut / REACH,
            mouth_aspect: self.mouth_aspect * REACH,
            mouth_hold: dwell(self.mouth_hold),
            ..self.clone()
        }
    }
}

impl Default for JudgeParams {
    fn default() -> Self {
        Self {
            pose_neutral: 5.0,
            pose_back: 0.35,
            nod_peak: 8.0,
            shake_side: 9.0,
            shake_range: 22.0,
            nod_unasked: 11.0,
            shake_unasked: 24.0,
            cross_share: 0.6,
            travel_per_degree: 0.022,
            approach: 1.2,
            settle: Millis(80),
            shake_pause: Millis(900),
            move_min: Millis(200),
            move_max: Millis(4000),
            eye_memory: Millis(600),
            eye_level: 0.85,
            eye_shut: 0.61,
            eye_open: 0.75,
            eye_each: 0.80,
            blink_onset: Millis(250),
            blink_hold: Millis(290),
            blink_pair_gap: Millis(650),
            blink_pair_each: Millis(120),
            blink_pair_hold: Millis(380),
            blink_min: Millis(80),
            blink_max: Millis(2000),
            mouth_open: 0.14,
            mouth_shut: 0.06,
            mouth_aspect: 1.35,
            mouth_hold: Millis(200),
            gap: Millis(500),
            score_min: 0.05,
            score_late: Millis(250),
            drift: 8.0,
            window_frames: 12,
            window_gap: Millis(200),
            window_measured: 0.75,
        }
    }
}

/// Picture and placement gate. Shares are 0..1 as in [`faceid_vision::Quality`]. "Portraits": 37 photographs with one face that looks at the camera, as
/// they are and made worse on purpose (`faceid-lab gates`).
#[derive(Debug, Clone, PartialEq)]
pub struct GateParams {
    /// Least face height / shorter frame side. About 60 px between the outer eye corners at 480 px (field practice: at least 60).
    pub face_min: f32,
    /// Largest face height / shorter frame side: beyond it chin or forehead leave the picture when nodding.
    pub face_max: f32,
    /// Largest distance of the face centre from the frame centre / shorter side.
    pub offset_max: f32,
    /// Largest part of the face beyond an edge of the frame, as a share of the face's size: chin or temple are gone (own choice).
    pub outside_max: f32,
    /// Least mean luma of the face (field practice: 60 of 255; portraits from 0.32, one stop darker from 0.26).
    pub luma_min: f32,
    /// Largest mean luma of the face (field practice: 200 of 255; portraits up to 0.69, twice over-exposed ones from 0.70).
    pub luma_max: f32,
    /// Largest share of burnt-out face pixels (portraits up to 0.001; three stops over-exposed from 0.16).
    pub over_max: f32,
    /// Largest excess of the surroundings' luma over the face's (portraits up to 0.36) ...
    pub back_light_max: f32,
    /// ... of a face darker than this: a well-lit face before a white wall is not back-lit (portraits with an excess over 0.30: from 0.41).
    pub back_lit_luma: f32,
    /// Least sharpness. Portraits from 130, soft webcam clips from 65; blurred by a sixteenth of the outer eye distance: 5 to 30.
    /// Field practice rejects under 50 at a crop size of its own.
    pub sharpness_min: f32,
    /// Least visibility of the eyes (portraits and clips from 0.5; nearly black lenses up to 0.2, see vision's `cover`).
    pub eyes_visible_min: f32,
    /// Least visibility of the mouth. Measured: uncovered mouths from 0.6, rendered ones on small pictures down to 0.34; masks and cups mostly under
    /// 0.3. A hand lies in between (see vision's `cover`): it is let pass, because a warning nobody can obey shuts people out.
    pub mouth_visible_min: f32,
    /// Largest yaw and pitch of a frontal face, degrees (field practice: 15 to 20).
    pub frontal: f32,
    /// Largest roll, degrees.
    pub roll: f32,
    /// Least eye openness of open eyes before the person's own neutral is known. Portraits with open eyes from 0.44; the simulated person's shut
    /// ones 0.33 to 0.49, so that only eyes quite shut are told.
    pub eyes_open: f32,
    /// Largest lip gap of a shut mouth before the person's own neutral is known.
    pub mouth_shut: f32,
    /// Largest spread (10th to 90th percentile) of yaw or pitch in the neutral measurement, degrees.
    pub still: f32,
    /// Median time between frames from which the person is asked to act slower: 7 fps. The judges are tested down to 8.
    pub slow: Millis,
    /// Median time between frames from which no action can be proven: the longest gap of an evidence window
    /// ([`JudgeParams::window_gap`]), 5 fps.
    pub too_slow: Millis,
}

impl Default for GateParams {
    fn default() -> Self {
        Self {
            face_min: 0.25,
            face_max: 0.90,
            offset_max: 0.25,
            outside_max: 0.08,
            luma_min: 0.20,
            luma_max: 0.88,
            over_max: 0.25,
            back_light_max: 0.30,
            back_lit_luma: 0.36,
            sharpness_min: 20.0,
            eyes_visible_min: 0.25,
            mouth_visible_min: 0.30,
            frontal: 18.0,
            roll: 18.0,
            eyes_open: 0.40,
            mouth_shut: 0.12,
            still: 8.0,
            slow: Millis(143),
            too_slow: Millis(200),
        }
    }
}

/// Deadlines and dwell times. Own choices unless a source is given.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeParams {
    /// From the first step to Start: token check and server settings.
    pub start: Millis,
    /// From Start to the first camera frame: permission dialogue and loading the engine.
    pub camera: Millis,
    /// Bringing the face into place.
    pub align: Millis,
    /// One try at measuring the neutral before aligning again.
    pub calibrate: Millis,
    /// From the neutral frames to the first challenge.
    pub challenge: Millis,
    /// From an action's frames to the next challenge.
    pub commit: Millis,
    /// Uploading and finalising.
    pub submit: Millis,
    /// Waiting for the verdict after everything was sent.
    pub verdict: Millis,
    /// A camera that delivers no frame for this long has stalled.
    pub stall: Millis,
    /// No face while aligning.
    pub no_face_align: Millis,
    /// No face after alignment.
    pub no_face: Millis,
    /// No face for this long restarts the action's window.
    pub no_face_restart: Millis,
    /// Several faces for this long end the session.
    pub several_faces: Millis,
    /// A hidden page may come back within this time.
    pub hidden: Millis,
    /// A hint must hold this long before it is shown, and stays at least as long.
    pub guidance: Millis,
    /// A notice (wrong action, slower, faster) stays this long.
    pub notice: Millis,
    /// The face must be well placed this long before the neutral is measured.
    pub aligned: Millis,
    /// Length of the neutral measurement.
    pub neutral: Millis,
    /// Shortest human reaction to a prompt: visual reaction time is about 250 ms, below 150 is anticipation.
    pub reaction: Millis,
    /// Largest lead of a frame's capture time over `now`: both are read from the same clock, rounding apart.
    pub future: Millis,
    /// A pause between frames after which the followed face may be another.
    pub break_after: Millis,
    /// A camera or device slower than [`GateParams::too_slow`] for this long ends the session: models still loading or a busy moment pass.
    pub too_slow: Millis,
}

impl Default for TimeParams {
    fn default() -> Self {
        Self {
            start: Millis(60_000),
            camera: Millis(30_000),
            align: Millis(60_000),
            calibrate: Millis(4_000),
            challenge: Millis(15_000),
            commit: Millis(20_000),
            submit: Millis(60_000),
            verdict: Millis(60_000),
            stall: Millis(10_000),
            no_face_align: Millis(30_000),
            no_face: Millis(6_000),
            no_face_restart: Millis(1_000),
            several_faces: Millis(5_000),
            hidden: Millis(5_000),
            guidance: Millis(300),
            notice: Millis(2_000),
            aligned: Millis(400),
            neutral: Millis(800),
            reaction: Millis(150),
            future: Millis(100),
            break_after: Millis(1_000),
            too_slow: Millis(8_000),
        }
    }
}

/// Evidence windows: which frames go to the server.
#[derive(Debug, Clone, PartialEq)]
pub struct EvidenceParams {
    /// Most frames of an action.
    pub most: usize,
    /// Frames are thinned until they lie this far apart (10 fps), key frames excepted.
    pub spacing: Millis,
    /// Neutral frames kept before and after the movement.
    pub margin: usize,
    /// Rest before the movement that the window shows where there is any: the server reads the head's zero off it, and the last frame that
    /// counts as neutral may already be on its way.
    pub lead: Millis,
    /// Longest movement that gets that rest: a longer one needs all its frames for itself.
    pub lead_below: Millis,
    /// Rest after the movement that the window must show: twice the judges' settling time, so that thinning cannot cost it.
    pub rest: Millis,
    /// Most neutral frames of step 0.
    pub neutral_most: usize,
    /// How long frames are kept as candidates.
    pub memory: Millis,
    /// Most candidates at a time; the engine's ring has room for some more. Twice what a window can hold, so that frames remain to choose from.
    pub held: usize,
    /// How often an action is asked for again because its frames would not convince the server (a stutter in the middle): sending them would
    /// only cost the person the whole session. The action's deadline ends it at the latest.
    pub retries: u32,
    /// Longest wait for trailing frames.
    pub tail: Millis,
}

impl Default for EvidenceParams {
    fn default() -> Self {
        Self {
            most: 20,
            spacing: Millis(100),
            margin: 3,
            lead: Millis(300),
            lead_below: Millis(1500),
            rest: Millis(160),
            neutral_most: 8,
            memory: Millis(5_500),
            held: 48,
            retries: 4,
            tail: Millis(1_500),
        }
    }
}
