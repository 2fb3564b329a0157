//! The operator's page: who may see it, what it shows, what it never shows.

use crate::{
    common::{Answer, KEY, NAME, NUMBER, World},
    page::Page,
};
use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use faceid_cloud::{judging::Liveness, management};
use faceid_protocol::Millis;
use http::Request;
use tower::ServiceExt;

const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

async fn get(world: &World, path: &str, name: &str, token: &str) -> Answer {
    let credential = STANDARD.encode(format!("{name}:{token}"));
    let request = Request::get(path).header("authorization", format!("Basic {credential}")).body(Body::empty()).expect("request");
    Answer::of(management::router(world.app.clone()).oneshot(request).await.expect("infallible")).await
}

async fn operator(world: &World, path: &str) -> Answer {
    let answer = get(world, path, "ann", TOKEN).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
    answer
}

async fn world() -> World {
    let world = World::new().await;
    world.app.store.put_operator("ann", TOKEN, Millis(1)).await.expect("operator");
    world
}

#[tokio::test]
async fn operators_only() {
    let world = world().await;
    for path in ["/operator", "/operator/session/x", "/operator/style.css"] {
        let request = Request::get(path).body(Body::empty()).expect("request");
        let answer = Answer::of(management::router(world.app.clone()).oneshot(request).await.expect("infallible")).await;
        assert_eq!(answer.status.as_u16(), 401, "{path}");
        assert!(answer.header("www-authenticate").starts_with("Basic "), "the browser asks");
    }
    for (name, token) in [("ann", ""), ("ann", "0123"), ("bob", TOKEN), ("", TOKEN)] {
        assert_eq!(get(&world, "/operator", name, token).await.status.as_u16(), 401, "{name}");
    }
    let page = operator(&world, "/operator").await;
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"), "no scripts");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(!page.text().contains("<script"), "none at all");
    assert_eq!(get(&world, "/operator/session/nothing", "ann", TOKEN).await.status.as_u16(), 404, "no such session");

    let another = TOKEN.replace('0', "f");
    world.app.store.put_operator("ann", &another, Millis(2)).await.expect("replaced");
    assert_eq!(get(&world, "/operator", "ann", TOKEN).await.status.as_u16(), 401, "the old token");
    assert!(world.app.store.remove_operator("ann").await.expect("removed"), "there was one");
    assert_eq!(get(&world, "/operator", "ann", &another).await.status.as_u16(), 401, "removed");
    let public = world.send(Request::get("/operator").body(Body::empty()).expect("request")).await;
    assert_eq!(public.status.as_u16(), 404, "not on the public port");
}

#[tokio::test]
async fn results_reasons_and_bills_are_shown_and_people_are_not() {
    let world = world().await;
    let serial = "serial-4711<b>";
    let passed = world.token_with(&[("biz_no", serial)]).await;
    Page::ready(&world, &passed).await.finalise().await;
    world.script(|s| s.confidence = 10.0);
    let other = world.token().await;
    Page::ready(&world, &other).await.finalise().await;
    world.script(|s| s.liveness = Liveness::FakeFace);
    let fake = world.token().await;
    Page::ready(&world, &fake).await.finalise().await;
    let open = world.token().await;
    let running = Page::open(&world, &open).await;

    let page = operator(&world, "/operator?days=7").await.text();
    for (what, text) in [
        ("share", "33 % of 3 ends"),
        ("reason of a pass", "SUCCESS"),
        ("reason of another face", "PASS_LIVING_NOT_THE_SAME"),
        ("reason of an attack", "FAIL_LIVING_FACE_ATTACK"),
        ("its meaning", faceid_protocol::codes::meaning(&faceid_protocol::codes::result::FAIL_LIVING_FACE_ATTACK).en),
        ("chart, passes", "class=\"c1000\""),
        ("chart, other faces", "class=\"c2000\""),
        ("a running session", "at the camera"),
        ("day of the bills", "2018-07-25"),
    ] {
        assert!(page.contains(text), "{what}: {text}");
    }
    assert!(!page.contains("<rect class=\"c3000\""), "no bill, no bar");
    let filtered = operator(&world, &format!("/operator?code=4100&key={KEY}")).await.text();
    let linked = |page: &str, token: &str| page.contains(&format!("/operator/session/{}", token.replace(',', "%2C")));
    assert!(linked(&filtered, &fake) && !linked(&filtered, &passed) && !linked(&filtered, &open), "one result only");

    let of_nobody = operator(&world, "/operator?key=no-such-key").await.text();
    assert!(of_nobody.contains("33 % of 3 ends"), "a key that does not exist is no filter");

    let detail = operator(&world, &format!("/operator/session/{}", passed.replace(',', "%2C"))).await.text();
    for text in ["SUCCESS", "returning frames", "0.10", "neutral face", "virtual camera label", "Risk of injection <b>0.60</b>", &passed] {
        assert!(detail.contains(text), "{text} in {detail}");
    }
    for shown in [&page, &filtered, &detail] {
        for secret in [NAME, NUMBER, serial, "serial-4711", "83.23666", "personal", "OBS", crate::common::SECRET, TOKEN] {
            assert!(!shown.contains(secret), "{secret} is shown");
        }
    }
    drop(running);
}

#[tokio::test]
async fn every_session_is_on_exactly_one_page() {
    let world = world().await;
    let mut made = Vec::new();
    // All at one moment: only the token tells them apart.
    for _ in 0..123 {
        made.push(world.token().await);
    }
    let mut path = "/operator".to_owned();
    let mut seen = Vec::new();
    for _ in 0..4 {
        let page = operator(&world, &path).await.text();
        seen.extend(
            page.split("href=\"/operator/session/").skip(1).filter_map(|rest| rest.split('"').next()).map(|t| t.replace("%2C", ",")),
        );
        let Some(link) = page.split("href=\"/operator?").nth(1).and_then(|rest| rest.split('"').next()) else { break };
        path = format!("/operator?{}", link.replace("&amp;", "&"));
    }
    made.sort();
    seen.sort();
    assert_eq!(seen, made, "each once");
}
