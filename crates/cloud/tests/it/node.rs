//! A node as a process of its own, to be killed: this test binary started again, with the scripted judge and the real clock.

use crate::{
    common::{KEY, NAME, NUMBER, ORIGIN, SECRET, ScriptedJudge, TestClock, World},
    database,
};
use axum::{Router, body::Body, response::Response};
use faceid_cloud::{
    App, DemoMode,
    authority::LocalRegistry,
    clock::{Clock, SystemClock},
    config::Config,
    failpoints, router, server,
    store::{NewKey, PersonRow, Store},
    upkeep,
    vault::Vault,
};
use faceid_protocol::Millis;
use http::{Request, StatusCode, Uri};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use std::{
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
};
use tempfile::TempDir;

/// What a dead node "answers".
pub const DEAD: u16 = 599;

/// How to start a node.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Point at which it dies.
    pub failpoint: Option<String>,
    /// No judge of its own: everything is queued.
    pub idle: bool,
    /// Instead of serving: `round` (one round of upkeep, a day and an hour ahead) or `erase TOKEN`.
    pub task: Option<String>,
    /// Where pictures lie; default: in the data folder.
    pub pictures: Option<String>,
    /// More environment.
    pub env: Vec<(String, String)>,
}

/// A running node; killed when dropped.
pub struct Node {
    child: Child,
    pub address: String,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

fn command(folder: &Path, setup: &Setup) -> Command {
    // The harness leaves the crate's name out.
    let name = module_path!().split_once("::").map(|(_, rest)| format!("{rest}::node_process")).expect("a module of a crate");
    let mut command = Command::new(std::env::current_exe().expect("own path"));
    command.args(["--ignored", "--exact", &name, "--nocapture", "--test-threads=1"]).env("FACEID_TEST_NODE", folder);
    let set = [
        ("FACEID_TEST_URL", database::url_of(folder)),
        ("FACEID_FAILPOINT", setup.failpoint.clone()),
        ("FACEID_TEST_IDLE", setup.idle.then(|| "1".into())),
        ("FACEID_TEST_TASK", setup.task.clone()),
        ("FACEID_TEST_PICTURES", setup.pictures.clone()),
    ];
    for (name, value) in set {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.envs(setup.env.clone()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

impl Node {
    pub fn start(folder: &Path, setup: &Setup) -> Self {
        let mut child = command(folder, setup).spawn().expect("node starts");
        let mut lines = BufReader::new(child.stdout.take().expect("output")).lines();
        let address = lines.find_map(|line| line.ok()?.split_once("listening ").map(|(_, address)| address.to_owned()));
        // The rest has no reader: the thread keeps the pipe from filling up.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.expect("the node said its address") }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// kill -9.
    pub fn kill(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs a task to its end; false when the process died on the way.
pub fn run_task(folder: &Path, setup: &Setup) -> bool {
    let mut child = command(folder, setup).spawn().expect("task starts");
    let mut output = String::new();
    drop(child.stdout.take().expect("output").read_to_string(&mut output));
    child.wait().expect("ends").success() && output.contains("task done")
}

pub fn vault(folder: &Path, pictures: Option<&str>) -> Vault {
    let place = pictures.map_or_else(|| folder.join("pictures").display().to_string(), str::to_owned);
    Vault::open(&place, &folder.join("keys")).expect("pictures")
}

#[test]
#[ignore = "the process that other tests start and kill"]
fn node_process() {
    let Some(folder) = std::env::var_os("FACEID_TEST_NODE").map(PathBuf::from) else { return };
    let var = |name: &str| std::env::var(name).ok();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("runtime");
    runtime.block_on(async {
        let vault = vault(&folder, var("FACEID_TEST_PICTURES").as_deref());
        let store = match var("FACEID_TEST_URL") {
            Some(url) => Store::connect(&url, 6, vault).await,
            None => Store::open_with(&folder, vault).await,
        }
        .expect("database");
        let mut config = Config::default();
        (config.sdk.action_min_ms, config.sdk.lease_s, config.lifetime.sweep_s) = (0, 1, 3600);
        if var("FACEID_TEST_IDLE").is_some() {
            config.sdk.judges = 0;
        }
        let ahead = TestClock::at(SystemClock.now().0 + 25 * 3600 * 1000);
        let clock: Arc<dyn Clock> = if var("FACEID_TEST_TASK").is_some() { Arc::new(ahead) } else { Arc::new(SystemClock) };
        let app = App::new(
            store.clone(),
            clock,
            config.clone(),
            Arc::new(ScriptedJudge::default()),
            Arc::new(LocalRegistry(store.clone())),
            DemoMode::default(),
        );
        if let Some(task) = var("FACEID_TEST_TASK") {
            match task.strip_prefix("erase ") {
                Some(token) => drop(store.erase(token, app.clock.now()).await.expect("erased")),
                None => {
                    upkeep::round(&app).await.expect("round");
                    for shard in 0..=255 {
                        store.sweep(shard, app.clock.now()).await.expect("sweep");
                    }
                }
            }
            println!("task done");
            return;
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
        println!("listening {}", listener.local_addr().expect("address"));
        std::io::stdout().flush().expect("output");
        tokio::spawn(upkeep::judge(app.clone()));
        // Ends with the test that started it.
        let (gone, ended) = tokio::sync::oneshot::channel::<()>();
        std::thread::spawn(move || {
            drop(std::io::stdin().read_to_end(&mut Vec::new()));
            drop(gone);
        });
        let stop = async { drop(ended.await) };
        server::serve(listener, router(app), &config.server, stop).await;
    });
    assert!(!failpoints::POINTS.is_empty(), "linked");
}

/// A world whose requests go over TCP to nodes in turn.
pub struct Remote {
    pub world: World,
    pub addresses: Arc<Mutex<Vec<String>>>,
}

impl Remote {
    /// With the usual key and person.
    pub async fn new(pictures: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        let world = World::with_vault(folder, vault_of(pictures)).await;
        let key = NewKey {
            app_key: KEY.into(),
            app_secret: SECRET.into(),
            app_code: None,
            label: "crash".into(),
            native: false,
            daily_quota: None,
            origins: vec![ORIGIN.into()],
        };
        world.app.store.add_key(&key, Millis(0)).await.expect("key");
        let person = PersonRow { idcard_number: NUMBER.into(), name: NAME.into(), photo: Some(b"face".to_vec()) };
        world.app.store.put_people(&[person], Millis(0)).await.expect("person");
        let addresses = Arc::new(Mutex::new(Vec::new()));
        let mut remote = Self { world, addresses: Arc::clone(&addresses) };
        remote.world.clock.set(SystemClock.now().0);
        remote.world.router = proxy(addresses);
        remote
    }

    pub fn folder(&self) -> &Path {
        self.world.folder.path()
    }

    pub fn point_at(&self, nodes: &[&Node]) {
        *self.addresses.lock().unwrap_or_else(PoisonError::into_inner) = nodes.iter().map(|node| node.address.clone()).collect();
        self.world.clock.set(SystemClock.now().0);
    }
}

fn vault_of(pictures: Option<&str>) -> impl FnOnce(&TempDir) -> Vault {
    let pictures = pictures.map(str::to_owned);
    move |folder| vault(folder.path(), pictures.as_deref())
}

fn proxy(addresses: Arc<Mutex<Vec<String>>>) -> Router {
    let client: Client<_, Body> = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
    let turn = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    Router::new().fallback(move |request: Request<Body>| {
        let (client, addresses, turn) = (client.clone(), Arc::clone(&addresses), Arc::clone(&turn));
        async move {
            let address = {
                let addresses = addresses.lock().unwrap_or_else(PoisonError::into_inner);
                addresses[turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst) % addresses.len()].clone()
            };
            let (mut head, body) = request.into_parts();
            let path = head.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
            head.uri = format!("http://{address}{path}").parse::<Uri>().expect("address");
            let dead = || {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::from_u16(DEAD).expect("status");
                response
            };
            match client.request(Request::from_parts(head, body)).await {
                Ok(response) => {
                    let (head, body) = response.into_parts();
                    // A node that dies half-way through its answer is dead too.
                    match axum::body::to_bytes(Body::new(body), usize::MAX).await {
                        Ok(bytes) => Response::from_parts(head, Body::from(bytes)),
                        Err(_) => dead(),
                    }
                }
                Err(_) => dead(),
            }
        }
    })
}
