//! The state machine of a session against a model: random histories of calls, some late, some doubled, some out of turn.

use crate::common::{START, World};
use faceid_cloud::store::{Advance, InitFields, Lease, Minting, NewCommit, NewToken, Outcome, Reply, State, StoreError};
use faceid_protocol::{Millis, codes::result as rows};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

const NOW: Millis = Millis(START);

/// One thing that some caller tries, with the sequence number and state it believes in.
#[derive(Debug, Clone, Copy)]
enum Try {
    Init,
    Commit { from: Believed, ahead: i8 },
    Finalise { ahead: i8, worker: u8 },
    Queue { ahead: i8 },
    Renew { worker: u8, ends: bool },
    TakeOver { worker: u8 },
    Claim { worker: u8 },
    Finish { worker: u8, billed: bool },
    Settle { from: Believed, ahead: i8 },
    Cancel { from: Believed, ahead: i8 },
}

#[derive(Debug, Clone, Copy)]
enum Believed {
    Inited,
    Capturing,
    Verifying,
    Final,
}

impl Believed {
    fn state(self) -> State {
        match self {
            Self::Inited => State::Inited,
            Self::Capturing => State::Capturing,
            Self::Verifying => State::Verifying,
            Self::Final => State::Final,
        }
    }
}

fn tries() -> impl Strategy<Value = Try> {
    let from = prop_oneof![3 => Just(Believed::Inited), 4 => Just(Believed::Capturing), 1 => Just(Believed::Verifying), 1 => Just(Believed::Final)];
    // Mostly the right number, sometimes one off.
    let ahead = prop_oneof![1 => Just(-1_i8), 8 => Just(0), 1 => Just(1)];
    let worker = 0_u8..3;
    prop_oneof![
        2 => Just(Try::Init),
        6 => (from.clone(), ahead.clone()).prop_map(|(from, ahead)| Try::Commit { from, ahead }),
        3 => (ahead.clone(), worker.clone()).prop_map(|(ahead, worker)| Try::Finalise { ahead, worker }),
        2 => ahead.clone().prop_map(|ahead| Try::Queue { ahead }),
        2 => (worker.clone(), any::<bool>()).prop_map(|(worker, ends)| Try::Renew { worker, ends }),
        2 => worker.clone().prop_map(|worker| Try::TakeOver { worker }),
        2 => worker.clone().prop_map(|worker| Try::Claim { worker }),
        4 => (worker, any::<bool>()).prop_map(|(worker, billed)| Try::Finish { worker, billed }),
        1 => (from.clone(), ahead.clone()).prop_map(|(from, ahead)| Try::Settle { from, ahead }),
        1 => (from, ahead).prop_map(|(from, ahead)| Try::Cancel { from, ahead }),
    ]
}

/// What must be true of the session.
#[derive(Debug)]
struct Model {
    state: State,
    seq: u64,
    step: u32,
    /// Who judges; `None` while queued.
    owner: Option<u8>,
    /// The lease is over.
    free: bool,
    verdict: Option<u32>,
    bills: u64,
}

impl Model {
    fn end(&mut self, state: State, code: u32) {
        (self.state, self.owner, self.verdict) = (state, None, Some(code));
    }
}

fn lease(worker: u8, free: bool) -> Lease {
    Lease { owner: [worker; 16], until: if free { Millis(0) } else { NOW.plus(Millis(30_000)) } }
}

fn advance(token: &str, from: State, to: State, seq: u64) -> Advance {
    let reply = Reply { request_mark: [0; 32], status: 200, body: Vec::new() };
    Advance { biz_token: token.to_owned(), from, to, seq, transcript: [0; 32], reply }
}

fn agreed(outcome: Result<(), StoreError>) -> bool {
    match outcome {
        Ok(()) => true,
        Err(StoreError::Conflict) => false,
        Err(other) => panic!("{other}"),
    }
}

