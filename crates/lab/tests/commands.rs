//! The command line from outside: JSON fields, exit codes, and the figures on material with known truth.

mod common;

use std::path::Path;
use std::process::{Command, Output};

use faceid_lab::models::ModelDir;
use faceid_simulate::{Gesture, Portrait, Puppet, Script, View};
use faceid_vision::{Frame, encode_jpeg, observe_still};
use serde_json::Value;

fn lab(models: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faceid-lab"));
    // kept apart from the user's own measurements
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("lab-cache");
    command.env("FACEID_MODELS", models).env("FACEID_CACHE", cache).args(args).output().expect("the binary starts")
}

/// Every line of stdout as JSON.
fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in {line}"))).collect()
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}

#[test]
fn without_models_the_exit_code_is_3_and_says_what_to_do() {
    let empty = tempfile::tempdir().expect("a folder");
    let output = lab(empty.path(), &["compare", "a.jpg", "b.jpg"]);
    assert_eq!(output.status.code(), Some(3), "environment");
    assert!(String::from_utf8_lossy(&output.stderr).contains("cargo xtask models"), "{output:?}");
    assert_eq!(lab(empty.path(), &["compare", "a.jpg"]).status.code(), Some(2), "usage");
}

#[test]
fn pictures_give_the_documented_fields() {
    let Some((models, portraits)) = common::models().zip(common::portraits()) else { return };
    let person = path(&portraits, "astronaut.png");

    let output = lab(&models, &["landmarks", &person, "--json"]);
    let line = &lines(&output)[0];
    assert_eq!(line["landmarks"].as_array().map(Vec::len), Some(468), "points");
    assert_eq!(line["landmarks"][0].as_array().map(Vec::len), Some(3), "x, y, z");
    assert_eq!(line["box"].as_array().map(Vec::len), Some(4), "box");
    for pointer in ["/score", "/pose/yaw", "/pose/pitch", "/pose/roll", "/eyes/left", "/eyes/right", "/mouth", "/quality/sharpness"] {
        assert!(line.pointer(pointer).is_some_and(Value::is_number), "{pointer}: {line}");
    }

    let output = lab(&models, &["compare", &person, &person, "--json"]);
    let line = &lines(&output)[0];
    assert!(line["confidence"].as_f64().is_some_and(|c| c > 99.0), "the same file: {line}");
    assert_eq!(line["thresholds"]["1e-6"], 78.038_055, "fixed thresholds");

    let folder = tempfile::tempdir().expect("a folder");
    let grey = Frame::from_rgb(64, 64, vec![99; 64 * 64 * 3]).expect("size matches");
    std::fs::write(folder.path().join("grey.jpg"), encode_jpeg(&grey, 80).expect("encodes")).expect("written");
    let grey = path(folder.path(), "grey.jpg");
    assert_eq!(lab(&models, &["landmarks", &grey]).status.code(), Some(1), "no face");
    assert_eq!(lab(&models, &["landmarks", "absent.jpg"]).status.code(), Some(2), "no file");

    for name in ["astronaut.png", "grace_hopper.jpg"] {
        std::fs::copy(portraits.join(name), folder.path().join(name)).expect("copied");
    }
    let csv = "a,b,same\nastronaut.png,astronaut.png,1\nastronaut.png,grace_hopper.jpg,0\nastronaut.png,grey.jpg,0\n";
    std::fs::write(folder.path().join("pairs.csv"), csv).expect("written");
    let line = &lines(&lab(&models, &["pairs", &path(folder.path(), "pairs.csv"), "--json"]))[0];
    assert_eq!(
        (&line["pairs"], &line["genuine"], &line["impostor"], &line["unusable"]),
        (&3.into(), &1.into(), &2.into(), &1.into()),
        "{line}"
    );
    assert_eq!((line["auc"].as_f64(), line["fnmr"]["1e-3"].as_f64()), (Some(1.0), Some(0.0)), "{line}");
}

/// A motion-JPEG file of a simulated person and the labels of what it did.
fn film(models: &Path, portrait: &Path, folder: &Path) {
    let vision = ModelDir::at(models).vision().expect("models load");
    let bytes = std::fs::read(portrait).expect("portrait is there");
    let photo = faceid_vision::decode(&bytes, faceid_vision::DecodeLimits::default()).expect("decodes");
    let face = observe_still(&vision, &photo).expect("runs").face.expect("a face");
    let portrait = Portrait::prepare(&photo, &face.landmarks).expect("large enough");
    let mut puppet = Puppet::new(&portrait, 5, View::default()).expect("size is valid");
    puppet.follow(&"mouth@2,shake@5,nod@9".parse::<Script>().expect("a script"));
    let (mut file, mut spans): (Vec<u8>, Vec<(Gesture, f64, f64)>) = (Vec::new(), Vec::new());
    // ffmpeg plays raw motion JPEG at 25 frames per second
    for i in 0..325 {
        let t = f64::from(i) * 40.0;
        let (frame, truth) = puppet.render(t).expect("size is valid");
        file.extend(encode_jpeg(&frame, 85).expect("encodes"));
        match (truth.gesture, spans.last_mut()) {
            (Some(now), Some(span)) if span.0 == now => span.2 = t / 1000.0,
            (Some(now), _) => spans.push((now, t / 1000.0, t / 1000.0)),
            (None, _) => {}
        }
    }
    std::fs::write(folder.join("person.mjpeg"), file).expect("written");
    let mut labels = "clip\tt_start_s\tt_end_s\tevent\tconfidence\tnote\n".to_owned();
    for (gesture, start, end) in spans {
        let event = match gesture {
            Gesture::Nod => "NOD",
            Gesture::Shake => "SHAKE",
            Gesture::Blink => "BLINK",
            Gesture::Mouth => "MOUTH_OPEN",
        };
        labels.push_str(&format!("person.mjpeg\t{start}\t{end}\t{event}\thigh\t\n"));
    }
    std::fs::write(folder.join("events.tsv"), labels).expect("written");
}

