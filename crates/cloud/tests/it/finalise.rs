//! From evidence to verdict, bill and get_result; retries, failures, crashes.

use crate::{
    common::{KEY, NAME, NUMBER, SECRET, World, thresholds},
    page::Page,
};
use faceid_cloud::{config::Config, judging::Liveness, store::Bill, upkeep};
use faceid_protocol::Millis;
use serde_json::json;
use std::sync::atomic::Ordering;

async fn bills(world: &World) -> Vec<(u32, u64)> {
    world.app.store.bills(Millis(0)).await.expect("bills").into_iter().map(|Bill { code, count, .. }| (code, count)).collect()
}

fn fin(code: u32, message: &str) -> String {
    format!(r#"{{"state":"final","code":{code},"message":"{message}"}}"#)
}

#[tokio::test]
async fn a_whole_session_ends_with_a_bill_and_a_result() {
    let world = World::new().await;
    let token = world.token_with(&[("biz_no", "order 0001+&=%"), ("image_ref1", "ZmFjZSBvbmU="), ("image_ref2", "ZmFjZSB0d28=")]).await;
    let mut page = Page::ready(&world, &token).await;
    let body = page.finalise_body();
    let sealed = page.seal("POST", "finalise", &body);
    let first = page.call("POST", "finalise", &body).await;
    assert_eq!((first.status.as_u16(), first.text()), (200, fin(51000, "SUCCESS")), "verdict");
    for _ in 0..3 {
        let again = world.send(page.request(&sealed, body.clone())).await;
        assert_eq!((&again.body, again.header("x-fid-mac")), (&first.body, first.header("x-fid-mac")), "finalise is idempotent");
    }
    assert_eq!(bills(&world).await, [(1000, 1)], "one bill");
    assert_eq!(world.judge.runs.load(Ordering::SeqCst), 1, "judged once");

    let plain = world.result(&token, false).await.json();
    assert_eq!(plain["result_code"], 1000, "{plain}");
    let keys: Vec<&str> = plain.as_object().expect("object").keys().map(String::as_str).collect();
    let mut expected = ["request_id", "time_used", "biz_no", "biz_token", "result_code", "result_message"];
    expected.sort_unstable();
    let mut got = keys.clone();
    got.sort_unstable();
    assert_eq!(got, expected, "verbose 0");
    assert_eq!(
        (plain["biz_no"].as_str(), plain["biz_token"].as_str(), plain["result_message"].as_str()),
        (Some("order 0001+&=%"), Some(token.as_str()), Some("SUCCESS")),
        "given back"
    );

    let verbose = world.result(&token, true).await.json();
    let side = json!({ "confidence": 83.23666, "thresholds": thresholds() });
    assert_eq!(verbose["verification"], json!({ "idcard": side, "ref1": side, "ref2": side }), "comparison");
    assert_eq!(verbose["images"]["image_best"], "ZmFjZTogYmVzdCBwaWN0dXJlLCBmdWxsIHNpemU=", "the best frame");
    assert_eq!(verbose["cues"], json!([{ "name": "returning_frames", "measured": true, "score": 0.1 }]), "cues");
    let injection = &verbose["injection"];
    assert_eq!(injection["risk"], 0.6, "told, scored, and no reason to refuse: {injection}");
    let raised =
        |name: &str| injection["signals"].as_array().and_then(|all| all.iter().find(|s| s["name"] == name)).map(|s| s["raised"].clone());
    assert_eq!(raised("virtual_camera_label"), Some(true.into()), "{injection}");
    assert_eq!(
        (raised("automated_browser"), raised("drawn_track")),
        (Some(false.into()), Some(serde_json::Value::Null)),
        "not told is not no"
    );
    assert!(verbose.get("simulated").is_none(), "absent: {verbose}");
}

#[tokio::test]
async fn every_outcome_of_the_judge_has_its_row_and_price() {
    let cases = [
        (Liveness::Live, 83.0, 1000, "SUCCESS"),
        (Liveness::Live, 60.0, 2000, "PASS_LIVING_NOT_THE_SAME"),
        (Liveness::FakeFace, 83.0, 4100, "FAIL_LIVING_FACE_ATTACK"),
        (Liveness::ReplacedFace, 83.0, 4100, "REPLACED_FACE_ATTACK"),
        (Liveness::NotJudged, 83.0, 4200, "VERIFICATION_FAILURE"),
        (Liveness::NoFace, 83.0, 4200, "UNDETECTED_FACE"),
        (Liveness::WrongAction, 83.0, 4200, "ACTION_ERROR"),
    ];
    for (liveness, confidence, code, message) in cases {
        let world = World::new().await;
        world.script(|s| (s.liveness, s.confidence) = (liveness, confidence));
        let token = world.token().await;
        let mut page = Page::ready(&world, &token).await;
        assert_eq!(page.finalise().await.text(), fin(50_000 + code, message), "{liveness:?}");
        assert_eq!(world.outcome(&token).await, (u64::from(code), message.into()), "{liveness:?}");
        let expected = if code < 4000 { vec![(code, 1)] } else { Vec::new() };
        assert_eq!(bills(&world).await, expected, "{liveness:?} {code}");
        let verbose = world.result(&token, true).await.json();
        assert_eq!(verbose.get("verification").is_some(), code < 4000, "compared only when live: {verbose}");
    }
}

#[tokio::test]
async fn every_answer_of_the_authority_has_its_row() {
    const OTHER: &str = "11010519491231002X";
    let cases: [(&str, &str, Option<(&str, Option<&[u8]>)>, u32, &str); 6] = [
        (OTHER, NAME, None, 3000, "NO_ID_CARD_NUMBER"),
        (OTHER, NAME, Some(("李四", Some(b"face"))), 3000, "ID_NUMBER_NAME_NOT_MATCH"),
        (OTHER, NAME, Some((NAME, None)), 3000, "NO_ID_PHOTO"),
        (OTHER, NAME, Some((NAME, Some(b"not a picture"))), 3000, "PHOTO_FORMAT_ERROR"),
        (OTHER, NAME, Some((NAME, Some(b"blank wall"))), 3000, "NO_FACE_FOUND"),
        ("11010519491231002x", NAME, Some((NAME, Some(b"face"))), 1000, "SUCCESS"),
    ];
    for (number, name, person, code, message) in cases {
        let world = World::new().await;
        if let Some((registered, photo)) = person {
            world.person(&number.to_uppercase(), registered, photo).await;
        }
        let mut form = crate::common::usual();
        form[1].1 = name.into();
        form[2].1 = number.into();
        let token = world.signed().post_form(&form).await.json()["biz_token"].as_str().expect("token").to_owned();
        let mut page = Page::ready(&world, &token).await;
        assert_eq!(page.finalise().await.text(), fin(50_000 + code, message), "{message}");
        assert_eq!(world.outcome(&token).await, (code.into(), message.into()), "get_result");
        assert_eq!(bills(&world).await, [(code, 1)], "{message} is billed");
    }
}

#[tokio::test]
async fn a_failing_source_is_a_billed_3000() {
    #[derive(Debug)]
    struct Down;
    impl faceid_cloud::authority::AuthoritySource for Down {
        fn ask<'a>(&'a self, _: &'a str, _: &'a str) -> faceid_cloud::authority::Asking<'a> {
            Box::pin(async { Err(faceid_cloud::authority::SourceError) })
        }
    }
    let mut world = World::new().await;
    let app = faceid_cloud::App::new(
        world.app.store.clone(),
        world.clock.clone(),
        Config::default(),
        world.judge.clone(),
        std::sync::Arc::new(Down),
        faceid_cloud::DemoMode::default(),
    );
    world.router = faceid_cloud::router(app);
    let token = world.token().await;
    let mut page = Page::ready(&world, &token).await;
    assert_eq!(page.finalise().await.text(), fin(53000, "DATA_SOURCE_ERROR"), "row");
    assert_eq!(world.outcome(&token).await, (3000, "DATA_SOURCE_ERROR".into()), "get_result");
    assert_eq!(bills(&world).await, [(3000, 1)], "billed");
}

