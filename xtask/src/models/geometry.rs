//! Canonical face: the package's geometry metadata (protobuf) -> `canonical_face.json`.

use anyhow::{Context, Result, ensure};
use prost::Message;
use serde::{Deserialize, Serialize};

/// Landmarks of the mesh.
const POINTS: usize = 468;
/// Floats stored per vertex: position x y z, texture u v.
const VERTEX: usize = 5;

/// `mediapipe.face_geometry.GeometryPipelineMetadata`.
#[derive(Clone, PartialEq, Message)]
struct Metadata {
    #[prost(message, optional, tag = "1")]
    canonical_mesh: Option<Mesh>,
    #[prost(message, repeated, tag = "2")]
    procrustes_landmark_basis: Vec<Basis>,
}

/// `mediapipe.face_geometry.Mesh3d`.
#[derive(Clone, PartialEq, Message)]
struct Mesh {
    #[prost(float, repeated, tag = "3")]
    vertex_buffer: Vec<f32>,
    #[prost(uint32, repeated, tag = "4")]
    index_buffer: Vec<u32>,
}

/// `mediapipe.face_geometry.WeightedLandmarkRef`.
#[derive(Clone, PartialEq, Message)]
struct Basis {
    #[prost(uint32, tag = "1")]
    landmark_id: u32,
    #[prost(float, tag = "2")]
    weight: f32,
}

/// The file we write; `models/README.md` documents it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CanonicalFace {
    /// Always `cm`.
    unit: String,
    /// Meaning of the axes.
    axes: String,
    /// 468 positions [x, y, z].
    vertices: Vec<[f32; 3]>,
    /// 468 texture coordinates [u, v] in 0..1.
    texture: Vec<[f32; 2]>,
    /// Triangles as three vertex numbers.
    triangles: Vec<[u32; 3]>,
    /// Landmarks for a rigid fit with their weights.
    pose_basis: Vec<(u32, f32)>,
}

/// Converts the metadata file.
pub(crate) fn convert(bytes: &[u8]) -> Result<Vec<u8>> {
    let metadata = Metadata::decode(bytes).context("geometry metadata")?;
    let mesh = metadata.canonical_mesh.context("geometry metadata has no mesh")?;
    ensure!(mesh.vertex_buffer.len() == POINTS * VERTEX, "the mesh does not have 468 vertices");
    ensure!(mesh.index_buffer.len() % 3 == 0, "the index list is not made of triangles");
    let known = |&i: &u32| usize::try_from(i).is_ok_and(|i| i < POINTS);
    ensure!(mesh.index_buffer.iter().all(known), "a triangle names an unknown vertex");
    let basis: Vec<(u32, f32)> = metadata.procrustes_landmark_basis.iter().map(|b| (b.landmark_id, b.weight)).collect();
    ensure!(basis.iter().all(|(i, _)| known(i)), "the pose basis names an unknown vertex");
    let vertices = mesh.vertex_buffer.chunks_exact(VERTEX);
    let face = CanonicalFace {
        unit: "cm".to_owned(),
        axes: "x to the image's right in an unmirrored frontal view, y up, z towards the camera".to_owned(),
        vertices: vertices.clone().map(|v| [v[0], v[1], v[2]]).collect(),
        texture: vertices.map(|v| [v[3], v[4]]).collect(),
        triangles: mesh.index_buffer.chunks_exact(3).map(|t| [t[0], t[1], t[2]]).collect(),
        pose_basis: basis,
    };
    let mut out = serde_json::to_vec(&face)?;
    out.push(b'\n');
    Ok(out)
}
