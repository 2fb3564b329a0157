//! What the networks measured of a clip, frame by frame, and its file.

use faceid_protocol::Millis;
use faceid_vision::{BoundingBox, EyeOpenness, Face, LANDMARK_COUNT, LANDMARKS_IN_USE, Observation, Point3, Pose, Quality};
use thiserror::Error;

use super::plan::ClipPlan;

/// One measured clip.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// What was filmed.
    pub plan: ClipPlan,
    /// Every frame that arrived.
    pub frames: Vec<Measured>,
}

/// Everything the session machine reads of one frame: of the landmarks only those in use.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Capture time from the clip's begin.
    pub t: Millis,
    /// As vision reported it, with all landmarks that are not in use at the origin.
    pub observation: Observation,
}

/// A cached file that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a trace file of this version")]
pub(super) struct Unreadable;

const MAGIC: &[u8; 8] = b"FLTRACE2";
/// Numbers per frame with a face: box, presence, pose, eyes, mouth, quality, landmarks.
const NUMBERS: usize = 4 + 1 + 3 + 2 + 1 + 10 + LANDMARKS_IN_USE.len() * 3;

impl Measured {
    /// Keeps what the session reads.
    #[must_use]
    pub fn new(t: Millis, mut observation: Observation) -> Self {
        if let Some(face) = &mut observation.face {
            let mut kept = vec![Point3::default(); LANDMARK_COUNT];
            for i in LANDMARKS_IN_USE {
                if let (Some(to), Some(from)) = (kept.get_mut(i), face.landmarks.get(i)) {
                    *to = *from;
                }
            }
            face.landmarks = kept;
        }
        Self { t, observation }
    }
}

/// The file: magic, u32 number of frames, and per frame u64 ms, u32 faces detected + 1 (0 = the detector rested), u32 flags (1 = face,
/// 2 = found anew), u32 width, u32 height, then `NUMBERS` f32 if there is a face; NaN = not measured. Little-endian. The plan is not in it:
/// the file's name is the plan's hash.
pub(super) fn encode(frames: &[Measured]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&(frames.len() as u32).to_le_bytes());
    for Measured { t, observation } in frames {
        let Observation { faces_detected, face, reacquired, frame_size } = observation;
        bytes.extend_from_slice(&t.0.to_le_bytes());
        let flags = u32::from(face.is_some()) + 2 * u32::from(*reacquired);
        for word in [faces_detected.map_or(0, |n| n.saturating_add(1)), flags, frame_size[0], frame_size[1]] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        for number in face.as_ref().map(numbers).into_iter().flatten() {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
    }
    bytes
}

fn numbers(face: &Face) -> Vec<f32> {
    let Face { bounds, presence, landmarks, pose, eyes, mouth, quality } = face;
    let Quality {
        luma,
        contrast,
        over_exposed,
        under_exposed,
        back_light,
        sharpness,
        face_ratio,
        centre_offset,
        eyes_visible,
        mouth_visible,
    } = quality;
    let mut all = vec![bounds.x, bounds.y, bounds.width, bounds.height, *presence];
    let measured = [pose.map(|p| p.yaw), pose.map(|p| p.pitch), pose.map(|p| p.roll), eyes.left, eyes.right, *mouth];
    let shown = [
        *luma,
        *contrast,
        *over_exposed,
        *under_exposed,
        *back_light,
        *sharpness,
        *face_ratio,
        *centre_offset,
        *eyes_visible,
        *mouth_visible,
    ];
    all.extend(measured.into_iter().chain(shown).map(|v| v.unwrap_or(f32::NAN)));
    all.extend(LANDMARKS_IN_USE.iter().flat_map(|i| {
        let p = landmarks.get(*i).copied().unwrap_or_default();
        [p.x, p.y, p.z]
    }));
    all
}

