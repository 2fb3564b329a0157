//! The head's own depth: the canonical face brought to a person's proportions.

use crate::{
    portrait::{LANDMARKS, Portrait},
    topology::{EYES, LIP_LOWER, LIP_UPPER},
};
use faceid_vision::{Geometry, ModelError, Point3, Pose, RIGID, fit};
use serde::Deserialize;
use thiserror::Error;

/// The canonical face with its triangles, as in the model file `canonical_face.json`.
#[derive(Debug, Clone)]
pub struct HeadShape {
    geometry: Geometry,
    triangles: Vec<[usize; 3]>,
}

/// Whose width and height a head has. Depth is always the canonical face's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proportions {
    /// The person's own, as the portrait shows them turned to the front.
    Own,
    /// The canonical face's.
    Canonical,
}

/// Why there is no head.
#[derive(Debug, Error)]
pub enum ShapeError {
    /// The geometry does not load.
    #[error(transparent)]
    Geometry(#[from] ModelError),
    /// The triangles do not load.
    #[error("canonical face: {0}")]
    Description(#[from] serde_json::Error),
    /// A triangle names a vertex that is not there, or there are none.
    #[error("canonical face: its triangles do not join its vertices")]
    Triangles,
    /// The canonical face cannot be laid onto the portrait's landmarks.
    #[error("the portrait's landmarks are no face")]
    Unfit,
}

#[derive(Deserialize)]
struct File {
    triangles: Vec<[usize; 3]>,
}

impl HeadShape {
    /// Reads the model file.
    ///
    /// # Errors
    /// [`ShapeError`] for anything but 468 vertices and triangles between them.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ShapeError> {
        let geometry = Geometry::from_bytes(bytes)?;
        let File { triangles } = serde_json::from_slice(bytes)?;
        if triangles.is_empty() || triangles.iter().flatten().any(|i| *i >= LANDMARKS) {
            return Err(ShapeError::Triangles);
        }
        Ok(Self { geometry, triangles })
    }

    /// The canonical face's 468 points, cm.
    #[must_use]
    pub fn vertices(&self) -> &[[f32; 3]] {
        self.geometry.vertices()
    }

    /// Triangles of the face without those that cover the eyes.
    pub(crate) fn open_eyed(&self) -> Vec<[usize; 3]> {
        let rim = |i: usize| EYES.iter().any(|eye| eye.upper.contains(&i) || eye.lower.contains(&i));
        self.triangles.iter().filter(|t| !t.iter().all(|i| rim(*i))).copied().collect()
    }

    /// Whether a point is on the inner edge of the lips.
    pub(crate) fn is_mouth(t: [usize; 3]) -> bool {
        t.iter().all(|i| LIP_UPPER.contains(i) || LIP_LOWER.contains(i))
    }

    /// The person's 468 points facing the camera, portrait px: x right, y down, z away, origin at the middle of the rigid points, and px per
    /// centimetre. Depth is the canonical face's, because a single picture has none to give.
    pub(crate) fn of(&self, portrait: &Portrait, proportions: Proportions) -> Result<(Vec<[f32; 3]>, f32), ShapeError> {
        let landmarks: Vec<Point3> = portrait.landmarks.iter().map(|p| Point3 { x: p[0], y: p[1], z: p[2] }).collect();
        let pose = fit(&self.geometry, &landmarks).ok_or(ShapeError::Unfit)?.pose();
        Ok(self.placed(&landmarks, pose, proportions))
    }

    fn placed(&self, landmarks: &[Point3], pose: Pose, proportions: Proportions) -> (Vec<[f32; 3]>, f32) {
        let turn = pose.rotation();
        // Turned back: the transpose of the pose, on canonical axes.
        let front: Vec<[f32; 3]> = landmarks
            .iter()
            .map(|p| [p.x, -p.y, -p.z])
            .map(|p| core::array::from_fn(|axis| (0..3).map(|k| turn[k][axis] * p[k]).sum()))
            .collect();
        let mean = |points: &[[f32; 3]]| -> [f32; 3] {
            let total: f32 = RIGID.iter().map(|(_, w)| *w as f32).sum();
            core::array::from_fn(|axis| RIGID.iter().map(|(i, w)| points[*i][axis] * *w as f32).sum::<f32>() / total)
        };
        let spread = |points: &[[f32; 3]], middle: [f32; 3]| -> f32 {
            RIGID.iter().map(|(i, w)| (0..2).map(|a| (points[*i][a] - middle[a]).powi(2)).sum::<f32>() * *w as f32).sum::<f32>().sqrt()
        };
        let canonical = self.geometry.vertices();
        let (here, there) = (mean(&front), mean(canonical));
        let scale = spread(&front, here) / spread(canonical, there).max(1e-6);
        let points = front
            .iter()
            .zip(canonical)
            .map(|(own, usual)| {
                let [x, y] = match proportions {
                    Proportions::Own => [own[0] - here[0], own[1] - here[1]],
                    Proportions::Canonical => [(usual[0] - there[0]) * scale, (usual[1] - there[1]) * scale],
                };
                [x, -y, -(usual[2] - there[2]) * scale]
            })
            .collect();
        (points, scale)
    }
}
