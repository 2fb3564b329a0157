//! `faceid serve`.

use super::{Common, Failure, keys, now};
use crate::{
    App, DemoMode,
    authority::{AuthoritySource, HttpSource, LocalRegistry},
    clock::{SharedClock, SystemClock},
    config::Config,
    face_judge::FaceJudge,
    limits::{LimitsConfig, Pepper},
    management, models,
    notify::{self, Notifier},
    router, server,
    store::{NewKey, Store},
    upkeep,
};
use clap::Args;
use faceid_protocol::Action;
use serde_json::json;
use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::net::TcpListener;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Address; port 0 takes a free one.
    #[arg(long, env = "FACEID_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Address for health, metrics and the operator's page, on an inner network; without it there is no such port.
    #[arg(long, env = "FACEID_MANAGEMENT")]
    management: Option<SocketAddr>,
    /// Folder of the model files; overrides `models.dir`.
    #[arg(long)]
    models: Option<PathBuf>,
    /// Temporary database and a key made for this run; loopback addresses only.
    #[arg(long)]
    demo: bool,
    /// Waive the cues that the simulated person trips; results say so and are free. Only with --demo.
    #[arg(long)]
    accept_simulated: bool,
    /// With --demo: ask these actions, in this order, instead of drawing them (comma separated).
    #[arg(long, requires = "demo", value_delimiter = ',')]
    demo_actions: Vec<Action>,
    /// With --demo: origin of the page; may be repeated.
    #[arg(long = "origin", requires = "demo")]
    origins: Vec<String>,
    /// With --demo: also serve clients without an Origin header.
    #[arg(long, requires = "demo")]
    native: bool,
    /// With --demo: where to write the key (mode 0600); default: key.json beside the database.
    #[arg(long, requires = "demo")]
    key_file: Option<PathBuf>,
}

pub(super) async fn run(common: &Common, options: Options) -> Result<(), Failure> {
    let mut config = common.settings()?;
    if options.accept_simulated && !options.demo {
        return Err(Failure::usage("--accept-simulated works only together with --demo"));
    }
    let loopback = options.listen.ip().is_loopback();
    if options.demo && !loopback {
        return Err(Failure::usage("--demo serves loopback addresses only"));
    }
    if !loopback && !config.server.behind_tls_proxy {
        return Err(Failure::usage(
            "without TLS only loopback addresses are served: put a TLS proxy in front and set server.behind_tls_proxy",
        ));
    }
    if let Some(folder) = options.models {
        config.models.dir = folder;
    }
    if options.demo && common.config.is_none() && common.single.is_empty() {
        // Whoever shows or measures refusals fails on purpose, again and again, as one person.
        config.limits = LimitsConfig::off();
    }
    let judge = models::load(&config.models.dir).map_err(Failure::environment)?;
    let demo = if options.demo { Some(Demo::prepare(common)?) } else { None };
    let data = demo.as_ref().map_or(common.data.as_path(), |demo| demo.data.as_path());
    let store = if options.demo { Store::open(data).await? } else { common.open(&config).await? };
    let pepper =
        if options.demo { Pepper::new(crate::random::bytes().map_err(Failure::environment)?) } else { pepper(&config.limits, data)? };
    let key_file = if options.demo {
        let key = keys::new_key("demo", options.origins, options.native, false, None)?;
        store.add_key(&key, now()).await?;
        let path = options.key_file.unwrap_or_else(|| data.join("key.json"));
        write_key(&path, &key).map_err(|error| Failure::environment(format!("{}: {error}", path.display())))?;
        Some(path)
    } else {
        None
    };
    let listener = TcpListener::bind(options.listen).await.map_err(|error| Failure::environment(format!("{}: {error}", options.listen)))?;
    let address = listener.local_addr().map_err(Failure::environment)?;
    let mode = DemoMode { simulated: options.accept_simulated, actions: options.demo_actions };
    let judging = Arc::new(FaceJudge::new(judge, options.accept_simulated, config.judge.cues.0.clone()));
    let clock: SharedClock = Arc::new(SystemClock);
    let authority = authority(&config, &store, &clock)?;
    let notifier = Notifier::system(&config.notify).map_err(Failure::environment)?;
    let app = App::new(store.clone(), clock, config.clone(), judging, authority, mode).with_pepper(pepper);

    common.print(
        &json!({ "listening": format!("http://{address}"), "data": data, "key_file": key_file, "simulated": options.accept_simulated }),
        || {
            let key = key_file.as_ref().map(|path| format!("\nkey file {}", path.display())).unwrap_or_default();
            format!("http://{address}\ndata {}{key}", data.display())
        },
    );
    // Whoever waits for the address reads a pipe.
    std::io::stdout().flush().map_err(Failure::environment)?;
    let management = match options.management {
        None => None,
        Some(address) => {
            let listener = TcpListener::bind(address).await.map_err(|error| Failure::environment(format!("{address}: {error}")))?;
            tracing::info!(address = %listener.local_addr().map_err(Failure::environment)?, "management");
            let (router, settings) = (management::router(app.clone()), config.server.clone());
            Some(tokio::spawn(async move { server::serve(listener, router, &settings, std::future::pending()).await }))
        }
    };
    let background = [
        tokio::spawn(upkeep::keep(app.clone())),
        tokio::spawn(upkeep::judge(app.clone())),
        tokio::spawn(notify::keep(app.clone(), notifier)),
    ];
    server::serve(listener, router(app), &config.server, stop()).await;
    background.iter().chain(&management).for_each(tokio::task::JoinHandle::abort);
    store.close().await;
    if let (Some(_), Some(path)) = (&demo, &key_file) {
        // The key is worthless now; a file that is gone already is fine too.
        let _ = std::fs::remove_file(path);
    }
    drop(demo);
    Ok(())
}

