//! One session played from a trace: the camera shows recorded stretches, the real session machine judges them.
//!
//! At rest the camera shows random stretches of the clip's rest. On a prompt it cuts to a recording of the asked gesture at a fresh offset, so
//! that reaction times are fresh too; when the machine wants more it shows rest again and then another recording, until the session ends.

use faceid_protocol::{Action, Millis, wire::WrongActionPolicy};
use faceid_session::{Challenge, Effect, Event, FrameId, Input, Output, Params, Plan, Session, StateName};
use faceid_simulate::{Doing, Gesture, Passage};
use faceid_vision::Point3;

use super::rng::Rng;
use super::trace::{Measured, Trace};

/// Frames of one passage: first and one past the last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stretch {
    pub(crate) doing: Doing,
    first: usize,
    end: usize,
    /// First movement, from the begin of the clip.
    start: Millis,
}

/// A trace cut into passages.
#[derive(Debug)]
pub(crate) struct Reel<'a> {
    trace: &'a Trace,
    stretches: Vec<Stretch>,
}

/// How one command went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Command {
    /// What was asked.
    pub(crate) asked: Action,
    /// Passed at the first performance.
    pub(crate) first: bool,
    /// Passed in the end.
    pub(crate) passed: bool,
    /// The wrong action seen first, if any.
    pub(crate) wrong: Option<Action>,
    /// First frame of the recording shown first.
    pub(crate) take: Option<usize>,
}

/// Frames of one step that the page would upload: index into the trace, and the time it was shown at.
pub(crate) type Sent = Vec<(usize, Millis)>;

/// How a session went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Played {
    /// Neutral frames, then one window per action that was committed.
    pub(crate) sent: Vec<Sent>,
    /// The picture for comparing, once the last action was committed.
    pub(crate) best: Option<(usize, Millis)>,
    /// Every prompt that was given.
    pub(crate) commands: Vec<Command>,
    /// All actions were passed in the browser's judgement.
    pub(crate) passed: bool,
    /// The neutral was measured.
    pub(crate) calibrated: bool,
    /// Code of an early end.
    pub(crate) code: Option<u32>,
}

const START: Millis = Millis(1000);
/// No session lasts longer than this.
const LIMIT: Millis = Millis(120_000);
/// From capture to the machine.
const LATENCY: Millis = Millis(15);
/// Round trip of a call.
const ROUND_TRIP: Millis = Millis(150);
/// Shortest reaction left when a recording is entered late, ms.
const REACTION: f64 = 250.0;

impl<'a> Reel<'a> {
    /// Cuts a trace.
    pub(crate) fn new(trace: &'a Trace) -> Self {
        let at = |ms: f64| trace.frames.partition_point(|f| (f.t.0 as f64) < ms);
        let stretches = trace
            .plan
            .routine()
            .passages
            .iter()
            .map(|p| Stretch { doing: p.doing, first: at(p.from_ms), end: at(p.until_ms), start: Millis(p.start_ms as u64) })
            .filter(|s| s.end > s.first + 1)
            .collect();
        Self { trace, stretches }
    }

    /// What was filmed.
    pub(crate) const fn trace(&self) -> &Trace {
        self.trace
    }

    /// Stretches of a kind.
    pub(crate) fn all(&self, doing: Doing) -> Vec<Stretch> {
        self.stretches.iter().filter(|s| s.doing == doing).copied().collect()
    }

    /// The passage that a recording shows.
    pub(crate) fn passage(&self, take: usize) -> Option<Passage> {
        let t = self.trace.frames.get(take)?.t.0 as f64;
        self.trace.plan.routine().passages.into_iter().find(|p| t >= p.from_ms && t < p.until_ms)
    }

    /// Landmarks before the first movement of a stretch, and from it on.
    pub(crate) fn landmarks(&self, stretch: Stretch) -> (Vec<&[Point3]>, Vec<&[Point3]>) {
        let frames = self.trace.frames.get(stretch.first..stretch.end).unwrap_or_default();
        let seen = |f: &'a Measured| Some((f.t < stretch.start, f.observation.face.as_ref()?.landmarks.as_slice()));
        let (before, after): (Vec<_>, Vec<_>) = frames.iter().filter_map(seen).partition(|(before, _)| *before);
        let views = |list: Vec<(bool, &'a [Point3])>| list.into_iter().map(|(_, view)| view).collect();
        (views(before), views(after))
    }

    /// The rest at the clip's begin as one stretch.
    pub(crate) fn rest(&self) -> Option<Stretch> {
        let mut lead = self.stretches.iter().take_while(|s| s.doing == Doing::Rest);
        let first = *lead.next()?;
        Some(Stretch { end: lead.last().map_or(first.end, |s| s.end), ..first })
    }
}

/// The gesture that answers an action.
pub(crate) const fn gesture(action: Action) -> Gesture {
    match action {
        Action::Nod => Gesture::Nod,
        Action::Shake => Gesture::Shake,
        Action::Blink => Gesture::Blink,
        Action::Mouth => Gesture::Mouth,
    }
}

/// What the camera shows after a prompt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Answer {
    /// The gesture that was asked for.
    Obedient,
    /// This stretch, whatever was asked, for this long; then the session is left.
    Show(Stretch, Millis),
}

