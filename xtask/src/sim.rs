//! The simulated person's files: wasm build for the page harness, portrait, ID photos.

use crate::{
    portraits,
    process::{built, root, run, step, target_dir},
    web,
};
use anyhow::{Context, Result};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
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

/// Photographs alone, without the build for the page.
#[derive(Debug)]
pub(crate) struct Photos {
    /// Who stands before the camera.
    pub(crate) of_person: PathBuf,
    /// Somebody else, a JPEG.
    pub(crate) of_other: PathBuf,
    /// ID photo of the person.
    pub(crate) id_photo: PathBuf,
}

/// Fetches the portraits and makes the person's ID photo; `faceid-sim` must have been built.
///
/// # Errors
/// When a download or the command fails.
pub(crate) fn photos() -> Result<Photos> {
    let folder = target_dir().join("sim");
    let found = portraits::fetch(&portraits::dir())?;
    let photos = Photos { of_person: found.person, of_other: found.other, id_photo: folder.join("id.jpg") };
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    step("preparing the simulated person");
    sim("id-photo", &photos.of_person, &photos.id_photo)?;
    Ok(photos)
}

/// Builds and prepares everything that is missing; `faceid-sim` must have been built.
///
/// # Errors
/// When a build or a download fails.
pub(crate) fn prepare() -> Result<Person> {
    let photos = photos()?;
    let folder = target_dir().join("sim");
    let person = Person {
        module: target_dir().join("web/simulate"),
        portrait: folder.join("portrait.bin"),
        id_photo: photos.id_photo,
        other_id_photo: folder.join("other-id.jpg"),
    };
    sim("prepare", &photos.of_person, &person.portrait)?;
    sim("id-photo", &photos.of_other, &person.other_id_photo)?;
    step("building the simulated person's wasm module");
    web::build_simulate(&person.module)?;
    Ok(person)
}

fn sim(command: &str, image: &Path, out: &Path) -> Result<()> {
    run(Command::new(built().join("faceid-sim"))
        .current_dir(root())
        .arg(command)
        .arg(image)
        .arg("-o")
        .arg(out)
        .arg("--models")
        .arg(root().join("models"))
        // It prints where it wrote; standard output is for the chore's own result.
        .stdout(Stdio::null()))
}
