//! Who may ask, and the headers of every answer.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// What requests are compared with.
pub(super) struct Guard {
    hosts: [String; 3],
    policy: String,
}

impl Guard {
    /// For a backend on loopback `port` whose pages talk to `cloud` (an origin).
    pub(super) fn new(port: u16, cloud: &str) -> Self {
        let policy = format!(
            "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' {cloud}; img-src 'self' blob:; \
             media-src 'self' blob:; worker-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        );
        Self { hosts: ["127.0.0.1", "localhost", "[::1]"].map(|host| format!("{host}:{port}")), policy }
    }

    /// Why a request is refused, or `None`.
    fn fault(&self, method: &Method, headers: &HeaderMap) -> Option<&'static str> {
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or(""));
        let Some(host) = text(header::HOST).filter(|host| self.hosts.iter().any(|known| known == host)) else {
            return Some("wrong Host");
        };
        match text(header::ORIGIN) {
            Some(origin) if origin.strip_prefix("http://") != Some(host) => return Some("wrong Origin"),
            None if !matches!(*method, Method::GET | Method::HEAD) => return Some("no Origin"),
            Some(_) | None => {}
        }
        // Same-origin GETs carry no Origin; browsers say here whether another site asks. Other programs do not send it.
        match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
            None | Some(b"same-origin" | b"none") => None,
            Some(_) => Some("asked from another site"),
        }
    }
}

/// Refuses strangers, then adds the security headers to whatever is answered.
pub(super) async fn check(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let api = request.uri().path().starts_with("/api/");
    let mut response = match guard.fault(request.method(), request.headers()) {
        Some(fault) => (StatusCode::FORBIDDEN, fault).into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    // invariant: `cloud` is an ASCII origin (checked at start), the rest is constant
    if let Ok(policy) = HeaderValue::from_str(&guard.policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS.as_str(), "nosniff"),
        (header::REFERRER_POLICY.as_str(), "no-referrer"),
        ("permissions-policy", "camera=(self), microphone=(), geolocation=()"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        // files are revalidated by their date, answers about a person are never kept
        (header::CACHE_CONTROL.as_str(), if api { "no-store" } else { "no-cache" }),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(method: &Method, pairs: &[(&'static str, &'static str)]) -> Option<&'static str> {
        let headers = pairs.iter().map(|(name, value)| (name.parse().expect("name"), HeaderValue::from_static(value))).collect();
        Guard::new(9000, "http://127.0.0.1:8080").fault(method, &headers)
    }

    #[test]
    fn only_our_own_host_name_is_served() {
        for host in ["127.0.0.1:9000", "localhost:9000", "[::1]:9000"] {
            assert_eq!(fault(&Method::GET, &[("host", host)]), None, "{host}");
        }
        for host in ["evil.example", "127.0.0.1", "127.0.0.1:9001", "localhost:9000.evil.example", "LOCALHOST:9000@evil", ""] {
            assert_eq!(fault(&Method::GET, &[("host", host)]), Some("wrong Host"), "{host}");
        }
        assert_eq!(fault(&Method::GET, &[]), Some("wrong Host"), "no Host at all");
    }

    #[test]
    fn requests_of_other_origins_are_refused() {
        let host = ("host", "127.0.0.1:9000");
        assert_eq!(fault(&Method::POST, &[host, ("origin", "http://127.0.0.1:9000")]), None, "own page");
        assert_eq!(fault(&Method::POST, &[host]), Some("no Origin"), "a POST must say where it comes from");
        for origin in ["null", "http://localhost:9000", "https://127.0.0.1:9000", "http://127.0.0.1:9000.evil.example", ""] {
            assert_eq!(fault(&Method::POST, &[host, ("origin", origin)]), Some("wrong Origin"), "{origin}");
            assert_eq!(fault(&Method::GET, &[host, ("origin", origin)]), Some("wrong Origin"), "{origin}");
        }
        for (site, expected) in [
            ("same-origin", None),
            ("none", None),
            ("cross-site", Some("asked from another site")),
            ("same-site", Some("asked from another site")),
        ] {
            assert_eq!(fault(&Method::GET, &[host, ("sec-fetch-site", site)]), expected, "{site}");
        }
    }
}
