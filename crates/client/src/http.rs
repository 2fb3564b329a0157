//! One HTTP exchange with a bounded reply.

use crate::{Transport, TransportKind};
use bytes::Bytes;
use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};
use std::{sync::Once, time::Duration};

/// Longest reply read: get_result with verbose 1 carries one JPEG of at most 2 MB as base64.
const MAX_REPLY: usize = 4 << 20;

/// An HTTP client whose every exchange ends within `timeout`. On a machine without certificate authorities it still comes to be: then no
/// https server is trusted, and plain HTTP on loopback works.
pub(crate) fn client(timeout: Duration) -> Result<reqwest::Client, reqwest::Error> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error means that the embedding program chose a provider of its own, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let prepared = || reqwest::Client::builder().timeout(timeout);
    prepared().build().or_else(|_| prepared().tls_certs_only([]).build())
}

/// A complete reply.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Sends and reads the whole reply, up to the limit.
pub(crate) async fn exchange(request: RequestBuilder) -> Result<Reply, Transport> {
    let mut response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_REPLY {
            return Err(Transport { kind: TransportKind::TooLong, source: None });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Reply { status, headers, body: body.into() })
}
