//! Inputs and outputs of the machine.

use faceid_protocol::{Action, Millis, wire::WrongActionPolicy};
use faceid_vision::{ActionScores, Observation};

/// Names a camera frame whose pixels the caller keeps (the engine's ring). Increasing, never reused within a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameId(pub u64);

/// What the server's init reply asks of this session.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Number of actions, 1 to 3.
    pub action_count: u32,
    /// The whole attempt, from Start.
    pub timeout: Millis,
    /// One action, from its prompt.
    pub action_timeout: Millis,
    /// What a wrong action does.
    pub wrong_action: WrongActionPolicy,
}

/// One challenge as it arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    /// 1-based step.
    pub step: u32,
    /// What to do.
    pub action: Action,
    /// Shortest believable time from prompt to completion.
    pub min: Millis,
    /// Longest allowed time.
    pub max: Millis,
}

/// What went wrong with the camera, already sorted by the browser glue (exhaustive over the DOMException names).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CameraFault {
    /// Permission refused by the person, the page or the system.
    Denied,
    /// No camera on the device.
    NotFound,
    /// In use by another program, or it fails to start.
    Busy,
    /// No camera fits the constraints.
    Overconstrained,
    /// getUserMedia is missing: insecure page or old browser.
    Unsupported,
    /// The track ended or the device was unplugged.
    Unplugged,
    /// No new frame arrived for too long.
    Stalled,
}

/// Why the network gave up, after the glue's own retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NetworkFault {
    /// No answer: offline, aborted connection, DNS, CORS.
    Unreachable,
    /// An answer did not come in time.
    TimedOut,
    /// The server answered with an error row; the glue passes its code on by `Input::Refused` instead where it knows one.
    BadReply,
}

/// What happens to the machine. Times are the caller's `now`.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// The server accepted the token.
    Start(Plan),
    /// Camera delivers frames and the engine is ready.
    CameraReady,
    /// One judged frame. `t` is its capture time on the same clock as `now`.
    Observed {
        /// Which frame.
        id: FrameId,
        /// Capture time.
        t: Millis,
        /// What it shows.
        observation: Box<Observation>,
        /// The action network's evidence at this frame; `None` = not asked, or its window is not full: the rules then decide alone.
        scores: Option<ActionScores>,
    },
    /// Camera trouble.
    CameraLost(CameraFault),
    /// The whole picture is black, or no longer is.
    Black(bool),
    /// The engine could not load or crashed (model missing or corrupt, wasm trap).
    EngineFailed,
    /// Reply to [`Effect::Commit`]: the next challenge, or `None` after the last action.
    ChallengeArrived(Option<Challenge>),
    /// How much of the evidence the server has acknowledged so far, bytes. Optional: it only moves the bar while submitting.
    Uploaded {
        /// Of the frames that have arrived.
        acknowledged: u64,
        /// Of every committed frame.
        committed: u64,
    },
    /// Every upload is done and finalise was sent. Optional: it only moves [`StateName::Submit`] on to [`StateName::AwaitVerdict`].
    Submitted,
    /// The server's verdict: SDK code and message as sent.
    VerdictArrived {
        /// 5xxxx
        code: u32,
        /// taxonomy message
        message: String,
    },
    /// The server refused a call with a taxonomy row.
    Refused {
        /// 5xxxx
        code: u32,
        /// taxonomy message
        message: String,
    },
    /// The network gave up.
    NetworkFailed(NetworkFault),
    /// The page was hidden (true) or shown again.
    Visibility {
        /// hidden?
        hidden: bool,
    },
    /// Time passes. Extra ticks are harmless.
    Tick,
    /// The person gave up.
    Cancel,
}

/// State by name, for events, logs and tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateName {
    /// Before Start.
    NotStarted,
    /// Camera permission and first frame.
    WaitCamera,
    /// Bringing the face into place.
    AlignFace,
    /// Measuring the person's neutral.
    Calibrate,
    /// Waiting for the next challenge.
    AwaitChallenge,
    /// Action prompted.
    Act,
    /// Action seen; its frames are being committed.
    Commit,
    /// Uploading and finalising.
    Submit,
    /// Waiting for the verdict.
    AwaitVerdict,
    /// Over.
    Closed,
}

/// One hint at a time, stable for at least 300 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guidance {
    /// No face in view.
    NoFace,
    /// More than one face.
    SeveralFaces,
    /// Face too small.
    TooFar,
    /// Face too large.
    TooClose,
    /// Face not in the oval.
    OffCentre,
    /// Face the camera.
    NotFrontal,
    /// The whole picture is black: a shutter, a cover, a finger.
    LensCovered,
    /// Too dark.
    TooDark,
    /// Too bright.
    TooBright,
    /// Light behind the person.
    BackLit,
    /// Blurred.
    Blurred,
    /// Eyes covered or closed.
    EyesHidden,
    /// Mouth or face covered.
    FaceCovered,
    /// Hold still.
    HoldStill,
    /// That was another action.
    WrongAction,
    /// Do it slower.
    Slower,
    /// Do it faster.
    Faster,
}

