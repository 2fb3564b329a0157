//! `POST init`: who wins, who is refused, CORS.

use crate::{
    common::{KEY, NAME, NUMBER, ORIGIN, World},
    page::{Page, init_body, init_request},
};
use axum::body::Body;
use faceid_client::Handshake;
use faceid_cloud::{config::Config, store::NewKey};
use faceid_protocol::Millis;
use http::Request;
use serde_json::{Value, json};

fn handshake() -> Handshake {
    Handshake::generate().expect("random bytes")
}

async fn refused(world: &World, token: &str, origin: Option<&str>, change: impl FnOnce(&mut Value)) -> (u16, u64, String) {
    let answer = world.send(init_request(init_body(token, &handshake(), change), origin)).await;
    let json = answer.json();
    (answer.status.as_u16(), json["code"].as_u64().unwrap_or_default(), json["message"].as_str().unwrap_or_default().to_owned())
}

fn denied() -> (u16, u64, String) {
    (403, 54200, "BIZ_TOKEN_DENIED".into())
}

#[tokio::test]
async fn the_reply_carries_what_the_page_must_do() {
    let world = World::new().await;
    let token = world.token_with(&[("liveness_timeout", "45"), ("liveness_action_count", "2")]).await;
    assert_eq!(world.outcome(&token).await, (9000, "LIVING_NOT_START".into()), "before");
    let page = Page::open(&world, &token).await;
    let config = serde_json::to_value(&page.init.config).expect("JSON");
    assert_eq!(
        config,
        json!({ "action_count": 2, "timeout_ms": 45_000, "action_timeout_ms": 20_000, "evidence_max_side": 480, "evidence_quality": 85,
            "frame_max_bytes": 2_097_152, "total_max_bytes": 20_971_520, "wrong_action": "restart_once", "return_prefixes": [] }),
        "settings"
    );
    assert_eq!(page.init.server_time, faceid_cloud::clock::Clock::now(&*world.clock), "server's clock");
    assert_eq!(world.outcome(&token).await, (9000, "LIVING_IN_PROGRESS".into()), "after");
}

#[tokio::test]
async fn fifty_parallel_inits_have_one_winner() {
    for _ in 0..5 {
        let world = World::new().await;
        let token = world.token().await;
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let router = world.router.clone();
            let request = init_request(init_body(&token, &handshake(), |_| ()), Some(ORIGIN));
            tries.spawn(async move { tower::ServiceExt::oneshot(router, request).await.expect("infallible").status().as_u16() });
        }
        let mut statuses = tries.join_all().await;
        statuses.sort_unstable();
        assert_eq!((statuses[0], statuses.iter().filter(|s| **s == 403).count()), (200, 49), "{statuses:?}");
    }
}

#[tokio::test]
async fn used_unknown_and_foreign_tokens_are_denied_alike() {
    let world = World::new().await;
    let used = world.token().await;
    drop(Page::open(&world, &used).await);
    assert_eq!(refused(&world, &used, Some(ORIGIN), |_| ()).await, denied(), "used");
    assert_eq!(refused(&world, "1532485677,fb241f74-e4e0-4396-ad74-eb8c1764aa1b", Some(ORIGIN), |_| ()).await, denied(), "unknown");
    assert_eq!(refused(&world, "", Some(ORIGIN), |_| ()).await, (400, 50400, "MISSING_ARGUMENTS:biz_token".into()), "empty");
    let late = world.token().await;
    world.clock.advance_s(3599);
    let fresh = world.token().await;
    world.clock.advance_s(1);
    assert_eq!(refused(&world, &late, Some(ORIGIN), |_| ()).await, (409, 59000, "LIVING_OVERTIME".into()), "after an hour, unused");
    assert_eq!(world.outcome(&late).await, (9000, "LIVING_OVERTIME".into()), "lapsed unused");
    drop(Page::open(&world, &fresh).await);
    let revoked = world.token().await;
    world.app.store.revoke_key(KEY, Millis(0)).await.expect("revoke");
    assert_eq!(refused(&world, &revoked, Some(ORIGIN), |_| ()).await, denied(), "key revoked");
}

