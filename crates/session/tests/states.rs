//! Every state x every input, every deadline, every camera fault.

use faceid_protocol::{Action, Millis};
use faceid_session::{CameraFault, Challenge, Effect, Event, FrameId, Input, NetworkFault, Output, Params, Session, StateName};
use faceid_testkit::{Drive, SyntheticFace, Trace, Track};

use StateName as S;

const STATES: [S; 10] =
    [S::NotStarted, S::WaitCamera, S::AlignFace, S::Calibrate, S::AwaitChallenge, S::Act, S::Commit, S::Submit, S::AwaitVerdict, S::Closed];

/// A session that has just entered this state, with the clock.
fn at(state: S) -> Trace {
    let mut drive = Drive { until: Some(state), ..Drive::new(&[Action::Nod]) };
    if state == S::Closed {
        drive.extra = vec![(Millis(2_000), Input::Cancel)];
    }
    let trace = drive.run();
    assert_eq!(trace.session.state(), state, "the drive reaches it");
    trace
}

fn face(trace: &Trace, face: SyntheticFace) -> Input {
    Input::Observed { id: FrameId(trace.next_id), t: trace.now, observation: Box::new(face.observation()), scores: None }
}

fn closed(out: &Output) -> Option<String> {
    out.events.iter().find_map(|e| if let Event::Closed(o) = e { Some(format!("{} {}", o.code, o.message)) } else { None })
}

/// Every input with a name; `Observed` shows a good face.
fn inputs(trace: &Trace) -> Vec<(&'static str, Input)> {
    let challenge = |step| Some(Challenge { step, action: Action::Nod, min: Millis(0), max: Millis(9_000) });
    let plan = Drive::new(&[Action::Nod]).plan();
    vec![
        ("start", Input::Start(plan)),
        ("ready", Input::CameraReady),
        ("frame", face(trace, SyntheticFace::default())),
        ("camera", Input::CameraLost(CameraFault::Unplugged)),
        ("black", Input::Black(true)),
        ("engine", Input::EngineFailed),
        ("first", Input::ChallengeArrived(challenge(1))),
        ("second", Input::ChallengeArrived(challenge(2))),
        ("done", Input::ChallengeArrived(None)),
        ("uploaded", Input::Uploaded { acknowledged: 1, committed: 2 }),
        ("submitted", Input::Submitted),
        ("verdict", Input::VerdictArrived { code: 51_000, message: "SUCCESS".into() }),
        ("refused", Input::Refused { code: 54_200, message: "BIZ_TOKEN_DENIED".into() }),
        ("network", Input::NetworkFailed(NetworkFault::Unreachable)),
        ("hidden", Input::Visibility { hidden: true }),
        ("shown", Input::Visibility { hidden: false }),
        ("tick", Input::Tick),
        ("cancel", Input::Cancel),
    ]
}

