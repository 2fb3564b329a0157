//! Waiting for the server between steps. The face stays watched.

use super::{Act, State, Submit};
use crate::{
    evidence::Candidate,
    io::{Challenge, Effect, Event, FrameId, StateName},
    outcome::Ending,
    sample::Baseline,
    shared::{Look, Shared},
    tokens::Tokens,
    watch::Continuity,
};
use faceid_protocol::{Action, Millis};

/// Neutral frames are committed; waits for the first challenge.
#[derive(Debug)]
pub(crate) struct AwaitChallenge {
    baseline: Baseline,
    of: u32,
}

/// An action's frames are committed; waits for the next challenge or for the word that it was the last.
#[derive(Debug)]
pub(crate) struct Commit {
    baseline: Baseline,
    tokens: Tokens,
}

impl AwaitChallenge {
    pub(crate) fn enter(baseline: Baseline, neutral: &[Candidate], shared: &mut Shared) -> State {
        shared.enter(StateName::AwaitChallenge, shared.params.times.challenge);
        let frames = stamps(neutral);
        shared.effect(Effect::Retain(frames.iter().map(|(id, _)| *id).collect()));
        shared.effect(Effect::Commit { step: 0, frames, best: None });
        shared.neutral = Some(baseline);
        let of = shared.plan.as_ref().map_or(0, |plan| plan.action_count);
        State::AwaitChallenge(Self { baseline, of })
    }

    pub(crate) fn challenge(self, challenge: Option<Challenge>, shared: &mut Shared) -> State {
        next(challenge, self.baseline, Tokens::new(self.of), shared)
    }

    pub(crate) fn look(self, look: &Look, shared: &mut Shared) -> State {
        watch(State::AwaitChallenge(self), look, shared)
    }
}

impl Commit {
    /// `tokens` holds the proof of the action whose frames these are.
    pub(crate) fn enter(baseline: Baseline, tokens: Tokens, action: Action, frames: &[Candidate], shared: &mut Shared) -> State {
        shared.enter(StateName::Commit, shared.params.times.commit);
        let step = tokens.next_step().saturating_sub(1);
        let last = step == tokens.of();
        shared.event(Event::ActionSeen { step, action });
        let frames = stamps(frames);
        let best = if last { shared.send_best() } else { None };
        shared.effect(Effect::Retain(frames.iter().map(|(id, _)| *id).chain(best.map(|(id, _)| id)).collect()));
        shared.effect(Effect::Commit { step, frames, best });
        State::Commit(Self { baseline, tokens })
    }

    pub(crate) fn challenge(self, challenge: Option<Challenge>, shared: &mut Shared) -> State {
        next(challenge, self.baseline, self.tokens, shared)
    }

    pub(crate) fn look(self, look: &Look, shared: &mut Shared) -> State {
        watch(State::Commit(self), look, shared)
    }
}

/// The server's next word. A step out of order, or an end before the last action, is a broken server.
fn next(challenge: Option<Challenge>, baseline: Baseline, tokens: Tokens, shared: &mut Shared) -> State {
    shared.effect(Effect::Retain(Vec::new()));
    match challenge {
        Some(challenge) if challenge.step == tokens.next_step() && challenge.step <= tokens.of() => {
            Act::enter(challenge, baseline, tokens, shared)
        }
        Some(_) => shared.end(Ending::Network),
        None => match tokens.complete() {
            Ok(all) => Submit::enter(all, shared),
            Err(_) => shared.end(Ending::Network),
        },
    }
}

fn watch(state: State, look: &Look, shared: &mut Shared) -> State {
    match look.continuity {
        Continuity::Replaced => shared.end(Ending::Replaced),
        Continuity::Same | Continuity::Broken | Continuity::Turned => state,
    }
}

fn stamps(frames: &[Candidate]) -> Vec<(FrameId, Millis)> {
    frames.iter().map(|(id, sample)| (*id, sample.t)).collect()
}
