//! `cargo xtask models`: pinned packages -> `models/*.net` and `models/*.onnx`, verified.

#[cfg(feature = "numerics")]
mod check;
mod compact;
mod convert;
mod cut;
mod face_api;
mod fetch;
mod flatbuf;
mod geometry;
mod half;
mod manifest;
mod onnx;
mod role;
#[cfg(test)]
mod testfile;
mod tflite;

pub(crate) use cut::cut;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use sha2::{Digest, Sha256};

use manifest::{FileEntry, Manifest, Method, Package};
use role::Role;

use crate::process;

/// Arguments of `cargo xtask models`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Only verify the files; fetch and write nothing.
    #[arg(long)]
    check: bool,
    /// Also run the networks in tract and compare with the references in models/reference.
    #[arg(long)]
    numerics: bool,
    #[command(subcommand)]
    command: Option<ModelsCommand>,
}

impl Args {
    /// `--numerics`.
    pub(crate) fn numerics() -> Self {
        Self { numerics: true, ..Self::default() }
    }
}

#[derive(Debug, Subcommand)]
enum ModelsCommand {
    /// Convert an own TFLite network (signatures: models/README.md).
    Convert {
        /// The TFLite file.
        file: PathBuf,
        /// What it is for.
        #[arg(long)]
        role: Role,
        /// Where to write it: a compact network file when the name ends with `.net`, else ONNX.
        #[arg(short, long)]
        output: PathBuf,
    },
}

/// Runs the subcommand.
pub(crate) fn run(args: Args) -> Result<()> {
    if let Some(ModelsCommand::Convert { file, role, output }) = args.command {
        return convert_own(&file, role, &output);
    }
    let root = process::root();
    let folder = root.join("models");
    let text = fs::read_to_string(folder.join("manifest.toml")).context("models/manifest.toml")?;
    let manifest = Manifest::parse(&text)?;
    ensure_all(&manifest, &folder, &root.join("target").join("models-cache"), args.check)?;
    if args.numerics { numerics(&manifest, &folder) } else { Ok(()) }
}

fn convert_own(file: &Path, role: Role, output: &Path) -> Result<()> {
    let bytes = fs::read(file).with_context(|| format!("read {}", file.display()))?;
    let graph = tflite::read(&bytes).with_context(|| format!("{}", file.display()))?;
    let written = if output.extension().is_some_and(|e| e == "net") {
        compact::convert(&graph, role)?
    } else {
        convert::convert(&graph, role, &format!("Converted from a TFLite file for the role {role}."))?
    };
    fs::write(output, &written).with_context(|| format!("write {}", output.display()))?;
    println!("models: wrote {} ({} bytes, sha256 {})", output.display(), written.len(), sha(&written));
    Ok(())
}

fn sha(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Verifies every file of the manifest and rebuilds what is missing or wrong.
fn ensure_all(manifest: &Manifest, folder: &Path, cache: &Path, check_only: bool) -> Result<()> {
    let mut wrong = Vec::new();
    for file in &manifest.file {
        let path = folder.join(&file.name);
        if fs::read(&path).is_ok_and(|bytes| sha(&bytes) == file.sha256) {
            println!("models: {} is right", file.name);
            continue;
        }
        if check_only {
            println!("models: {} is missing or differs from the manifest", file.name);
            wrong.push(file.name.as_str());
            continue;
        }
        build(file, manifest.package(file)?, cache, folder)?;
    }
    if !wrong.is_empty() {
        bail!("{} not right; run `cargo xtask models`", wrong.join(", "));
    }
    Ok(())
}

fn build(file: &FileEntry, package: &Package, cache: &Path, folder: &Path) -> Result<()> {
    let path = folder.join(&file.name);
    let tarball = fetch::tarball(package, cache)?;
    println!("models: make {}", file.name);
    let bytes = make(file, package, &tarball).with_context(|| format!("make {}", file.name))?;
    let found = sha(&bytes);
    if found != file.sha256 {
        bail!(
            "{}: the file made has sha256 {found}, the manifest says {}. The package is the pinned \
             one, so the converter changed: if that was intended, put the new value into \
             models/manifest.toml and run `cargo xtask models --numerics`; otherwise restore xtask/src/models",
            file.name,
            file.sha256
        );
    }
    // write beside and rename, so that an interrupted run never leaves half a file
    let partial = path.with_extension("partial");
    fs::write(&partial, &bytes).with_context(|| format!("write {}", partial.display()))?;
    fs::rename(&partial, &path).with_context(|| format!("write {}", path.display()))?;
    println!("models: wrote {} ({} bytes)", file.name, bytes.len());
    Ok(())
}

/// Compares every network's outputs with its committed reference.
#[cfg(feature = "numerics")]
fn numerics(manifest: &Manifest, folder: &Path) -> Result<()> {
    for file in &manifest.file {
        let Some(reference) = &file.reference else { continue };
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read(&path).with_context(|| format!("read {}", path.display()))
        };
        let text = String::from_utf8(read(&reference.file)?).context("reference file")?;
        let (made_by, worst) =
            check::check(&read(&file.name)?, &text, &reference.max_abs_diff).with_context(|| format!("{}: numeric check", file.name))?;
        for (output, difference) in worst {
            let limit = reference.max_abs_diff[&output];
            println!("models: {} {output}: largest difference {difference:.1e} (allowed {limit:.0e}) from {made_by}", file.name);
        }
    }
    Ok(())
}

/// tract takes minutes to compile and no other chore needs it: the check lives behind a feature and is started as its own process.
#[cfg(not(feature = "numerics"))]
fn numerics(_: &Manifest, _: &Path) -> Result<()> {
    // All packages and the page's features, as in every other command: one compile of the inference engine serves all.
    let features = format!("{},xtask/numerics", crate::web::FEATURES[1]);
    let again = ["--features", &features, "--bin", "xtask", "--", "models", "--numerics"];
    process::run(process::cargo().args(["run", "--quiet", "--locked"]).args(process::PROFILE).args(again))
}

fn make(file: &FileEntry, package: &Package, tarball: &[u8]) -> Result<Vec<u8>> {
    let [first, second] = &file.from;
    let mut files = fetch::files(tarball, &[first, second])?;
    let mut take = |name: &str| files.remove(name).context("file taken twice");
    let (first, second) = (take(first)?, take(second)?);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).context("a text file is not UTF-8");
    let inside = || file.inside.as_deref().context("`inside` is missing");
    let role = || file.role.context("`role` is missing");
    let doc = format!("From {}@{} ({}), licence {}.", package.name, package.version, file.from[0], file.licence);
    match file.method {
        Method::Tflite => {
            let loader = text(second)?;
            let bytes = fetch::packed_asset(&first, &loader, inside()?)?;
            Ok(convert::convert(&tflite::read(bytes)?, role()?, &doc)?)
        }
        Method::Compact => {
            let loader = text(second)?;
            let bytes = fetch::packed_asset(&first, &loader, inside()?)?;
            Ok(compact::convert(&tflite::read(bytes)?, role()?)?)
        }
        Method::FaceApi => face_api::convert(&text(first)?, &second, &doc),
        Method::Geometry => {
            let loader = text(second)?;
            geometry::convert(fetch::packed_asset(&first, &loader, inside()?)?)
        }
    }
}