#[tokio::test]
async fn an_old_sdk_ends_the_session_and_a_lost_reply_is_recognised() {
    let world = World::new().await;
    let token = world.token().await;
    let old = refused(&world, &token, Some(ORIGIN), |b| b["sdk"]["version"] = json!("0.0.9")).await;
    assert_eq!(old, (403, 54200, "SDK_TOO_OLD".into()), "below the server's minimum");
    assert_eq!(world.outcome(&token).await, (4200, "SDK_TOO_OLD".into()), "the backend learns why");

    let token = world.token().await;
    let body = init_body(&token, &handshake(), |_| ());
    assert_eq!(world.send(init_request(body.clone(), Some(ORIGIN))).await.status.as_u16(), 200, "the reply gets lost");
    let again = world.send(init_request(body, Some(ORIGIN))).await;
    assert_eq!(
        (again.status.as_u16(), again.text()),
        (409, r#"{"code":59000,"message":"LIVING_IN_PROGRESS"}"#.into()),
        "the very same request"
    );
    assert_eq!(refused(&world, &token, Some(ORIGIN), |_| ()).await, denied(), "another one is a stranger's");
}

#[tokio::test]
async fn the_origin_must_be_in_the_keys_list_exactly() {
    let world = World::new().await;
    let token = world.token().await;
    for origin in [
        None,
        Some("null"),
        Some("https://evil.example"),
        Some("https://shop.example:444"),
        Some("http://shop.example"),
        Some("https://shop.example/"),
    ] {
        assert_eq!(refused(&world, &token, origin, |_| ()).await, denied(), "{origin:?}");
    }
    let key = NewKey {
        app_key: "native".into(),
        app_secret: "s".into(),
        app_code: Some("native-code".into()),
        label: String::new(),
        native: true,
        daily_quota: None,
        origins: vec!["https://other.example".into()],
    };
    world.app.store.add_key(&key, Millis(0)).await.expect("key");
    assert_eq!(refused(&world, &token, Some("https://other.example"), |_| ()).await, denied(), "an origin of another key");
    drop(Page::open(&world, &token).await);

    let form = format!("liveness_type=meglive&idcard_name={NAME}&idcard_number={NUMBER}");
    let request = Request::post("/face/v1.2/sdk/get_biz_token")
        .header("authorization", "APPCODE native-code")
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = world.send(request.body(Body::from(form)).expect("request")).await;
    let token = answer.json()["biz_token"].as_str().expect("token").to_owned();
    let answer = world.send(init_request(init_body(&token, &handshake(), |_| ()), None)).await;
    assert_eq!(answer.status.as_u16(), 200, "a native client of a key that allows it: {}", answer.text());
}

#[tokio::test]
async fn faults_of_the_request_leave_the_token_usable() {
    let world = World::new().await;
    let token = world.token().await;
    type Case = (&'static str, fn(&mut Value), (u16, u64, &'static str));
    let cases: [Case; 12] = [
        ("protocol version", |b| b["v"] = json!(2), (403, 54200, "SDK_TOO_OLD")),
        ("no version at all", |b| b["sdk"]["version"] = json!("latest"), (403, 54200, "SDK_TOO_OLD")),
        ("no version", |b| b["sdk"]["version"] = json!(""), (403, 54200, "SDK_TOO_OLD")),
        ("all excluded", |b| b["excluded_actions"] = json!(["nod", "shake", "blink", "mouth"]), (400, 56000, "ILLEGAL_PARAMETER")),
        ("unknown action", |b| b["excluded_actions"] = json!(["jump"]), (400, 50400, "BAD_ARGUMENTS:body")),
        ("no nonce", |b| b["client_nonce"] = json!(""), (400, 50400, "MISSING_ARGUMENTS:client_nonce")),
        ("short nonce", |b| b["client_nonce"] = json!("00"), (400, 50400, "BAD_ARGUMENTS:client_nonce")),
        ("long nonce", |b| b["client_nonce"] = json!("00".repeat(17)), (400, 50400, "BAD_ARGUMENTS:client_nonce")),
        ("no point", |b| b["client_pub"] = json!(null), (400, 50400, "MISSING_ARGUMENTS:client_pub")),
        ("point at infinity", |b| b["client_pub"] = json!("AA=="), (400, 50400, "BAD_ARGUMENTS:client_pub")),
        (
            "a field missing",
            |b| {
                b.as_object_mut().expect("object").remove("sdk");
            },
            (400, 50400, "MISSING_ARGUMENTS:sdk"),
        ),
        ("mistyped", |b| b["v"] = json!("1"), (400, 50400, "BAD_ARGUMENTS:body")),
    ];
    for (name, change, (status, code, message)) in cases {
        assert_eq!(refused(&world, &token, Some(ORIGIN), change).await, (status, code, message.to_owned()), "{name}");
    }
    // off the curve: a valid point with its last bit flipped
    let off = |b: &mut Value| {
        use base64::{Engine, engine::general_purpose::STANDARD};
        let mut point = STANDARD.decode(b["client_pub"].as_str().expect("text")).expect("base64");
        point[64] ^= 1;
        b["client_pub"] = json!(STANDARD.encode(point));
    };
    assert_eq!(refused(&world, &token, Some(ORIGIN), off).await, (400, 50400, "BAD_ARGUMENTS:client_pub".into()), "off the curve");
    let answer = world.send(init_request(b"\xff\xfe".to_vec(), Some(ORIGIN))).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (400, r#"{"code":50400,"message":"BAD_ARGUMENTS:body"}"#.into()), "not JSON");
    let answer = world.send(init_request(vec![b' '; 65 * 1024], Some(ORIGIN))).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (413, "Request Entity Too Large".into()), "too long");
    drop(Page::open(&world, &token).await);
}

