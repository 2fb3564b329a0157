//! Whole sessions on a fake clock: the four actions at many frame rates, wrong actions, impostor movements.

use faceid_protocol::{Action, Millis, wire::WrongActionPolicy};
use faceid_session::{ActionSpotter, Baseline, Effect, Event, Guidance, Params, Sample, StateName, WindowVerdict, judge_window};
use faceid_testkit::{Drive, Trace, Track, gesture};

const RATES: [f32; 5] = [8.0, 10.0, 15.0, 30.0, 60.0];

#[test]
fn every_action_passes_at_every_rate() {
    for action in Action::ALL {
        for fps in RATES {
            for seed in 1..=5 {
                let trace = Drive { fps, seed, jitter: 0.4, noise: 0.5, ..Drive::new(&[action]) }.run();
                assert_eq!(trace.ending(), "51000 SUCCESS", "{action} at {fps} fps, seed {seed}: {:?}", trace.events);
            }
        }
    }
}

#[test]
fn jitter_and_a_fifth_of_the_frames_lost() {
    let mut passed = [0; RATES.len()];
    for action in Action::ALL {
        for (slot, fps) in passed.iter_mut().zip(RATES) {
            for seed in 1..=10 {
                // A person repeats the movement when asked to.
                let again = match action {
                    Action::Nod => {
                        "500ms pitch 0; 900ms pitch -18; 1300ms pitch 0; 4500ms pitch 0; 4900ms pitch -18; 5300ms pitch 0; 8500ms pitch 0; 8900ms pitch -18; 9300ms pitch 0"
                    }
                    Action::Shake => {
                        "500ms yaw 0; 900ms yaw 22; 1500ms yaw -22; 1900ms yaw 0; 4500ms yaw 0; 4900ms yaw 22; 5500ms yaw -22; 5900ms yaw 0; 8500ms yaw 0; 8900ms yaw 22; 9500ms yaw -22; 9900ms yaw 0"
                    }
                    Action::Blink => {
                        "500ms eyes 1; 600ms eyes 0.1; 1150ms eyes 0.1; 1250ms eyes 1; 4500ms eyes 1; 4600ms eyes 0.1; 5150ms eyes 0.1; 5250ms eyes 1; 8500ms eyes 1; 8600ms eyes 0.1; 9150ms eyes 0.1; 9250ms eyes 1"
                    }
                    Action::Mouth => {
                        "500ms mouth 0.02; 700ms mouth 0.3; 1300ms mouth 0.3; 1500ms mouth 0.02; 4500ms mouth 0.02; 4700ms mouth 0.3; 5300ms mouth 0.3; 5500ms mouth 0.02; 8500ms mouth 0.02; 8700ms mouth 0.3; 9300ms mouth 0.3; 9500ms mouth 0.02"
                    }
                };
                let drive =
                    Drive { fps, seed, jitter: 0.4, drops: 0.2, noise: 0.5, answers: vec![Track::new(again)], ..Drive::new(&[action]) };
                let trace = drive.run();
                let ending = trace.ending();
                *slot += u32::from(ending == "51000 SUCCESS");
                let slow = fps < 15.0 && ending == "54200 USER_TIMEOUT";
                assert!(slow || ending == "51000 SUCCESS", "{action} at {fps} fps, seed {seed}: {ending}");
            }
        }
    }
    // At 8 and 10 fps a lost frame alone is a gap of 200 ms and more, which no server accepts: such a session asks again until time is up.
    println!("of 40 sessions passed: {passed:?} at {RATES:?} fps");
    assert!(passed[2..].iter().all(|&p| p == 40), "{passed:?} of 40 at {RATES:?} fps");
}

