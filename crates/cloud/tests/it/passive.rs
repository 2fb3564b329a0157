//! An operator's passive network beside the real models: what does not fit is named before the service starts. Needs the model files.

use faceid_cloud::models;
use std::{fs, path::PathBuf};

const SPEC: &str = r#"{ "name": "own", "input": { "side": 80, "layout": "nchw", "channels": "bgr" },
    "normalise": { "mean": [0, 0, 0], "scale": [1, 1, 1] }, "crop": 2.7, "live": 1, "output": "logits", "even": 0.5 }"#;

#[test]
fn what_does_not_fit_is_named() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let models = std::env::var_os("FACEID_MODELS").map_or_else(|| root.join("models"), PathBuf::from);
    let files = ["face_detector.net", "face_landmark.net", "canonical_face.json", "face_embedding.onnx"];
    if !files.iter().all(|file| models.join(file).exists()) {
        assert!(std::env::var_os("FACEID_REQUIRE_MODELS").is_none(), "models are missing");
        eprintln!("skipped: no models");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for file in files {
        fs::copy(models.join(file), folder.path().join(file)).expect("copied");
    }
    let refused = |spec: &str, onnx: Option<&[u8]>| {
        fs::write(folder.path().join("face_passive.json"), spec).expect("written");
        let file = folder.path().join("face_passive.onnx");
        match onnx {
            Some(bytes) => fs::write(&file, bytes).expect("written"),
            None => drop(fs::remove_file(&file)),
        }
        models::load(folder.path()).map(drop).expect_err("refused").to_string()
    };
    let missing = refused(SPEC, None);
    assert!(missing.contains("face_passive.onnx"), "{missing}");
    let descriptor = refused(&SPEC.replace("2.7", "0"), Some(b""));
    assert!(descriptor.contains("descriptor of the passive network: crop"), "{descriptor}");
    // A network it is, but one that wants 128 px.
    let other = fs::read(models.join("face_detector.onnx")).unwrap_or_default();
    let shape = refused(SPEC, Some(&other));
    assert!(shape.contains("passive network"), "{shape}");
    fs::remove_file(folder.path().join("face_passive.json")).expect("removed");
    let without = models::load(folder.path()).expect("a network without a descriptor is nobody's");
    assert!(without.passive().is_none());
}
