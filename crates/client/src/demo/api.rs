//! The three calls of the demo page.

use super::handles::Handles;
use crate::{BizTokenRequest, PublicClient, PublicError};
use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// A person the page offers.
#[derive(Clone, Serialize, Deserialize)]
pub struct Preset {
    /// `idcard_name`
    pub name: String,
    /// `idcard_number`
    pub idcard_number: String,
}

impl fmt::Debug for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Preset(personal data withheld)")
    }
}

/// State of the calls.
#[derive(Clone)]
pub(super) struct Shared(Arc<Inner>);

struct Inner {
    client: PublicClient,
    cloud: String,
    presets: Vec<Preset>,
    action_count: Option<u32>,
    timeout: Option<u32>,
    handles: Mutex<Handles>,
}

impl Shared {
    pub(super) fn new(client: PublicClient, cloud: String, presets: Vec<Preset>, action_count: Option<u32>, timeout: Option<u32>) -> Self {
        Self(Arc::new(Inner { client, cloud, presets, action_count, timeout, handles: Mutex::default() }))
    }
}

/// `GET /api/config`: `{cloud, presets}`.
pub(super) async fn config(State(shared): State<Shared>) -> Json<Value> {
    Json(json!({ "cloud": shared.0.cloud, "presets": shared.0.presets }))
}

/// `POST /api/start` `{name, idcard_number}` → `{id, biz_token}`.
pub(super) async fn start(State(shared): State<Shared>, Json(person): Json<Preset>) -> Response {
    let request = BizTokenRequest {
        idcard_name: person.name,
        idcard_number: person.idcard_number,
        liveness_action_count: shared.0.action_count,
        liveness_timeout: shared.0.timeout,
        ..BizTokenRequest::default()
    };
    let biz_token = match shared.0.client.get_biz_token(&request).await {
        Ok(reply) => reply.biz_token,
        Err(error) => return failure(&error),
    };
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        return failure(&PublicError::Entropy);
    }
    let id = hex::encode(bytes);
    shared.0.handles.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), biz_token.clone());
    Json(json!({ "id": id, "biz_token": biz_token })).into_response()
}

/// Query of `GET /api/result`.
#[derive(Deserialize)]
pub(super) struct ResultQuery {
    id: String,
}

/// `GET /api/result?id=` → the cloud's get_result reply, verbose 0.
pub(super) async fn result(State(shared): State<Shared>, Query(query): Query<ResultQuery>) -> Response {
    let token = shared.0.handles.lock().unwrap_or_else(PoisonError::into_inner).get(&query.id).map(str::to_owned);
    let Some(token) = token else {
        return (StatusCode::NOT_FOUND, Json(json!({ "error": "UNKNOWN_ID" }))).into_response();
    };
    match shared.0.client.get_result(&token, false).await {
        Ok(reply) => Json(reply.body).into_response(),
        Err(error) => failure(&error),
    }
}

/// A refusal of the cloud about what the person typed (400) is passed on; everything else is this backend's own trouble.
fn failure(error: &PublicError) -> Response {
    let (status, text) = match error {
        PublicError::Refused { error, .. } if error.code == 400 => (StatusCode::BAD_REQUEST, error.message.to_string()),
        PublicError::Refused { error, .. } => (StatusCode::BAD_GATEWAY, error.message.to_string()),
        PublicError::Transport(_) | PublicError::BadReply(_) => (StatusCode::BAD_GATEWAY, "CLOUD_UNREACHABLE".to_owned()),
        PublicError::Entropy | PublicError::Address => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR".to_owned()),
    };
    (status, Json(json!({ "error": text }))).into_response()
}
