//! The judge over evidence of the simulated person: one live attempt and one broken in each way that must be noticed.
//! Needs the model files and the portraits; skipped without them unless `FACEID_REQUIRE_MODELS` is set.

mod common;

use std::path::{Path, PathBuf};

use faceid_judge::{ActionEvidence, Attack, CueName, EvidenceBundle, EvidenceFrame, Failure, Judge, Outcome, Policy, Step, Unverified};
use faceid_lab::models::ModelDir;
use faceid_protocol::{Action, Millis};
use faceid_simulate::{Gesture, Portrait, Puppet, View};
use faceid_vision::{DecodeLimits, decode, encode_jpeg};

fn material() -> Option<(Judge, PathBuf)> {
    let (models, portraits) = common::models().zip(common::portraits())?;
    Some((ModelDir::at(&models).judge().expect("models load"), portraits))
}

fn portrait(judge: &Judge, folder: &Path, name: &str) -> Portrait {
    let bytes = std::fs::read(folder.join(name)).expect("portrait is there");
    let found = judge.find_face(&bytes, false).expect("a portrait shows a face");
    let face = found.observation.face.expect("find_face gives a face");
    Portrait::prepare(&found.frame, &face.landmarks).expect("the face is large enough")
}

/// Frames of `puppet` every 66 ms, as the page would send them.
fn film(puppet: &mut Puppet, from_ms: u64, until: impl Fn(u64, bool) -> bool) -> Vec<EvidenceFrame> {
    let mut frames = Vec::new();
    let (mut t, mut acted) = (from_ms, false);
    loop {
        let (frame, truth) = puppet.render(t as f64).expect("size is valid");
        acted |= truth.gesture.is_some();
        let jpeg = encode_jpeg(&frame.resized_to_max_side(480), 80).expect("encodes");
        frames.push(EvidenceFrame { t: Millis(t), jpeg });
        if until(t, acted && truth.gesture.is_none()) {
            return frames;
        }
        t += 66;
    }
}

/// One attempt: neutral, then the gestures, each window ending shortly after the gesture.
fn attempt(mut puppet: Puppet, gestures: &[(Action, Gesture)]) -> EvidenceBundle {
    let neutral = film(&mut puppet, 1000, |t, _| t >= 1600);
    let (best, _) = puppet.render(1200.0).expect("size is valid");
    let best = EvidenceFrame { t: Millis(1200), jpeg: encode_jpeg(&best, 90).expect("encodes") };
    let mut actions = Vec::new();
    let mut now = 2000;
    for &(action, gesture) in gestures {
        puppet.prompt(gesture, now as f64);
        let mut film = film(&mut puppet, now, |t, over| over || t > now + 6000);
        let end = film.last().expect("at least one frame").t.0;
        film.extend(self::film(&mut puppet, end + 66, |t, _| t > end + 400));
        now = film.last().expect("at least one frame").t.0 + 200;
        // a person reacts after 300 ms at the earliest: the first frames are waiting
        film.drain(..film.len().saturating_sub(60));
        actions.push(ActionEvidence { action, frames: film });
    }
    EvidenceBundle { neutral, actions, best }
}

const TWO: [(Action, Gesture); 2] = [(Action::Mouth, Gesture::Mouth), (Action::Shake, Gesture::Shake)];

fn simulated() -> Policy {
    Policy { accept_simulated: true, ..Policy::default() }
}

