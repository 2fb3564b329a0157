//! The operator's page: sessions, results and their reasons, bills per day. Read-only, without scripts, on the management port.
//!
//! It shows no names, numbers, pictures or scores of comparisons; who needs those has the customer's own get_result.

mod auth;
mod chart;
mod page;

use crate::{
    app::App,
    signals::Signals,
    store::{BillDay, KeyRow, OutcomeCount, SessionFilter, SessionLine, State as Phase, StoreError, VerdictRow},
};
use axum::{
    Router,
    extract::{Path, Query, State},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use faceid_protocol::Millis;
use http::{HeaderValue, StatusCode, header};
use maud::Markup;
use serde::Deserialize;

const STYLE: &str = include_str!("style.css");
/// Sessions on one page.
const LINES: u32 = 50;
const HOUR_MS: i64 = 3600 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// `/operator` and what belongs to it.
pub(crate) fn routes(app: &App) -> Router<App> {
    Router::new()
        .route("/operator", get(overview))
        .route("/operator/session/{biz_token}", get(session))
        .route("/operator/style.css", get(|| async { ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE) }))
        .layer(middleware::from_fn_with_state(app.clone(), auth::check))
        .layer(middleware::map_response(guard))
}

/// Nothing of another origin, no scripts, no frames, no copies in caches.
async fn guard(mut response: Response) -> Response {
    let policy = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What the page was asked for. Anything that does not parse is as if it had not been given.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    key: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    days: String,
    /// Creation and token of the last session of the page before.
    #[serde(default)]
    before: String,
    #[serde(default)]
    after: String,
}

/// Everything on the overview.
struct Overview {
    now: Millis,
    /// Hours from UTC where days begin.
    utc_offset: i64,
    days: u32,
    filter: SessionFilter,
    keys: Vec<KeyRow>,
    open: Vec<(Phase, u64)>,
    /// Ends of the last 24 hours, or as far back as results are kept.
    outcomes: Vec<OutcomeCount>,
    bills: Vec<BillDay>,
    /// Number of today's day, as in `bills`.
    today: i64,
    lines: Vec<SessionLine>,
}

/// Everything about one session.
struct Detail {
    utc_offset: i64,
    biz_token: String,
    app_key: String,
    state: Phase,
    /// Step, action, frames, bytes.
    steps: Vec<(u32, Option<String>, u32, i64)>,
    verdict: Option<VerdictRow>,
    notice: Option<(String, u32, Option<String>)>,
    /// What the browser told of its camera; `None` before the evidence was complete.
    signals: Option<Signals>,
}

async fn overview(State(app): State<App>, Query(asked): Query<Asked>) -> Response {
    answer(look(&app, &asked).await.map(|found| Some(page::overview(&found))))
}

async fn session(State(app): State<App>, Path(biz_token): Path<String>) -> Response {
    answer(look_at(&app, biz_token).await.map(|found| found.map(|detail| page::detail(&detail))))
}

fn answer(page: Result<Option<Markup>, StoreError>) -> Response {
    match page {
        Ok(Some(page)) => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page.into_string()).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "no such session, or erased by now\n").into_response(),
        Err(error) => {
            tracing::error!(%error, "operator's page");
            (StatusCode::INTERNAL_SERVER_ERROR, "the database did not answer; the log says why\n").into_response()
        }
    }
}

async fn look(app: &App, asked: &Asked) -> Result<Overview, StoreError> {
    let now = app.clock.now();
    let offset = app.config.operator.utc_offset_h;
    let days = asked.days.parse().ok().filter(|days| [7, 30, 90].contains(days)).unwrap_or(30);
    let today = (i64::try_from(now.0).unwrap_or(i64::MAX) + offset * HOUR_MS) / DAY_MS;
    let first = (today + 1 - i64::from(days)) * DAY_MS - offset * HOUR_MS;
    let keys = app.store.keys().await?;
    let filter = SessionFilter {
        app_key: keys.iter().find(|key| key.app_key == asked.key).map(|key| key.app_key.clone()),
        code: asked.code.parse().ok(),
        after: asked.before.parse().ok().map(|created| (Millis(created), asked.after.clone())),
    };
    let mut bills = app.store.bill_days(Millis(u64::try_from(first).unwrap_or(0)), now.plus(Millis(1)), offset * HOUR_MS).await?;
    let key = filter.app_key.as_deref();
    bills.retain(|bill| key.is_none_or(|key| key == bill.app_key));
    Ok(Overview {
        now,
        utc_offset: offset,
        days,
        open: app.store.open_counts(now, key).await?,
        outcomes: app.store.outcome_counts(Millis(now.0.saturating_sub(DAY_MS.unsigned_abs())), key).await?,
        bills,
        today,
        lines: app.store.session_lines(&filter, LINES).await?,
        filter,
        keys,
    })
}

async fn look_at(app: &App, biz_token: String) -> Result<Option<Detail>, StoreError> {
    let Some((app_key, state, _)) = app.store.standing(&biz_token).await? else { return Ok(None) };
    Ok(Some(Detail {
        utc_offset: app.config.operator.utc_offset_h,
        app_key,
        state,
        steps: app.store.steps(&biz_token).await?,
        verdict: app.store.verdict(&biz_token).await?,
        notice: app.store.notice(&biz_token).await?,
        signals: app.store.telemetry(&biz_token).await?.map(|told| Signals::read(&told)),
        biz_token,
    }))
}
