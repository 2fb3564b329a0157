//! get_result: its error table and its readings.

use crate::common::{Answer, World, usual};
use axum::body::Body;
use faceid_cloud::store::NewKey;
use faceid_protocol::Millis;
use http::Request;

const URL: &str = "/face/v1.2/sdk/get_result";

fn shown(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.error())
}

#[tokio::test]
async fn arguments_and_signature() {
    let world = World::new().await;
    let token = world.token().await.replace(',', "%2C");
    let cases = [
        (String::new(), 400, "MISSING_ARGUMENTS:biz_token"),
        ("?biz_token=".into(), 400, "MISSING_ARGUMENTS:biz_token"),
        ("?biz_token=x".into(), 400, "BAD_ARGUMENTS:biz_token"),
        (format!("?biz_token={token}&verbose=2"), 400, "BAD_ARGUMENTS:verbose"),
        (format!("?biz_token={token}&verbose=yes"), 400, "BAD_ARGUMENTS:verbose"),
        (format!("?biz_token={token}&verbose="), 200, ""),
        (format!("?biz_token={token}&verbose=1"), 200, ""),
        (format!("?biz_token={token}&other=1"), 400, "BAD_ARGUMENTS:other"),
    ];
    for (query, status, error) in cases {
        let answer = world.signed().get(&format!("{URL}{query}")).await;
        assert_eq!(shown(&answer), (status, error.to_owned()), "{query}");
        assert!(!answer.json()["request_id"].as_str().unwrap_or_default().is_empty() && answer.json()["time_used"].is_u64(), "{query}");
    }
    let mut client = world.signed();
    client.secret = "wrong".into();
    assert_eq!(shown(&client.get(&format!("{URL}?biz_token=x")).await), (403, "INVALID_SIGN".into()), "this table's row");
    let too_large = Request::get(format!("{URL}?biz_token=x")).header("content-length", "20971521").body(Body::empty()).expect("request");
    let answer = world.send(too_large).await;
    assert_eq!((answer.status.as_u16(), answer.text()), (413, "Request Entity Too Large".into()), "20 MB on a GET");
    world.app.store.revoke_key(crate::common::KEY, Millis(0)).await.expect("revoke");
    assert_eq!(
        shown(&world.signed().get(&format!("{URL}?biz_token=x")).await),
        (403, "AUTHORIZATION_ERROR:API_NOT_PERMITTED".into()),
        "revoked"
    );
}

#[tokio::test]
async fn parameters_may_come_in_a_form_on_the_get() {
    let world = World::new().await;
    let token = world.token().await;
    let pairs = vec![("biz_token".to_owned(), token.clone()), ("verbose".to_owned(), "1".to_owned())];
    let body = crate::common::encode_form(&pairs).into_bytes();
    let request = world.signed().request("GET", URL, "application/x-www-form-urlencoded", body, &pairs, None);
    let answer = world.send(request).await;
    assert_eq!((answer.status.as_u16(), answer.json()["result_message"].as_str()), (200, Some("LIVING_NOT_START")), "{}", answer.text());
}

#[tokio::test]
async fn unknown_foreign_and_purged_tokens_look_the_same() {
    let world = World::new().await;
    let key = NewKey {
        app_key: "other".into(),
        app_secret: "s".into(),
        app_code: None,
        label: String::new(),
        native: false,
        daily_quota: None,
        origins: Vec::new(),
    };
    world.app.store.add_key(&key, Millis(0)).await.expect("key");
    let other = crate::common::Client { world: &world, key: "other".into(), secret: "s".into() };
    let foreign = other.post_form(&usual()).await.json()["biz_token"].as_str().expect("token").to_owned();
    let purged = world.token().await;
    world.clock.advance_s(24 * 3600);
    let fresh = world.token().await;
    faceid_cloud::upkeep::round(&world.app).await.expect("round");
    let mut bodies = Vec::new();
    for token in ["1532485677,fb241f74-e4e0-4396-ad74-eb8c1764aa1b", &foreign, &purged] {
        let answer = world.result(token, true).await;
        let mut json = answer.json();
        let object = json.as_object_mut().expect("object");
        object.remove("request_id");
        object.remove("time_used");
        bodies.push((answer.status.as_u16(), json.to_string()));
    }
    assert_eq!(bodies, vec![(400, r#"{"error":"BAD_ARGUMENTS:biz_token"}"#.to_owned()); 3], "one answer for all");
    assert_eq!(world.outcome(&fresh).await, (9000, "LIVING_NOT_START".into()), "a living token");
}