#[test]
fn a_live_attempt_passes_and_every_broken_one_gets_its_row() {
    let Some((judge, portraits)) = material() else { return };
    let person = portrait(&judge, &portraits, "astronaut.png");
    let other = portrait(&judge, &portraits, "grace_hopper.jpg");
    let puppet = |p: &Portrait, seed| Puppet::new(p, seed, View::default()).expect("size is valid");
    let outcome = |bundle: &EvidenceBundle| judge.evaluate(bundle, &simulated()).expect("networks run");

    let good = attempt(puppet(&person, 3), &TWO);
    let report = outcome(&good);
    assert!(matches!(report.outcome, Outcome::Live(_)), "live: {report:?}");
    assert_eq!(report.windows.len(), 2, "both windows judged");
    assert!(report.cues.iter().all(|c| c.name != CueName::ReturningFrames || !c.fires()), "no loop: {:?}", report.cues);

    let all = attempt(puppet(&person, 4), &[(Action::Nod, Gesture::Nod), (Action::Blink, Gesture::Blink)]);
    assert!(matches!(outcome(&all).outcome, Outcome::Live(_)), "nod and blink: {:?}", outcome(&all));

    let wrong = attempt(puppet(&person, 3), &[(Action::Nod, Gesture::Mouth)]);
    let row = Outcome::Unverified(Unverified::Action { step: 1, action: Action::Nod });
    assert_eq!(outcome(&wrong).outcome, row, "mouth for nod");

    let still = Puppet::still(&person, 3, View::default()).expect("size is valid");
    let report = outcome(&attempt(still, &TWO));
    assert_eq!(report.outcome, Outcome::Unverified(Unverified::Action { step: 1, action: Action::Mouth }), "a photograph does nothing");

    let mut swapped = good.clone();
    let stranger = attempt(puppet(&other, 3), &TWO);
    swapped.actions[1] = stranger.actions[1].clone();
    let shift = good.actions[0].frames.last().map_or(0, |f| f.t.0);
    for (index, frame) in (1..).zip(&mut swapped.actions[1].frames) {
        frame.t = Millis(shift + index * 66);
    }
    assert_eq!(outcome(&swapped).outcome, Outcome::Attack(Attack::ReplacedFace), "another person shakes the head");

    let mut short = good.clone();
    short.actions[0].frames.truncate(8);
    assert_eq!(
        outcome(&short).outcome,
        Outcome::Unverified(Unverified::Failure(Failure::NotMeasured { step: 1 })),
        "too few frames accuse nobody"
    );

    let mut damaged = good.clone();
    damaged.actions[1].frames[2].jpeg.truncate(500);
    assert_eq!(outcome(&damaged).outcome, Outcome::Unverified(Unverified::Failure(Failure::Undecodable(Step::Action(2)))), "damaged file");

    let mut faceless = good.clone();
    let grey = faceid_vision::Frame::from_rgb(320, 240, vec![128; 320 * 240 * 3]).expect("size matches");
    faceless.best.jpeg = encode_jpeg(&grey, 80).expect("encodes");
    assert_eq!(outcome(&faceless).outcome, Outcome::Unverified(Unverified::NoFace(Step::Best)), "no face to compare");
}

#[test]
fn the_same_person_is_recognised_on_a_poor_id_photo_and_the_other_is_not() {
    let Some((judge, portraits)) = material() else { return };
    let read = |name: &str| std::fs::read(portraits.join(name)).expect("portrait is there");
    let (person, other) = (read("astronaut.png"), read("grace_hopper.jpg"));
    // 60 % size, grey, JPEG quality 50
    let frame = decode(&person, DecodeLimits::default()).expect("decodes");
    let small = frame.resized_to_max_side(frame.width().max(frame.height()) * 6 / 10);
    let grey = small
        .rgb()
        .chunks_exact(3)
        .flat_map(|p| [((u32::from(p[0]) * 299 + u32::from(p[1]) * 587 + u32::from(p[2]) * 114) / 1000) as u8; 3])
        .collect();
    let grey = faceid_vision::Frame::from_rgb(small.width(), small.height(), grey).expect("size matches");
    let id_photo = encode_jpeg(&grey, 50).expect("encodes");

    let same = judge.compare_photos(&person, &id_photo).expect("both show a face");
    assert!(same.confidence >= same.thresholds.e4, "same person: {same:?}");
    let different = judge.compare_photos(&person, &other).expect("both show a face");
    assert!(different.confidence < different.thresholds.e3, "two people: {different:?}");
}
