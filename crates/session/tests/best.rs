//! The choice of the best frame on sequences made of numbers: heads that wander, eyes that blink, focus that comes and goes.

use faceid_protocol::Millis;
use faceid_session::{Baseline, Sample, frame_score};
use faceid_testkit::SyntheticFace;
use proptest::prelude::*;

/// One frame per row: yaw, pitch, openness, sharpness.
fn sequence() -> impl Strategy<Value = Vec<SyntheticFace>> {
    let still = (-4f32..4.0, -4f32..4.0, 0.85f32..1.15, 100f32..500.0);
    let wild = (-35f32..35.0, -25f32..25.0, 0.0f32..1.3, 100f32..500.0);
    let frame =
        |(yaw, pitch, eyes, sharpness)| SyntheticFace { yaw, pitch, left: eyes, right: eyes, sharpness, ..SyntheticFace::default() };
    (prop::collection::vec(still.prop_map(frame), 30..60), prop::collection::vec(wild.prop_map(frame), 0..60), -12f32..12.0)
        .prop_map(|(still, wild, camera)| still.into_iter().chain(wild).map(|f| SyntheticFace { pitch: f.pitch + camera, ..f }).collect())
}

fn median(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values[values.len() / 2]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_best_frame_is_frontal_open_eyed_and_sharp(faces in sequence()) {
        let samples: Vec<Sample> = faces.iter().map(|f| Sample::from_observation(Millis(0), &f.observation())).collect();
        let Some(neutral) = Baseline::from_samples(&samples[..20]) else { panic!("a neutral") };
        let score = |i: &usize| frame_score(&samples[*i], &faces[*i].observation(), &neutral).unwrap_or(0.0);
        let Some(best) = (0..faces.len()).max_by(|a, b| score(a).total_cmp(&score(b))) else { panic!("not empty") };
        let (yaw, pitch, eyes) = (median(faces.iter().map(|f| f.yaw)), median(faces.iter().map(|f| f.pitch)), median(faces.iter().map(|f| f.left)));
        let chosen = faces[best];
        prop_assert!((chosen.yaw - yaw).abs() <= 10.0 && (chosen.pitch - pitch).abs() <= 10.0, "{chosen:?} of a neutral {yaw} {pitch}");
        prop_assert!(chosen.left >= 0.8 * eyes, "eyes {} of {eyes}", chosen.left);
        let sharper = faces.iter().filter(|f| f.sharpness > chosen.sharpness).count();
        prop_assert!(sharper * 4 <= faces.len(), "{sharper} of {} are sharper", faces.len());
    }
}

#[test]
fn a_cut_face_and_a_burnt_one_lose() {
    let score = |face: SyntheticFace| {
        let observation = face.observation();
        let sample = Sample::from_observation(Millis(0), &observation);
        Baseline::from_samples(&[sample; 4]).and_then(|neutral| frame_score(&sample, &observation, &neutral))
    };
    let good = SyntheticFace { sharpness: 200.0, ..SyntheticFace::default() };
    assert!(score(SyntheticFace { x: 60.0, ..good }) < score(SyntheticFace { sharpness: 60.0, ..good }), "cut at the edge");
    assert!(score(SyntheticFace { luma: 0.96, ..good }) < score(SyntheticFace { sharpness: 60.0, ..good }), "nearly white");
    assert_eq!(score(SyntheticFace { present: false, ..good }), None, "nobody");
}
