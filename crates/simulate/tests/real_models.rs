//! The real networks see what the puppet is told to do.
//!
//! Needs the model files (`FACEID_MODELS`, else `models/`) and the two public-domain portraits (`FACEID_PORTRAITS`, else
//! `target/portraits`); without them it says so, or fails when `FACEID_REQUIRE_MODELS=1`.

mod common;

use common::material;
use faceid_protocol::{Action, Millis};
use faceid_session::{ActionSpotter, Params, Sample, Spotted};
use faceid_simulate::{Gesture, Puppet, Script, Truth, View};
use faceid_vision::{Face, Frame, Models, TrackState, detect_faces, observe, observe_still};
use std::env;

const REST: Truth = Truth::rest(0.0);

fn frame_of(puppet: &mut Puppet, truth: &Truth) -> Frame {
    let rgb = puppet.draw(truth).iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
    Frame::from_rgb(640, 480, rgb).expect("size matches")
}

/// Detector score and measured face of a commanded frame.
fn measure(models: &Models, puppet: &mut Puppet, truth: &Truth) -> (f32, Face) {
    let frame = frame_of(puppet, truth);
    let score = detect_faces(models, &frame).expect("networks run").first().map_or(0.0, |f| f.score);
    (score, observe_still(models, &frame).expect("networks run").face.expect("a face"))
}

fn openness(face: &Face) -> f32 {
    f32::midpoint(face.eyes.left.expect("left eye"), face.eyes.right.expect("right eye"))
}

#[test]
fn networks_see_what_is_commanded() {
    let Some((models, portraits)) = material() else { return };
    for (name, portrait) in &portraits {
        let mut puppet = Puppet::new(portrait, 1, View::default()).expect("size");
        let (score, rest) = measure(&models, &mut puppet, &REST);
        let neutral = rest.pose.expect("pose at rest");
        println!("{name} rest: score {score:.2} {neutral:?} eyes {:.2} mouth {:?} {:?}", openness(&rest), rest.mouth, rest.quality);
        assert!(score > 0.7, "{name}: detector {score}");
        assert!(rest.mouth.expect("mouth") < 0.1, "{name}: the mouth is shut at rest: {:?}", rest.mouth);

        for degrees in [-20.0, -10.0, 10.0, 20.0] {
            let (score, face) = measure(&models, &mut puppet, &Truth { yaw: degrees, ..REST });
            let yaw = f64::from(face.pose.expect("pose").yaw - neutral.yaw);
            println!("{name} yaw {degrees:+}: {yaw:+.1}, score {score:.2}");
            assert!(score > 0.6 && (yaw - degrees).abs() < 7.0, "{name}: yaw {degrees} measured {yaw}, score {score}");

            let (score, face) = measure(&models, &mut puppet, &Truth { pitch: degrees, ..REST });
            let pitch = f64::from(face.pose.expect("pose").pitch - neutral.pitch);
            println!("{name} pitch {degrees:+}: {pitch:+.1}, score {score:.2}, eyes {:.2}", openness(&face));
            assert!(score > 0.6 && (pitch / degrees) > 0.6 && (pitch / degrees) < 1.9, "{name}: pitch {degrees} measured {pitch}");
        }
        for degrees in [-10.0, 10.0] {
            let (_, face) = measure(&models, &mut puppet, &Truth { roll: degrees, ..REST });
            let roll = f64::from(face.pose.expect("pose").roll - neutral.roll);
            assert!((roll - degrees).abs() < 4.0, "{name}: roll {degrees} measured {roll}");
        }

        let params = Params::default().judge;
        for closure in [0.5, 0.9, 1.0] {
            let (_, face) = measure(&models, &mut puppet, &Truth { eye_closure: closure, ..REST });
            println!("{name} closure {closure}: {:.2} of rest", openness(&face) / openness(&rest));
        }
        let (score, shut) = measure(&models, &mut puppet, &Truth { eye_closure: 1.0, ..REST });
        let relative = openness(&shut) / openness(&rest);
        assert!(score > 0.6, "{name}: a face with shut eyes is a face: {score}");
        // Glasses reflect over the second portrait's lids: its blinks are not used where a pass is needed.
        let bar = if *name == "astronaut" { params.eye_shut - 0.06 } else { 0.9 };
        assert!(relative < bar, "{name}: shut eyes read {relative} of open ones");

        let mut before = f32::NEG_INFINITY;
        for opening in [0.0, 0.45, 0.9] {
            let (_, face) = measure(&models, &mut puppet, &Truth { mouth_opening: opening, ..REST });
            let gap = face.mouth.expect("mouth");
            let p = |i: usize| face.landmarks[i];
            let aspect = (p(13).y - p(14).y).abs() / (p(78).x - p(308).x).abs();
            println!("{name} mouth {opening}: {gap:.3}, aspect {aspect:.2}");
            assert!(gap > before, "{name}: opening {opening} reads {gap} after {before}");
            before = gap;
        }
        assert!(before - rest.mouth.expect("mouth") > params.mouth_open * 1.3, "{name}: wide open reads {before}");
    }
}

