//! The command `faceid`: output, exit codes, what it refuses.

use crate::{
    common::{NAME, NUMBER, World},
    database,
    page::Page,
};
use serde_json::Value;
use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

fn faceid(data: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_faceid"));
    match database::url_of(data) {
        Some(url) => command.env("FACEID_DATABASE_URL", url),
        None => command.env_remove("FACEID_DATABASE_URL"),
    };
    command.arg("--data").arg(data).args(args).env("FACEID_LOG", "warn").stdin(Stdio::null()).output().expect("faceid runs")
}

fn lines(output: &Output) -> Vec<Value> {
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}")))
        .collect()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn keys() {
    let dir = tempfile::tempdir().expect("folder");
    let made =
        lines(&faceid(dir.path(), &["key", "create", "--label", "shop", "--origin", "https://shop.example", "--app-code", "--json"]));
    let key = made[0]["app_key"].as_str().expect("app_key").to_owned();
    let secret = made[0]["app_secret"].as_str().expect("app_secret");
    assert_eq!((secret.len(), made[0]["app_code"].as_str().map(str::len)), (64, Some(32)), "256 and 128 bits");
    let listed = faceid(dir.path(), &["key", "list", "--json"]);
    assert!(!String::from_utf8_lossy(&listed.stdout).contains(secret), "secrets are shown once");
    let listed = lines(&listed);
    assert_eq!(
        (listed.len(), listed[0]["app_key"].as_str(), &listed[0]["revoked"], &listed[0]["app_code"]),
        (1, Some(key.as_str()), &Value::Null, &Value::Bool(true)),
        "{listed:?}"
    );
    assert_eq!(code(&faceid(dir.path(), &["key", "revoke", &key])), Some(0), "revoke");
    assert_eq!(code(&faceid(dir.path(), &["key", "revoke", &key])), Some(1), "already revoked");
    assert_eq!(code(&faceid(dir.path(), &["key", "create", "--origin", "https://shop.example/path"])), Some(2), "not an origin");
    assert_eq!(code(&faceid(dir.path(), &["key"])), Some(2), "no command");
    if !database::on_postgres() {
        use std::os::unix::fs::PermissionsExt;
        let nested = dir.path().join("a/b");
        assert_eq!(code(&faceid(&nested, &["migrate"])), Some(0), "migrate");
        assert_eq!(
            std::fs::metadata(&nested).expect("folder").permissions().mode() & 0o777,
            0o700,
            "nobody else looks into the data folder"
        );
    }
}

