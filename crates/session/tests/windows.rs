//! Movements that an evidence window of 20 frames can hardly hold, and the server's second look at them.

use faceid_protocol::{Action, Millis};
use faceid_session::{Baseline, Event, JudgeParams, Params, Sample, WindowVerdict, judge_window};
use faceid_testkit::{Drive, SyntheticFace, Track};

/// Ends of a session at 15 fps with uneven frame times in which the person makes this one movement and no other, and how often it was asked for again.
fn slow(script: &str, seed: u64) -> (String, usize) {
    let drive =
        Drive { fps: 15.0, jitter: 0.08, seed, answers: vec![Track::new(script), Track::default()], ..Drive::new(&[Action::Shake]) };
    let trace = drive.run();
    let prompts = trace.events.iter().filter(|(_, e)| matches!(e, Event::Prompt { .. })).count();
    (trace.ending(), prompts)
}

#[test]
fn a_slow_shake_fits_its_window() {
    for (what, least, script) in [
        ("2.5 s", 18, "500ms yaw 0; 1100ms yaw 25; 2400ms yaw -25; 3000ms yaw 0"),
        ("2.9 s: hardly fits", 6, "500ms yaw 0; 1200ms yaw 25; 2700ms yaw -25; 3400ms yaw 0"),
        ("twice, 2.8 s", 18, "500ms yaw 0; 850ms yaw 20; 1550ms yaw -20; 2250ms yaw 20; 2950ms yaw -20; 3300ms yaw 0"),
    ] {
        let passed = (1..=20).filter(|&seed| slow(script, seed) == ("51000 SUCCESS".into(), 1)).count();
        println!("{what}: {passed} of 20");
        assert!(passed >= least, "{what}: {passed} of 20");
    }
}

#[test]
fn the_second_look_passes_what_falls_a_little_short() {
    let (first, second) = (Params::default(), Params { judge: JudgeParams::default().second_look(), ..Params::default() });
    let face = SyntheticFace::default();
    let still: Vec<Sample> = (0..6).map(|i| Sample::from_observation(Millis(i * 100), &face.observation())).collect();
    let baseline = Baseline::from_samples(&still).expect("measured");
    let rows = [
        (Action::Nod, "320ms pitch 0; 720ms pitch -7.5; 1120ms pitch 0"),
        (Action::Shake, "320ms yaw 0; 600ms yaw 10.5; 1000ms yaw -10.5; 1300ms yaw 0"),
        (Action::Blink, "280ms eyes 1; 320ms eyes 0.1; 560ms eyes 0.1; 600ms eyes 1"),
        (Action::Mouth, "0ms lips 0.1; 280ms mouth 0.02; 480ms mouth 0.152; 880ms mouth 0.152; 1080ms mouth 0.02"),
    ];
    for (action, script) in rows {
        let track = Track::new(script);
        let window: Vec<Sample> =
            (0..40).map(|i| Millis(i * 40)).map(|t| Sample::from_observation(t, &track.at(t, face.clone()).observation())).collect();
        assert_eq!(judge_window(action, &baseline, &window, &first), WindowVerdict::NotSeen, "{action}: a first look");
        assert!(matches!(judge_window(action, &baseline, &window, &second), WindowVerdict::Passed(_)), "{action}: a second");
    }
    let p = second.judge;
    assert!(p.eye_shut < p.eye_open && p.mouth_shut < p.mouth_open && p.eye_shut < p.eye_each, "hysteresis stays");
}
