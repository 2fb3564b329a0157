//! A PostgreSQL server of the bench's own, on a socket in its folder, with the durability an operator would have.

use crate::process::{output, run};
use crate::tools;
use anyhow::{Context, Result, bail};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// From start to the first answer, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Ends when the standard input of its keeper closes, so also when this process dies.
#[derive(Debug)]
pub(super) struct Postgres {
    keeper: Child,
    folder: PathBuf,
    programs: PathBuf,
}

impl Postgres {
    /// Makes a cluster in `folder` and starts it.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let found = tools::postgres_programs().context("initdb was there a moment ago")?;
        // Links on the path may name only some of the programs; their folder holds all.
        let initdb = found.join("initdb").canonicalize().context("initdb cannot be followed")?;
        let programs = initdb.parent().context("initdb lies in a folder")?.to_path_buf();
        fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        let user = Unprivileged::of(folder)?;
        let init = ["--username=faceid", "--auth=trust", "--encoding=UTF8", "--no-locale", "-D"];
        run(user.command(&initdb, folder).args(init).arg(folder.join("data")).stdout(Stdio::null()))?;
        let script = r#""$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= >"$2/log" 2>&1 & server=$!
            read -r line; kill -INT $server; wait $server"#;
        let mut keeper = user.command(Path::new("sh"), folder);
        keeper.args(["-c", script, "sh"]).arg(&programs).arg(folder);
        let keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().context("cannot start postgres")?;
        let started = Self { keeper, folder: folder.to_path_buf(), programs };
        let begun = Instant::now();
        while !started.answers() {
            if begun.elapsed() > PATIENCE {
                bail!("postgres does not answer: {}", fs::read_to_string(folder.join("log")).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(started)
    }

    /// Product and version.
    pub(super) fn name(&self) -> Result<String> {
        let text = output(Command::new(self.programs.join("postgres")).arg("--version"))?;
        let version = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        Ok(format!("PostgreSQL {}", version.unwrap_or("of unknown version")))
    }

    /// The database every cluster has; this one has no other use for it.
    pub(super) fn url(&self) -> String {
        format!("postgres://faceid@localhost/postgres?host={}", self.folder.display())
    }

    fn answers(&self) -> bool {
        let mut ready = Command::new(self.programs.join("pg_isready"));
        ready.args(["--quiet", "--host"]).arg(&self.folder).status().is_ok_and(|status| status.success())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Without its input the keeper stops the server and ends; its folder goes with the bench's.
        drop(self.keeper.stdin.take());
        drop(self.keeper.wait());
    }
}

/// The server refuses to run as root: then as nobody, who owns the folder.
struct Unprivileged {
    ids: Option<(String, String)>,
}

impl Unprivileged {
    fn of(folder: &Path) -> Result<Self> {
        let id = |args: &[&str]| output(Command::new("id").args(args)).map(|text| text.trim().to_owned());
        if id(&["-u"])? != "0" {
            return Ok(Self { ids: None });
        }
        let (user, group) = (id(&["-u", "nobody"])?, id(&["-g", "nobody"])?);
        std::os::unix::fs::chown(folder, user.parse().ok(), group.parse().ok()).context("cannot give the folder to nobody")?;
        Ok(Self { ids: Some((user, group)) })
    }

    fn command(&self, program: &Path, folder: &Path) -> Command {
        let mut command = match &self.ids {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", user, "--regid", group, "--clear-groups", "--"]).arg(program);
                command
            }
        };
        command.current_dir(folder);
        command
    }
}