/// The local registry, or the HTTP source that the settings name.
pub(super) fn authority(config: &Config, store: &Store, clock: &SharedClock) -> Result<Arc<dyn AuthoritySource>, Failure> {
    Ok(match config.authority.url {
        Some(_) => Arc::new(HttpSource::new(&config.authority, Arc::clone(clock)).map_err(Failure::environment)?),
        None => Arc::new(LocalRegistry(store.clone())),
    })
}

/// From the file that the settings name, or from one beside the data folder: apart from the database, so that a stolen copy of that says nothing.
fn pepper(limits: &LimitsConfig, data: &Path) -> Result<Pepper, Failure> {
    let path = limits.pepper_file.clone().unwrap_or_else(|| {
        let mut name = data.as_os_str().to_owned();
        name.push(".pepper");
        PathBuf::from(name)
    });
    Pepper::load_or_make(&path).map_err(|error| Failure::environment(format!("{}: {error}", path.display())))
}

/// The demo's data folder.
struct Demo {
    data: PathBuf,
    /// Only database files are removed from a folder that was given.
    given: bool,
}

impl Demo {
    fn prepare(common: &Common) -> Result<Self, Failure> {
        let given = common.data != Path::new("faceid-data");
        let data = if given {
            common.data.clone()
        } else {
            let name = crate::random::hex::<8>().map_err(Failure::environment)?;
            std::env::temp_dir().join(format!("faceid-demo-{name}"))
        };
        if data.join("faceid.db").exists() {
            return Err(Failure::usage(format!("{} holds a database; --demo makes a temporary one of its own", data.display())));
        }
        Ok(Self { data, given })
    }
}

impl Drop for Demo {
    /// Leftovers are harmless and the next run has a folder of its own, so failures are passed over.
    fn drop(&mut self) {
        if self.given {
            for name in ["faceid.db", "faceid.db-wal", "faceid.db-shm"] {
                let _ = std::fs::remove_file(self.data.join(name));
            }
            for name in ["pictures", "keys"] {
                let _ = std::fs::remove_dir_all(self.data.join(name));
            }
        } else {
            let _ = std::fs::remove_dir_all(&self.data);
        }
    }
}

fn write_key(path: &Path, key: &NewKey) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
        // An older file keeps its mode when opened: it goes first.
        if path.exists() {
            std::fs::remove_file(path)?;
        }
    }
    let line = json!({ "app_key": key.app_key, "app_secret": key.app_secret });
    writeln!(options.open(path)?, "{line}")
}

/// Ctrl-C or SIGTERM.
async fn stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            },
            Err(_) => drop(tokio::signal::ctrl_c().await),
        }
    }
    #[cfg(not(unix))]
    drop(tokio::signal::ctrl_c().await);
}
