//! Evidence on disk, for whoever judges it with another build (`cargo xtask agreement`).

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use faceid_judge::{EvidenceBundle, EvidenceFrame};
use serde_json::{Value, json};

/// Writes one session into `folder`: `session.json` with `neutral` and `best` (`t` in ms, `file`), `actions` (`action`, `frames`) and `said`, the
/// figures of this build's report; the pictures beside it.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write(folder: &Path, bundle: &EvidenceBundle, said: &Value) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let picture = |name: String, frame: &EvidenceFrame| -> Result<Value> {
        let path = folder.join(&name);
        fs::write(&path, &frame.jpeg).with_context(|| path.display().to_string())?;
        Ok(json!({"t": frame.t.0, "file": name}))
    };
    let step = |number: usize, frames: &[EvidenceFrame]| -> Result<Vec<Value>> {
        frames.iter().enumerate().map(|(i, frame)| picture(format!("{number}-{i:02}.jpg"), frame)).collect()
    };
    let actions = (1..)
        .zip(&bundle.actions)
        .map(|(number, asked)| Ok(json!({"action": asked.action.name(), "frames": step(number, &asked.frames)?})));
    let session = json!({
        "neutral": step(0, &bundle.neutral)?,
        "actions": actions.collect::<Result<Vec<_>>>()?,
        "best": picture("best.jpg".into(), &bundle.best)?,
        "said": said,
    });
    let path = folder.join("session.json");
    fs::write(&path, session.to_string()).with_context(|| path.display().to_string())
}