#[test]
fn three_actions_in_a_row_and_the_order_of_things() {
    let trace = Drive::new(&[Action::Shake, Action::Blink, Action::Mouth]).run();
    assert_eq!(trace.ending(), "51000 SUCCESS");
    let states: Vec<StateName> = trace.events.iter().filter_map(|(_, e)| if let Event::State(s) = e { Some(*s) } else { None }).collect();
    use StateName as S;
    let expected = [
        S::WaitCamera,
        S::AlignFace,
        S::Calibrate,
        S::AwaitChallenge,
        S::Act,
        S::Commit,
        S::Act,
        S::Commit,
        S::Act,
        S::Commit,
        S::Submit,
        S::AwaitVerdict,
        S::Closed,
    ];
    assert_eq!(states, expected);
    let stop = trace.effects.iter().position(|(_, e)| *e == Effect::StopCamera);
    let submit = trace.effects.iter().position(|(_, e)| *e == Effect::Submit);
    assert!(stop < submit && stop.is_some(), "the camera is off before the uploads are waited for");
    let best = trace
        .effects
        .iter()
        .filter_map(|(_, e)| if let Effect::Commit { step, best, .. } = e { Some((*step, best.is_some())) } else { None });
    assert_eq!(best.collect::<Vec<_>>(), [(0, false), (1, false), (2, false), (3, true)], "the best frame goes with the last action");
    let last_commit = trace.effects.iter().rposition(|(_, e)| matches!(e, Effect::Commit { .. }));
    let last_keep = trace.effects.iter().rposition(|(_, e)| matches!(e, Effect::KeepBest(_)));
    assert!(last_keep.is_some() && last_keep < last_commit, "and is not dropped for a better one while it is being encoded");
}

#[test]
fn the_best_frame_is_the_sharp_frontal_one_with_open_eyes() {
    // Soft and turned at first; sharp and frontal while the first challenge is waited for; then dim.
    let before =
        Track::new("0ms sharp 30; 1900ms sharp 30; 2000ms sharp 300; 2100ms sharp 300; 2200ms sharp 30; 2300ms luma 0.5; 2400ms luma 0.25");
    let trace = Drive { before, ..Drive::new(&[Action::Nod]) }.run();
    let best = trace.effects.iter().find_map(|(_, e)| if let Effect::Commit { best, .. } = e { *best } else { None });
    let t = best.map(|(_, t)| t.since(Millis(1_000)).0);
    assert!(t.is_some_and(|t| (1_990..=2_110).contains(&t)), "best frame at {t:?} ms");
}

#[test]
fn evidence_windows_keep_their_promises() {
    for action in Action::ALL {
        for fps in RATES {
            let trace = Drive { fps, ..Drive::new(&[action]) }.run();
            let commits = trace.commits();
            let [(0, neutral), (1, window)] = commits.as_slice() else { panic!("{action} at {fps}: {commits:?}") };
            assert!((4..=8).contains(&neutral.len()), "{action} at {fps}: {} neutral frames", neutral.len());
            assert!((12..=20).contains(&window.len()), "{action} at {fps}: {} frames", window.len());
            let gaps: Vec<u64> = window.windows(2).map(|w| w[1].1.since(w[0].1).0).collect();
            assert!(gaps.iter().all(|&g| g > 0 && g <= 200), "{action} at {fps}: gaps {gaps:?}");
            let in_a_row = window.windows(3).any(|w| w[1].0.0 == w[0].0.0 + 1 && w[2].0.0 == w[1].0.0 + 1);
            assert!(in_a_row, "{action} at {fps}: three consecutive camera frames");
        }
    }
}

#[test]
fn wrong_action_policies() {
    let shakes_then_nods =
        Track::new("500ms yaw 0; 800ms yaw 22; 1300ms yaw -22; 1700ms yaw 0; 3500ms pitch 0; 3900ms pitch -18; 4300ms pitch 0");
    let run = |wrong_action, answer: &Track| Drive { wrong_action, answers: vec![answer.clone()], ..Drive::new(&[Action::Nod]) }.run();
    let wrong = |e: &Event| *e == Event::WrongAction { asked: Action::Nod, seen: Action::Shake };

    for policy in [WrongActionPolicy::Ignore, WrongActionPolicy::RestartOnce] {
        let trace = run(policy, &shakes_then_nods);
        assert!(trace.saw(wrong), "{policy:?} reports it");
        assert_eq!(trace.ending(), "51000 SUCCESS", "{policy:?} lets the person try again");
    }
    assert_eq!(run(WrongActionPolicy::Fail, &shakes_then_nods).ending(), "54200 ACTION_ERROR");
    let twice =
        Track::new("500ms yaw 0; 800ms yaw 22; 1300ms yaw -22; 1700ms yaw 0; 3500ms yaw 0; 3800ms yaw 22; 4300ms yaw -22; 4700ms yaw 0");
    let trace = run(WrongActionPolicy::RestartOnce, &twice);
    assert_eq!(trace.ending(), "54200 ACTION_ERROR", "one second chance");
    assert!(trace.saw(|e| *e == Event::Guidance(Some(Guidance::WrongAction))), "and a hint about it");
}