#[tokio::test]
async fn preflights_are_answered_for_origins_of_active_keys_only() {
    let world = World::new().await;
    let preflight = |path: &str, origin: &str| {
        Request::options(path).header("origin", origin).header("access-control-request-method", "PUT").body(Body::empty()).expect("request")
    };
    for path in ["/sdk/v1/init", "/sdk/v1/challenge", "/sdk/v1/frames/00", "/sdk/v1/finalise", "/sdk/v1/cancel"] {
        let answer = world.send(preflight(path, ORIGIN)).await;
        assert_eq!(answer.status.as_u16(), 204, "{path}");
        let shown = [
            "access-control-allow-origin",
            "access-control-allow-methods",
            "access-control-allow-headers",
            "access-control-max-age",
            "access-control-allow-credentials",
        ]
        .map(|h| answer.header(h));
        assert_eq!(shown, [ORIGIN, "POST, PUT", "content-type, x-fid-session, x-fid-seq, x-fid-prev, x-fid-mac", "600", ""], "{path}");
    }
    let stranger = world.send(preflight("/sdk/v1/init", "https://evil.example")).await;
    assert_eq!((stranger.status.as_u16(), stranger.header("access-control-allow-origin")), (403, String::new()), "stranger");
    let refusal = world.send(init_request(b"{}".to_vec(), Some(ORIGIN))).await;
    assert_eq!(
        (refusal.header("access-control-allow-origin"), refusal.header("access-control-expose-headers")),
        (ORIGIN.into(), "x-fid-mac".into()),
        "refusals can be read"
    );
    for path in ["/face/v1.2/sdk/get_biz_token", "/face/v1.2/sdk/get_result"] {
        let answer = world.send(preflight(path, ORIGIN)).await;
        assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (404, String::new()), "{path} has no CORS");
    }
    world.app.store.revoke_key(KEY, Millis(0)).await.expect("revoke");
    assert_eq!(world.send(preflight("/sdk/v1/init", ORIGIN)).await.status.as_u16(), 403, "revoked key");
}

#[tokio::test]
async fn unknown_calls_wrong_methods_and_overload_have_their_rows() {
    let world = World::new().await;
    for (method, path) in [("POST", "/sdk/v1/resume"), ("GET", "/sdk/v1/init"), ("DELETE", "/sdk/v1/frames/00"), ("GET", "/sdk/v1")] {
        let answer = world.send(Request::builder().method(method).uri(path).body(Body::empty()).expect("request")).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (404, r#"{"code":50404,"message":"API_NOT_FOUND"}"#.into()), "{method} {path}");
    }
    let mut config = Config::default();
    config.sdk.concurrent = 1;
    let world = World::with(config, false).await;
    // A body that never ends keeps the only place.
    let (_sender, receiver) = tokio::sync::mpsc::channel::<Result<Vec<u8>, std::io::Error>>(1);
    let stream = Body::new(Hanging(receiver));
    let router = world.router.clone();
    let hanging =
        tokio::spawn(async move { tower::ServiceExt::oneshot(router, Request::post("/sdk/v1/init").body(stream).expect("request")).await });
    tokio::task::yield_now().await;
    let mut answer = world.send(init_request(b"{}".to_vec(), None)).await;
    for _ in 0..50 {
        if answer.status.as_u16() == 429 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        answer = world.send(init_request(b"{}".to_vec(), None)).await;
    }
    assert_eq!(
        (answer.status.as_u16(), answer.text()),
        (429, r#"{"code":50429,"message":"CONCURRENCY_LIMIT_EXCEEDED"}"#.into()),
        "no place left"
    );
    hanging.abort();
}

struct Hanging(tokio::sync::mpsc::Receiver<Result<Vec<u8>, std::io::Error>>);

impl hyper::body::Body for Hanging {
    type Data = bytes::Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<bytes::Bytes>, std::io::Error>>> {
        self.0.poll_recv(cx).map(|item| item.map(|bytes| bytes.map(|b| hyper::body::Frame::data(b.into()))))
    }
}
