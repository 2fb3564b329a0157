//! Parameters of one call, from query, form and multipart, with the rules for empty, repeated and unknown ones.

use super::respond::{Api, Fault};
use crate::sign;
use axum::{
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request},
};
use http::{header, request::Parts};

/// A value as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Text of a form, a query or a multipart field.
    Text(Vec<u8>),
    /// A multipart file.
    File(Vec<u8>),
}

impl Value {
    fn is_empty(&self) -> bool {
        match self {
            Self::Text(bytes) | Self::File(bytes) => bytes.is_empty(),
        }
    }
}

/// Parameters still to be taken.
#[derive(Debug)]
pub(super) struct Params {
    api: Api,
    rest: Vec<(Vec<u8>, Value)>,
}

impl Params {
    /// Collects every parameter. A multipart body that cannot be read is a bad argument named `body`.
    pub(super) async fn collect(api: Api, head: &Parts, body: &Bytes) -> Result<Self, Fault> {
        let text = |pairs: sign::Pairs| pairs.into_iter().map(|(key, value)| (key, Value::Text(value)));
        let mut rest: Vec<_> = text(sign::form_decode(head.uri.query().unwrap_or_default().as_bytes())).collect();
        if sign::is_form(&head.headers) {
            rest.extend(text(sign::form_decode(body)));
        } else if head.headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"multipart/form-data")) {
            rest.extend(multipart(head, body.clone()).await.ok_or_else(|| api.bad("body"))?);
        }
        Ok(Self { api, rest })
    }

    /// Takes a parameter; empty counts as absent.
    pub(super) fn take(&mut self, key: &str) -> Result<Option<Value>, Fault> {
        let (mine, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.rest).into_iter().partition(|(name, _)| name == key.as_bytes());
        self.rest = rest;
        let mut values = mine.into_iter().map(|(_, value)| value);
        let first = values.next();
        // Which of two differing values counts would be anybody's guess: an attacker's way around the signature's rules.
        if values.any(|value| Some(&value) != first.as_ref()) {
            return Err(self.api.bad(key));
        }
        Ok(first.filter(|value| !value.is_empty()))
    }

    /// Takes a text.
    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, Fault> {
        match self.take(key)? {
            None => Ok(None),
            // PostgreSQL keeps no NUL in a text, and no name, number or serial number has one.
            Some(Value::Text(bytes)) if bytes.contains(&0) => Err(self.api.bad(key)),
            Some(Value::Text(bytes)) => String::from_utf8(bytes).map(Some).map_err(|_| self.api.bad(key)),
            Some(Value::File(_)) => Err(self.api.bad(key)),
        }
    }

    /// Takes a required text.
    pub(super) fn required(&mut self, key: &str) -> Result<String, Fault> {
        self.text(key)?.ok_or_else(|| self.api.missing(key))
    }

    /// Takes a decimal number within limits.
    pub(super) fn number(&mut self, key: &str, default: u32, least: u32, most: u32) -> Result<u32, Fault> {
        let Some(text) = self.text(key)? else { return Ok(default) };
        let digits = !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
        let number = digits.then(|| text.parse().ok()).flatten();
        number.filter(|n| (least..=most).contains(n)).ok_or_else(|| self.api.bad(key))
    }

    /// Nothing may be left over.
    pub(super) fn finish(self) -> Result<(), Fault> {
        match self.rest.first() {
            None => Ok(()),
            Some((name, _)) => {
                let plain = name.len() <= 64 && name.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
                let shown = core::str::from_utf8(name).ok().filter(|name| plain && !name.is_empty()).unwrap_or("unknown");
                Err(self.api.bad(shown))
            }
        }
    }
}

async fn multipart(head: &Parts, body: Bytes) -> Option<Vec<(Vec<u8>, Value)>> {
    let mut request = Request::new(Body::from(body));
    request.headers_mut().insert(header::CONTENT_TYPE, head.headers.get(header::CONTENT_TYPE)?.clone());
    // The size was judged while reading; the framework's own 2 MB limit must not answer in our place.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut parts = Multipart::from_request(request, &()).await.ok()?;
    let mut out = Vec::new();
    while let Some(part) = parts.next_field().await.ok()? {
        let name = part.name()?.as_bytes().to_vec();
        let is_file = part.file_name().is_some() || part.content_type().is_some_and(|kind| !kind.starts_with("text/"));
        let bytes = part.bytes().await.ok()?.to_vec();
        out.push((name, if is_file { Value::File(bytes) } else { Value::Text(bytes) }));
    }
    Some(out)
}
