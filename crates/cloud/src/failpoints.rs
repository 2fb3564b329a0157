//! Named points at which a crash test ends the process, as abruptly as a killed one: no destructor, no flush, no reply.
//!
//! Inert unless `FACEID_FAILPOINT` names a point when the process starts: `name` ends it at the first pass, `name:3` at the third.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

/// Every point, in the order of a session's life.
pub const POINTS: &[&str] = &[
    "nonce.before",
    "nonce.after",
    "token.begin",
    "vault.sealed",
    "vault.stored",
    "token.rows",
    "token.photos",
    "token.committed",
    "init.before",
    "init.after",
    "commit.begin",
    "commit.advanced",
    "commit.step",
    "commit.frames",
    "commit.challenge",
    "commit.committed",
    "frame.begin",
    "frame.stored",
    "frame.advanced",
    "frame.rows",
    "frame.committed",
    "finalise.before",
    "finalise.verifying",
    "queue.queued",
    "queue.before-commit",
    "queue.claimed",
    "verdict.evidence",
    "verdict.assessed",
    "verdict.authority",
    "verdict.compared",
    "finish.begin",
    "finish.state",
    "finish.verdict",
    "finish.bill",
    "finish.audit",
    "finish.reply",
    "finish.committed",
    "cancel.advanced",
    "cancel.verdict",
    "cancel.committed",
    "settle.state",
    "settle.verdict",
    "settle.committed",
    "result.read",
    "purge.nonces",
    "purge.rows",
    "purge.committed",
    "purge.objects",
    "sweep.listed",
    "sweep.removed",
    "erase.objects",
    "erase.rows",
    "erase.committed",
    "seal.read",
    "seal.before-commit",
    "seal.committed",
];

struct Armed {
    name: String,
    passes: AtomicU32,
}

/// Ends the process here if this point is armed and its turn has come.
pub fn point(name: &'static str) {
    static ARMED: OnceLock<Option<Armed>> = OnceLock::new();
    let armed = ARMED.get_or_init(|| {
        let text = std::env::var("FACEID_FAILPOINT").ok()?;
        let (name, pass) = text.split_once(':').unwrap_or((&text, "1"));
        Some(Armed { name: name.to_owned(), passes: AtomicU32::new(pass.parse().ok()?) })
    });
    if let Some(armed) = armed
        && armed.name == name
        && armed.passes.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}
