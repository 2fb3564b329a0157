//! Random and adversarial histories over the real router and database: after every call, answer and stored state are the model's.

use super::{
    Dice, count,
    model::{Kind, Row},
    side::{FORGED, HONEST, Side, Truth, agree, perform},
    tape::{Call, best, frames},
};
use crate::common::World;
use axum::Router;
use faceid_cloud::{App, config::Config, limits::LimitsConfig};
use faceid_protocol::Millis;
use std::collections::BTreeMap;

/// What a history tries, besides going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Replayed,
    Retried,
    Reordered,
    Forked,
    Spliced,
    Tampered,
    Early,
    Late,
    WrongStep,
    MissingFrames,
    ExtraFrames,
    WrongFinalise,
    Cancelled,
    Crashed,
}

const CLASSES: [Class; 14] = [
    Class::Replayed,
    Class::Retried,
    Class::Reordered,
    Class::Forked,
    Class::Spliced,
    Class::Tampered,
    Class::Early,
    Class::Late,
    Class::WrongStep,
    Class::MissingFrames,
    Class::ExtraFrames,
    Class::WrongFinalise,
    Class::Cancelled,
    Class::Crashed,
];

/// Endings a page may tell, and what they are recorded as (§5.5).
const ENDINGS: [(Option<Row>, Option<Row>); 7] = [
    (None, Some((4200, "USER_CANCELLATION"))),
    (Some((56_000, "USER_CANCEL")), Some((4200, "USER_CANCELLATION"))),
    (Some((54_200, "ACTION_ERROR")), Some((4200, "ACTION_ERROR"))),
    (Some((54_100, "REPLACED_FACE_ATTACK")), Some((4100, "REPLACED_FACE_ATTACK"))),
    (Some((56_000, "NETWORK_ERROR")), Some((6000, "NETWORK_ERROR"))),
    (Some((51_000, "SUCCESS")), None),
    (Some((56_000, "USER_TIMEOUT")), None),
];

/// One history: two sessions, one clock, one server that may be restarted.
struct History<'a> {
    world: &'a World,
    /// Of the server as it runs now.
    router: Router,
    dice: &'a mut Dice,
    calls: u64,
}

