//! `POST init`: one winner per token.

use super::{
    admission,
    call::JSON_MAX,
    keys::{self, Handshake, KeyFault, Seal},
    refuse::Refused,
};
use crate::{
    accounts::{Account, SdkVersion},
    app::App,
    body,
    config::{PHOTO_MAX, REQUEST_MAX},
    random,
    store::InitFields,
};
use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use faceid_protocol::{
    Action, Millis,
    codes::sdk as rows,
    framing::{HEADER_MAC, VERSION},
    wire::{InitReply, InitRequest, SessionConfig},
};
use http::{HeaderValue, header};
use serde_json::Value;
use std::time::Duration;

pub(super) async fn handle(State(app): State<App>, request: Request) -> Result<Response, Refused> {
    let (head, body) = request.into_parts();
    let body =
        body::read(&head.headers, body, JSON_MAX, Duration::from_secs(app.config.server.body_timeout_s)).await.map_err(body_refusal)?;
    let asked = parse(&body)?;
    let client = check_form(&asked)?;
    let denied = || Refused::plain(rows::BIZ_TOKEN_DENIED.coded());
    let now = app.clock.now();
    let request = keys::digest(&body);
    let Some((app_key, timeout_s, action_count)) = app.store.startable(&asked.biz_token, now).await.map_err(|e| Refused::internal(&e))?
    else {
        return Err(admission::not_startable(&app, &asked.biz_token, &request).await);
    };
    let key = app.store.key(&app_key).await.map_err(|e| Refused::internal(&e))?.filter(|key| key.revoked.is_none()).ok_or_else(denied)?;
    let account = app.store.account(&app_key).await.map_err(|e| Refused::internal(&e))?;
    let admitted = admission::admit(&app, &key, &account, &asked, &head).await?;

    let internal = |error: KeyFault| Refused::internal(&error);
    let handshake = Handshake::generate().map_err(internal)?;
    let reply = reply(&app, &account, &handshake, timeout_s, action_count, now)?;
    // A struct of texts and numbers always serialises.
    let bytes = serde_json::to_vec(&reply).map_err(|e| Refused::internal(&e))?;
    let keys = handshake.keys(&client, &body, &bytes).map_err(internal)?;
    let seal = Seal { method: "POST".into(), path: head.uri.path().to_owned(), seq: 0, prev: keys.salt };
    let mac = seal.reply_mac(&keys.s2c, &bytes);
    let telemetry = serde_json::json!({ "sdk": asked.sdk, "env": asked.env, "consent": asked.consent });
    let fields = InitFields {
        session_id: reply.session_id,
        origin: admitted.origin,
        key_c2s: keys.c2s,
        key_s2c: keys.s2c,
        transcript: keys.salt,
        excluded: excluded(&asked),
        deadline: now.plus(Millis((app.config.sdk.setup_grace_s + u64::from(timeout_s)) * 1000)),
        telemetry: telemetry.to_string(),
        device: admitted.who.device,
        address: admitted.who.address,
    };
    if !app.store.init(&asked.biz_token, &fields, now).await.map_err(|e| Refused::internal(&e))? {
        return Err(denied());
    }
    if let Err(error) = app.store.note_start(&asked.biz_token, &request).await {
        // The session has begun; only a repetition of this request would be taken for a stranger's.
        tracing::warn!(%error, "start not noted");
    }
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(HEADER_MAC, HeaderValue::from_str(&mac).map_err(|e| Refused::internal(&e))?);
    Ok(response)
}

/// Parameters without which nothing can be said, in the order in which they are missed.
const REQUIRED: [&str; 5] = ["v", "biz_token", "sdk", "client_pub", "client_nonce"];

fn parse(body: &[u8]) -> Result<InitRequest, Refused> {
    let bad = || Refused::plain(rows::BAD_ARGUMENTS.about("body"));
    let value: Value = serde_json::from_slice(body).map_err(|_| bad())?;
    let given = value.as_object().ok_or_else(bad)?;
    let empty = |value: &Value| value.is_null() || value.as_str().is_some_and(str::is_empty);
    if let Some(key) = REQUIRED.into_iter().find(|key| given.get(*key).is_none_or(empty)) {
        return Err(Refused::plain(rows::MISSING_ARGUMENTS.about(key)));
    }
    serde_json::from_value(value).map_err(|_| bad())
}

/// Everything that can be refused without touching the token.
fn check_form(asked: &InitRequest) -> Result<p256::PublicKey, Refused> {
    if asked.v != VERSION || asked.sdk.version.parse::<SdkVersion>().is_err() {
        return Err(Refused::plain(rows::SDK_TOO_OLD.coded()));
    }
    if excluded(asked).len() == Action::ALL.len() {
        return Err(Refused::plain(rows::ILLEGAL_PARAMETER.coded()));
    }
    if hex::decode(&asked.client_nonce).map(|nonce| nonce.len()) != Ok(16) {
        return Err(Refused::plain(rows::BAD_ARGUMENTS.about("client_nonce")));
    }
    if asked.device_id.as_deref().is_some_and(|id| !is_device_id(id)) {
        return Err(Refused::plain(rows::BAD_ARGUMENTS.about("device_id")));
    }
    keys::client_point(&asked.client_pub).map_err(|_| Refused::plain(rows::BAD_ARGUMENTS.about("client_pub")))
}

/// Long enough that nobody guesses another device's, short enough to be nothing but an id.
fn is_device_id(text: &str) -> bool {
    (16..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn excluded(asked: &InitRequest) -> Vec<Action> {
    Action::ALL.into_iter().filter(|action| asked.excluded_actions.contains(action)).collect()
}

fn reply(
    app: &App,
    account: &Account,
    handshake: &Handshake,
    timeout_s: u32,
    action_count: u32,
    now: Millis,
) -> Result<InitReply, Refused> {
    let settings = &app.config.sdk;
    let random = |e: random::RandomError| Refused::internal(&e);
    let whole_s = settings.setup_grace_s + u64::from(timeout_s) + settings.upload_grace_s;
    Ok(InitReply {
        session_id: random::hex::<16>().map_err(random)?,
        server_pub: handshake.public(),
        server_nonce: random::hex::<16>().map_err(random)?,
        config: SessionConfig {
            action_count,
            timeout_ms: Millis(u64::from(timeout_s) * 1000),
            action_timeout_ms: Millis(settings.action_timeout_s * 1000),
            evidence_max_side: settings.evidence_max_side,
            evidence_quality: settings.evidence_quality,
            // both limits fit 32 bits
            frame_max_bytes: PHOTO_MAX as u32,
            total_max_bytes: REQUEST_MAX as u32,
            wrong_action: settings.wrong_action.into(),
            return_prefixes: if account.return_prefixes.is_empty() { &settings.return_prefixes } else { &account.return_prefixes }.clone(),
        },
        expires_at: now.plus(Millis(whole_s * 1000)),
        server_time: now,
    })
}

pub(super) fn body_refusal(fault: body::BodyFault) -> Refused {
    Refused::plain(match fault {
        body::BodyFault::TooLarge => rows::REQUEST_ENTITY_TOO_LARGE.coded(),
        body::BodyFault::Incomplete => rows::BAD_ARGUMENTS.about("body"),
    })
}
