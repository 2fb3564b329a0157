//! `cargo xtask bench native`: the same networks on this machine's processor, ours beside tract, onnxruntime and OpenCV, one
//! thread each.

use super::machine::Machine;
use crate::{
    models, portraits,
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

/// From PyPI, in an environment of their own. OpenCV 5 no longer has the cascade.
const PEERS: [(&str, &str); 2] = [("onnxruntime", "1.32.0"), ("opencv-python-headless", "4.14.0.94")];
/// Fresh processes per contender, alternately.
const ROUNDS: usize = 3;

/// Builds, measures, prints and writes.
///
/// # Errors
/// When something cannot be built, installed or run.
pub(crate) fn run(options: &Options) -> Result<()> {
    models::run(models::Args::default())?;
    started(cargo().args(["build", "--release", "--locked", "--quiet"]).args(web::FEATURES).args(["--bin", "faceid-lab"]))?;
    let python = peers()?;
    let portrait = portraits::fetch(&portraits::dir())?.person;
    let onnx = as_onnx()?;
    let machine = Machine::look(&target_dir())?;
    let lab = target_dir().join("release/faceid-lab");
    let ours = |models: &Path| parsed(&output(Command::new(&lab).arg("bench-networks").env("FACEID_MODELS", models))?);
    let mut rounds = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        rounds[0].push(ours(&root().join("models"))?);
        rounds[1].push(ours(&onnx)?);
        let script = root().join("tests/bench/native.py");
        rounds[2].push(parsed(&output(Command::new(&python).arg(script).arg(root().join("models")).arg(&portrait))?)?);
    }
    let peers = &rounds[2];
    let mut figures = json!({"machine": machine, "peers": peers[0]["versions"]});
    for role in ["detector", "landmark"] {
        let contenders = [
            ("ours", least(&rounds[0], &[role])),
            ("tract", least(&rounds[1], &[role])),
            ("onnxruntime", least(peers, &[role, "onnxruntime"])),
            ("opencv", least(peers, &[role, "opencv"])),
        ];
        let [ours_min, ours_median] = contenders[0].1;
        println!("{role}, ms, best of {ROUNDS} processes:");
        for (name, [min, median]) in contenders {
            println!("  {name:<12} min {min:7.3}, median {median:7.3}; ours / this: {:.2} and {:.2}", ours_min / min, ours_median / median);
            figures[role][name] = json!({"min": min, "median": median});
        }
    }
    let [min, median] = least(peers, &["cascade"]);
    println!("OpenCV's own detector, its Haar cascade on 480 px: min {min:.3}, median {median:.3} ms");
    figures["cascade"] = json!({"min": min, "median": median});
    let path = root().join(&options.json);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(&path, serde_json::to_string_pretty(&figures)?).with_context(|| format!("write {}", path.display()))?;
    println!("written to {}", path.display());
    Ok(())
}

/// Least `min` and least `median` of all rounds, ms, under `path`.
fn least(rounds: &[Value], path: &[&str]) -> [f64; 2] {
    let figure = |round: &Value, of: &str| path.iter().fold(round, |value, key| &value[*key])[of].as_f64();
    ["min", "median"].map(|of| rounds.iter().filter_map(|round| figure(round, of)).fold(f64::INFINITY, f64::min))
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

/// A Python with the peers.
fn peers() -> Result<PathBuf> {
    let wanted = PEERS.map(|(name, version)| format!("{name}=={version}"));
    let home = target_dir().join("tools").join(format!("bench-{}", wanted.join("-").replace("==", "-")));
    let python = home.join("bin/python");
    if !home.join("ready").exists() {
        step(&format!("installing {} from PyPI", wanted.join(" and ")));
        started(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
        started(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(&wanted))?;
        fs::write(home.join("ready"), "")?;
    }
    Ok(python)
}
