//! Native clients of the cloud, for the lab, the red team, the demo backend and tests.
//!
//! - [`Client`] and [`Session`] speak the private protocol (`docs/protocol.md`), as the page does.
//! - [`PublicClient`] calls get_biz_token and get_result, signed as a customer's backend does.
//!
//! The parts that need no network are public too: [`Handshake`], [`Channel`], [`gateway`].
#![forbid(unsafe_code)]

mod channel;
#[cfg(feature = "demo-backend")]
pub mod demo;
mod error;
pub mod gateway;
mod handshake;
mod http;
mod public;
mod session;

pub use channel::{Channel, Sealed};
pub use error::{ClientError, HandshakeError, MacError, PublicError, Transport, TransportKind};
pub use handshake::{Handshake, Keys};
pub use public::{BizToken, BizTokenRequest, PublicClient, ResultReply};
pub use session::{Client, ClientBuilder, InitOptions, Session};
