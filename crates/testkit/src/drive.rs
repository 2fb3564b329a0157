use crate::{
    face::SyntheticFace,
    rng::Rng,
    track::{Track, gesture},
};
use faceid_protocol::{Action, Millis, wire::WrongActionPolicy};
use faceid_session::{Challenge, Effect, Event, FrameId, Input, Outcome, Output, Params, Plan, Session, StateName};

/// Plays camera, person and server for one session on a fake clock.
#[derive(Debug, Clone)]
pub struct Drive {
    /// Actions the server asks for.
    pub actions: Vec<Action>,
    /// What the person does after each prompt; the n-th prompt takes the n-th track.
    pub answers: Vec<Track>,
    /// What the person does before the first prompt, from Start on.
    pub before: Track,
    /// Camera frames per second.
    pub fps: f32,
    /// Largest shift of a frame's time, as a share of the frame interval.
    pub jitter: f32,
    /// Share of frames that never arrive.
    pub drops: f32,
    /// Noise of the measures: degrees, and hundredths of openness and lip gap.
    pub noise: f32,
    /// Seed of jitter, drops and noise.
    pub seed: u64,
    /// What a wrong action does.
    pub wrong_action: WrongActionPolicy,
    /// Round trip of every call.
    pub latency: Millis,
    /// Inputs from outside, at these times from Start.
    pub extra: Vec<(Millis, Input)>,
    /// Stop as soon as this state is entered.
    pub until: Option<StateName>,
    /// Verdict of the server.
    pub verdict: (u32, String),
    /// The server never answers.
    pub silent_server: bool,
}

/// What a session did.
#[derive(Debug)]
pub struct Trace {
    /// The session, for going on by hand.
    pub session: Session,
    /// The clock when the drive stopped.
    pub now: Millis,
    /// Every event with its time.
    pub events: Vec<(Millis, Event)>,
    /// Every effect with its time.
    pub effects: Vec<(Millis, Effect)>,
    /// Id of the next camera frame.
    pub next_id: u64,
}

impl Drive {
    /// A person who does what is asked, in front of a good camera, with a server that says success.
    #[must_use]
    pub fn new(actions: &[Action]) -> Self {
        Self {
            actions: actions.to_vec(),
            answers: actions.iter().map(|&a| gesture(a)).collect(),
            before: Track::default(),
            fps: 30.0,
            jitter: 0.0,
            drops: 0.0,
            noise: 0.0,
            seed: 1,
            wrong_action: WrongActionPolicy::RestartOnce,
            latency: Millis(150),
            extra: Vec::new(),
            until: None,
            verdict: (51_000, "SUCCESS".into()),
            silent_server: false,
        }
    }

    /// The plan given to the session.
    #[must_use]
    pub fn plan(&self) -> Plan {
        Plan {
            action_count: u32::try_from(self.actions.len()).unwrap_or(u32::MAX),
            timeout: Millis(90_000),
            action_timeout: Millis(20_000),
            wrong_action: self.wrong_action,
        }
    }

    /// Runs until the session is closed, `until` is entered, or three minutes have passed.
    #[must_use]
    pub fn run(&self) -> Trace {
        Run::new(self).run()
    }
}

/// A run in progress.
struct Run<'a> {
    drive: &'a Drive,
    rng: Rng,
    trace: Trace,
    inbox: Vec<(Millis, Input)>,
    camera: Option<Millis>,
    frame_index: u64,
    prompt: Option<(Millis, Track)>,
    prompts: usize,
    deadline: Option<Millis>,
}

const START: Millis = Millis(1_000);
const LIMIT: Millis = Millis(180_000);

impl<'a> Run<'a> {
    fn new(drive: &'a Drive) -> Self {
        let trace = Trace { session: Session::new(Params::default()), now: START, events: Vec::new(), effects: Vec::new(), next_id: 0 };
        let mut inbox = vec![(START, Input::Start(drive.plan()))];
        inbox.extend(drive.extra.iter().map(|(t, input)| (START.plus(*t), input.clone())));
        Self { drive, rng: Rng::new(drive.seed), trace, inbox, camera: None, frame_index: 0, prompt: None, prompts: 0, deadline: None }
    }

    fn run(mut self) -> Trace {
        if self.drive.until == Some(StateName::NotStarted) {
            return self.trace;
        }
        while self.trace.now < LIMIT && self.trace.session.state() != StateName::Closed {
            let frame = self.camera.map(|opened| self.frame_time(opened));
            let letter = self.inbox.iter().map(|(t, _)| *t).min();
            let next = [frame.map(|f| f.plus(Millis(12))), letter, self.deadline].into_iter().flatten().min();
            let Some(now) = next else { break };
            self.trace.now = self.trace.now.max(now);
            let input = if letter.is_some_and(|t| t <= now) {
                self.letter()
            } else if let Some(t) = frame.filter(|f| f.plus(Millis(12)) <= now) {
                self.frame_index += 1;
                match self.frame(t) {
                    Some(input) => input,
                    None => continue,
                }
            } else {
                Input::Tick
            };
            let out = self.trace.session.step(self.trace.now, input);
            if self.take(out) {
                break;
            }
        }
        self.trace
    }

