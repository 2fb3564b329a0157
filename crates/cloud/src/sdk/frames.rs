//! `PUT frames/{sha256}`: takes committed bytes, nothing else.

use super::{
    call::{Admitted, Call, admit, sha256_text},
    keys::digest,
    refuse::Refused,
};
use crate::{
    app::App,
    body::{self, BodyFault},
    config::{PHOTO_MAX, REQUEST_MAX},
    store::State as Phase,
};
use axum::{
    body::Body,
    extract::{Path, Request, State},
    response::Response,
};
use faceid_protocol::codes::sdk as rows;
use http::{HeaderMap, StatusCode};
use std::time::Duration;

pub(super) async fn handle(State(app): State<App>, Path(name): Path<String>, request: Request) -> Result<Response, Refused> {
    let (head, body) = request.into_parts();
    let named = sha256_text(&name).ok_or_else(|| Refused::plain(rows::BAD_ARGUMENTS.about("frame")))?;
    // The MAC covers the digest in the path: the caller is known before a byte of the body is read.
    match admit(&app, &head, named, None).await? {
        Admitted::Fresh(call) => run(&app, &call, &name, &head.headers, body).await,
        Admitted::Again(response) => Ok(response),
        Admitted::Judging(_) => Err(Refused::authentication()),
    }
}

async fn run(app: &App, call: &Call, name: &str, headers: &HeaderMap, body: Body) -> Result<Response, Refused> {
    if call.session.state != Phase::Capturing {
        return Err(call.out_of_place());
    }
    let (committed, stored) = app.store.frame_standing(&call.session.biz_token, name).await.map_err(|e| Refused::internal(&e))?;
    if !committed {
        return Err(call.bad("frame"));
    }
    let room = (REQUEST_MAX as u64).saturating_sub(stored);
    let limit = usize::try_from(room).unwrap_or(REQUEST_MAX).min(PHOTO_MAX);
    let bytes =
        body::read(headers, body, limit, Duration::from_secs(app.config.server.body_timeout_s)).await.map_err(|fault| match fault {
            BodyFault::TooLarge => call.refuse(rows::REQUEST_ENTITY_TOO_LARGE.coded()),
            BodyFault::Incomplete => call.bad("body"),
        })?;
    if hex::encode(digest(&bytes)) != name {
        return Err(call.bad("body"));
    }
    match app.store.put_frame(&call.advance(Phase::Capturing, StatusCode::NO_CONTENT, b""), name, &bytes).await {
        Ok(()) => Ok(call.answer(StatusCode::NO_CONTENT, Vec::new())),
        Err(error) => call.lost(app, error).await,
    }
}
