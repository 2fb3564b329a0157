//! Recorded people: any video to the motion JPEG that Chromium takes as a camera file.

use crate::process::{run, step};
use anyhow::{Context, Result};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Converts `input` to motion JPEG in `folder`: at most 640 px wide and high, even sides, 30 frames per second (a camera's pace).
/// Chromium loops the file. A motion JPEG given as input is taken as it is.
///
/// # Errors
/// When ffmpeg cannot read the file.
pub(crate) fn to_mjpeg(input: &Path, folder: &Path) -> Result<PathBuf> {
    let input = input.canonicalize().with_context(|| format!("cannot read {}", input.display()))?;
    if input.extension().is_some_and(|e| e.eq_ignore_ascii_case("mjpeg")) {
        return Ok(input);
    }
    step("converting the clip to motion JPEG");
    let out = folder.join("camera.mjpeg");
    let scale = "scale=w='min(640,iw)':h='min(640,ih)':force_original_aspect_ratio=decrease:force_divisible_by=2,fps=30";
    run(Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-y", "-i"])
        .arg(&input)
        .args(["-an", "-vf", scale, "-q:v", "3", "-f", "mjpeg"])
        .arg(&out))?;
    Ok(out)
}