#[test]
fn a_blink_is_never_a_wrong_action() {
    let answer =
        Track::new("500ms eyes 1; 560ms eyes 0.1; 1000ms eyes 0.1; 1060ms eyes 1; 1300ms pitch 0; 1700ms pitch -18; 2100ms pitch 0");
    let trace = Drive { wrong_action: WrongActionPolicy::Fail, answers: vec![answer], ..Drive::new(&[Action::Nod]) }.run();
    assert_eq!(trace.ending(), "51000 SUCCESS");
    assert!(trace.saw(|e| *e == Event::Blink { deliberate: true }), "but it is reported");
}

#[test]
fn what_is_not_the_action_runs_into_the_deadline() {
    let rows: [(Action, &str, &str); 13] = [
        (Action::Nod, "coming nearer", "500ms pitch 0; 900ms pitch -12; 1300ms pitch 0; 500ms height 200; 1300ms height 260"),
        (Action::Nod, "nothing at all", "0ms pitch 0"),
        (Action::Nod, "a held bow", "500ms pitch 0; 900ms pitch -18"),
        (Action::Nod, "a nod too small", "500ms pitch 0; 900ms pitch -6; 1300ms pitch 0"),
        (Action::Nod, "a diagonal", "500ms pitch 0; 900ms pitch -14; 1300ms pitch 0; 501ms yaw 0; 900ms yaw 14; 1300ms yaw 0"),
        (Action::Shake, "one side only", "500ms yaw 0; 900ms yaw 25; 1300ms yaw 0"),
        (
            Action::Shake,
            "sliding sideways",
            "500ms yaw 0; 900ms yaw 12; 1500ms yaw -12; 1900ms yaw 0; 500ms x 320; 900ms x 400; 1500ms x 240; 1900ms x 320",
        ),
        (Action::Blink, "one spontaneous blink", "500ms eyes 1; 560ms eyes 0.1; 640ms eyes 0.1; 720ms eyes 1"),
        (Action::Blink, "a wink", "500ms left 1; 600ms left 0.1; 1100ms left 0.1; 1200ms left 1"),
        (Action::Blink, "a squint", "500ms eyes 1; 600ms eyes 0.7; 1100ms eyes 0.7; 1200ms eyes 1"),
        (Action::Blink, "eyes shut and kept shut", "500ms eyes 1; 600ms eyes 0.1"),
        (
            Action::Mouth,
            "a smile that shows teeth",
            "500ms mouth 0.02; 700ms mouth 0.19; 1500ms mouth 0.19; 1700ms mouth 0.02; 500ms lips 0.13; 700ms lips 0.18; 1500ms lips 0.18; 1700ms lips 0.13",
        ),
        (
            Action::Mouth,
            "talking",
            "500ms mouth 0.02; 600ms mouth 0.14; 700ms mouth 0.04; 800ms mouth 0.2; 880ms mouth 0.04; 1000ms mouth 0.13; 1150ms mouth 0.02",
        ),
    ];
    for (action, what, script) in rows {
        for fps in [15.0, 30.0] {
            let trace = Drive { fps, answers: vec![Track::new(script)], ..Drive::new(&[action]) }.run();
            assert_eq!(trace.ending(), "54200 USER_TIMEOUT", "{action}: {what} at {fps} fps");
        }
    }
}

