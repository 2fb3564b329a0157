//! Attacks on the protocol, counted: 0 may be accepted. The judge of these tests believes every picture, so nothing but the protocol stands in the way.

use super::{
    Dice, count,
    tape::{Call, best, frames},
};
use crate::{common::World, page::Page};
use faceid_cloud::{config::Config, limits::LimitsConfig};
use faceid_protocol::Millis;

async fn world() -> World {
    World::with(Config { limits: LimitsConfig::off(), ..Config::default() }, false).await
}

async fn open<'a>(world: &'a World) -> (String, Page<'a>) {
    let token = world.token_with(&[("liveness_action_count", "1")]).await;
    let page = Page::open(world, &token).await;
    (token, page)
}

/// The parts of a session of one action, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Neutral,
    Action,
    Upload(usize),
    Finalise,
}

/// In a page's order: two neutral frames, two of the action, the best.
const ORDER: [Part; 8] =
    [Part::Neutral, Part::Action, Part::Upload(0), Part::Upload(1), Part::Upload(2), Part::Upload(3), Part::Upload(4), Part::Finalise];

fn all_frames(token: &str) -> Vec<Vec<u8>> {
    [frames(token, 0, 2), frames(token, 1, 2), vec![best(token)]].concat()
}

fn call(page: &Page<'_>, token: &str, part: Part) -> Call {
    match part {
        Part::Neutral => Call::commit(page, 0, &frames(token, 0, 2)),
        Part::Action => Call::commit(page, 1, &[frames(token, 1, 2), vec![best(token)]].concat()),
        Part::Upload(i) => Call::upload(page, &all_frames(token)[i]),
        Part::Finalise => Call::finalise(page, &best(token)),
    }
}

/// Sends one part; an accepted one moves the page on.
async fn play(world: &World, page: &mut Page<'_>, token: &str, part: Part) -> bool {
    let call = call(page, token, part);
    let answer = call.send(&world.router).await;
    if answer.status.is_success() {
        page.channel.advance(&call.sealed(), &answer.body);
    }
    answer.status.is_success()
}

/// A whole session as a page does it, at a person's pace; the tape of its calls.
async fn honest(world: &World) -> (String, Vec<Call>) {
    let (token, mut page) = open(world).await;
    let mut tape = Vec::new();
    for part in ORDER {
        world.clock.advance_ms(600);
        let sent = call(&page, &token, part);
        let answer = sent.send(&world.router).await;
        assert!(answer.status.is_success(), "{part:?}: {}", answer.text());
        page.channel.advance(&sent.sealed(), &answer.body);
        tape.push(sent);
    }
    assert_eq!(world.outcome(&token).await.0, 1000, "an honest session passes: the attacks differ from it in one thing");
    (token, tape)
}

async fn bills(world: &World) -> u64 {
    world.app.store.bills(Millis(0)).await.expect("bills").iter().map(|bill| bill.count).sum()
}

/// Whoever has the keys and sends everything, but not as a person could: no time to react, steps without a prompt, no pictures.
#[tokio::test]
async fn scripted_sessions_are_refused() {
    let (attempts, world) = (count(120, 1000), world().await);
    let (mut dice, seed) = Dice::new(2);
    let mut accepted = 0;
    for _ in 0..attempts {
        let (token, mut page) = open(&world).await;
        let mut parts = ORDER.to_vec();
        let mut pause = 600;
        match dice.below(4) {
            // Everything at machine speed.
            0 => pause = dice.below(399),
            // The prompt is not answered.
            1 => parts.retain(|part| *part != Part::Action),
            // Pictures are promised and never sent.
            2 => drop(parts.remove(2 + dice.below(5))),
            // The action is committed blindly, before it is asked.
            _ => parts.swap(0, 1),
        }
        for part in parts {
            world.clock.advance_ms(if part == Part::Action { pause as u64 } else { 600 });
            play(&world, &mut page, &token, part).await;
        }
        accepted += u32::from(world.outcome(&token).await.0 == 1000);
    }
    println!("scripted: {attempts} sessions, {accepted} accepted; seed {seed}");
    assert_eq!((accepted, bills(&world).await), (0, 0), "accepted, billed");
}

/// The parts of a session in another order, each sealed with the right keys for its new place.
#[tokio::test]
async fn reordered_sessions_are_refused() {
    let (attempts, world) = (count(120, 1000), world().await);
    let (mut dice, seed) = Dice::new(3);
    let mut accepted = 0;
    for _ in 0..attempts {
        let mut order = ORDER;
        while allowed(&order) {
            for i in (1..order.len()).rev() {
                order.swap(i, dice.below(i + 1));
            }
        }
        let (token, mut page) = open(&world).await;
        for part in order {
            world.clock.advance_ms(600);
            play(&world, &mut page, &token, part).await;
        }
        accepted += u32::from(world.outcome(&token).await.0 == 1000);
    }
    println!("reordered: {attempts} sessions, {accepted} accepted; seed {seed}");
    assert_eq!((accepted, bills(&world).await), (0, 0), "accepted, billed");
}

