//! Recordings of an earlier attempt, sent again under another token.

use crate::{
    common::{Script, World},
    page::Page,
};
use faceid_cloud::{judging::Liveness, upkeep};

const DAY_MS: u64 = 24 * 3600 * 1000;

/// A session of one person whose face moved like this; its result code.
async fn attempt(world: &World, token: &str, motion: &[u8]) -> u64 {
    world.script(|script| *script = Script { motion: Some(motion.to_vec()), ..Script::default() });
    let mut page = Page::ready(world, token).await;
    assert_eq!(page.finalise().await.status.as_u16(), 200, "verdict");
    world.outcome(token).await.0
}

#[tokio::test]
async fn a_movement_that_comes_back_under_another_token_is_a_recording() {
    let world = World::new().await;
    let first = world.token().await;
    assert_eq!(attempt(&world, &first, b"one").await, 1000, "the person");
    assert_eq!(attempt(&world, &world.token().await, b"two").await, 1000, "the person again, moving anew");
    let copy = world.token().await;
    assert_eq!(attempt(&world, &copy, b"one").await, 4100, "the recording of the first attempt");
    let cues = world.result(&copy, true).await.json()["cues"].clone();
    let named: Vec<_> = cues.as_array().expect("cues").iter().map(|cue| (cue["name"].clone(), cue["score"].clone())).collect();
    assert!(named.contains(&("returning_motion".into(), 1.0.into())), "the backend learns why: {cues}");
}

#[tokio::test]
async fn another_person_may_move_the_same() {
    let world = World::new().await;
    assert_eq!(attempt(&world, &world.token().await, b"one").await, 1000, "one person");
    let form = [("liveness_type", "meglive"), ("idcard_name", "李四"), ("idcard_number", "110101199003074995")];
    let answer = world.signed().post_form(&form.map(|(k, v)| (k.to_owned(), v.to_owned()))).await;
    let other = answer.json()["biz_token"].as_str().expect("biz_token").to_owned();
    let code = attempt(&world, &other, b"one").await;
    assert_eq!(code, 3000, "prints are kept apart by person; the authority does not know this one");
}

#[tokio::test]
async fn movements_are_remembered_beyond_the_session_and_no_longer_than_set() {
    let world = World::new().await;
    let first = world.token().await;
    assert_eq!(attempt(&world, &first, b"one").await, 1000, "the person");
    world.clock.advance_ms(2 * DAY_MS);
    let round = upkeep::round(&world.app).await.expect("round");
    assert_eq!(round.purged.sessions, 1, "the session is erased");
    assert_eq!(attempt(&world, &world.token().await, b"one").await, 4100, "two days later");
    world.clock.advance_ms(31 * DAY_MS);
    upkeep::round(&world.app).await.expect("round");
    assert_eq!(attempt(&world, &world.token().await, b"one").await, 1000, "forgotten after thirty days");
}

#[tokio::test]
async fn erasing_a_session_on_request_erases_its_movement() {
    let world = World::new().await;
    let first = world.token().await;
    assert_eq!(attempt(&world, &first, b"one").await, 1000, "the person");
    world.app.store.erase(&first, world.clock_now()).await.expect("erased");
    assert_eq!(attempt(&world, &world.token().await, b"one").await, 1000, "nothing is left to recognise it by");
}

#[tokio::test]
async fn what_was_not_live_stays_what_it_was() {
    let world = World::new().await;
    assert_eq!(attempt(&world, &world.token().await, b"one").await, 1000, "the person");
    let token = world.token().await;
    world.script(|script| *script = Script { liveness: Liveness::NotJudged, motion: Some(b"one".to_vec()), ..Script::default() });
    let mut page = Page::ready(&world, &token).await;
    assert_eq!(page.finalise().await.status.as_u16(), 200, "verdict");
    assert_eq!(world.outcome(&token).await, (4200, "VERIFICATION_FAILURE".to_owned()), "could not be judged, and is not accused");
}
