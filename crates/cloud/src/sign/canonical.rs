//! The text under the MAC.

use super::{Pairs, SignedRequest, form_decode, is_form};
use std::collections::BTreeMap;

/// A way of reading the rules; real clients differ. The first that matches wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Candidate {
    /// The documented rules.
    C0,
    /// Whitespace-only values count as empty (the official Java demo).
    C1,
    /// Listed header names lower-cased (some proxies and HTTP/2 stacks).
    C2,
    /// C1 and C2 together.
    C3,
    /// The query text as sent, percent-encoded (callers of the Python demo). Off by default.
    C4,
    /// Repeated keys joined with a comma (the Node SDK). Off by default.
    C5,
}

impl Candidate {
    fn blank_is_empty(self) -> bool {
        matches!(self, Self::C1 | Self::C3)
    }

    fn lower_names(self) -> bool {
        matches!(self, Self::C2 | Self::C3)
    }
}

/// Headers that the list never adds: they have their own lines, or are the signature itself.
const OWN_LINE: [&str; 6] = ["x-ca-signature", "x-ca-signature-headers", "accept", "content-md5", "content-type", "date"];

/// The parts of a request's canonical text that every candidate shares, decoded once.
#[derive(Debug)]
pub(super) struct Material<'a> {
    request: &'a SignedRequest<'a>,
    /// Listed names as written, with their values.
    headers: Vec<(&'a [u8], &'a [u8])>,
    pairs: Pairs,
}

impl<'a> Material<'a> {
    /// `None` when a signed header occurs twice: which of the two was signed would be the reader's choice.
    pub(super) fn new(request: &'a SignedRequest<'a>, names: &[&'a [u8]]) -> Option<Self> {
        let mut headers = Vec::with_capacity(names.len());
        for &name in names {
            if OWN_LINE.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(name)) {
                continue;
            }
            headers.push((name, request.single_header(core::str::from_utf8(name).ok()?)?));
        }
        let mut pairs = if is_form(request.headers) { form_decode(request.body) } else { Vec::new() };
        pairs.extend(form_decode(request.query.unwrap_or_default().as_bytes()));
        Some(Self { request, headers, pairs })
    }

    /// True when C1 could differ from C0.
    pub(super) fn has_blank_value(&self) -> bool {
        self.pairs.iter().any(|(_, v)| is_blank(v)) || self.headers.iter().any(|(_, v)| is_blank(v))
    }

    /// True when C2 could differ from C0. Only lists written `X-Ca-Key` throughout qualify: a single flipped letter must not pass as another spelling.
    pub(super) fn has_title_case_names(&self) -> bool {
        let mut gateway = self.headers.iter().filter(|(name, _)| name.len() > 5 && name[..5].eq_ignore_ascii_case(b"x-ca-")).peekable();
        gateway.peek().is_some()
            && gateway.all(|(name, _)| name.split(|&b| b == b'-').all(|word| word.first().is_some_and(u8::is_ascii_uppercase)))
    }

    /// Feeds the string-to-sign to `sink` piece by piece: the body may be megabytes and is not copied a second time.
    pub(super) fn write(&self, candidate: Candidate, sink: &mut dyn FnMut(&[u8])) -> Option<()> {
        self.write_head(candidate, sink)?;
        self.write_parameters(candidate, &|value| value, sink);
        Some(())
    }

    /// The same under the documented rules, with three asterisks for every parameter's value.
    pub(super) fn write_masked(&self, sink: &mut dyn FnMut(&[u8])) -> Option<()> {
        self.write_head(Candidate::C0, sink)?;
        self.write_parameters(Candidate::C0, &|value| if value.is_empty() { value } else { b"***" }, sink);
        Some(())
    }

    fn write_head(&self, candidate: Candidate, sink: &mut dyn FnMut(&[u8])) -> Option<()> {
        sink(self.request.method.as_bytes());
        sink(b"\n");
        for name in ["accept", "content-md5", "content-type", "date"] {
            sink(self.request.single_header(name)?);
            sink(b"\n");
        }
        let mut lines: BTreeMap<Vec<u8>, &[u8]> = BTreeMap::new();
        for (name, value) in &self.headers {
            let name = if candidate.lower_names() { name.to_ascii_lowercase() } else { name.to_vec() };
            lines.insert(name, shown(value, candidate));
        }
        for (name, value) in lines {
            sink(&name);
            sink(b":");
            sink(value);
            sink(b"\n");
        }
        sink(self.request.base_path.as_bytes());
        sink(self.request.path.as_bytes());
        Some(())
    }

    fn write_parameters(&self, candidate: Candidate, show: &dyn for<'v> Fn(&'v [u8]) -> &'v [u8], sink: &mut dyn FnMut(&[u8])) {
        if candidate == Candidate::C4 {
            if let Some(query) = self.request.query {
                sink(b"?");
                sink(query.as_bytes());
            }
            return;
        }
        let mut merged: BTreeMap<&[u8], Vec<&[u8]>> = BTreeMap::new();
        for (key, value) in &self.pairs {
            merged.entry(key).or_default().push(value);
        }
        for (index, (key, values)) in merged.into_iter().enumerate() {
            sink(if index == 0 { b"?" } else { b"&" });
            sink(key);
            let joined;
            let value = if candidate == Candidate::C5 {
                joined = values.join(&b","[..]);
                joined.as_slice()
            } else {
                shown(values[0], candidate)
            };
            if !value.is_empty() {
                sink(b"=");
                sink(show(value));
            }
        }
    }
}

fn shown(value: &[u8], candidate: Candidate) -> &[u8] {
    if candidate.blank_is_empty() && is_blank(value) { b"" } else { value }
}

/// Whitespace only, and at least one character of it.
fn is_blank(value: &[u8]) -> bool {
    !value.is_empty() && core::str::from_utf8(value).is_ok_and(|text| text.chars().all(char::is_whitespace))
}
