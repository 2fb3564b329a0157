//! The canonical face: where the landmarks lie on an average head.

use serde::Deserialize;

use crate::{
    error::{ModelError, ModelRole},
    model::LANDMARK_COUNT,
};

/// 468 vertices in centimetres, MediaPipe face-mesh order. Axes: x towards the subject's left (right in an unmirrored picture),
/// y up, z towards the camera. The face looks along +z with eyes level.
#[derive(Debug, Clone, PartialEq)]
pub struct Geometry {
    vertices: Vec<[f32; 3]>,
}

/// The file's layout.
#[derive(Deserialize)]
struct File {
    vertices: Vec<[f32; 3]>,
}

impl Geometry {
    /// Reads the model file: JSON, `{"vertices": [[x, y, z], ...]}` with 468 rows in the axes above; other keys are ignored.
    ///
    /// # Errors
    /// [`ModelError::Load`] when it is not such JSON, [`ModelError::NotAFace`] when it is no face in these axes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let file: File =
            serde_json::from_slice(bytes).map_err(|error| ModelError::Load { role: ModelRole::Geometry, source: error.into() })?;
        Self::from_vertices(file.vertices)
    }

    /// Takes 468 vertices in the axes above.
    ///
    /// # Errors
    /// [`ModelError::NotAFace`] on a wrong count, a number that is not finite, or a face that is mirrored, upside down or inside out.
    pub fn from_vertices(vertices: Vec<[f32; 3]>) -> Result<Self, ModelError> {
        let count = vertices.len();
        let geometry = Self { vertices };
        let finite = geometry.vertices.iter().flatten().all(|v| v.is_finite());
        // Outer eye corners 33 and 263, nose tip 4, chin 152, forehead 10.
        let upright = count == LANDMARK_COUNT && {
            let at = |i: usize| geometry.vertex(i);
            at(263)[0] > at(33)[0] && at(10)[1] > at(152)[1] && at(4)[2] > at(33)[2] && at(4)[2] > at(263)[2]
        };
        if finite && upright { Ok(geometry) } else { Err(ModelError::NotAFace { vertices: count }) }
    }

    /// Vertex of a landmark; the origin for an index out of range.
    #[must_use]
    pub fn vertex(&self, index: usize) -> [f32; 3] {
        self.vertices.get(index).copied().unwrap_or_default()
    }

    /// All 468 vertices.
    #[must_use]
    pub fn vertices(&self) -> &[[f32; 3]] {
        &self.vertices
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic;

    #[test]
    fn only_a_face_in_the_documented_axes_loads() {
        let face = synthetic::geometry().vertices().to_vec();
        let flip = |axis: usize| {
            let mut v = face.clone();
            v.iter_mut().for_each(|p| p[axis] = -p[axis]);
            v
        };
        assert!(Geometry::from_vertices(face.clone()).is_ok(), "upright");
        for axis in 0..3 {
            assert!(matches!(Geometry::from_vertices(flip(axis)), Err(ModelError::NotAFace { vertices: 468 })), "flipped {axis}");
        }
        assert!(matches!(Geometry::from_vertices(face[..467].to_vec()), Err(ModelError::NotAFace { vertices: 467 })), "short");
        let json = format!("{{\"vertices\":{face:?},\"source\":\"x\"}}");
        assert_eq!(Geometry::from_bytes(json.as_bytes()).ok(), Some(synthetic::geometry()), "round trip");
        for broken in ["", "{}", "{\"vertices\":[[1,2]]}", &json[..json.len() / 2]] {
            assert!(matches!(Geometry::from_bytes(broken.as_bytes()), Err(ModelError::Load { role: ModelRole::Geometry, .. })), "broken");
        }
    }
}