impl Guidance {
    /// Every hint, in the order of the texts.
    pub const ALL: [Self; 17] = [
        Self::NoFace,
        Self::SeveralFaces,
        Self::TooFar,
        Self::TooClose,
        Self::OffCentre,
        Self::NotFrontal,
        Self::LensCovered,
        Self::TooDark,
        Self::TooBright,
        Self::BackLit,
        Self::Blurred,
        Self::EyesHidden,
        Self::FaceCovered,
        Self::HoldStill,
        Self::WrongAction,
        Self::Slower,
        Self::Faster,
    ];

    /// Key of its sentence: the variant in snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoFace => "no_face",
            Self::SeveralFaces => "several_faces",
            Self::TooFar => "too_far",
            Self::TooClose => "too_close",
            Self::OffCentre => "off_centre",
            Self::NotFrontal => "not_frontal",
            Self::LensCovered => "lens_covered",
            Self::TooDark => "too_dark",
            Self::TooBright => "too_bright",
            Self::BackLit => "back_lit",
            Self::Blurred => "blurred",
            Self::EyesHidden => "eyes_hidden",
            Self::FaceCovered => "face_covered",
            Self::HoldStill => "hold_still",
            Self::WrongAction => "wrong_action",
            Self::Slower => "slower",
            Self::Faster => "faster",
        }
    }
}

/// How a session ended: a row of the taxonomy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// 5xxxx
    pub code: u32,
    /// taxonomy message
    pub message: String,
    /// True when the server said so, false for local endings.
    pub from_server: bool,
}

/// What the page should show.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// New state.
    State(StateName),
    /// Show this prompt.
    Prompt {
        /// 1-based step
        step: u32,
        /// of how many
        of: u32,
        /// what to do
        action: Action,
        /// Until time runs out for it. The deadline goes on while the page is hidden and when the window starts again.
        left: Millis,
    },
    /// Progress of the current step, 0..1, for the ring.
    Progress {
        /// 0 = neutral frames, then 1-based actions
        step: u32,
        /// 0..1
        fraction: f32,
    },
    /// Guidance changed; `None` = all is well.
    Guidance(Option<Guidance>),
    /// The action was seen in the browser (a hint; the verdict is the server's).
    ActionSeen {
        /// 1-based step
        step: u32,
        /// which
        action: Action,
    },
    /// Another action was seen; the window restarted or was left.
    WrongAction {
        /// what was asked
        asked: Action,
        /// what was seen
        seen: Action,
    },
    /// While submitting: share of the evidence that the server has acknowledged, 0..1. It only grows.
    Upload {
        /// 0..1
        fraction: f32,
    },
    /// A closure of the eyes, for telemetry and the lab.
    Blink {
        /// Long or double enough to be on purpose.
        deliberate: bool,
    },
    /// Over.
    Closed(Outcome),
}

/// What the glue must do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Open the camera and load the engine.
    OpenCamera,
    /// Stop every track. Always sent before or with `Event::Closed`, and as soon as pixels are no longer needed.
    StopCamera,
    /// Keep these frames' pixels until further notice; all other ids older than the ring may go.
    Retain(Vec<FrameId>),
    /// These frames will never be asked for: their pixels may go at once, also where they were retained.
    Release(Vec<FrameId>),
    /// The frame observed in this very step is the best so far: keep its full-size pixels and drop the former best's.
    /// Sent only in the step of that frame's own `Input::Observed`; the glue keeps full-size pixels no longer than that by itself.
    KeepBest(FrameId),
    /// Encode these frames (`frames` at evidence size, `best` at full size, appended last), send the challenge call for `step`,
    /// upload them in the background, and answer with `Input::ChallengeArrived`.
    Commit {
        /// 0 = neutral
        step: u32,
        /// capture order
        frames: Vec<(FrameId, Millis)>,
        /// only with the last action
        best: Option<(FrameId, Millis)>,
    },
    /// Finish the uploads and call finalise; answer with `Input::VerdictArrived`.
    Submit,
    /// Tell the server how the session ended here (fire and forget), so that get_result need not wait for a deadline.
    TellServer(Outcome),
}

/// All that one step returns.
#[derive(Debug, Clone, PartialEq, Default)]
#[must_use]
pub struct Output {
    /// For the page, in order.
    pub events: Vec<Event>,
    /// For the glue, in order.
    pub effects: Vec<Effect>,
    /// Call `step(.., Tick)` no later than this.
    pub next_deadline: Option<Millis>,
}

#[cfg(test)]
mod tests {
    use faceid_protocol::text::GUIDANCE;

    use super::Guidance;

    #[test]
    fn every_hint_has_its_sentence() {
        assert_eq!(
            Guidance::ALL.map(Guidance::name).to_vec(),
            GUIDANCE.iter().map(|text| text.key).collect::<Vec<_>>(),
            "same hints, same order"
        );
    }
}
