//! `cargo xtask bench web`: the page's networks and frames beside those of others, in one run on one machine.

use super::{machine::Machine, page};
use crate::{
    models,
    process::{output, root, step, target_dir},
    testing::npm_ci,
    tools, web,
};
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Options of `cargo xtask bench web`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where to write the figures.
    #[arg(long, default_value = "target/bench/web.json")]
    json: PathBuf,
    /// Only our own networks and the roof in Node: seconds instead of minutes.
    #[arg(long, conflicts_with = "page")]
    quick: bool,
    /// Only our own page: a tracked frame and its memory, the ways from camera to pixels, the tasks of the main thread.
    #[arg(long, conflicts_with = "arrival")]
    page: bool,
    /// Only first visits over a slow line, in the ways that a page can load us.
    #[arg(long, conflicts_with = "quick")]
    arrival: bool,
}

/// Fresh processes per contender for the cold start.
const COLD_RUNS: usize = 5;
/// Least share of the roof that [`guard`] accepts. Measured on a busy machine: 0.42 to 0.44, and 0.07 to 0.08 for loops that fell back to scalar code.
const LEAST_SHARE: f64 = 0.16;

/// Coarse guard for CI: fails when a network's share of the arithmetic roof, both measured alternately in one run, is far below what it was, or when
/// the binary without SIMD answers differently. A slower or busier machine slows both sides, so no wall time decides.
///
/// # Errors
/// When it does, or something cannot be built or run.
pub(crate) fn guard() -> Result<()> {
    let nets = quick()?;
    print_networks(&nets);
    for (role, figures) in nets["networks"].as_object().into_iter().flatten() {
        let share = number(&figures["roofShare"]["min"]);
        ensure!(
            share >= LEAST_SHARE,
            "{role}: {share:.2} of the roof, at least {LEAST_SHARE} expected; `cargo xtask bench web --quick` shows it"
        );
        ensure!(figures["sameBits"] == true, "{role}: the binaries with and without SIMD differ");
    }
    Ok(())
}

/// Our own networks and the roof in Node.
fn quick() -> Result<Value> {
    let built = web::build_bench(web::Contenders::Compact)?;
    parsed(&node("nets.mjs", &["--quick"], &built)?)
}

/// What a script of `tests/bench` prints.
pub(crate) fn node(script: &str, arguments: &[&str], built: &Path) -> Result<String> {
    let mut command = Command::new("node");
    command.current_dir(root().join("tests/bench")).arg(script).args(arguments);
    command.env("FACEID_BENCH_BUILT", built).env("FACEID_MODELS", root().join("models"));
    command.env("FACEID_DIST", web::dist()).env("FACEID_PORTRAITS", crate::portraits::dir()).env("FACEID_CHROMIUM", tools::chromium()?);
    output(&mut command)
}

pub(super) fn parsed(text: &str) -> Result<Value> {
    serde_json::from_str(text.trim()).context("a bench script printed no JSON")
}

/// Builds, measures, prints and writes.
///
/// # Errors
/// When something cannot be built, installed or run.
pub(crate) fn run(options: &Options) -> Result<()> {
    tools::need_browser()?;
    models::run(models::Args::default())?;
    if options.quick {
        print_networks(&quick()?);
        return Ok(());
    }
    npm_ci(&root().join("tests"))?;
    crate::portraits::fetch(&crate::portraits::dir())?;
    web::build_web()?;
    if options.arrival {
        let arrival = page::arrival()?;
        page::print_arrival(&arrival);
        return write(&root().join(&options.json), &json!({"machine": Machine::look(&target_dir())?, "arrival": arrival}));
    }
    if options.page {
        let figures = page::measure(&web::build_bench(web::Contenders::Compact)?, true)?;
        page::print(&figures);
        return write(&root().join(&options.json), &json!({"machine": Machine::look(&target_dir())?, "page": figures}));
    }
    web::build_bench(web::Contenders::Compact)?;
    let built = web::build_bench(web::Contenders::Stock)?;
    npm_ci(&root().join("tests/bench"))?;
    let node = |script: &str, arguments: &[&str]| node(script, arguments, &built);
    let machine = Machine::look(&target_dir())?;
    step("networks in Node");
    let nets = parsed(&node("nets.mjs", &[])?)?;
    step("cold starts");
    let mut cold = [Vec::new(), Vec::new()];
    for _ in 0..COLD_RUNS {
        for (times, contender) in cold.iter_mut().zip(["ours", "onnxruntime"]) {
            times.push(node("cold.mjs", &[contender])?.trim().parse::<f64>().context("cold.mjs printed no number")?);
        }
    }
    let [ours, onnxruntime] = cold.map(median);
    let page = page::measure(&built, false)?;
    let arrival = page::arrival()?;
    print_networks(&nets);
    println!(
        "cold start to both networks' first answer: ours {ours:.1} ms, onnxruntime-web {onnxruntime:.1} ms, ratio {:.2}",
        ours / onnxruntime
    );
    page::print(&page);
    page::print_arrival(&arrival);
    let figures = json!({"machine": machine, "networks": nets, "cold_ms": {"ours": ours, "onnxruntime": onnxruntime}, "page": page, "arrival": arrival});
    write(&root().join(&options.json), &figures)
}

fn write(path: &Path, figures: &Value) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, serde_json::to_string_pretty(figures)?).with_context(|| format!("write {}", path.display()))?;
    println!("written to {}", path.display());
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(super) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

/// A row per contender: least and median time, and ours as a share of it.
pub(super) fn print_times(times: &Value) {
    let ours = &times["ours"];
    for (name, time) in times.as_object().into_iter().flatten().filter(|(name, _)| *name != "roof") {
        let (min, median) = (number(&time["min"]), number(&time["median"]));
        let ratio = (number(&ours["min"]) / min, number(&ours["median"]) / median);
        println!("  {name:<12} min {min:7.3} ms, median {median:7.3} ms; ours / this: {:.2} and {:.2}", ratio.0, ratio.1);
    }
}

fn print_networks(nets: &Value) {
    for (role, figures) in nets["networks"].as_object().into_iter().flatten() {
        println!("{role}, Node {}:", nets["node"].as_str().unwrap_or("?"));
        print_times(&figures["times"]);
        let share = &figures["roofShare"];
        println!(
            "  share of the roof of {:.1} Gmadd/s: {:.2} (min), {:.2} (median); same bits with and without SIMD: {}",
            number(&figures["roofGmaddPerS"]),
            number(&share["min"]),
            number(&share["median"]),
            figures["sameBits"]
        );
        if let Some(difference) = figures["difference"].as_f64() {
            println!("  largest difference from onnxruntime-web: {difference:.1e}");
        }
    }
}
