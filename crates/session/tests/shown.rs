//! What the page can show besides prompts and hints: the time that is left for an action, and how much of the evidence has arrived.

use faceid_protocol::{Action, Millis};
use faceid_session::{Challenge, Event, FrameId, Input, Output, StateName};
use faceid_testkit::{Drive, SyntheticFace, Trace, Track};

/// No share was told.
const NOTHING: [f32; 0] = [];

fn at(state: StateName) -> Trace {
    let trace = Drive { until: Some(state), ..Drive::new(&[Action::Nod]) }.run();
    assert_eq!(trace.session.state(), state, "the drive reaches it");
    trace
}

/// Every prompt's time and what it says is left.
fn prompts(events: &[(Millis, Event)]) -> Vec<(Millis, Millis)> {
    events.iter().filter_map(|(t, e)| if let Event::Prompt { left, .. } = e { Some((*t, *left)) } else { None }).collect()
}

/// Shares that an output tells.
fn shares(out: &Output) -> Vec<f32> {
    out.events.iter().filter_map(|e| if let Event::Upload { fraction } = e { Some(*fraction) } else { None }).collect()
}

#[test]
fn a_prompt_says_how_long_there_is_the_shorter_of_plan_and_challenge() {
    for (max, expected) in [(9_000, 9_000), (60_000, 20_000)] {
        let mut trace = at(StateName::AwaitChallenge);
        let challenge = Challenge { step: 1, action: Action::Nod, min: Millis(0), max: Millis(max) };
        let out = trace.session.step(trace.now, Input::ChallengeArrived(Some(challenge)));
        let events: Vec<_> = out.events.into_iter().map(|e| (trace.now, e)).collect();
        assert_eq!(prompts(&events), [(trace.now, Millis(expected))], "challenge of {max} ms, plan of 20 s");
    }
}

#[test]
fn the_attempt_may_leave_less_time_than_the_action_has() {
    // As in states.rs: three late answers on a slow network, and 90 s for the attempt.
    let late = Track::new("18000ms pitch 0; 18400ms pitch -18; 18800ms pitch 0");
    let answers = vec![late.clone(), late.clone(), late];
    let trace = Drive { answers, latency: Millis(13_000), ..Drive::new(&[Action::Nod, Action::Nod, Action::Nod]) }.run();
    assert_eq!(trace.ending(), "54200 USER_TIMEOUT");
    let prompts = prompts(&trace.events);
    let (last, earlier) = prompts.split_last().expect("prompts came");
    assert!(earlier.iter().all(|(_, left)| *left == Millis(20_000)), "the action's own time at first: {prompts:?}");
    assert!(last.1 < Millis(20_000), "the attempt's at the end: {prompts:?}");
    assert_eq!(last.0.plus(last.1), trace.now, "and that is when it ended");
}

#[test]
fn the_time_goes_on_while_the_page_is_hidden_and_is_not_told_again() {
    let mut trace = at(StateName::Act);
    let [(prompted, left)] = prompts(&trace.events)[..] else { panic!("one prompt") };
    let mut events = Vec::new();
    let ended = loop {
        trace.now = trace.now.plus(Millis(100));
        let away = trace.now.since(prompted);
        let input = match away.0 {
            3_000 => Input::Visibility { hidden: true },
            3_100..6_000 => Input::Tick,
            6_000 => Input::Visibility { hidden: false },
            _ => {
                let id = FrameId(trace.next_id);
                trace.next_id += 1;
                Input::Observed { id, t: trace.now, observation: Box::new(SyntheticFace::default().observation()), scores: None }
            }
        };
        events.extend(trace.session.step(trace.now, input).events.into_iter().map(|e| (trace.now, e)));
        if trace.session.state() == StateName::Closed {
            break away;
        }
    };
    assert_eq!(ended, left, "three seconds away change nothing");
    assert!(prompts(&events).is_empty(), "what was told first still holds");
}

#[test]
fn the_share_that_has_arrived_is_told_while_submitting_and_only_grows() {
    let mut trace = at(StateName::Commit);
    let mut step = |input: Input| shares(&trace.session.step(trace.now, input));
    let uploaded = |acknowledged, committed| Input::Uploaded { acknowledged, committed };
    assert_eq!(step(uploaded(100, 200)), NOTHING, "not while the person acts");
    assert_eq!(step(uploaded(100, 400)), NOTHING, "the last frames were committed");
    assert_eq!(step(Input::ChallengeArrived(None)), [0.25], "what has arrived by then");
    assert_eq!(step(uploaded(200, 400)), [0.5], "more of it");
    assert_eq!(step(uploaded(200, 400)), NOTHING, "no news");
    assert_eq!(step(uploaded(150, 400)), NOTHING, "never back");
    assert_eq!(step(uploaded(500, 400)), [1.0], "never more than all");
    assert_eq!(step(Input::Submitted), NOTHING, "the verdict is another matter");
    assert_eq!(step(uploaded(400, 400)), NOTHING, "nor afterwards");
}

#[test]
fn nothing_is_said_of_an_upload_that_nobody_counted() {
    let mut trace = at(StateName::Commit);
    let mut step = |input: Input| shares(&trace.session.step(trace.now, input));
    assert_eq!(step(Input::ChallengeArrived(None)), NOTHING, "unknown is not zero");
    assert_eq!(step(Input::Uploaded { acknowledged: 0, committed: 0 }), NOTHING, "nor is the share of nothing");
    assert_eq!(step(Input::Uploaded { acknowledged: 0, committed: 400 }), [0.0], "none of it yet");
}
