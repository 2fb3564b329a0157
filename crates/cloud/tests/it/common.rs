//! Shared by the tests: a clock to move, a scripted judge, a signing client.
#![allow(dead_code, unreachable_pub, reason = "every test file uses its own part")]

use crate::database;
use axum::{Router, body::Body, response::Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use faceid_cloud::{
    App, DemoMode,
    authority::LocalRegistry,
    clock::Clock,
    config::Config,
    judging::{Assessment, Bundle, CueLine, Judging, JudgingError, Likeness, LiveFace, Liveness, PhotoFault, Recalled},
    limits::Pepper,
    peer::Peer,
    store::{NewKey, PersonRow, Store},
    vault::Vault,
};
use faceid_protocol::Millis;
use hmac::{Hmac, KeyInit, Mac};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use sha2::Sha256;
use std::{
    collections::BTreeMap,
    net::IpAddr,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use tempfile::TempDir;
use tower::ServiceExt;

/// A moment in 2018, that of the published sample.
pub const START: u64 = 1_532_485_677_000;
pub const KEY: &str = "203753385";
pub const SECRET: &str = "appSecret-test-0001";
pub const ORIGIN: &str = "https://shop.example";
pub const NAME: &str = "张三";
pub const NUMBER: &str = "110101199003074477";

#[derive(Debug)]
pub struct TestClock(AtomicU64);

impl TestClock {
    pub fn at(ms: u64) -> Self {
        Self(AtomicU64::new(ms))
    }

    pub fn advance_s(&self, seconds: u64) {
        self.advance_ms(seconds * 1000);
    }

    pub fn advance_ms(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    pub fn set(&self, ms: u64) {
        self.0.store(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Millis {
        Millis(self.0.load(Ordering::SeqCst))
    }
}

/// What the scripted judge answers.
#[derive(Debug, Clone)]
pub struct Script {
    pub liveness: Liveness,
    /// Confidence against any photo that shows a face.
    pub confidence: f64,
    /// Fails this many times before it answers.
    pub failures: u32,
    /// Panics instead of answering.
    pub panics: bool,
    /// Takes this long.
    pub delay_ms: u64,
    /// How the face moved; the same bytes in a later attempt are a recording.
    pub motion: Option<Vec<u8>>,
}

impl Default for Script {
    fn default() -> Self {
        Self { liveness: Liveness::Live, confidence: 83.23666, failures: 0, panics: false, delay_ms: 0, motion: None }
    }
}

/// Photos are texts here: `face…` shows a face, `blank…` shows none, `huge…` is too large, all else is no picture.
#[derive(Debug, Default)]
pub struct ScriptedJudge {
    pub script: Mutex<Script>,
    pub runs: AtomicU64,
    /// How long a photo check takes; lowered, it lets go of those under way.
    pub photo_delay_ms: AtomicU64,
    /// Photo checks begun.
    pub photos: AtomicU64,
}

fn photo(bytes: &[u8]) -> Result<(), PhotoFault> {
    match bytes {
        b if b.starts_with(b"face") => Ok(()),
        b if b.starts_with(b"blank") => Err(PhotoFault::NoFace),
        b if b.starts_with(b"huge") => Err(PhotoFault::TooLarge),
        _ => Err(PhotoFault::Unreadable),
    }
}

pub fn thresholds() -> BTreeMap<&'static str, f64> {
    BTreeMap::from([("1e-3", 62.168713), ("1e-4", 69.31534), ("1e-5", 74.39926), ("1e-6", 78.038055)])
}

impl Judging for ScriptedJudge {
    fn check_photo(&self, bytes: &[u8], _: bool) -> Result<(), PhotoFault> {
        self.photos.fetch_add(1, Ordering::SeqCst);
        let begun = std::time::Instant::now();
        while begun.elapsed().as_millis() < u128::from(self.photo_delay_ms.load(Ordering::SeqCst)) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        photo(bytes)
    }

    fn assess(&self, bundle: &Bundle) -> Result<Box<dyn Assessment>, JudgingError> {
        self.runs.fetch_add(1, Ordering::SeqCst);
        assert!(!bundle.neutral.is_empty() && !bundle.actions.is_empty(), "the service hands over all steps");
        let script = {
            let mut script = self.script.lock().expect("script");
            let now = script.clone();
            script.failures = script.failures.saturating_sub(1);
            now
        };
        std::thread::sleep(std::time::Duration::from_millis(script.delay_ms));
        assert!(!script.panics, "scripted panic");
        if script.failures > 0 {
            return Err(JudgingError("scripted".into()));
        }
        Ok(Box::new(Scripted(script)))
    }

    fn rules(&self) -> &str {
        "scripted"
    }
}

struct Scripted(Script);

impl Assessment for Scripted {
    fn liveness(&self) -> Liveness {
        self.0.liveness
    }

    fn cues(&self) -> Vec<CueLine> {
        vec![CueLine { name: "returning_frames".into(), measured: true, score: Some(0.1), reason: None }]
    }

    fn motion(&self) -> Option<Vec<u8>> {
        self.0.motion.clone()
    }

    fn recall(&self, earlier: &[Vec<u8>]) -> Option<Recalled> {
        let returned = earlier.contains(self.0.motion.as_ref()?);
        let line = CueLine { name: "returning_motion".into(), measured: true, score: Some(f64::from(u8::from(returned))), reason: None };
        Some(Recalled { line, is_attack: returned })
    }

    fn face(&self) -> Option<&dyn LiveFace> {
        matches!(self.0.liveness, Liveness::Live | Liveness::FakeFace).then_some(self as &dyn LiveFace)
    }
}

impl LiveFace for Scripted {
    fn compare(&self, bytes: &[u8], _: bool) -> Result<Likeness, PhotoFault> {
        photo(bytes).map(|()| Likeness { confidence: self.0.confidence, thresholds: thresholds() })
    }
}

/// A whole service on a temporary database.
pub struct World {
    pub app: App,
    pub router: Router,
    pub clock: Arc<TestClock>,
    pub judge: Arc<ScriptedJudge>,
    pub folder: TempDir,
    /// Where requests come from.
    pub peer: Mutex<Option<IpAddr>>,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Config::default(), false).await
    }

    pub async fn with(config: Config, simulated: bool) -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let world = Self::on(folder, config, simulated).await;
        world
            .app
            .store
            .add_key(
                &NewKey {
                    app_key: KEY.into(),
                    app_secret: SECRET.into(),
                    app_code: Some("code-0001".into()),
                    label: "test".into(),
                    native: false,
                    daily_quota: None,
                    origins: vec![ORIGIN.into()],
                },
                Millis(START),
            )
            .await
            .expect("key");
        world.person(NUMBER, NAME, Some(b"face of the authority")).await;
        world
    }

    /// On a folder that may hold a database already: a restart.
    pub async fn on(folder: TempDir, config: Config, simulated: bool) -> Self {
        let store = open(folder.path()).await;
        Self::of(folder, store, config, simulated)
    }

    /// Empty, with the pictures somewhere else.
    pub async fn with_vault(folder: TempDir, vault: impl FnOnce(&TempDir) -> Vault) -> Self {
        let vault = vault(&folder);
        let store = open_with(folder.path(), vault).await;
        Self::of(folder, store, Config::default(), false)
    }

    fn of(folder: TempDir, store: Store, config: Config, simulated: bool) -> Self {
        let clock = Arc::new(TestClock(AtomicU64::new(START)));
        let judge = Arc::new(ScriptedJudge::default());
        let app = App::new(
            store.clone(),
            clock.clone(),
            config,
            judge.clone(),
            Arc::new(LocalRegistry(store)),
            DemoMode { simulated, ..DemoMode::default() },
        )
        .with_pepper(Pepper::new([7; 32]));
        Self { router: faceid_cloud::router(app.clone()), app, clock, judge, folder, peer: Mutex::default() }
    }

    pub async fn person(&self, number: &str, name: &str, photo: Option<&[u8]>) {
        let row = PersonRow { idcard_number: number.into(), name: name.into(), photo: photo.map(<[u8]>::to_vec) };
        self.app.store.put_people(&[row], Millis(START)).await.expect("person");
    }

    pub fn script(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.judge.script.lock().expect("script"));
    }

    pub fn clock_now(&self) -> Millis {
        self.clock.now()
    }

    /// From now on requests come from this address.
    pub fn come_from(&self, address: Option<IpAddr>) {
        *self.peer.lock().expect("peer") = address;
    }

    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        if let Some(address) = *self.peer.lock().expect("peer") {
            request.extensions_mut().insert(Peer(address));
        }
        Answer::of(self.router.clone().oneshot(request).await.expect("infallible")).await
    }

    pub fn signed(&self) -> Client<'_> {
        Client { world: self, key: KEY.into(), secret: SECRET.into() }
    }

    /// A fresh token with the usual parameters.
    pub async fn token(&self) -> String {
        self.token_with(&[]).await
    }

    pub async fn token_with(&self, extra: &[(&str, &str)]) -> String {
        let mut form = usual();
        form.extend(extra.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        let answer = self.signed().post_form(&form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()["biz_token"].as_str().expect("biz_token").to_owned()
    }

    pub async fn result(&self, biz_token: &str, verbose: bool) -> Answer {
        let query = if verbose { "&verbose=1" } else { "" };
        self.signed().get(&format!("/face/v1.2/sdk/get_result?biz_token={}{query}", biz_token.replace(',', "%2C"))).await
    }

    /// The code and message that get_result reports.
    pub async fn outcome(&self, biz_token: &str) -> (u64, String) {
        let answer = self.result(biz_token, false).await;
        let json = answer.json();
        (json["result_code"].as_u64().unwrap_or_default(), json["result_message"].as_str().unwrap_or_default().to_owned())
    }
}

/// The store of a data folder, on the database that this test binary is for.
pub async fn open(folder: &Path) -> Store {
    let vault = Vault::open(&folder.join("pictures").display().to_string(), &folder.join("keys")).expect("pictures");
    open_with(folder, vault).await
}

/// The same with the pictures somewhere else.
pub async fn open_with(folder: &Path, vault: Vault) -> Store {
    match database::url_of(folder) {
        Some(url) => Store::connect(&url, 8, vault).await,
        None => Store::open_with(folder, vault).await,
    }
    .expect("database")
}

pub fn usual() -> Vec<(String, String)> {
    [("liveness_type", "meglive"), ("idcard_name", NAME), ("idcard_number", NUMBER)].map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec()
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub async fn of(response: Response) -> Self {
        let (head, body) = response.into_parts();
        Self { status: head.status, headers: head.headers, body: body.collect().await.expect("body").to_bytes().to_vec() }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
    }
}

/// A client of the public API, written from the rules and not from the server's code.
pub struct Client<'a> {
    pub world: &'a World,
    pub key: String,
    pub secret: String,
}

