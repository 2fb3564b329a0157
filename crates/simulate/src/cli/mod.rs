//! Commands.

mod measure;
mod photo;
mod render;

use clap::{Args, Parser, Subcommand};
use faceid_simulate::Script;
use std::path::PathBuf;

#[derive(Parser)]
#[command(name = "faceid-sim", about = "The simulated person: portraits, ID photos and camera files with ground truth.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Find the face on a photograph and write the portrait file that the other commands and the page harness take.
    Prepare {
        /// JPEG, PNG, WebP or BMP with one upright face.
        image: PathBuf,
        /// Portrait file to write.
        #[arg(short, long)]
        out: PathBuf,
        #[command(flatten)]
        models: Models,
    },
    /// Make the ID photo of the same person: another crop, grey, 60 % scale, JPEG quality 50.
    IdPhoto {
        /// The photograph that the portrait was prepared from.
        image: PathBuf,
        /// JPEG to write.
        #[arg(short, long)]
        out: PathBuf,
        #[command(flatten)]
        models: Models,
    },
    /// Write a camera file (.mjpeg or .y4m) of the person following a script, and the truth of every frame.
    Render(Render),
}

/// Where the vision models are.
#[derive(Args)]
struct Models {
    /// Folder with face_detector.net, face_landmark.net and canonical_face.json (default: $FACEID_MODELS, else ./models).
    #[arg(long)]
    models: Option<PathBuf>,
}

impl Models {
    fn folder(&self) -> PathBuf {
        self.models.clone().or_else(|| std::env::var_os("FACEID_MODELS").map(Into::into)).unwrap_or_else(|| "models".into())
    }
}

#[derive(Args)]
struct Render {
    /// File of `prepare`.
    #[arg(long)]
    portrait: PathBuf,
    /// Prompts with their times in seconds, such as `mouth@2,shake@5`. The person reacts 0.3 to 0.8 s later.
    #[arg(long, default_value = "")]
    script: Script,
    /// Character, light and noise.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Frames per second, 1 to 120.
    #[arg(long, default_value_t = 30.0)]
    fps: f64,
    /// WIDTHxHEIGHT.
    #[arg(long, default_value = "640x480", value_parser = size)]
    size: (u32, u32),
    /// Seconds; default: five after the last prompt.
    #[arg(long)]
    duration: Option<f64>,
    /// Face height / shorter side of the picture.
    #[arg(long, default_value_t = 0.5)]
    face_ratio: f32,
    /// Factor on the light.
    #[arg(long, default_value_t = 1.0)]
    light: f32,
    /// Factor on the sensor noise.
    #[arg(long, default_value_t = 1.0)]
    noise: f32,
    /// A photograph that ignores the script.
    #[arg(long)]
    still: bool,
    /// The model file canonical_face.json: the solid head instead of the puppet.
    #[arg(long, conflicts_with = "still")]
    solid: Option<PathBuf>,
    /// File to write; its ending chooses the format.
    #[arg(short, long)]
    out: PathBuf,
    /// JSON with one entry per frame.
    #[arg(long)]
    truth: Option<PathBuf>,
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let (w, h) = text.split_once('x').ok_or("expected WIDTHxHEIGHT")?;
    let side = |s: &str| s.parse().ok().filter(|v| (16..=4096).contains(v)).ok_or("each side is 16 to 4096 px");
    Ok((side(w)?, side(h)?))
}

pub(crate) fn run() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Prepare { image, out, models } => photo::prepare(&image, &out, &models.folder()),
        Command::IdPhoto { image, out, models } => photo::id_photo(&image, &out, &models.folder()),
        Command::Render(render) => render::render(&render),
    }
}