#[test]
fn every_state_times_every_input() {
    // One row per input, one column per state of STATES: "." stays, otherwise the state or the code it goes to.
    let table: [(&str, [&str; 10]); 18] = [
        ("start", ["WaitCamera", ".", ".", ".", ".", ".", ".", ".", ".", "."]),
        ("ready", [".", "AlignFace", ".", ".", ".", ".", ".", ".", ".", "."]),
        ("frame", [".", ".", ".", ".", ".", ".", ".", ".", ".", "."]),
        (
            "camera",
            [
                ".",
                "56000 DEVICE_NOT_SUPPORT",
                "56000 DEVICE_NOT_SUPPORT",
                "56000 DEVICE_NOT_SUPPORT",
                "56000 DEVICE_NOT_SUPPORT",
                "56000 DEVICE_NOT_SUPPORT",
                "56000 DEVICE_NOT_SUPPORT",
                ".",
                ".",
                ".",
            ],
        ),
        ("black", ["."; 10]),
        (
            "engine",
            [
                "56000 FACE_INIT_FAIL",
                "56000 FACE_INIT_FAIL",
                "56000 FACE_INIT_FAIL",
                "56000 FACE_INIT_FAIL",
                "56000 FACE_INIT_FAIL",
                "56000 FACE_INIT_FAIL",
                "56000 FACE_INIT_FAIL",
                ".",
                ".",
                ".",
            ],
        ),
        ("first", [".", ".", ".", ".", "Act", ".", "56000 NETWORK_ERROR", ".", ".", "."]),
        ("second", [".", ".", ".", ".", "56000 NETWORK_ERROR", ".", "56000 NETWORK_ERROR", ".", ".", "."]),
        ("done", [".", ".", ".", ".", "56000 NETWORK_ERROR", ".", "Submit", ".", ".", "."]),
        ("uploaded", ["."; 10]),
        ("submitted", [".", ".", ".", ".", ".", ".", ".", "AwaitVerdict", ".", "."]),
        ("verdict", [".", ".", ".", ".", ".", ".", ".", "51000 SUCCESS", "51000 SUCCESS", "."]),
        ("refused", ["54200 BIZ_TOKEN_DENIED"; 10]),
        ("network", ["56000 NETWORK_ERROR"; 10]),
        ("hidden", ["."; 10]),
        ("shown", ["."; 10]),
        ("tick", ["."; 10]),
        ("cancel", ["56000 USER_CANCEL"; 10]),
    ];
    for (column, state) in STATES.into_iter().enumerate() {
        for (row, (name, expected)) in table.iter().enumerate() {
            let mut trace = at(state);
            let (input_name, input) = inputs(&trace).swap_remove(row);
            assert_eq!(*name, input_name, "rows and inputs are in the same order");
            let out = trace.session.step(trace.now, input);
            let expected = if state == S::Closed { "." } else { expected[column] };
            let got = match closed(&out) {
                Some(code) => code,
                None if trace.session.state() == state => ".".into(),
                None => format!("{:?}", trace.session.state()),
            };
            assert_eq!(got, expected, "{state:?} x {name}");
            if state == S::Closed {
                assert_eq!((out.events.len(), out.effects.len(), out.next_deadline), (0, 0, None), "closed is silent on {name}");
            } else if trace.session.state() != S::Closed {
                assert!(out.next_deadline.is_some(), "{state:?} x {name}: a deadline in every state");
            }
            let stopped = |effects: &[(Millis, Effect)]| effects.iter().filter(|(_, e)| *e == Effect::StopCamera).count();
            if closed(&out).is_some() {
                let now = out.effects.iter().filter(|e| **e == Effect::StopCamera).count();
                assert_eq!(stopped(&trace.effects) + now, 1, "{state:?} x {name}: the camera is stopped once");
            }
        }
    }
}

#[test]
fn a_refusal_never_claims_success() {
    for state in STATES.into_iter().filter(|s| *s != S::Closed) {
        let mut trace = at(state);
        let out = trace.session.step(trace.now, Input::Refused { code: 51_000, message: "SUCCESS".into() });
        assert_eq!(closed(&out).as_deref(), Some("50000 UNKOWN_ERROR"), "{state:?}");
    }
}

/// Lets time pass by ticks at the announced deadlines only; the good face keeps coming when `frames`.
fn let_it_rot(mut trace: Trace, frames: bool) -> String {
    let began = trace.now;
    let mut deadline = trace.session.step(trace.now, Input::Tick).next_deadline;
    while trace.session.state() != S::Closed {
        assert!(trace.now.since(began) < Millis(200_000), "stuck in {:?}", trace.session.state());
        trace.now = if frames { trace.now.plus(Millis(100)) } else { deadline.unwrap_or_else(|| panic!("no deadline")) };
        let input = if frames { face(&trace, SyntheticFace::default()) } else { Input::Tick };
        trace.next_id += 1;
        let out = trace.session.step(trace.now, input);
        deadline = out.next_deadline;
        if let Some(code) = closed(&out) {
            return format!("{code} after {} s", trace.now.since(began).0 / 1000);
        }
    }
    "closed before".into()
}

