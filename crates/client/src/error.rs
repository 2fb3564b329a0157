//! What can go wrong, with the taxonomy row that the page would report.

use faceid_protocol::codes::{Coded, Row, sdk};
use thiserror::Error;

/// How a call failed below the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    /// No connection: nothing was sent.
    Connect,
    /// No complete answer in time.
    Timeout,
    /// The connection broke, or the answer was not HTTP.
    Broken,
    /// The answer is longer than any legal one.
    TooLong,
}

/// A failed HTTP exchange. The address is left out of it: a get_result address holds a biz_token.
#[derive(Debug, Error)]
#[error("transport: {kind:?}")]
pub struct Transport {
    /// What failed.
    pub kind: TransportKind,
    /// The library's own error; `None` for [`TransportKind::TooLong`].
    #[source]
    pub source: Option<reqwest::Error>,
}

impl From<reqwest::Error> for Transport {
    fn from(error: reqwest::Error) -> Self {
        let kind = if error.is_timeout() {
            TransportKind::Timeout
        } else if error.is_connect() {
            TransportKind::Connect
        } else {
            TransportKind::Broken
        };
        Self { kind, source: Some(error.without_url()) }
    }
}

/// Key agreement failed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum HandshakeError {
    /// The secret is not a scalar of the curve (zero or too large).
    #[error("not a P-256 secret")]
    Secret,
    /// The server's public key is not base64 of an uncompressed point on the curve.
    #[error("not a P-256 public key")]
    ServerPoint,
    /// The operating system gave no random bytes.
    #[error("no random bytes")]
    Entropy,
}

/// A reply's MAC is missing, is not 64 hex digits, or does not belong to the reply.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("reply is not authentic")]
pub struct MacError;

/// A call of the private protocol failed.
#[derive(Debug, Error)]
pub enum ClientError {
    /// Network.
    #[error(transparent)]
    Transport(#[from] Transport),
    /// The server refused the call with a taxonomy row.
    #[error("refused with status {status}: {refusal}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// SDK code and message as sent.
        refusal: Coded,
        /// True when the refusal carried a valid MAC; refusals before the keys exist cannot.
        authentic: bool,
    },
    /// The server answered with an error status and no readable refusal.
    #[error("status {0} without a refusal")]
    Status(u16),
    /// The reply's MAC is missing or wrong.
    #[error(transparent)]
    Mac(#[from] MacError),
    /// The reply's body is not what the protocol says.
    #[error("unreadable reply")]
    BadReply(#[from] serde_json::Error),
    /// Keys could not be agreed.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// The verdict did not come within the client's patience.
    #[error("the server is still verifying")]
    StillVerifying,
    /// The base address or the origin cannot be used in a request.
    #[error("unusable address or origin")]
    Address,
}

impl ClientError {
    /// The SDK row a page would end with.
    #[must_use]
    pub fn coded(&self) -> Coded {
        match self {
            Self::Transport(_) | Self::StillVerifying => sdk::NETWORK_ERROR.coded(),
            Self::Refused { refusal, .. } => refusal.clone(),
            Self::Status(413) => sdk::REQUEST_ENTITY_TOO_LARGE.coded(),
            Self::Status(_) | Self::BadReply(_) => sdk::INTERNAL_ERROR.coded(),
            Self::Mac(_) | Self::Handshake(HandshakeError::ServerPoint) => sdk::AUTHENTICATION_FAIL.coded(),
            Self::Handshake(HandshakeError::Secret | HandshakeError::Entropy) => sdk::INIT_FAILED.coded(),
            Self::Address => sdk::ILLEGAL_PARAMETER.coded(),
        }
    }
}

/// A call of the public API failed.
#[derive(Debug, Error)]
pub enum PublicError {
    /// Network.
    #[error(transparent)]
    Transport(#[from] Transport),
    /// The server refused the call.
    #[error("refused: {error}")]
    Refused {
        /// HTTP status and message as sent.
        error: Coded,
        /// The row, when this build knows it.
        row: Option<&'static Row>,
        /// The gateway's own words (`X-Ca-Error-Message`), when sent.
        detail: Option<String>,
    },
    /// The reply's body is not what the API says.
    #[error("unreadable reply")]
    BadReply(#[from] serde_json::Error),
    /// The operating system gave no random bytes for the nonce.
    #[error("no random bytes")]
    Entropy,
    /// The base address, the key's name or the timestamp cannot be used in a request.
    #[error("unusable address or key")]
    Address,
}
