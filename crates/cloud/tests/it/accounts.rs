//! Accounts: what they refuse on the public calls, what a change after minting does to a session, money, locks.

use crate::{
    common::{Answer, KEY, NAME, NUMBER, ORIGIN, World, usual},
    page::{Page, init_body, init_request},
};
use faceid_client::Handshake;
use faceid_cloud::{
    accounts::{Account, ApiName, SdkVersion, Standing, Way},
    config::Config,
    judging::Liveness,
    store::BillDay,
};
use faceid_protocol::Millis;
use http::Request;
use std::net::IpAddr;

const URL: &str = "/face/v1.2/sdk/get_biz_token";

fn shown(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.error())
}

async fn set(world: &World, change: impl FnOnce(&mut Account)) {
    let mut account = world.app.store.account(KEY).await.expect("account");
    change(&mut account);
    world.app.store.put_account(KEY, &account).await.expect("set");
}

fn from(address: &str) -> Option<IpAddr> {
    Some(address.parse().expect("address"))
}

async fn both(world: &World, token: &str) -> [(u16, String); 2] {
    [shown(&world.signed().post_form(&usual()).await), shown(&world.result(token, false).await)]
}

fn refused(reason: &str) -> [(u16, String); 2] {
    [(403, format!("AUTHORIZATION_ERROR:{reason}")), (403, format!("AUTHORIZATION_ERROR:{reason}"))]
}

fn fine() -> [(u16, String); 2] {
    [(200, String::new()), (200, String::new())]
}

#[tokio::test]
async fn public_calls_name_the_reason() {
    let world = World::new().await;
    let token = world.token().await;
    set(&world, |a| a.standing = Standing::Discontinued).await;
    assert_eq!(both(&world, &token).await, refused("ACCOUNT_DISCONTINUED"), "stopped");
    set(&world, |a| a.standing = Standing::Active).await;
    assert_eq!(both(&world, &token).await, fine(), "and in use again");

    set(&world, |a| a.enterprise = false).await;
    assert_eq!(both(&world, &token).await, refused("NON_ENTERPRISE_CERTIFICATION"), "not certified");
    set(&world, |a| a.enterprise = true).await;

    set(&world, |a| a.networks = vec!["203.0.113.0/24".parse().expect("net")]).await;
    assert_eq!(both(&world, &token).await, refused("IP_NOT_ALLOWED"), "an unknown address is in no list");
    world.come_from(from("198.51.100.7"));
    assert_eq!(both(&world, &token).await, refused("IP_NOT_ALLOWED"), "another network");
    world.come_from(from("::ffff:203.0.113.9"));
    assert_eq!(both(&world, &token).await, fine(), "a listed one, however written");
    set(&world, |a| a.networks.clear()).await;

    set(&world, |a| a.apis = vec![ApiName::GetBizToken]).await;
    assert_eq!(both(&world, &token).await[1], refused("API_NOT_PERMITTED")[1], "one call of the two");
    set(&world, |a| a.apis = vec![ApiName::GetResult]).await;
    assert_eq!(both(&world, &token).await, [refused("API_NOT_PERMITTED")[0].clone(), fine()[1].clone()], "the other");
    set(&world, |a| a.apis = ApiName::ALL.to_vec()).await;

    set(&world, |a| a.ways = vec![Way::AppCode]).await;
    assert_eq!(both(&world, &token).await, refused("WAY_NOT_PERMITTED"), "not with a signature");
    let form = crate::common::encode_form(&usual());
    let by_code =
        Request::post(URL).header("authorization", "APPCODE code-0001").header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(world.send(by_code.body(form.into()).expect("request")).await.status.as_u16(), 200, "with an AppCode");
}

#[tokio::test]
async fn a_listed_proxy_names_the_client() {
    let mut config = Config::default();
    config.server.trusted_proxies = vec!["10.0.0.0/8".parse().expect("net")];
    let world = World::with(config, false).await;
    set(&world, |a| a.networks = vec!["203.0.113.0/24".parse().expect("net")]).await;
    let call = async |peer: &str, forwarded: &str| {
        world.come_from(from(peer));
        let mut request = world.signed().form_request(&usual());
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().expect("value"));
        world.send(request).await.status.as_u16()
    };
    assert_eq!(call("10.0.0.1", "203.0.113.5").await, 200, "through the proxy");
    assert_eq!(call("10.0.0.1", "203.0.113.5, 198.51.100.1").await, 403, "what a stranger wrote left of itself is not read");
    assert_eq!(call("198.51.100.1", "203.0.113.5").await, 403, "nor what a stranger says by itself");
}

