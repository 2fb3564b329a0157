//! The native `sign`: the published sample, every bound, replays, and what a session learns about the sign that paid for its token.

use crate::{
    common::{Answer, KEY, ORIGIN, SECRET, START, World, encode_form, usual},
    page::{Page, init_body, init_request},
};
use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use faceid_client::Handshake;
use faceid_cloud::sign::{NativeFault, NativeSign};
use faceid_protocol::Millis;
use hmac::{Hmac, KeyInit, Mac};
use http::Request;
use serde_json::Value;
use sha1::Sha1;

const NOW_S: u64 = START / 1000;

/// Written from the documentation, not from the server's code.
fn sign(secret: &str, raw: &str) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("any key length");
    mac.update(raw.as_bytes());
    STANDARD.encode([mac.finalize().into_bytes().as_slice(), raw.as_bytes()].concat())
}

fn raw(key: &str, expires: u64, made: u64, random: u64) -> String {
    format!("a={key}&b={expires}&c={made}&d={random}")
}

fn verdict(text: &str, secret: &str, now_s: u64) -> Result<(), NativeFault> {
    NativeSign::parse(text)?.verify(secret.as_bytes(), Millis(now_s * 1000))
}

#[test]
fn the_published_sample_verifies() {
    let file: Value = serde_json::from_str(include_str!("../fixtures/gateway_signature.json")).expect("JSON");
    let samples = file["faceid_sign"].as_array().expect("list");
    assert_eq!(samples.len(), 1, "all of them");
    for sample in samples {
        let text = |name: &str| sample[name].as_str().expect("text");
        let parsed = NativeSign::parse(text("sign")).expect("of the documented form");
        assert_eq!(parsed.api_key, text("api_key"), "key");
        assert_eq!((parsed.expires_s, parsed.made_s), (Some(1_530_762_218), 1_530_762_118), "times");
        assert_eq!(verdict(text("sign"), text("api_secret"), 1_530_762_200), Ok(()), "inside its time");
        assert_eq!(verdict(text("sign"), text("api_secret"), 1_530_762_218), Ok(()), "to the last second");
        assert_eq!(verdict(text("sign"), text("api_secret"), 1_530_762_219), Err(NativeFault::Expired), "after it");
        assert_eq!(verdict(text("sign"), "another secret", 1_530_762_200), Err(NativeFault::Invalid), "another secret");
        assert_eq!(sign(text("api_secret"), text("raw")), text("sign"), "our own signer agrees");
    }
}

#[test]
fn form_and_bounds() {
    let at = |expires: u64, made: u64| verdict(&sign("s", &raw("k", expires, made, 7)), "s", NOW_S);
    for (expires, made, expected, what) in [
        (0, NOW_S, Ok(()), "single use"),
        (0, NOW_S - 900, Ok(()), "made 15 minutes ago"),
        (0, NOW_S - 901, Err(NativeFault::Expired), "made longer ago"),
        (0, NOW_S + 900, Ok(()), "a clock ahead"),
        (0, NOW_S + 901, Err(NativeFault::Invalid), "a clock too far ahead"),
        (NOW_S, NOW_S - 10, Ok(()), "reusable, last second"),
        (NOW_S - 1, NOW_S - 10, Err(NativeFault::Expired), "reusable, over"),
        (NOW_S + 5, NOW_S + 5, Err(NativeFault::Invalid), "no time at all"),
        (NOW_S - 10, NOW_S, Err(NativeFault::Invalid), "ends before it begins"),
        (NOW_S + 86_400, NOW_S, Ok(()), "a day"),
        (NOW_S + 86_401, NOW_S, Err(NativeFault::Invalid), "longer than a day"),
    ] {
        assert_eq!(at(expires, made), expected, "{what}");
    }
    let good = sign("s", &raw("k", 0, NOW_S, 1_234_567_890));
    assert_eq!(verdict(&good.replace('+', " "), "s", NOW_S), Ok(()), "a space for a plus");
    for bad in [
        String::new(),
        "!!!".into(),
        STANDARD.encode([0; 19]),
        STANDARD.encode([0; 20]),
        good[..good.len() - 4].to_owned(),
        sign("s", &raw("", 0, NOW_S, 7)),
        sign("s", &raw("k", 0, NOW_S, 12_345_678_901)),
        sign("s", "a=k&b=0&c=1532485677"),
        sign("s", "a=k&c=1532485677&b=0&d=7"),
        sign("s", "a=k&b=0&c=1532485677&d=7&e=8"),
        sign("s", "a=k&b=&c=1532485677&d=7"),
        sign("s", "a=k&b=-1&c=1532485677&d=7"),
        sign("s", "a=k&b=0&c=1532485677&d=x"),
        sign("s", &raw(&"k".repeat(400), 0, NOW_S, 7)),
    ] {
        assert_eq!(verdict(&bad, "s", NOW_S), Err(NativeFault::Invalid), "{bad}");
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let good = STANDARD.decode(sign(SECRET, &raw(KEY, 0, NOW_S, 799_687_066))).expect("base64");
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(verdict(&STANDARD.encode(bytes), SECRET, NOW_S).is_err(), "bit {bit}");
    }
}

