//! Complete sessions of the simulated person, and what their verdicts cost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use faceid_client::{BizTokenRequest, Client, InitOptions, PublicClient, Session};
use faceid_judge::EvidenceFrame;
use faceid_protocol::wire::{Commit, Telemetry};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::task::JoinSet;

use super::evidence::Takes;
use super::load::rank;
use super::process::Server;

/// 51000: the page's form of result 1000.
const PASSED: u32 = 51_000;

/// What every session needs.
#[derive(Debug, Clone)]
pub(super) struct Studio {
    pub(super) public: PublicClient,
    pub(super) client: Client,
    pub(super) request: BizTokenRequest,
    pub(super) takes: Arc<Takes>,
}

/// A session of which only the verdict is missing.
struct Ready {
    token: String,
    session: Session,
    best: String,
    frames: usize,
}

/// Verdicts of a kind.
#[derive(Debug, Serialize)]
pub(super) struct Verdicts {
    pub(super) count: usize,
    /// From finalise to the verdict, as the client sees it.
    pub(super) p50_ms: f64,
    pub(super) longest_ms: f64,
    /// By the clock on the wall.
    pub(super) per_second: f64,
    /// Processor time of the server for one verdict, s.
    pub(super) server_cpu_s: f64,
    /// 1 / `server_cpu_s`: independent of what else runs on the machine's other cores.
    pub(super) per_second_per_core: f64,
}

/// What finalising costs.
#[derive(Debug, Serialize)]
pub(super) struct Finalise {
    /// Pictures judged per session, the one for comparing included.
    pub(super) frames_per_session: f64,
    /// One after the other.
    pub(super) alone: Verdicts,
    /// As many as there are customers at once; the client asks every half second while a verdict is awaited.
    pub(super) together: Verdicts,
    /// Processor time of the server for one session before finalise: init, commits, uploads.
    pub(super) upload_cpu_s: f64,
}

impl Studio {
    /// One session to its verdict; its token.
    pub(super) async fn pass(&self) -> Result<String> {
        let ready = self.ready().await?;
        let token = ready.token.clone();
        conclude(ready).await?;
        Ok(token)
    }

    /// Token, init, every commit and every upload, as the page does them.
    async fn ready(&self) -> Result<Ready> {
        let token = self.public.get_biz_token(&self.request).await?.biz_token;
        let mut session = self.client.init(&token, InitOptions::default()).await?;
        let mut bundle = self.takes.bundle(&[])?;
        let mut frames = bundle.neutral.len();
        let neutral: Vec<&EvidenceFrame> = bundle.neutral.iter().collect();
        let mut challenge = session.challenge(0, commit(&neutral)).await?;
        upload(&mut session, &neutral).await?;
        let mut asked = Vec::new();
        while let Some(next) = challenge {
            asked.push(next.action);
            bundle = self.takes.bundle(&asked)?;
            let last = next.step == session.config().action_count;
            let window = bundle.actions.last().context("a window for the action")?;
            let sent: Vec<&EvidenceFrame> = window.frames.iter().chain(last.then_some(&bundle.best)).collect();
            frames += sent.len();
            // Sooner would be a script.
            tokio::time::sleep(Duration::from_millis(next.min_ms.0 + 50)).await;
            challenge = session.challenge(next.step, commit(&sent)).await?;
            upload(&mut session, &sent).await?;
        }
        Ok(Ready { token, session, best: digest(&bundle.best), frames })
    }
}

/// Sessions judged alone, then rounds of `at_once` finalised together. Tokens of finished sessions go to `finished`.
pub(super) async fn finalise(
    studio: &Studio,
    server: &Server,
    alone: usize,
    rounds: usize,
    at_once: usize,
    finished: &mut Vec<String>,
) -> Result<Finalise> {
    let (mut single, mut many) = (Tally::default(), Tally::default());
    for _ in 0..alone {
        single.round(studio, server, 1, finished).await?;
    }
    for _ in 0..rounds {
        many.round(studio, server, at_once, finished).await?;
    }
    let sessions = (single.took.len() + many.took.len()) as f64;
    Ok(Finalise {
        frames_per_session: (single.frames + many.frames) as f64 / sessions,
        upload_cpu_s: (single.upload_cpu + many.upload_cpu).as_secs_f64() / sessions,
        alone: single.verdicts(),
        together: many.verdicts(),
    })
}

#[derive(Default)]
struct Tally {
    took: Vec<Duration>,
    frames: usize,
    wall: Duration,
    cpu: Duration,
    upload_cpu: Duration,
}

impl Tally {
    /// Makes `count` sessions ready, then finalises them at the same time.
    async fn round(&mut self, studio: &Studio, server: &Server, count: usize, finished: &mut Vec<String>) -> Result<()> {
        let before = server.processor_time()?;
        // At the same time: the first would pass its deadline while a slow disk takes the others' pictures.
        let mut preparing = JoinSet::new();
        for _ in 0..count {
            let studio = studio.clone();
            preparing.spawn(async move { studio.ready().await });
        }
        let mut waiting = Vec::with_capacity(count);
        while let Some(done) = preparing.join_next().await {
            let ready = done??;
            self.frames += ready.frames;
            finished.push(ready.token.clone());
            waiting.push(ready);
        }
        let (begun, cpu) = (Instant::now(), server.processor_time()?);
        let mut verdicts = JoinSet::new();
        for ready in waiting {
            verdicts.spawn(conclude(ready));
        }
        while let Some(done) = verdicts.join_next().await {
            self.took.push(done??);
        }
        self.wall += begun.elapsed();
        self.upload_cpu += cpu.saturating_sub(before);
        self.cpu += server.processor_time()?.saturating_sub(cpu);
        Ok(())
    }

    fn verdicts(mut self) -> Verdicts {
        self.took.sort_unstable();
        let count = self.took.len();
        let each = self.cpu.as_secs_f64() / count as f64;
        Verdicts {
            count,
            p50_ms: rank(&self.took, 0.5),
            longest_ms: rank(&self.took, 1.0),
            per_second: count as f64 / self.wall.as_secs_f64(),
            server_cpu_s: each,
            per_second_per_core: 1.0 / each,
        }
    }
}

/// Finalises and waits for the verdict, which must be a pass.
async fn conclude(mut ready: Ready) -> Result<Duration> {
    let begun = Instant::now();
    let verdict = ready.session.finalise(&ready.best, Telemetry::default()).await?;
    ensure!(verdict.code == PASSED, "a session of the simulated person ended {} {}", verdict.code, verdict.message);
    Ok(begun.elapsed())
}

fn commit(frames: &[&EvidenceFrame]) -> Commit {
    Commit { frames: frames.iter().map(|f| digest(f)).collect(), t: frames.iter().map(|f| f.t).collect() }
}

async fn upload(session: &mut Session, frames: &[&EvidenceFrame]) -> Result<()> {
    for frame in frames {
        session.put_frame(&frame.jpeg).await?;
    }
    Ok(())
}

fn digest(frame: &EvidenceFrame) -> String {
    Sha256::digest(&frame.jpeg).iter().map(|byte| format!("{byte:02x}")).collect()
}
