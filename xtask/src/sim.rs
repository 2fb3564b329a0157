//! The simulated person's files: wasm build for the page harness, portrait, ID photos.

use crate::{
    portraits,
    process::{root, run, step, target_dir},
    web,
};
use anyhow::{Context, Result};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// What a simulated run needs.
#[derive(Debug)]
pub(crate) struct Person {
    /// Folder with the wasm build.
    pub(crate) module: PathBuf,
    /// Portrait file with landmarks.
    pub(crate) portrait: PathBuf,
    /// ID photo of the same person: another crop, grey, small, strongly compressed.
    pub(crate) id_photo: PathBuf,
    /// ID photo of somebody else.
    pub(crate) other_id_photo: PathBuf,
}

/// Builds and prepares everything that is missing; `faceid-sim` must have been built.
///
/// # Errors
/// When a build or a download fails.
pub(crate) fn prepare() -> Result<Person> {
    let folder = target_dir().join("sim");
    let found = portraits::fetch(&portraits::dir())?;
    let person = Person {
        module: target_dir().join("web/simulate"),
        portrait: folder.join("portrait.bin"),
        id_photo: folder.join("id.jpg"),
        other_id_photo: folder.join("other-id.jpg"),
    };
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    step("preparing the simulated person");
    sim("prepare", &found.person, &person.portrait)?;
    sim("id-photo", &found.person, &person.id_photo)?;
    sim("id-photo", &found.other, &person.other_id_photo)?;
    step("building the simulated person's wasm module");
    web::build_simulate(&person.module)?;
    Ok(person)
}

fn sim(command: &str, image: &Path, out: &Path) -> Result<()> {
    run(Command::new(target_dir().join("release/faceid-sim"))
        .current_dir(root())
        .arg(command)
        .arg(image)
        .arg("-o")
        .arg(out)
        .arg("--models")
        .arg(root().join("models")))
}
