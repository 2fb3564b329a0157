//! Who calls: gateway signature or AppCode.

use super::respond::{Api, Fault};
use crate::{
    app::App,
    sign::{self, Nonce, SignedRequest},
    store::{KeyRow, Seen},
};
use faceid_protocol::codes::Reason;
use http::{HeaderMap, Method, Uri, request::Parts};

/// A caller whose credentials are in order.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) app_key: String,
    pub(super) daily_quota: Option<u32>,
    /// A signed POST without a nonce of its own: the same bytes again get the same answer.
    pub(super) once: Option<Nonce>,
    /// The token that an identical nonce-less POST got before.
    pub(super) earlier: Option<String>,
}

/// Checks signature or AppCode, then the key's standing.
pub(super) async fn authenticate(app: &App, api: Api, head: &Parts, body: &[u8]) -> Result<Caller, Fault> {
    let internal = |error| api.internal(&error);
    if !head.headers.contains_key("x-ca-signature") {
        if let Some(code) = app_code(&head.headers) {
            let key = app.store.key_by_app_code(code).await.map_err(internal)?.ok_or_else(|| api.signature(sign::Fault::AppCode))?;
            return admit(api, &key, None, None);
        }
        return Err(api.signature(sign::Fault::Empty));
    }
    let named = sign::app_key(&head.headers);
    let key = match named {
        Some(name) => app.store.key(name).await.map_err(internal)?,
        None => None,
    };
    let request = request(app, &head.method, &head.uri, &head.headers, body);
    // An unknown key costs the same work as a known one.
    let secret = key.as_ref().map_or("no such key", |key| key.app_secret.as_str());
    let verified = sign::verify(&request, secret.as_bytes(), app.config.policy(), app.clock.now());
    let key = key.ok_or_else(|| api.signature(sign::Fault::AppKey))?;
    let verified = verified.map_err(|fault| api.signature(fault))?;
    if verified.candidate != sign::Candidate::C0 {
        tracing::info!(candidate = ?verified.candidate, "signature matched by a compatibility rule");
    }
    let repeatable = !verified.nonce.from_client && head.method == Method::POST;
    match app.store.use_nonce(&key.app_key, &verified.nonce, verified.remember_until).await.map_err(internal)? {
        Seen::New => admit(api, &key, repeatable.then_some(verified.nonce), None),
        Seen::Before { biz_token } if repeatable => admit(api, &key, Some(verified.nonce), biz_token),
        Seen::Before { .. } => Err(api.signature(sign::Fault::NonceUsed)),
    }
}

fn admit(api: Api, key: &KeyRow, once: Option<Nonce>, earlier: Option<String>) -> Result<Caller, Fault> {
    if key.revoked.is_some() {
        return Err(api.not_authorised(Reason::ApiNotPermitted));
    }
    Ok(Caller { app_key: key.app_key.clone(), daily_quota: key.daily_quota, once, earlier })
}

fn request<'a>(app: &'a App, method: &'a Method, uri: &'a Uri, headers: &'a HeaderMap, body: &'a [u8]) -> SignedRequest<'a> {
    SignedRequest { method: method.as_str(), base_path: &app.config.public.base_path, path: uri.path(), query: uri.query(), headers, body }
}

/// `Authorization: APPCODE <code>`; case of the scheme and extra spaces do not matter.
fn app_code(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, code) = value.trim().split_once(char::is_whitespace)?;
    let code = code.trim();
    (scheme.eq_ignore_ascii_case("APPCODE") && !code.is_empty()).then_some(code)
}
