//! Model files on disk.

use std::path::{Path, PathBuf};

use faceid_judge::{Calibration, EmbeddingSpec, Judge, JudgeError, ModelFiles, PassiveSpec};
use faceid_vision::{ModelError, Models};
use thiserror::Error;

/// Environment variable naming the folder of the model files; the default is `./models`.
pub const MODELS_VARIABLE: &str = "FACEID_MODELS";

const DETECTOR: &str = "face_detector.net";
const LANDMARK: &str = "face_landmark.net";
const GEOMETRY: &str = "canonical_face.json";
const EMBEDDING: &str = "face_embedding.onnx";
/// Optional: descriptor of an operator's own embedding network.
const SPEC: &str = "face_embedding.json";
/// Optional: calibration of an operator's own embedding network.
const CALIBRATION: &str = "face_embedding.calibration.json";
/// Optional: an operator's passive network and its descriptor.
const PASSIVE: &str = "face_passive.onnx";
const PASSIVE_SPEC: &str = "face_passive.json";

/// Why the models cannot be used. Every one of them is a matter of the environment.
#[derive(Debug, Error)]
pub enum ModelsError {
    /// A file is not there.
    #[error("{path} is missing: run `cargo xtask models`, or set {MODELS_VARIABLE} to the folder of the model files")]
    Missing {
        /// Which file.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Detector, landmark network or geometry does not load.
    #[error("{0}; run `cargo xtask models` again")]
    Vision(#[from] ModelError),
    /// Something of the judge does not load.
    #[error("{0}; run `cargo xtask models` again")]
    Judge(#[from] JudgeError),
}

/// A folder of model files.
#[derive(Debug, Clone)]
pub struct ModelDir(PathBuf);

impl ModelDir {
    /// `$FACEID_MODELS`, else `./models`.
    #[must_use]
    pub fn from_env() -> Self {
        Self(std::env::var_os(MODELS_VARIABLE).map_or_else(|| PathBuf::from("models"), PathBuf::from))
    }

    /// This folder.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Detector, landmarks and geometry.
    ///
    /// # Errors
    /// [`ModelsError`].
    pub fn vision(&self) -> Result<Models, ModelsError> {
        let [detector, landmark, geometry] = self.vision_files()?;
        Ok(Models::from_bytes(&detector, &landmark, &geometry)?)
    }

    /// The bytes that [`Self::vision`] loads: they name a measurement.
    ///
    /// # Errors
    /// [`ModelsError`] at the first that is missing.
    pub fn vision_files(&self) -> Result<[Vec<u8>; 3], ModelsError> {
        Ok([self.read(DETECTOR)?, self.read(LANDMARK)?, self.read(GEOMETRY)?])
    }

    /// The canonical face's file.
    ///
    /// # Errors
    /// [`ModelsError`].
    pub fn geometry(&self) -> Result<Vec<u8>, ModelsError> {
        self.read(GEOMETRY)
    }

    /// Everything, with the default embedding network unless the folder describes another one.
    ///
    /// # Errors
    /// [`ModelsError`].
    pub fn judge(&self) -> Result<Judge, ModelsError> {
        let (detector, landmark, geometry) = (self.read(DETECTOR)?, self.read(LANDMARK)?, self.read(GEOMETRY)?);
        let embedding = self.read(EMBEDDING)?;
        let mut files = ModelFiles::with_default_embedding(&detector, &landmark, &geometry, &embedding)?;
        if let Some(text) = self.read_optional(SPEC)? {
            files.spec = EmbeddingSpec::from_json(&text).map_err(JudgeError::from)?;
        }
        if let Some(text) = self.read_optional(CALIBRATION)? {
            files.calibration = Calibration::from_json(&text).map_err(JudgeError::from)?;
        }
        let passive = self.read_optional(PASSIVE_SPEC)?.map(|text| Ok::<_, ModelsError>((text, self.read(PASSIVE)?))).transpose()?;
        if let Some((text, onnx)) = &passive {
            files.passive = Some((onnx, PassiveSpec::from_json(text).map_err(JudgeError::from)?));
        }
        Ok(Judge::load(files)?)
    }

    /// Name and size of each required file.
    ///
    /// # Errors
    /// [`ModelsError`] at the first that is missing.
    pub fn sizes(&self) -> Result<Vec<(&'static str, usize)>, ModelsError> {
        [DETECTOR, LANDMARK, GEOMETRY, EMBEDDING].into_iter().map(|name| Ok((name, self.read(name)?.len()))).collect()
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, ModelsError> {
        let path = self.0.join(name);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(bytes),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Err(ModelsError::Missing { path }),
            Err(source) => Err(ModelsError::Io { path, source }),
        }
    }

    fn read_optional(&self, name: &str) -> Result<Option<String>, ModelsError> {
        match self.read(name) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(ModelsError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
