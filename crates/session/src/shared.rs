//! What every state shares: time, timers, output, hints, the followed face, the best frame.

use crate::{
    best::BestFrame,
    evidence::Candidate,
    gate::{Strictness, gate},
    guide::Guide,
    io::{Effect, Event, FrameId, Guidance, Outcome, Output, Plan, StateName},
    outcome::Ending,
    params::Params,
    sample::{Baseline, Sample},
    state::State,
    timer::{Timer, Timers},
    watch::{Continuity, FaceWatch, Pace, PaceWatch},
};
use faceid_protocol::Millis;
use faceid_vision::{ActionScores, Observation};
use std::collections::VecDeque;

/// Everything but the state.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) params: Params,
    pub(crate) plan: Option<Plan>,
    pub(crate) now: Millis,
    pub(crate) timers: Timers,
    pub(crate) guide: Guide,
    pub(crate) out: Output,
    best: Option<BestFrame>,
    /// The person's neutral, once measured: what "frontal" and "eyes open" mean for the best frame.
    pub(crate) neutral: Option<Baseline>,
    /// The best frame was sent: its pixels must not be dropped for a better one any more.
    best_sent: bool,
    pub(crate) hidden: bool,
    /// The whole picture is black, as far as the glue has said.
    pub(crate) black: bool,
    /// Share of the evidence that the server has acknowledged, 0..1, as far as the glue has said.
    pub(crate) uploaded: Option<f32>,
    watch: FaceWatch,
    pace: PaceWatch,
    recent: VecDeque<Sample>,
    last_frame: Option<Millis>,
    seen_face: bool,
    camera_open: bool,
    remote: bool,
}

/// One frame as the states see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) id: FrameId,
    pub(crate) sample: Sample,
    /// A face is in view, and only one.
    pub(crate) alone: bool,
    pub(crate) hint: Option<Guidance>,
    pub(crate) continuity: Continuity,
    pub(crate) pace: Pace,
}

impl Look {
    pub(crate) fn candidate(&self) -> Candidate {
        (self.id, self.sample)
    }
}

/// Span of samples behind [`Shared::posture`].
const POSTURE: Millis = Millis(500);

impl Shared {
    pub(crate) fn new(params: Params) -> Self {
        Self {
            params,
            plan: None,
            now: Millis(0),
            timers: Timers::default(),
            guide: Guide::default(),
            out: Output::default(),
            best: None,
            neutral: None,
            best_sent: false,
            hidden: false,
            black: false,
            uploaded: None,
            watch: FaceWatch::default(),
            pace: PaceWatch::default(),
            recent: VecDeque::new(),
            last_frame: None,
            seen_face: false,
            camera_open: false,
            remote: false,
        }
    }

    pub(crate) fn event(&mut self, event: Event) {
        self.out.events.push(event);
    }

    pub(crate) fn effect(&mut self, effect: Effect) {
        self.out.effects.push(effect);
    }

    /// Lets go of frames.
    pub(crate) fn release(&mut self, ids: Vec<FrameId>) {
        if !ids.is_empty() {
            self.effect(Effect::Release(ids));
        }
    }

    /// The server knows this session from here on, and the camera is asked for.
    pub(crate) fn open(&mut self, plan: &Plan) {
        self.remote = true;
        self.camera_open = true;
        self.timers.set(Timer::Attempt, self.now.plus(plan.timeout));
        self.effect(Effect::OpenCamera);
    }

    /// Announces a state and gives it its deadline.
    pub(crate) fn enter(&mut self, name: StateName, lasting: Millis) {
        self.timers.set(Timer::State, self.now.plus(lasting));
        self.event(Event::State(name));
    }

    /// Frames are due from here on.
    pub(crate) fn expect_frames(&mut self) {
        self.timers.set(Timer::Stall, self.now.plus(self.params.times.stall));
        if self.hidden {
            self.hide();
        }
    }

