//! The best frontal frame of a clip: what an ID photo would show.

use std::path::Path;

use anyhow::{Context, Result, bail};
use faceid_protocol::Millis;
use faceid_vision::{Face, Frame, Models, TrackState, observe};

use crate::video::Video;

/// A chosen frame.
#[derive(Debug)]
pub struct Best {
    /// Its time.
    pub t: Millis,
    /// Pixels.
    pub frame: Frame,
    /// 0..1, larger = better.
    pub score: f32,
}

/// Longest side of decoded frames, px.
const MAX_SIDE: u32 = 1920;

/// Looks through the whole clip for the frontal, open-eyed, closed-mouthed frame with the sharpest and largest face.
///
/// # Errors
/// When the clip cannot be decoded, a network fails, or no frame shows a face.
pub fn best_frame(models: &Models, path: &Path) -> Result<Best> {
    let mut state = TrackState::default();
    let mut best: Option<Best> = None;
    for timed in Video::open(path, MAX_SIDE).with_context(|| path.display().to_string())? {
        let timed = timed.with_context(|| path.display().to_string())?;
        let observation = observe(models, &timed.frame, &mut state)?;
        let Some(score) = observation.face.as_ref().and_then(score) else { continue };
        if best.as_ref().is_none_or(|b| score > b.score) {
            best = Some(Best { t: timed.t, frame: timed.frame, score });
        }
    }
    match best {
        Some(best) => Ok(best),
        None => bail!("{}: no frame with a frontal face", path.display()),
    }
}

/// Product of shares in 0..1: how frontal, how open the eyes, how shut the mouth, how sharp, how large. `None` without a pose.
fn score(face: &Face) -> Option<f32> {
    let pose = face.pose?;
    // 15 degrees off cost half
    let frontal = 1.0 / (1.0 + (pose.yaw.hypot(pose.pitch) / 15.0).powi(2));
    let eyes = face.eyes.left.zip(face.eyes.right).map_or(0.5, |(l, r)| l.min(r).clamp(0.05, 1.0));
    let mouth = face.mouth.map_or(0.5, |m| 1.0 / (1.0 + (m / 0.15).powi(2)));
    // variance of the Laplacian: about 50 is a sharp webcam face
    let sharp = face.quality.sharpness.map_or(0.5, |s| s / (s + 50.0));
    let large = face.quality.face_ratio.map_or(0.5, |r| (r / 0.5).clamp(0.0, 1.0));
    Some(frontal * eyes * mouth * sharp * large)
}

#[cfg(test)]
mod tests {
    use faceid_vision::{BoundingBox, EyeOpenness, Pose, Quality};

    use super::*;

    fn face(yaw: f32, eye: f32, mouth: f32) -> Face {
        Face {
            bounds: BoundingBox::default(),
            presence: 1.0,
            landmarks: Vec::new(),
            pose: Some(Pose { yaw, ..Pose::default() }),
            eyes: EyeOpenness { left: Some(eye), right: Some(eye) },
            mouth: Some(mouth),
            quality: Quality { sharpness: Some(80.0), face_ratio: Some(0.5), ..Quality::default() },
        }
    }

    #[test]
    fn frontal_open_eyed_and_closed_mouthed_wins() {
        let good = score(&face(0.0, 1.0, 0.02));
        for (worse, why) in [(face(25.0, 1.0, 0.02), "turned"), (face(0.0, 0.1, 0.02), "eyes shut"), (face(0.0, 1.0, 0.4), "mouth open")] {
            assert!(score(&worse) < good, "{why}");
        }
        assert_eq!(score(&Face { pose: None, ..face(0.0, 1.0, 0.0) }), None, "no pose, no choice");
    }
}
