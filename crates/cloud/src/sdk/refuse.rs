//! Refusals of the private calls: a row of table `sdk`, sealed once the caller is authenticated.

use super::keys::Seal;
use axum::{body::Body, response::Response};
use faceid_protocol::{
    codes::{self, Coded, Table, sdk as rows},
    framing::HEADER_MAC,
    wire::Refusal,
};
use http::{HeaderValue, StatusCode, header};

/// A refused call.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    coded: Coded,
    sealed: Option<Box<(Seal, [u8; 32])>>,
}

impl Refused {
    /// Before authentication.
    pub(super) fn plain(coded: Coded) -> Self {
        Self { coded, sealed: None }
    }

    /// After authentication.
    pub(super) fn sealed(coded: Coded, seal: &Seal, key_s2c: &[u8; 32]) -> Self {
        Self { coded, sealed: Some(Box::new((seal.clone(), *key_s2c))) }
    }

    /// Our own fault; the cause goes to the log only.
    pub(super) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::plain(rows::INTERNAL_ERROR.coded())
    }

    /// Wrong MAC, sequence, transcript, session or state.
    pub(super) fn authentication() -> Self {
        Self::plain(rows::AUTHENTICATION_FAIL.coded())
    }

    /// 413 is plain text by the documented ruling; everything else is a [`Refusal`].
    pub(super) fn into_reply(self) -> Response {
        let status = status_of(&self.coded);
        let (kind, body) = if status == StatusCode::PAYLOAD_TOO_LARGE {
            ("text/plain; charset=utf-8", self.coded.message.clone().into_owned().into_bytes())
        } else {
            // A number and a text always serialise.
            ("application/json", serde_json::to_vec(&Refusal::from(self.coded.clone())).unwrap_or_default())
        };
        let mac = self.sealed.map(|sealed| sealed.0.reply_mac(&sealed.1, &body));
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        if let Some(mac) = mac.and_then(|mac| HeaderValue::from_str(&mac).ok()) {
            response.headers_mut().insert(HEADER_MAC, mac);
        }
        response
    }
}

impl axum::response::IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.into_reply()
    }
}

/// HTTP twins carry their status; the session's own rows are 403 while nothing is proven and 409 once it is over.
fn status_of(coded: &Coded) -> StatusCode {
    let row = codes::find(Table::Sdk, coded.code, &coded.message);
    let twin = row.and_then(codes::Row::http_status).and_then(|status| StatusCode::from_u16(status).ok());
    match (twin, coded.message.as_ref()) {
        (Some(status), _) => status,
        (None, "BIZ_TOKEN_DENIED" | "AUTHENTICATION_FAIL" | "SDK_TOO_OLD") => StatusCode::FORBIDDEN,
        (None, "ILLEGAL_PARAMETER") => StatusCode::BAD_REQUEST,
        (None, _) => StatusCode::CONFLICT,
    }
}