#[tokio::test]
async fn the_security_level_moves_the_threshold() {
    for (level, confidence, code) in [
        ("1", 62.2, 51000),
        ("1", 62.1, 52000),
        ("2", 69.4, 51000),
        ("2", 69.3, 52000),
        ("3", 74.4, 51000),
        ("3", 74.3, 52000),
        ("4", 78.1, 51000),
        ("4", 78.0, 52000),
    ] {
        let world = World::new().await;
        world.script(|s| s.confidence = confidence);
        let token = world.token_with(&[("security_level", level)]).await;
        let mut page = Page::ready(&world, &token).await;
        assert_eq!(page.finalise().await.json()["code"], code, "level {level}, confidence {confidence}");
    }
}

#[tokio::test]
async fn a_fake_is_compared_only_on_demand_and_never_passes() {
    let world = World::new().await;
    world.script(|s| s.liveness = Liveness::FakeFace);
    let token = world.token_with(&[("force_compare", "1"), ("image_ref1", "ZmFjZSBvbmU=")]).await;
    let mut page = Page::ready(&world, &token).await;
    assert_eq!(page.finalise().await.text(), fin(54100, "FAIL_LIVING_FACE_ATTACK"), "still an attack");
    let verbose = world.result(&token, true).await.json();
    assert_eq!(
        (verbose["result_code"].as_u64(), verbose["verification"]["idcard"]["confidence"].as_f64()),
        (Some(4100), Some(83.23666)),
        "{verbose}"
    );
    assert!(bills(&world).await.is_empty(), "free");
}