/// Reads [`encode`]'s bytes.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Measured>, Unreadable> {
    let mut rest = bytes.strip_prefix(MAGIC).ok_or(Unreadable)?;
    let count = word(&mut rest)?;
    let mut frames = Vec::new();
    for _ in 0..count {
        let (t, after) = rest.split_first_chunk::<8>().ok_or(Unreadable)?;
        rest = after;
        let (detected, flags) = (word(&mut rest)?, word(&mut rest)?);
        let frame_size = [word(&mut rest)?, word(&mut rest)?];
        let face = if flags & 1 == 1 { Some(face(&mut rest)?) } else { None };
        let observation = Observation { faces_detected: detected.checked_sub(1), face, reacquired: flags & 2 == 2, frame_size };
        frames.push(Measured { t: Millis(u64::from_le_bytes(*t)), observation });
    }
    if rest.is_empty() { Ok(frames) } else { Err(Unreadable) }
}

fn word(rest: &mut &[u8]) -> Result<u32, Unreadable> {
    let (first, after) = rest.split_first_chunk::<4>().ok_or(Unreadable)?;
    *rest = after;
    Ok(u32::from_le_bytes(*first))
}

fn face(rest: &mut &[u8]) -> Result<Face, Unreadable> {
    let mut all = [0.0_f32; NUMBERS];
    for number in &mut all {
        *number = f32::from_bits(word(rest)?);
    }
    let [x, y, width, height, presence, yaw, pitch, roll, left, right, mouth, shown @ ..] = all;
    let some = |v: f32| (!v.is_nan()).then_some(v);
    let (quality, points) = shown.split_first_chunk::<10>().ok_or(Unreadable)?;
    let [luma, contrast, over_exposed, under_exposed, back_light, sharpness, face_ratio, centre_offset, eyes_visible, mouth_visible] =
        quality.map(some);
    let mut landmarks = vec![Point3::default(); LANDMARK_COUNT];
    for (i, p) in LANDMARKS_IN_USE.iter().zip(points.chunks_exact(3)) {
        landmarks[*i] = Point3 { x: p[0], y: p[1], z: p[2] };
    }
    Ok(Face {
        bounds: BoundingBox { x, y, width, height },
        presence,
        landmarks,
        pose: some(yaw).zip(some(pitch)).zip(some(roll)).map(|((yaw, pitch), roll)| Pose { yaw, pitch, roll }),
        eyes: EyeOpenness { left: some(left), right: some(right) },
        mouth: some(mouth),
        quality: Quality {
            luma,
            contrast,
            over_exposed,
            under_exposed,
            back_light,
            sharpness,
            face_ratio,
            centre_offset,
            eyes_visible,
            mouth_visible,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> Vec<Measured> {
        let face = Face {
            bounds: BoundingBox { x: 1.5, y: -2.0, width: 80.0, height: 100.0 },
            presence: 0.98,
            landmarks: (0..LANDMARK_COUNT).map(|i| Point3 { x: i as f32, y: 0.5 * i as f32, z: -1.0 }).collect(),
            pose: Some(Pose { yaw: 1.0, pitch: -2.0, roll: 3.0 }),
            eyes: EyeOpenness { left: Some(0.9), right: None },
            mouth: None,
            quality: Quality { luma: Some(0.4), sharpness: Some(80.0), ..Quality::default() },
        };
        let seen = Observation { faces_detected: None, face: Some(face), reacquired: true, frame_size: [320, 240] };
        let empty = Observation { faces_detected: Some(0), face: None, reacquired: false, frame_size: [320, 240] };
        vec![Measured::new(Millis(0), seen.clone()), Measured::new(Millis(67), empty), Measured::new(Millis(130), seen)]
    }

    #[test]
    fn files_round_trip() {
        assert_eq!(decode(&encode(&frames())), Ok(frames()), "absent stays absent");
        let kept = frames()[0].observation.face.as_ref().map(|f| (f.landmarks[4].x, f.landmarks[3].x));
        assert_eq!(kept, Some((4.0, 0.0)), "only landmarks in use are kept");
    }

    #[test]
    fn damaged_files_are_refused() {
        let bytes = encode(&frames());
        for cut in [0, 7, 11, 40, bytes.len() - 1] {
            assert_eq!(decode(&bytes[..cut]), Err(Unreadable), "cut at {cut}");
        }
        assert_eq!(decode(&[&bytes[..], &[0]].concat()), Err(Unreadable), "too long");
    }
}
