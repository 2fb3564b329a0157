//! What the cloud's calls cost, measured by a client over HTTP: the load loop behind `cargo xtask bench cloud`, which starts the server.
//!
//! Evidence is filmed once and sent in every session; the judge sees real JPEGs and runs its real networks on each of them.

mod evidence;
mod load;
mod process;
mod sessions;
mod shares;
mod table;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use faceid_client::{BizTokenRequest, Client, PublicClient};
use serde::{Deserialize, Serialize};

use crate::cli::{Verdict, read_named};
use crate::models::ModelDir;
use evidence::Takes;
use load::{Row, row};
use process::{Memory, Server};
use sessions::{Finalise, Studio};
use shares::Share;

/// For one exchange. Photo checks may queue behind each other on a loaded machine.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The page's own number of parallel calls does not matter here: many customers do.
const AT_ONCE: usize = 8;

/// Arguments of `bench-cloud`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// Address of a cloud that was started for this and has done nothing else.
    #[arg(long)]
    server: String,
    /// Its process: processor time and memory are read from /proc.
    #[arg(long)]
    pid: u32,
    /// Its log, where each verdict says what took how long.
    #[arg(long)]
    log: PathBuf,
    /// JSON file with app_key and app_secret of a key that admits native clients.
    #[arg(long)]
    key_file: PathBuf,
    /// Photograph of the simulated person, whose ID photo the authority holds.
    #[arg(long)]
    person: PathBuf,
    /// JPEG that customers hand in as a reference photo.
    #[arg(long)]
    photo: PathBuf,
    /// The person's name in the registry.
    #[arg(long)]
    name: String,
    /// The person's number in the registry.
    #[arg(long)]
    number: String,
    /// A handful of each: shows that everything runs, measures nothing.
    #[arg(long)]
    quick: bool,
}

/// How many of each.
#[derive(Debug, Clone, Copy)]
struct Counts {
    /// Calls one after the other, and at [`AT_ONCE`].
    plain: [usize; 2],
    /// The same with a photo, which runs the networks.
    photo: [usize; 2],
    /// Sessions judged one after the other.
    alone: usize,
    /// Rounds of [`AT_ONCE`] sessions that are finalised together.
    rounds: usize,
    /// Runs of the judge on the same evidence.
    judged: usize,
}

const FULL: Counts = Counts { plain: [400, 800], photo: [24, 64], alone: 6, rounds: 2, judged: 3 };
const QUICK: Counts = Counts { plain: [5, 16], photo: [2, 8], alone: 1, rounds: 1, judged: 1 };

#[derive(Deserialize)]
struct Key {
    app_key: String,
    app_secret: String,
}

/// Everything measured.
#[derive(Debug, Serialize)]
struct Figures {
    /// get_biz_token and get_result.
    calls: Vec<Row>,
    finalise: Finalise,
    /// Where the time of a verdict goes; sums to 1.
    shares: Vec<Share>,
    memory: Memory,
}

/// Runs the whole bench and prints tables, or one JSON object.
pub(crate) fn run(models: &ModelDir, args: &BenchArgs, as_json: bool) -> Result<Verdict> {
    let counts = if args.quick { QUICK } else { FULL };
    let judge = models.judge()?;
    let server = Server::new(args.pid);
    let idle = server.memory()?;
    eprintln!("filming the evidence");
    let takes = Arc::new(Takes::film(&judge, &read_named(&args.person)?)?);
    eprintln!("judging it here, step by step");
    let inside = shares::inside(models, &judge, &takes, counts.judged)?;
    // Its networks would otherwise stay in memory beside the server's.
    drop(judge);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    let figures = runtime.block_on(measure(args, counts, &server, &takes, &inside, idle))?;
    if as_json {
        println!("{}", serde_json::to_string(&figures)?);
    } else {
        table::print(&figures);
    }
    Ok(Verdict::Done)
}

/// Films the simulated person of a photograph and writes the evidence, action by action, into a folder.
pub(crate) fn film(models: &ModelDir, photograph: &Path, folder: &Path) -> Result<Verdict> {
    Takes::film(&models.judge()?, &read_named(photograph)?)?.write(folder)?;
    Ok(Verdict::Done)
}

async fn measure(
    args: &BenchArgs,
    counts: Counts,
    server: &Server,
    takes: &Arc<Takes>,
    inside: &[(&'static str, f64)],
    [idle, start_peak]: [u64; 2],
) -> Result<Figures> {
    let key: Key =
        serde_json::from_slice(&read_named(&args.key_file)?).context("the key file is not what `faceid key create --json` prints")?;
    let public = PublicClient::new(&args.server, &key.app_key, &key.app_secret, TIMEOUT)?;
    let client = Client::builder(args.server.as_str()).timeout(TIMEOUT).patience(TIMEOUT * 2).build()?;
    let plain = BizTokenRequest { idcard_name: args.name.clone(), idcard_number: args.number.clone(), ..BizTokenRequest::default() };
    let with_photo = BizTokenRequest { image_ref1: Some(read_named(&args.photo)?), ..plain.clone() };
    let studio = Studio { public: public.clone(), client, request: plain.clone(), takes: Arc::clone(takes) };

    eprintln!("warming up");
    for request in [&plain, &with_photo, &plain, &with_photo] {
        public.get_biz_token(request).await?;
    }
    let mut finished = vec![studio.pass().await?];
    let warm = server.memory()?[0];
    let peak_is_of_load = server.forget_peak();

    let mut calls = Vec::new();
    for (case, request, counts) in [("no photo", &plain, counts.plain), ("one photo", &with_photo, counts.photo)] {
        for (at_once, count) in [1, AT_ONCE].into_iter().zip(counts) {
            eprintln!("get_biz_token, {case}, {count} calls, {at_once} at once");
            let call = || {
                let (public, request) = (public.clone(), request.clone());
                async move { public.get_biz_token(&request).await.map(drop) }
            };
            calls.push(row("get_biz_token", case, count, at_once, server, call).await?);
        }
    }
    eprintln!("{} sessions one after the other, then {} rounds of {AT_ONCE}", counts.alone, counts.rounds);
    let finalise = sessions::finalise(&studio, server, counts.alone, counts.rounds, AT_ONCE, &mut finished).await?;
    let shares = shares::of_verdicts(&args.log, finalise.alone.count, finalise.together.count, inside)?;
    for (case, verbose) in [("verbose 0", false), ("verbose 1", true)] {
        for (at_once, count) in [1, AT_ONCE].into_iter().zip(counts.plain) {
            eprintln!("get_result, {case}, {count} calls, {at_once} at once");
            let mut tokens = finished.iter().cycle();
            let call = || {
                let (public, token) = (public.clone(), tokens.next().cloned().unwrap_or_default());
                async move { public.get_result(&token, verbose).await.map(drop) }
            };
            calls.push(row("get_result", case, count, at_once, server, call).await?);
        }
    }
    let peak = server.memory()?[1];
    Ok(Figures { calls, finalise, shares, memory: Memory { idle, start_peak, warm, peak, peak_is_of_load } })
}
