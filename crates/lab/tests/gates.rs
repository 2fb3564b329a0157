//! The session's gate on real photographs, as they are and made worse on purpose, and on the simulated person with shut eyes and turned head.
//! Without `FACEID_PHOTOS` two public-domain portraits stand for all.

mod common;

use std::path::Path;

use faceid_lab::degrade::{Fault, beside, degrade};
use faceid_lab::gates::{CASES, Table};
use faceid_lab::models::ModelDir;
use faceid_session::{GateParams, Guidance, alignment_hint};
use faceid_simulate::{Gesture, Portrait, Puppet, View};
use faceid_vision::{DecodeLimits, Frame, Models, decode, observe_still};

fn picture(path: &Path) -> Option<Frame> {
    let limits = DecodeLimits { max_bytes: 64 << 20, ..DecodeLimits::default() };
    Some(decode(&std::fs::read(path).ok()?, limits).ok()?.resized_to_max_side(1280))
}

fn hint(models: &Models, frame: &Frame) -> Option<Guidance> {
    alignment_hint(&observe_still(models, frame).expect("runs"), &GateParams::default())
}

fn walk(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("readable").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

#[test]
fn two_portraits_get_the_hints_their_faults_deserve() {
    let Some((models, portraits)) = common::models().zip(common::portraits()) else { return };
    let models = ModelDir::at(&models).vision().expect("models load");
    let mut table = Table::default();
    let frames: Vec<Frame> = ["astronaut.png", "grace_hopper.jpg"].iter().filter_map(|name| picture(&portraits.join(name))).collect();
    for (seed, frame) in (1..).zip(&frames) {
        assert!(table.add(&models, frame, seed).expect("runs"), "both show one face");
    }
    // one of the two may be an exception: rates are for many photographs
    let unsure = ["hand on mouth", "lenses, 20 %", "back-lit, 2 stops each way"];
    for (name, _, hints) in CASES.iter().filter(|(name, ..)| !unsure.contains(name)) {
        assert!(table.count(name, hints) >= 1, "{name}: {:?}", table.said.get(name));
    }
    let right: usize = CASES.iter().map(|(name, _, hints)| table.count(name, hints)).sum();
    assert!(right * 100 >= CASES.len() * 2 * 80, "{right} of {}: {:#?}", CASES.len() * 2, table.said);
    let placed = frames.iter().map(|frame| {
        let face = observe_still(&models, frame).expect("runs").face.expect("a face");
        degrade(frame, &face.landmarks, Fault::FaceShare(50), 1).expect("a valid size")
    });
    let placed: Vec<Frame> = placed.collect();
    let pair = beside(&placed[0], &placed[1]).expect("not too wide");
    assert_eq!(hint(&models, &pair), Some(Guidance::SeveralFaces), "two people");
    let empty = Frame::from_rgb(320, 240, vec![120; 320 * 240 * 3]).expect("size matches");
    assert_eq!(hint(&models, &empty), Some(Guidance::NoFace), "a wall");
}

#[test]
fn shut_eyes_an_open_mouth_and_a_turned_head_are_told() {
    let Some((models, portraits)) = common::models().zip(common::portraits()) else { return };
    let models = ModelDir::at(&models).vision().expect("models load");
    let photo = picture(&portraits.join("grace_hopper.jpg")).expect("the portrait is there");
    let face = observe_still(&models, &photo).expect("runs").face.expect("a face");
    let portrait = Portrait::prepare(&photo, &face.landmarks).expect("large enough");
    for (gesture, wanted) in
        [(Gesture::Blink, Guidance::EyesHidden), (Gesture::Mouth, Guidance::HoldStill), (Gesture::Shake, Guidance::NotFrontal)]
    {
        let mut puppet = Puppet::new(&portrait, 5, View::default()).expect("size is valid");
        puppet.prompt(gesture, 0.0);
        let frames: Vec<Frame> = (0..50).map(|i| puppet.render(f64::from(i) * 60.0).expect("size is valid").0).collect();
        let hints: Vec<_> = frames.iter().map(|frame| hint(&models, frame)).collect();
        assert!(hints.contains(&Some(wanted)), "{gesture}: {hints:?}");
        assert!(hints.iter().filter(|h| h.is_none()).count() >= 10, "{gesture}: fair before and after: {hints:?}");
    }
}

#[test]
fn a_covered_mouth_is_covered_at_every_size() {
    let Some((models, portraits)) = common::models().zip(common::portraits()) else { return };
    let models = ModelDir::at(&models).vision().expect("models load");
    let photo = picture(&portraits.join("grace_hopper.jpg")).expect("the portrait is there");
    let face = observe_still(&models, &photo).expect("runs").face.expect("a face");
    let masked = degrade(&photo, &face.landmarks, Fault::Mask([120, 170, 210]), 1).expect("same size");
    for side in [240, 320, 480, 600] {
        let visible = |frame: &Frame| {
            let small = frame.resized_to_max_side(side);
            observe_still(&models, &small).expect("runs").face.and_then(|f| f.quality.mouth_visible)
        };
        let (bare, covered) = (visible(&photo), visible(&masked));
        // at 240 px the face may be too small to tell: then neither is told
        assert_eq!(bare.is_some(), covered.is_some(), "{side} px: {bare:?} {covered:?}");
        assert!(bare.is_none_or(|v| v >= 0.5) && covered.is_none_or(|v| v < 0.5), "{side} px: {bare:?} {covered:?}");
        assert!(side < 480 || bare.is_some(), "{side} px is large enough");
    }
}

#[test]
fn rates_on_many_photographs() {
    let Some(models) = common::models() else { return };
    let Some(folder) = common::material("FACEID_PHOTOS", "photographs") else { return };
    let models = ModelDir::at(&models).vision().expect("models load");
    let mut files = Vec::new();
    walk(&folder, &mut files);
    // faces of some size: aligned crops of 112 px have no surroundings to judge
    let photos = files.iter().filter_map(|f| picture(f)).filter(|f| f.width().min(f.height()) >= 200);
    let most = if std::env::var_os("FACEID_LONG").is_some() { usize::MAX } else { 12 };
    let mut table = Table::default();
    for (seed, photo) in (1..).zip(photos) {
        table.add(&models, &photo, seed).expect("runs");
        if table.photos >= most {
            break;
        }
    }
    let of = |name: &str| CASES.iter().find(|c| c.0 == name).map(|(name, _, hints)| table.count(name, hints)).unwrap_or_default();
    let share = |name: &str| of(name) as f64 / table.photos.max(1) as f64;
    println!("{} photographs: {:#?}", table.photos, table.said);
    for fair in ["as it is", "noise, sigma 12", "1 stop darker", "clear-ish lenses, 60 %"] {
        assert!(share(fair) >= 0.9, "{fair}: {}", share(fair));
    }
    // A fault stops the person in any case; which of several true things is told first is a matter of their order.
    let unnoticed = |name: &str| {
        let said = table.said.get(name);
        let times = |hint: &str| said.and_then(|said| said.get(hint)).copied().unwrap_or_default();
        times("nothing") + times("HoldStill")
    };
    // Not in the list: a hand on the mouth. What tells most hands also tells every tenth bare mouth on small pictures (see `mouth_visible_min`).
    for (fault, least) in [
        ("4 stops darker", 0.8),
        ("3 stops brighter", 0.8),
        ("blur, 0.06 eye distances", 0.8),
        ("face 0.15 of the picture", 0.95),
        ("face as large as the picture", 0.95),
        ("0.35 off the middle", 0.9),
        ("lower quarter cut off", 0.95),
        ("left third cut off", 0.95),
        ("mask, blue", 0.8),
        ("mask, white", 0.8),
        ("mask, black", 0.8),
        ("cup on mouth", 0.8),
        ("lenses, 5 %", 0.8),
        ("hand on eyes", 0.8),
    ] {
        assert!(
            unnoticed(fault) as f64 <= (1.0 - least) * table.photos as f64,
            "{fault}: {} of {} unnoticed",
            unnoticed(fault),
            table.photos
        );
        assert!(share(fault) >= 0.7, "{fault}: told of {} of {}", of(fault), table.photos);
    }
}