/// Plays one session. `actions` are asked in order.
pub(super) fn play(reel: &Reel<'_>, actions: &[Action], answer: Answer, rng: &mut Rng) -> Played {
    Stage::new(reel, actions, answer, rng).run()
}

/// Frames being shown: the next frame and the shift of its time.
#[derive(Debug, Clone, Copy)]
struct Showing {
    next: usize,
    end: usize,
    /// Frame time + shift = session time, ms.
    shift: i64,
    performance: bool,
}

struct Stage<'a, 'b> {
    reel: &'a Reel<'a>,
    actions: &'a [Action],
    answer: Answer,
    rng: &'b mut Rng,
    session: Session,
    now: Millis,
    inbox: Vec<(Millis, Input)>,
    deadline: Option<Millis>,
    camera: Option<Showing>,
    /// Frame of the trace behind each [`FrameId`].
    shown: Vec<usize>,
    played: Played,
    performances: u32,
    /// Rest until then, before the gesture is shown once more.
    again: Option<Millis>,
    leave: Option<Millis>,
    over: bool,
}

impl<'a, 'b> Stage<'a, 'b> {
    fn new(reel: &'a Reel<'a>, actions: &'a [Action], answer: Answer, rng: &'b mut Rng) -> Self {
        let plan = Plan {
            action_count: u32::try_from(actions.len()).unwrap_or(u32::MAX),
            timeout: Millis(90_000),
            action_timeout: Millis(20_000),
            wrong_action: WrongActionPolicy::RestartOnce,
        };
        Self {
            reel,
            actions,
            answer,
            rng,
            session: Session::new(Params::default()),
            now: START,
            inbox: vec![(START, Input::Start(plan))],
            deadline: None,
            camera: None,
            shown: Vec::new(),
            played: Played { sent: Vec::new(), best: None, commands: Vec::new(), passed: false, calibrated: false, code: None },
            performances: 0,
            again: None,
            leave: None,
            over: false,
        }
    }

    fn run(mut self) -> Played {
        while !self.over && self.now < LIMIT && self.session.state() != StateName::Closed {
            if self.leave.is_some_and(|t| self.now >= t) {
                break;
            }
            let frame = self.frame_time().map(|t| t.plus(LATENCY));
            let letter = self.inbox.iter().map(|(t, _)| *t).min();
            let Some(now) = [frame, letter, self.deadline].into_iter().flatten().min() else { break };
            self.now = self.now.max(now);
            let input = if letter.is_some_and(|t| t <= now) {
                self.letter()
            } else if frame.is_some_and(|t| t <= now) {
                self.frame()
            } else {
                Input::Tick
            };
            let output = self.session.step(self.now, input);
            self.take(output);
        }
        self.played
    }

    fn letter(&mut self) -> Input {
        let first = (0..self.inbox.len()).min_by_key(|&i| self.inbox[i].0);
        first.map_or(Input::Tick, |i| self.inbox.remove(i).1)
    }

    fn frame_time(&self) -> Option<Millis> {
        let showing = self.camera?;
        let frame = self.reel.trace.frames.get(showing.next)?;
        Some(Millis(u64::try_from(frame.t.0 as i64 + showing.shift).unwrap_or(0)))
    }

    fn frame(&mut self) -> Input {
        let (Some(t), Some(mut showing)) = (self.frame_time(), self.camera) else { return Input::Tick };
        let Some(frame) = self.reel.trace.frames.get(showing.next) else { return Input::Tick };
        let input =
            Input::Observed { id: FrameId(self.shown.len() as u64), t, observation: Box::new(frame.observation.clone()), scores: None };
        self.shown.push(showing.next);
        showing.next += 1;
        self.camera = Some(showing);
        if showing.next >= showing.end {
            if showing.performance && self.again.is_none() {
                // The machine has not moved on: rest a while, then once more.
                self.again = Some(t.plus(Millis(self.rng.between(500.0, 1500.0) as u64)));
            }
            self.show_rest(t);
        }
        if self.again.is_some_and(|at| t >= at) {
            self.again = None;
            self.perform(t);
        }
        input
    }

    /// The next frame follows `last` after one frame interval.
    fn show(&mut self, first: usize, end: usize, last: Millis, performance: bool) {
        let Some(frame) = self.reel.trace.frames.get(first) else { return };
        let interval = (1000.0 / self.reel.trace.plan.fps) as i64;
        let shift = last.0 as i64 + interval - frame.t.0 as i64;
        self.camera = Some(Showing { next: first, end, shift, performance });
    }