#[tokio::test]
async fn simulated_results_say_so_and_are_free() {
    let world = World::with(Config::default(), true).await;
    let token = world.token().await;
    let mut page = Page::ready(&world, &token).await;
    assert_eq!(page.finalise().await.text(), fin(51000, "SUCCESS"), "verdict");
    let result = world.result(&token, false).await.json();
    assert_eq!((result["result_code"].as_u64(), result["simulated"].as_bool()), (Some(1000), Some(true)), "{result}");
    assert!(bills(&world).await.is_empty(), "free");
}

#[tokio::test]
async fn incomplete_or_inconsistent_finalise_calls_are_refused() {
    let world = World::new().await;
    let token = world.token().await;
    let mut page = Page::open(&world, &token).await;
    page.perform().await;
    let early = page.seal("POST", "finalise", b"{");
    assert_eq!(world.send(page.request(&early, b"{".to_vec())).await.json()["message"], "BAD_ARGUMENTS:body", "not JSON");
    let best = crate::page::sha(&page.best);
    let transcript = hex::encode(page.channel.transcript());
    for (body, message) in [
        (json!({ "best": best, "transcript": "00".repeat(32) }), "BAD_ARGUMENTS:transcript"),
        (json!({ "best": "x", "transcript": transcript }), "BAD_ARGUMENTS:best"),
        (json!({ "best": "00".repeat(32), "transcript": transcript }), "BAD_ARGUMENTS:best"),
        (json!({ "best": crate::page::sha(&Page::frames(1, 1)[0]), "transcript": transcript }), "BAD_ARGUMENTS:best"),
    ] {
        let answer = page.call("POST", "finalise", body.to_string().as_bytes()).await;
        assert_eq!((answer.status.as_u16(), answer.json()["message"].as_str()), (400, Some(message)), "{body}");
    }
    page.waiting.pop();
    page.upload().await;
    let answer = page.finalise().await;
    assert_eq!((answer.status.as_u16(), answer.json()["message"].as_str()), (409, Some("VERIFICATION_FAILURE")), "a frame is missing");
    assert_eq!(world.outcome(&token).await, (4200, "VERIFICATION_FAILURE".into()), "recorded");
    assert_eq!(world.judge.runs.load(Ordering::SeqCst), 0, "never judged");

    let token = world.token().await;
    let mut page = Page::open(&world, &token).await;
    drop(page.next(0).await);
    page.best = b"x".to_vec();
    let answer = page.finalise().await;
    assert_eq!((answer.status.as_u16(), answer.json()["message"].as_str()), (403, Some("AUTHENTICATION_FAIL")), "steps are missing");
    assert_eq!(world.outcome(&token).await, (9000, "LIVING_IN_PROGRESS".into()), "goes on");
}

