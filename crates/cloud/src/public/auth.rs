//! Who calls, and may they: gateway signature, AppCode or native `sign`; then the account.

use super::{
    params::Params,
    respond::{Api, Fault},
};
use crate::{
    accounts::{Account, Obstacle, Way},
    app::App,
    peer,
    sign::{self, NativeFault, NativeSign, Nonce, SIGN_VERSION, SignedRequest},
    store::{KeyRow, Seen},
};
use faceid_protocol::codes::Reason;
use http::{HeaderMap, request::Parts};
use std::net::IpAddr;

/// A caller whose credentials are in order.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) app_key: String,
    pub(super) daily_quota: Option<u32>,
    pub(super) account: Account,
    /// Where the call came from.
    pub(super) address: Option<IpAddr>,
    /// The native sign of the call, to be looked at again when its session starts.
    pub(super) native_sign: Option<String>,
    /// A signed POST without a nonce of its own: the same bytes again get the same answer.
    pub(super) once: Option<Nonce>,
    /// The token that an identical nonce-less POST got before.
    pub(super) earlier: Option<String>,
}

/// What a credential proved.
struct Proof {
    key: KeyRow,
    way: Way,
    native_sign: Option<String>,
    once: Option<Nonce>,
    earlier: Option<String>,
}

impl Proof {
    fn plain(key: KeyRow, way: Way) -> Self {
        Self { key, way, native_sign: None, once: None, earlier: None }
    }
}

/// Names under which clients of the gateway put an AppCode into the query.
const APP_CODE_NAMES: [&str; 5] = ["AppCode", "appcode", "appCode", "APPCODE", "APPCode"];

/// Checks the credential, then the key's standing and its account. Takes credentials out of the parameters.
pub(super) async fn authenticate(app: &App, api: Api, head: &Parts, body: &[u8], params: Option<&mut Params>) -> Result<Caller, Fault> {
    let proof = prove(app, api, head, body, params).await?;
    if proof.key.revoked.is_some() {
        return Err(api.not_authorised(Reason::ApiNotPermitted));
    }
    let account = app.store.account(&proof.key.app_key).await.map_err(|error| api.internal(&error))?;
    let address = peer::client_address(&app.config.server.trusted_proxies, &head.headers, &head.extensions);
    account.admits(api.name(), proof.way, address).map_err(|obstacle| refused(api, obstacle))?;
    Ok(Caller {
        app_key: proof.key.app_key,
        daily_quota: proof.key.daily_quota,
        account,
        address,
        native_sign: proof.native_sign,
        once: proof.once,
        earlier: proof.earlier,
    })
}

/// The first credential found counts: gateway signature, AppCode header, AppCode in the query (if switched on), native sign.
async fn prove(app: &App, api: Api, head: &Parts, body: &[u8], params: Option<&mut Params>) -> Result<Proof, Fault> {
    if head.headers.contains_key("x-ca-signature") {
        return by_gateway(app, api, head, body).await;
    }
    if let Some(code) = app_code(&head.headers) {
        return by_app_code(app, api, code).await;
    }
    let Some(params) = params else { return Err(api.signature(sign::Fault::Empty)) };
    if app.config.public.allow_app_code_query {
        for name in APP_CODE_NAMES {
            if let Some(code) = params.text(name).map_err(|_| api.signature(sign::Fault::AppCode))? {
                return by_app_code(app, api, &code).await;
            }
        }
    }
    let native = |_| api.native(NativeFault::Invalid);
    match params.text("sign").map_err(native)? {
        Some(text) => {
            let version = params.text("sign_version").map_err(native)?;
            by_native_sign(app, api, text, version.as_deref()).await
        }
        None => Err(api.signature(sign::Fault::Empty)),
    }
}

async fn by_gateway(app: &App, api: Api, head: &Parts, body: &[u8]) -> Result<Proof, Fault> {
    let internal = |error| api.internal(&error);
    let key = match sign::app_key(&head.headers) {
        Some(name) => app.store.key(name).await.map_err(internal)?,
        None => None,
    };
    let request = SignedRequest {
        method: head.method.as_str(),
        base_path: &app.config.public.base_path,
        path: head.uri.path(),
        query: head.uri.query(),
        headers: &head.headers,
        body,
    };
    // An unknown key costs the same work as a known one.
    let secret = key.as_ref().map_or("no such key", |key| key.app_secret.as_str());
    let verified = sign::verify(&request, secret.as_bytes(), app.config.policy(), app.clock.now());
    let key = key.ok_or_else(|| api.signature(sign::Fault::AppKey))?;
    let verified = verified.map_err(|fault| {
        let refused = api.signature(fault);
        match (fault, app.config.public.debug_signature_echo) {
            (sign::Fault::Signature, true) => Fault { gateway_message: sign::echo(&request).or(refused.gateway_message), ..refused },
            _ => refused,
        }
    })?;
    if verified.candidate != sign::Candidate::C0 {
        tracing::info!(candidate = ?verified.candidate, "signature matched by a compatibility rule");
    }
    let repeatable = !verified.nonce.from_client && head.method == http::Method::POST;
    let (once, earlier) = match app.store.use_nonce(&key.app_key, &verified.nonce, verified.remember_until).await.map_err(internal)? {
        Seen::New => (repeatable.then_some(verified.nonce), None),
        Seen::Before { biz_token } if repeatable => (Some(verified.nonce), biz_token),
        Seen::Before { .. } => return Err(api.signature(sign::Fault::NonceUsed)),
    };
    Ok(Proof { once, earlier, ..Proof::plain(key, Way::Gateway) })
}

async fn by_app_code(app: &App, api: Api, code: &str) -> Result<Proof, Fault> {
    let key = app.store.key_by_app_code(code).await.map_err(|error| api.internal(&error))?;
    Ok(Proof::plain(key.ok_or_else(|| api.signature(sign::Fault::AppCode))?, Way::AppCode))
}

async fn by_native_sign(app: &App, api: Api, text: String, version: Option<&str>) -> Result<Proof, Fault> {
    if version.is_some_and(|version| version != SIGN_VERSION) {
        return Err(api.native(NativeFault::Invalid));
    }
    let internal = |error| api.internal(&error);
    let sign = NativeSign::parse(&text).map_err(|fault| api.native(fault))?;
    let key = app.store.key(&sign.api_key).await.map_err(internal)?;
    let secret = key.as_ref().map_or("no such key", |key| key.app_secret.as_str());
    let verified = sign.verify(secret.as_bytes(), app.clock.now());
    let key = key.ok_or_else(|| api.native(NativeFault::Invalid))?;
    verified.map_err(|fault| api.native(fault))?;
    if let Some((nonce, until)) = sign.nonce()
        && app.store.use_nonce(&key.app_key, &nonce, until).await.map_err(internal)? != Seen::New
    {
        // Its session, if one was made with it, is told when it starts.
        app.store.mark_replayed(&key.app_key, &nonce).await.map_err(internal)?;
        return Err(api.native(NativeFault::Replay));
    }
    Ok(Proof { native_sign: Some(text), ..Proof::plain(key, Way::NativeSign) })
}

/// `Authorization: APPCODE <code>`; case of the scheme and extra spaces do not matter.
fn app_code(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, code) = value.trim().split_once(char::is_whitespace)?;
    let code = code.trim();
    (scheme.eq_ignore_ascii_case("APPCODE") && !code.is_empty()).then_some(code)
}

/// The account's obstacle as this call reports it.
pub(super) fn refused(api: Api, obstacle: Obstacle) -> Fault {
    api.not_authorised(obstacle.reason())
}
