//! What must not depend on how a clip was filmed, and what the best frame of a clip must be. The simulated person by default; with `FACEID_CLIPS` the
//! clips as well, with `FACEID_LONG` every way to film them.

mod common;

use std::path::{Path, PathBuf};

use faceid_lab::bestframe::choose;
use faceid_lab::cache::Cache;
use faceid_lab::clip::{Meter, Trace};
use faceid_lab::matching::{Span, match_one_to_one};
use faceid_lab::models::ModelDir;
use faceid_lab::variant::{Change, Pace, Pacer, Variant};
use faceid_protocol::{Action, Millis};
use faceid_session::{Params, Spotted};
use faceid_simulate::{Portrait, Puppet, Script, View};
use faceid_vision::{DecodeLimits, Frame, Models, TrackState, decode, observe, observe_still};

fn shapes() -> Vec<Variant> {
    let shape = |name: &str, changes: &[Change]| Variant::changed(name, changes);
    vec![
        shape("16:9", &[Change::Pad(16, 9)]),
        shape("9:16", &[Change::Pad(9, 16)]),
        shape("3:4, cut", &[Change::Crop(3, 4)]),
        shape("320 x 240", &[Change::LongSide(320)]),
        shape("1920 x 1080", &[Change::Pad(16, 9), Change::LongSide(1920)]),
        shape("mirrored", &[Change::Mirror]),
        shape("sideways, stated", &[Change::Sideways]),
    ]
}

/// 8 s of the simulated person at 20 fps: opens the mouth, then shakes the head.
fn film(models: &Models, portraits: &Path) -> Vec<(Millis, Frame)> {
    let bytes = std::fs::read(portraits.join("astronaut.png")).expect("portrait is there");
    let photo = decode(&bytes, DecodeLimits::default()).expect("decodes");
    let face = observe_still(models, &photo).expect("runs").face.expect("a face");
    let portrait = Portrait::prepare(&photo, &face.landmarks).expect("large enough");
    let mut puppet = Puppet::new(&portrait, 5, View::default()).expect("size is valid");
    puppet.follow(&"mouth@1,shake@4".parse::<Script>().expect("a script"));
    (0..160).map(|i| (Millis(i * 50), puppet.render(i as f64 * 50.0).expect("size is valid").0)).collect()
}

fn trace(models: &Models, film: &[(Millis, Frame)], variant: &Variant) -> Trace {
    let (mut pacer, mut state) = (Pacer::new(variant.pace), TrackState::default());
    let seen = film.iter().filter(|(t, _)| pacer.takes(*t));
    let frames = seen.map(|(t, frame)| {
        let frame = variant.picture(frame.clone()).expect("a valid size");
        (*t, observe(models, &frame, &mut state).expect("runs"))
    });
    Trace::of(frames.collect())
}

/// Movements of the head, in order.
fn movements(trace: &Trace) -> Vec<Action> {
    let head = |a: &Action| matches!(a, Action::Nod | Action::Shake);
    trace.actions(&Params::default()).iter().map(|s| s.action).filter(head).collect()
}

/// Widest lip gap. The simulated mouth opens to the judge's very threshold, so that the measure is compared, not the verdict.
fn widest(trace: &Trace) -> f32 {
    trace.samples.iter().filter_map(|s| s.mouth).fold(0.0, f32::max)
}

#[test]
fn the_same_verdicts_however_it_is_filmed() {
    let Some((models, portraits)) = common::models().zip(common::portraits()) else { return };
    let models = ModelDir::at(&models).vision().expect("models load");
    let film = film(&models, &portraits);
    let plain = trace(&models, &film, &Variant::plain());
    assert_eq!(movements(&plain), [Action::Shake], "as filmed");
    for variant in shapes() {
        let other = trace(&models, &film, &variant);
        assert_eq!(movements(&other), [Action::Shake], "{}", variant.name);
        assert!((widest(&other) - widest(&plain)).abs() < 0.02, "{}: gap {} of {}", variant.name, widest(&other), widest(&plain));
    }
    for (name, pace) in [
        ("15 fps", Pace::Rate(15)),
        ("10 fps", Pace::Rate(10)),
        ("8 fps", Pace::Rate(8)),
        ("20 % lost", Pace::Lossy { percent: 20, seed: 3 }),
    ] {
        assert_eq!(movements(&trace(&models, &film, &Variant::paced(name, pace))), [Action::Shake], "{name}");
    }
    best_is_good("simulated", &plain);
}

fn median(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values[values.len() / 2]
}

