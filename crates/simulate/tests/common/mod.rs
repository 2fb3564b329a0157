//! Models and prepared portraits for the tests with real networks.
#![allow(unreachable_pub, reason = "shared by several test files")]

use faceid_simulate::Portrait;
use faceid_vision::{DecodeLimits, Models, decode, observe_still};
use std::{env, fs, path::PathBuf};

/// `$variable`, else a folder of the workspace.
pub fn folder(variable: &str, default: &str) -> PathBuf {
    env::var_os(variable).map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(default), PathBuf::from)
}

/// Models and prepared portraits: the person of the demo, and another.
pub fn material() -> Option<(Models, [(&'static str, Portrait); 2])> {
    let read = |name: &str| fs::read(folder("FACEID_MODELS", "models").join(name));
    let photo = |name: &str| fs::read(folder("FACEID_PORTRAITS", "target/portraits").join(name));
    let files = [
        read("face_detector.net"),
        read("face_landmark.net"),
        read("canonical_face.json"),
        photo("astronaut.png"),
        photo("grace_hopper.jpg"),
    ];
    let [Ok(detector), Ok(landmark), Ok(geometry), Ok(person), Ok(other)] = files else {
        assert!(env::var_os("FACEID_REQUIRE_MODELS").is_none_or(|v| v != "1"), "models or portraits are missing");
        println!("skipped: no models or portraits");
        return None;
    };
    let models = Models::from_bytes(&detector, &landmark, &geometry).expect("models load");
    let portrait = |bytes: &[u8]| {
        let frame = decode(bytes, DecodeLimits::default()).expect("portrait decodes");
        let face = observe_still(&models, &frame).expect("networks run").face.expect("a face");
        Portrait::prepare(&frame, &face.landmarks).expect("face inside")
    };
    let portraits = [("astronaut", portrait(&person)), ("grace_hopper", portrait(&other))];
    Some((models, portraits))
}
