//! Work that nobody calls for: time-outs, abandoned judgements, erasure.

use crate::{
    app::App,
    store::{Outcome, Purged, State, StoreError},
    verdict,
};
use faceid_protocol::{Millis, codes::result as rows};
use std::time::Duration;

/// What one round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Round {
    /// Sessions ended because their time was over.
    pub expired: u64,
    /// Sessions judged in place of a worker that fell silent.
    pub judged: u64,
    /// What was erased.
    pub purged: Purged,
}

/// One round.
///
/// # Errors
/// [`StoreError`]; what was done before it stays done.
pub async fn round(app: &App) -> Result<Round, StoreError> {
    let mut done = Round::default();
    let now = app.clock.now();
    for (biz_token, state, seq) in app.store.overdue(now).await? {
        match app.store.settle(&biz_token, state, seq, State::Expired, &Outcome::plain(rows::USER_TIMEOUT), now).await {
            Ok(()) => done.expired += 1,
            // It moved on by itself.
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    for biz_token in app.store.orphaned(now).await? {
        let Ok(lease) = verdict::new_lease(app) else { continue };
        if app.store.take_over(&biz_token, &lease, now).await? {
            match verdict::run(app.clone(), biz_token, lease).await {
                Ok(_) => done.judged += 1,
                Err(error) => tracing::warn!(%error, "judgement will be tried again"),
            }
        }
    }
    app.store.forget_failures(Millis(now.0.saturating_sub(app.config.limits.memory().0)), now).await?;
    done.purged = app.store.purge(now).await?;
    Ok(done)
}

/// Rounds for ever; errors are logged and the next round tries again.
pub async fn keep(app: App) {
    let mut tick = tokio::time::interval(Duration::from_secs(app.config.lifetime.sweep_s));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        match round(&app).await {
            Ok(done) if done == Round::default() => {}
            Ok(done) => tracing::info!(
                expired = done.expired,
                judged = done.judged,
                sessions = done.purged.sessions,
                nonces = done.purged.nonces,
                "upkeep"
            ),
            Err(error) => tracing::error!(%error, "upkeep"),
        }
    }
}
