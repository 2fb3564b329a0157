//! Dispatch: one call in, one value out.

use crate::{
    io::{FrameId, Input, Output, StateName},
    outcome::{Ending, refusal},
    params::Params,
    shared::Shared,
    state::{NotStarted, State},
    timer::Timer,
    watch::Pace,
};
use faceid_protocol::Millis;
use faceid_vision::{ActionScores, Observation};

/// One liveness session, from token to code. Create one per attempt.
#[derive(Debug)]
pub struct Session {
    shared: Shared,
    state: State,
}

impl Session {
    /// A session that waits for [`Input::Start`].
    #[must_use]
    pub fn new(params: Params) -> Self {
        Self { shared: Shared::new(params), state: State::NotStarted(NotStarted) }
    }

    /// Where the session is.
    #[must_use]
    pub fn state(&self) -> StateName {
        self.state.name()
    }

    /// Moves on. `now` is the caller's clock in milliseconds; a clock that steps back is held at its latest value.
    ///
    /// Deadlines that have passed are handled first, except that the last word of the person or of the server (Cancel, verdict, refusal) is
    /// still heard when it arrives together with a deadline. Inputs that mean nothing in the current state change nothing.
    pub fn step(&mut self, now: Millis, input: Input) -> Output {
        let first = self.shared.now == Millis(0) && self.shared.timers.earliest().is_none();
        self.shared.now = self.shared.now.max(now);
        if first && self.state() == StateName::NotStarted {
            self.shared.timers.set(Timer::State, now.plus(self.shared.params.times.start));
        }
        let mut state = std::mem::replace(&mut self.state, State::Closed);
        if !is_last_word(&input) {
            state = self.run_timers(state);
        }
        state = self.dispatch(state, input);
        self.state = self.run_timers(state);
        if self.state() != StateName::Closed {
            self.update_guidance();
        }
        let mut out = std::mem::take(&mut self.shared.out);
        out.next_deadline = self.shared.timers.earliest();
        out
    }

    fn run_timers(&mut self, mut state: State) -> State {
        while let Some(timer) = self.shared.timers.expired(self.shared.now) {
            state = state.on_timer(timer, &mut self.shared);
        }
        state
    }

    fn update_guidance(&mut self) {
        let shared = &mut self.shared;
        if let Some(hint) = shared.guide.update(shared.now, &shared.params.times) {
            shared.event(crate::io::Event::Guidance(hint));
        }
        match shared.guide.due(&shared.params.times) {
            Some(due) => shared.timers.set(Timer::Guidance, due),
            None => shared.timers.clear(Timer::Guidance),
        }
    }

