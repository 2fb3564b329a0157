//! Which database the suite runs on: SQLite, or, with `FACEID_TEST_DATABASE=postgres`, a real PostgreSQL that the test process starts, one
//! database per data folder.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{LazyLock, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

/// True when the suite runs on PostgreSQL.
pub fn on_postgres() -> bool {
    static ASKED: LazyLock<bool> = LazyLock::new(|| match std::env::var("FACEID_TEST_DATABASE").as_deref() {
        Ok("postgres") => true,
        Ok("sqlite") | Err(_) => false,
        Ok(other) => panic!("FACEID_TEST_DATABASE is {other:?}: sqlite or postgres"),
    });
    *ASKED
}

/// The database that stands for a data folder, made on first use; `None` = SQLite in the folder itself.
pub fn url_of(folder: &Path) -> Option<String> {
    on_postgres().then(|| server().database_of(folder))
}

/// Ends when the test process ends, however that happens: its keeper waits for the end of a pipe that we hold.
struct Server {
    _keeper: Child,
    socket: PathBuf,
    databases: Mutex<HashMap<PathBuf, String>>,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let programs = programs().expect("FACEID_TEST_DATABASE=postgres needs initdb on the path or in /usr/lib/postgresql/*/bin");
        Server::start(&programs)
    })
}

/// Folder of `initdb` and `postgres`.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin"));
    let mut debian: Vec<PathBuf> = debian.collect();
    debian.sort();
    std::env::split_paths(&path).chain(debian.into_iter().rev()).find(|dir| dir.join("initdb").is_file() && dir.join("postgres").is_file())
}

/// The server refuses to run as root: then as nobody.
fn unprivileged(program: &Path, folder: &Path) -> Command {
    let id = |args: &[&str]| {
        let output = Command::new("id").args(args).output().expect("id runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    if id(&["-u"]) != "0" {
        return Command::new(program);
    }
    let (user, group) = (id(&["-u", "nobody"]), id(&["-g", "nobody"]));
    std::os::unix::fs::chown(folder, user.parse().ok(), group.parse().ok()).expect("folder for nobody");
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user, "--regid", &group, "--clear-groups", "--"]).arg(program);
    command
}

impl Server {
    fn start(programs: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("faceid-pg-").tempdir().expect("temporary folder").keep();
        let data = folder.join("data");
        let made = unprivileged(&programs.join("initdb"), &folder)
            .args(["--username=faceid", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "-D"])
            .arg(&data)
            .current_dir(&folder)
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        // No test kills this server, so it need not sync; the nodes, which are killed, keep nothing themselves.
        let script = r#""$0" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c max_connections=200 >"$1/log" 2>&1 & server=$!
            cat >/dev/null; kill -QUIT $server; wait $server; rm -rf "$1""#;
        let keeper = unprivileged(Path::new("sh"), &folder)
            .args(["-c", script])
            .arg(programs.join("postgres"))
            .arg(&folder)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("postgres starts");
        let server = Self { _keeper: keeper, socket: folder, databases: Mutex::default() };
        let begun = Instant::now();
        while server.admin("SELECT 1".into()).is_err() {
            let log = || std::fs::read_to_string(server.socket.join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(60), "postgres does not answer: {}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://faceid@localhost/{database}?host={}", self.socket.display())
    }

    /// On a thread and runtime of its own: callers may be inside a runtime or not.
    fn admin(&self, statement: String) -> Result<(), sqlx::Error> {
        let url = self.url("postgres");
        let work = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&url).await?;
                connection.execute(AssertSqlSafe(statement)).await?;
                connection.close().await
            })
        };
        std::thread::spawn(work).join().expect("no panic")
    }

    fn database_of(&self, folder: &Path) -> String {
        let mut databases = self.databases.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(url) = databases.get(folder) {
            return url.clone();
        }
        let name = format!("faceid_{}", databases.len());
        self.admin(format!("CREATE DATABASE {name}")).expect("database");
        let url = self.url(&name);
        databases.insert(folder.to_path_buf(), url.clone());
        url
    }
}
