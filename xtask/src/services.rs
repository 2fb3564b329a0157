//! The processes of a demo: the cloud, and the customer's backend that serves the page. Both end with their value.

use crate::process::{built, output, root, run, step, target_dir};
use anyhow::{Context, Result, bail};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

/// The person that the demo's authority knows. The number is a test number with a right check digit.
pub(crate) const NAME: &str = "\u{5f20}\u{4e09}";
pub(crate) const NUMBER: &str = "110101199003074477";
/// Loading the models takes about a second; a loaded machine gets time.
const START_LIMIT: Duration = Duration::from_secs(60);

/// What to start.
#[derive(Debug)]
pub(crate) struct Setup<'a> {
    /// Port of the cloud; the page is on the next one.
    pub(crate) port: u16,
    /// Photograph that the authority holds.
    pub(crate) id_photo: Option<&'a Path>,
    /// Waive the cues that the simulated person trips.
    pub(crate) accept_simulated: bool,
    /// Fixed actions for a recorded camera; empty: drawn at random, three of them.
    pub(crate) actions: &'a [String],
}

/// Running processes.
#[derive(Debug)]
pub(crate) struct Services {
    backend: Guard,
    cloud: Guard,
    url: String,
    address: String,
    folder: PathBuf,
}

impl Services {
    /// Starts both and waits until they answer.
    ///
    /// # Errors
    /// When a process does not start, ends at once or stays silent.
    pub(crate) fn start(setup: &Setup<'_>) -> Result<Self> {
        let folder = target_dir().join("demo").join(std::process::id().to_string());
        if folder.exists() {
            std::fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
        }
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let (data, key, people) = (folder.join("data"), folder.join("key.json"), folder.join("people.json"));
        let origin = format!("http://127.0.0.1:{}", setup.port + 1);
        step("starting the cloud");
        let mut cloud = binary("faceid");
        cloud.arg("--data").arg(&data).args(["serve", "--demo", "--listen"]).arg(format!("127.0.0.1:{}", setup.port));
        cloud.arg("--models").arg(root().join("models")).arg("--key-file").arg(&key).args(["--origin", &origin]);
        if setup.accept_simulated {
            cloud.arg("--accept-simulated");
        }
        if !setup.actions.is_empty() {
            cloud.arg("--demo-actions").arg(setup.actions.join(","));
        }
        let (cloud, address) = spawn(cloud, "the cloud")?;
        let guard = Guard::new(cloud);
        let mut add = binary("faceid");
        add.arg("--data").arg(&data).args(["authority", "add", "--number", NUMBER, "--name", NAME]).stdout(Stdio::null());
        if let Some(photo) = setup.id_photo {
            add.arg("--photo").arg(photo);
        }
        run(&mut add)?;
        let presets = serde_json::json!([{ "name": NAME, "idcard_number": NUMBER }]);
        std::fs::write(&people, presets.to_string()).with_context(|| format!("cannot write {}", people.display()))?;
        step("starting the demo backend");
        let mut backend = binary("faceid-demo-backend");
        backend.args(["--listen", &format!("127.0.0.1:{}", setup.port + 1), "--cloud", &address]);
        backend.arg("--files").arg(crate::web::dist()).arg("--key-file").arg(&key).arg("--presets").arg(&people);
        if !setup.actions.is_empty() {
            backend.arg("--action-count").arg(setup.actions.len().to_string());
        }
        let (backend, url) = spawn(backend, "the demo backend")?;
        Ok(Self { backend: Guard::new(backend), cloud: guard, url, address, folder })
    }

    /// Address of the page.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Address of the cloud.
    pub(crate) fn cloud(&self) -> &str {
        &self.address
    }

    /// Data folder of the cloud.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The key that this run's customer signs with.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.folder.join("key.json")
    }

    /// What the operator learns of a session beyond its code: get_result with `verbose=1`.
    ///
    /// # Errors
    /// When the token is unknown or the answer is no JSON.
    pub(crate) fn verbose_result(&self, biz_token: &str) -> Result<serde_json::Value> {
        let mut command = binary("faceid");
        command.arg("--data").arg(self.data()).args(["--json", "result", "--verbose", biz_token]);
        serde_json::from_str(&output(&mut command)?).context("faceid result printed no JSON")
    }

    /// Waits until one of the processes ends.
    pub(crate) fn wait(mut self) -> Result<()> {
        let status = self.backend.0.wait().context("cannot wait for the demo backend")?;
        bail!("the demo backend ended with {status}")
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        // Before their folder goes.
        for guard in [&mut self.backend, &mut self.cloud] {
            end(&mut guard.0);
        }
        // The key and the database are of this run only; leftovers are harmless.
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// A child that ends with this value, also when setting up the rest fails.
#[derive(Debug)]
pub(crate) struct Guard(Child);

impl Guard {
    pub(crate) const fn new(child: Child) -> Self {
        Self(child)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    drop(child.kill());
    drop(child.wait());
}

fn binary(name: &str) -> Command {
    Command::new(built().join(name))
}

/// Starts a process and waits for the address on its first line.
pub(crate) fn spawn(mut command: Command, what: &str) -> Result<(Child, String)> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {what}"))?;
    let output = child.stdout.take().with_context(|| format!("{what} has no output"))?;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            // Later lines have no reader; the loop only keeps the pipe from filling up.
            drop(sender.send(line));
        }
    });
    match receiver.recv_timeout(START_LIMIT) {
        Ok(line) if line.starts_with("http://") => Ok((child, line)),
        Ok(line) => {
            end(&mut child);
            bail!("{what} printed {line:?} instead of its address")
        }
        Err(_) => {
            end(&mut child);
            bail!("{what} did not start")
        }
    }
}
