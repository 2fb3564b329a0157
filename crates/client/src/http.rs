//! One HTTP exchange with a bounded reply.

use crate::{Transport, TransportKind};
use bytes::Bytes;
use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};

/// Longest reply read: get_result with verbose 1 carries one JPEG of at most 2 MB as base64.
const MAX_REPLY: usize = 4 << 20;

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
