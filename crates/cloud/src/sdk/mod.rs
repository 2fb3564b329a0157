//! The private protocol between page and cloud (docs/protocol.md).

mod admission;
mod call;
mod cancel;
mod challenge;
mod cors;
mod finalise;
mod frames;
mod init;
mod keys;
mod refuse;

use crate::app::App;
use axum::{
    Router,
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
    routing,
};
use faceid_protocol::{codes::sdk as rows, framing::PREFIX};
use refuse::Refused;

/// Routes of the private protocol.
pub(crate) fn routes(app: &App) -> Router<App> {
    let path = |call: &str| format!("{PREFIX}/{call}");
    let calls = Router::new()
        .route(&path("init"), routing::post(init::handle))
        .route(&path("challenge"), routing::post(challenge::handle))
        .route(&path("frames/{sha256}"), routing::put(frames::handle))
        .route(&path("finalise"), routing::post(finalise::handle))
        .route(&path("cancel"), routing::post(cancel::handle))
        .route(PREFIX, routing::any(unknown))
        .route(&path("{*rest}"), routing::any(unknown))
        .method_not_allowed_fallback(unknown);
    calls.layer(middleware::from_fn_with_state(app.clone(), gate))
}

/// CORS, the limit of calls in progress, one log line per call.
async fn gate(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = std::time::Instant::now();
    let origin = cors::known_origin(&app, request.headers()).await;
    if cors::is_preflight(&request) {
        return cors::preflight(origin.as_ref());
    }
    let route = route_name(request.uri().path());
    let mut response = match app.enter_sdk() {
        Some(_place) => next.run(request).await,
        None => Refused::plain(rows::CONCURRENCY_LIMIT_EXCEEDED.coded()).into_reply(),
    };
    cors::allow(&mut response, origin.as_ref());
    response.headers_mut().insert(http::header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    app.metrics.call(route, response.status().as_u16(), started.elapsed());
    tracing::info!(route, status = response.status().as_u16(), ms = %started.elapsed().as_millis(), "sdk call");
    response
}

/// The call's name for the log; what a stranger wrote into the path stays out of it.
fn route_name(path: &str) -> &'static str {
    let call = path.strip_prefix(PREFIX).unwrap_or_default().split('/').nth(1).unwrap_or_default();
    ["init", "challenge", "frames", "finalise", "cancel"].into_iter().find(|name| *name == call).unwrap_or("unknown")
}

async fn unknown() -> Response {
    Refused::plain(rows::API_NOT_FOUND.coded()).into_reply()
}
