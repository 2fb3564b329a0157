//! Traces as JSON lines: training data of the action network.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use faceid_session::Sample;
use faceid_simulate::{Doing, Truth};
use serde_json::{Value, json};

use super::film::Identity;
use super::trace::Trace;

/// Writes one object per clip. Columns are arrays with one entry per frame, `null` = not measured:
/// `t` (s), `yaw`, `pitch`, `roll` (degrees), `left`, `right` (openness), `mouth`, `mouth_aspect`, `x`, `y`, `height` (px of the frame),
/// `presence`, and `truth` with the commanded `yaw`, `pitch`, `roll`, `eye_closure`, `mouth_opening`, `smile`.
/// `actions`: what was asked and done (`action`, `prompt`, `start`, `end` in s, `size`, `times`); `others`: what else (`doing`, `start`, `end`);
/// `blinks`: spontaneous ones (`start`, `end`, `depth`).
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write(path: &Path, traces: &[Trace], identities: &[Identity]) -> Result<()> {
    let file = std::fs::File::create(path).with_context(|| path.display().to_string())?;
    let mut out = BufWriter::new(file);
    for (index, trace) in traces.iter().enumerate() {
        serde_json::to_writer(&mut out, &object(index, trace, identities))?;
        out.write_all(b"\n")?;
    }
    out.flush().with_context(|| path.display().to_string())
}

fn object(index: usize, trace: &Trace, identities: &[Identity]) -> Value {
    let samples: Vec<Sample> = trace.frames.iter().map(|f| Sample::from_observation(f.t, &f.observation)).collect();
    let column = |of: &dyn Fn(&Sample) -> Option<f32>| -> Vec<Option<f32>> { samples.iter().map(of).collect() };
    let routine = trace.plan.routine();
    let truths: Vec<Truth> = samples.iter().map(|s| routine.truth(s.t.0 as f64)).collect();
    let told = |of: &dyn Fn(&Truth) -> f64| -> Vec<f64> { truths.iter().map(|t| (of(t) * 1e4).round() / 1e4).collect() };
    let seconds = |ms: f64| (ms / 1000.0 * 1e4).round() / 1e4;
    let mut actions = Vec::new();
    let mut others = Vec::new();
    for p in &routine.passages {
        match p.doing {
            Doing::Gesture(gesture) => actions.push(json!({
                "action": gesture.name(), "prompt": seconds(p.from_ms), "start": seconds(p.start_ms), "end": seconds(p.end_ms),
                "size": p.size, "times": p.times,
            })),
            Doing::Rest
            | Doing::Talk
            | Doing::Smile
            | Doing::Squint
            | Doing::GazeDown
            | Doing::Slide
            | Doing::Sway
            | Doing::Approach
            | Doing::Chew => others.push(json!({"doing": p.doing.name(), "start": seconds(p.start_ms), "end": seconds(p.end_ms)})),
        }
    }
    let blinks: Vec<Value> =
        routine.blinks.iter().map(|b| json!({"start": seconds(b.start_ms), "end": seconds(b.end_ms), "depth": b.depth})).collect();
    json!({
        "clip": format!("{}-{index:04}", trace.plan.kind.name()),
        "kind": trace.plan.kind.name(),
        "identity": identities.get(trace.plan.identity).map(|i| i.name.as_str()),
        "seed": trace.plan.seed,
        "fps": trace.plan.fps,
        "width": trace.plan.width,
        "height_px": trace.plan.height,
        "t": samples.iter().map(|s| s.t.0 as f64 / 1000.0).collect::<Vec<_>>(),
        "yaw": column(&|s| s.pose.map(|p| p.yaw)),
        "pitch": column(&|s| s.pose.map(|p| p.pitch)),
        "roll": column(&|s| s.pose.map(|p| p.roll)),
        "left": column(&|s| s.eyes.left),
        "right": column(&|s| s.eyes.right),
        "mouth": column(&|s| s.mouth),
        "mouth_aspect": column(&|s| s.mouth_aspect),
        "x": column(&|s| s.centre.map(|c| c.x)),
        "y": column(&|s| s.centre.map(|c| c.y)),
        "height": column(&|s| s.height),
        "presence": trace.frames.iter().map(|f| f.observation.face.as_ref().map(|face| face.presence)).collect::<Vec<_>>(),
        "truth": {
            "yaw": told(&|t| t.yaw), "pitch": told(&|t| t.pitch), "roll": told(&|t| t.roll),
            "eye_closure": told(&|t| t.eye_closure), "mouth_opening": told(&|t| t.mouth_opening), "smile": told(&|t| t.smile),
        },
        "actions": actions,
        "others": others,
        "blinks": blinks,
    })
}
