//! `faceid-demo-backend`: the demo's customer backend on loopback. Prints its address when it is ready.
//!
//! Exit codes: 0 done, 1 cannot serve, 2 usage (an unsafe address, folder or key file).
#![forbid(unsafe_code)]

use clap::Parser;
use faceid_client::demo::{self, Config, Key, Preset};
use std::{
    error::Error,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

#[derive(Parser)]
#[command(name = "faceid-demo-backend", about = "The demo's customer backend: signs both public calls, serves the page; loopback only")]
struct Options {
    /// Loopback address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Folder of the built page.
    #[arg(long)]
    files: PathBuf,
    /// Origin of the cloud.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    cloud: String,
    /// JSON file with `app_key` and `app_secret`, mode 0600, outside the folder of the page.
    #[arg(long)]
    key_file: PathBuf,
    /// JSON file with the people the page offers: [{"name", "idcard_number"}].
    #[arg(long)]
    presets: Option<PathBuf>,
    /// Number of actions of every session, 1 to 3.
    #[arg(long)]
    action_count: Option<u32>,
    /// Seconds for every session, 5 to 60.
    #[arg(long)]
    timeout: Option<u32>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, error)) => {
            eprintln!("error: {error}");
            ExitCode::from(code)
        }
    }
}

async fn serve(options: Options) -> Result<(), (u8, Box<dyn Error>)> {
    let usage = |error: Box<dyn Error>| (2, error);
    let fault = |error: std::io::Error| (1, error.into());
    let key = Key::read(&options.key_file, &options.files).map_err(|e| usage(e.into()))?;
    let presets = options.presets.as_deref().map_or(Ok(Vec::new()), read_presets).map_err(usage)?;
    if !options.listen.ip().is_loopback() {
        return Err(usage(demo::StartError::NotLoopback(options.listen).into()));
    }
    let listener = tokio::net::TcpListener::bind(options.listen).await.map_err(fault)?;
    let address = listener.local_addr().map_err(fault)?;
    let config = Config {
        address,
        files: options.files,
        cloud: options.cloud,
        key,
        presets,
        action_count: options.action_count,
        timeout: options.timeout,
    };
    let app = demo::app(config).map_err(|e| usage(e.into()))?;
    println!("http://{address}");
    axum::serve(listener, app).with_graceful_shutdown(stop()).await.map_err(fault)
}

fn read_presets(path: &Path) -> Result<Vec<Preset>, Box<dyn Error>> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

async fn stop() {
    // without a signal handler the process simply ends on the signal itself
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
