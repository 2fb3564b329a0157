//! Answers of the public API: `request_id` and `time_used` always, errors from the table of the call.

use crate::{accounts::ApiName, app::App, metrics::Metrics, random, sign};
use axum::{body::Body, response::Response};
use faceid_protocol::codes::{Coded, Reason, http_get_biz_token, http_get_result};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use std::time::Instant;

/// Which of the two error tables applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    GetBizToken,
    GetResult,
}

impl Api {
    pub(super) fn name(self) -> ApiName {
        match self {
            Self::GetBizToken => ApiName::GetBizToken,
            Self::GetResult => ApiName::GetResult,
        }
    }

    pub(super) fn missing(self, key: &str) -> Fault {
        Fault::from(match self {
            Self::GetBizToken => http_get_biz_token::MISSING_ARGUMENTS.about(key),
            Self::GetResult => http_get_result::MISSING_ARGUMENTS.about(key),
        })
    }

    pub(super) fn bad(self, key: &str) -> Fault {
        Fault::from(match self {
            Self::GetBizToken => http_get_biz_token::BAD_ARGUMENTS.about(key),
            Self::GetResult => http_get_result::BAD_ARGUMENTS.about(key),
        })
    }

    pub(super) fn signature(self, fault: sign::Fault) -> Fault {
        let row = match self {
            Self::GetBizToken => http_get_biz_token::AUTHENTICATION_ERROR,
            Self::GetResult => http_get_result::INVALID_SIGN,
        };
        let gateway_code = (fault == sign::Fault::AppCode).then_some("A400AC");
        Fault { gateway_message: Some(fault.to_string()), gateway_code, ..Fault::from(row.coded()) }
    }

    /// A native sign at fault: the call's own row, the documented message in the gateway's header.
    pub(super) fn native(self, fault: sign::NativeFault) -> Fault {
        Fault { gateway_message: Some(fault.to_string()), ..self.signature(sign::Fault::Signature) }
    }

    pub(super) fn not_authorised(self, reason: Reason) -> Fault {
        Fault::from(match self {
            Self::GetBizToken => http_get_biz_token::AUTHORIZATION_ERROR.because(reason),
            Self::GetResult => http_get_result::AUTHORIZATION_ERROR.because(reason),
        })
    }

    pub(super) fn busy(self) -> Fault {
        Fault::from(match self {
            Self::GetBizToken => http_get_biz_token::CONCURRENCY_LIMIT_EXCEEDED.coded(),
            Self::GetResult => http_get_result::CONCURRENCY_LIMIT_EXCEEDED.coded(),
        })
    }

    pub(super) fn too_large(self) -> Fault {
        let row = match self {
            Self::GetBizToken => http_get_biz_token::REQUEST_ENTITY_TOO_LARGE,
            Self::GetResult => http_get_result::REQUEST_ENTITY_TOO_LARGE,
        };
        Fault { gateway_code: Some("I413RL"), ..Fault::from(row.coded()) }
    }

    /// Our own fault; the cause goes to the log, never to the caller.
    pub(super) fn internal(self, cause: &dyn std::fmt::Display) -> Fault {
        tracing::error!(%cause, "internal error");
        Fault::from(match self {
            Self::GetBizToken => http_get_biz_token::INTERNAL_ERROR.coded(),
            Self::GetResult => http_get_result::INTERNAL_ERROR.coded(),
        })
    }
}

/// A failed call.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    /// HTTP status and `error` text.
    pub(super) coded: Coded,
    /// `X-Ca-Error-Message`, where it says more than the error text.
    pub(super) gateway_message: Option<String>,
    /// `X-Ca-Error-Code`, where the gateway has a published one.
    pub(super) gateway_code: Option<&'static str>,
}

impl From<Coded> for Fault {
    fn from(coded: Coded) -> Self {
        Self { coded, gateway_message: None, gateway_code: None }
    }
}

/// One request being answered.
#[derive(Debug)]
pub(super) struct Call {
    metrics: Metrics,
    route: &'static str,
    request_id: String,
    started: Instant,
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    request_id: &'a str,
    time_used: u64,
    #[serde(flatten)]
    rest: T,
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    error: &'a str,
}

impl Call {
    pub(super) fn begin(app: &App, route: &'static str) -> Self {
        // Without random bytes nothing else works either; the answer then still says so in the usual form.
        let request_id = random::stamped_id(app.clock.now())
            .unwrap_or_else(|_| format!("{},00000000-0000-0000-0000-000000000000", app.clock.now().0 / 1000));
        Self { metrics: app.metrics.clone(), route, request_id, started: Instant::now() }
    }

    pub(super) fn finish<T: Serialize>(&self, answer: Result<T, Fault>) -> Response {
        match answer {
            Ok(rest) => self.json(StatusCode::OK, rest),
            Err(fault) => self.fail(&fault),
        }
    }

    pub(super) fn fail(&self, fault: &Fault) -> Response {
        let status = u16::try_from(fault.coded.code)
            .ok()
            .and_then(|code| StatusCode::from_u16(code).ok())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = if status == StatusCode::PAYLOAD_TOO_LARGE {
            self.log(status);
            let mut response = Response::new(Body::from(fault.coded.message.to_string()));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
            self.stamp(&mut response);
            response
        } else {
            self.json(status, ErrorBody { error: &fault.coded.message })
        };
        let message = fault.gateway_message.as_deref().unwrap_or(&fault.coded.message);
        if let Ok(value) = HeaderValue::from_str(message) {
            response.headers_mut().insert("x-ca-error-message", value);
        }
        if let Some(code) = fault.gateway_code {
            response.headers_mut().insert("x-ca-error-code", HeaderValue::from_static(code));
        }
        response
    }

    fn json<T: Serialize>(&self, status: StatusCode, rest: T) -> Response {
        let time_used = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        // invariant: our answers hold only texts, numbers and maps with text keys, which always serialise
        let body = serde_json::to_vec(&Envelope { request_id: &self.request_id, time_used, rest }).unwrap_or_default();
        self.log(status);
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        self.stamp(&mut response);
        response
    }

    fn stamp(&self, response: &mut Response) {
        if let Ok(value) = HeaderValue::from_str(&self.request_id) {
            response.headers_mut().insert("x-ca-request-id", value);
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }

    fn log(&self, status: StatusCode) {
        self.metrics.call(self.route, status.as_u16(), self.started.elapsed());
        let ms = self.started.elapsed().as_millis();
        tracing::info!(request_id = %self.request_id, route = self.route, status = status.as_u16(), ms = %ms, "call");
    }
}
