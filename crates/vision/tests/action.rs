//! The committed action network: window and scores as the trainer computed them.
#![cfg(feature = "onnx")]

use std::path::Path;

use faceid_vision::{ActionMeasures, ActionNet, ActionRing, ActionScores, EyeOpenness, ModelError, ModelRole, Point2, Pose};
use serde::Deserialize;

/// One case of `models/action/reference.json`, written by the trainer with another implementation of window and network.
#[derive(Deserialize)]
struct Case {
    action: String,
    frames: Vec<[Option<f64>; 11]>,
    scores: [f32; 4],
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/action")
}

fn net() -> ActionNet {
    let bytes = std::fs::read(folder().join("action.onnx")).expect("committed");
    ActionNet::from_bytes(&bytes).expect("loads")
}

fn measures(row: &[Option<f64>; 11]) -> ActionMeasures {
    let [_, yaw, pitch, roll, left, right, mouth, mouth_aspect, x, y, height] = row.map(|v| v.map(|v| v as f32));
    ActionMeasures {
        t: row[0].expect("every frame has a time") as u64,
        pose: yaw.zip(pitch).zip(roll).map(|((yaw, pitch), roll)| Pose { yaw, pitch, roll }),
        eyes: EyeOpenness { left, right },
        mouth,
        mouth_aspect,
        centre: x.zip(y).map(|(x, y)| Point2 { x, y }),
        height,
    }
}

#[test]
fn agrees_with_the_trainer() {
    let text = std::fs::read_to_string(folder().join("reference.json")).expect("committed");
    let cases: Vec<Case> = serde_json::from_str(&text).expect("valid");
    assert_eq!(cases.len(), 4, "one per action");
    let net = net();
    for case in cases {
        let mut ring = ActionRing::default();
        case.frames.iter().for_each(|row| ring.push(measures(row)));
        let ActionScores { nod, shake, blink, mouth } = net.scores(&ring).expect("runs").expect("full window");
        for (got, want) in [nod, shake, blink, mouth].into_iter().zip(case.scores) {
            // None where a channel was hardly measured: the trainer does not judge that
            assert!(got.is_none_or(|got| (got - want).abs() < 1e-3), "{}: {got:?} against {want}", case.action);
        }
    }
}

#[test]
fn says_nothing_until_the_window_is_full_and_of_what_it_has_not_seen() {
    let net = net();
    let mut ring = ActionRing::default();
    let frame = |t| ActionMeasures { t, pose: Some(Pose::default()), ..ActionMeasures::default() };
    for t in [0, 100, 200, 900] {
        ring.push(frame(t));
        assert_eq!(net.scores(&ring).expect("runs"), None, "{t} ms");
    }
    (10..30).for_each(|i| ring.push(frame(i * 100)));
    let scores = net.scores(&ring).expect("runs").expect("full window");
    assert!(scores.nod.is_some_and(|s| s < 0.5) && scores.shake.is_some_and(|s| s < 0.5), "a still head: {scores:?}");
    assert_eq!((scores.blink, scores.mouth), (None, None), "absent is not zero");
    ring.push(frame(100));
    assert_eq!(net.scores(&ring).expect("runs"), Some(scores), "a frame from the past changes nothing");
    ring.clear();
    assert_eq!(net.scores(&ring).expect("runs"), None, "forgotten");
}

#[test]
fn another_file_is_refused() {
    let error = ActionNet::from_bytes(b"no network").map(drop).expect_err("no ONNX file");
    assert!(
        matches!(error, ModelError::Load { role: ModelRole::Action, .. } | ModelError::Shape { role: ModelRole::Action, .. }),
        "{error}"
    );
}