#[test]
fn two_blinks_in_a_row_are_deliberate() {
    let twice = Track::new(
        "500ms eyes 1; 560ms eyes 0.1; 720ms eyes 0.1; 780ms eyes 1; 1100ms eyes 1; 1160ms eyes 0.1; 1320ms eyes 0.1; 1380ms eyes 1",
    );
    let trace = Drive { answers: vec![twice], ..Drive::new(&[Action::Blink]) }.run();
    assert_eq!(trace.ending(), "51000 SUCCESS");
    assert_eq!(blinks(&trace), [false, true], "the second makes the pair");
}

#[test]
fn two_spontaneous_blinks_are_no_pair() {
    let rows = [
        (
            "both short",
            "500ms eyes 1; 560ms eyes 0.1; 660ms eyes 0.1; 720ms eyes 1; 1100ms eyes 1; 1160ms eyes 0.1; 1260ms eyes 0.1; 1320ms eyes 1",
        ),
        (
            "one very short",
            "500ms eyes 1; 540ms eyes 0.1; 570ms eyes 0.1; 610ms eyes 1; 900ms eyes 1; 960ms eyes 0.1; 1140ms eyes 0.1; 1200ms eyes 1",
        ),
        (
            "far apart",
            "500ms eyes 1; 560ms eyes 0.1; 720ms eyes 0.1; 780ms eyes 1; 1560ms eyes 1; 1620ms eyes 0.1; 1780ms eyes 0.1; 1840ms eyes 1",
        ),
    ];
    for (what, script) in rows {
        let trace = Drive { answers: vec![Track::new(script)], ..Drive::new(&[Action::Blink]) }.run();
        assert_eq!(trace.ending(), "54200 USER_TIMEOUT", "{what}");
        assert_eq!(blinks(&trace), [false, false], "{what}: both are reported");
    }
}

/// The blinks reported, and whether each was deliberate.
fn blinks(trace: &Trace) -> Vec<bool> {
    trace.events.iter().filter_map(|(_, e)| if let Event::Blink { deliberate } = e { Some(*deliberate) } else { None }).collect()
}

#[test]
fn a_movement_that_began_before_the_prompt_is_no_answer() {
    let early = Track::new("0ms pitch -3; 60ms pitch -8; 400ms pitch -18; 800ms pitch 0");
    assert_eq!(Drive { answers: vec![early], ..Drive::new(&[Action::Nod]) }.run().ending(), "54200 USER_TIMEOUT");
}

#[test]
fn a_blink_or_a_smile_while_calibrating_does_no_harm() {
    for script in [
        "1000ms eyes 1; 1060ms eyes 0.1; 1160ms eyes 0.1; 1220ms eyes 1",
        "1000ms mouth 0.02; 1100ms mouth 0.09; 1300ms mouth 0.09; 1400ms mouth 0.02",
    ] {
        for action in [Action::Blink, Action::Mouth] {
            let trace = Drive { before: Track::new(script), ..Drive::new(&[action]) }.run();
            assert_eq!(trace.ending(), "51000 SUCCESS", "{action} after {script}");
        }
    }
}

#[test]
fn windows_that_cannot_be_judged_say_why() {
    use faceid_session::NotMeasuredReason as R;
    let params = Params::default();
    let samples = |interval: u64, count: u64, track: &Track| -> Vec<Sample> {
        (0..count)
            .map(|i| Millis(i * interval))
            .map(|t| Sample::from_observation(t, &track.at(t, faceid_testkit::SyntheticFace::default()).observation()))
            .collect()
    };
    let neutral = samples(100, 6, &Track::default());
    let Some(baseline) = Baseline::from_samples(&neutral) else { panic!("no neutral") };
    let nod = gesture(Action::Nod);
    let judge = |action, window: &[Sample]| judge_window(action, &baseline, window, &params);

    assert!(matches!(judge(Action::Nod, &samples(100, 18, &nod)), WindowVerdict::Passed(token) if token.action() == Action::Nod));
    assert_eq!(judge(Action::Shake, &samples(100, 18, &nod)), WindowVerdict::Wrong(Action::Nod));
    assert_eq!(judge(Action::Nod, &samples(100, 18, &Track::default())), WindowVerdict::NotSeen);
    assert_eq!(judge(Action::Nod, &samples(150, 11, &nod)), WindowVerdict::NotMeasured(R::TooFewFrames));
    assert_eq!(judge(Action::Nod, &samples(201, 12, &nod)), WindowVerdict::NotMeasured(R::Gap));
    let mut back = samples(100, 18, &nod);
    back.swap(3, 4);
    assert_eq!(judge(Action::Nod, &back), WindowVerdict::NotMeasured(R::Unordered));
    let blind = samples(100, 18, &Track::new("0ms unmeasured"));
    assert_eq!(judge(Action::Nod, &blind), WindowVerdict::NotMeasured(R::Pose));
    assert_eq!(judge(Action::Blink, &blind), WindowVerdict::NotMeasured(R::Eyes));
    assert_eq!(judge(Action::Mouth, &blind), WindowVerdict::NotMeasured(R::Mouth));
}

