//! The real networks. Model files come from `FACEID_MODELS` or the workspace's `models` folder, portraits from `FACEID_PORTRAITS`
//! (`astronaut.png` of scikit-image, `grace_hopper.jpg` of matplotlib).
#![cfg(feature = "infer")]

use std::path::{Path, PathBuf};

use faceid_vision::{
    DecodeLimits, Face, Frame, Geometry, ModelError, ModelRole, Models, Point3, Pose, QuarterTurn, TrackState, decode, detect_faces,
    encode_jpeg, fit, observe, observe_still, observe_still_any_turn,
};

/// The three files, or `None` after saying so. With `FACEID_REQUIRE_MODELS=1` their absence is a failure.
fn files() -> Option<[Vec<u8>; 3]> {
    let folder =
        std::env::var_os("FACEID_MODELS").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models"), PathBuf::from);
    let read = |name: &str| std::fs::read(folder.join(name)).ok();
    let all = (|| Some([read("face_detector.net")?, read("face_landmark.net")?, read("canonical_face.json")?]))();
    if all.is_none() {
        assert_ne!(std::env::var("FACEID_REQUIRE_MODELS").as_deref(), Ok("1"), "models are required");
        println!("skipped: no models");
    }
    all
}

fn models() -> Option<Models> {
    let [detector, landmark, geometry] = files()?;
    Some(Models::from_bytes(&detector, &landmark, &geometry).expect("sound files"))
}

fn portrait(name: &str) -> Option<Frame> {
    let Some(folder) = std::env::var_os("FACEID_PORTRAITS") else {
        println!("skipped: no portraits");
        return None;
    };
    let bytes = std::fs::read(Path::new(&folder).join(name)).expect("the portrait is there");
    Some(decode(&bytes, DecodeLimits::default()).expect("a sound portrait"))
}

fn face(models: &Models, frame: &Frame) -> Face {
    observe_still(models, frame).expect("runs").face.expect("a face")
}

/// Largest distance between two sets of landmarks, px.
fn apart(a: &[Point3], b: &[Point3]) -> f32 {
    a.iter().zip(b).map(|(p, q)| (p.x - q.x).hypot(p.y - q.y)).fold(0.0, f32::max)
}

#[test]
fn broken_files_are_refused_by_name() {
    let Some([detector, landmark, geometry]) = files() else { return };
    let load = |d: &[u8], l: &[u8], g: &[u8]| Models::from_bytes(d, l, g).err();
    for (bytes, what) in [(&detector[..0], "empty"), (&detector[..detector.len() / 2], "half"), (b"not a model".as_slice(), "text")] {
        let error = load(bytes, &landmark, &geometry);
        assert!(
            matches!(error, Some(ModelError::Load { role: ModelRole::Detector, .. } | ModelError::Shape { role: ModelRole::Detector, .. })),
            "{what}: {error:?}"
        );
    }
    assert!(matches!(load(&landmark, &landmark, &geometry), Some(ModelError::Shape { role: ModelRole::Detector, .. })), "swapped");
    assert!(matches!(load(&detector, &detector, &geometry), Some(ModelError::Shape { role: ModelRole::Landmark, .. })), "swapped");
    assert!(matches!(load(&detector, &landmark, b"{}"), Some(ModelError::Load { role: ModelRole::Geometry, .. })), "no vertices");
}

#[test]
fn poses_of_the_canonical_face_come_back_within_a_degree() {
    let Some([_, _, geometry]) = files() else { return };
    let geometry = Geometry::from_bytes(&geometry).expect("a sound file");
    for step in 0..125 {
        let pose = Pose {
            yaw: (step % 5) as f32 * 20.0 - 40.0,
            pitch: (step / 5 % 5) as f32 * 15.0 - 30.0,
            roll: (step / 25) as f32 * 15.0 - 30.0,
        };
        let r = pose.rotation();
        let axis = |v: &[f32; 3], row: usize| 20.0 * (r[row][0] * v[0] + r[row][1] * v[1] + r[row][2] * v[2]);
        let landmarks: Vec<_> =
            geometry.vertices().iter().map(|v| Point3 { x: 300.0 + axis(v, 0), y: 200.0 - axis(v, 1), z: -axis(v, 2) }).collect();
        let got = fit(&geometry, &landmarks).expect("a face fits").pose();
        let worst = (got.yaw - pose.yaw).abs().max((got.pitch - pose.pitch).abs()).max((got.roll - pose.roll).abs());
        assert!(worst < 1.0, "{pose:?} came back as {got:?}");
    }
}

#[test]
fn a_portrait_is_measured_and_an_empty_wall_is_not() {
    let Some(models) = models() else { return };
    let wall = Frame::from_rgb(320, 240, vec![128; 320 * 240 * 3]).expect("sizes match");
    let empty = observe(&models, &wall, &mut TrackState::default()).expect("runs");
    assert!(empty.face.is_none() && empty.faces_detected == Some(0), "wall: {empty:?}");
    for name in ["astronaut.png", "grace_hopper.jpg"] {
        let Some(frame) = portrait(name) else { return };
        let face = face(&models, &frame);
        let pose = face.pose.expect("a pose");
        assert!(face.presence > 0.9 && face.landmarks.len() == 468, "{name}");
        assert!(pose.yaw.abs() < 30.0 && pose.pitch.abs() < 25.0 && pose.roll.abs() < 25.0, "{name}: {pose:?}");
        assert!(face.eyes.left.is_some_and(|v| v > 0.5) && face.eyes.right.is_some_and(|v| v > 0.5), "{name}: {:?}", face.eyes);
        assert!(
            face.quality.eyes_visible.is_some_and(|v| v > 0.8) && face.quality.sharpness.is_some_and(|v| v > 50.0),
            "{name}: {:?}",
            face.quality
        );
        let detected = detect_faces(&models, &frame).expect("runs");
        assert!(detected.first().is_some_and(|f| f.score > 0.8 && f.keypoints[0].x < f.keypoints[1].x), "{name}: right eye on the left");
    }
}

