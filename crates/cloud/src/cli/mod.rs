//! The command `faceid`. Exit codes: 0 done, 1 the checked thing does not hold, 2 usage, 3 environment.

mod audit;
mod authority;
mod billing;
mod doctor;
mod key_set;
mod keys;
mod notices;
mod operators;
mod replay;
mod serve;
mod sessions;

use crate::{
    clock::{Clock, SystemClock},
    config::{Config, ConfigError},
    store::{Store, StoreError},
    vault::Vault,
};
use clap::{Parser, Subcommand};
use faceid_protocol::Millis;
use serde_json::Value;
use std::{path::PathBuf, process::ExitCode};

/// Self-hosted liveness cloud.
#[derive(Debug, Parser)]
#[command(name = "faceid", version)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
struct Common {
    /// Folder of the database.
    #[arg(long, global = true, env = "FACEID_DATA", default_value = "faceid-data")]
    data: PathBuf,
    /// PostgreSQL database for several nodes, `postgres://…`; without it SQLite in the data folder. Overrides `store.url`.
    #[arg(long, global = true, env = "FACEID_DATABASE_URL", hide_env_values = true)]
    database: Option<String>,
    /// Settings, TOML; docs/operations.md explains each.
    #[arg(long, global = true, env = "FACEID_CONFIG")]
    config: Option<PathBuf>,
    /// One setting over the file's, as `sdk.judges=4`; may be repeated. In the environment: several, one per line.
    #[arg(
        long = "set",
        global = true,
        value_name = "SECTION.KEY=VALUE",
        env = "FACEID_SET",
        value_delimiter = '\n',
        hide_env_values = true
    )]
    single: Vec<String>,
    /// One JSON object per line.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Serve(serve::Options),
    /// API keys.
    #[command(subcommand)]
    Key(keys::Command),
    /// People the local authority source knows.
    #[command(subcommand)]
    Authority(authority::Command),
    /// Sessions, without personal data.
    #[command(subcommand)]
    Session(sessions::Command),
    /// What get_result would say about a token.
    Result(sessions::ResultOptions),
    /// Judge a stored session once more and say whether both verdicts agree. Exit codes: 0 they do, 1 they differ, 3 there is nothing to judge.
    Replay(replay::Options),
    /// Bills by key, result code and time.
    Bill(billing::Options),
    /// Notifications to customers' servers.
    #[command(subcommand)]
    Notify(notices::Command),
    /// Who may see the operator's page.
    #[command(subcommand)]
    Operator(operators::Command),
    /// Erase what is due: results, pictures and personal data of old sessions.
    Purge,
    /// Bring the database up to date.
    Migrate,
    /// The audit trail.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Copy database and pictures while the service runs.
    Backup(audit::BackupOptions),
    /// Master keys of the pictures.
    #[command(subcommand)]
    MasterKey(audit::MasterKey),
    /// Check models, database, pictures and audit trail.
    Doctor(doctor::Options),
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// The checked thing does not hold.
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over literals and errors alike")]
    pub(crate) fn check(message: impl ToString) -> Self {
        Self { code: 1, message: message.to_string() }
    }

    /// Wrong use.
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over literals and errors alike")]
    pub(crate) fn usage(message: impl ToString) -> Self {
        Self { code: 2, message: message.to_string() }
    }

    /// Something outside is missing or broken.
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over literals and errors alike")]
    pub(crate) fn environment(message: impl ToString) -> Self {
        Self { code: 3, message: message.to_string() }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::environment(error)
    }
}

impl Common {
    fn settings(&self) -> Result<Config, Failure> {
        let failure = |error| match error {
            ConfigError::Read { .. } => Failure::environment(error),
            ConfigError::Parse { .. } | ConfigError::Setting { .. } | ConfigError::Form(_) | ConfigError::Range { .. } => {
                Failure::usage(error)
            }
        };
        let mut config = Config::read(self.config.as_deref(), &self.single).map_err(failure)?;
        if let Some(url) = &self.database {
            config.store.url = Some(url.clone());
            config.check().map_err(failure)?;
        }
        Ok(config)
    }

    async fn store(&self) -> Result<Store, Failure> {
        self.open(&self.settings()?).await
    }

    async fn open(&self, config: &Config) -> Result<Store, Failure> {
        let pictures = config.store.pictures.clone().unwrap_or_else(|| self.data.join("pictures").display().to_string());
        let keys = config.store.keys.clone().unwrap_or_else(|| self.data.join("keys"));
        let vault = Vault::open(&pictures, &keys).map_err(StoreError::from)?;
        Ok(match &config.store.url {
            Some(url) => Store::connect(url, config.store.connections, vault).await?,
            None => Store::open_with(&self.data, vault).await?,
        })
    }

    /// One result: a JSON object, or the given text.
    fn print(&self, json: &Value, text: impl FnOnce() -> String) {
        if self.json {
            println!("{json}");
        } else {
            println!("{}", text());
        }
    }
}

fn now() -> Millis {
    SystemClock.now()
}

/// Runs the command line.
pub async fn run(cli: Cli) -> ExitCode {
    let Cli { common, command } = cli;
    let outcome = match command {
        Command::Serve(options) => serve::run(&common, options).await,
        Command::Key(command) => keys::run(&common, command).await,
        Command::Authority(command) => authority::run(&common, command).await,
        Command::Session(command) => sessions::run(&common, command).await,
        Command::Result(options) => sessions::result(&common, &options).await,
        Command::Replay(options) => replay::run(&common, options).await,
        Command::Bill(options) => billing::run(&common, &options).await,
        Command::Notify(command) => notices::run(&common, command).await,
        Command::Operator(command) => operators::run(&common, command).await,
        Command::Purge => sessions::purge(&common).await,
        Command::Migrate => doctor::migrate(&common).await,
        Command::Audit(command) => audit::run(&common, command).await,
        Command::Backup(options) => audit::backup(&common, &options).await,
        Command::MasterKey(command) => audit::master_key(&common, command).await,
        Command::Doctor(options) => doctor::run(&common, &options).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {}", failure.message);
            ExitCode::from(failure.code)
        }
    }
}
