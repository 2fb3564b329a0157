//! One session with its model beside it: every call is compared.

use super::{
    model::{Expected, Kind, Model, Sent, State, Times, status},
    tape::{Call, best, frames},
};
use crate::{common::World, page::Page};
use axum::Router;
use faceid_client::Channel;
use faceid_cloud::store::State as Stored;
use faceid_protocol::wire::ChallengeReply;

/// One session with its page, its model, and what went over the wire.
pub(super) struct Side<'a> {
    pub(super) token: String,
    pub(super) page: Page<'a>,
    pub(super) model: Model,
    /// Committed and not sent yet.
    pub(super) waiting: Vec<Vec<u8>>,
    pub(super) sent: Vec<Vec<u8>>,
    /// Accepted calls, each with the channel as it was before it.
    pub(super) tape: Vec<(Channel, Call)>,
}

impl<'a> Side<'a> {
    pub(super) async fn open(world: &'a World) -> Self {
        let actions = 1;
        let token = world.token_with(&[("liveness_action_count", "1")]).await;
        let page = Page::open(world, &token).await;
        let sdk = &world.app.config.sdk;
        let ms = |s: u64| s * 1000;
        let attempt = page.init.config.timeout_ms.0;
        let times = Times { least: sdk.action_min_ms, network: ms(sdk.network_grace_s), upload: ms(sdk.upload_grace_s), attempt };
        let setup = world.clock_now().0 + ms(sdk.setup_grace_s) + attempt;
        let model = Model::new(actions, *page.channel.transcript(), setup, times);
        Self { token, page, model, waiting: Vec::new(), sent: Vec::new(), tape: Vec::new() }
    }

    pub(super) fn frames_of(&self, step: u32) -> Vec<Vec<u8>> {
        let mut frames = frames(&self.token, step, 2);
        if step == self.page.init.config.action_count {
            frames.push(best(&self.token));
        }
        frames
    }

    /// What a page would do now.
    pub(super) fn due(&self) -> Call {
        let last = self.page.init.config.action_count;
        if self.model.step <= last {
            Call::commit(&self.page, self.model.step, &self.frames_of(self.model.step))
        } else if let Some(frame) = self.waiting.first() {
            Call::upload(&self.page, frame)
        } else {
            Call::finalise(&self.page, &best(&self.token))
        }
    }
}

/// What a call is apart from its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Truth {
    pub(super) authentic: bool,
    pub(super) judge_fails: bool,
}

pub(super) const HONEST: Truth = Truth { authentic: true, judge_fails: false };
pub(super) const FORGED: Truth = Truth { authentic: false, judge_fails: false };

/// Sends one call, compares everything with the model; `true` when it was accepted now.
pub(super) async fn perform(world: &World, router: &Router, side: &mut Side<'_>, call: &Call, truth: Truth) -> bool {
    let now = world.clock_now().0;
    let sent = Sent {
        kind: call.kind.clone(),
        seq: call.seq,
        prev: call.prev,
        authentic: truth.authentic,
        from_origin: call.origin.is_some(),
        mark: call.mark(),
    };
    world.script(|script| script.failures = u32::from(truth.judge_fails));
    let before = side.model.clone();
    let expected = side.model.expect(&sent, now, truth.judge_fails);
    let answer = call.send(router).await;
    world.script(|script| script.failures = 0);
    let shown = || format!("{} for {sent:?}\nmodel before {before:?}", answer.text());
    let mac = answer.header("x-fid-mac");
    let sealed = side.page.channel.verify(&call.sealed(), &answer.body, Some(&mac)).is_ok();
    let mut accepted = false;
    match &expected {
        Expected::Accepted => {
            assert!(answer.status.is_success() && sealed, "{} {}", answer.status, shown());
            let deadline = match &call.kind {
                Kind::Commit { .. } => {
                    serde_json::from_slice::<ChallengeReply>(&answer.body).expect("challenge reply").next.map(|next| next.deadline.0)
                }
                Kind::Upload { .. } | Kind::Finalise { .. } | Kind::Cancel(_) => None,
            };
            let was = side.page.channel.clone();
            // A verdict that a second try brought belongs to the call's own place, where the channel still stands.
            side.page.channel.advance(&call.sealed(), &answer.body);
            side.model.accepted(&sent, now, answer.status.as_u16(), &answer.body, *side.page.channel.transcript(), deadline);
            side.tape.push((was, call.clone()));
            accepted = true;
        }
        Expected::Stored(status, body) => {
            assert_eq!((answer.status.as_u16(), &answer.body, sealed), (*status, body, true), "{}", shown());
        }
        Expected::Broken => assert_eq!((answer.status.as_u16(), mac.as_str()), (500, ""), "{}", shown()),
        Expected::Refused { code, message, sealed: must } => {
            let text = format!(r#"{{"code":{code},"message":"{message}"}}"#);
            assert_eq!((answer.status.as_u16(), answer.text()), (status(*code, message), text), "{}", shown());
            assert_eq!((sealed, mac.is_empty()), (*must, !*must), "a MAC where the caller was known, none elsewhere: {}", shown());
        }
    }
    agree(world, side, &shown()).await;
    accepted
}

/// The stored session is as the model's.
pub(super) async fn agree(world: &World, side: &Side<'_>, context: &str) {
    let (_, state, seq) = world.app.store.standing(&side.token).await.expect("standing").expect("session");
    let expected = match side.model.state {
        State::Inited => Stored::Inited,
        State::Capturing => Stored::Capturing,
        State::Verifying => Stored::Verifying,
        State::Final => Stored::Final,
        State::Expired => Stored::Expired,
        State::Aborted => Stored::Aborted,
    };
    assert_eq!((state, seq), (expected, side.model.seq), "{context}");
    let verdict = world.app.store.verdict(&side.token).await.expect("verdict").map(|verdict| (verdict.code, verdict.message));
    assert_eq!(verdict, side.model.verdict.map(|(code, message)| (code, message.to_owned())), "{context}");
}
