//! The management port: health, metrics and the operator's page, apart from the public address. Health and metrics need no key, so it belongs on
//! an inner network.

use crate::{app::App, operator};
use axum::{Router, extract::State, response::IntoResponse, routing::get};
use http::{StatusCode, header};
use std::time::Duration;

/// A probe that takes longer than this is a failed one.
const PROBE: Duration = Duration::from_secs(3);

/// `/health/live`, `/health/ready`, `/metrics`, and `/operator` for whoever has an operator's token.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/health/live", get(|| async { "live\n" }))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .merge(operator::routes(&app))
        .with_state(app)
}

/// Ready = the database takes writes and the pictures' place takes and gives pictures. A node that is not ready keeps answering what it can; a load
/// balancer should send new sessions elsewhere.
async fn ready(State(app): State<App>) -> impl IntoResponse {
    let database = tokio::time::timeout(PROBE, app.store.answers());
    let pictures = tokio::time::timeout(PROBE, app.store.vault().check());
    let (database, pictures) = (matches!(database.await, Ok(Ok(()))), matches!(pictures.await, Ok(Ok(()))));
    let status = if database && pictures { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = |good| if good { "ok" } else { "failed" };
    (status, format!("database {}\npictures {}\n", word(database), word(pictures)))
}

async fn metrics(State(app): State<App>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match app.store.queued(app.clock.now()).await {
        Ok(count) => app.metrics.queued(count),
        Err(error) => tracing::warn!(%error, "queue length"),
    }
    ([(header::CONTENT_TYPE, kind)], app.metrics.text())
}