#[test]
fn a_turned_portrait_is_found_and_turned_back() {
    let (Some(models), Some(frame)) = (models(), portrait("astronaut.png")) else { return };
    let upright = face(&models, &frame).landmarks;
    for (given, back) in [
        (QuarterTurn::None, QuarterTurn::None),
        (QuarterTurn::Half, QuarterTurn::Half),
        (QuarterTurn::Clockwise, QuarterTurn::CounterClockwise),
        (QuarterTurn::CounterClockwise, QuarterTurn::Clockwise),
    ] {
        let found = observe_still_any_turn(&models, &frame.turned(given)).expect("runs");
        let landmarks = found.observation.face.expect("a face").landmarks;
        // The detector may find the face without turning the picture: then the head is tilted instead.
        if found.turn == back {
            assert!(apart(&upright, &landmarks) < 1.0, "{given:?}: {} px", apart(&upright, &landmarks));
        } else {
            assert_eq!(found.turn, QuarterTurn::None, "{given:?}");
        }
    }
}

#[test]
fn a_small_face_in_a_large_picture_is_found_once() {
    let (Some(models), Some(portrait)) = (models(), portrait("grace_hopper.jpg")) else { return };
    // The portrait as a stamp on a grey wall of 1600 x 1200, its face about 80 px wide: 6 px for the detector as a whole, 19 px in a tile.
    let stamp = portrait.resized_to_max_side(240);
    let (width, height) = (1600, 1200);
    let mut rgb = vec![128; width * height * 3];
    for (row, line) in stamp.rgb().chunks_exact(stamp.width() as usize * 3).enumerate() {
        let at = ((500 + row) * width + 1000) * 3;
        rgb[at..at + line.len()].copy_from_slice(line);
    }
    let frame = Frame::from_rgb(width as u32, height as u32, rgb).expect("sizes match");
    let found = observe_still(&models, &frame).expect("runs");
    let bounds = found.face.expect("a face").bounds;
    assert_eq!(found.faces_detected, Some(1), "one face");
    assert!(bounds.x > 1000.0 && bounds.y > 500.0 && bounds.x + bounds.width < 1210.0 && bounds.y + bounds.height < 745.0, "{bounds:?}");
}

#[test]
fn mirroring_flips_yaw_roll_and_eyes() {
    let (Some(models), Some(frame)) = (models(), portrait("grace_hopper.jpg")) else { return };
    let row = frame.width() as usize * 3;
    let mirrored = frame.rgb().chunks_exact(row).flat_map(|line| line.chunks_exact(3).rev().flatten().copied()).collect();
    let mirrored = Frame::from_rgb(frame.width(), frame.height(), mirrored).expect("same size");
    let (a, b) = (face(&models, &frame), face(&models, &mirrored));
    let (p, q) = (a.pose.expect("a pose"), b.pose.expect("a pose"));
    assert!((p.yaw + q.yaw).abs() < 3.0 && (p.pitch - q.pitch).abs() < 3.0 && (p.roll + q.roll).abs() < 3.0, "{p:?} {q:?}");
    let eyes = a.eyes.left.zip(b.eyes.right).map(|(l, r)| (l - r).abs());
    assert!(eyes.is_some_and(|d| d < 0.15), "left becomes right: {eyes:?}");
}

#[test]
fn size_light_and_compression_barely_move_the_measures() {
    let (Some(models), Some(frame)) = (models(), portrait("astronaut.png")) else { return };
    let reference = face(&models, &frame);
    let pose = reference.pose.expect("a pose");
    let dark = Frame::from_rgb(frame.width(), frame.height(), frame.rgb().iter().map(|v| v / 2).collect()).expect("same size");
    let jpeg = decode(&encode_jpeg(&frame, 60).expect("encodes"), DecodeLimits::default()).expect("own output");
    for (other, what) in [(frame.resized_to_max_side(300), "smaller"), (dark, "darker"), (jpeg, "compressed")] {
        let got = face(&models, &other);
        let turned = got.pose.expect("a pose");
        assert!((turned.yaw - pose.yaw).abs() < 4.0 && (turned.pitch - pose.pitch).abs() < 4.0, "{what}: {turned:?} against {pose:?}");
        let eyes = got.eyes.left.zip(reference.eyes.left).map(|(a, b)| (a - b).abs());
        assert!(eyes.is_some_and(|d| d < 0.3), "{what}: eye differs by {eyes:?}");
    }
}

#[test]
fn following_a_still_frame_settles() {
    let (Some(models), Some(frame)) = (models(), portrait("astronaut.png")) else { return };
    let mut state = TrackState::default();
    let mut before: Option<Vec<Point3>> = None;
    for step in 0..6 {
        let face = observe(&models, &frame, &mut state).expect("runs").face.expect("a face");
        if let Some(before) = before.filter(|_| step > 2) {
            assert!(apart(&before, &face.landmarks) < 2.0, "step {step} moved {} px", apart(&before, &face.landmarks));
        }
        before = Some(face.landmarks);
    }
}
