//! May this token start a session, here, now and on this device? Account, minting and locks may have changed since the token was made.

use super::refuse::Refused;
use crate::{
    accounts::{Account, SdkVersion},
    app::App,
    limits::Who,
    peer,
    sign::{NativeFault, NativeSign},
    store::{KeyRow, Minting, Outcome, State, StoreError},
};
use faceid_protocol::{
    codes::{Coded, FixedRow, SDK_OFFSET, result as results, sdk as rows},
    wire::InitRequest,
};
use http::{HeaderMap, header, request::Parts};

/// A start that nothing stands against.
pub(super) struct Admitted {
    /// The page's origin; `None` = a native client.
    pub(super) origin: Option<String>,
    /// Whose failure it will be, if it fails.
    pub(super) who: Who,
}

/// Checks in this order: account, native sign, locks, SDK version, device, origin.
///
/// What the token's owner must know ends the session, so that get_result says it, too.
pub(super) async fn admit(app: &App, key: &KeyRow, account: &Account, asked: &InitRequest, head: &Parts) -> Result<Admitted, Refused> {
    let internal = |error: StoreError| Refused::internal(&error);
    let minting = app.store.minting(&asked.biz_token).await.map_err(internal)?;
    let running = if account.balance.is_some() { app.store.running(&key.app_key).await.map_err(internal)? } else { 0 };
    if let Err(obstacle) = account.admits_start(minting.address, running) {
        return Err(match obstacle.row() {
            Some(row) => end(app, &asked.biz_token, row).await,
            None => Refused::plain(rows::AUTHORIZATION_ERROR.because(obstacle.reason())),
        });
    }
    if let Some(row) = sign_fault(app, key, &minting).await.map_err(internal)? {
        return Err(end(app, &asked.biz_token, row).await);
    }
    let who = who(app, &key.app_key, &minting, asked, head);
    if app.is_locked(&key.app_key, &who).await.map_err(internal)? {
        return Err(end(app, &asked.biz_token, results::MORE_RETRY_TIMES).await);
    }
    let least = account.min_sdk.unwrap_or(SdkVersion(app.config.sdk.min_version));
    if asked.sdk.version.parse::<SdkVersion>().is_ok_and(|version| version < least.max(SdkVersion(app.config.sdk.min_version))) {
        return Err(end(app, &asked.biz_token, results::SDK_TOO_OLD).await);
    }
    if app.config.sdk.unsupported_devices.iter().any(|text| asked.env.user_agent.contains(text)) {
        return Err(end(app, &asked.biz_token, results::MOBILE_PHONE_NOT_SUPPORT).await);
    }
    match origin(app, key, &head.headers).await.map_err(internal)? {
        Some(origin) => Ok(Admitted { origin, who }),
        None => Err(stranger(app, &asked.biz_token).await),
    }
}

/// Subjects of the locks that concern this start.
fn who(app: &App, app_key: &str, minting: &Minting, asked: &InitRequest, head: &Parts) -> Who {
    let Some(pepper) = &app.pepper else { return Who::default() };
    let address = peer::client_address(&app.config.server.trusted_proxies, &head.headers, &head.extensions);
    Who {
        identity: minting.identity,
        device: asked.device_id.as_deref().map(|id| pepper.device(app_key, id)),
        address: address.map(|address| pepper.address(address)),
    }
}

/// The minting native sign, looked at again: expired, no longer the secret's, or used a second time since.
async fn sign_fault(app: &App, key: &KeyRow, minting: &Minting) -> Result<Option<FixedRow>, StoreError> {
    let Some(text) = &minting.native_sign else { return Ok(None) };
    let row = |fault| match fault {
        NativeFault::Invalid => results::INVALID_SIGN,
        NativeFault::Expired => results::EXPIRED_SIGN,
        NativeFault::Replay => results::REPLAY_ATTACK,
    };
    let Ok(sign) = NativeSign::parse(text) else { return Err(StoreError::Damaged("native_sign")) };
    if !sign.is_authentic(key.app_secret.as_bytes()) {
        return Ok(Some(row(NativeFault::Invalid)));
    }
    match sign.nonce() {
        // Its 15 minutes were for the call that made the token; the token has its own hour.
        Some((nonce, _)) => Ok(app.store.is_replayed(&key.app_key, &nonce).await?.then_some(row(NativeFault::Replay))),
        None => Ok(sign.verify(key.app_secret.as_bytes(), app.clock.now()).err().map(row)),
    }
}

/// The page's origin, which must be in the key's list exactly; none is for native clients. The outer `None` = not allowed.
async fn origin(app: &App, key: &KeyRow, headers: &HeaderMap) -> Result<Option<Option<String>>, StoreError> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(key.native.then_some(None));
    };
    let Ok(origin) = origin.to_str() else { return Ok(None) };
    let listed = app.store.origins(&key.app_key).await?;
    let allowed = origin == "null" && key.native || listed.iter().any(|known| known == origin);
    Ok(allowed.then(|| Some(origin.to_owned())))
}

/// From a place the token is not for. Anyone who learned a token could try, so one refusal must not cost its owner the session; many mean that it
/// is being passed around, and end it.
async fn stranger(app: &App, biz_token: &str) -> Refused {
    match app.store.count_refused_init(biz_token).await {
        Ok(Some(count)) if count >= app.config.limits.init_refusals => end(app, biz_token, results::BIZ_TOKEN_DENIED).await,
        Ok(_) => Refused::plain(rows::BIZ_TOKEN_DENIED.coded()),
        Err(error) => Refused::internal(&error),
    }
}

/// Ends a session that never started; somebody who was faster leaves the token denied.
async fn end(app: &App, biz_token: &str, row: FixedRow) -> Refused {
    match app.store.settle(biz_token, State::Created, 0, State::Aborted, &Outcome::plain(row), app.clock.now()).await {
        Ok(()) => Refused::plain(Coded::new(SDK_OFFSET + row.code, row.message)),
        Err(StoreError::Conflict) => Refused::plain(rows::BIZ_TOKEN_DENIED.coded()),
        Err(error) => Refused::internal(&error),
    }
}

/// Why a token cannot start that once could have: its hour is over, or this very request started it and only the reply was lost.
pub(super) async fn not_startable(app: &App, biz_token: &str, request: &[u8; 32]) -> Refused {
    let outcome = async {
        if app.store.has_lapsed(biz_token, app.clock.now()).await? {
            return Ok(rows::LIVING_OVERTIME);
        }
        let repeated = app.store.started_by(biz_token).await? == Some(*request);
        Ok::<_, StoreError>(if repeated { rows::LIVING_IN_PROGRESS } else { rows::BIZ_TOKEN_DENIED })
    };
    match outcome.await {
        Ok(row) => Refused::plain(row.coded()),
        Err(error) => Refused::internal(&error),
    }
}