impl History<'_> {
    /// Goes on as a page does, at a person's pace.
    async fn go_on(&mut self, side: &mut Side<'_>) {
        let call = side.due();
        let pause = if matches!(call.kind, Kind::Commit { .. }) { 400 + self.dice.below(1500) } else { self.dice.below(300) };
        self.world.clock.advance_ms(pause as u64);
        self.try_it(side, &call, HONEST).await;
    }

    async fn try_it(&mut self, side: &mut Side<'_>, call: &Call, truth: Truth) {
        self.calls += 1;
        if perform(self.world, &self.router, side, call, truth).await {
            match &call.kind {
                Kind::Commit { step, frames, .. } if !frames.is_empty() => side.waiting.extend(side.frames_of(*step)),
                Kind::Upload { .. } => {
                    side.waiting.retain(|frame| *frame != call.body);
                    side.sent.push(call.body.clone());
                }
                Kind::Commit { .. } | Kind::Finalise { .. } | Kind::Cancel(_) => {}
            }
        }
    }

    /// One attempt of the class against `side`; `other` is a session of the same attacker.
    async fn attempt(&mut self, class: Class, side: &mut Side<'_>, other: &mut Side<'_>) {
        match class {
            Class::Replayed => {
                let tapes = [side.tape.len(), other.tape.len()];
                if tapes[0] > 0 && (tapes[1] == 0 || self.dice.one_in(2)) {
                    let call = side.tape[self.dice.below(tapes[0])].1.clone();
                    self.try_it(side, &call, HONEST).await;
                } else if tapes[1] > 0 {
                    let mut call = other.tape[self.dice.below(tapes[1])].1.clone();
                    call.session = side.page.channel.session_id().to_owned();
                    self.try_it(side, &call, FORGED).await;
                }
            }
            Class::Retried => {
                // The reply is lost once or twice; the identical request goes out again.
                let call = side.due();
                self.world.clock.advance_ms(500);
                for _ in 0..2 + self.dice.below(2) {
                    self.try_it(side, &call, HONEST).await;
                }
            }
            Class::Reordered => {
                let early = side.page.init.config.action_count;
                let call = match self.dice.below(3) {
                    0 => Call::finalise(&side.page, &best(&side.token)),
                    1 => Call::commit(&side.page, early, &side.frames_of(early)),
                    _ => Call::upload(&side.page, &best(&side.token)),
                };
                self.world.clock.advance_ms(500);
                self.try_it(side, &call, HONEST).await;
            }
            Class::Forked => {
                if side.tape.is_empty() {
                    return self.go_on(side).await;
                }
                let (channel, _) = &side.tape[self.dice.below(side.tape.len())];
                let now = std::mem::replace(&mut side.page.channel, channel.clone());
                let call = match self.dice.below(3) {
                    0 => Call::commit(&side.page, side.model.step, &frames("another", side.model.step, 3)),
                    1 => Call::upload(&side.page, b"another"),
                    _ => Call::finalise(&side.page, b"another"),
                };
                side.page.channel = now;
                self.try_it(side, &call, HONEST).await;
            }
            Class::Spliced => {
                let mut call = other.due();
                let own = side.due();
                call.session.clone_from(&own.session);
                match self.dice.below(4) {
                    0 => {}
                    1 => (call.seq, call.prev) = (own.seq, own.prev),
                    2 => (call.body, call.path, call.method, call.kind) = (own.body, own.path, own.method, own.kind),
                    _ => call = Call { mac: call.mac, ..own },
                }
                self.try_it(side, &call, FORGED).await;
            }
            Class::Tampered => {
                let (call, truth) = self.tampered(side.due());
                self.try_it(side, &call, truth).await;
            }
            Class::Early => {
                let call = side.due();
                if matches!(call.kind, Kind::Commit { .. }) {
                    self.world.clock.advance_ms(self.dice.below(400) as u64);
                }
                self.try_it(side, &call, HONEST).await;
            }
            Class::Late => {
                self.world.clock.advance_s(15 + self.dice.below(160) as u64);
                let call = side.due();
                let truth = if self.dice.one_in(3) { FORGED } else { HONEST };
                let mac = if truth.authentic { call.mac } else { [1; 32] };
                self.try_it(side, &Call { mac, ..call }, truth).await;
            }
            Class::WrongStep => {
                let wrong = [side.model.step + 1, side.model.step.wrapping_sub(1).min(9), 7][self.dice.below(3)];
                let call = Call::commit(&side.page, wrong, &frames(&side.token, wrong, 2));
                self.world.clock.advance_ms(500);
                self.try_it(side, &call, HONEST).await;
            }
            Class::MissingFrames => {
                let call = if self.dice.one_in(3) {
                    Call::commit(&side.page, side.model.step, &[])
                } else {
                    Call::finalise(&side.page, &best(&side.token))
                };
                self.world.clock.advance_ms(500);
                self.try_it(side, &call, HONEST).await;
            }
            Class::ExtraFrames => {
                let again = side.sent.first().cloned().filter(|_| self.dice.one_in(2));
                let call = Call::upload(&side.page, &again.unwrap_or_else(|| b"never committed".to_vec()));
                self.try_it(side, &call, HONEST).await;
            }
            Class::WrongFinalise => {
                let mut call = Call::finalise(&side.page, if self.dice.one_in(2) { b"other" } else { b"face of nobody" });
                if self.dice.one_in(2) {
                    let body = serde_json::json!({ "best": crate::page::sha(&best(&side.token)), "transcript": "00".repeat(32) });
                    let kind = Kind::Finalise { best: crate::page::sha(&best(&side.token)), right_transcript: false };
                    call = Call::seal(&side.page, "POST", "finalise", body.to_string().into_bytes(), kind);
                }
                self.try_it(side, &call, HONEST).await;
            }
            Class::Cancelled => {
                let (ended, row) = ENDINGS[self.dice.below(ENDINGS.len())];
                let crossing = !side.tape.is_empty() && self.dice.one_in(2);
                let now = side.page.channel.clone();
                if crossing {
                    side.page.channel = side.tape[self.dice.below(side.tape.len())].0.clone();
                }
                let call = Call::cancel(&side.page, ended, row);
                side.page.channel = now;
                self.try_it(side, &call, HONEST).await;
            }
            Class::Crashed => {
                let call = side.due();
                self.world.clock.advance_ms(500);
                self.try_it(side, &call, Truth { authentic: true, judge_fails: true }).await;
                self.router = restarted(self.world);
                self.try_it(side, &call, HONEST).await;
            }
        }
    }

    /// The next call with one thing changed on its way.
    fn tampered(&mut self, mut call: Call) -> (Call, Truth) {
        let bit = 1_u8 << self.dice.below(8);
        match self.dice.below(6) {
            0 => call.mac[self.dice.below(32)] ^= bit,
            1 => call.prev[self.dice.below(32)] ^= bit,
            2 => call.seq ^= 1 << self.dice.below(20),
            3 => call.origin = None,
            4 => {
                let was = std::mem::replace(&mut call.path, "/sdk/v1/cancel".into());
                call.method = "POST";
                call.kind = Kind::Cancel(None);
                assert_ne!(was, call.path, "no page is about to cancel");
            }
            _ => {
                let at = self.dice.below(call.body.len());
                call.body[at] ^= bit;
                if let Kind::Upload { right_body, .. } = &mut call.kind {
                    // Its MAC covers the digest in the path, and that is not the body's any more.
                    *right_body = false;
                    return (call, HONEST);
                }
            }
        }
        (call, FORGED)
    }
}

