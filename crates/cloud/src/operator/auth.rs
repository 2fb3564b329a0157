//! HTTP Basic: an operator's name, and the token that `faceid operator add` showed.

use crate::app::App;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, StatusCode, header};

/// Lets known operators pass. Tokens are 256 random bits: guessing them needs no lock.
pub(super) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some((name, token)) = basic(request.headers()) else { return ask() };
    match app.store.is_operator(&name, &token).await {
        Ok(true) => {
            tracing::info!(operator = name, path = page_name(request.uri().path()), "operator's page");
            next.run(request).await
        }
        Ok(false) => {
            tracing::warn!("operator's page refused");
            ask()
        }
        Err(error) => {
            tracing::error!(%error, "operator's page");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn ask() -> Response {
    let realm = r#"Basic realm="faceid operator", charset="UTF-8""#;
    (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, realm), (header::CACHE_CONTROL, "no-store")], "operators only\n").into_response()
}

/// Without the token that a session's path holds.
fn page_name(path: &str) -> &'static str {
    if path.starts_with("/operator/session/") { "session" } else { "overview" }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, text) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let plain = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    let (name, token) = plain.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (name.to_owned(), token.to_owned()))
}