#[test]
fn a_small_movement_counts_when_asked_for_and_is_nobodys_mistake_otherwise() {
    let small_nod = "500ms pitch 0; 900ms pitch -9.5; 1300ms pitch 0";
    let asked = Drive { answers: vec![Track::new(small_nod)], ..Drive::new(&[Action::Nod]) }.run();
    assert_eq!(asked.ending(), "51000 SUCCESS", "asked for");
    let shake = "3000ms yaw 0; 3300ms yaw 22; 3800ms yaw -22; 4200ms yaw 0";
    let unasked = |nod: &str| {
        let answers = vec![Track::new(&format!("{nod}; {shake}"))];
        Drive { answers, wrong_action: WrongActionPolicy::Fail, ..Drive::new(&[Action::Shake]) }.run().ending()
    };
    assert_eq!(unasked(small_nod), "51000 SUCCESS", "a dip of the head before the shake");
    assert_eq!(unasked("500ms pitch 0; 900ms pitch -16; 1300ms pitch 0"), "54200 ACTION_ERROR", "a clear nod");
}

/// Actions of an unprompted stream at 30 fps: two still seconds, then the script.
fn spotted(script: &str, lasting_ms: u64) -> Vec<(Action, bool)> {
    let mut spotter = ActionSpotter::new(&Params::default());
    let track = Track::new(script);
    let mut seen = Vec::new();
    for t in (0..2000 + lasting_ms).step_by(33).map(Millis) {
        let face = track.at(t.since(Millis(2000)), faceid_testkit::SyntheticFace::default());
        seen.extend(spotter.feed(&Sample::from_observation(t, &face.observation())));
    }
    seen.extend(spotter.finish());
    seen.iter().map(|s| (s.action, s.deliberate)).collect()
}

#[test]
fn an_unprompted_stream_shows_clear_actions_only() {
    assert_eq!(spotted("500ms pitch 0; 900ms pitch -9.5; 1300ms pitch 0", 3000), [], "a dip of the head");
    assert_eq!(spotted("500ms pitch 0; 900ms pitch -15; 1300ms pitch 0", 3000), [(Action::Nod, true)], "a nod");
    let down_then_up = "500ms pitch 0; 900ms pitch -15; 1400ms pitch 0; 1700ms pitch 14; 2200ms pitch 0";
    assert_eq!(spotted(down_then_up, 4000), [(Action::Nod, true)], "down, then up: one nod");
    assert_eq!(spotted("500ms yaw 0; 900ms yaw 11; 1500ms yaw -11.5; 1900ms yaw 0", 3000), [], "a glance to both sides");
    assert_eq!(spotted("500ms yaw 0; 900ms yaw 18; 1500ms yaw -18; 1900ms yaw 0", 3000), [(Action::Shake, true)], "a shake");
    assert_eq!(spotted("500ms mouth 0.02; 700ms mouth 0.3", 3000), [(Action::Mouth, true)], "opened and held until the end");
    assert_eq!(spotted("2900ms mouth 0.02; 2980ms mouth 0.3", 3000), [], "only just opened");
    assert_eq!(spotted("500ms eyes 1; 560ms eyes 0.1; 640ms eyes 0.1; 720ms eyes 1", 2000), [(Action::Blink, false)], "a blink");
}
