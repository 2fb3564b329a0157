//! Model files on disk: presence, digests, loading.

use faceid_judge::{Calibration, EmbeddingSpec, Judge, JudgeError, ModelFiles, PassiveSpec};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use thiserror::Error;

const DETECTOR: &str = "face_detector.net";
const LANDMARK: &str = "face_landmark.net";
const GEOMETRY: &str = "canonical_face.json";
const EMBEDDING: &str = "face_embedding.onnx";
/// Descriptor of an operator's own embedding network; with it that network's digest is the operator's business.
const SPEC: &str = "face_embedding.json";
/// Calibration of an operator's own embedding network.
const CALIBRATION: &str = "face_embedding.calibration.json";

/// An operator's passive network, with its descriptor beside it.
const PASSIVE: &str = "face_passive.onnx";
const PASSIVE_SPEC: &str = "face_passive.json";

/// Digests this build was made with.
pub(crate) const MANIFEST: &str = include_str!("../../../models/manifest.toml");

/// Why the models cannot be used; a matter of the environment.
#[derive(Debug, Error)]
pub enum ModelsError {
    /// A file is missing or unreadable.
    #[error("{path}: {source}; run `cargo xtask models`, or name the folder with --models")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not the one this build was made with.
    #[error("{path}: sha256 differs from the manifest; run `cargo xtask models` again")]
    Digest {
        /// Which.
        path: PathBuf,
    },
    /// A file does not load.
    #[error("{0}")]
    Load(#[from] JudgeError),
    /// The manifest of this build is broken.
    #[error("manifest: {0}")]
    Manifest(#[from] toml::de::Error),
}

#[derive(Deserialize)]
struct Manifest {
    file: Vec<ManifestFile>,
}

#[derive(Deserialize)]
struct ManifestFile {
    name: String,
    sha256: String,
}

/// One required file and how it stands.
#[derive(Debug)]
pub struct FileCheck {
    /// File name.
    pub name: &'static str,
    /// `Ok` when present and as in the manifest.
    pub outcome: Result<(), ModelsError>,
}

/// Checks every required file.
///
/// # Errors
/// When this build's manifest cannot be read.
pub fn check(folder: &Path) -> Result<Vec<FileCheck>, ModelsError> {
    let manifest: Manifest = toml::from_str(MANIFEST)?;
    let own_embedding = folder.join(SPEC).exists();
    Ok([DETECTOR, LANDMARK, GEOMETRY, EMBEDDING]
        .into_iter()
        .map(|name| {
            let path = folder.join(name);
            let outcome = read(folder, name).and_then(|bytes| {
                let known = manifest.file.iter().find(|file| file.name == name);
                let same = known.is_some_and(|file| file.sha256 == hex::encode(Sha256::digest(&bytes)));
                if same || (name == EMBEDDING && own_embedding) { Ok(()) } else { Err(ModelsError::Digest { path }) }
            });
            FileCheck { name, outcome }
        })
        .collect())
}

/// Checks and loads every model.
///
/// # Errors
/// [`ModelsError`].
pub fn load(folder: &Path) -> Result<Judge, ModelsError> {
    for file in check(folder)? {
        file.outcome?;
    }
    let (detector, landmark, geometry, embedding) =
        (read(folder, DETECTOR)?, read(folder, LANDMARK)?, read(folder, GEOMETRY)?, read(folder, EMBEDDING)?);
    let mut files = ModelFiles::with_default_embedding(&detector, &landmark, &geometry, &embedding)?;
    if let Some(text) = optional(folder, SPEC)? {
        files.spec = EmbeddingSpec::from_json(&text).map_err(JudgeError::from)?;
    }
    if let Some(text) = optional(folder, CALIBRATION)? {
        files.calibration = Calibration::from_json(&text).map_err(JudgeError::from)?;
    }
    let passive = optional(folder, PASSIVE_SPEC)?.map(|text| Ok::<_, ModelsError>((text, read(folder, PASSIVE)?))).transpose()?;
    if let Some((text, onnx)) = &passive {
        files.passive = Some((onnx, PassiveSpec::from_json(text).map_err(JudgeError::from)?));
    }
    Ok(Judge::load(files)?)
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>, ModelsError> {
    let path = folder.join(name);
    std::fs::read(&path).map_err(|source| ModelsError::Read { path, source })
}

fn optional(folder: &Path, name: &str) -> Result<Option<String>, ModelsError> {
    let path = folder.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ModelsError::Read { path, source }),
    }
}