#[tokio::test]
async fn the_listener_tells_where_a_connection_comes_from() {
    use std::io::{Read, Write};
    let world = World::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("port");
    let address = listener.local_addr().expect("address");
    let (router, settings) = (world.router.clone(), world.app.config.server.clone());
    tokio::spawn(async move { faceid_cloud::server::serve(listener, router, &settings, std::future::pending()).await });
    let ask = async || {
        let exchange = move || {
            let mut stream = std::net::TcpStream::connect(address).expect("connection");
            let line = "GET /face/v1.2/sdk/get_result?biz_token=x HTTP/1.1";
            write!(stream, "{line}\r\nhost: x\r\nconnection: close\r\nauthorization: APPCODE code-0001\r\n\r\n").expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("read");
            answer
        };
        tokio::task::spawn_blocking(exchange).await.expect("no panic")
    };
    set(&world, |a| a.networks = vec!["10.0.0.0/8".parse().expect("net")]).await;
    assert!(ask().await.contains("AUTHORIZATION_ERROR:IP_NOT_ALLOWED"), "not from this machine");
    set(&world, |a| a.networks = vec!["127.0.0.0/8".parse().expect("net")]).await;
    assert!(ask().await.contains("BAD_ARGUMENTS:biz_token"), "from this machine");
}

#[tokio::test]
async fn an_account_has_its_own_number_of_places() {
    let world = World::new().await;
    set(&world, |a| a.concurrency = Some(1)).await;
    world.judge.photo_delay_ms.store(700, std::sync::atomic::Ordering::SeqCst);
    let mut with_photo = usual();
    with_photo.push(("image_ref1".into(), "ZmFjZQ==".into()));
    let (slow, quick, form) = (world.signed(), world.signed(), usual());
    let late = async {
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        quick.post_form(&form).await
    };
    let (first, second) = tokio::join!(slow.post_form(&with_photo), late);
    assert_eq!((shown(&first).0, shown(&second)), (200, (403, "CONCURRENCY_LIMIT_EXCEEDED".into())), "one at a time");
}