/// Does it for real and in the model; both must agree on whether it counts.
async fn attempt(world: &World, token: &str, model: &mut Model, tried: Try) {
    let store = &world.app.store;
    let seq = |ahead: i8| (model.seq + 1).saturating_add_signed(ahead.into());
    let next = model.seq + 1;
    let body = b"{}";
    let (real, expected) = match tried {
        Try::Init => {
            let fields = InitFields {
                device: None,
                address: None,
                session_id: format!("id of {token}"),
                origin: None,
                key_c2s: [1; 32],
                key_s2c: [2; 32],
                transcript: [3; 32],
                excluded: Vec::new(),
                deadline: NOW,
                telemetry: "{}".into(),
            };
            let expected = model.state == State::Created;
            if expected {
                model.state = State::Inited;
            }
            (store.init(token, &fields, NOW).await.expect("database"), expected)
        }
        Try::Commit { from, ahead } => {
            let (from, seq) = (from.state(), seq(ahead));
            let commit = NewCommit { step: model.step, arrived: NOW, frames: vec![("00".into(), NOW)], deadline: NOW };
            let real = agreed(store.commit_step(&advance(token, from, State::Capturing, seq), &commit, None).await);
            let expected = model.state == from && matches!(from, State::Inited | State::Capturing) && seq == next;
            if expected {
                (model.state, model.seq, model.step) = (State::Capturing, seq, model.step + 1);
            }
            (real, expected)
        }
        Try::Finalise { ahead, worker } => {
            let seq = seq(ahead);
            let real = agreed(store.begin_verifying(token, seq, &[0; 32], body, &lease(worker, false)).await);
            let expected = model.state == State::Capturing && seq == next;
            if expected {
                (model.state, model.seq, model.owner, model.free) = (State::Verifying, seq, Some(worker), false);
            }
            (real, expected)
        }
        Try::Queue { ahead } => {
            let seq = seq(ahead);
            let real = agreed(store.enqueue(token, seq, &[0; 32], body, NOW).await);
            let expected = model.state == State::Capturing && seq == next;
            if expected {
                (model.state, model.seq, model.owner, model.free) = (State::Verifying, seq, None, true);
            }
            (real, expected)
        }
        Try::Renew { worker, ends } => {
            let expected = model.state == State::Verifying && model.owner == Some(worker);
            if expected {
                model.free = ends;
            }
            (store.renew(token, &lease(worker, ends)).await.expect("database"), expected)
        }
        Try::TakeOver { worker } => {
            let expected = model.state == State::Verifying && model.free;
            if expected {
                (model.owner, model.free) = (Some(worker), false);
            }
            (store.take_over(token, &lease(worker, false), NOW).await.expect("database"), expected)
        }
        Try::Claim { worker } => {
            let expected = model.state == State::Verifying && model.free;
            if expected {
                (model.owner, model.free) = (Some(worker), false);
            }
            let claimed = store.claim(&lease(worker, false), NOW).await.expect("database");
            assert!(claimed.as_deref().is_none_or(|claimed| claimed == token), "no other session waits here");
            (claimed.is_some(), expected)
        }
        Try::Finish { worker, billed } => {
            let row = if billed { rows::SUCCESS } else { rows::VERIFICATION_FAILURE };
            let reply = Reply { request_mark: [0; 32], status: 200, body: Vec::new() };
            let real = agreed(store.finish(token, &lease(worker, false), model.seq, &Outcome::plain(row), &reply, NOW).await);
            let expected = model.state == State::Verifying && model.owner == Some(worker);
            if expected {
                model.bills += u64::from(billed);
                model.end(State::Final, row.code);
            }
            (real, expected)
        }
        Try::Settle { from, ahead } => {
            let (from, seq) = (from.state(), model.seq.saturating_add_signed(ahead.into()));
            let seq = if from == State::Final { seq + 1_000 } else { seq };
            let real = agreed(store.settle(token, from, seq, State::Expired, &Outcome::plain(rows::USER_TIMEOUT), NOW).await);
            let expected = model.state == from && !from.is_terminal() && seq == model.seq;
            if expected {
                model.end(State::Expired, rows::USER_TIMEOUT.code);
            }
            (real, expected)
        }
        Try::Cancel { from, ahead } => {
            let (from, seq) = (from.state(), seq(ahead));
            let seq = if from == State::Final { seq + 1_000 } else { seq };
            let outcome = Outcome::plain(rows::USER_CANCELLATION);
            let real = agreed(store.settle_by_call(&advance(token, from, State::Aborted, seq), &outcome, NOW).await);
            let expected = model.state == from && matches!(from, State::Inited | State::Capturing) && seq == next;
            if expected {
                model.seq = seq;
                model.end(State::Aborted, rows::USER_CANCELLATION.code);
            }
            (real, expected)
        }
    };
    assert_eq!(real, expected, "{tried:?} on {model:?}");
}