    fn letter(&mut self) -> Input {
        let first = (0..self.inbox.len()).min_by_key(|&i| self.inbox[i].0);
        first.map_or(Input::Tick, |i| self.inbox.remove(i).1)
    }

    fn frame_time(&self, opened: Millis) -> Millis {
        let interval = 1000.0 / self.drive.fps;
        // Jitter is a pure function of seed and index: a frame's time does not depend on when it is asked for.
        let shift = Rng::new(self.drive.seed.wrapping_mul(1_000_003) ^ self.frame_index).unit() * self.drive.jitter;
        opened.plus(Millis(((self.frame_index as f32 + shift) * interval) as u64 + 40))
    }

    fn frame(&mut self, t: Millis) -> Option<Input> {
        if self.rng.unit() < self.drive.drops {
            return None;
        }
        let base = self.drive.before.at(t.since(START), SyntheticFace::default());
        let mut face = match &self.prompt {
            Some((since, track)) => track.at(t.since(*since), base),
            None => base,
        };
        let mut noise = |scale: f32| (self.rng.unit() - 0.5) * 2.0 * scale * self.drive.noise;
        face.yaw += noise(1.0);
        face.pitch += noise(1.0);
        face.left += noise(0.05);
        face.right += noise(0.05);
        face.mouth = (face.mouth + noise(0.01)).max(0.0);
        let id = FrameId(self.trace.next_id);
        self.trace.next_id += 1;
        Some(Input::Observed { id, t, observation: Box::new(face.observation()), scores: None })
    }

    /// Records an output and plays the outside world's answer; true when the run is over.
    fn take(&mut self, out: Output) -> bool {
        let now = self.trace.now;
        self.deadline = out.next_deadline;
        for effect in &out.effects {
            match effect {
                Effect::OpenCamera => self.inbox.push((now.plus(Millis(300)), Input::CameraReady)),
                Effect::StopCamera => self.camera = None,
                Effect::Commit { step, .. } => self.answer(*step),
                Effect::Submit if !self.drive.silent_server => {
                    self.inbox.push((now.plus(self.drive.latency), Input::Submitted));
                    let (code, message) = self.drive.verdict.clone();
                    self.inbox.push((now.plus(self.drive.latency).plus(self.drive.latency), Input::VerdictArrived { code, message }));
                }
                Effect::Submit | Effect::Retain(_) | Effect::Release(_) | Effect::KeepBest(_) | Effect::TellServer(_) => {}
            }
        }
        let mut over = false;
        for event in &out.events {
            match event {
                Event::State(name) => {
                    if *name == StateName::AlignFace && self.camera.is_none() {
                        self.camera = Some(now);
                    }
                    over |= self.drive.until == Some(*name);
                }
                Event::Prompt { .. } => {
                    let track = self.drive.answers.get(self.prompts).cloned().unwrap_or_default();
                    self.prompts += 1;
                    self.prompt = Some((now, track));
                }
                Event::Progress { .. }
                | Event::Upload { .. }
                | Event::Guidance(_)
                | Event::ActionSeen { .. }
                | Event::WrongAction { .. }
                | Event::Blink { .. }
                | Event::Closed(_) => {}
            }
        }
        self.trace.events.extend(out.events.into_iter().map(|e| (now, e)));
        self.trace.effects.extend(out.effects.into_iter().map(|e| (now, e)));
        over
    }

    fn answer(&mut self, step: u32) {
        if self.drive.silent_server {
            return;
        }
        let next = usize::try_from(step).ok().and_then(|i| self.drive.actions.get(i));
        let challenge = next.map(|&action| Challenge { step: step + 1, action, min: Millis(200), max: Millis(20_000) });
        self.inbox.push((self.trace.now.plus(self.drive.latency), Input::ChallengeArrived(challenge)));
    }
}

impl Trace {
    /// How it ended.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        self.events.iter().find_map(|(_, e)| match e {
            Event::Closed(outcome) => Some(outcome),
            Event::State(_)
            | Event::Prompt { .. }
            | Event::Progress { .. }
            | Event::Upload { .. }
            | Event::Guidance(_)
            | Event::ActionSeen { .. }
            | Event::WrongAction { .. }
            | Event::Blink { .. } => None,
        })
    }

    /// Code and message of the end, or the state it hangs in.
    #[must_use]
    pub fn ending(&self) -> String {
        self.outcome().map_or_else(|| format!("{:?}", self.session.state()), |o| format!("{} {}", o.code, o.message))
    }

    /// Whether an event like this occurred.
    pub fn saw(&self, test: impl Fn(&Event) -> bool) -> bool {
        self.events.iter().any(|(_, e)| test(e))
    }

    /// Frames of each commit: step and (id, time) of each.
    #[must_use]
    pub fn commits(&self) -> Vec<(u32, Vec<(FrameId, Millis)>)> {
        self.effects
            .iter()
            .filter_map(|(_, e)| match e {
                Effect::Commit { step, frames, .. } => Some((*step, frames.clone())),
                Effect::OpenCamera
                | Effect::StopCamera
                | Effect::Retain(_)
                | Effect::Release(_)
                | Effect::KeepBest(_)
                | Effect::Submit
                | Effect::TellServer(_) => None,
            })
            .collect()
    }
}
