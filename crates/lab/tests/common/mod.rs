//! Where tests find models, portraits, clips and photographs. Only models and portraits are ever required.
#![allow(dead_code, unreachable_pub, reason = "every test file uses its own part")]

use std::path::{Path, PathBuf};

/// True where the build promises models and portraits (`FACEID_REQUIRE_MODELS`): then nothing is skipped.
pub fn required() -> bool {
    std::env::var_os("FACEID_REQUIRE_MODELS").is_some()
}

/// `$FACEID_MODELS`, else the workspace's `models`; `None` after saying so when the files are missing.
pub fn models() -> Option<PathBuf> {
    let folder =
        std::env::var_os("FACEID_MODELS").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models"), PathBuf::from);
    found(folder.join("face_embedding.onnx").is_file(), "models").then_some(folder)
}

/// `$FACEID_PORTRAITS` with the two public-domain portraits.
pub fn portraits() -> Option<PathBuf> {
    let folder = std::env::var_os("FACEID_PORTRAITS").map(PathBuf::from).filter(|f| f.join("astronaut.png").is_file());
    found(folder.is_some(), "portraits").then_some(folder?)
}

/// A folder of measuring material; its absence is never a failure.
pub fn material(variable: &str, what: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: no {what}");
    }
    folder
}

fn found(is: bool, what: &str) -> bool {
    if !is {
        assert!(!required(), "FACEID_REQUIRE_MODELS is set and there are no {what}");
        println!("skipped: no {what}");
    }
    is
}
