//! `cargo xtask agreement`: the same sessions judged by the server's build and by WebAssembly must end alike.

use crate::{
    bench, demo, models,
    process::{built, root, run as started, step, target_dir},
    web,
};
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

const SESSIONS: usize = 200;
const CLIPS: usize = 24;

/// Options of `cargo xtask agreement`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Sessions of simulated people, solid heads and photo puppets alike.
    #[arg(long, default_value_t = SESSIONS)]
    sessions: usize,
    /// Clips of each kind that the sessions are cut from.
    #[arg(long, default_value_t = CLIPS)]
    clips: usize,
    /// Where filmed clips are kept.
    #[arg(long)]
    cache: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { sessions: SESSIONS, clips: CLIPS, cache: None }
    }
}

/// How far apart the two may be, per measure of `tests/bench/agree.mjs` (docs/session.md says what was measured). Pictures give the same bits; the
/// cues use functions of each platform, and the identity network is tract's.
const TOLERANCE: [(&str, f64); 5] = [("arc", 0.0), ("score", 1e-6), ("cue", 1e-5), ("motion", 0.0), ("angle", 0.001)];

/// What the script prints.
#[derive(Debug, Deserialize)]
struct Compared {
    sessions: usize,
    live: usize,
    differ: Vec<Different>,
    apart: BTreeMap<String, Apart>,
}

/// One session of which the two did not say the same.
#[derive(Debug, Deserialize)]
struct Different {
    session: String,
    words: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Apart {
    what: String,
    sessions: usize,
    largest: f64,
}

/// Films, judges natively, judges in WebAssembly and compares.
///
/// # Errors
/// When something cannot be built or run, when any outcome, any action's verdict or what could be measured differs, or a number by more than its tolerance.
pub(crate) fn run(options: &Options) -> Result<()> {
    models::run(models::Args::default())?;
    demo::build_native()?;
    let binaries = web::build_bench(web::Contenders::Judge)?;
    let folder = target_dir().join("agreement");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("empty {}", folder.display()))?;
    }
    step("sessions of simulated people, judged by the native build");
    let mut lab = Command::new(built().join("faceid-lab"));
    lab.current_dir(root()).env("FACEID_MODELS", root().join("models")).env("FACEID_PORTRAITS", crate::portraits::dir());
    if let Some(cache) = &options.cache {
        lab.arg("--cache").arg(cache);
    }
    lab.args(["simulate", "--quick", "--kinds", "solid,puppet"]);
    lab.arg(format!("--clips={}", options.clips)).arg(format!("--second-look={}", options.sessions)).arg("--evidence").arg(&folder);
    // Its tables are about other questions, and short clips answer none of them.
    started(lab.stdout(Stdio::null()))?;
    step("the same sessions in WebAssembly");
    let script = folder.display().to_string();
    let compared: Compared =
        serde_json::from_str(bench::web::node("agree.mjs", &[&script], &binaries)?.trim()).context("agree.mjs printed no JSON")?;
    println!("{} sessions, {} of them live natively; {} said differently", compared.sessions, compared.live, compared.differ.len());
    for different in &compared.differ {
        println!("  {}: {}", different.session, different.words.join("; "));
    }
    ensure!(compared.differ.is_empty(), "native and WebAssembly do not say the same");
    ensure!(compared.sessions == options.sessions, "only {} of {} sessions could be drawn", compared.sessions, options.sessions);
    for (name, tolerance) in TOLERANCE {
        let apart = compared.apart.get(name).with_context(|| format!("agree.mjs says nothing of {name}"))?;
        println!("  {}: {} sessions, at most {:.2e} apart (tolerance {tolerance})", apart.what, apart.sessions, apart.largest);
        ensure!(apart.sessions > 0, "{}: never measured", apart.what);
        ensure!(apart.largest <= tolerance, "{}: {} apart", apart.what, apart.largest);
    }
    Ok(())
}
