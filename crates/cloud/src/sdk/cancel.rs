//! `POST cancel`: the page has ended the session by itself, most often because the person gave up.

use super::{
    call::{Admitted, JSON_MAX, admit},
    init::body_refusal,
    keys::digest,
    refuse::Refused,
};
use crate::{
    app::App,
    body,
    store::{Outcome, State as Phase},
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use faceid_protocol::{
    codes::{self, FixedRow, result as results},
    wire::CancelRequest,
};
use http::StatusCode;
use std::time::Duration;

pub(super) async fn handle(State(app): State<App>, request: Request) -> Result<Response, Refused> {
    let (head, body) = request.into_parts();
    let body =
        body::read(&head.headers, body, JSON_MAX, Duration::from_secs(app.config.server.body_timeout_s)).await.map_err(body_refusal)?;
    let row = row_of(&body);
    let call = match admit(&app, &head, digest(&body), row).await? {
        Admitted::Fresh(call) => call,
        Admitted::Again(response) => return Ok(response),
        Admitted::Judging(_) => return Err(Refused::authentication()),
    };
    if !matches!(call.session.state, Phase::Inited | Phase::Capturing) {
        return Err(call.out_of_place());
    }
    let Some(row) = row else { return Err(call.bad("ended")) };
    let reply = b"{}";
    let advance = call.advance(Phase::Aborted, StatusCode::OK, reply);
    match app.store.settle_by_call(&advance, &Outcome::plain(row), app.clock.now()).await {
        Ok(()) => Ok(call.answer(StatusCode::OK, reply.to_vec())),
        Err(error) => call.lost(&app, error).await,
    }
}

/// What the ending is recorded as: a cancel without a reason is the person's. `None` for a body or a reason that no page sends.
fn row_of(body: &[u8]) -> Option<FixedRow> {
    let request: CancelRequest = serde_json::from_slice(body).ok()?;
    match request.ended {
        Some(ended) => codes::recorded(ended.code, &ended.message),
        None => Some(results::USER_CANCELLATION),
    }
}
