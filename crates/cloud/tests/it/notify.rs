//! Notifications: written with the verdict, signed, retried, and posted only where posting is safe.

use crate::{
    common::{KEY, NAME, NUMBER, World},
    page::Page,
};
use axum::{Router, body::Bytes, extract::State, response::Response, routing::post};
use base64::{Engine, engine::general_purpose::STANDARD};
use faceid_cloud::{
    accounts::Account,
    config::Config,
    judging::Liveness,
    notify::{Looking, Lookup, Notifier, NotifyConfig, Round, Style, Target, shown_secret},
};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use std::{
    net::IpAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

const SECRET: [u8; 32] = [9; 32];

#[derive(Default)]
struct Inbox {
    answers: Mutex<Vec<(u16, u64)>>,
    seen: Mutex<Vec<(HeaderMap, Vec<u8>)>>,
}

/// A customer's server.
struct Shop {
    inbox: Arc<Inbox>,
    port: u16,
}

async fn receive(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> Response {
    inbox.seen.lock().expect("seen").push((headers, body.to_vec()));
    let (status, delay_ms) = {
        let mut answers = inbox.answers.lock().expect("answers");
        if answers.is_empty() { (204, 0) } else { answers.remove(0) }
    };
    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    let mut response = Response::new("x".repeat(if status == 200 { 1 << 20 } else { 0 }).into());
    *response.status_mut() = StatusCode::from_u16(status).expect("status");
    if status == 307 {
        response.headers_mut().insert("location", "/hook".parse().expect("value"));
    }
    response
}

impl Shop {
    async fn open() -> Self {
        let inbox = Arc::new(Inbox::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
        let port = listener.local_addr().expect("address").port();
        let router = Router::new().route("/hook", post(receive)).with_state(Arc::clone(&inbox));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inbox, port }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    fn answers(&self, list: &[(u16, u64)]) {
        *self.inbox.answers.lock().expect("answers") = list.to_vec();
    }

    fn seen(&self) -> Vec<(HeaderMap, Vec<u8>)> {
        self.inbox.seen.lock().expect("seen").clone()
    }
}

fn settings() -> NotifyConfig {
    NotifyConfig { allow_loopback: true, timeout_ms: 2000, ..NotifyConfig::default() }
}

async fn subscribe(world: &World, url: &str, style: Style) {
    world.app.store.put_account(KEY, &Account::default()).await.expect("account");
    let target = Target { url: url.to_owned(), style, secret: SECRET.to_vec() };
    world.app.store.set_notify_target(KEY, Some(&target)).await.expect("target");
}

async fn finished(world: &World) -> String {
    let token = world.token_with(&[("biz_no", "order-1")]).await;
    assert_eq!(Page::ready(world, &token).await.finalise().await.status.as_u16(), 200, "verdict");
    token
}

fn round(delivered: u32, postponed: u32, given_up: u32) -> Round {
    Round { delivered, postponed, given_up }
}

#[tokio::test]
async fn a_verdict_is_announced_once_and_signed_as_the_specification_says() {
    let (world, shop) = (World::new().await, Shop::open().await);
    subscribe(&world, &shop.url(), Style::Standard).await;
    let notifier = Notifier::system(&settings()).expect("notifier");
    let token = finished(&world).await;
    assert_eq!(notifier.round(&world.app).await.expect("round"), round(1, 0, 0), "delivered");
    assert_eq!(notifier.round(&world.app).await.expect("round"), Round::default(), "once");

    let (headers, body) = shop.seen().remove(0);
    let text = String::from_utf8(body.clone()).expect("text");
    let sent: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(
        sent,
        json!({ "type": "session.finished", "timestamp": "2018-07-25T02:28:05Z",
            "data": { "biz_token": token, "biz_no": "order-1", "result_code": 1000, "result_message": "SUCCESS" } }),
        "what is said"
    );
    assert!(!text.contains(NAME) && !text.contains(NUMBER), "nothing of the person: {text}");
    let header = |name: &str| headers[name].to_str().expect("text").to_owned();
    let mut mac = Hmac::<Sha256>::new_from_slice(&SECRET).expect("any key length");
    mac.update(format!("{}.{}.{text}", header("webhook-id"), header("webhook-timestamp")).as_bytes());
    assert_eq!(header("webhook-signature"), format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())), "signature");
    assert!(header("webhook-id").starts_with("msg_") && !header("webhook-id").contains(&token), "an id that is not the token");
    assert_eq!(header("content-type"), "application/json", "kind");
    assert!(shown_secret(&SECRET).starts_with("whsec_"), "as receivers' libraries take it");
}

#[tokio::test]
async fn every_end_of_a_session_is_announced_and_unsubscribed_keys_are_not() {
    let (world, shop) = (World::new().await, Shop::open().await);
    let notifier = Notifier::system(&settings()).expect("notifier");
    drop(finished(&world).await);
    assert_eq!(notifier.round(&world.app).await.expect("round"), Round::default(), "nobody asked");
    subscribe(&world, &shop.url(), Style::Standard).await;
    world.script(|s| s.liveness = Liveness::FakeFace);
    drop(finished(&world).await);
    let cancelled = world.token().await;
    assert_eq!(Page::open(&world, &cancelled).await.call("POST", "cancel", b"{}").await.status.as_u16(), 200, "cancel");
    let late = world.token().await;
    drop(Page::open(&world, &late).await);
    world.clock.advance_s(200);
    faceid_cloud::upkeep::round(&world.app).await.expect("upkeep");
    assert_eq!(notifier.round(&world.app).await.expect("round"), round(3, 0, 0), "attack, cancel, time-out");
    let mut messages: Vec<String> = shop
        .seen()
        .iter()
        .map(|(_, body)| serde_json::from_slice::<Value>(body).expect("JSON")["data"]["result_message"].as_str().expect("text").to_owned())
        .collect();
    messages.sort();
    assert_eq!(messages, ["FAIL_LIVING_FACE_ATTACK", "USER_CANCELLATION", "USER_TIMEOUT"], "their rows");
}

#[tokio::test]
async fn the_older_form_is_a_form_with_data_and_sign() {
    let (world, shop) = (World::new().await, Shop::open().await);
    subscribe(&world, &shop.url(), Style::Sha1).await;
    let token = finished(&world).await;
    assert_eq!(Notifier::system(&settings()).expect("notifier").round(&world.app).await.expect("round"), round(1, 0, 0), "delivered");
    let (_, body) = shop.seen().remove(0);
    let pairs = faceid_cloud::sign::form_decode(&body);
    let value =
        |name: &str| String::from_utf8(pairs.iter().find(|(key, _)| key == name.as_bytes()).expect("field").1.clone()).expect("text");
    let expected = hex::encode(Sha1::digest(format!("{}{}", shown_secret(&SECRET), value("data"))));
    assert_eq!(value("sign"), expected, "SHA-1 of secret and data");
    assert_eq!(serde_json::from_str::<Value>(&value("data")).expect("JSON")["biz_token"], json!(token), "data");
}

#[tokio::test]
async fn failures_are_retried_on_schedule_and_given_up_in_the_end() {
    let (world, shop) = (World::new().await, Shop::open().await);
    subscribe(&world, &shop.url(), Style::Standard).await;
    let notifier = Notifier::system(&settings()).expect("notifier");
    let token = finished(&world).await;
    shop.answers(&[(500, 0), (307, 0), (200, 30_000), (404, 0), (204, 0)]);
    // after each failure: nothing before the pause is over, one attempt when it is
    for pause in [5, 300, 1800, 7200] {
        assert_eq!(notifier.round(&world.app).await.expect("round"), round(0, 1, 0), "failed, pause of {pause} s");
        world.clock.advance_s(pause - 1);
        assert_eq!(notifier.round(&world.app).await.expect("round"), Round::default(), "not yet");
        world.clock.advance_s(1);
    }
    assert_eq!(notifier.round(&world.app).await.expect("round"), round(1, 0, 0), "delivered at last");
    let seen = shop.seen();
    let ids: Vec<_> = seen.iter().map(|(headers, _)| headers["webhook-id"].clone()).collect();
    assert!(ids.len() == 5 && ids.iter().all(|id| *id == ids[0]), "the redirect was not followed; one id for all attempts: {ids:?}");
    let line = world.app.store.notices(10).await.expect("notices").remove(0);
    assert_eq!(
        (line.biz_token, line.state.as_str(), line.attempts, line.last.as_deref()),
        (token.clone(), "delivered", 5, Some("204")),
        "for the operator"
    );

    assert!(world.app.store.resend_notice(&token, faceid_cloud::clock::Clock::now(&*world.clock)).await.expect("resend"), "again");
    shop.answers(&[(410, 0)]);
    assert_eq!(notifier.round(&world.app).await.expect("round"), round(0, 0, 1), "a receiver that is gone is not asked again");
    assert!(world.app.store.resend_notice(&token, faceid_cloud::clock::Clock::now(&*world.clock)).await.expect("resend"), "once more");
    shop.answers(&[(200, 0)]);
    assert_eq!(
        notifier.round(&world.app).await.expect("round"),
        round(1, 0, 0),
        "a reply of a megabyte is not read, and taken all the same"
    );

    let world = World::new().await;
    subscribe(&world, &shop.url(), Style::Standard).await;
    drop(finished(&world).await);
    shop.answers(&[(500, 0); 7]);
    for pause in [5, 300, 1800, 7200, 18_000, 36_000] {
        assert_eq!(notifier.round(&world.app).await.expect("round"), round(0, 1, 0), "still trying");
        world.clock.advance_s(pause);
    }
    assert_eq!(notifier.round(&world.app).await.expect("round"), round(0, 0, 1), "given up within the day that results live");
}

#[tokio::test]
async fn a_node_that_dies_leaves_its_attempt_to_others_and_two_nodes_do_not_double_it() {
    let (world, shop) = (World::new().await, Shop::open().await);
    subscribe(&world, &shop.url(), Style::Standard).await;
    drop(finished(&world).await);
    let now = faceid_cloud::clock::Clock::now(&*world.clock);
    let notice = world.app.store.due_notices(now, 1).await.expect("due").remove(0);
    assert!(
        world.app.store.claim_notice(&notice, now.plus(faceid_protocol::Millis(800))).await.expect("claim"),
        "claimed, then the node dies"
    );
    assert!(!world.app.store.claim_notice(&notice, now.plus(faceid_protocol::Millis(800))).await.expect("claim"), "nobody claims it twice");
    let notifier = Notifier::system(&settings()).expect("notifier");
    assert_eq!(notifier.round(&world.app).await.expect("round"), Round::default(), "its time still runs");
    world.clock.advance_ms(800);
    let (one, two) = tokio::join!(notifier.round(&world.app), notifier.round(&world.app));
    let (one, two) = (one.expect("round"), two.expect("round"));
    assert_eq!((one.delivered + two.delivered, shop.seen().len()), (1, 1), "delivered by one of two");
}

/// A name service that changes its mind: public when it is asked first, loopback afterwards.
struct Rebinding {
    asked: AtomicU32,
    first: IpAddr,
}

impl Lookup for Rebinding {
    fn lookup(&self, _: &str) -> Looking {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        let found = if turn == 0 { self.first } else { "127.0.0.1".parse().expect("address") };
        Box::pin(async move { Ok(vec![found]) })
    }
}

#[tokio::test]
async fn no_spelling_leads_inside() {
    let (world, shop) = (World::new().await, Shop::open().await);
    let strict = NotifyConfig { ports: vec![443, shop.port], ..NotifyConfig::default() };
    for url in [
        shop.url(),
        format!("https://127.0.0.1:{}/hook", shop.port),
        format!("https://127.1:{}/hook", shop.port),
        format!("https://2130706433:{}/hook", shop.port),
        format!("https://[::ffff:127.0.0.1]:{}/hook", shop.port),
        format!("https://localhost:{}/hook", shop.port),
        "https://169.254.169.254/".into(),
        "https://shop.example:22/".into(),
    ] {
        subscribe(&world, &url, Style::Standard).await;
        drop(finished(&world).await);
        let done = Notifier::system(&strict).expect("notifier").round(&world.app).await.expect("round");
        assert_eq!(done, round(0, 1, 0), "{url}");
        world.app.store.set_notify_target(KEY, None).await.expect("cleared");
        world.clock.advance_s(10);
        assert_eq!(
            Notifier::system(&strict).expect("notifier").round(&world.app).await.expect("round"),
            round(0, 0, 1),
            "a cleared address is told nothing"
        );
    }

    // The first look-up is the one that is connected to; a second one never happens in the same attempt, and the next attempt is refused.
    let lookup = Arc::new(Rebinding { asked: AtomicU32::new(0), first: "192.0.2.1".parse().expect("address") });
    let notifier = Notifier::new(&strict, lookup.clone()).expect("notifier");
    subscribe(&world, &format!("https://rebind.example:{}/hook", shop.port), Style::Standard).await;
    drop(finished(&world).await);
    assert_eq!(notifier.round(&world.app).await.expect("round"), round(0, 1, 0), "a documentation address is no public one");
    world.clock.advance_s(5);
    assert_eq!(notifier.round(&world.app).await.expect("round"), round(0, 1, 0), "then loopback");
    assert_eq!((lookup.asked.load(Ordering::SeqCst), shop.seen().len()), (2, 0), "one look-up per attempt, and nobody inside was called");
}

#[tokio::test]
async fn the_background_worker_delivers_by_itself() {
    let mut config = Config::default();
    config.notify = NotifyConfig { poll_ms: 50, ..settings() };
    let (world, shop) = (World::with(config.clone(), false).await, Shop::open().await);
    subscribe(&world, &shop.url(), Style::Standard).await;
    let worker = tokio::spawn(faceid_cloud::notify::keep(world.app.clone(), Notifier::system(&config.notify).expect("notifier")));
    drop(finished(&world).await);
    for _ in 0..100 {
        if !shop.seen().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(shop.seen().len(), 1, "delivered");
    worker.abort();
}