async fn mint(world: &World, sign: &str, version: Option<&str>) -> Answer {
    let mut form = usual();
    form.push(("sign".into(), sign.into()));
    form.extend(version.map(|version| ("sign_version".to_owned(), version.to_owned())));
    let request = Request::post("/face/v1.2/sdk/get_biz_token").header("content-type", "application/x-www-form-urlencoded");
    world.send(request.body(Body::from(encode_form(&form))).expect("request")).await
}

async fn minted(world: &World, sign: &str) -> String {
    let answer = mint(world, sign, Some("hmac_sha1")).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    answer.json()["biz_token"].as_str().expect("token").to_owned()
}

fn seen(answer: &Answer) -> (u16, String, String) {
    (answer.status.as_u16(), answer.error(), answer.header("x-ca-error-message"))
}

fn refusal(message: &str) -> (u16, String, String) {
    (403, "AUTHENTICATION_ERROR".into(), message.into())
}

#[tokio::test]
async fn both_calls_take_it_and_name_its_fault_in_the_header() {
    let world = World::new().await;
    let single = sign(SECRET, &raw(KEY, 0, NOW_S, 1));
    let token = minted(&world, &single).await;
    assert_eq!(seen(&mint(&world, &single, None).await), refusal("REPLAY_ATTACK"), "a second time");
    assert_eq!(seen(&mint(&world, &sign(SECRET, &raw(KEY, NOW_S - 1, NOW_S - 9, 1)), None).await), refusal("EXPIRED_SIGN"), "over");
    assert_eq!(seen(&mint(&world, &sign("wrong", &raw(KEY, 0, NOW_S, 2)), None).await), refusal("INVALID_SIGN"), "wrong secret");
    assert_eq!(seen(&mint(&world, &sign(SECRET, &raw("nobody", 0, NOW_S, 2)), None).await), refusal("INVALID_SIGN"), "unknown key");
    let good = sign(SECRET, &raw(KEY, 0, NOW_S, 3));
    assert_eq!(seen(&mint(&world, &good, Some("hmac_md5")).await), refusal("INVALID_SIGN"), "another version");
    assert_eq!(mint(&world, &good, None).await.status.as_u16(), 200, "a refused call uses nothing up; the version may be left out");

    let reusable = sign(SECRET, &raw(KEY, NOW_S + 600, NOW_S, 4));
    let query = |sign: &str| {
        let pairs = [("biz_token".to_owned(), token.clone()), ("sign".to_owned(), sign.to_owned())];
        Request::get(format!("/face/v1.2/sdk/get_result?{}", encode_form(&pairs))).body(Body::empty()).expect("request")
    };
    for _ in 0..2 {
        let answer = world.send(query(&reusable)).await;
        assert_eq!((answer.status.as_u16(), answer.json()["result_message"].as_str()), (200, Some("LIVING_NOT_START")), "reusable");
    }
    world.clock.advance_s(601);
    let answer = world.send(query(&reusable)).await;
    assert_eq!(seen(&answer), (403, "INVALID_SIGN".into(), "EXPIRED_SIGN".into()), "this call's own row");
}

