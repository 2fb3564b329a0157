//! Calls made by hand: sealed with a session's keys at any place of its history, kept, bent, sent again.

use super::model::{Kind, Row};
use crate::{
    common::{Answer, ORIGIN},
    page::{Page, sha},
};
use axum::{Router, body::Body};
use faceid_client::Sealed;
use http::Request;
use serde_json::json;
use tower::ServiceExt;

/// One request as it goes over the wire.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) session: String,
    pub(super) seq: u64,
    pub(super) prev: [u8; 32],
    pub(super) mac: [u8; 32],
    pub(super) origin: Option<&'static str>,
    pub(super) body: Vec<u8>,
    pub(super) kind: Kind,
}

impl Call {
    /// With the page's keys and place in its history.
    pub(super) fn seal(page: &Page<'_>, method: &'static str, name: &str, body: Vec<u8>, kind: Kind) -> Self {
        let sealed = page.seal(method, name, &body);
        Self {
            method,
            path: sealed.path,
            session: page.channel.session_id().to_owned(),
            seq: sealed.seq,
            prev: sealed.prev,
            mac: sealed.mac,
            origin: Some(ORIGIN),
            body,
            kind,
        }
    }

    pub(super) fn commit(page: &Page<'_>, step: u32, frames: &[Vec<u8>]) -> Self {
        let digests = frames.iter().map(|f| sha(f)).collect();
        Self::seal(
            page,
            "POST",
            "challenge",
            Page::challenge_body(step, frames),
            Kind::Commit { step, well_formed: !frames.is_empty(), frames: digests },
        )
    }

    pub(super) fn upload(page: &Page<'_>, frame: &[u8]) -> Self {
        let digest = sha(frame);
        Self::seal(page, "PUT", &format!("frames/{digest}"), frame.to_vec(), Kind::Upload { digest: digest.clone(), right_body: true })
    }

    pub(super) fn finalise(page: &Page<'_>, best: &[u8]) -> Self {
        let body = json!({ "best": sha(best), "telemetry": {}, "transcript": hex::encode(page.channel.transcript()) }).to_string();
        Self::seal(page, "POST", "finalise", body.into_bytes(), Kind::Finalise { best: sha(best), right_transcript: true })
    }

    /// `ended` is what the page says, `row` what that is recorded as.
    pub(super) fn cancel(page: &Page<'_>, ended: Option<Row>, row: Option<Row>) -> Self {
        let body = ended.map_or_else(|| json!({}), |(code, message)| json!({ "ended": { "code": code, "message": message } }));
        Self::seal(page, "POST", "cancel", body.to_string().into_bytes(), Kind::Cancel(row))
    }

    pub(super) fn request(&self) -> Request<Body> {
        let mut builder = Request::builder()
            .method(self.method)
            .uri(&self.path)
            .header("x-fid-session", &self.session)
            .header("x-fid-seq", self.seq)
            .header("x-fid-prev", hex::encode(self.prev))
            .header("x-fid-mac", hex::encode(self.mac));
        if let Some(origin) = self.origin {
            builder = builder.header("origin", origin);
        }
        builder.body(Body::from(self.body.clone())).expect("request")
    }

    pub(super) async fn send(&self, router: &Router) -> Answer {
        Answer::of(router.clone().oneshot(self.request()).await.expect("infallible")).await
    }

    /// What its reply is sealed with.
    pub(super) fn sealed(&self) -> Sealed {
        let body_sha256 = hex::decode(sha(&self.body)).expect("hex").try_into().expect("32 bytes");
        Sealed { method: self.method, path: self.path.clone(), seq: self.seq, prev: self.prev, body_sha256, mac: self.mac }
    }

    /// All that the MAC covers. An upload is known by the digest in its path.
    pub(super) fn mark(&self) -> Vec<u8> {
        let body = if self.method == "PUT" { String::new() } else { sha(&self.body) };
        format!("{} {} {} {} {body}", self.method, self.path, self.seq, hex::encode(self.prev)).into_bytes()
    }
}

/// Frames of one step, unlike those of every other session.
pub(super) fn frames(token: &str, step: u32, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|i| format!("jpeg {i} of step {step} of {token}").into_bytes()).collect()
}

/// The picture for comparing.
pub(super) fn best(token: &str) -> Vec<u8> {
    format!("face of {token}").into_bytes()
}
