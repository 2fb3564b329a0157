//! Telling a customer's server that a session is over: from the outbox, signed, with retries, and only to addresses that may be called.
//!
//! A notification carries no personal data and decides nothing: it says that get_result has something to say.

mod deliver;
mod guard;
mod message;

pub use deliver::{Notifier, Round, keep};
pub use guard::{Looking, Lookup, Refusal, Rules, SystemLookup, is_public};
pub use message::{Message, Style, StyleError, Target, new_secret, shown_secret};

use serde::Deserialize;

/// Webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NotifyConfig {
    /// Ports that may be called.
    pub ports: Vec<u16>,
    /// Loopback addresses may be called, with plain http and on every port. For tests and development on one machine.
    pub allow_loopback: bool,
    /// The whole exchange, ms.
    pub timeout_ms: u64,
    /// How much of a reply is read, bytes.
    pub reply_max_bytes: usize,
    /// Pauses after the first attempt, the second, …; after the last one a notification is given up. Seconds.
    pub pauses_s: Vec<u64>,
    /// How often the outbox is looked at, ms.
    pub poll_ms: u64,
    /// Deliveries at once.
    pub concurrent: usize,
}

impl Default for NotifyConfig {
    /// The pauses are the schedule that the Standard Webhooks specification gives as an example, cut where results are erased (24 h).
    fn default() -> Self {
        Self {
            ports: vec![443, 8443],
            allow_loopback: false,
            timeout_ms: 5000,
            reply_max_bytes: 64 * 1024,
            pauses_s: vec![5, 300, 1800, 7200, 18_000, 36_000],
            poll_ms: 1000,
            concurrent: 16,
        }
    }
}

impl NotifyConfig {
    /// What may be called.
    #[must_use]
    pub fn rules(&self) -> Rules {
        Rules { ports: self.ports.clone(), allow_loopback: self.allow_loopback }
    }
}