#[test]
fn accounts() {
    let dir = tempfile::tempdir().expect("folder");
    let key = lines(&faceid(dir.path(), &["key", "create", "--json"]))[0]["app_key"].as_str().expect("app_key").to_owned();
    let set = |args: &[&str]| faceid(dir.path(), &[&["key", "set", &key, "--json"], args].concat());
    let shown = || lines(&faceid(dir.path(), &["key", "show", &key, "--json"])).remove(0);
    let before = shown();
    assert_eq!(
        (&before["state"], &before["enterprise"], &before["balance"], &before["price"], before["ip"].as_array().map(Vec::len)),
        (&"active".into(), &true.into(), &Value::Null, &1.into(), Some(0)),
        "the default account: {before}"
    );
    let changed = set(&[
        "--state",
        "discontinued",
        "--enterprise",
        "false",
        "--balance",
        "100",
        "--price",
        "3",
        "--ip",
        "203.0.113.9/24",
        "--ip",
        "2001:db8::1",
        "--daily-quota",
        "5",
        "--concurrency",
        "2",
        "--api",
        "get_result",
        "--way",
        "gateway",
        "--min-sdk",
        "1.2.3",
        "--return-prefix",
        "https://shop.example/done",
    ]);
    let changed = lines(&changed).remove(0);
    let expected = serde_json::json!({ "app_key": key, "state": "discontinued", "enterprise": false, "balance": 100, "price": 3,
        "ip": ["203.0.113.0/24", "2001:db8::1/128"], "daily_quota": 5, "concurrency": 2, "apis": ["get_result"], "ways": ["gateway"], "min_sdk": "1.2.3",
        "notify_url": null, "notify_style": null, "return_prefixes": ["https://shop.example/done"] });
    assert_eq!((&changed, &shown()), (&expected, &expected), "all of it");
    assert_eq!(lines(&set(&["--add-balance", "-30"]))[0]["balance"], 70, "added to");
    let cleared =
        lines(&set(&["--balance", "none", "--ip", "none", "--daily-quota", "none", "--min-sdk", "none", "--return-prefix", "none"]))
            .remove(0);
    assert_eq!(
        (&cleared["balance"], &cleared["daily_quota"], &cleared["state"]),
        (&Value::Null, &Value::Null, &"discontinued".into()),
        "the rest stays"
    );
    assert_eq!(
        (cleared["ip"].as_array().map(Vec::len), cleared["return_prefixes"].as_array().map(Vec::len)),
        (Some(0), Some(0)),
        "{cleared}"
    );
    assert_eq!(code(&set(&["--add-balance", "1"])), Some(1), "not a prepaid account");

    let notified = lines(&set(&["--notify-url", "https://shop.example/hook", "--notify-style", "sha1"])).remove(0);
    let secret = notified["notify_secret"].as_str().expect("secret").to_owned();
    assert!(secret.starts_with("whsec_") && secret.len() > 40, "256 bits");
    let again = faceid(dir.path(), &["key", "show", &key, "--json"]);
    assert!(!String::from_utf8_lossy(&again.stdout).contains(&secret), "shown once");
    assert_eq!(
        (&lines(&again)[0]["notify_url"], &lines(&again)[0]["notify_style"]),
        (&"https://shop.example/hook".into(), &"sha1".into()),
        "kept"
    );
    for bad in [
        &["--notify-url", "http://shop.example/hook"][..],
        &["--notify-url", "https://127.0.0.1/hook"],
        &["--notify-url", "https://[::ffff:10.0.0.1]/"],
        &["--notify-url", "https://shop.example:22/"],
        &["--return-prefix", "https://shop.example"],
        &["--state", "gone"],
        &["--ip", "shop.example"],
        &["--concurrency", "0"],
        &["--price", "-1"],
        &["--api", "get_everything"],
        &["--min-sdk", "1.2"],
        &["--balance", "1", "--add-balance", "1"],
        &["--notify-style", "sha1"],
    ] {
        assert_eq!(code(&set(bad)), Some(2), "{bad:?}");
    }
    assert_eq!(code(&faceid(dir.path(), &["key", "set", "nobody", "--price", "1"])), Some(1), "no such key");
    let rotated = lines(&faceid(dir.path(), &["key", "rotate", &key, "--json"])).remove(0);
    assert_eq!(rotated["app_secret"].as_str().map(str::len), Some(64), "256 bits");
    assert_eq!(code(&faceid(dir.path(), &["key", "rotate", "nobody"])), Some(1), "no such key");
    assert!(lines(&faceid(dir.path(), &["notify", "list", "--json"])).is_empty(), "nothing to tell");
    assert_eq!(code(&faceid(dir.path(), &["notify", "resend", "nothing"])), Some(1), "no such notification");
}

#[test]
fn authority() {
    let dir = tempfile::tempdir().expect("folder");
    let (data, photos) = (dir.path().join("data"), dir.path().join("photos"));
    std::fs::create_dir(&photos).expect("folder");
    std::fs::write(photos.join("a.jpg"), b"face").expect("photo");
    let csv = dir.path().join("people.csv");
    let import = |text: &str| {
        std::fs::write(&csv, text).expect("csv");
        faceid(&data, &["authority", "import", "--csv", csv.to_str().expect("path"), "--photos", photos.to_str().expect("path"), "--json"])
    };
    assert_eq!(
        lines(&import(&format!("number,name,photo\n{NUMBER},{NAME},a.jpg\n11010519491231002x,\"Li, Si\",\n")))[0]["added"],
        2,
        "two people"
    );
    assert_eq!(code(&import(&format!("number,name,photo\n11010519491231002X,Wang,a.jpg\n{NUMBER}0,{NAME},\n"))), Some(1), "a bad number");
    assert_eq!(code(&import("number,name,photo\n11010519491231002X,Wang,missing.jpg\n")), Some(1), "a photo that is not there");
    assert_eq!(code(&import("number,photo\n1,2\n")), Some(1), "a column is missing");
    let listed = faceid(&data, &["authority", "list", "--json"]);
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    assert!(!text.contains(NUMBER) && !text.contains(NAME), "masked: {text}");
    let listed = lines(&listed);
    assert_eq!(
        (listed.len(), &listed[0]["photo_bytes"], &listed[1]["photo_bytes"]),
        (2, &Value::from(4), &Value::Null),
        "failed imports changed nothing: {listed:?}"
    );
    assert_eq!(code(&faceid(&data, &["authority", "add", "--number", "1", "--name", NAME])), Some(2), "bad number");
    assert_eq!(
        code(&faceid(&data, &["authority", "add", "--number", NUMBER, "--name", NAME, "--photo", "/nowhere.jpg"])),
        Some(3),
        "no such file"
    );
    assert_eq!(code(&faceid(&data, &["authority", "add", "--number", NUMBER, "--name", NAME])), Some(0), "replace");
}

