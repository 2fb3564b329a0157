//! Challenge, uploads, cancel: sequence, MACs, replays, limits, deadlines.

use crate::{
    common::{ORIGIN, START, World},
    page::{Page, sha},
};
use axum::body::Body;
use faceid_protocol::{Action, Millis};
use http_body_util::BodyExt;
use serde_json::json;
use std::collections::BTreeMap;

const FAIL: (u16, &str) = (403, r#"{"code":54200,"message":"AUTHENTICATION_FAIL"}"#);

fn shown(answer: &crate::common::Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.text())
}

fn is(answer: &crate::common::Answer, expected: (u16, &str), what: &str) {
    assert_eq!(shown(answer), (expected.0, expected.1.to_owned()), "{what}");
}

#[tokio::test]
async fn forged_calls_change_nothing() {
    let world = World::new().await;
    let token = world.token().await;
    let mut page = Page::open(&world, &token).await;
    let body = Page::challenge_body(0, &Page::frames(0, 4));
    let good = page.seal("POST", "challenge", &body);

    for seq in [2, 3, u64::MAX] {
        let mut bent = good.clone();
        bent.seq = seq;
        is(&world.send(page.request(&bent, body.clone())).await, FAIL, "sequence ahead, MAC of another");
    }
    let mut ahead = Page::open(&world, &world.token().await).await;
    drop(ahead.next(0).await);
    let mut bent = good.clone();
    bent.mac[0] ^= 1;
    is(&world.send(page.request(&bent, body.clone())).await, FAIL, "MAC");
    let mut bent = good.clone();
    bent.prev[31] ^= 1;
    is(&world.send(page.request(&bent, body.clone())).await, FAIL, "previous hash");
    let mut other = body.clone();
    other.push(b' ');
    is(&world.send(page.request(&good, other)).await, FAIL, "another body under this MAC");
    let mut bent = good.clone();
    bent.path = "/sdk/v1/finalise".into();
    is(&world.send(page.request(&bent, body.clone())).await, FAIL, "another call under this MAC");
    let mut request = page.request(&good, body.clone());
    request.headers_mut().remove("origin");
    is(&world.send(request).await, FAIL, "no origin");
    let mut request = page.request(&good, body.clone());
    request.headers_mut().insert("x-fid-session", ahead.channel.session_id().parse().expect("value"));
    is(&world.send(request).await, FAIL, "another session");
    for name in ["x-fid-session", "x-fid-seq", "x-fid-prev", "x-fid-mac"] {
        let mut request = page.request(&good, body.clone());
        request.headers_mut().remove(name);
        is(&world.send(request).await, FAIL, name);
        let mut request = page.request(&good, body.clone());
        request.headers_mut().append(name, "1".parse().expect("value"));
        is(&world.send(request).await, FAIL, "twice");
    }
    assert_eq!(world.outcome(&token).await, (9000, "LIVING_IN_PROGRESS".into()), "still running");
    assert!(page.next(0).await.is_some(), "the true call still works");
}

#[tokio::test]
async fn a_sealed_call_out_of_sequence_is_refused() {
    let world = World::new().await;
    let mut page = Page::open(&world, &world.token().await).await;
    drop(page.next(0).await);
    // Sealed with the right key for sequence 3 while 2 is due: a copy of the channel that believes one call more was accepted.
    let body = Page::challenge_body(1, &Page::frames(1, 12));
    let due = page.seal("POST", "challenge", &body);
    page.channel.advance(&due, b"{}");
    let early = page.seal("POST", "challenge", &body);
    is(&world.send(page.request(&early, body)).await, FAIL, "one call is missing in between");
}

