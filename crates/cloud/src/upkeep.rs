//! Work that nobody calls for: time-outs, abandoned judgements, erasure.

use crate::{
    app::App,
    random,
    store::{Lease, Outcome, Purged, State, StoreError},
    verdict,
};
use faceid_protocol::{Millis, codes::result as rows};
use std::time::Duration;

/// How often an idle node looks into the queue.
const QUEUE_POLL: Duration = Duration::from_millis(500);

/// A request takes a minute at most; an object this old without a row is what a crash left.
const ORPHAN_MS: u64 = 60 * 60 * 1000;

/// What one round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Round {
    /// Sessions ended because their time was over.
    pub expired: u64,
    /// Sessions judged in place of a worker that fell silent.
    pub judged: u64,
    /// What was erased.
    pub purged: Purged,
    /// Objects without a row, removed.
    pub swept: u64,
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
    // At most what waited when the round began: what fails now is for the next round.
    for _ in 0..app.store.queued(now).await? {
        match claim(app).await? {
            Some((biz_token, lease)) => match verdict::run(app.clone(), biz_token, lease).await {
                Ok(_) => done.judged += 1,
                Err(error) => tracing::warn!(%error, "judgement will be tried again"),
            },
            None => break,
        }
    }
    app.store.seal(now).await?;
    app.store.forget_failures(Millis(now.0.saturating_sub(app.config.limits.memory().0)), now).await?;
    app.store.forget_motion(Millis(now.0.saturating_sub(app.config.lifetime.motion_s * 1000))).await?;
    done.purged = app.store.purge(now).await?;
    app.metrics.erased(done.purged.sessions);
    // A random shard per round: several nodes then share the work without talking to each other.
    if let Ok([shard]) = random::bytes::<1>() {
        done.swept = app.store.sweep(shard, Millis(now.0.saturating_sub(ORPHAN_MS))).await?;
    }
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
                pictures = done.purged.pictures,
                swept = done.swept,
                nonces = done.purged.nonces,
                "upkeep"
            ),
            Err(error) => tracing::error!(%error, "upkeep"),
        }
    }
}

async fn claim(app: &App) -> Result<Option<(String, Lease)>, StoreError> {
    // A question before the claim: an idle node takes no write lock.
    if app.store.queued(app.clock.now()).await? == 0 {
        return Ok(None);
    }
    let Ok(lease) = verdict::new_lease(app) else { return Ok(None) };
    Ok(app.store.claim(&lease, app.clock.now()).await?.map(|biz_token| (biz_token, lease)))
}

/// Judges what waits in the queue, for ever, as many at once as this node has judges. Any node may take any session.
pub async fn judge(app: App) {
    loop {
        let Some(place) = app.wait_verdict().await else { return };
        match claim(&app).await {
            Ok(Some((biz_token, lease))) => {
                let app = app.clone();
                tokio::spawn(async move {
                    if let Err(error) = verdict::run(app, biz_token, lease).await {
                        tracing::warn!(%error, "judgement will be tried again");
                    }
                    drop(place);
                });
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "queue"),
        }
        drop(place);
        // Another node's session announces itself only by being there.
        drop(tokio::time::timeout(QUEUE_POLL, app.queued.notified()).await);
    }
}
