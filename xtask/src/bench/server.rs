//! The server under load: the release binary as an operator starts it, with default settings, a registry of one person and one key.

use crate::{
    process::{output, root, run, target_dir},
    services::{Guard, spawn},
};
use anyhow::{Context, Result};
use std::{
    fs::{self, File},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The person in the registry: a test number with a right check digit.
pub(super) const NAME: &str = "Bench Person";
pub(super) const NUMBER: &str = "110101199003074477";
/// End of the log that is shown when something fails, bytes.
const LAST_WORDS: usize = 2000;

/// A running cloud; ends with this value.
#[derive(Debug)]
pub(super) struct Server {
    process: Guard,
    address: String,
    log: PathBuf,
    key_file: PathBuf,
}

impl Server {
    /// Fills an empty data folder and starts a server on it; with `url` on that PostgreSQL database.
    pub(super) fn start(folder: &Path, url: Option<&str>, id_photo: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let faceid = || {
            let mut command = Command::new(target_dir().join("release/faceid"));
            command.arg("--data").arg(folder.join("data"));
            match url {
                Some(url) => command.env("FACEID_DATABASE_URL", url),
                None => command.env_remove("FACEID_DATABASE_URL"),
            };
            command.env("FACEID_LOG", "warn");
            command
        };
        // The registry is filled as an operator fills it.
        let list = folder.join("people.csv");
        let photo = id_photo.file_name().context("the ID photo has a name")?.to_string_lossy().into_owned();
        fs::write(&list, format!("number,name,photo\n{NUMBER},{NAME},{photo}\n"))?;
        let photos = id_photo.parent().context("the ID photo lies in a folder")?;
        run(faceid().args(["authority", "import", "--csv"]).arg(&list).arg("--photos").arg(photos).stdout(Stdio::null()))?;
        let key_file = folder.join("key.json");
        let key = output(faceid().args(["--json", "key", "create", "--native", "--label", "bench"]))?;
        let mut secret = fs::OpenOptions::new();
        std::io::Write::write_all(&mut secret.write(true).create_new(true).mode(0o600).open(&key_file)?, key.as_bytes())?;
        let log = folder.join("log");
        let mut serve = faceid();
        serve.args(["serve", "--listen", "127.0.0.1:0", "--models"]).arg(root().join("models"));
        // The phases of each verdict are read from the log.
        serve.env("FACEID_LOG", "info").stderr(File::create(&log)?);
        let (process, address) = spawn(serve, "the cloud")?;
        Ok(Self { process: Guard::new(process), address, log, key_file })
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    pub(super) fn key_file(&self) -> &Path {
        &self.key_file
    }

    /// The end of the log, for an error.
    pub(super) fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let from = log.len().saturating_sub(LAST_WORDS);
        format!("the load failed; the server's log ends:\n{}", log.get(from..).unwrap_or(&log))
    }
}
