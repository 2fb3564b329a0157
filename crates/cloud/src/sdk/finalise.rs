//! `POST finalise`: hands the evidence to the judge, once.

use super::{
    call::{Admitted, Call, JSON_MAX, admit, sha256_text},
    init::body_refusal,
    keys::digest,
    refuse::Refused,
};
use crate::{
    app::App,
    body,
    store::{Lease, State as Phase, StoreError},
    verdict,
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use faceid_protocol::{
    Millis,
    codes::{result as results, sdk as rows},
    wire::{FinaliseReply, FinaliseRequest},
};
use http::StatusCode;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// When to ask again while another worker judges.
const RETRY_MS: u64 = 500;

pub(super) async fn handle(State(app): State<App>, request: Request) -> Result<Response, Refused> {
    let (head, body) = request.into_parts();
    let body =
        body::read(&head.headers, body, JSON_MAX, Duration::from_secs(app.config.server.body_timeout_s)).await.map_err(body_refusal)?;
    match admit(&app, &head, digest(&body), None).await? {
        Admitted::Fresh(call) => begin(&app, &call, &body).await,
        Admitted::Again(response) => Ok(response),
        Admitted::Judging(call) => take_over(&app, &call).await,
    }
}

async fn begin(app: &App, call: &Call, body: &[u8]) -> Result<Response, Refused> {
    let session = &call.session;
    if session.state != Phase::Capturing || session.step != session.action_count + 1 {
        return Err(call.out_of_place());
    }
    let asked: FinaliseRequest = serde_json::from_slice(body).map_err(|_| call.bad("body"))?;
    if asked.transcript != hex::encode(call.seal.prev) {
        return Err(call.bad("transcript"));
    }
    if sha256_text(&asked.best).is_none() {
        return Err(call.bad("best"));
    }
    let (missing, best_is_committed) =
        app.store.upload_standing(&session.biz_token, session.action_count, &asked.best).await.map_err(|e| Refused::internal(&e))?;
    if !best_is_committed {
        return Err(call.bad("best"));
    }
    if missing > 0 {
        return Err(call.end(app, Phase::Aborted, results::VERIFICATION_FAILURE).await);
    }
    let token = &session.biz_token;
    let begun = if let Some(place) = app.enter_verdict() {
        let lease = verdict::new_lease(app).map_err(|e| Refused::internal(&e))?;
        match app.store.begin_verifying(token, call.seal.seq, &call.mark, body, &lease).await {
            Ok(()) => return judge(app, call, lease, place).await,
            Err(error) => Err(error),
        }
    } else {
        // Every judge of this node is busy: whoever is free first, here or elsewhere, takes it from the queue.
        let now = app.clock.now();
        if app.store.queued(now).await.map_err(|e| Refused::internal(&e))? >= app.config.sdk.queue {
            return Err(call.refuse(rows::CONCURRENCY_LIMIT_EXCEEDED.coded()));
        }
        app.store.enqueue(token, call.seal.seq, &call.mark, body, now).await
    };
    match begun {
        Ok(()) => {
            app.queued.notify_one();
            verifying(call)
        }
        // A twin of this request was faster: ask again.
        Err(StoreError::Conflict) => verifying(call),
        Err(error) => Err(Refused::internal(&error)),
    }
}

async fn take_over(app: &App, call: &Call) -> Result<Response, Refused> {
    let Some(place) = app.enter_verdict() else { return verifying(call) };
    let lease = verdict::new_lease(app).map_err(|e| Refused::internal(&e))?;
    if app.store.take_over(&call.session.biz_token, &lease, app.clock.now()).await.map_err(|e| Refused::internal(&e))? {
        judge(app, call, lease, place).await
    } else {
        verifying(call)
    }
}

/// Judges in a task of its own, so that a caller who hangs up does not stop it, and waits a while for the verdict.
async fn judge(app: &App, call: &Call, lease: Lease, place: OwnedSemaphorePermit) -> Result<Response, Refused> {
    let (app_of_work, token) = (app.clone(), call.session.biz_token.clone());
    let work = tokio::spawn(async move {
        let outcome = verdict::run(app_of_work, token, lease).await;
        drop(place);
        outcome
    });
    match tokio::time::timeout(Duration::from_secs(app.config.sdk.finalise_wait_s), work).await {
        Err(_) => verifying(call),
        Ok(Ok(Ok(reply))) => Ok(call.answer(StatusCode::OK, reply)),
        // Another worker took over meanwhile.
        Ok(Ok(Err(verdict::VerdictError::Store(StoreError::Conflict)))) => verifying(call),
        Ok(Ok(Err(error))) => Err(Refused::internal(&error)),
        Ok(Err(error)) => Err(Refused::internal(&error)),
    }
}

/// Not stored and not part of the transcript: the same call again gets the verdict.
fn verifying(call: &Call) -> Result<Response, Refused> {
    let reply = FinaliseReply::Verifying { retry_after_ms: Millis(RETRY_MS) };
    let bytes = serde_json::to_vec(&reply).map_err(|e| Refused::internal(&e))?;
    Ok(call.answer(StatusCode::OK, bytes))
}
