//! `POST challenge`: stores a step's commitment, then draws the next action.

use super::{
    call::{Admitted, Call, JSON_MAX, admit, sha256_text},
    init::body_refusal,
    keys::digest,
    refuse::Refused,
};
use crate::{
    app::App,
    body, random,
    store::{NewChallenge, NewCommit, State as Phase},
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use faceid_protocol::{
    Action, Millis,
    codes::result as results,
    wire::{Challenge, ChallengeReply, ChallengeRequest, Commit},
};
use http::StatusCode;
use std::time::Duration;

pub(super) async fn handle(State(app): State<App>, request: Request) -> Result<Response, Refused> {
    let (head, body) = request.into_parts();
    let body =
        body::read(&head.headers, body, JSON_MAX, Duration::from_secs(app.config.server.body_timeout_s)).await.map_err(body_refusal)?;
    match admit(&app, &head, digest(&body), None).await? {
        Admitted::Fresh(call) => run(&app, &call, &body).await,
        Admitted::Again(response) => Ok(response),
        Admitted::Judging(_) => Err(Refused::authentication()),
    }
}

async fn run(app: &App, call: &Call, body: &[u8]) -> Result<Response, Refused> {
    let session = &call.session;
    let now = app.clock.now();
    if !matches!(session.state, Phase::Inited | Phase::Capturing) {
        return Err(call.out_of_place());
    }
    let asked: ChallengeRequest = serde_json::from_slice(body).map_err(|_| call.bad("body"))?;
    if asked.step != session.step || asked.step > session.action_count {
        return Err(call.bad("step"));
    }
    let last = asked.step == session.action_count;
    if !is_well_formed(&asked.commit, app.config.sdk.frames_per_step, last) {
        return Err(call.bad("commit"));
    }
    let mut done = Vec::new();
    if asked.step > 0 {
        let asked_so_far = app.store.challenges(&session.biz_token).await.map_err(|e| Refused::internal(&e))?;
        done.extend(asked_so_far.iter().map(|row| row.action));
        let open = asked_so_far.into_iter().find(|row| row.step == asked.step).ok_or_else(|| call.bad("step"))?;
        if now > open.deadline {
            return Err(call.end(app, Phase::Expired, results::USER_TIMEOUT).await);
        }
        // Faster than a person can react and move: a script.
        if now.since(open.issued) < Millis(app.config.sdk.action_min_ms) {
            return Err(call.end(app, Phase::Aborted, results::VERIFICATION_FAILURE).await);
        }
    }

    let settings = &app.config.sdk;
    // The attempt's clock starts with the first commit; after the last one only uploads are left.
    let deadline = if last {
        now.plus(Millis(settings.upload_grace_s * 1000))
    } else if asked.step == 0 {
        now.plus(Millis((u64::from(session.liveness_timeout_s) + settings.network_grace_s) * 1000))
    } else {
        session.deadline
    };
    let next = if last { None } else { Some(draw(app, call, asked.step + 1, &done, deadline, now)?) };
    let reply = ChallengeReply { next: next.as_ref().map(|next| shown(app, next)) };
    let bytes = serde_json::to_vec(&reply).map_err(|e| Refused::internal(&e))?;
    let commit =
        NewCommit { step: asked.step, arrived: now, frames: asked.commit.frames.into_iter().zip(asked.commit.t).collect(), deadline };
    match app.store.commit_step(&call.advance(Phase::Capturing, StatusCode::OK, &bytes), &commit, next.as_ref()).await {
        Ok(()) => Ok(call.answer(StatusCode::OK, bytes)),
        Err(error) => call.lost(app, error).await,
    }
}

/// Digests of the right form and rising times; the best frame, last in the last commit, may be older.
fn is_well_formed(commit: &Commit, most: usize, last_step: bool) -> bool {
    let count = commit.frames.len();
    let window = if last_step { &commit.t[..commit.t.len().saturating_sub(1)] } else { &commit.t[..] };
    (1..=most).contains(&count)
        && commit.t.len() == count
        && commit.frames.iter().all(|sha| sha256_text(sha).is_some())
        && window.windows(2).all(|pair| pair[0] <= pair[1])
}

/// Draws an action from [`Action::choices`].
fn draw(app: &App, call: &Call, step: u32, done: &[Action], end: Millis, now: Millis) -> Result<NewChallenge, Refused> {
    let scripted = usize::try_from(step).ok().and_then(|step| app.demo.actions.get(step.checked_sub(1)?).copied());
    let choice = Action::choices(done, step == call.session.action_count, &call.session.excluded);
    let random = |e: random::RandomError| Refused::internal(&e);
    // at most four actions
    let index = random::below(choice.len() as u8).map_err(random)?;
    let action = scripted.or_else(|| choice.get(index).copied()).ok_or_else(|| Refused::internal(&"no action to draw"))?;
    let settings = &app.config.sdk;
    let latest = now.plus(Millis((settings.action_timeout_s + settings.network_grace_s) * 1000));
    Ok(NewChallenge { step, challenge_id: random::hex::<16>().map_err(random)?, action, issued: now, deadline: latest.min(end) })
}

fn shown(app: &App, next: &NewChallenge) -> Challenge {
    Challenge {
        step: next.step,
        challenge_id: next.challenge_id.clone(),
        action: next.action,
        min_ms: Millis(app.config.sdk.action_min_ms),
        max_ms: Millis(app.config.sdk.action_timeout_s * 1000),
        deadline: next.deadline,
    }
}