#[test]
fn every_state_has_its_deadline() {
    let rows = [
        (S::NotStarted, false, "56000 INIT_FAILED after 60 s"),
        (S::WaitCamera, false, "56000 DEVICE_NOT_SUPPORT after 30 s"),
        (S::AlignFace, false, "56000 DEVICE_NOT_SUPPORT after 10 s"),
        (S::Calibrate, false, "56000 DEVICE_NOT_SUPPORT after 10 s"),
        (S::AwaitChallenge, true, "56000 NETWORK_ERROR after 15 s"),
        (S::Act, true, "54200 USER_TIMEOUT after 20 s"),
        (S::Commit, true, "56000 NETWORK_ERROR after 20 s"),
        (S::Submit, false, "56000 NETWORK_ERROR after 60 s"),
        (S::AwaitVerdict, false, "56000 NETWORK_ERROR after 60 s"),
    ];
    for (state, frames, expected) in rows {
        let mut trace = at(state);
        if state == S::NotStarted {
            let _ = trace.session.step(trace.now, Input::Tick);
        }
        assert_eq!(let_it_rot(trace, frames), expected, "{state:?}");
    }
}

#[test]
fn alignment_ends_and_says_why() {
    let run = |script: &str| Drive { before: Track::new(script), ..Drive::new(&[Action::Nod]) }.run();
    let away = run("0ms noface");
    assert_eq!(away.ending(), "54200 UNDETECTED_FACE");
    assert!(away.now <= Millis(33_000), "30 s without a face");
    assert_eq!(run("0ms height 60").ending(), "54200 USER_TIMEOUT", "never came near");
    let turned = run("0ms yaw 40");
    assert!(turned.saw(|e| *e == Event::Guidance(Some(faceid_session::Guidance::NotFrontal))), "told to face the camera");
}

#[test]
fn the_whole_attempt_has_a_deadline() {
    // Steps that each keep their own deadline, together too long: 3 actions of 19 s with a slow network, limit 90 s from Start.
    let late = Track::new("18000ms pitch 0; 18400ms pitch -18; 18800ms pitch 0");
    let mut drive = Drive::new(&[Action::Nod, Action::Nod, Action::Nod]);
    drive.answers = vec![late.clone(), late.clone(), late];
    drive.latency = Millis(13_000);
    let trace = drive.run();
    assert_eq!(trace.ending(), "54200 USER_TIMEOUT");
    assert_eq!(trace.now, Millis(91_000), "90 s after Start");
}

#[test]
fn camera_faults_have_their_codes() {
    use CameraFault as F;
    for fault in [F::Denied, F::NotFound, F::Busy, F::Overconstrained, F::Unsupported, F::Unplugged, F::Stalled] {
        let expected = if fault == F::Denied { "56000 NO_CAMERA_PERMISSION" } else { "56000 DEVICE_NOT_SUPPORT" };
        for state in [S::WaitCamera, S::AlignFace, S::Calibrate, S::AwaitChallenge, S::Act, S::Commit] {
            let mut trace = at(state);
            let out = trace.session.step(trace.now, Input::CameraLost(fault));
            assert_eq!(closed(&out).as_deref(), Some(expected), "{state:?} x {fault:?}");
            assert!(out.effects.contains(&Effect::StopCamera), "{state:?} x {fault:?}: camera off");
        }
    }
}

#[test]
fn a_hidden_page_may_come_back_in_time() {
    let away = |back: Option<u64>| {
        let mut extra = vec![(Millis(2_200), Input::Visibility { hidden: true })];
        extra.extend(back.map(|t| (Millis(t), Input::Visibility { hidden: false })));
        // The first movement is half done when the page goes away; the second comes after it is back.
        let answer = Track::new("300ms pitch 0; 700ms pitch -18; 1100ms pitch 0; 4500ms pitch 0; 4900ms pitch -18; 5300ms pitch 0");
        Drive { extra, answers: vec![answer], ..Drive::new(&[Action::Nod]) }.run()
    };
    assert_eq!(away(None).ending(), "56000 LIVENESS_DETECT_FAILED", "left the page");
    let back = away(Some(4_000));
    assert_eq!(back.ending(), "51000 SUCCESS", "came back");
    assert!(back.now > Millis(6_500), "the half movement did not count: {:?}", back.now);
    for state in [S::Submit, S::AwaitVerdict] {
        let mut trace = at(state);
        let out = trace.session.step(trace.now, Input::Visibility { hidden: true });
        assert!(out.next_deadline.is_some_and(|d| d >= trace.now.plus(Millis(59_000))), "{state:?}: hiding is harmless without camera");
    }
}

