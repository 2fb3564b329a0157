//! The `simulate` command from outside, over the real networks.

mod common;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn simulate(models: &Path, portraits: &Path, cache: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faceid-lab"));
    command.env("FACEID_MODELS", models).args(["simulate", "--json", "--portraits"]).arg(portraits).arg("--cache").arg(cache).args(args);
    command.output().expect("the binary starts")
}

fn lines(text: &[u8]) -> Vec<Value> {
    String::from_utf8_lossy(text).lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e} in {line}"))).collect()
}

#[test]
fn a_quick_run_films_once_and_reports_every_table() {
    let Some((models, portraits)) = common::models().zip(common::portraits()) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (cache, traces) = (folder.path().join("cache"), folder.path().join("traces.jsonl"));
    let traces_name = traces.display().to_string();
    let args = ["--quick", "--kinds", "puppet,photo_still", "--traces", &traces_name];

    let first = simulate(&models, &portraits, &cache, &args);
    assert_eq!(first.status.code(), Some(0), "{first:?}");
    assert!(String::from_utf8_lossy(&first.stderr).contains("2/2 measured"), "progress: {first:?}");
    let rows = lines(&first.stdout);
    let table = |name: &str| rows.iter().filter(|r| r["table"] == name).collect::<Vec<_>>();
    assert_eq!(table("commands").len(), 4, "one row per action");
    let still = table("sessions").into_iter().find(|r| r["kind"] == "photo_still").expect("a row");
    assert_eq!(still["passed"]["hits"], 0, "a still photograph: {still}");
    let puppet = table("sessions").into_iter().find(|r| r["kind"] == "puppet").expect("a row");
    assert!(puppet["passed"]["hits"].as_u64().is_some_and(|n| n > 0), "some of the person's sessions pass: {puppet}");
    assert!(!table("bars").is_empty() && !table("windows").is_empty(), "bars and windows");

    let clips = lines(&std::fs::read(&traces).expect("written"));
    assert_eq!(clips.len(), 2, "one line per clip");
    for clip in &clips {
        let frames = clip["t"].as_array().map(Vec::len);
        assert!(frames.is_some_and(|n| n > 200), "{frames:?} frames");
        for column in ["yaw", "pitch", "roll", "left", "right", "mouth", "mouth_aspect", "x", "y", "height", "presence"] {
            assert_eq!(clip[column].as_array().map(Vec::len), frames, "{column}");
        }
        assert_eq!(clip["truth"]["yaw"].as_array().map(Vec::len), frames, "truth");
        assert_eq!(clip["actions"].as_array().map(Vec::len), Some(4), "every action once");
    }

    let again = simulate(&models, &portraits, &cache, &args);
    assert!(!String::from_utf8_lossy(&again.stderr).contains("measured"), "from the cache: {again:?}");
    assert_eq!(first.stdout, again.stdout, "the same figures");
}

#[test]
fn head_pose_is_within_four_degrees() {
    let Some((models, portraits)) = common::models().zip(common::portraits()) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let output = simulate(&models, &portraits, folder.path(), &["--pose"]);
    let rows = lines(&output.stdout);
    assert_eq!(rows.len(), 4, "two people, own and canonical proportions: {output:?}");
    for row in &rows {
        println!("{row}");
        for (axis, name) in ["yaw", "pitch", "roll"].iter().enumerate() {
            assert!(row["mean_error"][axis].as_f64().is_some_and(|e| e <= 4.0), "{name}: {row}");
        }
        assert!(row["least_score"].as_f64().is_some_and(|s| s >= 0.8), "the detector finds it everywhere: {row}");
    }
}
