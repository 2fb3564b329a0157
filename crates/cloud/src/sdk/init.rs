//! `POST init`: one winner per token.

use super::{
    call::JSON_MAX,
    keys::{self, Handshake, KeyFault, Seal},
    refuse::Refused,
};
use crate::{
    app::App,
    body,
    config::{PHOTO_MAX, REQUEST_MAX},
    random,
    store::{InitFields, KeyRow},
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
use http::{HeaderValue, header, request::Parts};
use std::time::Duration;

pub(super) async fn handle(State(app): State<App>, request: Request) -> Result<Response, Refused> {
    let (head, body) = request.into_parts();
    let body =
        body::read(&head.headers, body, JSON_MAX, Duration::from_secs(app.config.server.body_timeout_s)).await.map_err(body_refusal)?;
    let asked: InitRequest = serde_json::from_slice(&body).map_err(|_| Refused::plain(rows::BAD_ARGUMENTS.about("body")))?;
    let client = check_form(&app, &asked)?;
    let denied = || Refused::plain(rows::BIZ_TOKEN_DENIED.coded());
    let now = app.clock.now();
    let (app_key, timeout_s, action_count) =
        app.store.startable(&asked.biz_token, now).await.map_err(|e| Refused::internal(&e))?.ok_or_else(denied)?;
    let key = app.store.key(&app_key).await.map_err(|e| Refused::internal(&e))?.filter(|key| key.revoked.is_none()).ok_or_else(denied)?;
    let origin = check_origin(&app, &key, &head).await?;

    let internal = |error: KeyFault| Refused::internal(&error);
    let handshake = Handshake::generate().map_err(internal)?;
    let reply = reply(&app, &handshake, timeout_s, action_count, now)?;
    // A struct of texts and numbers always serialises.
    let bytes = serde_json::to_vec(&reply).map_err(|e| Refused::internal(&e))?;
    let keys = handshake.keys(&client, &body, &bytes).map_err(internal)?;
    let seal = Seal { method: "POST".into(), path: head.uri.path().to_owned(), seq: 0, prev: keys.salt };
    let mac = seal.reply_mac(&keys.s2c, &bytes);
    let telemetry = serde_json::json!({ "sdk": asked.sdk, "env": asked.env, "consent": asked.consent });
    let fields = InitFields {
        session_id: reply.session_id,
        origin,
        key_c2s: keys.c2s,
        key_s2c: keys.s2c,
        transcript: keys.salt,
        excluded: excluded(&asked),
        deadline: now.plus(Millis((app.config.sdk.setup_grace_s + u64::from(timeout_s)) * 1000)),
        telemetry: telemetry.to_string(),
    };
    if !app.store.init(&asked.biz_token, &fields, now).await.map_err(|e| Refused::internal(&e))? {
        return Err(denied());
    }
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(HEADER_MAC, HeaderValue::from_str(&mac).map_err(|e| Refused::internal(&e))?);
    Ok(response)
}

/// Everything that can be refused without touching the token.
fn check_form(app: &App, asked: &InitRequest) -> Result<p256::PublicKey, Refused> {
    if asked.v != VERSION || version(&asked.sdk.version).is_none_or(|v| v < app.config.sdk.min_version) {
        return Err(Refused::plain(rows::SDK_TOO_OLD.coded()));
    }
    if excluded(asked).len() == Action::ALL.len() {
        return Err(Refused::plain(rows::ILLEGAL_PARAMETER.coded()));
    }
    if hex::decode(&asked.client_nonce).map(|nonce| nonce.len()) != Ok(16) {
        return Err(Refused::plain(rows::BAD_ARGUMENTS.about("client_nonce")));
    }
    keys::client_point(&asked.client_pub).map_err(|_| Refused::plain(rows::BAD_ARGUMENTS.about("client_pub")))
}

fn excluded(asked: &InitRequest) -> Vec<Action> {
    Action::ALL.into_iter().filter(|action| asked.excluded_actions.contains(action)).collect()
}

/// `1.2.3`, whatever follows a `-` or `+`.
fn version(text: &str) -> Option<[u32; 3]> {
    let core = text.split(['-', '+']).next()?;
    let parts: Vec<u32> = core.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    parts.try_into().ok()
}

/// The page's origin must be in the key's list, exactly; none is for native clients.
async fn check_origin(app: &App, key: &KeyRow, head: &Parts) -> Result<Option<String>, Refused> {
    let denied = || Refused::plain(rows::BIZ_TOKEN_DENIED.coded());
    let Some(origin) = head.headers.get(header::ORIGIN) else {
        return if key.native { Ok(None) } else { Err(denied()) };
    };
    let origin = origin.to_str().map_err(|_| denied())?;
    let listed = app.store.origins(&key.app_key).await.map_err(|e| Refused::internal(&e))?;
    if origin == "null" && key.native || listed.iter().any(|known| known == origin) { Ok(Some(origin.to_owned())) } else { Err(denied()) }
}

fn reply(app: &App, handshake: &Handshake, timeout_s: u32, action_count: u32, now: Millis) -> Result<InitReply, Refused> {
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
            return_prefixes: settings.return_prefixes.clone(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert_eq!(version("1.10.2-beta.3"), Some([1, 10, 2]), "pre-release");
        assert!(version("0.10.0") > version("0.9.9"), "numbers, not text");
        for bad in ["", "1.2", "1.2.3.4", "a.b.c", "-1.0.0"] {
            assert_eq!(version(bad), None, "{bad}");
        }
    }
}
