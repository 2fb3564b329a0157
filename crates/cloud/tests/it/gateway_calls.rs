//! The gateway signature over the whole router: mutations, replays, settings.

use crate::common::{KEY, SECRET, START, World, encode_form, usual};
use axum::body::Body;
use faceid_protocol::Millis;
use http::{HeaderMap, HeaderValue, Request, StatusCode};

/// ≥ 100,000 with FACEID_LONG, else a few thousand: each round is another signed original with another name.
#[tokio::test]
async fn after_the_original_every_single_bit_copy_is_refused() {
    let wanted = if std::env::var_os("FACEID_LONG").is_some() { 100_000 } else { 2_000 };
    let world = World::new().await;
    let (mut tried, mut originals) = (0, 0);
    while tried < wanted {
        originals += 1;
        tried += single_bit_copies(&world, originals).await;
    }
    println!("router: {tried} single-bit copies of {originals} signed requests, all refused");
}

async fn single_bit_copies(world: &World, original: u32) -> u32 {
    let mut form = usual();
    form.push(("biz_no".into(), format!("order {original}+&=%")));
    let body = encode_form(&form);
    let client = world.signed();
    let (head, _) = client.form_request(&form).into_parts();
    let copy = |method: &str, target: &str, headers: &HeaderMap, body: Vec<u8>| {
        let mut request = Request::builder().method(method).uri(target).body(Body::from(body)).expect("request");
        *request.headers_mut() = headers.clone();
        request
    };
    let target = head.uri.to_string();
    let first = world.send(copy("POST", &target, &head.headers, body.clone().into_bytes())).await;
    assert_eq!(first.status, StatusCode::OK, "the original: {}", first.text());
    let mut tried = 0;
    for bit in 0..body.len() * 8 {
        let mut bytes = body.clone().into_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let answer = world.send(copy("POST", &target, &head.headers, bytes)).await;
        assert_eq!((answer.status, answer.error()), (StatusCode::FORBIDDEN, "AUTHENTICATION_ERROR".into()), "body bit {bit}");
        tried += 1;
    }
    for name in ["x-ca-nonce", "x-ca-timestamp", "x-ca-key", "x-ca-signature", "x-ca-signature-headers", "accept", "content-type"] {
        for bit in 0..head.headers[name].len() * 8 {
            let mut bytes = head.headers[name].as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { continue };
            let mut headers = head.headers.clone();
            headers.insert(name, value);
            let answer = world.send(copy("POST", &target, &headers, body.clone().into_bytes())).await;
            assert_eq!((answer.status, answer.error()), (StatusCode::FORBIDDEN, "AUTHENTICATION_ERROR".into()), "{name} bit {bit}");
            tried += 1;
        }
    }
    tried
}

#[tokio::test]
async fn the_echo_masks_values_and_is_off_by_default() {
    let mut config = faceid_cloud::config::Config::default();
    config.public.debug_signature_echo = true;
    let (quiet, echoing) = (World::new().await, World::with(config, false).await);
    let mut form = usual();
    form.push(("image_ref1".into(), "QUJD".repeat(2000)));
    form.push(("biz_no".into(), String::new()));
    for (world, expected) in [(&quiet, "Invalid Signature"), (&echoing, "Invalid Signature, Server StringToSign:`POST#application/json##")]
    {
        let mut client = world.signed();
        client.secret = "wrong".into();
        let answer = client.post_form(&form).await;
        let message = answer.header("x-ca-error-message");
        assert!(message.starts_with(expected) && (world.app.config.public.debug_signature_echo || message == expected), "{message}");
        assert!(message.len() < 1100 && !message.contains("110101") && !message.contains("QUJD"), "no values: {message}");
    }
    let mut client = echoing.signed();
    client.secret = "wrong".into();
    let message = client.post_form(&form).await.header("x-ca-error-message");
    assert!(message.ends_with("?biz_no&idcard_name=***&idcard_number=***&image_ref1=***&liveness_type=***`"), "names are shown: {message}");
}

#[tokio::test]
async fn a_prefix_that_a_proxy_removed_is_part_of_what_was_signed() {
    let mut config = faceid_cloud::config::Config::default();
    config.public.base_path = "/kyc".into();
    let world = World::with(config, false).await;
    let signed = world.signed().request(
        "POST",
        "/kyc/face/v1.2/sdk/get_biz_token",
        "application/x-www-form-urlencoded",
        encode_form(&usual()).into_bytes(),
        &usual(),
        None,
    );
    let (mut head, body) = signed.into_parts();
    head.uri = "/face/v1.2/sdk/get_biz_token".parse().expect("target");
    assert_eq!(world.send(Request::from_parts(head, body)).await.status, StatusCode::OK, "as it arrives behind the proxy");
    assert_eq!(world.signed().post_form(&usual()).await.error(), "AUTHENTICATION_ERROR", "signed without the prefix");
}