#[test]
fn faces_come_and_go() {
    let run = |script: &str| Drive { answers: vec![Track::new(script)], ..Drive::new(&[Action::Nod]) }.run();
    let nod = "9000ms pitch 0; 9400ms pitch -18; 9800ms pitch 0";
    assert_eq!(run(&format!("500ms noface; 3000ms face; {nod}")).ending(), "51000 SUCCESS", "away for a moment");
    assert_eq!(run(&format!("500ms noface; {nod}")).ending(), "54200 UNDETECTED_FACE", "gone");
    assert_eq!(run(&format!("500ms faces 2; 3000ms faces 1; {nod}")).ending(), "51000 SUCCESS", "a passer-by");
    assert_eq!(run(&format!("500ms faces 2; {nod}")).ending(), "56000 LIVENESS_DETECT_FAILED", "company that stays");
    let guided = run("500ms faces 2; 3000ms faces 1");
    assert!(guided.saw(|e| *e == Event::Guidance(Some(faceid_session::Guidance::SeveralFaces))), "and is told");
}

#[test]
fn a_black_picture_is_told_until_there_is_one() {
    let covered = |black: bool| {
        let mut extra = vec![(Millis(400), Input::Black(true))];
        extra.extend((!black).then_some((Millis(3_000), Input::Black(false))));
        Drive { extra, before: Track::new("0ms noface; 5000ms noface; 5001ms face"), ..Drive::new(&[Action::Nod]) }.run()
    };
    let told = |trace: &Trace, hint| trace.events.iter().find(|(_, e)| *e == Event::Guidance(Some(hint))).map(|(t, _)| *t);
    use faceid_session::Guidance::{LensCovered, NoFace};
    let uncovered = covered(false);
    assert!(told(&uncovered, LensCovered) < told(&uncovered, NoFace), "first the cover, then the face: {:?}", uncovered.events);
    assert_eq!(uncovered.ending(), "51000 SUCCESS", "went on");
    let face_seen = covered(true);
    assert_eq!(face_seen.ending(), "51000 SUCCESS", "a face in view outweighs what the glue said last");
}

#[test]
fn a_picture_that_turns_starts_the_action_again_and_is_no_attack() {
    let mut trace = at(S::Act);
    let mut hints = Vec::new();
    for i in 0..40 {
        trace.now = trace.now.plus(Millis(33));
        // Turned, the same head lies elsewhere, and is measured otherwise.
        let mut seen = SyntheticFace { x: 320.0 + if i < 20 { 0.0 } else { 200.0 }, ..SyntheticFace::default() };
        seen.head = if i < 20 { 0.0 } else { 1.0 };
        let mut observation = seen.observation();
        if i >= 20 {
            observation.frame_size.reverse();
        }
        let input = Input::Observed { id: FrameId(trace.next_id), t: trace.now, observation: Box::new(observation), scores: None };
        trace.next_id += 1;
        hints.extend(trace.session.step(trace.now, input).events);
    }
    assert_eq!(trace.session.state(), S::Act, "goes on");
    assert!(hints.contains(&Event::Guidance(Some(faceid_session::Guidance::HoldStill))), "and says so: {hints:?}");
}

