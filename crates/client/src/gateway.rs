//! The API-gateway signature, client side: string to sign and HMAC-SHA256.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;

/// The parts of a request that are signed. Values are decoded text, not percent-encoded.
#[derive(Debug, Clone, Default)]
pub struct Signable<'a> {
    /// Upper case.
    pub method: &'a str,
    /// Header `Accept`; empty when not sent.
    pub accept: &'a str,
    /// Header `Content-MD5`; empty when not sent (form bodies never have one).
    pub content_md5: &'a str,
    /// Header `Content-Type`; empty when not sent.
    pub content_type: &'a str,
    /// Header `Date`; empty when not sent.
    pub date: &'a str,
    /// Names and values of the headers listed in `X-Ca-Signature-Headers`, in any order, names spelled as in that list.
    pub headers: Vec<(&'a str, &'a str)>,
    /// Path as sent.
    pub path: &'a str,
    /// Form parameters first, then query parameters: of a repeated name the first value counts.
    pub params: Vec<(&'a str, &'a str)>,
}

/// The text under the MAC.
#[must_use]
pub fn string_to_sign(request: &Signable<'_>) -> String {
    let mut out = String::new();
    for line in [request.method, request.accept, request.content_md5, request.content_type, request.date] {
        out.push_str(line);
        out.push('\n');
    }
    // BTreeMap sorts by the bytes of the name, which is the order the gateway asks for
    for (name, value) in request.headers.iter().copied().collect::<BTreeMap<_, _>>() {
        for part in [name, ":", value, "\n"] {
            out.push_str(part);
        }
    }
    out.push_str(request.path);
    let mut params = BTreeMap::new();
    for (name, value) in &request.params {
        params.entry(*name).or_insert(*value);
    }
    for (index, (name, value)) in params.into_iter().enumerate() {
        out.push(if index == 0 { '?' } else { '&' });
        out.push_str(name);
        if !value.is_empty() {
            out.push('=');
            out.push_str(value);
        }
    }
    out
}

/// `X-Ca-Signature`: base64 of HMAC-SHA256 under the key's secret.
#[must_use]
pub fn sign(secret: &str, string_to_sign: &str) -> String {
    // invariant: HMAC takes keys of any length
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any key length");
    STANDARD.encode(mac.chain_update(string_to_sign.as_bytes()).finalize().into_bytes())
}
