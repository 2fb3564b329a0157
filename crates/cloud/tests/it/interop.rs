//! Clients that nobody here wrote, against the real listener.

use crate::common::{KEY, SECRET, ScriptedJudge};
use faceid_cloud::{
    App, DemoMode,
    authority::LocalRegistry,
    clock::{Clock, SystemClock},
    config::Config,
    server,
    store::NewKey,
};
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

/// A cloud on a free port, by the machine's clock; ends with the runtime.
async fn cloud(folder: &Path, config: Config) -> SocketAddr {
    let store = crate::common::open(folder).await;
    let key = NewKey {
        app_key: KEY.into(),
        app_secret: SECRET.into(),
        app_code: None,
        label: "interop".into(),
        native: false,
        daily_quota: None,
        origins: Vec::new(),
    };
    store.add_key(&key, SystemClock.now()).await.expect("key");
    let registry = Arc::new(LocalRegistry(store.clone()));
    let settings = config.server.clone();
    let app = App::new(store, Arc::new(SystemClock), config, Arc::new(ScriptedJudge::default()), registry, DemoMode::default());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move { server::serve(listener, faceid_cloud::router(app), &settings, std::future::pending()).await });
    address
}

/// The folder with the installed package; `None` after saying why not. Where the build promises everything (`FACEID_REQUIRE_MODELS`), its absence is a
/// failure.
fn package() -> Option<PathBuf> {
    let missing = |why: &str| {
        assert!(std::env::var_os("FACEID_REQUIRE_MODELS").is_none(), "the interoperability test cannot run: {why}");
        eprintln!("skipped: interoperability with aliyun-api-gateway ({why})");
        None
    };
    let found = |program: &str| {
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
    };
    if !found("node") || !found("npm") {
        return missing("no node or no npm");
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop");
    std::fs::create_dir_all(&folder).expect("folder");
    for name in ["package.json", "package-lock.json"] {
        std::fs::copy(source.join(name), folder.join(name)).expect("copied");
    }
    let installed = Command::new("npm")
        .current_dir(&folder)
        .args(["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"])
        .output()
        .expect("npm runs");
    if !installed.status.success() {
        return missing(&format!("npm ci: {}", String::from_utf8_lossy(&installed.stderr).trim()));
    }
    Some(folder)
}

fn drive(folder: &Path, address: SocketAddr, joined: bool, count: u32) -> Value {
    let key_file = folder.join(format!("key-{joined}.json"));
    std::fs::write(&key_file, json!({ "app_key": KEY, "app_secret": SECRET }).to_string()).expect("key file");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/aliyun.mjs");
    let output = Command::new("node")
        .current_dir(folder)
        .arg(script)
        .args(["--address", &format!("http://{address}"), "--count", &count.to_string()])
        .args(["--joined-repeats", &joined.to_string(), "--key-file"])
        .arg(&key_file)
        .output()
        .expect("node runs");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "refused: {errors}\n{}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("not JSON: {}", String::from_utf8_lossy(&output.stdout)))
}

#[test]
fn the_gateways_own_node_client_is_understood() {
    let Some(folder) = package() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime");
    let (one, two) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
    let mut config = Config::default();
    let strict = runtime.block_on(cloud(one.path(), config.clone()));
    config.public.allow_joined_repeats = true;
    let lenient = runtime.block_on(cloud(two.path(), config));
    let count = if std::env::var_os("FACEID_LONG").is_some() { 5_000 } else { 1_000 };
    let first = drive(&folder, strict, false, count);
    let second = drive(&folder, lenient, true, 200);
    println!("{first}\n{second}");
    assert_eq!((first["failures"].as_u64(), first["count"].as_u64()), (Some(0), Some(u64::from(count))), "{first}");
    assert!(
        first["repeated_keys"].as_u64() > Some(30) && first["answers"]["accepted"].as_u64() > Some(300),
        "every kind occurred: {first}"
    );
    assert_eq!(second["failures"], 0, "{second}");
}
