//! One prompted action: judged, its evidence chosen, and judged once more as the server will.

use super::{Commit, State};
use crate::{
    action::{ActionPassed, Finding, Prompted, Seen, WindowVerdict, judge_window},
    evidence::{Candidate, Candidates},
    io::{Challenge, Effect, Event, Guidance, StateName},
    outcome::Ending,
    sample::{Baseline, Sample},
    shared::{Look, Shared},
    tokens::Tokens,
    watch::{Continuity, Pace},
};
use faceid_protocol::{Action, Millis, wire::WrongActionPolicy};

/// Waits for the prompted action.
#[derive(Debug)]
pub(crate) struct Act {
    challenge: Challenge,
    baseline: Baseline,
    tokens: Tokens,
    prompted: Prompted,
    candidates: Candidates,
    seen: Option<Passing>,
    restarts: u32,
    retries: u32,
    progress: f32,
    last_face: Millis,
}

/// The action was seen; trailing frames are being gathered.
#[derive(Debug)]
struct Passing {
    token: ActionPassed,
    arc: Seen,
}

/// The ring on the page moves in steps of at least this.
const PROGRESS_STEP: f32 = 0.05;

impl Act {
    pub(crate) fn enter(challenge: Challenge, baseline: Baseline, tokens: Tokens, shared: &mut Shared) -> State {
        let limit = shared.plan.as_ref().map_or(challenge.max, |plan| plan.action_timeout.min(challenge.max));
        shared.enter(StateName::Act, limit);
        shared.event(Event::Prompt { step: challenge.step, of: tokens.of(), action: challenge.action });
        shared.event(Event::Progress { step: challenge.step, fraction: 0.0 });
        let prompted = prompted(&challenge, challenge.min, &baseline, shared);
        State::Act(Box::new(Self {
            challenge,
            baseline,
            tokens,
            prompted,
            candidates: Candidates::default(),
            seen: None,
            restarts: 0,
            retries: 0,
            progress: 0.0,
            last_face: shared.now,
        }))
    }

    /// The page is back, or the face is: whatever was half done does not count.
    pub(crate) fn restart(&mut self, shared: &mut Shared) {
        self.prompted = prompted(&self.challenge, Millis(0), &self.baseline, shared);
        self.candidates = Candidates::default();
        self.seen = None;
        self.last_face = shared.now;
        self.show(0.0, shared);
    }

    pub(crate) fn look(mut self: Box<Self>, look: &Look, shared: &mut Shared) -> State {
        match look.continuity {
            Continuity::Replaced => return shared.end(Ending::Replaced),
            Continuity::Broken => self.restart(shared),
            Continuity::Same => {}
        }
        if !look.alone {
            if look.sample.t.since(self.last_face) > shared.params.times.no_face_restart {
                self.restart(shared);
            }
            return State::Act(self);
        }
        self.last_face = look.sample.t;
        if look.hint.is_none() && look.pace != Pace::Good {
            shared.guide.want(Some(Guidance::Slower));
        }
        self.candidates.push(look.id, look.sample, &shared.params.evidence);
        if self.seen.is_none() {
            let finding = self.prompted.feed(&look.sample);
            if let Some(ending) = self.react(finding, shared) {
                return shared.end(ending);
            }
        }
        self.conclude(look.sample.t, shared)
    }

    /// Reports what the judges found; `Some` when it ends the session.
    fn react(&mut self, finding: Finding, shared: &mut Shared) -> Option<Ending> {
        if let Some(blink) = finding.blink {
            shared.event(Event::Blink { deliberate: blink.deliberate });
        }
        if finding.too_soon {
            shared.guide.notice(shared.now, Guidance::Slower, &shared.params.times);
        }
        if let Some((token, arc)) = finding.passed {
            self.show(0.9, shared);
            shared.effect(Effect::Retain(self.candidates.ids()));
            self.seen = Some(Passing { token, arc });
        } else if let Some(seen) = finding.wrong {
            return self.wrong(seen, shared);
        } else {
            let progress = self.prompted.progress();
            if (progress - self.progress).abs() >= PROGRESS_STEP {
                self.show(progress, shared);
            }
        }
        None
    }

    fn wrong(&mut self, seen: Action, shared: &mut Shared) -> Option<Ending> {
        shared.event(Event::WrongAction { asked: self.challenge.action, seen });
        let policy = shared.plan.as_ref().map_or_else(WrongActionPolicy::default, |plan| plan.wrong_action);
        match policy {
            WrongActionPolicy::Ignore => None,
            WrongActionPolicy::Fail => Some(Ending::WrongAction),
            WrongActionPolicy::RestartOnce if self.restarts > 0 => Some(Ending::WrongAction),
            WrongActionPolicy::RestartOnce => {
                self.restarts += 1;
                shared.guide.notice(shared.now, Guidance::WrongAction, &shared.params.times);
                self.restart(shared);
                None
            }
        }
    }

    /// Once enough frames surround the arc, sends them, provided that the server's judge would see the action in them.
    fn conclude(mut self: Box<Self>, t: Millis, shared: &mut Shared) -> State {
        let Some(passing) = self.seen.take() else { return State::Act(self) };
        let (e, j) = (&shared.params.evidence, &shared.params.judge);
        let window = match self.candidates.window(&passing.arc, e, j) {
            Some(window) => window,
            None if t.since(passing.arc.t_end) > e.tail => self.candidates.window_so_far(&passing.arc, e, j),
            None => {
                self.seen = Some(passing);
                return State::Act(self);
            }
        };
        if self.retries < e.retries && !self.convinces(&window, shared) {
            self.retries += 1;
            shared.guide.notice(shared.now, Guidance::Slower, &shared.params.times);
            self.restart(shared);
            return State::Act(self);
        }
        self.show(1.0, shared);
        let Self { baseline, mut tokens, challenge, .. } = *self;
        tokens.add(passing.token);
        Commit::enter(baseline, tokens, challenge.action, &window, shared)
    }

    fn convinces(&self, window: &[Candidate], shared: &Shared) -> bool {
        let samples: Vec<Sample> = window.iter().map(|(_, s)| *s).collect();
        match judge_window(self.challenge.action, &self.baseline, &samples, &shared.params) {
            WindowVerdict::Passed(_) => true,
            WindowVerdict::NotSeen | WindowVerdict::Wrong(_) | WindowVerdict::NotMeasured(_) => false,
        }
    }

    fn show(&mut self, progress: f32, shared: &mut Shared) {
        self.progress = progress;
        shared.event(Event::Progress { step: self.challenge.step, fraction: progress });
    }
}

fn prompted(challenge: &Challenge, min: Millis, baseline: &Baseline, shared: &mut Shared) -> Prompted {
    let neutral = shared.posture(baseline);
    Prompted::new(challenge.action, shared.now, shared.params.times.reaction, min, neutral, &shared.params.judge)
}