/// One seed per frame rate; `FACEID_LONG` set: many.
fn seeds() -> std::ops::RangeInclusive<u64> {
    1..=if env::var_os("FACEID_LONG").is_some() { 40 } else { 4 }
}

/// Runs the product's own tracking and spotting over a scripted clip.
fn spot(models: &Models, puppet: &mut Puppet, seconds: f64, fps: f64) -> Vec<Spotted> {
    let mut spotter = ActionSpotter::new(&Params::default());
    let mut state = TrackState::default();
    let mut found = Vec::new();
    for index in 0..(seconds * fps) as u32 {
        let t = f64::from(index) * 1000.0 / fps;
        let (frame, _) = puppet.render(t).expect("renders");
        let observation = observe(models, &frame, &mut state).expect("networks run");
        found.extend(spotter.feed(&Sample::from_observation(Millis(t.round() as u64), &observation)));
    }
    found.extend(spotter.finish());
    found
}

#[test]
fn every_seed_performs_every_action() {
    let Some((models, portraits)) = material() else { return };
    let script: Script = "mouth@2,shake@5,nod@10,blink@14.5".parse().expect("script");
    let mut missed = Vec::new();
    for seed in seeds() {
        let mut puppet = Puppet::new(&portraits[0].1, seed, View::default()).expect("size");
        puppet.follow(&script);
        let fps = [12.0, 15.0, 20.0, 30.0][seed as usize % 4];
        let found = spot(&models, &mut puppet, 18.0, fps);
        for cue in &script.0 {
            let action = match cue.gesture {
                Gesture::Nod => Action::Nod,
                Gesture::Shake => Action::Shake,
                Gesture::Blink => Action::Blink,
                Gesture::Mouth => Action::Mouth,
            };
            let hits: Vec<_> = found.iter().filter(|s| s.action == action && s.deliberate).collect();
            let near = |s: &&Spotted| (s.t_peak.0 as f64) > cue.at_ms && (s.t_peak.0 as f64) < cue.at_ms + 5000.0;
            println!("seed {seed} {fps} fps {action}: {hits:?}");
            if !hits.iter().any(near) {
                missed.push(format!("seed {seed} at {fps} fps: {action}: {found:?}"));
            }
            let elsewhere = hits.iter().find(|s| !near(s));
            assert_eq!(elsewhere, None, "seed {seed} at {fps} fps: {action} was seen unasked");
        }
    }
    // The bar of docs/simulation.md, 98 of 100: none of the sixteen commands of a short run.
    let most = seeds().count() * script.0.len() / 50;
    assert!(missed.len() <= most, "{} missed, at most {most}: {missed:#?}", missed.len());
}

#[test]
fn a_still_photograph_performs_nothing() {
    let Some((models, portraits)) = material() else { return };
    for (name, portrait) in &portraits {
        let mut still = Puppet::still(portrait, 7, View::default()).expect("size");
        still.follow(&"mouth@1,shake@3,nod@6,blink@9".parse().expect("script"));
        let found = spot(&models, &mut still, 12.0, 12.0);
        assert!(found.is_empty(), "{name}: {found:?}");
    }
}
