//! Commands on single pictures.

use std::path::Path;

use anyhow::{Context, Result, bail};
use faceid_judge::Judge;
use faceid_vision::{DecodeLimits, Models, Quality, decode, encode_jpeg, observe_still};
use serde_json::{Value, json};

use crate::bestframe;
use crate::cli::{Verdict, read_named};
use crate::clip::Meter;

/// JPEG quality of the written best frame: as good as a camera's own file.
const BEST_QUALITY: u8 = 92;

/// Everything measured on one picture, as JSON in both modes (468 points are no table).
pub(crate) fn landmarks(models: &Models, image: &Path) -> Result<Verdict> {
    // a measuring tool takes larger files than the public service
    let limits = DecodeLimits { max_bytes: 64 * 1024 * 1024, ..DecodeLimits::default() };
    let frame = decode(&read_named(image)?, limits).with_context(|| image.display().to_string())?;
    let observation = observe_still(models, &frame)?;
    let Some(face) = observation.face else { bail!("{}: no face", image.display()) };
    let points: Vec<[f32; 3]> = face.landmarks.iter().map(|p| [p.x, p.y, p.z]).collect();
    let bounds = face.bounds;
    let line = json!({
        "box": [bounds.x, bounds.y, bounds.width, bounds.height],
        "score": face.presence,
        "landmarks": points,
        "pose": face.pose.map(|p| json!({"yaw": p.yaw, "pitch": p.pitch, "roll": p.roll})),
        "eyes": {"left": face.eyes.left, "right": face.eyes.right},
        "mouth": face.mouth,
        "quality": quality(&face.quality),
        "faces": observation.faces_detected,
    });
    println!("{line}");
    Ok(Verdict::Done)
}

fn quality(q: &Quality) -> Value {
    json!({
        "luma": q.luma, "contrast": q.contrast, "over_exposed": q.over_exposed, "under_exposed": q.under_exposed,
        "back_light": q.back_light, "sharpness": q.sharpness, "face_ratio": q.face_ratio,
        "centre_offset": q.centre_offset, "eyes_visible": q.eyes_visible, "mouth_visible": q.mouth_visible,
    })
}

/// Confidence of two pictures.
pub(crate) fn compare(judge: &Judge, a: &Path, b: &Path, as_json: bool) -> Result<Verdict> {
    let comparison = judge.compare_photos(&read_named(a)?, &read_named(b)?)?;
    if as_json {
        println!("{}", serde_json::to_string(&comparison)?);
        return Ok(Verdict::Done);
    }
    println!("confidence {:.3}, cosine {:.4}", comparison.confidence, comparison.cosine);
    let reached = [
        ("1e-3", comparison.thresholds.e3),
        ("1e-4", comparison.thresholds.e4),
        ("1e-5", comparison.thresholds.e5),
        ("1e-6", comparison.thresholds.e6),
    ];
    for (rate, threshold) in reached {
        println!(
            "  false-match rate {rate}: needs {threshold:.3}, {}",
            if comparison.confidence >= threshold { "reached" } else { "not reached" }
        );
    }
    println!("  calibration: {}", judge.calibration().file().data);
    Ok(Verdict::Done)
}

/// Writes the best frontal frame of a video.
pub(crate) fn best_frame(meter: &Meter, file: &Path, output: &Path, as_json: bool) -> Result<Verdict> {
    let best = bestframe::best_frame(meter, file)?;
    std::fs::write(output, encode_jpeg(&best.frame, BEST_QUALITY)?).with_context(|| output.display().to_string())?;
    let seconds = best.t.0 as f64 / 1000.0;
    if as_json {
        println!(
            "{}",
            json!({"file": file.display().to_string(), "output": output.display().to_string(), "t": seconds, "score": best.score})
        );
    } else {
        println!("{}: frame at {seconds:.2} s", output.display());
    }
    Ok(Verdict::Done)
}
