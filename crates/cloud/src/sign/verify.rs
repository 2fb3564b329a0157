//! Policy, candidates and the constant-time comparison.

use super::canonical::{Candidate, Material};
use base64::{Engine, engine::general_purpose::STANDARD};
use faceid_protocol::Millis;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;

/// How far a request's timestamp may lie from the server's clock, either side.
pub const WINDOW: Millis = Millis(15 * 60 * 1000);

/// What is signed.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// Upper case.
    pub method: &'a str,
    /// Prefix that a rewriting proxy took off the path the client signed; usually empty.
    pub base_path: &'a str,
    /// Path as sent, not decoded.
    pub path: &'a str,
    /// Query as sent, without `?`.
    pub query: Option<&'a str>,
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

impl<'a> SignedRequest<'a> {
    /// The value of a header, empty when absent; `None` when it occurs more than once.
    pub(super) fn single_header(&self, name: &str) -> Option<&'a [u8]> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next().map(|value| value.as_bytes()).unwrap_or_default();
        if values.next().is_some() { None } else { Some(first) }
    }
}

/// What else is let through. All off: the strict policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// Accept requests whose timestamp is not signed, even without a header list.
    pub unsigned_timestamp: bool,
    /// Try [`Candidate::C4`].
    pub raw_query: bool,
    /// Try [`Candidate::C5`].
    pub joined_repeats: bool,
    /// Accept `X-Ca-Signature-Method: HmacSHA1`.
    pub sha1: bool,
}

/// The MAC as the caller states it.
enum Claimed {
    Sha256([u8; 32]),
    Sha1([u8; 20]),
}

impl Claimed {
    fn read(request: &SignedRequest<'_>, policy: Policy) -> Result<Self, Fault> {
        let text = request.single_header("x-ca-signature").ok_or(Fault::Signature)?;
        if text.is_empty() {
            return Err(Fault::Empty);
        }
        let bytes = STANDARD.decode(text).map_err(|_| Fault::Signature)?;
        let claimed = match request.single_header("x-ca-signature-method").ok_or(Fault::Signature)? {
            b"" | b"HmacSHA256" => bytes.try_into().map(Self::Sha256),
            b"HmacSHA1" if policy.sha1 => bytes.try_into().map(Self::Sha1),
            _ => return Err(Fault::Signature),
        };
        claimed.map_err(|_| Fault::Signature)
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Sha256(mac) => mac,
            Self::Sha1(mac) => mac,
        }
    }
}

/// A verified request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Which reading matched.
    pub candidate: Candidate,
    /// What must not come again: the signed nonce, or the MAC when no nonce was signed.
    pub nonce: Nonce,
    /// Until when it must be remembered, Unix ms.
    pub remember_until: Millis,
}

/// The one-use part of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce {
    /// SHA-256 over a label and the nonce or MAC bytes.
    pub digest: [u8; 32],
    /// False when the client sent none and the MAC stands in.
    pub from_client: bool,
}

/// Why a signature is refused. The text is the gateway's `X-Ca-Error-Message`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Fault {
    /// No `X-Ca-Signature`.
    #[error("Empty Signature")]
    Empty,
    /// `X-Ca-Key` missing or unknown.
    #[error("Invalid AppKey")]
    AppKey,
    /// The AppCode belongs to no key.
    #[error("Invalid AppCode")]
    AppCode,
    /// The MAC does not match, the method is not allowed, or what must be signed is not.
    #[error("Invalid Signature")]
    Signature,
    /// Not a number.
    #[error("Invalid Timestamp")]
    Timestamp,
    /// Outside [`WINDOW`].
    #[error("Timestamp Expired")]
    Expired,
    /// Does not match the body, or the body is empty.
    #[error("Invalid Content-MD5")]
    ContentMd5,
    /// A multipart body without Content-MD5.
    #[error("Unsupported Multipart")]
    Multipart,
    /// Seen before.
    #[error("Nonce Used")]
    NonceUsed,
}

/// The caller's key name, if it is text.
#[must_use]
pub fn app_key(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-ca-key").and_then(|value| value.to_str().ok())
}

/// True for an urlencoded body (prefix match: a charset may follow).
#[must_use]
pub fn is_form(headers: &HeaderMap) -> bool {
    const FORM: &[u8] = b"application/x-www-form-urlencoded";
    headers
        .get("content-type")
        .map(|value| value.as_bytes().trim_ascii())
        .is_some_and(|value| value.len() >= FORM.len() && value[..FORM.len()].eq_ignore_ascii_case(FORM))
}