#[tokio::test]
async fn a_repeated_call_gets_its_reply_and_another_body_ends_the_session() {
    let world = World::new().await;
    let token = world.token().await;
    let mut page = Page::open(&world, &token).await;
    let body = Page::challenge_body(0, &Page::frames(0, 4));
    let sealed = page.seal("POST", "challenge", &body);
    let other = Page::challenge_body(0, &Page::frames(9, 4));
    let other_sealed = page.seal("POST", "challenge", &other);
    let first = world.send(page.request(&sealed, body.clone())).await;
    let second = world.send(page.request(&sealed, body.clone())).await;
    assert_eq!(
        (first.status.as_u16(), &first.body, first.header("x-fid-mac")),
        (200, &second.body, second.header("x-fid-mac")),
        "the very same reply"
    );
    page.channel.advance(&sealed, &first.body);
    world.clock.advance_s(2);
    drop(page.next(1).await);
    let old = world.send(page.request(&sealed, body)).await;
    assert_eq!(old.body, first.body, "older calls too");

    let replay = world.send(page.request(&other_sealed, other)).await;
    is(&replay, FAIL, "same sequence, other body");
    page.channel
        .verify(&other_sealed, &replay.body, Some(&replay.header("x-fid-mac")))
        .expect("the refusal of an authenticated call is sealed");
    assert_eq!(world.outcome(&token).await, (4200, "AUTHENTICATION_FAIL".into()), "recorded");
    world.clock.advance_s(2);
    let after = page.commit(2).await;
    is(&after, (403, r#"{"code":54200,"message":"AUTHENTICATION_FAIL"}"#), "over");
    let bills = world.app.store.bills(Millis(0)).await.expect("bills");
    assert!(bills.is_empty(), "free: {bills:?}");
}

#[tokio::test]
async fn twenty_copies_of_one_call_are_done_once() {
    let world = World::new().await;
    let mut page = Page::open(&world, &world.token().await).await;
    let body = Page::challenge_body(0, &Page::frames(0, 4));
    let sealed = page.seal("POST", "challenge", &body);
    let mut copies = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (router, request) = (world.router.clone(), page.request(&sealed, body.clone()));
        copies.spawn(async move {
            let response = tower::ServiceExt::oneshot(router, request).await.expect("infallible");
            (response.status().as_u16(), response.into_body().collect().await.expect("body").to_bytes())
        });
    }
    let answers = copies.join_all().await;
    assert!(answers.iter().all(|a| *a == answers[0]) && answers[0].0 == 200, "one challenge for all: {answers:?}");
    page.channel.advance(&sealed, &answers[0].1);
    world.clock.advance_s(2);
    assert!(page.next(1).await.is_some(), "the session goes on");
}

#[tokio::test]
async fn actions_are_drawn_fairly_without_repetition_and_never_excluded_ones() {
    let world = World::new().await;
    let mut counts: BTreeMap<Action, u32> = BTreeMap::new();
    let mut ids = std::collections::BTreeSet::new();
    for round in 0..60 {
        let token = world.token().await;
        let excluded = if round % 2 == 0 { json!(["mouth"]) } else { json!([]) };
        let mut page = Page::open_with(&world, &token, |b| b["excluded_actions"] = excluded).await;
        let mut previous = None;
        for step in 0..3 {
            let challenge = page.next(step).await.expect("challenge");
            assert_eq!((challenge.step, challenge.challenge_id.len()), (step + 1, 32), "1-based, 128 bits");
            assert_eq!((challenge.min_ms, challenge.max_ms), (Millis(400), Millis(20_000)), "limits");
            assert!(ids.insert(challenge.challenge_id), "fresh");
            assert_ne!(Some(challenge.action), previous, "no immediate repetition");
            assert!(round % 2 == 1 || challenge.action != Action::Mouth, "excluded");
            previous = Some(challenge.action);
            *counts.entry(challenge.action).or_default() += 1;
            world.clock.advance_s(2);
        }
    }
    // 180 draws; the three common actions expect about 52 each, mouth about 22 of 90
    assert!(Action::ALL.iter().all(|a| counts.get(a).is_some_and(|n| *n >= 8)), "{counts:?}");
    let only = world.token().await;
    let mut page = Page::open_with(&world, &only, |b| b["excluded_actions"] = json!(["mouth", "nod", "shake"])).await;
    for step in 0..3 {
        assert_eq!(page.next(step).await.map(|c| c.action), Some(Action::Blink), "the only one left repeats");
        world.clock.advance_s(2);
    }
}

#[tokio::test]
async fn a_demo_may_script_its_actions() {
    let mut world = World::new().await;
    let demo = faceid_cloud::DemoMode { actions: vec![Action::Shake, Action::Shake], ..Default::default() };
    let authority = std::sync::Arc::new(faceid_cloud::authority::LocalRegistry(world.app.store.clone()));
    let app = faceid_cloud::App::new(
        world.app.store.clone(),
        world.clock.clone(),
        world.app.config.clone(),
        world.judge.clone(),
        authority,
        demo,
    );
    world.router = faceid_cloud::router(app);
    let mut page = Page::open(&world, &world.token().await).await;
    for step in 0..3 {
        let action = page.next(step).await.expect("challenge").action;
        assert_eq!(action == Action::Shake, step < 2, "scripted twice, then drawn without repetition: {step} {action}");
        world.clock.advance_s(2);
    }
}

#[tokio::test]
async fn malformed_commits_are_refused_and_may_be_mended() {
    let world = World::new().await;
    let mut page = Page::open(&world, &world.token().await).await;
    let digest = "ab".repeat(32);
    let cases = [
        ("not JSON", "{".to_owned(), "BAD_ARGUMENTS:body"),
        ("another step", json!({ "step": 1, "commit": { "frames": [digest], "t": [1] } }).to_string(), "BAD_ARGUMENTS:step"),
        ("no frames", json!({ "step": 0, "commit": { "frames": [], "t": [] } }).to_string(), "BAD_ARGUMENTS:commit"),
        ("lengths differ", json!({ "step": 0, "commit": { "frames": [digest], "t": [1, 2] } }).to_string(), "BAD_ARGUMENTS:commit"),
        ("not a digest", json!({ "step": 0, "commit": { "frames": ["xy"], "t": [1] } }).to_string(), "BAD_ARGUMENTS:commit"),
        ("upper case", json!({ "step": 0, "commit": { "frames": [digest.to_uppercase()], "t": [1] } }).to_string(), "BAD_ARGUMENTS:commit"),
        ("times fall", json!({ "step": 0, "commit": { "frames": [digest, digest], "t": [2, 1] } }).to_string(), "BAD_ARGUMENTS:commit"),
        ("too many", json!({ "step": 0, "commit": { "frames": vec![&digest; 62], "t": vec![1; 62] } }).to_string(), "BAD_ARGUMENTS:commit"),
        ("negative time", json!({ "step": 0, "commit": { "frames": [digest], "t": [-1] } }).to_string(), "BAD_ARGUMENTS:body"),
    ];
    for (name, body, message) in cases {
        let answer = page.call("POST", "challenge", body.as_bytes()).await;
        is(&answer, (400, &format!(r#"{{"code":50400,"message":"{message}"}}"#)), name);
    }
    assert!(page.next(0).await.is_some(), "nothing was consumed");
}

#[tokio::test]
async fn uploads_take_committed_bytes_only() {
    let world = World::new().await;
    let mut page = Page::open(&world, &world.token().await).await;
    let frame = b"jpeg".to_vec();
    let name = format!("frames/{}", sha(&frame));
    is(&page.call("PUT", &name, &frame).await, (409, r#"{"code":59000,"message":"LIVING_NOT_START"}"#), "before any commit");
    is(
        &page.call("POST", "finalise", b"{}").await,
        (409, r#"{"code":59000,"message":"LIVING_NOT_START"}"#),
        "nor is there anything to judge",
    );
    let commit = Page::challenge_body(0, std::slice::from_ref(&frame));
    assert_eq!(page.call("POST", "challenge", &commit).await.status.as_u16(), 200, "commit");

    let uncommitted = b"other".to_vec();
    is(
        &page.call("PUT", &format!("frames/{}", sha(&uncommitted)), &uncommitted).await,
        (400, r#"{"code":50400,"message":"BAD_ARGUMENTS:frame"}"#),
        "not committed",
    );
    is(&page.call("PUT", "frames/zz", &frame).await, (400, r#"{"code":50400,"message":"BAD_ARGUMENTS:frame"}"#), "no digest");
    let sealed = page.seal("PUT", &name, &frame);
    is(
        &world.send(page.request(&sealed, b"forged".to_vec())).await,
        (400, r#"{"code":50400,"message":"BAD_ARGUMENTS:body"}"#),
        "other bytes under a committed name",
    );
    assert_eq!(page.call("PUT", &name, &frame).await.status.as_u16(), 204, "the true bytes");
    let again = world.send(page.request(&sealed, frame.clone())).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (204, 0), "a retry");
}

#[tokio::test]
async fn upload_limits() {
    let world = World::new().await;
    let mut page = Page::open(&world, &world.token_with(&[("liveness_action_count", "1")]).await).await;
    let big: Vec<Vec<u8>> = (0..10_u8).map(|i| vec![i; 2 * 1024 * 1024]).collect();
    let too_big = vec![77; 2 * 1024 * 1024 + 1];
    let one_more = b"one more".to_vec();
    let mut all = big.clone();
    all.extend([too_big.clone(), one_more.clone()]);
    assert_eq!(page.call("POST", "challenge", &Page::challenge_body(0, &all)).await.status.as_u16(), 200, "commit");

    let sealed = page.seal("PUT", &format!("frames/{}", sha(&too_big)), &too_big);
    let mut stated = page.request(&sealed, Body::empty());
    stated.headers_mut().insert("content-length", too_big.len().to_string().parse().expect("value"));
    is(&world.send(stated).await, (413, "Request Entity Too Large"), "refused by its stated length");
    is(&world.send(page.request(&sealed, too_big.clone())).await, (413, "Request Entity Too Large"), "refused while reading");
    for frame in &big {
        let answer = page.call("PUT", &format!("frames/{}", sha(frame)), frame).await;
        assert_eq!(answer.status.as_u16(), 204, "2 MB each, 20 MB in all: {}", answer.text());
    }
    is(&page.call("PUT", &format!("frames/{}", sha(&one_more)), &one_more).await, (413, "Request Entity Too Large"), "20 MB are full");
}

#[tokio::test]
async fn deadlines_are_the_servers() {
    let timeout = (409, r#"{"code":54200,"message":"USER_TIMEOUT"}"#);
    let world = World::new().await;
    let (setup, action, whole, upload, fast) = (
        world.token().await,
        world.token().await,
        world.token().await,
        world.token_with(&[("liveness_action_count", "1")]).await,
        world.token().await,
    );

    let mut page = Page::open(&world, &setup).await;
    world.clock.advance_s(180);
    world.clock.advance_ms(1);
    is(&page.commit(0).await, timeout, "never got to the neutral frames");
    assert_eq!(world.outcome(&setup).await, (4200, "USER_TIMEOUT".into()), "setup");
    is(&page.commit(0).await, timeout, "again");

    let mut page = Page::open(&world, &action).await;
    let challenge = page.next(0).await.expect("challenge");
    world.clock.set(challenge.deadline.0 + 1);
    is(&page.commit(1).await, timeout, "action commit too late");
    assert_eq!(world.outcome(&action).await, (4200, "USER_TIMEOUT".into()), "action");

    let mut page = Page::open(&world, &whole).await;
    drop(page.next(0).await);
    world.clock.advance_s(24);
    drop(page.next(1).await);
    world.clock.advance_s(24);
    let last = page.next(2).await.expect("challenge");
    world.clock.advance_s(17);
    assert!(faceid_cloud::clock::Clock::now(&*world.clock) <= last.deadline, "65 s: the attempt and the network allowance");
    world.clock.advance_ms(1);
    is(&page.commit(3).await, timeout, "the whole attempt took too long");

    let mut page = Page::open(&world, &upload).await;
    page.perform().await;
    world.clock.advance_s(29);
    is(&page.finalise().await, timeout, "uploads too late");

    let mut page = Page::open(&world, &fast).await;
    drop(page.next(0).await);
    world.clock.advance_ms(399);
    is(&page.commit(1).await, (409, r#"{"code":54200,"message":"VERIFICATION_FAILURE"}"#), "faster than a person");
    assert_eq!(world.outcome(&fast).await, (4200, "VERIFICATION_FAILURE".into()), "fast");
    assert!(world.app.store.bills(Millis(0)).await.expect("bills").is_empty(), "all free");
}

#[tokio::test]
async fn time_outs_are_recorded_though_nobody_calls() {
    let world = World::new().await;
    let (asked, swept, unused) = (world.token().await, world.token().await, world.token().await);
    drop(Page::open(&world, &asked).await);
    drop(Page::open(&world, &swept).await);
    world.clock.advance_s(181);
    assert_eq!(world.outcome(&asked).await, (4200, "USER_TIMEOUT".into()), "by get_result");
    let round = faceid_cloud::upkeep::round(&world.app).await.expect("round");
    assert_eq!((round.expired, round.purged.sessions), (1, 0), "by upkeep");
    assert_eq!(world.outcome(&swept).await, (4200, "USER_TIMEOUT".into()), "by upkeep");
    assert_eq!(world.outcome(&unused).await, (9000, "LIVING_NOT_START".into()), "an unused token only lapses");
}

#[tokio::test]
async fn cancel_ends_the_session() {
    let world = World::new().await;
    let token = world.token().await;
    let mut page = Page::open(&world, &token).await;
    drop(page.next(0).await);
    let sealed = page.seal("POST", "cancel", b"{}");
    is(&page.call("POST", "cancel", b"{}").await, (200, "{}"), "cancel");
    assert_eq!(world.outcome(&token).await, (4200, "USER_CANCELLATION".into()), "recorded");
    is(&world.send(page.request(&sealed, b"{}".to_vec())).await, (200, "{}"), "a retry of the cancel");
    is(&page.commit(1).await, (409, r#"{"code":54200,"message":"USER_CANCELLATION"}"#), "over");
    assert_eq!(page.origin.as_deref(), Some(ORIGIN), "all from one origin");
    assert!(faceid_cloud::clock::Clock::now(&*world.clock).0 >= START, "clock");
}

#[tokio::test]
async fn a_cancel_that_crosses_another_call_is_no_replay() {
    let world = World::new().await;
    let token = world.token().await;
    let mut page = Page::open(&world, &token).await;
    // sealed before the commit's reply was there: it carries the commit's number
    let crossing = page.seal("POST", "cancel", b"{}");
    drop(page.next(0).await);
    let answer = world.send(page.request(&crossing, b"{}".to_vec())).await;
    is(&answer, (409, r#"{"code":54200,"message":"USER_CANCELLATION"}"#), "the farewell is heard");
    assert_eq!(world.outcome(&token).await, (4200, "USER_CANCELLATION".into()), "recorded as a cancel");

    let mut forged = crossing.clone();
    forged.mac[0] ^= 1;
    let token = world.token().await;
    let mut page = Page::open(&world, &token).await;
    drop(page.next(0).await);
    is(&world.send(page.request(&forged, b"{}".to_vec())).await, FAIL, "not by a stranger");
    assert_eq!(world.outcome(&token).await.0, 9000, "still running");
}

#[tokio::test]
async fn an_ending_in_the_page_is_recorded_by_its_row() {
    let world = World::new().await;
    for (told, recorded) in [
        ((54_200, "USER_TIMEOUT"), (4200, "USER_TIMEOUT")),
        ((54_200, "ACTION_ERROR"), (4200, "ACTION_ERROR")),
        ((54_200, "UNDETECTED_FACE"), (4200, "UNDETECTED_FACE")),
        ((56_000, "USER_CANCEL"), (4200, "USER_CANCELLATION")),
        ((56_000, "DEVICE_NOT_SUPPORT"), (6000, "DEVICE_NOT_SUPPORT")),
        ((56_000, "FACE_INIT_FAIL"), (6000, "FACE_INIT_FAIL")),
        ((56_000, "INIT_FAILED"), (6000, "INIT_FAILED")),
        ((56_000, "NETWORK_ERROR"), (6000, "NETWORK_ERROR")),
        ((56_000, "LIVENESS_DETECT_FAILED"), (4200, "VERIFICATION_FAILURE")),
        ((56_000, "NO_CAMERA_PERMISSION"), (6000, "NO_CAMERA_PERMISSION")),
        ((54_100, "REPLACED_FACE_ATTACK"), (4100, "REPLACED_FACE_ATTACK")),
    ] {
        let token = world.token().await;
        let mut page = Page::open(&world, &token).await;
        let body = json!({"ended": {"code": told.0, "message": told.1}}).to_string();
        is(&page.call("POST", "cancel", body.as_bytes()).await, (200, "{}"), told.1);
        assert_eq!(world.outcome(&token).await, (recorded.0, recorded.1.to_owned()), "{}", told.1);
    }
}

#[tokio::test]
async fn a_page_cannot_report_success_or_nonsense() {
    let world = World::new().await;
    let token = world.token().await;
    let page = Page::open(&world, &token).await;
    for body in [
        r#"{"ended":{"code":51000,"message":"SUCCESS"}}"#,
        r#"{"ended":{"code":54200,"message":"USER_CANCEL"}}"#,
        "[",
        "",
        r#"{"ended":1}"#,
    ] {
        let sealed = page.seal("POST", "cancel", body.as_bytes());
        let answer = world.send(page.request(&sealed, body.as_bytes().to_vec())).await;
        is(&answer, (400, r#"{"code":50400,"message":"BAD_ARGUMENTS:ended"}"#), body);
        assert_eq!(world.outcome(&token).await.0, 9000, "still running after {body:?}");
    }
}