    fn show_rest(&mut self, last: Millis) {
        let Some(rest) = self.reel.rest() else { return };
        let first = rest.first + (self.rng.unit() * (rest.end - rest.first) as f64 * 0.7) as usize;
        self.show(first, rest.end, last, false);
    }

    /// Cuts to a recording of the asked gesture, entered at a fresh offset before its first movement.
    fn perform(&mut self, last: Millis) {
        let Some(asked) = self.played.commands.last().map(|c| c.asked) else { return };
        let Some(take) = self.rng.pick(&self.reel.all(Doing::Gesture(gesture(asked)))) else { return };
        let frames = &self.reel.trace.frames;
        let from = frames.get(take.first).map_or(0.0, |f| f.t.0 as f64);
        let spare = (take.start.0 as f64 - from - REACTION).max(0.0);
        let enter = from + self.rng.between(0.0, spare);
        let first = frames.partition_point(|f| (f.t.0 as f64) < enter).clamp(take.first, take.end.saturating_sub(2));
        self.performances += 1;
        if let Some(command) = self.played.commands.last_mut() {
            command.take = command.take.or(Some(take.first));
        }
        self.show(first, take.end, last, true);
    }

    fn take(&mut self, out: Output) {
        self.deadline = out.next_deadline;
        for effect in out.effects {
            match effect {
                Effect::OpenCamera => self.inbox.push((self.now.plus(Millis(300)), Input::CameraReady)),
                Effect::StopCamera => self.camera = None,
                Effect::Commit { step, frames, best } => {
                    let behind = |(id, t): (FrameId, Millis)| Some((*self.shown.get(usize::try_from(id.0).ok()?)?, t));
                    self.played.sent.push(frames.into_iter().filter_map(behind).collect());
                    self.played.best = best.and_then(behind).or(self.played.best);
                    let next = self.actions.get(step as usize);
                    let challenge = next.map(|&action| Challenge { step: step + 1, action, min: Millis(200), max: Millis(20_000) });
                    self.inbox.push((self.now.plus(ROUND_TRIP), Input::ChallengeArrived(challenge)));
                }
                Effect::Submit => {
                    self.played.passed = true;
                    self.over = true;
                }
                Effect::Retain(_) | Effect::Release(_) | Effect::KeepBest(_) | Effect::TellServer(_) => {}
            }
        }
        for event in out.events {
            match event {
                Event::State(StateName::AlignFace) if self.camera.is_none() => self.show_rest(self.now),
                Event::State(StateName::AwaitChallenge) => self.played.calibrated = true,
                Event::State(_) | Event::Progress { .. } | Event::Upload { .. } | Event::Guidance(_) | Event::Blink { .. } => {}
                Event::Prompt { action, .. } => self.prompt(action),
                Event::ActionSeen { .. } => {
                    let first = self.performances == 1;
                    if let Some(command) = self.played.commands.last_mut() {
                        (command.passed, command.first) = (true, first);
                    }
                    self.again = None;
                }
                Event::WrongAction { seen, .. } => {
                    if let Some(command) = self.played.commands.last_mut() {
                        command.wrong = command.wrong.or(Some(seen));
                    }
                }
                Event::Closed(outcome) => self.played.code = Some(outcome.code),
            }
        }
    }

    fn prompt(&mut self, asked: Action) {
        self.played.commands.push(Command { asked, first: false, passed: false, wrong: None, take: None });
        self.performances = 0;
        self.again = None;
        let last = self.now.0.saturating_sub(LATENCY.0);
        match self.answer {
            Answer::Obedient => self.perform(Millis(last)),
            Answer::Show(stretch, lasting) => {
                self.show(stretch.first, stretch.end, Millis(last), false);
                self.leave = Some(self.now.plus(lasting));
            }
        }
    }
}

impl Stretch {
    /// Its frames in the trace.
    pub(crate) fn frames(self) -> std::ops::Range<usize> {
        self.first..self.end
    }

    /// First movement, from the begin of the clip.
    pub(crate) const fn onset(self) -> Millis {
        self.start
    }

    /// A part of the stretch: `lasting` from a share 0..1 of what is left before it.
    pub(super) fn part(self, trace: &Trace, share: f64, lasting: Millis) -> Option<Self> {
        let (from, to) = (trace.frames.get(self.first)?.t.0, trace.frames.get(self.end - 1)?.t.0);
        let spare = (to - from).checked_sub(lasting.0)?;
        let begin = from + (spare as f64 * share) as u64;
        let at = |t: u64| trace.frames.partition_point(|f| f.t.0 < t);
        Some(Self { first: at(begin), end: at(begin + lasting.0), ..self })
    }

    /// How long it lasts.
    pub(super) fn lasting(self, trace: &Trace) -> Millis {
        let at = |i: usize| trace.frames.get(i).map_or(0, |f| f.t.0);
        Millis(at(self.end.saturating_sub(1)).saturating_sub(at(self.first)))
    }
}