/// Verifies one request. The nonce store is the caller's business: a `Verified` request may still be a replay.
///
/// # Errors
/// [`Fault`]; which of several faults is reported does not depend on the secret.
pub fn verify(request: &SignedRequest<'_>, secret: &[u8], policy: Policy, now: Millis) -> Result<Verified, Fault> {
    let claimed = Claimed::read(request, policy)?;
    let names = listed_names(request).ok_or(Fault::Signature)?;
    let signed = |header: &str| names.iter().any(|name| name.eq_ignore_ascii_case(header.as_bytes()));
    let timestamp = check_time(request, signed("x-ca-timestamp") || policy.unsigned_timestamp, now)?;
    check_body(request)?;

    let material = Material::new(request, &names).ok_or(Fault::Signature)?;
    let candidate = candidates(&material, policy)
        .into_iter()
        .find(|&candidate| matches(&material, candidate, secret, &claimed))
        .ok_or(Fault::Signature)?;

    // A nonce outside the signed headers could be changed at will: then the MAC itself is what must not come again.
    let nonce = request.single_header("x-ca-nonce").filter(|nonce| signed("x-ca-nonce") && !nonce.is_empty());
    let digest = match nonce {
        Some(nonce) => Sha256::new().chain_update(b"nonce").chain_update(nonce).finalize(),
        None => Sha256::new().chain_update(b"mac").chain_update(claimed.bytes()).finalize(),
    };
    Ok(Verified { candidate, nonce: Nonce { digest: digest.into(), from_client: nonce.is_some() }, remember_until: timestamp.plus(WINDOW) })
}

fn check_time(request: &SignedRequest<'_>, acceptable: bool, now: Millis) -> Result<Millis, Fault> {
    if !acceptable {
        return Err(Fault::Signature);
    }
    let text = request.single_header("x-ca-timestamp").ok_or(Fault::Timestamp)?;
    let digits =
        core::str::from_utf8(text).ok().filter(|text| !text.is_empty() && text.len() <= 16 && text.bytes().all(|b| b.is_ascii_digit()));
    let timestamp = digits.and_then(|text| text.parse().ok()).map(Millis).ok_or(Fault::Timestamp)?;
    if timestamp.since(now) > WINDOW || now.since(timestamp) > WINDOW {
        return Err(Fault::Expired);
    }
    Ok(timestamp)
}

/// A form is part of the canonical text; any other body must be covered by Content-MD5.
fn check_body(request: &SignedRequest<'_>) -> Result<(), Fault> {
    let md5 = request.single_header("content-md5").ok_or(Fault::ContentMd5)?;
    if md5.is_empty() {
        if request.body.is_empty() || is_form(request.headers) {
            return Ok(());
        }
        let multipart = request.headers.get("content-type").is_some_and(|value| value.as_bytes().starts_with(b"multipart/"));
        return Err(if multipart { Fault::Multipart } else { Fault::ContentMd5 });
    }
    let stated = STANDARD.decode(md5).map_err(|_| Fault::ContentMd5)?;
    if request.body.is_empty() || !bool::from(Md5::digest(request.body).as_slice().ct_eq(&stated)) {
        return Err(Fault::ContentMd5);
    }
    Ok(())
}

fn candidates(material: &Material<'_>, policy: Policy) -> Vec<Candidate> {
    let (blank, title) = (material.has_blank_value(), material.has_title_case_names());
    let mut out = vec![Candidate::C0];
    out.extend(blank.then_some(Candidate::C1));
    out.extend(title.then_some(Candidate::C2));
    out.extend((blank && title).then_some(Candidate::C3));
    out.extend(policy.raw_query.then_some(Candidate::C4));
    out.extend(policy.joined_repeats.then_some(Candidate::C5));
    out
}

fn matches(material: &Material<'_>, candidate: Candidate, secret: &[u8], claimed: &Claimed) -> bool {
    match claimed {
        Claimed::Sha256(mac) => is_mac::<Hmac<Sha256>>(material, candidate, secret, mac),
        Claimed::Sha1(mac) => is_mac::<Hmac<Sha1>>(material, candidate, secret, mac),
    }
}

fn is_mac<M: Mac + KeyInit>(material: &Material<'_>, candidate: Candidate, secret: &[u8], claimed: &[u8]) -> bool {
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(secret) else { return false };
    if material.write(candidate, &mut |piece| mac.update(piece)).is_none() {
        return false;
    }
    // constant time
    mac.verify_slice(claimed).is_ok()
}

/// Names in `X-Ca-Signature-Headers`, as written; `None` when the header occurs twice.
fn listed_names<'a>(request: &SignedRequest<'a>) -> Option<Vec<&'a [u8]>> {
    let list = request.single_header("x-ca-signature-headers")?;
    Some(list.split(|&b| b == b',').map(<[u8]>::trim_ascii).filter(|name| !name.is_empty()).collect())
}

/// Longest echo, bytes.
const ECHO_MAX: usize = 1024;

/// The server's string-to-sign for whoever debugs a client, as the gateway shows it: newlines are `#`, values of parameters are
/// masked (they hold names, numbers and pictures), everything that is not printable ASCII is `?`, at most 1 KiB.
/// `None` when the request has no canonical text.
#[must_use]
pub fn echo(request: &SignedRequest<'_>) -> Option<String> {
    let mut text = Vec::new();
    Material::new(request, &listed_names(request)?)?.write_masked(&mut |piece| text.extend_from_slice(piece))?;
    let shown: String = text
        .iter()
        .take(ECHO_MAX)
        .map(|&b| match b {
            b'\n' => '#',
            b' '..=b'~' => char::from(b),
            _ => '?',
        })
        .collect();
    Some(format!("Invalid Signature, Server StringToSign:`{shown}`"))
}