#[tokio::test]
async fn sessions_results_bills_and_purge() {
    let world = World::new().await;
    let token = world.token().await;
    let mut page = Page::ready(&world, &token).await;
    assert_eq!(page.finalise().await.status.as_u16(), 200, "verdict");
    let data = world.folder.path();
    let listed = lines(&faceid(data, &["session", "list", "--json"]));
    assert_eq!((listed.len(), listed[0]["state"].as_str()), (1, Some("FINAL")), "{listed:?}");
    let shown = lines(&faceid(data, &["session", "show", &token, "--json"])).remove(0);
    assert_eq!((shown["steps"].as_array().map(Vec::len), &shown["verdict"]["code"]), (Some(4), &Value::from(1000)), "{shown}");
    assert_eq!(code(&faceid(data, &["session", "show", "nothing"])), Some(1), "unknown");
    // The world lives in 2018: its token is long due.
    assert_eq!(code(&faceid(data, &["result", &token])), Some(1), "nothing after a day");
    assert_eq!(lines(&faceid(data, &["bill", "--json"]))[0]["count"], 1, "one bill");
    let bill = |args: &[&str]| lines(&faceid(data, &[&["bill", "--json"], args].concat()));
    let day = bill(&["--by", "day"]).remove(0);
    assert_eq!((&day["period"], &day["code"], &day["units"]), (&"2018-07-25".into(), &1000.into(), &1.into()), "{day}");
    assert_eq!(bill(&["--by", "day", "--utc-offset", "-3"])[0]["period"], "2018-07-24", "02:28 UTC is the evening before");
    assert_eq!(bill(&["--by", "month", "--from", "2018-07-25", "--to", "2018-07-25"])[0]["period"], "2018-07", "the day itself");
    assert!(bill(&["--from", "2018-07-26"]).is_empty() && bill(&["--to", "2018-07-24"]).is_empty(), "other days");
    assert!(bill(&["--key", "other"]).is_empty(), "another key");
    assert_eq!(code(&faceid(data, &["bill", "--from", "yesterday"])), Some(2), "not a date");
    assert_eq!(lines(&faceid(data, &["purge", "--json"]))[0]["sessions"], 1, "erased");
    assert!(lines(&faceid(data, &["session", "list", "--json"])).is_empty(), "gone");
    assert_eq!(lines(&faceid(data, &["bill", "--json"]))[0]["code"], 1000, "bills stay");
}

#[test]
fn serve_refuses_unsafe_settings_and_a_missing_environment() {
    let dir = tempfile::tempdir().expect("folder");
    let data = dir.path().join("data");
    for args in [
        &["serve", "--accept-simulated"][..],
        &["serve", "--demo", "--listen", "0.0.0.0:0"],
        &["serve", "--listen", "0.0.0.0:0"],
        &["serve", "--demo-actions", "nod"],
        &["serve", "--demo", "--demo-actions", "jump"],
        &["serve", "--origin", "https://a.example"],
        &["serve", "--no-such-flag"],
    ] {
        assert_eq!(code(&faceid(&data, args)), Some(2), "{args:?}");
    }
    let no_models = dir.path().join("none");
    let no_models = no_models.to_str().expect("path");
    assert_eq!(code(&faceid(&data, &["serve", "--listen", "127.0.0.1:0", "--models", no_models])), Some(3), "no models");
    assert_eq!(code(&faceid(&data, &["doctor", "--models", no_models])), Some(3), "doctor says so");
    let config = dir.path().join("faceid.toml");
    std::fs::write(&config, "[sdk]\nunknown = 1\n").expect("config");
    assert_eq!(code(&faceid(&data, &["serve", "--config", config.to_str().expect("path")])), Some(2), "unknown setting");
    assert_eq!(code(&faceid(&data, &["serve", "--config", "/nowhere.toml"])), Some(3), "no such file");
    assert!(!data.join("key.json").exists(), "no demo key was left behind");
}

