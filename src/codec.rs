//! An [`Observation`] as one `Float32Array`, the shape in which it crosses from the worker to the page.
//!
//! A flat transferable array costs one copy per frame; an object with 468 points costs thousands of property writes.
//! Layout, `NaN` = absent: header of [`HEADER`] numbers, then, only with a face, 3 x points landmark coordinates.

use faceid_vision::{BoundingBox, EyeOpenness, Face, Observation, Point3, Pose, Quality};

/// Numbers before the landmarks: 5 of the frame, 5 of the face, 3 pose, 3 eyes and mouth, 10 quality.
pub const HEADER: usize = 26;
/// More points than any mesh in use; a longer array is refused.
const MAX_POINTS: usize = 1024;

/// Flattens an observation.
#[must_use]
pub fn encode(observation: &Observation) -> Vec<f32> {
    let points = observation.face.as_ref().map_or(0, |f| f.landmarks.len());
    let mut out = Vec::with_capacity(HEADER + 3 * points);
    let [width, height] = observation.frame_size;
    out.extend([
        width as f32,
        height as f32,
        observation.faces_detected.map_or(f32::NAN, |n| n as f32),
        f32::from(observation.reacquired),
        f32::from(observation.face.is_some()),
    ]);
    if let Some(face) = &observation.face {
        let b = face.bounds;
        let pose = face.pose;
        let q = face.quality;
        out.extend([b.x, b.y, b.width, b.height, face.presence]);
        out.extend([pose.map(|p| p.yaw), pose.map(|p| p.pitch), pose.map(|p| p.roll)].map(absent));
        out.extend([face.eyes.left, face.eyes.right, face.mouth].map(absent));
        out.extend(
            [q.luma, q.contrast, q.over_exposed, q.under_exposed, q.back_light, q.sharpness, q.face_ratio, q.centre_offset]
                .into_iter()
                .chain([q.eyes_visible, q.mouth_visible])
                .map(absent),
        );
        for p in &face.landmarks {
            out.extend([p.x, p.y, p.z]);
        }
    } else {
        out.resize(HEADER, f32::NAN);
    }
    out
}

/// Reads what [`encode`] wrote; `None` when the array has another shape.
#[must_use]
pub fn decode(data: &[f32]) -> Option<Observation> {
    let (head, points) = data.split_at_checked(HEADER)?;
    if points.len() % 3 != 0 || points.len() / 3 > MAX_POINTS {
        return None;
    }
    let at = |i: usize| head.get(i).copied().filter(|v| !v.is_nan());
    let size = |i: usize| at(i).filter(|v| (0.0..=65536.0).contains(v)).map(|v| v as u32);
    let face = match at(4)? {
        0.0 if points.is_empty() => None,
        1.0 => Some(Face {
            bounds: BoundingBox { x: at(5)?, y: at(6)?, width: at(7)?, height: at(8)? },
            presence: at(9)?,
            landmarks: points.chunks_exact(3).map(|p| Point3 { x: p[0], y: p[1], z: p[2] }).collect(),
            pose: at(10).zip(at(11)).zip(at(12)).map(|((yaw, pitch), roll)| Pose { yaw, pitch, roll }),
            eyes: EyeOpenness { left: at(13), right: at(14) },
            mouth: at(15),
            quality: Quality {
                luma: at(16),
                contrast: at(17),
                over_exposed: at(18),
                under_exposed: at(19),
                back_light: at(20),
                sharpness: at(21),
                face_ratio: at(22),
                centre_offset: at(23),
                eyes_visible: at(24),
                mouth_visible: at(25),
            },
        }),
        _ => return None,
    };
    Some(Observation { faces_detected: at(2).map(|n| n as u32), face, reacquired: at(3)? > 0.5, frame_size: [size(0)?, size(1)?] })
}

fn absent(value: Option<f32>) -> f32 {
    value.unwrap_or(f32::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Observation {
        let q = |i: u8| Some(f32::from(i) / 10.0);
        Observation {
            faces_detected: Some(2),
            face: Some(Face {
                bounds: BoundingBox { x: -3.5, y: 4.0, width: 100.0, height: 120.0 },
                presence: 0.99,
                landmarks: (0..468u16).map(|i| Point3 { x: f32::from(i), y: f32::from(i) * 2.0, z: -f32::from(i) }).collect(),
                pose: Some(Pose { yaw: 1.0, pitch: -2.0, roll: 3.0 }),
                eyes: EyeOpenness { left: Some(0.9), right: None },
                mouth: Some(0.1),
                quality: Quality {
                    luma: q(1),
                    contrast: q(2),
                    over_exposed: q(3),
                    under_exposed: q(4),
                    back_light: q(5),
                    sharpness: q(6),
                    face_ratio: q(7),
                    centre_offset: q(8),
                    eyes_visible: q(9),
                    mouth_visible: q(10),
                },
            }),
            reacquired: true,
            frame_size: [480, 360],
        }
    }

    #[test]
    fn observations_survive_the_crossing() {
        let mut bare = full();
        bare.faces_detected = None;
        bare.reacquired = false;
        if let Some(face) = bare.face.as_mut() {
            face.pose = None;
            face.mouth = None;
            face.quality = Quality::default();
        }
        let nobody = Observation { faces_detected: Some(0), face: None, reacquired: false, frame_size: [1, 1] };
        for observation in [full(), bare, nobody] {
            assert_eq!(decode(&encode(&observation)), Some(observation), "same after decode");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        let good = encode(&full());
        assert_eq!(decode(&good[..HEADER - 1]), None, "cut header");
        assert_eq!(decode(&good[..good.len() - 1]), None, "cut point");
        assert_eq!(decode(&vec![1.0; HEADER + 3 * 2000]), None, "too many points");
        let mut unknown = good;
        unknown[4] = 7.0;
        assert_eq!(decode(&unknown), None, "neither a face nor none");
    }
}
