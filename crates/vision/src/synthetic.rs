//! Test-only: a face made of numbers.

use crate::{
    frame::Frame,
    geometry::Geometry,
    model::LANDMARK_COUNT,
    observation::{Point3, Pose},
};

/// Right-side points (x < 0) that tests need in a plausible place, with their left twins: (right, left, x, y, z) in cm.
const PAIRS: [(usize, usize, f32, f32, f32); 20] = [
    (33, 263, -4.4, 2.6, 3.2),
    (133, 362, -1.9, 2.4, 3.6),
    (160, 387, -3.9, 3.0, 3.7),
    (144, 373, -3.9, 2.3, 3.6),
    (159, 386, -3.2, 3.1, 3.9),
    (145, 374, -3.2, 2.2, 3.8),
    (158, 385, -2.5, 3.0, 3.9),
    (153, 380, -2.5, 2.25, 3.8),
    (82, 312, -0.7, -4.0, 5.3),
    (87, 317, -0.7, -4.2, 5.3),
    (129, 358, -1.9, -0.5, 5.0),
    (67, 297, -3.0, 7.6, 3.9),
    (54, 284, -5.8, 6.0, 1.9),
    (127, 356, -7.5, 2.5, -2.4),
    (117, 346, -4.4, 0.9, 3.8),
    (143, 372, -5.6, 2.6, 2.0),
    (61, 291, -2.5, -4.3, 4.3),
    (234, 454, -7.7, 0.7, -2.4),
    (21, 251, -6.6, 4.9, 0.3),
    (105, 334, -3.3, 4.4, 4.5),
];

/// Points on the middle line: (index, y, z).
const MIDDLE: [(usize, f32, f32); 16] = [
    (10, 8.2, 4.5),
    (151, 6.3, 5.3),
    (9, 4.9, 5.4),
    (8, 4.0, 5.3),
    (168, 3.0, 5.3),
    (6, 2.5, 5.8),
    (197, 1.5, 6.4),
    (195, 0.9, 6.9),
    (5, 0.4, 7.2),
    (4, -0.5, 7.6),
    (1, -1.1, 7.5),
    (2, -2.1, 6.1),
    (0, -3.4, 6.0),
    (13, -4.0, 5.5),
    (14, -4.2, 5.5),
    (152, -9.4, 4.3),
];

/// A face-like geometry of our own: named points in plausible places, the others on an ellipsoid.
pub(crate) fn geometry() -> Geometry {
    let mut vertices: Vec<[f32; 3]> = (0..LANDMARK_COUNT)
        .map(|i| {
            let (t, turn) = (i as f32 / LANDMARK_COUNT as f32, i as f32 * 2.4);
            let radius = (1.0 - t * t).sqrt();
            [7.0 * radius * turn.cos(), 8.0 * radius * turn.sin(), 5.0 * t]
        })
        .collect();
    for (right, left, x, y, z) in PAIRS {
        vertices[right] = [x, y, z];
        vertices[left] = [-x, y, z];
    }
    for (i, y, z) in MIDDLE {
        vertices[i] = [0.0, y, z];
    }
    match Geometry::from_vertices(vertices) {
        Ok(geometry) => geometry,
        Err(error) => panic!("{error}"),
    }
}

/// The geometry as landmarks would show it: turned to `pose`, `scale` px per cm, centred at (`x`, `y`).
pub(crate) fn landmarks(vertices: &[[f32; 3]], pose: Pose, scale: f32, x: f32, y: f32) -> Vec<Point3> {
    let r = pose.rotation();
    let turned = |v: &[f32; 3], row: usize| scale * (r[row][0] * v[0] + r[row][1] * v[1] + r[row][2] * v[2]);
    vertices.iter().map(|v| Point3 { x: x + turned(v, 0), y: y - turned(v, 1), z: -turned(v, 2) }).collect()
}

/// A frame of 300 x 300 px painted by position, and the geometry's face in its middle, about 150 px high.
pub(crate) fn painted(paint: impl Fn(f32, f32) -> [u8; 3]) -> (Frame, Vec<Point3>) {
    const SIZE: u32 = 300;
    let rgb = (0..SIZE * SIZE).flat_map(|i| paint((i % SIZE) as f32, (i / SIZE) as f32)).collect();
    let landmarks = landmarks(geometry().vertices(), Pose::default(), 8.5, 150.0, 150.0);
    match Frame::from_rgb(SIZE, SIZE, rgb) {
        Ok(frame) => (frame, landmarks),
        Err(error) => panic!("{error}"),
    }
}
