//! Contact sheets: what a kind looks like while it does each thing.

use std::path::Path;

use anyhow::{Context, Result};
use faceid_simulate::{Doing, Gesture};
use faceid_vision::{Frame, encode_jpeg};

use super::film::{Identity, body};
use super::plan::{ClipPlan, Kind};

/// Pictures per row.
const COLUMNS: usize = 6;
/// px of one picture.
const SIZE: (u32, u32) = (320, 240);
/// JPEG quality: for looking at.
const QUALITY: u8 = 90;

/// Writes `KIND.jpg`: one picture per moment of a routine that does everything, for every identity.
///
/// # Errors
/// When a picture cannot be drawn or the file cannot be written.
pub(super) fn write(folder: &Path, kind: Kind, identities: &[Identity]) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let mut frames = Vec::new();
    for (index, identity) in identities.iter().enumerate() {
        let mut doings = vec![Doing::Rest];
        doings.extend(Gesture::ALL.map(Doing::Gesture));
        doings.extend(Doing::OTHER);
        let (width, height) = SIZE;
        let plan = ClipPlan { width, height, face_ratio: 0.5, light: 1.0, plan: doings, ..ClipPlan::draw(kind, index, identities.len()) };
        let routine = plan.routine();
        let mut body = body(&plan, identity)?;
        for passage in &routine.passages {
            let shares: &[f64] = match passage.doing {
                Doing::Gesture(Gesture::Shake) => &[0.25, 0.75],
                Doing::Gesture(Gesture::Mouth) => &[0.15, 0.5],
                Doing::Gesture(Gesture::Nod | Gesture::Blink)
                | Doing::Rest
                | Doing::Talk
                | Doing::Smile
                | Doing::Squint
                | Doing::GazeDown
                | Doing::Slide
                | Doing::Sway
                | Doing::Approach
                | Doing::Chew => &[0.5],
            };
            let cycles = f64::from(passage.times.max(1));
            for share in shares {
                let t = passage.start_ms + (passage.end_ms - passage.start_ms) * share / cycles;
                frames.push(body.frame(&routine.truth(t))?);
            }
        }
    }
    let path = folder.join(format!("{}.jpg", kind.name()));
    std::fs::write(&path, encode_jpeg(&joined(&frames)?, QUALITY)?).with_context(|| path.display().to_string())
}

/// Pictures of equal size side by side.
fn joined(frames: &[Frame]) -> Result<Frame> {
    let (width, height) = (SIZE.0 as usize, SIZE.1 as usize);
    let rows = frames.len().div_ceil(COLUMNS);
    let mut rgb = vec![0; COLUMNS * width * rows * height * 3];
    for (i, frame) in frames.iter().enumerate() {
        let (left, top) = (i % COLUMNS * width, i / COLUMNS * height);
        for (y, row) in frame.rgb().chunks_exact(width * 3).enumerate() {
            let at = ((top + y) * COLUMNS * width + left) * 3;
            rgb[at..at + row.len()].copy_from_slice(row);
        }
    }
    Ok(Frame::from_rgb((COLUMNS * width) as u32, (rows * height) as u32, rgb)?)
}