#[tokio::test]
async fn a_thousand_replays_are_refused_across_a_restart_and_for_their_whole_life() {
    let count = if std::env::var_os("FACEID_LONG").is_some() { 100_000 } else { 1_000 };
    let world = World::new().await;
    let single = sign(SECRET, &raw(KEY, 0, NOW_S + 899, 1));
    drop(minted(&world, &single).await);
    let mut refused = 0;
    for _ in 0..count / 2 {
        refused += u32::from(seen(&mint(&world, &single, None).await) == refusal("REPLAY_ATTACK"));
    }
    world.app.store.close().await;
    let world = World::on(world.folder, faceid_cloud::config::Config::default(), false).await;
    world.clock.set(START + 2 * 899_000);
    world.app.store.purge(Millis(START + 2 * 899_000)).await.expect("purge");
    for _ in 0..count - count / 2 {
        refused += u32::from(seen(&mint(&world, &single, None).await) == refusal("REPLAY_ATTACK"));
    }
    println!("native sign: {count} replays, {refused} refused");
    assert_eq!(refused, count, "all of them");
}

/// The row that init answers and get_result repeats.
async fn start(world: &World, token: &str) -> (u64, String) {
    let body = init_body(token, &Handshake::generate().expect("random bytes"), |_| ());
    let json = world.send(init_request(body, Some(ORIGIN))).await.json();
    let row = (json["code"].as_u64().unwrap_or_default(), json["message"].as_str().unwrap_or_default().to_owned());
    let (code, message) = world.outcome(token).await;
    assert_eq!((code + 50_000, message), row, "get_result says the same");
    row
}

#[tokio::test]
async fn the_minting_sign_is_looked_at_again_when_the_session_starts() {
    let world = World::new().await;
    let fine = minted(&world, &sign(SECRET, &raw(KEY, 0, NOW_S, 1))).await;
    let replayed_sign = sign(SECRET, &raw(KEY, 0, NOW_S, 2));
    let replayed = minted(&world, &replayed_sign).await;
    assert_eq!(seen(&mint(&world, &replayed_sign, None).await), refusal("REPLAY_ATTACK"), "somebody else holds it");
    let expired = minted(&world, &sign(SECRET, &raw(KEY, NOW_S + 60, NOW_S, 3))).await;
    let rotated = minted(&world, &sign(SECRET, &raw(KEY, 0, NOW_S, 4))).await;

    // A single-use sign was good for its call; the token has an hour of its own.
    world.clock.advance_s(1800);
    drop(Page::open(&world, &fine).await);
    assert_eq!(start(&world, &replayed).await, (55_000, "REPLAY_ATTACK".into()), "used a second time since");
    assert_eq!(start(&world, &expired).await, (55_000, "EXPIRED_SIGN".into()), "its time is over");
    assert!(world.app.store.replace_secret(KEY, "another secret").await.expect("store"), "rotated");
    let body = init_body(&rotated, &Handshake::generate().expect("random bytes"), |_| ());
    let answer = world.send(init_request(body, Some(ORIGIN))).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text()),
        (409, r#"{"code":55000,"message":"INVALID_SIGN"}"#.into()),
        "the secret is another one"
    );
    let mut client = world.signed();
    client.secret = "another secret".into();
    let result = client.get(&format!("/face/v1.2/sdk/get_result?biz_token={}", rotated.replace(',', "%2C"))).await.json();
    assert_eq!((result["result_code"].as_u64(), result["result_message"].as_str()), (Some(5000), Some("INVALID_SIGN")), "{result}");
}