    /// Pixels are no longer needed: camera off, and everything that watches the picture with it.
    pub(crate) fn stop_camera(&mut self) {
        if self.camera_open {
            self.camera_open = false;
            self.effect(Effect::StopCamera);
        }
        for timer in [Timer::Stall, Timer::NoFace, Timer::SeveralFaces, Timer::Hidden] {
            self.timers.clear(timer);
        }
        self.guide.clear();
    }

    /// The page was hidden while the camera runs: frames stop, and patience begins.
    pub(crate) fn hide(&mut self) {
        self.timers.clear(Timer::Stall);
        self.timers.clear(Timer::NoFace);
        self.pace.reset();
        self.timers.set_if_clear(Timer::Hidden, self.now.plus(self.params.times.hidden));
    }

    /// Ends the session for a local reason.
    pub(crate) fn end(&mut self, ending: Ending) -> State {
        let outcome = ending.outcome();
        if self.remote {
            self.effect(Effect::TellServer(outcome.clone()));
        }
        self.close(outcome)
    }

    /// Ends the session.
    pub(crate) fn close(&mut self, outcome: Outcome) -> State {
        if self.camera_open {
            self.stop_camera();
        } else if !self.out.effects.contains(&Effect::StopCamera) && !self.remote {
            // Never opened: the order is harmless and makes "camera off at the end" hold without exception.
            self.effect(Effect::StopCamera);
        }
        self.timers.clear_all();
        self.event(Event::State(StateName::Closed));
        self.event(Event::Closed(outcome));
        State::Closed
    }

    /// Reads one observation. `None` for a frame that is older than the last one or from the future.
    pub(crate) fn look(
        &mut self,
        (id, t): (FrameId, Millis),
        observation: &Observation,
        scores: Option<ActionScores>,
        strictness: Strictness,
    ) -> Option<Look> {
        let times = &self.params.times;
        if self.last_frame.is_some_and(|last| t <= last) || t > self.now.plus(times.future) {
            return None;
        }
        self.last_frame = Some(t);
        let sample = Sample::from_observation(t, observation).with_scores(scores);
        let continuity = self.watch.feed(observation, &sample, times);
        let pace = self.pace.feed(t, &self.params.gate);
        let several = self.watch.several();
        let face = observation.face.is_some();
        let hint = if self.black && !face {
            Some(Guidance::LensCovered)
        } else {
            gate(observation, &sample, several, strictness, &self.params.gate)
        };
        self.timers.set(Timer::Stall, self.now.plus(times.stall));
        if face {
            self.seen_face = true;
            self.timers.clear(Timer::NoFace);
            self.recent.push_back(sample);
            while self.recent.front().is_some_and(|first| t.since(first.t) > POSTURE) {
                self.recent.pop_front();
            }
        } else {
            let patience = if strictness == Strictness::Align { times.no_face_align } else { times.no_face };
            self.timers.set_if_clear(Timer::NoFace, self.now.plus(patience));
        }
        if several && strictness != Strictness::Align {
            self.timers.set_if_clear(Timer::SeveralFaces, self.now.plus(times.several_faces));
        } else {
            self.timers.clear(Timer::SeveralFaces);
        }
        let alone = face && !several;
        if alone && !self.best_sent && BestFrame::consider(&mut self.best, id, &sample, observation, self.neutral.as_ref()) {
            self.effect(Effect::KeepBest(id));
        }
        self.guide.want(hint);
        Some(Look { id, sample, alone, hint, continuity, pace })
    }

    /// The best frame of the session, to be sent now.
    pub(crate) fn send_best(&mut self) -> Option<(FrameId, Millis)> {
        self.best_sent = true;
        self.best.map(|best| (best.id, best.t))
    }

    /// Whether any frame showed a face.
    pub(crate) fn seen_face(&self) -> bool {
        self.seen_face
    }

    /// The neutral at this moment: the calibrated one, moved to how the head rests now.
    pub(crate) fn posture(&mut self, calibrated: &Baseline) -> Baseline {
        calibrated.recentred(self.recent.make_contiguous(), self.params.judge.drift)
    }
}
