//! `GET /face/v1.2/sdk/get_result`.

use super::{
    auth,
    params::Params,
    respond::{Api, Call, Fault},
};
use crate::{
    app::App,
    body,
    config::REQUEST_MAX,
    signals::Signals,
    store::{Outcome, State as Phase, Store, StoreError, TokenRow, stored_json},
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use faceid_protocol::{
    Millis,
    codes::{Coded, result as rows},
};
use serde::Serialize;
use std::time::Duration;

/// What get_result answers, without the parts every answer has.
#[derive(Debug, Clone, Serialize)]
pub struct ResultBody {
    /// As passed to get_biz_token.
    #[serde(skip_serializing_if = "Option::is_none")]
    biz_no: Option<String>,
    biz_token: String,
    result_code: u32,
    result_message: String,
    /// Comparison details; `verbose=1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<serde_json::Value>,
    /// Best live photo; `verbose=1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    images: Option<Images>,
    /// Attack cues; `verbose=1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cues: Option<serde_json::Value>,
    /// What the browser told of its camera; `verbose=1`. Decides nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    injection: Option<Signals>,
    /// Present, and true, only for tokens of a server that accepts the simulated person.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    simulated: bool,
}

#[derive(Debug, Clone, Serialize)]
struct Images {
    image_best: String,
}

pub(super) async fn handle(State(app): State<App>, request: Request) -> Response {
    let call = Call::begin(&app, "get_result");
    let answer = run(&app, request).await;
    call.finish(answer)
}

async fn run(app: &App, request: Request) -> Result<ResultBody, Fault> {
    let api = Api::GetResult;
    let (head, body) = request.into_parts();
    let body =
        body::read(&head.headers, body, REQUEST_MAX, Duration::from_secs(app.config.server.body_timeout_s)).await.map_err(|fault| {
            match fault {
                body::BodyFault::TooLarge => api.too_large(),
                body::BodyFault::Incomplete => api.bad("body"),
            }
        })?;
    let mut params = Params::collect(api, &head, &body).await;
    let caller = auth::authenticate(app, api, &head, &body, params.as_mut().ok()).await?;
    let _place = app.enter(&caller.app_key, caller.account.concurrency).ok_or_else(|| api.busy())?;
    let mut params = params?;
    let biz_token = params.required("biz_token")?;
    let verbose = params.number("verbose", 0, 0, 1)? == 1;
    params.finish()?;
    let found =
        result_body(&app.store, &biz_token, &caller.app_key, verbose, app.clock.now()).await.map_err(|error| api.internal(&error))?;
    // unknown, foreign and purged tokens: one query, one answer
    found.ok_or_else(|| api.bad("biz_token"))
}

/// The answer for a token of this key; `None` when it is unknown, foreign or purged. A started session whose time is over is ended here.
///
/// # Errors
/// [`StoreError`].
pub async fn result_body(
    store: &Store,
    biz_token: &str,
    app_key: &str,
    verbose: bool,
    now: Millis,
) -> Result<Option<ResultBody>, StoreError> {
    let Some(token) = store.token(biz_token, app_key, now).await? else { return Ok(None) };
    if let Some(coded) = unfinished(&token, now) {
        return Ok(Some(plain(token, biz_token, coded)));
    }
    if !token.state.is_terminal() {
        end_overdue(store, biz_token, now).await?;
    }
    let Some(verdict) = store.verdict(biz_token).await? else {
        // The session moved on between two queries.
        return Ok(Some(plain(token, biz_token, rows::LIVING_IN_PROGRESS.coded())));
    };
    let mut answer = plain(token, biz_token, Coded::new(verdict.code, verdict.message));
    if verbose {
        answer.verification = stored_json(verdict.verification.as_deref(), "verification")?;
        answer.cues = stored_json(verdict.cues.as_deref(), "cues")?;
        answer.injection = store.telemetry(biz_token).await?.map(|told| Signals::read(&told));
        answer.images = store.best_picture(biz_token).await?.map(|jpeg| Images { image_best: STANDARD.encode(jpeg) });
    }
    Ok(Some(answer))
}

/// The 9000 row, unless there is a verdict or one is due.
fn unfinished(token: &TokenRow, now: Millis) -> Option<Coded> {
    match token.state {
        Phase::Created if now >= token.expires => Some(rows::LIVING_OVERTIME.coded()),
        Phase::Created => Some(rows::LIVING_NOT_START.coded()),
        Phase::Inited | Phase::Capturing => token.deadline.is_none_or(|deadline| now <= deadline).then(|| rows::LIVING_IN_PROGRESS.coded()),
        Phase::Verifying => Some(rows::LIVING_IN_PROGRESS.coded()),
        Phase::Final | Phase::Expired | Phase::Aborted => None,
    }
}

async fn end_overdue(store: &Store, biz_token: &str, now: Millis) -> Result<(), StoreError> {
    if let Some((_, state @ (Phase::Inited | Phase::Capturing), seq)) = store.standing(biz_token).await? {
        match store.settle(biz_token, state, seq, Phase::Expired, &Outcome::plain(rows::USER_TIMEOUT), now).await {
            Ok(()) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn plain(token: TokenRow, biz_token: &str, coded: Coded) -> ResultBody {
    ResultBody {
        biz_no: token.biz_no,
        biz_token: biz_token.to_owned(),
        result_code: coded.code,
        result_message: coded.message.into_owned(),
        verification: None,
        images: None,
        cues: None,
        injection: None,
        simulated: token.simulated,
    }
}
