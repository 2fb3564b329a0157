//! The API-gateway signature, client side: string to sign and HMAC-SHA256.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
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
    // RFC 2104: a key is one block, padded with zeros; a longer one counts as its digest.
    let (mut block, key) = ([0; 64], secret.as_bytes());
    match block.get_mut(..key.len()) {
        Some(start) => start.copy_from_slice(key),
        None => block[..32].copy_from_slice(&Sha256::digest(key)),
    }
    let mac = Hmac::<Sha256>::new(&block.into());
    STANDARD.encode(mac.chain_update(string_to_sign.as_bytes()).finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2, and a key longer than a block.
    #[test]
    fn keys_of_any_length() {
        let hex_of = |secret: &str, text: &str| hex::encode(STANDARD.decode(sign(secret, text)).expect("base64"));
        assert_eq!(hex_of("Jefe", "what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        // The published key is 131 bytes 0xaa, which is no text; 131 letters against the digest as a key say the same of the rule.
        let long = "k".repeat(131);
        let expected = Hmac::<Sha256>::new_from_slice(long.as_bytes()).expect("any length").chain_update(b"text").finalize().into_bytes();
        assert_eq!(hex_of(&long, "text"), hex::encode(expected), "longer than a block");
    }
}
