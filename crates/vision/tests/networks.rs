//! The compact networks against their ONNX files in tract: same pictures, same answers.
#![cfg(feature = "onnx")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use faceid_vision::{
    DETECTOR_SIDE, DetectorOutput, Frame, LANDMARK_SIDE, LandmarkOutput, Models, Networks, TrackState, VisionError, observe,
};

/// Detector, landmark network and geometry, or `None` after saying so. With `FACEID_REQUIRE_MODELS=1` their absence is a failure.
fn models(ending: &str) -> Option<Models> {
    let folder =
        std::env::var_os("FACEID_MODELS").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models"), PathBuf::from);
    let read = |name: &str| std::fs::read(folder.join(name)).ok();
    let files =
        (|| Some([read(&format!("face_detector.{ending}"))?, read(&format!("face_landmark.{ending}"))?, read("canonical_face.json")?]))();
    if files.is_none() {
        assert_ne!(std::env::var("FACEID_REQUIRE_MODELS").as_deref(), Ok("1"), "models are required");
        println!("skipped: no models");
    }
    let [detector, landmark, geometry] = files?;
    Some(Models::from_bytes(&detector, &landmark, &geometry).expect("sound files"))
}

/// Hands the networks out, so that they can be asked directly.
fn networks(models: Models) -> Box<dyn Networks> {
    let taken: Arc<Mutex<Option<Box<dyn Networks>>>> = Arc::default();
    let place = Arc::clone(&taken);
    drop(models.with_networks(|inner| {
        *place.lock().expect("one thread") = Some(inner);
        Box::new(Nothing)
    }));
    let mut taken = taken.lock().expect("one thread");
    taken.take().expect("handed out")
}

struct Nothing;

impl Networks for Nothing {
    fn detect(&self, _: &[f32]) -> Result<DetectorOutput, VisionError> {
        unreachable!("never asked")
    }

    fn landmarks(&self, _: &[f32]) -> Result<LandmarkOutput, VisionError> {
        unreachable!("never asked")
    }
}

/// The pictures of `models/reference`, and one of noise.
fn picture(case: usize, side: usize, gain: f32, offset: f32) -> Vec<f32> {
    let mut noise = 7u32;
    let mut out = Vec::with_capacity(3 * side * side);
    for (c, y, x) in (0..3).flat_map(|c| (0..side).flat_map(move |y| (0..side).map(move |x| (c, y, x)))) {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let formula = (case * (7 * x + 13 * y) + 29 * c + 3 * ((x * y) % 31) + (x * x + y * y) / 64) % 256;
        let value = if case == 0 { (noise >> 24) as f32 } else { formula as f32 };
        out.push(value * gain + offset);
    }
    out
}

/// Largest difference and largest value.
fn apart(a: &[f32], b: &[f32]) -> (f32, f32) {
    assert_eq!(a.len(), b.len());
    let worst = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    (worst, b.iter().fold(0.0, |most, v| v.abs().max(most)))
}

#[test]
fn compact_files_answer_as_onnx_does() {
    let (Some(compact), Some(onnx)) = (models("net"), models("onnx")) else { return };
    let (compact, onnx) = (networks(compact), networks(onnx));
    let mut worst = [0.0f32; 4];
    for case in [0, 1, 2, 5] {
        let input = picture(case, DETECTOR_SIDE, 2.0 / 255.0, -1.0);
        let (ours, reference) = (compact.detect(&input).expect("runs"), onnx.detect(&input).expect("runs"));
        let input = picture(case, LANDMARK_SIDE, 1.0 / 255.0, 0.0);
        let (mesh, mesh_reference) = (compact.landmarks(&input).expect("runs"), onnx.landmarks(&input).expect("runs"));
        let found = [
            apart(&ours.regressors, &reference.regressors),
            apart(&ours.scores, &reference.scores),
            apart(&mesh.points, &mesh_reference.points),
            apart(&[mesh.presence], &[mesh_reference.presence]),
        ];
        for (worst, (difference, largest)) in worst.iter_mut().zip(found) {
            // 32-bit sums of up to 1152 products in another order
            assert!(difference <= 2e-5 * largest.max(10.0), "case {case}: {difference} of {largest}");
            *worst = worst.max(difference);
        }
    }
    println!("largest differences: regressors {:e}, scores {:e}, landmarks {:e} px, presence {:e}", worst[0], worst[1], worst[2], worst[3]);
}

#[test]
fn threads_share_one_network() {
    let Some(models) = models("net") else { return };
    let models = &models;
    let frame = Frame::from_rgb(160, 120, (0..160 * 120 * 3u32).map(|i| (i * 37 % 251) as u8).collect()).expect("sizes match");
    let alone = observe(models, &frame, &mut TrackState::default()).expect("runs");
    let frame = &frame;
    let together: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(move || (0..5).map(|_| observe(models, frame, &mut TrackState::default())).collect::<Vec<_>>()))
            .collect();
        runs.into_iter().flat_map(|run| run.join().expect("ends")).collect()
    });
    assert!(together.into_iter().all(|seen| seen.is_ok_and(|seen| seen == alone)), "a run sees nobody else's memory");
}