#[tokio::test]
async fn a_backup_answers_like_the_original() {
    let world = World::new().await;
    let token = world.token().await;
    let mut page = Page::ready(&world, &token).await;
    assert_eq!(page.finalise().await.status.as_u16(), 200, "verdict");
    let data = world.folder.path();
    let copy = data.join("copy");
    let to = copy.to_str().expect("path");
    if database::on_postgres() {
        assert_eq!(code(&faceid(data, &["backup", "--out", to])), Some(3), "PostgreSQL brings its own tools");
        return;
    }
    assert_eq!(lines(&faceid(data, &["backup", "--out", to, "--json"]))[0]["pictures"], 41, "while the service runs");
    assert_eq!(code(&faceid(data, &["backup", "--out", to])), Some(2), "never over an older one");
    assert!(!copy.join("keys").exists(), "without the keys");
    let master = data.join("keys");
    std::fs::create_dir(copy.join("keys")).expect("folder");
    for name in ["master.keys", "receipt.key"] {
        std::fs::copy(master.join(name), copy.join("keys").join(name)).expect("restored apart");
    }
    let store = crate::common::open(&copy).await;
    assert_eq!(store.verdict(&token).await.expect("verdict").map(|verdict| verdict.code), Some(1000), "the result");
    let picture = store.best_picture(&token).await.expect("picture").expect("one");
    assert_eq!(picture, b"face: best picture, full size", "opens with the keys");
    assert_eq!(lines(&faceid(&copy, &["audit", "verify", "--json"]))[0]["rows"], 1, "the trail came along");
}

#[tokio::test]
async fn erasure_audit_and_master_keys() {
    let world = World::new().await;
    let token = world.token().await;
    let mut page = Page::ready(&world, &token).await;
    assert_eq!(page.finalise().await.status.as_u16(), 200, "verdict");
    let data = world.folder.path();
    assert_eq!(code(&faceid(data, &["audit", "head"])), Some(1), "nothing is sealed yet");
    world.app.store.seal(faceid_protocol::Millis(1)).await.expect("seal");
    let head = faceid(data, &["audit", "head", "--json"]);
    let kept = data.join("seal.json");
    std::fs::write(&kept, &head.stdout).expect("kept");
    let receipt: faceid_cloud::vault::Receipt =
        serde_json::from_value(lines(&faceid(data, &["session", "erase", &token, "--json"])).remove(0)).expect("receipt");
    assert!(receipt.holds(), "{receipt:?}");
    assert_eq!(code(&faceid(data, &["session", "erase", &token])), Some(1), "once");
    let verified = lines(&faceid(data, &["audit", "verify", "--kept", kept.to_str().expect("path"), "--json"]));
    assert_eq!(
        (&verified[0]["rows"], &verified[0]["seals"], &verified[0]["fault"]),
        (&Value::from(2), &Value::from(1), &Value::Null),
        "{verified:?}"
    );
    let name = lines(&faceid(data, &["master-key", "rotate", "--json"]))[0]["master"].clone();
    let listed = lines(&faceid(data, &["master-key", "list", "--json"]));
    assert_eq!((listed.len(), &listed[0]["master"], &listed[1]["needed"]), (2, &name, &Value::Bool(false)), "{listed:?}");
}

#[tokio::test]
async fn the_management_port_tells_health_and_figures() {
    use tower::ServiceExt;
    let world = World::new().await;
    let token = world.token().await;
    let mut page = Page::ready(&world, &token).await;
    assert_eq!(page.finalise().await.status.as_u16(), 200, "verdict");
    let ask = async |path: &str| {
        let request = http::Request::get(path).body(axum::body::Body::empty()).expect("request");
        crate::common::Answer::of(faceid_cloud::management::router(world.app.clone()).oneshot(request).await.expect("infallible")).await
    };
    assert_eq!(ask("/health/live").await.text(), "live\n");
    let ready = ask("/health/ready").await;
    assert_eq!((ready.status.as_u16(), ready.text()), (200, "database ok\npictures ok\n".into()));
    let metrics = ask("/metrics").await.text();
    for line in [
        r#"faceid_calls_total{route="finalise",status="200"} 1"#,
        r#"faceid_calls_total{route="get_biz_token",status="200"} 1"#,
        r#"faceid_verdicts_total{code="1000"} 1"#,
        "faceid_queue 0",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
    for secret in [NAME, NUMBER, token.as_str(), crate::common::KEY] {
        assert!(!metrics.contains(secret), "{secret} is a label");
    }
    world.app.store.close().await;
    let ready = ask("/health/ready").await;
    assert_eq!(ready.status.as_u16(), 503, "no database: {}", ready.text());
    assert_eq!(ask("/health/live").await.status.as_u16(), 200, "alive all the same");
}