/// Uploads may come at any time between their commit and finalise; everything else has one place.
fn allowed(order: &[Part]) -> bool {
    let at = |part| order.iter().position(|p| *p == part).expect("every part is there");
    let uploads = (0..5).all(|i| at(if i < 2 { Part::Neutral } else { Part::Action }) < at(Part::Upload(i)));
    uploads && at(Part::Neutral) < at(Part::Action) && at(Part::Finalise) == order.len() - 1
}

/// Recorded calls sent again: to the session they were made for, to another running session, and with the names of both exchanged.
#[tokio::test]
async fn replayed_calls_have_no_effect() {
    let (attempts, world) = (count(1000, 4000), world().await);
    let (mut dice, seed) = Dice::new(4);
    let (mut made, mut accepted) = (0, 0);
    while made < attempts {
        let (done, tape) = honest(&world).await;
        let (running, mut page) = open(&world).await;
        play(&world, &mut page, &running, Part::Neutral).await;
        let before = (bills(&world).await, world.app.store.standing(&running).await.expect("standing"));
        let runs = world.judge.runs.load(std::sync::atomic::Ordering::SeqCst);
        for _ in 0..40 {
            let mut call = tape[dice.below(tape.len())].clone();
            let to_running = dice.one_in(2);
            if to_running {
                call.session = page.channel.session_id().to_owned();
            }
            if dice.one_in(4) {
                (call.seq, call.prev) = (2, *page.channel.transcript());
            }
            let answer = call.send(&world.router).await;
            // A repetition in its own session gets the stored reply, which does nothing; the session is over.
            let is_new = answer.status.is_success() && (to_running || !tape.iter().any(|old| old.mark() == call.mark()));
            accepted += u32::from(is_new);
            made += 1;
        }
        assert_eq!(world.judge.runs.load(std::sync::atomic::Ordering::SeqCst), runs, "nothing is judged again");
        assert_eq!((bills(&world).await, world.app.store.standing(&running).await.expect("standing")), before, "nothing moved");
        assert_eq!(world.outcome(&done).await.0, 1000, "the recorded session stays what it was");
    }
    println!("replayed: {made} calls, {accepted} accepted; seed {seed}");
    assert_eq!(accepted, 0, "accepted");
}

/// Calls of one running session in another: its MAC, its body, its history, its keys.
#[tokio::test]
async fn spliced_calls_are_refused() {
    let (attempts, world) = (count(1000, 4000), world().await);
    let (mut dice, seed) = Dice::new(5);
    let (mut made, mut accepted) = (0, 0);
    while made < attempts {
        let ((one, mut first), (two, mut second)) = (open(&world).await, open(&world).await);
        for part in ORDER {
            for _ in 0..5 {
                let (mut call, other) = (call(&first, &one, part), call(&second, &two, part));
                match dice.below(5) {
                    0 => call.mac = other.mac,
                    1 => call = Call { session: call.session, ..other },
                    2 => (call.prev, call.mac) = (other.prev, other.mac),
                    3 => (call.body, call.path, call.mac) = (other.body, other.path, other.mac),
                    _ => call.session = other.session,
                }
                accepted += u32::from(call.send(&world.router).await.status.is_success());
                made += 1;
            }
            world.clock.advance_ms(600);
            // Both go on unharmed.
            assert!(play(&world, &mut first, &one, part).await && play(&world, &mut second, &two, part).await, "{part:?}");
        }
        assert_eq!((world.outcome(&one).await.0, world.outcome(&two).await.0), (1000, 1000), "a splice harms nobody");
    }
    println!("spliced: {made} calls, {accepted} accepted; seed {seed}");
    assert_eq!(accepted, 0, "accepted");
}

/// The next call of a session with one bit changed on its way.
#[tokio::test]
async fn tampered_calls_are_refused() {
    let (attempts, world) = (count(1000, 4000), world().await);
    let (mut dice, seed) = Dice::new(6);
    let (mut made, mut accepted) = (0, 0);
    while made < attempts {
        let (token, mut page) = open(&world).await;
        for part in ORDER {
            for _ in 0..8 {
                let mut call = call(&page, &token, part);
                let bit = 1_u8 << dice.below(8);
                match dice.below(5) {
                    0 => call.mac[dice.below(32)] ^= bit,
                    1 => call.prev[dice.below(32)] ^= bit,
                    2 => call.seq ^= 1 << dice.below(50),
                    3 => {
                        let at = dice.below(call.body.len());
                        call.body[at] ^= bit;
                    }
                    _ => {
                        // A digit of the session's name, or of the digest in the path of an upload.
                        let text = if matches!(part, Part::Upload(_)) { &mut call.path } else { &mut call.session };
                        let last = text.pop().expect("not empty");
                        text.push(if last == '0' { '1' } else { '0' });
                    }
                }
                accepted += u32::from(call.send(&world.router).await.status.is_success());
                made += 1;
            }
            world.clock.advance_ms(600);
            assert!(play(&world, &mut page, &token, part).await, "the true call still works: {part:?}");
        }
        assert_eq!(world.outcome(&token).await.0, 1000, "tampering harms nobody");
    }
    println!("tampered: {made} calls, {accepted} accepted; seed {seed}");
    assert_eq!(accepted, 0, "accepted");
}