/// Frontal, open-eyed, among the sharpest quarter, whole and not burnt out.
fn best_is_good(name: &str, trace: &Trace) {
    let (index, _) = choose(trace).unwrap_or_else(|| panic!("{name}: a best frame"));
    let (sample, face) = (trace.samples[index], trace.frames[index].1.face.as_ref().expect("a face"));
    let pose = sample.pose.expect("a pose");
    let (yaw, pitch) =
        (median(trace.samples.iter().filter_map(|s| Some(s.pose?.yaw))), median(trace.samples.iter().filter_map(|s| Some(s.pose?.pitch))));
    assert!((pose.yaw - yaw).abs() <= 10.0 && (pose.pitch - pitch).abs() <= 10.0, "{name}: {pose:?} of a neutral {yaw} {pitch}");
    for (eye, all) in [
        (sample.eyes.left, median(trace.samples.iter().filter_map(|s| s.eyes.left))),
        (sample.eyes.right, median(trace.samples.iter().filter_map(|s| s.eyes.right))),
    ] {
        assert!(eye.is_none_or(|open| open >= 0.8 * all), "{name}: eye {eye:?} of {all}");
    }
    let sharpness: Vec<f32> = trace.frames.iter().filter_map(|(_, o)| o.face.as_ref()?.quality.sharpness).collect();
    let own = face.quality.sharpness.expect("measured");
    let sharper = sharpness.iter().filter(|s| **s > own).count();
    assert!(sharper * 4 <= sharpness.len(), "{name}: {sharper} of {} frames are sharper", sharpness.len());
    assert!(face.quality.over_exposed.is_some_and(|o| o < 0.05), "{name}: burnt out");
    let (b, [width, height]) = (face.bounds, trace.frames[index].1.frame_size);
    assert!(b.x >= 0.0 && b.y >= 0.0 && b.x + b.width <= width as f32 && b.y + b.height <= height as f32, "{name}: cut: {b:?}");
}

fn clips() -> Option<(Meter, Vec<PathBuf>)> {
    let models = common::models()?;
    let folder = common::material("FACEID_CLIPS", "clips")?;
    let cache = Cache::at(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab-cache"));
    let video = |path: &PathBuf| path.extension().and_then(|e| e.to_str()).is_some_and(|e| ["mp4", "webm", "mkv", "mov"].contains(&e));
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("readable").path()).filter(video).collect();
    files.sort();
    Some((Meter::new(ModelDir::at(&models), cache).expect("models are there"), files))
}

#[test]
fn the_best_frame_of_every_clip_is_good() {
    let Some((meter, files)) = clips() else { return };
    for file in files {
        let trace = meter.measure(&file, &Variant::plain()).expect("measures");
        best_is_good(&file.display().to_string(), &trace);
    }
}

/// How many of the detections have no counterpart of the same action within the labels' tolerance, either way.
fn apart(a: &[Spotted], b: &[Spotted]) -> usize {
    let moves = |s: &[Spotted], action| -> Vec<Spotted> { s.iter().filter(|s| s.action == action).cloned().collect() };
    let one_way = |a: &[Spotted], b: &[Spotted]| {
        let spans: Vec<Span> = a.iter().map(|s| Span { start: s.t_start, end: s.t_end }).collect();
        let times: Vec<Millis> = b.iter().map(|s| Span { start: s.t_start, end: s.t_end }.middle()).collect();
        match_one_to_one(&spans, &times).iter().filter(|m| m.is_none()).count()
    };
    [Action::Nod, Action::Shake, Action::Mouth]
        .into_iter()
        .map(|action| {
            let (a, b) = (moves(a, action), moves(b, action));
            one_way(&a, &b) + one_way(&b, &a)
        })
        .sum()
}

#[test]
fn clips_give_the_same_verdicts_however_they_are_filmed() {
    if std::env::var_os("FACEID_LONG").is_none() {
        println!("skipped: FACEID_LONG is not set");
        return;
    }
    let Some((meter, files)) = clips() else { return };
    let spotted = |file: &Path, variant: &Variant| meter.measure(file, variant).expect("measures").actions(&Params::default());
    let plain: Vec<_> = files.iter().map(|f| spotted(f, &Variant::plain())).collect();
    let movements: usize = plain.iter().flatten().filter(|s| s.action != Action::Blink).count();
    // a cut may lose a face that walks about: padding keeps all of it
    for variant in shapes().into_iter().filter(|v| !v.changes.iter().any(|c| matches!(c, Change::Crop(..)))) {
        let different: usize = files.iter().zip(&plain).map(|(f, plain)| apart(plain, &spotted(f, &variant))).sum();
        println!("{}: {different} of {movements} movements differ", variant.name);
        assert!(different * 10 <= movements.max(10), "{}: {different} of {movements} movements differ", variant.name);
    }
}
