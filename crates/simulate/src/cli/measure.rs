//! Finds the face on a photograph with the real models.

use anyhow::Context;
use faceid_vision::{DecodeLimits, Face, Frame, Models, decode, observe_still};
use std::{fs, path::Path};

/// Reads a photograph and measures its face.
pub(crate) fn face(image: &Path, models: &Path) -> anyhow::Result<(Frame, Face)> {
    let read = |name: &str| {
        let path = models.join(name);
        fs::read(&path).with_context(|| format!("{} (run `cargo xtask models` first)", path.display()))
    };
    let models = Models::from_bytes(&read("face_detector.net")?, &read("face_landmark.net")?, &read("canonical_face.json")?)?;
    let bytes = fs::read(image).with_context(|| image.display().to_string())?;
    let frame = decode(&bytes, DecodeLimits { max_bytes: 64 << 20, ..DecodeLimits::default() })?;
    let face = observe_still(&models, &frame)?.face.with_context(|| format!("no face on {}", image.display()))?;
    Ok((frame, face))
}