    fn dispatch(&mut self, state: State, input: Input) -> State {
        let shared = &mut self.shared;
        match input {
            Input::Start(plan) => match state {
                State::NotStarted(s) => s.start(plan, shared),
                State::WaitCamera(_)
                | State::AlignFace(_)
                | State::Calibrate(_)
                | State::AwaitChallenge(_)
                | State::Act(_)
                | State::Commit(_)
                | State::Submit(_)
                | State::AwaitVerdict(_)
                | State::Closed => state,
            },
            Input::CameraReady => match state {
                State::WaitCamera(s) => s.ready(shared),
                State::NotStarted(_)
                | State::AlignFace(_)
                | State::Calibrate(_)
                | State::AwaitChallenge(_)
                | State::Act(_)
                | State::Commit(_)
                | State::Submit(_)
                | State::AwaitVerdict(_)
                | State::Closed => state,
            },
            Input::Observed { id, t, observation, scores } => observed(state, (id, t), &observation, scores, shared),
            Input::CameraLost(fault) => {
                if state.needs_camera() {
                    shared.end(Ending::Camera(fault))
                } else {
                    state
                }
            }
            Input::Black(black) => {
                shared.black = black;
                state
            }
            Input::EngineFailed => {
                if state.needs_engine() {
                    shared.end(Ending::Engine)
                } else {
                    state
                }
            }
            Input::ChallengeArrived(challenge) => match state {
                State::AwaitChallenge(s) => s.challenge(challenge, shared),
                State::Commit(s) => s.challenge(challenge, shared),
                State::NotStarted(_)
                | State::WaitCamera(_)
                | State::AlignFace(_)
                | State::Calibrate(_)
                | State::Act(_)
                | State::Submit(_)
                | State::AwaitVerdict(_)
                | State::Closed => state,
            },
            Input::Uploaded { acknowledged, committed } => {
                shared.uploaded = share(acknowledged, committed);
                match state {
                    State::Submit(s) => s.uploaded(shared),
                    State::NotStarted(_)
                    | State::WaitCamera(_)
                    | State::AlignFace(_)
                    | State::Calibrate(_)
                    | State::AwaitChallenge(_)
                    | State::Act(_)
                    | State::Commit(_)
                    | State::AwaitVerdict(_)
                    | State::Closed => state,
                }
            }
            Input::Submitted => match state {
                State::Submit(s) => s.submitted(shared),
                State::NotStarted(_)
                | State::WaitCamera(_)
                | State::AlignFace(_)
                | State::Calibrate(_)
                | State::AwaitChallenge(_)
                | State::Act(_)
                | State::Commit(_)
                | State::AwaitVerdict(_)
                | State::Closed => state,
            },
            Input::VerdictArrived { code, message } => match state {
                State::Submit(s) => s.verdict(code, message, shared),
                State::AwaitVerdict(s) => s.verdict(code, message, shared),
                State::NotStarted(_)
                | State::WaitCamera(_)
                | State::AlignFace(_)
                | State::Calibrate(_)
                | State::AwaitChallenge(_)
                | State::Act(_)
                | State::Commit(_)
                | State::Closed => state,
            },
            Input::Refused { code, message } => unless_closed(state, |_| shared.close(refusal(code, message))),
            Input::NetworkFailed(fault) => state.on_network(fault, shared),
            Input::Visibility { hidden } => visibility(state, hidden, shared),
            Input::Tick => state,
            Input::Cancel => unless_closed(state, |_| shared.end(Ending::Cancelled)),
        }
    }
}

fn is_last_word(input: &Input) -> bool {
    matches!(input, Input::Cancel | Input::Refused { .. } | Input::VerdictArrived { .. })
}

fn unless_closed(state: State, then: impl FnOnce(State) -> State) -> State {
    if state.name() == StateName::Closed { state } else { then(state) }
}

/// Share of what was committed; `None` when nothing was.
fn share(acknowledged: u64, committed: u64) -> Option<f32> {
    (committed > 0).then(|| (acknowledged as f64 / committed as f64).min(1.0) as f32)
}

fn observed(state: State, frame: (FrameId, Millis), observation: &Observation, scores: Option<ActionScores>, shared: &mut Shared) -> State {
    // Frames that trickle in while the page is hidden show a person who sees no prompt.
    let strictness = state.strictness().filter(|_| !shared.hidden);
    let Some(look) = strictness.and_then(|strictness| shared.look(frame, observation, scores, strictness)) else {
        return state;
    };
    // A window with such gaps proves nothing to the server: better to say so than to let the person act in vain.
    if matches!(look.pace, Pace::TooSlow(lasting) if lasting >= shared.params.times.too_slow) {
        return shared.end(Ending::TooSlow);
    }
    match state {
        State::AlignFace(s) => s.look(&look, shared),
        State::Calibrate(s) => s.look(&look, shared),
        State::AwaitChallenge(s) => s.look(&look, shared),
        State::Act(s) => s.look(&look, shared),
        State::Commit(s) => s.look(&look, shared),
        State::NotStarted(_) | State::WaitCamera(_) | State::Submit(_) | State::AwaitVerdict(_) | State::Closed => state,
    }
}

/// A hidden page gets no frames. It may come back for a while; the action in hand then starts again.
fn visibility(mut state: State, hidden: bool, shared: &mut Shared) -> State {
    let before = std::mem::replace(&mut shared.hidden, hidden);
    if state.strictness().is_none() || before == hidden {
        return state;
    }
    if hidden {
        shared.hide();
    } else {
        shared.timers.clear(Timer::Hidden);
        shared.expect_frames();
        if let State::Act(act) = &mut state {
            act.restart(shared);
        }
    }
    state
}
