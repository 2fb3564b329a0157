//! Names the code that measures, so that cached measurements of older code are not taken for those of this build.

use std::{
    collections::hash_map::DefaultHasher,
    fs,
    hash::{Hash, Hasher},
    path::{Path, PathBuf},
};

/// Everything between a file and its observations.
const SOURCES: [&str; 5] = ["../vision/src", "../kernels/src", "src/video.rs", "src/variant.rs", "src/clip.rs"];
/// Libraries that compute: name prefixes in the lock file.
const LIBRARIES: [&str; 3] = ["tract", "nalgebra", "image"];

fn main() -> std::io::Result<()> {
    let mut files = Vec::new();
    for source in SOURCES {
        println!("cargo::rerun-if-changed={source}");
        list(Path::new(source), &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        fs::read(file)?.hash(&mut hasher);
    }
    println!("cargo::rerun-if-changed=../../Cargo.lock");
    // a package built outside the workspace has no lock file beside it: its libraries then go unnamed
    let lock = fs::read_to_string("../../Cargo.lock").unwrap_or_default();
    for package in lock.split("[[package]]") {
        let name = package.trim_start().strip_prefix("name = \"").unwrap_or_default();
        if LIBRARIES.iter().any(|library| name.starts_with(library)) {
            name.lines().take(2).for_each(|line| line.hash(&mut hasher));
        }
    }
    println!("cargo::rustc-env=FACEID_MEASURING_CODE={:016x}", hasher.finish());
    Ok(())
}

fn list(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_file() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        list(&entry?.path(), files)?;
    }
    Ok(())
}
