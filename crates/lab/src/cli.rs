//! Command line: one function per command, exit codes 0 done, 1 does not hold, 2 usage, 3 environment.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use serde_json::json;

use crate::cache::Cache;
use crate::clip::Meter;
use crate::models::{ModelDir, ModelsError};
use crate::variant::Variant;
use crate::video::VideoError;
use crate::{
    ablation, attack, bench_cloud, bench_frame, bench_networks, calibrate, clip, evaluation, gates, image_commands, pairs, redteam, sheet,
    simulate, traces,
};

/// Evaluation, comparison figures and benches of faceid-liveness.
#[derive(Debug, Parser)]
#[command(name = "faceid-lab", version, about)]
pub struct Cli {
    /// Folder of the model files (default: $FACEID_MODELS, else ./models).
    #[arg(long, global = true)]
    models: Option<PathBuf>,
    /// One JSON object per line instead of text.
    #[arg(long, global = true)]
    json: bool,
    /// Folder where measurements are kept (default: $FACEID_CACHE, else faceid-lab in the user's cache folder).
    #[arg(long, global = true)]
    cache: Option<PathBuf>,
    /// Measures anew and keeps nothing.
    #[arg(long, global = true, conflicts_with = "cache")]
    no_cache: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Face, 468 landmarks, pose, eyes, mouth and quality of one image.
    Landmarks {
        /// JPEG, PNG, WebP or BMP.
        image: PathBuf,
    },
    /// How alike the largest faces of two images are.
    Compare {
        /// First image.
        a: PathBuf,
        /// Second image.
        b: PathBuf,
    },
    /// Verification figures over a CSV with the columns a, b, same; paths relative to it.
    Pairs {
        /// The CSV.
        file: PathBuf,
    },
    /// Makes a calibration of the embedding network from pair files.
    Calibrate(CalibrateArgs),
    /// Actions found in video files (anything ffmpeg decodes).
    Actions {
        /// Videos.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Prints the measures of every frame as a sequence for `ablate` instead.
        #[arg(long)]
        samples: bool,
    },
    /// What the rules and the action network each find in recorded sequences.
    Ablate(AblateArgs),
    /// Recall and false triggers over a folder of clips with events.tsv.
    Eval(EvalArgs),
    /// Thousands of sessions of simulated people and photographs, drawn from traces measured once.
    Simulate(simulate::SimulateArgs),
    /// What each attack cue of the server's judge says of pictures and clips.
    Attack(attack::AttackArgs),
    /// Attacks of every kind on the server's judge, beside genuine sessions.
    Redteam(redteam::RedteamArgs),
    /// The best frontal frame of a video, as a JPEG.
    Bestframe {
        /// Video.
        file: PathBuf,
        /// Where to write it.
        #[arg(short, long)]
        output: PathBuf,
    },
    /// A contact sheet of a clip with the time of each picture, as a JPEG: for labelling.
    Sheet(SheetArgs),
    /// What the gate says of photographs, as they are and made worse on purpose.
    Gates {
        /// Pictures, or folders of them.
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// Time per frame of everything but the two networks.
    BenchFrame {
        /// A picture with a face; it is followed as if a camera showed it.
        image: PathBuf,
        /// Its longer side is brought down to this, px.
        #[arg(long, default_value_t = 640)]
        side: u32,
        /// Frames measured.
        #[arg(long, default_value_t = 200)]
        runs: usize,
        /// Exit 1 when the median is longer, ms.
        #[arg(long, default_value_t = 1.0)]
        limit: f64,
    },
    /// Times each network alone on one core: part of `cargo xtask bench native`.
    #[command(hide = true)]
    BenchNetworks {
        /// Runs measured.
        #[arg(long, default_value_t = 200)]
        runs: usize,
    },
    /// Calls a running cloud and tells what that took: part of `cargo xtask bench cloud`, which starts it.
    #[command(hide = true)]
    BenchCloud(bench_cloud::BenchArgs),
    /// Evidence of the simulated person as JPEG files with a list, `takes.json`: what a client without cameras sends (tests/protocol).
    Film {
        /// Photograph of the person.
        photograph: PathBuf,
        /// Folder to write into.
        #[arg(short, long)]
        output: PathBuf,
    },
    /// Loads every model once.
    ModelsCheck,
}

/// Arguments of `calibrate`.
#[derive(Debug, Args)]
pub(crate) struct CalibrateArgs {
    /// Pair files; the strictest of their operating points counts.
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// What the pictures are, for the data statement.
    #[arg(long)]
    pub(crate) data: String,
    /// Where to write it.
    #[arg(short, long)]
    pub(crate) output: PathBuf,
    /// Draws of people for the 95 % intervals.
    #[arg(long, default_value_t = 1000)]
    pub(crate) draws: usize,
    /// Seed of the draws.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Arguments of `sheet`.
#[derive(Debug, Args)]
pub(crate) struct SheetArgs {
    /// Video.
    file: PathBuf,
    /// Where to write it.
    #[arg(short, long)]
    output: PathBuf,
    /// From, s.
    #[arg(long, default_value_t = 0.0)]
    from: f64,
    /// To, s.
    #[arg(long, default_value_t = f64::MAX)]
    to: f64,
    /// Between two pictures, s.
    #[arg(long, default_value_t = 0.2)]
    every: f64,
    /// Pictures in a row.
    #[arg(long, default_value_t = 10)]
    columns: usize,
}

/// Arguments of `eval`.
#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// Folder with clips and events.tsv.
    pub(crate) dir: PathBuf,
    /// More labels in the same format, for what the folder's own list leaves out.
    #[arg(long)]
    pub(crate) labels: Vec<PathBuf>,
    /// Writes one SVG per clip into this folder.
    #[arg(long)]
    pub(crate) plots: Option<PathBuf>,
    /// Also filmed otherwise: other frame rates, sizes, light, shapes. All without names, else these.
    #[arg(long, num_args = 0.., value_name = "NAME")]
    pub(crate) slices: Option<Vec<String>>,
    /// Lets the action network of this file support the judges' arcs.
    #[arg(long)]
    pub(crate) scores: Option<PathBuf>,
    /// Exit 1 when more of the high-confidence labels are missed, as filmed.
    #[arg(long, default_value_t = 1)]
    pub(crate) max_missed: usize,
    /// Exit 1 when more nods, shakes and mouths are seen that nobody labelled, as filmed. Lids that close do close, labelled or not: blinks are
    /// reported and not counted here.
    #[arg(long, default_value_t = 1)]
    pub(crate) max_false: usize,
}

/// Arguments of `ablate`.
#[derive(Debug, Args)]
pub(crate) struct AblateArgs {
    /// Sequences, one JSON object per line (`actions --samples`, `simulate --traces`, models/action/simulate.py).
    #[arg(required = true)]
    pub(crate) traces: Vec<PathBuf>,
    /// Labels by eye for sequences of clips, in the format of events.tsv.
    #[arg(long)]
    pub(crate) events: Vec<PathBuf>,
    /// The action network.
    #[arg(long, default_value = "models/action/action.onnx")]
    pub(crate) network: PathBuf,
    /// Also every n-th frame only.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2])]
    pub(crate) every: Vec<usize>,
    /// Thresholds of the network deciding alone.
    #[arg(long, value_delimiter = ',', default_values_t = [0.5, 0.8])]
    pub(crate) alone: Vec<f32>,
    /// Thresholds of the network supporting the rules' arcs.
    #[arg(long, value_delimiter = ',', default_values_t = [0.05, 0.2, 0.5])]
    pub(crate) gate: Vec<f32>,
    /// Longest time with open eyes between two closures that are deliberate together, ms, instead of the session's own.
    #[arg(long)]
    pub(crate) blink_pair_gap: Option<u64>,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// 0
    Done,
    /// 1
    DoesNotHold,
}

/// Runs the command line and reports errors on stderr.
#[must_use]
pub fn main(cli: &Cli) -> ExitCode {
    match run(cli) {
        Ok(Verdict::Done) => ExitCode::SUCCESS,
        Ok(Verdict::DoesNotHold) => ExitCode::from(1),
        Err(error) => {
            eprintln!("faceid-lab: {error:#}");
            ExitCode::from(exit_code(&error))
        }
    }
}

fn run(cli: &Cli) -> Result<Verdict> {
    let models = cli.models.as_deref().map_or_else(ModelDir::from_env, ModelDir::at);
    let cache = match &cli.cache {
        Some(folder) => Cache::at(folder),
        None if cli.no_cache => Cache::off(),
        None => Cache::from_env(),
    };
    match &cli.command {
        Command::Landmarks { image } => image_commands::landmarks(&models.vision()?, image),
        Command::Compare { a, b } => image_commands::compare(&models.judge()?, a, b, cli.json),
        Command::Pairs { file } => run_pairs(&models, file, cli.json),
        Command::Calibrate(args) => calibrate::run(&models.judge()?, args),
        Command::Actions { files, samples: true } => run_samples(&Meter::new(models, cache)?, files),
        Command::Actions { files, samples: false } => run_actions(&Meter::new(models, cache)?, files, cli.json),
        Command::Ablate(args) => ablation::run(args, cli.json),
        Command::Eval(args) => evaluation::run(&Meter::new(models, cache)?, args, cli.json),
        Command::Bestframe { file, output } => image_commands::best_frame(&Meter::new(models, cache)?, file, output, cli.json),
        Command::Sheet(args) => run_sheet(&Meter::new(models, cache)?, args),
        Command::Gates { paths } => gates::run(&models.vision()?, paths, cli.json),
        Command::BenchFrame { image, side, runs, limit } => bench_frame::run(models.vision()?, image, *side, *runs, *limit, cli.json),
        Command::BenchNetworks { runs } => bench_networks::run(models.vision()?, *runs),
        Command::BenchCloud(args) => bench_cloud::run(&models, args, cli.json),
        Command::Film { photograph, output } => bench_cloud::film(&models, photograph, output),
        Command::Simulate(args) => simulate::run(&models, args, cli.cache.as_deref(), cli.json),
        Command::Redteam(args) => redteam::run(&models, args, cli.cache.as_deref(), cache, cli.json),
        Command::Attack(args) => attack::run(&models, args, cache, cli.json),
        Command::ModelsCheck => run_models_check(&models, cli.json),
    }
}

fn run_pairs(models: &ModelDir, file: &Path, as_json: bool) -> Result<Verdict> {
    let list = pairs::read(file)?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let scores = pairs::score(&models.judge()?, folder, &list, |name, error| eprintln!("{name}: {error:#}"));
    let report = pairs::report(&scores);
    if as_json {
        println!("{}", serde_json::to_string(&report)?);
        return Ok(Verdict::Done);
    }
    println!("{} pairs: {} genuine, {} impostor, {} unusable", report.pairs, report.genuine, report.impostor, report.unusable);
    let show = |name: &str, value: Option<f64>| println!("{name}: {}", value.map_or("not measurable".into(), |v| format!("{v:.5}")));
    show("AUC", report.auc);
    show("EER", report.eer);
    show("FNMR at FMR 1e-2", report.fnmr.map(|f| f.at_1e2));
    show("FNMR at FMR 1e-3", report.fnmr.map(|f| f.at_1e3));
    Ok(Verdict::Done)
}

fn run_actions(meter: &Meter, files: &[PathBuf], as_json: bool) -> Result<Verdict> {
    for file in files {
        let trace = meter.measure(file, &Variant::plain())?;
        let rows: Vec<clip::EventRow> = trace.actions(&faceid_session::Params::default()).iter().map(Into::into).collect();
        if as_json {
            let line = json!({"file": file.display().to_string(), "duration_s": trace.duration_s, "fps": trace.fps, "events": rows});
            println!("{line}");
            continue;
        }
        println!("{}: {:.1} s, {:.1} fps", file.display(), trace.duration_s, trace.fps);
        for row in rows {
            let kind = if row.deliberate { "" } else { " (spontaneous)" };
            println!("  {:6.2} to {:6.2} s  {}{kind}  {:.2}", row.t_start, row.t_end, row.action, row.score);
        }
    }
    Ok(Verdict::Done)
}

fn run_sheet(meter: &Meter, args: &SheetArgs) -> Result<Verdict> {
    let range = sheet::Range { from: args.from, to: args.to, every: args.every, columns: args.columns };
    let picture = sheet::sheet(meter, &args.file, range, |trace| trace.actions(&faceid_session::Params::default()))?;
    std::fs::write(&args.output, faceid_vision::encode_jpeg(&picture, 88)?).with_context(|| args.output.display().to_string())?;
    Ok(Verdict::Done)
}

fn run_samples(meter: &Meter, files: &[PathBuf]) -> Result<Verdict> {
    for file in files {
        let name = file.file_name().map_or_else(|| file.display().to_string(), |n| n.to_string_lossy().into_owned());
        let trace = meter.measure(file, &Variant::plain())?;
        println!("{}", traces::Recorded::of_clip(&name, trace.samples).to_line()?);
    }
    Ok(Verdict::Done)
}

fn run_models_check(models: &ModelDir, as_json: bool) -> Result<Verdict> {
    let sizes = models.sizes()?;
    let judge = models.judge()?;
    let calibration = judge.calibration().file();
    if as_json {
        let files: Vec<_> = sizes.iter().map(|(name, bytes)| json!({"file": name, "bytes": bytes})).collect();
        println!("{}", json!({"files": files, "embedding": judge.embedder().spec().name, "calibration": calibration}));
        return Ok(Verdict::Done);
    }
    for (name, bytes) in sizes {
        println!("{name}: {bytes} bytes");
    }
    println!("embedding {}; calibration: {}", judge.embedder().spec().name, calibration.data);
    Ok(Verdict::Done)
}

/// 3 for a missing model or tool, 2 for a file that is not there, 1 for everything that was tried and did not hold.
fn exit_code(error: &anyhow::Error) -> u8 {
    let environment = error.chain().any(|cause| cause.is::<ModelsError>() || matches!(cause.downcast_ref(), Some(VideoError::NoFfmpeg)));
    let absent = error.chain().any(|cause| {
        let io = match cause.downcast_ref::<VideoError>() {
            Some(VideoError::Io(e)) => Some(e),
            Some(VideoError::NoFfmpeg | VideoError::Decode(_) | VideoError::Frame(_) | VideoError::Protocol(_)) | None => {
                cause.downcast_ref::<std::io::Error>()
            }
        };
        io.is_some_and(|e| e.kind() == std::io::ErrorKind::NotFound)
    });
    match (environment, absent) {
        (true, _) => 3,
        (false, true) => 2,
        (false, false) => 1,
    }
}

/// Reads a file the user named.
pub(crate) fn read_named(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn exit_codes_follow_the_cause() {
        let missing_model = anyhow::Error::from(ModelsError::Missing { path: "models/x.onnx".into() });
        assert!(missing_model.to_string().contains("cargo xtask models"), "says what to do: {missing_model}");
        assert_eq!(exit_code(&missing_model), 3, "model");
        assert_eq!(exit_code(&anyhow::Error::from(VideoError::NoFfmpeg).context("a.mp4")), 3, "tool");
        let not_found = read_named(Path::new("does-not-exist.jpg")).expect_err("no such file");
        assert_eq!(exit_code(&not_found), 2, "named file");
        assert_eq!(exit_code(&anyhow::anyhow!("no face")), 1, "anything else");
    }
}
