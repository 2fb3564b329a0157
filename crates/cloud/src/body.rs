//! Request bodies, read with a limit in bytes and in time.

use axum::body::{Body, Bytes};
use bytes::BytesMut;
use http::HeaderMap;
use http_body_util::BodyExt;
use std::time::Duration;
use thiserror::Error;

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum BodyFault {
    /// More bytes than allowed.
    #[error("body too large")]
    TooLarge,
    /// The connection broke, or the body did not come in time.
    #[error("body incomplete")]
    Incomplete,
}

/// How long, and how many times the limit, an oversized body is drained so that the client can read the answer.
const DRAIN: Duration = Duration::from_secs(2);

/// Reads a whole body of at most `limit` bytes. The stated length decides before the first byte is read.
pub(crate) async fn read(headers: &HeaderMap, body: Body, limit: usize, patience: Duration) -> Result<Bytes, BodyFault> {
    let stated = headers.get(http::header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if stated.is_some_and(|length| length > limit as u64) {
        drain(body, limit).await;
        return Err(BodyFault::TooLarge);
    }
    match tokio::time::timeout(patience, collect(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(Stop::TooLarge(rest))) => {
            drain(rest, limit).await;
            Err(BodyFault::TooLarge)
        }
        Ok(Err(Stop::Broken)) | Err(_) => Err(BodyFault::Incomplete),
    }
}

enum Stop {
    TooLarge(Body),
    Broken,
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, Stop> {
    let mut out = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Stop::Broken)?;
        if let Some(data) = frame.data_ref() {
            if out.len() + data.len() > limit {
                return Err(Stop::TooLarge(body));
            }
            out.extend_from_slice(data);
        }
    }
    Ok(out.freeze())
}

async fn drain(mut body: Body, limit: usize) {
    let mut seen = 0;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            seen += frame.data_ref().map_or(0, Bytes::len);
            if seen > limit * 2 {
                break;
            }
        }
    };
    // Past the time or the count the connection is simply closed.
    let _ = tokio::time::timeout(DRAIN, reading).await;
}
