//! `models/manifest.toml`: what is fetched, what is written, and how each file is used.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::role::Role;

/// The whole manifest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// Pinned packages.
    pub(crate) package: Vec<Package>,
    /// Files we write.
    pub(crate) file: Vec<FileEntry>,
}

/// A pinned npm package.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Package {
    /// Name in the registry.
    pub(crate) name: String,
    /// Exact version.
    pub(crate) version: String,
    /// Licence the package states.
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers of the manifest; parsing checks that it is there"))]
    pub(crate) licence: String,
    /// `sha512-` integrity of the tarball.
    pub(crate) integrity: String,
}

/// How a file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Method {
    /// TFLite network inside a packed assets file, as ONNX.
    Tflite,
    /// TFLite network inside a packed assets file, as a compact network.
    Compact,
    /// Weights manifest and shard of face-api.
    FaceApi,
    /// Geometry metadata inside a packed assets file.
    Geometry,
}

/// A file we write.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileEntry {
    /// Name below `models/`.
    pub(crate) name: String,
    /// Use; absent for data that is not a network.
    pub(crate) role: Option<Role>,
    /// Package it comes from.
    pub(crate) package: String,
    /// How it is made.
    pub(crate) method: Method,
    /// Files of the package it is made from: data then index (`tflite`, `compact`, `geometry`), or weights
    /// manifest then shard (`face-api`).
    pub(crate) from: [String; 2],
    /// File inside the packed assets.
    pub(crate) inside: Option<String>,
    /// Licence of this file's contents.
    pub(crate) licence: String,
    /// sha256 of the file we write, hexadecimal.
    pub(crate) sha256: String,
    /// Reference outputs below `models/` and the allowed absolute difference.
    #[cfg_attr(not(any(test, feature = "numerics")), expect(dead_code, reason = "read by the numeric check"))]
    pub(crate) reference: Option<Reference>,
    /// Input as written for people: shape, layout, range.
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers of the manifest; parsing checks that it is there"))]
    pub(crate) input: Option<String>,
    /// Outputs as written for people.
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers of the manifest; parsing checks that it is there"))]
    pub(crate) outputs: Vec<String>,
}

/// A numeric check.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reference {
    /// Path below `models/`.
    #[cfg_attr(not(feature = "numerics"), expect(dead_code, reason = "read by the numeric check"))]
    pub(crate) file: String,
    /// Largest allowed absolute difference per output.
    #[cfg_attr(not(feature = "numerics"), expect(dead_code, reason = "read by the numeric check"))]
    pub(crate) max_abs_diff: BTreeMap<String, f32>,
}

impl Manifest {
    /// Reads and cross-checks the manifest's text.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let manifest: Self = toml::from_str(text).context("models/manifest.toml")?;
        for file in &manifest.file {
            manifest.package(file)?;
            ensure!(
                file.sha256.len() == 64 && file.sha256.bytes().all(|b| b.is_ascii_hexdigit()),
                "{}: sha256 must be 64 hexadecimal digits",
                file.name
            );
            ensure!((file.method == Method::FaceApi) == file.inside.is_none(), "{}: `inside` belongs to packed assets", file.name);
        }
        Ok(manifest)
    }

    /// The package a file is made from.
    pub(crate) fn package(&self, file: &FileEntry) -> Result<&Package> {
        self.package
            .iter()
            .find(|p| p.name == file.package)
            .with_context(|| format!("{}: package {} is not listed", file.name, file.package))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMITTED: &str = include_str!("../../../models/manifest.toml");

    #[test]
    fn the_committed_manifest_is_complete() {
        let manifest = Manifest::parse(COMMITTED).unwrap();
        let roles: Vec<_> = manifest.file.iter().filter_map(|f| f.role).collect();
        assert_eq!(roles, [Role::Detector, Role::Landmark, Role::Detector, Role::Landmark, Role::Embedding]);
        for file in &manifest.file {
            // what the page runs is compared with the ONNX file by the tests of faceid-vision
            assert_eq!(file.role.is_some() && file.method != Method::Compact, file.reference.is_some(), "{}", file.name);
            assert_eq!(file.role.is_some(), file.input.is_some(), "{}", file.name);
            assert!(!file.outputs.is_empty(), "{}", file.name);
        }
        for package in &manifest.package {
            assert!(!package.licence.is_empty(), "{}", package.name);
            assert!(package.integrity.starts_with("sha512-"), "{}", package.name);
            assert!(package.version.bytes().all(|b| b.is_ascii_digit() || b == b'.'), "exact version");
        }
    }

    #[test]
    fn faults_are_errors() {
        for (from, to) in [
            ("method = \"tflite\"", "method = \"magic\""),
            ("package = \"@mediapipe/face_mesh\"", "package = \"unknown\""),
            ("sha256 = \"", "sha256 = \"x"),
            ("inside = \"face_landmark.tflite\"\n", ""),
            ("licence = \"Apache-2.0\"\nintegrity", "integrity"),
            ("version = ", "vision = "),
        ] {
            assert!(COMMITTED.contains(from), "{from}");
            assert!(Manifest::parse(&COMMITTED.replacen(from, to, 1)).is_err(), "{from}");
        }
    }
}