/// Another process on the same database: nodes hold no state.
fn restarted(world: &World) -> Router {
    let old = &world.app;
    let app =
        App::new(old.store.clone(), old.clock.clone(), old.config.clone(), old.judging.clone(), old.authority.clone(), old.demo.clone());
    faceid_cloud::router(app)
}

#[tokio::test]
async fn histories_of_calls_go_as_the_model_says() {
    let each = count(24, if crate::database::on_postgres() { 200 } else { 1000 });
    let (mut dice, seed) = Dice::new(1);
    let config = Config { limits: LimitsConfig::off(), ..Config::default() };
    let world = World::with(config, false).await;
    let (mut histories, mut calls, mut refused, mut passed) = (0, 0, 0, 0_u64);
    for class in CLASSES {
        let mut ends: BTreeMap<Row, u32> = BTreeMap::new();
        let before = refused;
        for _ in 0..each {
            let (mut side, mut other) = (Side::open(&world).await, Side::open(&world).await);
            let mut history = History { world: &world, router: world.router.clone(), dice: &mut dice, calls: 0 };
            let first = history.dice.below(6);
            for turn in 0..14 {
                if side.model.state.is_over() && turn > first + 2 {
                    break;
                }
                if history.dice.one_in(4) {
                    history.go_on(&mut other).await;
                }
                if turn == first || history.dice.one_in(5) {
                    history.attempt(class, &mut side, &mut other).await;
                } else {
                    history.go_on(&mut side).await;
                }
                agree(history.world, &other, "the other session").await;
            }
            calls += history.calls;
            for side in [&side, &other] {
                refused += side.model.refused;
                passed += u64::from(side.model.verdict == Some((1000, "SUCCESS")));
                if let Some(row) = side.model.verdict {
                    *ends.entry(row).or_default() += 1;
                }
            }
            histories += 1;
        }
        assert!(matches!(class, Class::Retried | Class::Crashed) || refused > before, "{class:?} was never refused");
        println!("{class:?}: {each} histories, ends {ends:?}");
    }
    let bills: u64 = world.app.store.bills(Millis(0)).await.expect("bills").iter().map(|bill| bill.count).sum();
    assert_eq!(bills, passed, "one bill for every session that passed, none for others");
    assert!(passed > 0, "some histories get to the end");
    assert_eq!(world.app.store.verify_audit(None).await.expect("trail").fault, None, "audit trail");
    println!(
        "{histories} histories of {} classes, {calls} calls, agree with the model; {refused} refusals, {passed} passed; seed {seed}",
        CLASSES.len()
    );
}
