//! The demo backend over real sockets: who may ask, what is served, where the secret and the token go.

use axum::{
    Json, Router,
    extract::{RawForm, RawQuery},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use faceid_client::{
    demo::{self, Config, Key, KeyError, Preset, StartError},
    gateway::{Signable, sign, string_to_sign},
};
use serde_json::{Value, json};
use std::{fs, net::SocketAddr, path::Path};
use tempfile::TempDir;

const SECRET: &str = "demo-secret-7f3a9c";
const TOKEN: &str = "1532485677,fb241f74-e4e0-4396-ad74-eb8c1764aa1b";

/// A customer-facing cloud as far as signatures go: it accepts what the documented rules accept.
fn authentic(headers: &HeaderMap, method: &str, path: &str, params: &[u8]) -> bool {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
    let params: Vec<(String, String)> = form_urlencoded::parse(params).into_owned().collect();
    let names = text("x-ca-signature-headers");
    let signed = string_to_sign(&Signable {
        method,
        accept: text("accept"),
        content_type: text("content-type"),
        headers: names.split(',').map(|name| (name, text(name))).collect(),
        path,
        params: params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        ..Signable::default()
    });
    names.contains("x-ca-timestamp") && text("x-ca-key") == "demo" && sign(SECRET, &signed) == text("x-ca-signature")
}

async fn get_biz_token(headers: HeaderMap, RawForm(form): RawForm) -> Response {
    if !authentic(&headers, "POST", "/face/v1.2/sdk/get_biz_token", &form) {
        return (StatusCode::FORBIDDEN, Json(json!({ "error": "AUTHENTICATION_ERROR" }))).into_response();
    }
    let number = form_urlencoded::parse(&form).find(|(name, _)| name == "idcard_number").map(|(_, value)| value.into_owned());
    if number.as_deref() != Some("110101199003074477") {
        return (StatusCode::BAD_REQUEST, Json(json!({ "error": "BAD_ARGUMENTS:idcard_number" }))).into_response();
    }
    Json(json!({ "request_id": "r", "time_used": 1, "biz_token": TOKEN })).into_response()
}

async fn get_result(headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    if !authentic(&headers, "GET", "/face/v1.2/sdk/get_result", query.as_bytes()) {
        return (StatusCode::FORBIDDEN, Json(json!({ "error": "INVALID_SIGN" }))).into_response();
    }
    Json(json!({ "request_id": "r", "time_used": 1, "biz_token": TOKEN, "result_code": 1000, "result_message": "SUCCESS" })).into_response()
}

async fn listen(app: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    serve(listener, app)
}

fn serve(listener: tokio::net::TcpListener, app: Router) -> SocketAddr {
    let address = listener.local_addr().expect("address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn page() -> TempDir {
    let folder = tempfile::tempdir().expect("folder");
    for (name, content) in
        [("index.html", "<!doctype html>"), ("a.js", "export {}"), ("b.wasm", "\0asm"), ("c.json", "{}"), ("d.onnx", "x"), ("e.css", "")]
    {
        fs::write(folder.path().join(name), content).expect("file");
    }
    folder
}

fn config(address: SocketAddr, files: &Path, cloud: &str, secret: &str) -> Config {
    Config {
        address,
        files: files.to_owned(),
        cloud: cloud.to_owned(),
        key: Key { app_key: "demo".into(), app_secret: secret.into() },
        presets: vec![Preset { name: "张三".into(), idcard_number: "110101199003074477".into() }],
        action_count: Some(3),
        timeout: None,
    }
}

struct Demo {
    base: String,
    _page: TempDir,
    http: reqwest::Client,
}

impl Demo {
    async fn start(secret: &str) -> Self {
        let cloud =
            Router::new().route("/face/v1.2/sdk/get_biz_token", post(get_biz_token)).route("/face/v1.2/sdk/get_result", get(get_result));
        let cloud = format!("http://{}", listen(cloud).await);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("address");
        let folder = page();
        let app = demo::app(config(address, folder.path(), &cloud, secret)).expect("app");
        serve(listener, app);
        Self { base: format!("http://{address}"), _page: folder, http: reqwest::Client::new() }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        self.http.get(format!("{}{path}", self.base)).send().await.expect("answer")
    }

    async fn start_session(&self, number: &str) -> (u16, Value) {
        let body = json!({ "name": "张三", "idcard_number": number });
        let request = self.http.post(format!("{}/api/start", self.base)).header("origin", &self.base).json(&body);
        let response = request.send().await.expect("answer");
        (response.status().as_u16(), response.json().await.expect("json"))
    }
}

#[tokio::test]
async fn a_page_starts_a_session_and_reads_its_result_by_handle() {
    let demo = Demo::start(SECRET).await;
    let (status, started) = demo.start_session("110101199003074477").await;
    assert_eq!((status, &started["biz_token"]), (200, &json!(TOKEN)), "{started}");
    let id = started["id"].as_str().expect("handle");
    assert_eq!(id.len(), 32, "128 bits");
    assert!(!TOKEN.contains(id), "the handle says nothing about the token");
    let result = demo.get(&format!("/api/result?id={id}")).await;
    assert_eq!(result.headers()["cache-control"], "no-store", "answers about a person are not kept");
    let result: Value = result.json().await.expect("json");
    assert_eq!((&result["result_code"], &result["result_message"]), (&json!(1000), &json!("SUCCESS")), "{result}");
    assert_eq!(demo.get("/api/result?id=0").await.status(), 404, "unknown handle");
    assert_eq!(demo.get("/api/result").await.status(), 400, "no handle");
}

#[tokio::test]
async fn refusals_of_the_cloud_are_told_without_details_of_the_key() {
    let demo = Demo::start(SECRET).await;
    let (status, refused) = demo.start_session("1").await;
    assert_eq!((status, &refused["error"]), (400, &json!("BAD_ARGUMENTS:idcard_number")), "{refused}");
    let wrong = Demo::start("another secret").await;
    let (status, refused) = wrong.start_session("110101199003074477").await;
    assert_eq!((status, &refused["error"]), (502, &json!("AUTHENTICATION_ERROR")), "{refused}");
}

#[tokio::test]
async fn strangers_are_refused() {
    let demo = Demo::start(SECRET).await;
    let get = |host: &str| demo.http.get(&demo.base).header("host", host).send();
    assert_eq!(get("evil.example").await.expect("answer").status(), 403, "rebound name");
    let post = |origin: Option<&str>| {
        let request = demo.http.post(format!("{}/api/start", demo.base)).json(&json!({ "name": "a", "idcard_number": "b" }));
        match origin {
            Some(origin) => request.header("origin", origin).send(),
            None => request.send(),
        }
    };
    for origin in [None, Some("null"), Some("http://evil.example")] {
        assert_eq!(post(origin).await.expect("answer").status(), 403, "{origin:?}");
    }
    let plain =
        demo.http.post(format!("{}/api/start", demo.base)).header("origin", &demo.base).body("{\"name\":\"a\",\"idcard_number\":\"b\"}");
    assert_eq!(plain.send().await.expect("answer").status(), 415, "a form of another site cannot send JSON");
    let long = demo
        .http
        .post(format!("{}/api/start", demo.base))
        .header("origin", &demo.base)
        .json(&json!({ "name": "x".repeat(5000), "idcard_number": "" }));
    assert_eq!(long.send().await.expect("answer").status(), 413, "bounded body");
}

#[tokio::test]
async fn files_have_types_policy_and_validators_and_nothing_holds_the_secret() {
    let demo = Demo::start(SECRET).await;
    for (path, kind) in [
        ("/", "text/html"),
        ("/a.js", "text/javascript"),
        ("/b.wasm", "application/wasm"),
        ("/c.json", "application/json"),
        ("/d.onnx", "application/octet-stream"),
        ("/e.css", "text/css"),
    ] {
        let response = demo.get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        assert!(header("content-type").starts_with(kind), "{path}: {}", header("content-type"));
        let policy = header("content-security-policy");
        assert!(
            policy.contains("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' http://127.0.0.1:"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-inline") && !policy.contains("data:"), "{policy}");
        assert_eq!((header("x-content-type-options"), header("cache-control")), ("nosniff".into(), "no-cache".into()), "{path}");
        let again = demo
            .http
            .get(format!("{}{path}", demo.base))
            .header("if-modified-since", header("last-modified"))
            .send()
            .await
            .expect("answer");
        assert_eq!(again.status(), 304, "{path}: unchanged files are not sent again");
    }
    let (_, started) = demo.start_session("110101199003074477").await;
    let id = started["id"].as_str().expect("handle").to_owned();
    let paths = [
        "/",
        "/a.js",
        "/c.json",
        "/api/config",
        "/api/result?id=0",
        &format!("/api/result?id={id}"),
        "/nothing",
        "/../key.json",
        "/%2e%2e/key.json",
        "/.env",
    ];
    for path in paths {
        let response = demo.get(path).await;
        let head = format!("{:?}", response.headers());
        let body = response.text().await.expect("text");
        assert!(!head.contains(SECRET) && !body.contains(SECRET), "{path}");
    }
    assert!(!started.to_string().contains(SECRET), "{started}");
}

#[test]
fn the_key_file_must_be_private_and_outside_the_page() {
    let folder = tempfile::tempdir().expect("folder");
    let served = page();
    let path = folder.path().join("key.json");
    fs::write(&path, json!({ "app_key": "demo", "app_secret": SECRET, "label": "ignored" }).to_string()).expect("file");
    set_mode(&path, 0o644);
    let error = Key::read(&path, served.path()).expect_err("readable by others");
    assert!(matches!(error, KeyError::Mode { mode: 0o644, .. }), "{error}");
    set_mode(&path, 0o600);
    let key = Key::read(&path, served.path()).expect("private");
    assert_eq!(key.app_secret, SECRET, "read");
    assert!(!format!("{key:?}").contains(SECRET), "not in logs");

    let inside = served.path().join("key.json");
    fs::copy(&path, &inside).expect("copy");
    set_mode(&inside, 0o600);
    assert!(matches!(Key::read(&inside, served.path()), Err(KeyError::Served(_))), "would be given away");
    fs::write(&path, SECRET).expect("file");
    let error = Key::read(&path, served.path()).expect_err("not JSON");
    assert!(matches!(error, KeyError::Content(_)) && !format!("{error:?}").contains(SECRET), "{error:?}");
    assert!(matches!(Key::read(&folder.path().join("none"), served.path()), Err(KeyError::Read(..))), "absent");
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("mode");
}

#[test]
fn unsafe_configurations_do_not_start() {
    let folder = page();
    let local: SocketAddr = "127.0.0.1:9000".parse().expect("address");
    let open: SocketAddr = "0.0.0.0:9000".parse().expect("address");
    let cloud = "http://127.0.0.1:8080";
    assert!(matches!(demo::app(config(open, folder.path(), cloud, SECRET)), Err(StartError::NotLoopback(_))), "reachable from elsewhere");
    assert!(matches!(demo::app(config(local, &folder.path().join("none"), cloud, SECRET)), Err(StartError::NoFiles(_))), "no page");
    assert!(matches!(demo::app(config(local, folder.path(), "http://a/b", SECRET)), Err(StartError::Cloud)), "not an origin");
    assert!(demo::app(config(local, folder.path(), cloud, SECRET)).is_ok(), "a safe one does");

    let inside = folder.path().join("lib");
    fs::create_dir(&inside).expect("folder");
    fs::write(inside.join("bundle.js"), format!("const k='{SECRET}'")).expect("file");
    let error = demo::app(config(local, folder.path(), cloud, SECRET)).err();
    assert!(matches!(&error, Some(StartError::SecretServed(file)) if file.ends_with("lib/bundle.js")), "{error:?}");
}