#[tokio::test]
async fn an_app_code_in_the_query_only_when_switched_on() {
    let mut config = faceid_cloud::config::Config::default();
    config.public.allow_app_code_query = true;
    let (closed, open) = (World::new().await, World::with(config, false).await);
    for name in ["AppCode", "appcode", "appCode", "APPCODE", "APPCode"] {
        let request = || {
            Request::post(format!("/face/v1.2/sdk/get_biz_token?{name}=code-0001"))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Body::from(encode_form(&usual())))
                .expect("request")
        };
        let refused = closed.send(request()).await;
        assert_eq!((refused.status.as_u16(), refused.header("x-ca-error-message")), (403, "Empty Signature".into()), "{name}");
        assert_eq!(open.send(request()).await.status.as_u16(), 200, "{name}");
    }
    let wrong = Request::post("/face/v1.2/sdk/get_biz_token?appcode=nope").body(Body::empty()).expect("request");
    let refused = open.send(wrong).await;
    assert_eq!((refused.error(), refused.header("x-ca-error-code")), ("AUTHENTICATION_ERROR".into(), "A400AC".into()), "unknown");
}

#[tokio::test]
async fn nonces_are_used_once_across_a_restart_and_for_their_whole_life() {
    let world = World::new().await;
    let form = usual();
    let (head, _) = world.signed().form_request(&form).into_parts();
    let again = |head: &http::request::Parts| {
        let mut request = Request::builder().method("POST").uri(head.uri.clone()).body(Body::from(encode_form(&usual()))).expect("request");
        *request.headers_mut() = head.headers.clone();
        request
    };
    assert_eq!(world.send(again(&head)).await.status, StatusCode::OK, "first");
    let second = world.send(again(&head)).await;
    assert_eq!(
        (second.status, second.error(), second.header("x-ca-error-message")),
        (StatusCode::FORBIDDEN, "AUTHENTICATION_ERROR".into(), "Nonce Used".into()),
        "second"
    );

    world.app.store.close().await;
    let world = World::on(world.folder, faceid_cloud::config::Config::default(), false).await;
    world.clock.set(START + 899_999);
    world.app.store.purge(Millis(START + 899_999)).await.expect("purge");
    assert_eq!(world.send(again(&head)).await.header("x-ca-error-message"), "Nonce Used", "after a restart and a purge, inside the window");
    world.clock.set(START + 900_001);
    assert_eq!(world.send(again(&head)).await.header("x-ca-error-message"), "Timestamp Expired", "after the window");
}

/// 100,000 with FACEID_LONG: of gateway signatures, half before and half after a restart.
#[tokio::test]
async fn replays_are_never_accepted() {
    let count = if std::env::var_os("FACEID_LONG").is_some() { 100_000 } else { 1_000 };
    let mut world = World::new().await;
    let heads: Vec<_> = (0..10).map(|_| world.signed().form_request(&usual()).into_parts().0).collect();
    let copy = |head: &http::request::Parts| {
        let mut request = Request::builder().method("POST").uri(head.uri.clone()).body(Body::from(encode_form(&usual()))).expect("request");
        *request.headers_mut() = head.headers.clone();
        request
    };
    for head in &heads {
        assert_eq!(world.send(copy(head)).await.status, StatusCode::OK, "the original");
    }
    let mut refused = 0;
    for half in 0..2 {
        for i in 0..count / 2 {
            refused += u32::from(world.send(copy(&heads[i % heads.len()])).await.header("x-ca-error-message") == "Nonce Used");
        }
        if half == 0 {
            world.app.store.close().await;
            world = World::on(world.folder, faceid_cloud::config::Config::default(), false).await;
        }
    }
    println!("gateway: {count} replays, {refused} refused");
    assert_eq!(refused as usize, count, "all of them");
}

#[tokio::test]
async fn a_post_without_nonce_is_idempotent() {
    let world = World::new().await;
    let body = encode_form(&usual());
    let request = |secret: &str| {
        let form = usual();
        let mut sorted: Vec<String> = form.iter().map(|(k, v)| format!("{k}={v}")).collect();
        sorted.sort();
        let text = format!(
            "POST\n\n\napplication/x-www-form-urlencoded\n\nx-ca-key:{KEY}\nx-ca-timestamp:{START}\n/face/v1.2/sdk/get_biz_token?{}",
            sorted.join("&")
        );
        Request::post("/face/v1.2/sdk/get_biz_token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-ca-key", KEY)
            .header("x-ca-timestamp", START.to_string())
            .header("x-ca-nonce", format!("unsigned, so worthless: {secret}"))
            .header("x-ca-signature-headers", "x-ca-key,x-ca-timestamp")
            .header("x-ca-signature", crate::common::hmac_base64(SECRET, &text))
            .body(Body::from(body.clone()))
            .expect("request")
    };
    let first = world.send(request("a")).await;
    let second = world.send(request("b")).await;
    assert_eq!((first.status, second.status), (StatusCode::OK, StatusCode::OK), "{} {}", first.text(), second.text());
    assert_eq!(first.json()["biz_token"], second.json()["biz_token"], "no second session");
    assert_ne!(first.json()["request_id"], second.json()["request_id"], "each call has its own id");
    let both = futures_pair(&world, request("c"), request("d")).await;
    assert_eq!(both, first.json()["biz_token"].as_str().expect("token"), "concurrently too");
}

async fn futures_pair(world: &World, a: Request<Body>, b: Request<Body>) -> String {
    let (a, b) = tokio::join!(world.send(a), world.send(b));
    assert_eq!(a.json()["biz_token"], b.json()["biz_token"], "the same token");
    a.json()["biz_token"].as_str().expect("token").to_owned()
}
