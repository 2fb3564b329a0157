//! What every request handler shares.

use crate::{
    authority::AuthoritySource,
    clock::SharedClock,
    config::Config,
    judging::Judging,
    limits::{Pepper, Who},
    metrics::Metrics,
    store::{Store, StoreError, Subject},
};
use faceid_protocol::{Action, Millis};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// What only `serve --demo` can switch on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DemoMode {
    /// New tokens are simulated ones: reported as such, never billed (`--accept-simulated`).
    pub simulated: bool,
    /// Actions to ask in this order instead of drawing them (`--demo-actions`); steps beyond the list are drawn.
    pub actions: Vec<Action>,
}

/// One server.
#[derive(Debug, Clone)]
pub struct App(Arc<Parts>);

/// What a server is made of.
#[derive(Debug)]
pub struct Parts {
    /// Database.
    pub store: Store,
    /// Time.
    pub clock: SharedClock,
    /// Settings.
    pub config: Config,
    /// Judge.
    pub judging: Arc<dyn Judging>,
    /// Authority source.
    pub authority: Arc<dyn AuthoritySource>,
    /// Demo switches; all off in a real service.
    pub demo: DemoMode,
    /// Figures.
    pub metrics: Metrics,
    /// Wakes the queue's worker.
    pub(crate) queued: Notify,
    /// For locks per person, device and address; `None` = there are none.
    pub pepper: Option<Pepper>,
    judges: Arc<Semaphore>,
    verdicts: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    sdk_calls: Arc<Semaphore>,
    in_flight: Arc<Mutex<HashMap<String, u32>>>,
}

impl App {
    /// Puts a server together.
    #[must_use]
    pub fn new(
        store: Store,
        clock: SharedClock,
        config: Config,
        judging: Arc<dyn Judging>,
        authority: Arc<dyn AuthoritySource>,
        demo: DemoMode,
    ) -> Self {
        let judges = Arc::new(Semaphore::new(config.sdk.judges));
        let verdicts = Arc::new(Semaphore::new(config.sdk.judges));
        let waiting = Arc::new(Semaphore::new(config.sdk.judges + config.sdk.waiting));
        let sdk_calls = Arc::new(Semaphore::new(config.sdk.concurrent));
        Self(Arc::new(Parts {
            store,
            clock,
            config,
            judging,
            authority,
            demo,
            metrics: Metrics::default(),
            queued: Notify::new(),
            pepper: None,
            judges,
            verdicts,
            waiting,
            sdk_calls,
            in_flight: Arc::default(),
        }))
    }

    /// With locks per person, device and address. Only before the server is shared.
    #[must_use]
    pub fn with_pepper(mut self, pepper: Pepper) -> Self {
        if let Some(parts) = Arc::get_mut(&mut self.0) {
            parts.pepper = Some(pepper);
        }
        self
    }

    /// A place among this key's calls in progress; `None` when all are taken.
    /// `most` is the account's own limit.
    pub(crate) fn enter(&self, app_key: &str, most: Option<u32>) -> Option<InFlight> {
        let most = most.unwrap_or(self.0.config.public.concurrent_per_key);
        let mut counts = self.0.in_flight.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.values().sum::<u32>() >= self.0.config.public.concurrent {
            return None;
        }
        let count = counts.entry(app_key.to_owned()).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(InFlight { counts: Arc::clone(&self.0.in_flight), app_key: app_key.to_owned() })
    }

    /// Did this person, device, address or key fail too often lately?
    pub(crate) async fn is_locked(&self, app_key: &str, who: &Who) -> Result<bool, StoreError> {
        let (limits, now) = (&self.0.config.limits, self.0.clock.now());
        let since = Millis(now.0.saturating_sub(limits.memory().0));
        let subjects = [
            (limits.key_failures, Some(Subject::key(app_key))),
            (limits.identity_failures, who.identity.as_ref().map(Subject::hashed)),
            (limits.device_failures, who.device.as_ref().map(Subject::hashed)),
            (limits.address_failures, who.address.as_ref().map(Subject::hashed)),
        ];
        for (most, subject) in subjects {
            if let (1.., Some(subject)) = (most, subject)
                && limits.is_locked(&self.0.store.failures(&subject, since).await?, most, now)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A place among the SDK calls in progress.
    pub(crate) fn enter_sdk(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.sdk_calls).try_acquire_owned().ok()
    }

    /// A place among those who use a judge or wait for one; `None` when the queue is full and the caller should be told so at once.
    pub(crate) fn enter_judge(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.waiting).try_acquire_owned().ok()
    }

    /// The right to make one verdict on this node now; `None` when all are taken.
    pub(crate) fn enter_verdict(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.verdicts).try_acquire_owned().ok()
    }

    /// Waits for the right to make a verdict.
    pub(crate) async fn wait_verdict(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.verdicts).acquire_owned().await.ok()
    }

    /// Runs blocking work of the judge on a thread of its own, a bounded number at a time.
    /// `None` when the work panicked or the server is shutting down.
    pub(crate) async fn with_judge<T: Send + 'static>(&self, work: impl FnOnce(&dyn Judging) -> T + Send + 'static) -> Option<T> {
        let permit = Arc::clone(&self.0.judges).acquire_owned().await.ok()?;
        let judging = Arc::clone(&self.0.judging);
        tokio::task::spawn_blocking(move || {
            let answer = work(&*judging);
            drop(permit);
            answer
        })
        .await
        .ok()
    }
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// A call in progress; leaves when dropped.
#[derive(Debug)]
pub(crate) struct InFlight {
    counts: Arc<Mutex<HashMap<String, u32>>>,
    app_key: String,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.app_key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.app_key);
            }
        }
    }
}
