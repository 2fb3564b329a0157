//! One prompted action: judged, its evidence chosen, and judged once more as the server will.

use super::{Commit, State};
use crate::{
    action::{ActionPassed, Finding, Prompted, Seen, WindowVerdict, judge_window},
    evidence::{Candidate, Candidates},
    io::{Challenge, Effect, Event, Guidance, StateName},
    outcome::Ending,
    params::Params,
    sample::{Baseline, Sample},
    shared::{Look, Shared},
    timer::Timer,
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
        // The attempt may be over sooner than this action's own window.
        let left = shared.timers.due(Timer::Attempt).map_or(limit, |due| limit.min(due.since(shared.now)));
        shared.event(Event::Prompt { step: challenge.step, of: tokens.of(), action: challenge.action, left });
        shared.event(Event::Progress { step: challenge.step, fraction: 0.0 });
        let prompted = prompted(&challenge, challenge.min, &baseline, shared);
        let candidates = Candidates::new(challenge.action);
        State::Act(Box::new(Self {
            challenge,
            baseline,
            tokens,
            prompted,
            candidates,
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
        let former = std::mem::replace(&mut self.candidates, Candidates::new(self.challenge.action));
        shared.release(former.ids());
        self.seen = None;
        self.last_face = shared.now;
        self.show(0.0, shared);
    }

    pub(crate) fn look(mut self: Box<Self>, look: &Look, shared: &mut Shared) -> State {
        match look.continuity {
            Continuity::Replaced => return shared.end(Ending::Replaced),
            Continuity::Broken => self.restart(shared),
            Continuity::Turned => {
                shared.guide.notice(shared.now, Guidance::HoldStill, &shared.params.times);
                self.restart(shared);
            }
            Continuity::Same => {}
        }
        if !look.alone {
            shared.release(vec![look.id]);
            if look.sample.t.since(self.last_face) > shared.params.times.no_face_restart {
                self.restart(shared);
            }
            return State::Act(self);
        }
        self.last_face = look.sample.t;
        if look.hint.is_none() && look.pace != Pace::Good {
            shared.guide.want(Some(Guidance::Slower));
        }
        let gone = self.candidates.push(look.id, look.sample, &shared.params.evidence, &shared.params.judge);
        shared.release(gone);
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
        let window = match self.convincing(window, &passing.arc, shared) {
            Ok(window) => window,
            Err(window) if self.retries >= e.retries => window,
            Err(_) => return self.again(&passing.arc, shared),
        };
        self.show(1.0, shared);
        let Self { baseline, mut tokens, challenge, .. } = *self;
        tokens.add(passing.token);
        Commit::enter(baseline, tokens, challenge.action, &window, shared)
    }

    /// Asks once more: a movement that fills its window should be quicker, any other shows more when it is slower.
    fn again(mut self: Box<Self>, arc: &Seen, shared: &mut Shared) -> State {
        self.retries += 1;
        let long = arc.t_end.since(arc.t_start) > shared.params.evidence.lead_below;
        let hint = if long { Guidance::Faster } else { Guidance::Slower };
        shared.guide.notice(shared.now, hint, &shared.params.times);
        self.restart(shared);
        State::Act(self)
    }

    /// This window or a shorter one in which the server's judge sees the action; else the window as it was.
    fn convincing(&self, window: Vec<Candidate>, arc: &Seen, shared: &Shared) -> Result<Vec<Candidate>, Vec<Candidate>> {
        if self.convinces(&window, shared) {
            return Ok(window);
        }
        let Params { evidence, judge, .. } = &shared.params;
        let shorter = self.candidates.shorter(arc, &self.baseline, evidence, judge);
        shorter.into_iter().find(|w| self.convinces(w, shared)).ok_or(window)
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