async fn history(world: &World, number: usize, tries: &[Try]) -> u64 {
    let token = format!("history {number}");
    let new = NewToken {
        biz_token: token.clone(),
        app_key: crate::common::KEY.into(),
        biz_no: None,
        idcard_name: "n".into(),
        idcard_number: "1".into(),
        liveness_timeout_s: 60,
        action_count: 3,
        security_level: 1,
        force_compare: false,
        multi_oriented: false,
        simulated: false,
        created: NOW,
        expires: NOW.plus(Millis(1)),
        purge: NOW.plus(Millis(2)),
        references: Vec::new(),
        once: None,
        minting: Minting { address: None, native_sign: None, identity: None },
    };
    world.app.store.add_token(&new).await.expect("token");
    let mut model = Model { state: State::Created, seq: 0, step: 0, owner: None, free: false, verdict: None, bills: 0 };
    for tried in tries {
        attempt(world, &token, &mut model, *tried).await;
        let (_, state, seq) = world.app.store.standing(&token).await.expect("standing").expect("session");
        assert_eq!((state, seq), (model.state, model.seq), "after {tried:?}: {model:?}");
        let verdict = world.app.store.verdict(&token).await.expect("verdict").map(|verdict| verdict.code);
        assert_eq!(verdict, model.verdict, "after {tried:?}: {model:?}");
        assert_eq!(verdict.is_some(), state.is_terminal(), "a verdict and an end come together");
    }
    if model.state == State::Verifying {
        // Out of the way of the next history's claims.
        let seq = model.seq;
        drop(world.app.store.settle(&token, State::Verifying, seq, State::Expired, &Outcome::plain(rows::USER_TIMEOUT), NOW).await);
    }
    model.bills
}

#[tokio::test]
async fn histories_go_as_the_model_says() {
    let cases = if std::env::var_os("FACEID_LONG").is_some() { 3_000 } else { 48 };
    let world = World::new().await;
    let mut runner = TestRunner::new(Config::default());
    let histories = proptest::collection::vec(tries(), 1..40);
    let mut bills = 0;
    let mut ends = 0;
    for number in 0..cases {
        let mut tries = histories.new_tree(&mut runner).expect("strategy").current();
        // Every other history starts the usual way, so that many get as far as a judgement.
        if number % 2 == 0 {
            let start = [Try::Init, Try::Commit { from: Believed::Inited, ahead: 0 }, Try::Finalise { ahead: 0, worker: 0 }];
            tries.splice(0..0, start.into_iter().take(2 + number / 2 % 2));
        }
        bills += history(&world, number, &tries).await;
        ends += u64::from(tries.len() > 20);
    }
    let counted: u64 = world.app.store.bills(Millis(0)).await.expect("bills").iter().map(|bill| bill.count).sum();
    assert_eq!(counted, bills, "one bill for every billed end");
    assert!(ends > 0 && bills > 0, "histories that get somewhere: {bills} bills");
    assert_eq!(world.app.store.verify_audit(None).await.expect("trail").fault, None, "audit trail");
    println!("{cases} histories agree with the model, {bills} bills");
}