static NONCE: AtomicU64 = AtomicU64::new(1);

pub fn encode_form(pairs: &[(String, String)]) -> String {
    let escape = |text: &str| {
        text.bytes().map(|b| if b.is_ascii_alphanumeric() { (b as char).to_string() } else { format!("%{b:02X}") }).collect::<String>()
    };
    pairs.iter().map(|(k, v)| format!("{}={}", escape(k), escape(v))).collect::<Vec<_>>().join("&")
}

pub fn hmac_base64(secret: &str, text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key length");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

impl Client<'_> {
    /// Signs: `pairs` are the merged parameters, decoded.
    pub fn request(
        &self,
        method: &str,
        target: &str,
        content_type: &str,
        body: Vec<u8>,
        pairs: &[(String, String)],
        content_md5: Option<String>,
    ) -> Request<Body> {
        let timestamp = self.world.clock.now().0.to_string();
        let nonce = format!("nonce-{}", NONCE.fetch_add(1, Ordering::SeqCst));
        let mut sorted: BTreeMap<&str, &str> = BTreeMap::new();
        for (k, v) in pairs {
            sorted.entry(k).or_insert(v);
        }
        let joined: Vec<String> = sorted.iter().map(|(k, v)| if v.is_empty() { (*k).to_string() } else { format!("{k}={v}") }).collect();
        let path = target.split('?').next().unwrap_or_default();
        let path_and = if joined.is_empty() { path.to_owned() } else { format!("{path}?{}", joined.join("&")) };
        let md5 = content_md5.clone().unwrap_or_default();
        let text = format!(
            "{method}\napplication/json\n{md5}\n{content_type}\n\nx-ca-key:{}\nx-ca-nonce:{nonce}\nx-ca-timestamp:{timestamp}\n{path_and}",
            self.key
        );
        let mut builder = Request::builder()
            .method(method)
            .uri(target)
            .header("accept", "application/json")
            .header("x-ca-key", &self.key)
            .header("x-ca-nonce", &nonce)
            .header("x-ca-timestamp", &timestamp)
            .header("x-ca-signature-headers", "x-ca-key,x-ca-nonce,x-ca-timestamp")
            .header("x-ca-signature", hmac_base64(&self.secret, &text));
        if !content_type.is_empty() {
            builder = builder.header("content-type", content_type);
        }
        if let Some(md5) = content_md5 {
            builder = builder.header("content-md5", md5);
        }
        builder.body(Body::from(body)).expect("request")
    }

    pub async fn post_form(&self, form: &[(String, String)]) -> Answer {
        self.world.send(self.form_request(form)).await
    }

    pub fn form_request(&self, form: &[(String, String)]) -> Request<Body> {
        self.request(
            "POST",
            "/face/v1.2/sdk/get_biz_token",
            "application/x-www-form-urlencoded; charset=UTF-8",
            encode_form(form).into_bytes(),
            form,
            None,
        )
    }

    pub async fn get(&self, target: &str) -> Answer {
        let query = target.split_once('?').map(|(_, q)| q).unwrap_or_default();
        let pairs: Vec<(String, String)> = query
            .split('&')
            .filter(|piece| !piece.is_empty())
            .map(|piece| piece.split_once('=').unwrap_or((piece, "")))
            .map(|(k, v)| (k.to_owned(), v.replace("%2C", ",")))
            .collect();
        self.world.send(self.request("GET", target, "", Vec::new(), &pairs, None)).await
    }
}
