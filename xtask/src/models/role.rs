//! What a network is used for, and the signature each use demands.

use std::fmt;

use clap::ValueEnum;
use serde::Deserialize;

use super::convert::ConvertError;

/// The use of a network; it fixes input and output shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Finds faces: BlazeFace short range layout.
    Detector,
    /// 468 landmarks and presence.
    Landmark,
    /// Identity vector of an aligned face.
    Embedding,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Detector => "detector",
            Self::Landmark => "landmark",
            Self::Embedding => "embedding",
        })
    }
}

/// One output of a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Output {
    /// Name in the ONNX file.
    pub(crate) name: &'static str,
    /// Position among the source network's outputs.
    pub(crate) position: usize,
    /// Shape in the ONNX file.
    pub(crate) shape: Vec<usize>,
}

impl Role {
    /// File name without extension.
    pub(crate) fn file_stem(self) -> &'static str {
        match self {
            Self::Detector => "face_detector",
            Self::Landmark => "face_landmark",
            Self::Embedding => "face_embedding",
        }
    }

    pub(crate) fn mismatch(self, what: String) -> ConvertError {
        ConvertError::Signature { role: self, what }
    }

    /// Checks the NCHW input shape.
    pub(crate) fn check_input(self, shape: &[usize]) -> Result<(), ConvertError> {
        let good = match self {
            Self::Detector => shape == [1, 3, 128, 128],
            Self::Landmark => shape == [1, 3, 192, 192],
            Self::Embedding => matches!(shape, [1, 3, h, w] if *h > 1 && *w > 1),
        };
        if good { Ok(()) } else { Err(self.mismatch(format!("the input (NCHW) is {shape:?}"))) }
    }

    /// Assigns the source network's outputs, recognised by their element counts.
    pub(crate) fn outputs(self, sizes: &[usize]) -> Result<Vec<Output>, ConvertError> {
        let wanted: Vec<(&'static str, Vec<usize>)> = match self {
            Self::Detector => vec![("regressors", vec![1, 896, 16]), ("scores", vec![1, 896, 1])],
            Self::Landmark => vec![("landmarks", vec![1, 1404]), ("presence", vec![1, 1])],
            Self::Embedding => {
                vec![("embedding", vec![1, sizes.first().copied().unwrap_or_default()])]
            }
        };
        if sizes.len() != wanted.len() {
            return Err(self.mismatch(format!("{} outputs instead of {}", sizes.len(), wanted.len())));
        }
        wanted
            .into_iter()
            .map(|(name, shape)| {
                let count: usize = shape.iter().product();
                let position =
                    sizes.iter().position(|&s| s == count).ok_or_else(|| self.mismatch(format!("no output has {count} values")))?;
                Ok(Output { name, position, shape })
            })
            .collect()
    }
}