async fn start(world: &World, token: &str) -> (u16, u64, String) {
    let body = init_body(token, &Handshake::generate().expect("random bytes"), |_| ());
    let answer = world.send(init_request(body, Some(ORIGIN))).await;
    let json = answer.json();
    (answer.status.as_u16(), json["code"].as_u64().unwrap_or_default(), json["message"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_change_after_minting_ends_the_session_with_its_5000_row() {
    let world = World::new().await;
    world.come_from(from("203.0.113.5"));
    type Case = (&'static str, fn(&mut Account), fn(&mut Account));
    let cases: [Case; 3] = [
        ("ACCOUNT_DISCONTINUED", |a| a.standing = Standing::Discontinued, |a| a.standing = Standing::Active),
        ("NON_ENTERPRISE_CERTIFICATION", |a| a.enterprise = false, |a| a.enterprise = true),
        ("IP_NOT_ALLOWED", |a| a.networks = vec!["198.51.100.0/24".parse().expect("net")], |a| a.networks.clear()),
    ];
    for (message, change, back) in cases {
        let token = world.token().await;
        set(&world, change).await;
        assert_eq!(start(&world, &token).await, (409, 55_000, message.into()), "{message}");
        set(&world, back).await;
        assert_eq!(world.outcome(&token).await, (5000, message.into()), "{message}: get_result, with status 200");
        assert_eq!(start(&world, &token).await, (403, 54_200, "BIZ_TOKEN_DENIED".into()), "{message}: it stays over");
    }
    let token = world.token().await;
    set(&world, |a| a.apis = vec![ApiName::GetResult]).await;
    assert_eq!(start(&world, &token).await, (403, 50_403, "AUTHORIZATION_ERROR:API_NOT_PERMITTED".into()), "no 5000 row for this");
    set(&world, |a| a.apis = ApiName::ALL.to_vec()).await;
    assert_eq!(start(&world, &token).await.0, 200, "and the token is not used up");
    assert!(world.app.store.bills(Millis(0)).await.expect("bills").is_empty(), "all free");
}

#[tokio::test]
async fn a_prepaid_balance_pays_for_what_is_billed_and_stops_the_rest() {
    let world = World::new().await;
    set(&world, |a| a.price = 10).await;
    world.app.store.set_balance(KEY, Some(25)).await.expect("balance");
    let balance = async || world.app.store.account(KEY).await.expect("account").balance;

    let (first, second, third) = (world.token().await, world.token().await, world.token().await);
    let mut page = Page::ready(&world, &first).await;
    let mut other = Page::ready(&world, &second).await;
    assert_eq!(start(&world, &third).await, (409, 55_000, "BALANCE_NOT_ENOUGH".into()), "two sessions under way may cost all there is");
    assert_eq!(world.outcome(&third).await, (5000, "BALANCE_NOT_ENOUGH".into()), "and get_result says so");
    assert_eq!(shown(&world.signed().post_form(&usual()).await), (403, "AUTHORIZATION_ERROR:BALANCE_NOT_ENOUGH".into()), "no token either");

    assert_eq!(page.finalise().await.json()["code"], 51_000, "verdict");
    assert_eq!(balance().await, Some(15), "debited with the bill");
    world.script(|s| s.liveness = Liveness::FakeFace);
    assert_eq!(other.finalise().await.json()["code"], 54_100, "an attack");
    assert_eq!(balance().await, Some(15), "is free");
    assert!(world.token().await.contains(','), "there is money for another one");

    assert!(world.app.store.add_balance(KEY, 100).await.expect("store"), "a prepaid account");
    assert_eq!(balance().await, Some(115), "prepaid units added");
    let days = world.app.store.bill_days(Millis(0), Millis(i64::MAX as u64), 0).await.expect("bills");
    assert_eq!(days, [BillDay { app_key: KEY.into(), day: 17_737, code: 1000, count: 1, units: 10 }], "one row, at its price");
    world.app.store.set_balance(KEY, None).await.expect("paid afterwards");
    assert_eq!(balance().await, None, "no balance");
}

#[tokio::test]
async fn five_failures_of_a_person_lock_that_person_and_nobody_else() {
    let world = World::new().await;
    world.person("11010519491231002X", NAME, Some(b"face")).await;
    let early = world.token().await;
    world.script(|s| s.confidence = 10.0);
    for round in 0..5 {
        let token = world.token().await;
        let mut page = Page::ready(&world, &token).await;
        assert_eq!(page.finalise().await.json()["code"], 52_000, "somebody else's face, round {round}");
        // Five sessions of eight seconds: well inside three minutes.
    }
    let locked = (403, "AUTHORIZATION_ERROR:TOO_MANY_FAILURES".to_owned());
    assert_eq!(shown(&world.signed().post_form(&usual()).await), locked, "the sixth");
    assert_eq!(start(&world, &early).await, (409, 55_000, "MORE_RETRY_TIMES".into()), "a token from before");
    assert_eq!(world.outcome(&early).await, (5000, "MORE_RETRY_TIMES".into()), "and its result");
    let mut other = usual();
    other[2].1 = "11010519491231002X".into();
    assert_eq!(shown(&world.signed().post_form(&other).await), (200, String::new()), "another person");

    world.clock.advance_s(599);
    assert_eq!(shown(&world.signed().post_form(&usual()).await), locked, "for ten minutes");
    world.clock.advance_s(1);
    assert_eq!(shown(&world.signed().post_form(&usual()).await), (200, String::new()), "then it opens");
    world.clock.advance_s(200);
    faceid_cloud::upkeep::round(&world.app).await.expect("round");
    let identity = world.app.pepper.as_ref().expect("pepper").identity(NUMBER);
    let left = world.app.store.failures(&faceid_cloud::store::Subject::hashed(&identity), Millis(0)).await.expect("failures");
    assert!(left.len() < 5, "old failures are forgotten: {}", left.len());
}

#[tokio::test]
async fn a_device_locks_whoever_holds_it_and_an_address_where_that_is_switched_on() {
    for by_address in [false, true] {
        let mut config = Config::default();
        config.limits.identity_failures = 0;
        config.limits.device_failures = if by_address { 0 } else { 3 };
        config.limits.address_failures = if by_address { 3 } else { 0 };
        config.server.trusted_proxies = vec!["10.0.0.0/8".parse().expect("net")];
        let world = World::with(config, false).await;
        world.come_from(Some("203.0.113.7".parse().expect("address")));
        let device = "device-0123456789abcdef";
        let with = |id: &'static str| move |b: &mut serde_json::Value| b["device_id"] = id.into();
        world.script(|s| s.liveness = Liveness::WrongAction);
        for _ in 0..3 {
            let token = world.token().await;
            let mut page = Page::open_with(&world, &token, with(device)).await;
            page.perform().await;
            page.upload().await;
            assert_eq!(page.finalise().await.json()["message"], "ACTION_ERROR", "a failed session");
        }
        let init = async |token: &str, id: &'static str| {
            let handshake = Handshake::generate().expect("random bytes");
            let answer = world.send(init_request(init_body(token, &handshake, with(id)), Some(ORIGIN))).await;
            (answer.status.as_u16(), answer.json()["message"].as_str().unwrap_or_default().to_owned())
        };
        let locked = (409, "MORE_RETRY_TIMES".to_owned());
        let open = (200, String::new());
        let [token, second, third] = [world.token().await, world.token().await, world.token().await];
        assert_eq!(init(&token, device).await, locked, "the fourth, by address: {by_address}");
        assert_eq!(world.outcome(&token).await, (5000, "MORE_RETRY_TIMES".into()), "and its result");
        assert_eq!(
            init(&second, "another-device-0001").await,
            if by_address { locked } else { open.clone() },
            "another device, same place"
        );
        world.come_from(Some("203.0.113.8".parse().expect("address")));
        assert_eq!(init(&third, "another-device-0001").await, open, "another device, another place");
        for bad in ["short", "has spaces in it, as no id has"] {
            let token = world.token().await;
            assert_eq!(init(&token, bad).await, (400, "BAD_ARGUMENTS:device_id".into()), "{bad}");
        }
        world.clock.advance_s(700);
        let token = world.token().await;
        world.come_from(Some("203.0.113.7".parse().expect("address")));
        assert_eq!(init(&token, device).await, (200, String::new()), "after the lock's time");
    }
}

#[tokio::test]
async fn a_key_locks_only_where_that_is_switched_on() {
    let mut config = Config::default();
    config.limits.key_failures = 2;
    config.limits.identity_failures = 0;
    let world = World::with(config, false).await;
    world.script(|s| s.liveness = Liveness::WrongAction);
    for _ in 0..2 {
        let token = world.token().await;
        assert_eq!(Page::ready(&world, &token).await.finalise().await.json()["message"], "ACTION_ERROR", "a failed session");
    }
    let mut other = usual();
    other[2].1 = "11010519491231002X".into();
    assert_eq!(
        shown(&world.signed().post_form(&other).await),
        (403, "AUTHORIZATION_ERROR:TOO_MANY_FAILURES".into()),
        "whoever the person is"
    );
}

#[tokio::test]
async fn sdk_version_device_and_place() {
    let mut config = Config::default();
    config.sdk.unsupported_devices = vec!["OldPhone 3".into()];
    config.limits.init_refusals = 3;
    let world = World::with(config, false).await;
    set(&world, |a| {
        a.min_sdk = Some(SdkVersion([1, 2, 0]));
        a.return_prefixes = vec!["https://shop.example/done".into()];
    })
    .await;
    let handshake = || Handshake::generate().expect("random bytes");
    let try_with = async |token: &str, origin: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let answer = world.send(init_request(init_body(token, &handshake(), |b| change(b)), Some(origin))).await;
        (answer.status.as_u16(), answer.json())
    };
    let row =
        |json: &serde_json::Value| (json["code"].as_u64().unwrap_or_default(), json["message"].as_str().unwrap_or_default().to_owned());

    let old = world.token().await;
    let (_, json) = try_with(&old, ORIGIN, &|b| b["sdk"]["version"] = "1.1.9".into()).await;
    assert_eq!(row(&json), (54_200, "SDK_TOO_OLD".into()), "the key's own minimum");
    assert_eq!(world.outcome(&old).await, (4200, "SDK_TOO_OLD".into()), "recorded");

    let device = world.token().await;
    let (_, json) = try_with(&device, ORIGIN, &|b| {
        b["sdk"]["version"] = "1.2.0".into();
        b["env"]["user_agent"] = "Mozilla/5.0 (OldPhone 3; Android 4)".into();
    })
    .await;
    assert_eq!(row(&json), (54_200, "MOBILE_PHONE_NOT_SUPPORT".into()), "a device on the list");
    assert_eq!(world.outcome(&device).await, (4200, "MOBILE_PHONE_NOT_SUPPORT".into()), "recorded");

    let passed_around = world.token().await;
    for _ in 0..2 {
        let (status, json) = try_with(&passed_around, "https://evil.example", &|b| b["sdk"]["version"] = "1.2.0".into()).await;
        assert_eq!((status, row(&json)), (403, (54_200, "BIZ_TOKEN_DENIED".into())), "a stranger's page");
        assert_eq!(world.outcome(&passed_around).await, (9000, "LIVING_NOT_START".into()), "costs its owner nothing at first");
    }
    let (status, json) = try_with(&passed_around, "https://evil.example", &|b| b["sdk"]["version"] = "1.2.0".into()).await;
    assert_eq!((status, row(&json)), (403, (54_200, "BIZ_TOKEN_DENIED".into())), "the third time");
    assert_eq!(world.outcome(&passed_around).await, (4200, "BIZ_TOKEN_DENIED".into()), "ends it");

    let good = world.token().await;
    let (status, json) = try_with(&good, ORIGIN, &|b| b["sdk"]["version"] = "1.2.0".into()).await;
    assert_eq!((status, &json["config"]["return_prefixes"]), (200, &serde_json::json!(["https://shop.example/done"])), "{json}");
}
