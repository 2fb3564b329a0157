//! The HTTP authority source against a real server on this machine that answers well, badly, slowly or not at all.

use crate::{
    common::{NAME, NUMBER, World},
    page::Page,
};
use axum::{Router, body::Bytes, extract::State, response::Response, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use faceid_cloud::{
    App, DemoMode,
    authority::{Answer, AuthorityConfig, AuthoritySource, BreakerParams, HttpSource, SetupError, SourceError},
    config::Config,
};
use faceid_protocol::Millis;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// What the authority does next; the last entry is repeated.
type Script = Vec<fn() -> (u16, String, u64)>;

#[derive(Default)]
struct Desk {
    script: Mutex<Script>,
    /// Requests in the order of arrival: headers and body.
    seen: Mutex<Vec<(HeaderMap, Value)>>,
}

struct Authority {
    desk: Arc<Desk>,
    url: String,
}

async fn answer(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    desk.seen.lock().expect("seen").push((headers, serde_json::from_slice(&body).expect("JSON body")));
    let next = {
        let mut script = desk.script.lock().expect("script");
        if script.len() > 1 { script.remove(0) } else { script[0] }
    };
    let (status, body, delay_ms) = next();
    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).expect("status");
    response
}

impl Authority {
    async fn open() -> Self {
        let desk = Arc::new(Desk::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
        let url = format!("http://{}/ask", listener.local_addr().expect("address"));
        let router = Router::new().route("/ask", post(answer)).with_state(Arc::clone(&desk));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { desk, url }
    }

    fn says(&self, script: &[fn() -> (u16, String, u64)]) {
        *self.desk.script.lock().expect("script") = script.to_vec();
        self.desk.seen.lock().expect("seen").clear();
    }

    fn asked(&self) -> usize {
        self.desk.seen.lock().expect("seen").len()
    }

    fn config(&self) -> AuthorityConfig {
        AuthorityConfig { url: Some(self.url.clone()), timeout_ms: 2000, backoff_ms: 20, total_ms: 9000, ..AuthorityConfig::default() }
    }
}

fn source(world: &World, config: &AuthorityConfig) -> Arc<HttpSource> {
    Arc::new(HttpSource::new(config, world.clock.clone()).expect("source"))
}

fn status(status: &str) -> (u16, String, u64) {
    (200, json!({ "status": status }).to_string(), 0)
}

fn photo(bytes: &[u8]) -> (u16, String, u64) {
    (200, json!({ "status": "match", "photo": STANDARD.encode(bytes) }).to_string(), 0)
}

#[tokio::test]
async fn every_answer_and_failure_ends_in_its_3000_row() {
    let authority = Authority::open().await;
    type Case = (&'static str, fn() -> (u16, String, u64), u64, &'static str);
    let cases: [Case; 17] = [
        ("a photo of the same face", || photo(b"face of the authority"), 51_000, "SUCCESS"),
        ("unknown number", || status("unknown_number"), 53_000, "NO_ID_CARD_NUMBER"),
        ("404 as the contract has it", || (404, json!({ "status": "unknown_number" }).to_string(), 0), 53_000, "NO_ID_CARD_NUMBER"),
        ("another name", || status("other_name"), 53_000, "ID_NUMBER_NAME_NOT_MATCH"),
        ("no photo", || status("no_photo"), 53_000, "NO_ID_PHOTO"),
        ("a match without a photo", || status("match"), 53_000, "NO_ID_PHOTO"),
        ("a photo that is no picture", || photo(b"not a picture"), 53_000, "PHOTO_FORMAT_ERROR"),
        ("a photo that is no base64", || (200, json!({ "status": "match", "photo": "!!!" }).to_string(), 0), 53_000, "PHOTO_FORMAT_ERROR"),
        ("a photo over 2 MB", || photo(&vec![b'f'; 2 * 1024 * 1024 + 1]), 53_000, "PHOTO_FORMAT_ERROR"),
        ("a photo without a face", || photo(b"blank wall"), 53_000, "NO_FACE_FOUND"),
        ("a page that says 404", || (404, "<h1>Not Found</h1>".into(), 0), 53_000, "DATA_SOURCE_ERROR"),
        ("a status we do not know", || status("maybe"), 53_000, "DATA_SOURCE_ERROR"),
        ("not JSON", || (200, "match".into(), 0), 53_000, "DATA_SOURCE_ERROR"),
        ("an endless reply", || (200, "x".repeat(4 * 1024 * 1024), 0), 53_000, "DATA_SOURCE_ERROR"),
        ("refused", || (401, String::new(), 0), 53_000, "DATA_SOURCE_ERROR"),
        ("failing", || (500, String::new(), 0), 53_000, "DATA_SOURCE_ERROR"),
        ("too slow", || (200, json!({ "status": "no_photo" }).to_string(), 30_000), 53_000, "DATA_SOURCE_ERROR"),
    ];
    for (name, reply, code, message) in cases {
        let mut world = World::new().await;
        authority.says(&[reply]);
        let mut config = Config::default();
        // Long enough for the slowest case on a busy machine.
        config.sdk.finalise_wait_s = 60;
        let app = App::new(
            world.app.store.clone(),
            world.clock.clone(),
            config,
            world.judge.clone(),
            source(&world, &AuthorityConfig { attempts: 2, ..authority.config() }),
            DemoMode::default(),
        );
        world.router = faceid_cloud::router(app);
        let token = world.token().await;
        let mut page = Page::ready(&world, &token).await;
        let verdict = page.finalise().await.json();
        assert_eq!((verdict["code"].as_u64(), verdict["message"].as_str()), (Some(code), Some(message)), "{name}");
        let billed = world.app.store.bills(Millis(0)).await.expect("bills");
        assert_eq!(billed.iter().map(|bill| bill.count).sum::<u64>(), 1, "{name}: one bill");
        let seen = authority.desk.seen.lock().expect("seen");
        assert_eq!(seen[0].1, json!({ "number": NUMBER, "name": NAME }), "{name}: what was asked");
    }
}

#[tokio::test]
async fn a_token_a_key_and_retries() {
    let world = World::new().await;
    let authority = Authority::open().await;
    let token_file = world.folder.path().join("token");
    std::fs::write(&token_file, "secret-of-the-authority\n").expect("token");
    let config = AuthorityConfig { token_file: Some(token_file), ..authority.config() };
    let source = source(&world, &config);
    authority.says(&[|| (503, String::new(), 0), || (429, String::new(), 0), || photo(b"face")]);
    assert_eq!(source.ask(NUMBER, NAME).await, Ok(Answer::Photo(b"face".to_vec())), "the third attempt");
    let seen = authority.desk.seen.lock().expect("seen").clone();
    let keys: Vec<&str> = seen.iter().map(|(headers, _)| headers["idempotency-key"].to_str().expect("text")).collect();
    assert_eq!((keys.len(), keys[0].len()), (3, 32), "{keys:?}");
    assert!(keys.iter().all(|key| *key == keys[0]), "one key for all attempts of a question: {keys:?}");
    assert_eq!(seen[0].0["authorization"], "Bearer secret-of-the-authority", "the token, without its line end");

    authority.says(&[|| (400, String::new(), 0)]);
    assert_eq!((source.ask(NUMBER, NAME).await, authority.asked()), (Err(SourceError), 1), "what would fail again is not repeated");
    authority.says(&[|| (500, String::new(), 0)]);
    assert_eq!((source.ask(NUMBER, NAME).await, authority.asked()), (Err(SourceError), 3), "three attempts at most");
    authority.says(&[|| (200, String::new(), 30_000)]);
    let hurried =
        HttpSource::new(&AuthorityConfig { timeout_ms: 300, total_ms: 450, ..authority.config() }, world.clock.clone()).expect("source");
    let begun = Instant::now();
    assert_eq!(hurried.ask(NUMBER, NAME).await, Err(SourceError), "slow");
    assert!(
        begun.elapsed() < Duration::from_secs(5) && authority.asked() <= 2,
        "the whole question has its own limit: {:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn a_source_that_keeps_failing_is_left_alone_and_tried_by_one() {
    let world = World::new().await;
    let authority = Authority::open().await;
    let config = AuthorityConfig { attempts: 1, breaker: BreakerParams { failures: 3, open_s: 30 }, ..authority.config() };
    let source = source(&world, &config);
    authority.says(&[|| (500, String::new(), 0)]);
    for _ in 0..10 {
        assert_eq!(source.ask(NUMBER, NAME).await, Err(SourceError), "down");
    }
    assert_eq!(authority.asked(), 3, "asked three times, then left alone");
    world.clock.advance_s(30);
    authority.says(&[|| (200, json!({ "status": "no_photo" }).to_string(), 150)]);
    let (one, two) = tokio::join!(source.ask(NUMBER, NAME), source.ask(NUMBER, NAME));
    assert_eq!((one, two, authority.asked()), (Ok(Answer::NoPhoto), Err(SourceError), 1), "one caller tries");
    assert_eq!(source.ask(NUMBER, NAME).await, Ok(Answer::NoPhoto), "it is back for everybody");
}

#[tokio::test]
async fn nobody_there_and_addresses_that_are_not_asked() {
    let world = World::new().await;
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("port");
        format!("http://{}/ask", listener.local_addr().expect("address"))
    };
    let config = |url: &str| AuthorityConfig { url: Some(url.to_owned()), attempts: 2, backoff_ms: 1, ..AuthorityConfig::default() };
    assert_eq!(source(&world, &config(&gone)).ask(NUMBER, NAME).await, Err(SourceError), "no connection");
    for bad in ["", "authority.example", "http://authority.example/ask", "ftp://authority.example/", "https://user@authority.example/"] {
        let made = HttpSource::new(&config(bad), world.clock.clone());
        assert!(matches!(made, Err(SetupError::Url)), "{bad}: {made:?}");
    }
    assert!(HttpSource::new(&config("https://authority.example/ask"), world.clock.clone()).is_ok(), "https");
    let no_token = AuthorityConfig { token_file: Some("/nowhere/token".into()), ..config(&gone) };
    assert!(matches!(HttpSource::new(&no_token, world.clock.clone()), Err(SetupError::File { .. })), "a token that is not there");
    let shown = format!("{:?}", source(&world, &config(&gone)));
    assert!(!shown.contains("127.0.0.1"), "no address in what may be logged: {shown}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let world = World::new().await;
    let authority = Authority::open().await;
    authority.says(&[|| (307, String::new(), 0), || photo(b"face")]);
    assert_eq!(
        (source(&world, &authority.config()).ask(NUMBER, NAME).await, authority.asked()),
        (Err(SourceError), 1),
        "a name and a number go to one address only"
    );
}
