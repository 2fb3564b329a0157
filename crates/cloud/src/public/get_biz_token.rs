//! `POST /face/v1.2/sdk/get_biz_token`.

use super::{
    auth,
    params::Params,
    photos,
    respond::{Api, Call, Fault},
};
use crate::{
    accounts::Obstacle,
    app::App,
    body,
    config::REQUEST_MAX,
    idnumber,
    limits::Who,
    random,
    store::{Minting, NewToken},
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use faceid_protocol::Millis;
use serde::Serialize;
use std::time::Duration;

/// Longest name, characters (another edition of the same call).
const NAME_MAX: usize = 32;
/// Longest serial number, bytes.
const BIZ_NO_MAX: usize = 128;
const DAY: Millis = Millis(24 * 3600 * 1000);

#[derive(Serialize)]
struct Answer {
    biz_token: String,
}

pub(super) async fn handle(State(app): State<App>, request: Request) -> Response {
    let call = Call::begin(&app, "get_biz_token");
    let answer = run(&app, request).await;
    call.finish(answer)
}

async fn run(app: &App, request: Request) -> Result<Answer, Fault> {
    let api = Api::GetBizToken;
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
    if let Some(biz_token) = caller.earlier {
        return Ok(Answer { biz_token });
    }
    let now = app.clock.now();
    check_means(app, &caller, now).await?;

    // the order of the documented table
    let mut params = params?;
    if params.required("liveness_type")? != "meglive" {
        return Err(api.bad("liveness_type"));
    }
    let idcard_name = params.required("idcard_name")?;
    if idcard_name.chars().count() > NAME_MAX || idcard_name.trim().is_empty() || idcard_name.chars().any(char::is_control) {
        return Err(api.bad("idcard_name"));
    }
    let idcard_number = params.required("idcard_number")?;
    if !idnumber::is_well_formed(&idcard_number) {
        return Err(api.bad("idcard_number"));
    }
    let given = [params.take("image_ref1")?, params.take("image_ref2")?];
    let biz_no = params.text("biz_no")?;
    if biz_no.as_ref().is_some_and(|text| text.len() > BIZ_NO_MAX) {
        return Err(api.bad("biz_no"));
    }
    let liveness_timeout_s = params.number("liveness_timeout", 60, 5, 60)?;
    let action_count = params.number("liveness_action_count", 3, 1, 3)?;
    let security_level = params.number("security_level", 2, 1, 4)?;
    let force_compare = params.number("force_compare", 0, 0, 1)? == 1;
    let multi_oriented = params.number("multi_oriented_detection", 1, 0, 1)? == 1;
    params.finish()?;
    let idcard_number = idcard_number.to_ascii_uppercase();
    let identity = app.pepper.as_ref().map(|pepper| pepper.identity(&idcard_number));
    if app.is_locked(&caller.app_key, &Who { identity, ..Who::default() }).await.map_err(|error| api.internal(&error))? {
        return Err(auth::refused(api, Obstacle::Locked));
    }
    let references = photos::check(app, given, multi_oriented).await?;

    let lifetime = &app.config.lifetime;
    let token = NewToken {
        biz_token: random::stamped_id(now).map_err(|error| api.internal(&error))?,
        app_key: caller.app_key,
        biz_no,
        idcard_name,
        idcard_number,
        liveness_timeout_s,
        action_count,
        security_level,
        force_compare,
        multi_oriented,
        simulated: app.demo.simulated,
        created: now,
        expires: now.plus(Millis(lifetime.token_s * 1000)),
        purge: now.plus(Millis(lifetime.purge_s * 1000)),
        references,
        once: caller.once,
        minting: Minting { address: caller.address, native_sign: caller.native_sign, identity },
    };
    let biz_token = app.store.add_token(&token).await.map_err(|error| api.internal(&error))?;
    Ok(Answer { biz_token })
}

/// Quota and money: what this call costs.
async fn check_means(app: &App, caller: &auth::Caller, now: Millis) -> Result<(), Fault> {
    let api = Api::GetBizToken;
    let internal = |error| api.internal(&error);
    if let Some(quota) = caller.daily_quota {
        let used = app.store.tokens_since(&caller.app_key, Millis(now.0.saturating_sub(DAY.0))).await.map_err(internal)?;
        if used >= quota {
            return Err(auth::refused(api, Obstacle::Quota));
        }
    }
    if caller.account.balance.is_some() {
        let running = app.store.running(&caller.app_key).await.map_err(internal)?;
        if !caller.account.can_pay(running) {
            return Err(auth::refused(api, Obstacle::Balance));
        }
    }
    Ok(())
}
