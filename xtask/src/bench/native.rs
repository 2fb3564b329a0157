//! `cargo xtask bench native`: the same networks on this machine's processor, ours beside tract and onnxruntime, one thread each.

use super::machine::Machine;
use crate::{
    models,
    process::{cargo, output, root, run as started, step, target_dir},
    web,
};
use anyhow::{Context, Result};
use clap::Args;
use serde_json::{Value, json};
use std::{fs, path::Path, path::PathBuf, process::Command};

/// Options of `cargo xtask bench native`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where to write the figures.
    #[arg(long, default_value = "target/bench/native.json")]
    json: PathBuf,
}

/// From PyPI, in an environment of its own.
const ONNXRUNTIME: &str = "1.32.0";
/// Fresh processes per contender, alternately.
const ROUNDS: usize = 3;

/// Builds, measures, prints and writes.
///
/// # Errors
/// When something cannot be built, installed or run.
pub(crate) fn run(options: &Options) -> Result<()> {
    models::run(models::Args::default())?;
    started(cargo().args(["build", "--release", "--locked", "--quiet"]).args(web::FEATURES).args(["--bin", "faceid-lab"]))?;
    let python = onnxruntime()?;
    let onnx = as_onnx()?;
    let machine = Machine::look(&target_dir())?;
    let lab = target_dir().join("release/faceid-lab");
    let ours = |models: &Path| parsed(&output(Command::new(&lab).arg("bench-networks").env("FACEID_MODELS", models))?);
    let mut rounds = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        rounds[0].push(ours(&root().join("models"))?);
        rounds[1].push(ours(&onnx)?);
        let script = root().join("tests/bench/native.py");
        rounds[2].push(parsed(&output(Command::new(&python).arg(script).arg(root().join("models")))?)?);
    }
    let mut figures = json!({"machine": machine});
    for role in ["detector", "landmark"] {
        let best = |which: usize, of: &str| rounds[which].iter().filter_map(|round| round[role][of].as_f64()).fold(f64::INFINITY, f64::min);
        println!("{role}, ms, best of {ROUNDS} processes:");
        for (which, name) in ["ours", "tract", "onnxruntime"].into_iter().enumerate() {
            let (min, median) = (best(which, "min"), best(which, "median"));
            println!(
                "  {name:<12} min {min:7.3}, median {median:7.3}; ours / this: {:.2} and {:.2}",
                best(0, "min") / min,
                best(0, "median") / median
            );
            figures[role][name] = json!({"min": min, "median": median});
        }
    }
    let path = root().join(&options.json);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(&path, serde_json::to_string_pretty(&figures)?).with_context(|| format!("write {}", path.display()))?;
    println!("written to {}", path.display());
    Ok(())
}

fn parsed(text: &str) -> Result<Value> {
    serde_json::from_str(text.trim()).context("a bench printed no JSON")
}

/// The models folder with ONNX files under the names of the compact ones: server and lab take either.
fn as_onnx() -> Result<PathBuf> {
    let (from, to) = (root().join("models"), target_dir().join("bench/onnx-models"));
    fs::create_dir_all(&to)?;
    for (file, name) in [
        ("face_detector.onnx", "face_detector.net"),
        ("face_landmark.onnx", "face_landmark.net"),
        ("canonical_face.json", "canonical_face.json"),
    ] {
        fs::copy(from.join(file), to.join(name)).with_context(|| format!("copy {file}"))?;
    }
    Ok(to)
}

/// A Python with onnxruntime.
fn onnxruntime() -> Result<PathBuf> {
    let home = target_dir().join("tools").join(format!("onnxruntime-{ONNXRUNTIME}"));
    let python = home.join("bin/python");
    if !home.join("ready").exists() {
        step(&format!("installing onnxruntime {ONNXRUNTIME} from PyPI"));
        started(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
        started(Command::new(&python).args(["-m", "pip", "install", "--quiet", &format!("onnxruntime=={ONNXRUNTIME}")]))?;
        fs::write(home.join("ready"), "")?;
    }
    Ok(python)
}
