//! Several nodes on one database and one place for pictures: none of them remembers anything.

use crate::{
    common::{ORIGIN, World, open},
    page::Page,
};
use axum::{Router, body::Body};
use faceid_cloud::{App, DemoMode, authority::LocalRegistry, config::Config, upkeep};
use faceid_protocol::Millis;
use http::Request;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tower::ServiceExt;

/// A second node beside a world's own: its own connections, the same clock and judge.
async fn second(world: &World, config: Config) -> App {
    let store = open(world.folder.path()).await;
    App::new(store.clone(), world.clock.clone(), config, world.judge.clone(), Arc::new(LocalRegistry(store)), DemoMode::default())
}

/// Every request goes to the other node.
fn hopping(nodes: Vec<Router>) -> Router {
    let turn = Arc::new(AtomicUsize::new(0));
    Router::new().fallback(move |request: Request<Body>| {
        let node = nodes[turn.fetch_add(1, Ordering::SeqCst) % nodes.len()].clone();
        async move { node.oneshot(request).await }
    })
}

async fn bills(world: &World) -> u64 {
    world.app.store.bills(Millis(0)).await.expect("bills").iter().map(|bill| bill.count).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_hops_at_every_call() {
    let mut world = World::new().await;
    let other = second(&world, Config::default()).await;
    world.router = hopping(vec![world.router.clone(), faceid_cloud::router(other)]);
    for _ in 0..3 {
        let token = world.token_with(&[("image_ref1", "ZmFjZSBvbmU=")]).await;
        let mut page = Page::ready(&world, &token).await;
        assert_eq!(page.finalise().await.json()["code"], 51000, "verdict");
        for _ in 0..2 {
            assert_eq!(world.outcome(&token).await, (1000, "SUCCESS".into()), "both nodes say the same");
        }
    }
    assert_eq!(bills(&world).await, 3, "one bill each");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_race_to_finalise_make_one_verdict() {
    let world = World::new().await;
    let nodes = [world.router.clone(), faceid_cloud::router(second(&world, Config::default()).await)];
    let rounds = if std::env::var_os("FACEID_LONG").is_some() { 200 } else { 6 };
    for round in 1..=rounds {
        let token = world.token_with(&[("liveness_action_count", "1")]).await;
        let page = Page::ready(&world, &token).await;
        let body = page.finalise_body();
        let sealed = page.seal("POST", "finalise", &body);
        let mut calls = tokio::task::JoinSet::new();
        for index in 0..64 {
            let (router, request) = (nodes[index % 2].clone(), page.request(&sealed, body.clone()));
            calls.spawn(async move { router.oneshot(request).await.expect("infallible").status().as_u16() });
        }
        let statuses = calls.join_all().await;
        assert!(statuses.iter().all(|status| *status == 200), "verdict or verifying: {statuses:?}");
        while world.outcome(&token).await.0 == 9000 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(world.judge.runs.load(Ordering::SeqCst), round, "judged once");
        assert_eq!(bills(&world).await, round, "billed once");
    }
    println!("{rounds} rounds of 64 parallel finalise calls on two nodes: one verdict, one bill each");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_race_to_init_have_one_winner() {
    let world = World::new().await;
    let nodes = [world.router.clone(), faceid_cloud::router(second(&world, Config::default()).await)];
    for _ in 0..4 {
        let token = world.token().await;
        let mut calls = tokio::task::JoinSet::new();
        for index in 0..32 {
            let handshake = faceid_client::Handshake::generate().expect("random bytes");
            let request = crate::page::init_request(crate::page::init_body(&token, &handshake, |_| ()), Some(ORIGIN));
            let router = nodes[index % 2].clone();
            calls.spawn(async move { router.oneshot(request).await.expect("infallible").status().as_u16() });
        }
        let statuses = calls.join_all().await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert!(statuses.iter().all(|status| matches!(status, 200 | 403)), "{statuses:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replayed_request_is_refused_by_every_node() {
    let world = World::new().await;
    let nodes = [world.router.clone(), faceid_cloud::router(second(&world, Config::default()).await)];
    let client = world.signed();
    for _ in 0..8 {
        let (head, _) = client.form_request(&crate::common::usual()).into_parts();
        let form = crate::common::encode_form(&crate::common::usual());
        let mut calls = tokio::task::JoinSet::new();
        for index in 0..16 {
            let request = Request::from_parts(head.clone(), Body::from(form.clone()));
            let router = nodes[index % 2].clone();
            calls.spawn(async move { router.oneshot(request).await.expect("infallible").status().as_u16() });
        }
        let statuses = calls.join_all().await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_node_queues_and_an_idle_one_judges() {
    let mut config = Config::default();
    config.sdk.judges = 0;
    let world = World::with(config, false).await;
    let token = world.token().await;
    let mut page = Page::ready(&world, &token).await;
    let queued = page.finalise().await;
    assert_eq!(queued.text(), r#"{"state":"verifying","retry_after_ms":500}"#, "no judge here");
    assert_eq!(world.app.store.queued(world.clock_now()).await.expect("queue"), 1, "waits");
    let other = second(&world, Config::default()).await;
    let worker = tokio::spawn(upkeep::judge(other));
    let begun = std::time::Instant::now();
    while world.outcome(&token).await.0 == 9000 {
        assert!(begun.elapsed().as_secs() < 30, "nobody took it");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    worker.abort();
    assert_eq!(world.outcome(&token).await, (1000, "SUCCESS".into()), "judged elsewhere");
    assert_eq!(bills(&world).await, 1, "once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_of_two_nodes_share_a_queue_without_judging_twice() {
    let mut config = Config::default();
    config.sdk.judges = 0;
    let world = World::with(config, false).await;
    let mut tokens = Vec::new();
    for _ in 0..12 {
        let token = world.token_with(&[("liveness_action_count", "1")]).await;
        let mut page = Page::ready(&world, &token).await;
        drop(page.finalise().await);
        tokens.push(token);
    }
    let (a, b) = (second(&world, Config::default()).await, second(&world, Config::default()).await);
    let workers = [tokio::spawn(upkeep::judge(a)), tokio::spawn(upkeep::judge(b))];
    let begun = std::time::Instant::now();
    for token in &tokens {
        while world.outcome(token).await.0 == 9000 {
            assert!(begun.elapsed().as_secs() < 60, "the queue stands still");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
    workers.iter().for_each(tokio::task::JoinHandle::abort);
    assert_eq!((world.judge.runs.load(Ordering::SeqCst), bills(&world).await), (12, 12), "each once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overload_is_refused_at_once() {
    let mut config = Config::default();
    (config.sdk.judges, config.sdk.queue, config.sdk.waiting) = (0, 1, 0);
    let world = World::with(config, false).await;
    let (first, next) = (world.token().await, world.token().await);
    let mut page = Page::ready(&world, &first).await;
    assert!(page.finalise().await.text().contains("verifying"), "the queue takes one");
    let mut page = Page::ready(&world, &next).await;
    let begun = std::time::Instant::now();
    let refused = page.finalise().await;
    assert_eq!((refused.status.as_u16(), refused.json()["message"].as_str()), (429, Some("CONCURRENCY_LIMIT_EXCEEDED")), "SDK path");
    let mut form = crate::common::usual();
    form.push(("image_ref1".into(), "ZmFjZSBvbmU=".into()));
    let refused = world.signed().post_form(&form).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (403, "CONCURRENCY_LIMIT_EXCEEDED".into()), "get_biz_token with photos");
    assert!(begun.elapsed().as_secs() < 10, "fast");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_public_api_refuses_at_once() {
    let mut config = Config::default();
    config.public.concurrent = 2;
    config.sdk.judges = 2;
    let world = World::with(config, false).await;
    let token = world.token().await;
    world.judge.photo_delay_ms.store(60_000, Ordering::SeqCst);
    let mut form = crate::common::usual();
    form.push(("image_ref1".into(), "ZmFjZSBvbmU=".into()));
    let slow: Vec<_> = (0..2).map(|_| tokio::spawn(world.router.clone().oneshot(world.signed().form_request(&form)))).collect();
    // Two inside: both photo checks have begun.
    while world.judge.photos.load(Ordering::SeqCst) < 2 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let refused = world.result(&token, false).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (429, "CONCURRENCY_LIMIT_EXCEEDED".into()), "get_result");
    let refused = world.signed().post_form(&crate::common::usual()).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (403, "CONCURRENCY_LIMIT_EXCEEDED".into()), "get_biz_token");
    world.judge.photo_delay_ms.store(0, Ordering::SeqCst);
    for call in slow {
        assert_eq!(call.await.expect("task").expect("infallible").status().as_u16(), 200, "those inside are served");
    }
}