#[tokio::test]
async fn a_failing_judge_is_asked_again_and_given_up_after_three_times() {
    let world = World::new().await;
    world.script(|s| s.failures = 1);
    let token = world.token().await;
    let mut page = Page::ready(&world, &token).await;
    let answer = page.finalise().await;
    assert_eq!((answer.status.as_u16(), answer.text()), (500, r#"{"code":50500,"message":"INTERNAL_ERROR"}"#.into()), "worth a retry");
    assert_eq!(world.outcome(&token).await, (9000, "LIVING_IN_PROGRESS".into()), "no verdict yet");
    assert_eq!(page.finalise().await.text(), fin(51000, "SUCCESS"), "the identical call again");

    let token = world.token().await;
    let mut page = Page::ready(&world, &token).await;
    world.script(|s| s.panics = true);
    for _ in 0..2 {
        assert_eq!(page.finalise().await.status.as_u16(), 500, "a panic is a failure like others");
    }
    assert_eq!(page.finalise().await.text(), fin(54200, "VERIFICATION_FAILURE"), "given up");
    assert_eq!(bills(&world).await, [(1000, 1)], "only the first is billed");
}

#[tokio::test]
async fn a_slow_judge_is_polled_and_copies_do_not_judge_twice() {
    let mut config = Config::default();
    config.sdk.finalise_wait_s = 0;
    let world = World::with(config, false).await;
    world.script(|s| s.delay_ms = 600);
    let token = world.token().await;
    let page = Page::ready(&world, &token).await;
    let body = page.finalise_body();
    let sealed = page.seal("POST", "finalise", &body);
    let mut last = String::new();
    let mut verifying = 0;
    for _ in 0..100 {
        let answer = world.send(page.request(&sealed, body.clone())).await;
        page.channel.verify(&sealed, &answer.body, Some(&answer.header("x-fid-mac"))).expect("sealed");
        last = answer.text();
        if last != r#"{"state":"verifying","retry_after_ms":500}"# {
            break;
        }
        verifying += 1;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(last, fin(51000, "SUCCESS"), "in the end");
    assert!(verifying >= 2, "{verifying} polls");
    assert_eq!(world.judge.runs.load(Ordering::SeqCst), 1, "judged once");
    assert_eq!(bills(&world).await, [(1000, 1)], "billed once");
}

#[tokio::test]
async fn sixty_four_parallel_finalise_calls_give_one_verdict() {
    let world = World::new().await;
    let token = world.token().await;
    let mut page = Page::ready(&world, &token).await;
    let body = page.finalise_body();
    let sealed = page.seal("POST", "finalise", &body);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (router, request) = (world.router.clone(), page.request(&sealed, body.clone()));
        calls.spawn(async move { tower::ServiceExt::oneshot(router, request).await.expect("infallible").status().as_u16() });
    }
    let statuses = calls.join_all().await;
    assert!(statuses.iter().all(|s| *s == 200), "verdict or verifying: {statuses:?}");
    assert_eq!(page.call("POST", "finalise", &body).await.text(), fin(51000, "SUCCESS"), "verdict");
    assert_eq!((world.judge.runs.load(Ordering::SeqCst), bills(&world).await), (1, vec![(1000, 1)]), "one run, one bill");
}

/// Stops a whole runtime while the judge works: what a killed process leaves behind.
#[test]
fn a_crash_leaves_nothing_half_written_and_another_worker_finishes() {
    let first = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime");
    let (folder, token, session_requests) = first.block_on(async {
        let world = World::new().await;
        world.script(|s| s.delay_ms = 3_000);
        let token = world.token().await;
        let page = Page::ready(&world, &token).await;
        let body = page.finalise_body();
        let sealed = page.seal("POST", "finalise", &body);
        let request = page.request(&sealed, body.clone());
        let (router, repeat) = (world.router.clone(), page.request(&sealed, body));
        let hanging = tokio::spawn(tower::ServiceExt::oneshot(router, request));
        for _ in 0..200 {
            if world.judge.runs.load(Ordering::SeqCst) == 1 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(world.judge.runs.load(Ordering::SeqCst), 1, "judging has begun");
        hanging.abort();
        drop(page);
        let World { folder, .. } = world;
        (folder, token, repeat)
    });
    first.shutdown_background();
    tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("runtime").block_on(async {
        let world = World::on(folder, Config::default(), false).await;
        world.clock.advance_s(20);
        assert_eq!(world.outcome(&token).await, (9000, "LIVING_IN_PROGRESS".into()), "no verdict");
        assert!(
            bills(&world).await.is_empty() && world.app.store.verdict(&token).await.expect("verdict").is_none(),
            "nothing half-written"
        );
        let waiting = world.send(session_requests).await;
        assert_eq!(waiting.text(), r#"{"state":"verifying","retry_after_ms":500}"#, "the lease of the dead worker still runs");
        world.clock.advance_s(31);
        let round = upkeep::round(&world.app).await.expect("round");
        assert_eq!(round.judged, 1, "taken over");
        assert_eq!(world.outcome(&token).await, (1000, "SUCCESS".into()), "finished");
        assert_eq!(bills(&world).await, [(1000, 1)], "billed once");
        assert!(world.app.store.is_sound().await.expect("check"), "database is sound");
        assert_eq!((world.signed().key, world.signed().secret), (KEY.into(), SECRET.into()), "same key after the restart");
    });
}

#[tokio::test]
async fn results_are_erased_after_a_day_and_bills_stay() {
    let world = World::new().await;
    let token = world.token().await;
    let mut page = Page::ready(&world, &token).await;
    assert_eq!(page.finalise().await.status.as_u16(), 200, "verdict");
    world.clock.set(crate::common::START + 24 * 3600 * 1000 - 1);
    assert_eq!(world.outcome(&token).await, (1000, "SUCCESS".into()), "just before");
    world.clock.advance_ms(1);
    assert_eq!(world.result(&token, false).await.error(), "BAD_ARGUMENTS:biz_token", "due, though not swept yet");
    let round = upkeep::round(&world.app).await.expect("round");
    assert_eq!(round.purged.sessions, 1, "erased");
    assert_eq!(bills(&world).await, [(1000, 1)], "the bill stays");
    if crate::database::on_postgres() {
        return;
    }
    let mut left = std::fs::read(world.folder.path().join("faceid.db")).expect("file");
    left.extend(std::fs::read(world.folder.path().join("faceid.db-wal")).unwrap_or_default());
    assert!(!left.windows(12).any(|w| w == b"best picture"), "the picture's bytes are gone from the files");
    let holds_number = left.windows(NUMBER.len()).any(|w| w == NUMBER.as_bytes());
    assert!(holds_number, "only the authority's own registry still knows the number");
    assert!(!left.windows(13).any(|w| w == b"jpeg of step "), "so are the frames");
}

#[tokio::test]
async fn the_page_learns_a_code_and_a_message() {
    let world = World::new().await;
    for (liveness, told) in [
        (Liveness::Live, (51_000, "SUCCESS")),
        (Liveness::FakeFace, (54_100, "FAIL_LIVING_FACE_ATTACK")),
        (Liveness::ReplacedFace, (54_100, "REPLACED_FACE_ATTACK")),
        (Liveness::WrongAction, (54_200, "ACTION_ERROR")),
        (Liveness::NotJudged, (54_200, "VERIFICATION_FAILURE")),
        (Liveness::NoFace, (54_200, "UNDETECTED_FACE")),
    ] {
        world.script(|script| script.liveness = liveness);
        let token = world.token().await;
        let mut page = Page::ready(&world, &token).await;
        let answer = page.finalise().await;
        assert_eq!(answer.json(), json!({ "state": "final", "code": told.0, "message": told.1 }), "these fields and no other");
        let after = page.commit(9).await;
        assert_eq!(after.json(), json!({ "code": told.0, "message": told.1 }), "nor later");
        let cues = world.result(&token, true).await.json()["cues"].clone();
        assert_eq!(cues[0]["name"], "returning_frames", "the backend learns the cues by name: {cues}");
        assert!(world.result(&token, false).await.json().get("cues").is_none(), "only when it asks for them");
    }
}
