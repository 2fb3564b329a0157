//! CORS for pages of active keys. The request itself is checked against the session's own key elsewhere.

use crate::app::App;
use axum::{body::Body, extract::Request, response::Response};
use faceid_protocol::framing::{HEADER_MAC, HEADER_PREV, HEADER_SEQ, HEADER_SESSION};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

/// The `Origin` header, if an active key lists it.
pub(super) async fn known_origin(app: &App, headers: &HeaderMap) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    match app.store.is_known_origin(origin.to_str().ok()?).await {
        Ok(known) => known.then(|| origin.clone()),
        Err(error) => {
            tracing::error!(%error, "origin lookup");
            None
        }
    }
}

pub(super) fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answer to a preflight: no credentials, ten minutes, only our methods and headers; nothing for strangers.
pub(super) fn preflight(origin: Option<&HeaderValue>) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    if origin.is_some() {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, PUT"));
        let allowed = format!("content-type, {HEADER_SESSION}, {HEADER_SEQ}, {HEADER_PREV}, {HEADER_MAC}");
        if let Ok(allowed) = HeaderValue::from_str(&allowed) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        }
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    } else {
        *response.status_mut() = StatusCode::FORBIDDEN;
    }
    allow(&mut response, origin);
    response
}

/// Lets the page of a known origin read the answer and its MAC.
pub(super) fn allow(response: &mut Response, origin: Option<&HeaderValue>) {
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(HEADER_MAC));
    }
}