/// Sessions of a row of `attack`: live, refused by cues and refused otherwise.
fn counted(row: &Value) -> Option<u64> {
    let refused = ["by_cue", "otherwise"].iter().flat_map(|kind| row[*kind].as_object().into_iter().flat_map(|m| m.values()));
    Some(row["live"].as_u64()? + refused.filter_map(Value::as_u64).sum::<u64>())
}

#[test]
fn pictures_are_told_by_species_and_say_what_a_single_frame_cannot() {
    let Some((models, portraits)) = common::models().zip(common::portraits()) else { return };
    let (person, other) = (path(&portraits, "astronaut.png"), path(&portraits, "grace_hopper.jpg"));
    let rows = lines(&lab(&models, &["attack", "--live", &person, "--attack", &format!("print={other}"), "--json"]));
    let told: Vec<_> = rows.iter().map(|r| (r["species"].as_str(), r["live"].as_bool(), r["count"].as_u64())).collect();
    assert_eq!(told, [(Some("astronaut"), Some(true), Some(1)), (Some("print"), Some(false), Some(1))]);
    for cue in rows.iter().flat_map(|row| row["cues"].as_object().into_iter().flatten()) {
        let (measured, why) = (&cue.1["measured"], cue.1["not_measured"].as_object());
        assert!(measured == 1 || why.is_some_and(|why| why.len() == 1), "measured, or it says why not: {cue:?}");
    }
    assert_eq!(lab(&models, &["attack"]).status.code(), Some(2), "nothing to look at");
    assert_eq!(lab(&models, &["attack", "--live", "absent.jpg"]).status.code(), Some(2), "no file");
}

#[test]
fn a_film_with_known_truth_is_evaluated_fully() {
    let Some((models, portraits)) = common::models().zip(common::portraits()) else { return };
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        assert!(!common::required(), "FACEID_REQUIRE_MODELS is set and ffmpeg is missing");
        println!("skipped: no ffmpeg");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    film(&models, &portraits.join("astronaut.png"), folder.path());
    let clip = path(folder.path(), "person.mjpeg");

    let line = &lines(&lab(&models, &["actions", &clip, "--json"]))[0];
    assert!(line["fps"].as_f64().is_some_and(|f| (f - 25.0).abs() < 0.1), "rate: {}", line["fps"]);
    assert!(line["duration_s"].as_f64().is_some_and(|d| (d - 13.0).abs() < 0.1), "length: {}", line["duration_s"]);
    let seen: Vec<&str> =
        line["events"].as_array().expect("events").iter().filter_map(|e| e["action"].as_str()).filter(|a| *a != "blink").collect();
    assert_eq!(seen, ["mouth", "shake", "nod"], "{line}");

    let rows = lines(&lab(&models, &["attack", "--people", &folder.path().display().to_string(), "--json"]));
    let (all, species) = (rows.last().expect("a summary"), &rows[0]);
    assert_eq!((&all["labelled"], &all["clips"], &all["enough"]), (&3.into(), &1.into(), &false.into()), "{all}");
    assert!(all["sessions"].as_u64() >= Some(4), "each action alone, and several together: {all}");
    assert_eq!(counted(all), all["sessions"].as_u64(), "every session ended in one way: {all}");
    assert_eq!((&species["species"], &species["live"], &species["count"]), (&"clips".into(), &true.into(), &all["sessions"]), "{species}");

    let plots = path(folder.path(), "plots");
    let output = lab(&models, &["eval", &folder.path().display().to_string(), "--plots", &plots, "--json"]);
    assert_eq!(output.status.code(), Some(0), "the bars hold: {}", String::from_utf8_lossy(&output.stdout));
    let rows = lines(&output);
    let all = rows.last().expect("a summary");
    assert_eq!((all["recall"].as_f64(), all["false_per_minute"].as_f64()), (Some(1.0), Some(0.0)), "{all}");
    assert!(Path::new(&plots).join("person.mjpeg.svg").is_file(), "a drawing per clip");

    let best = path(folder.path(), "best.jpg");
    assert_eq!(lab(&models, &["bestframe", &clip, "-o", &best, "--json"]).status.code(), Some(0), "best frame");
    let line = &lines(&lab(&models, &["compare", &best, &path(&portraits, "astronaut.png"), "--json"]))[0];
    assert!(line["confidence"].as_f64() >= line["thresholds"]["1e-4"].as_f64(), "the best frame shows the person: {line}");
}

#[test]
fn bars_on_the_measuring_material() {
    let Some(models) = common::models() else { return };
    if let Some(clips) = common::material("FACEID_CLIPS", "clips") {
        let output = lab(&models, &["eval", &clips.display().to_string()]);
        assert_eq!(output.status.code(), Some(0), "recall and false triggers: {}", String::from_utf8_lossy(&output.stdout));
        let rows = lines(&lab(&models, &["attack", "--people", &clips.display().to_string(), "--json"]));
        let all = rows.last().expect("a summary");
        assert!(all["sessions"].as_u64() > Some(0) && counted(all) == all["sessions"].as_u64(), "{all}");
    }
    if let Some(photos) = common::material("FACEID_PHOTOS", "photos") {
        let line = &lines(&lab(&models, &["pairs", &path(&photos, "lfw_pairs.csv"), "--json"]))[0];
        assert!(line["auc"].as_f64() >= Some(0.985), "{line}");
        assert!(line["fnmr"]["1e-2"].as_f64().is_some_and(|f| f <= 0.08), "{line}");
    }
}