#[test]
fn another_head_in_the_next_frame_is_an_attack_a_jump_is_not() {
    let run = |script: &str| Drive { answers: vec![Track::new(script)], ..Drive::new(&[Action::Nod]) }.run();
    let nod = "3000ms pitch 0; 3400ms pitch -18; 3800ms pitch 0";
    let swapped = run(&format!("999ms x 320; 1000ms x 520; 0ms head 0; 1000ms head 1; {nod}"));
    assert_eq!(swapped.ending(), "54100 REPLACED_FACE_ATTACK");
    let jumped = run(&format!("999ms x 320; 1000ms x 480; 1500ms x 480; 1900ms x 320; {nod}"));
    assert_eq!(jumped.ending(), "51000 SUCCESS", "same head, tracking jumped: only the window starts again");
}

#[test]
fn clocks_that_jump_do_no_harm() {
    let mut trace = at(S::Act);
    let back = trace.session.step(Millis(5), Input::Tick);
    assert!(back.next_deadline.is_some_and(|d| d >= trace.now), "a clock that steps back is held");
    let old = Input::Observed {
        id: FrameId(9_999),
        t: Millis(3),
        observation: Box::new(SyntheticFace { count: 3, ..Default::default() }.observation()),
        scores: None,
    };
    let before = trace.session.step(trace.now, Input::Tick);
    let after = trace.session.step(trace.now, old);
    assert_eq!(before, after, "a frame from the past changes nothing");
    let out = trace.session.step(trace.now.plus(Millis(3_600_000)), Input::Tick);
    assert_eq!(closed(&out).as_deref(), Some("54200 USER_TIMEOUT"), "asleep for an hour");
}

#[test]
fn the_last_word_is_heard_even_when_late() {
    let mut trace = at(S::AwaitVerdict);
    let late = trace.now.plus(Millis(3_600_000));
    let out = trace.session.step(late, Input::VerdictArrived { code: 52_000, message: "PASS_LIVING_NOT_THE_SAME".into() });
    assert_eq!(closed(&out).as_deref(), Some("52000 PASS_LIVING_NOT_THE_SAME"));
}

#[test]
fn every_local_ending_is_told_to_a_server_that_knows_the_session() {
    let told =
        |out: &Output| out.effects.iter().find_map(|e| if let Effect::TellServer(outcome) = e { Some(outcome.clone()) } else { None });
    for state in STATES.into_iter().filter(|s| *s != S::Closed) {
        for (input, at_latest) in [(Input::Cancel, Millis(0)), (Input::Tick, Millis(3_600_000))] {
            let mut trace = at(state);
            // the first step of all only starts the clock
            drop(trace.session.step(trace.now, Input::Tick));
            let out = trace.session.step(trace.now.plus(at_latest), input);
            let ended = out.events.iter().find_map(|e| if let Event::Closed(outcome) = e { Some(outcome.clone()) } else { None });
            assert!(ended.is_some(), "{state:?} ends");
            assert_eq!(told(&out), ended.filter(|_| state != S::NotStarted), "{state:?}: the row that the page shows");
        }
    }
    let mut trace = at(S::Act);
    let out = trace.session.step(trace.now, Input::Refused { code: 54_200, message: "USER_TIMEOUT".into() });
    assert_eq!(told(&out), None, "the server's own word is not news to it");
}

#[test]
fn an_impossible_plan_is_refused() {
    for count in [0, 4] {
        let mut session = Session::new(Params::default());
        let plan = faceid_session::Plan { action_count: count, ..Drive::new(&[Action::Nod]).plan() };
        let out = session.step(Millis(0), Input::Start(plan));
        assert_eq!(closed(&out).as_deref(), Some("56000 INIT_FAILED"), "{count} actions");
    }
}

#[test]
fn extra_ticks_change_nothing() {
    for state in STATES {
        let mut trace = at(state);
        let first = trace.session.step(trace.now, Input::Tick);
        for _ in 0..3 {
            let next = trace.session.step(trace.now, Input::Tick);
            assert_eq!((next.events.len(), next.effects.len(), next.next_deadline), (0, 0, first.next_deadline), "{state:?}");
        }
    }
}
