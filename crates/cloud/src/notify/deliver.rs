//! The worker that empties the outbox. Several nodes may run it: each attempt is claimed first. Delivery is at least once.

use super::{
    Lookup, Message, NotifyConfig, SystemLookup,
    guard::{GuardedResolver, Rules},
};
use crate::{
    app::App,
    outgoing,
    store::{Delivery, Notice, StoreError},
};
use faceid_protocol::Millis;
use http::StatusCode;
use std::{fmt, sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// Posts notifications.
#[derive(Clone)]
pub struct Notifier {
    client: reqwest::Client,
    rules: Rules,
    config: NotifyConfig,
}

impl fmt::Debug for Notifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifier").field("config", &self.config).finish_non_exhaustive()
    }
}

/// What one round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Round {
    /// Taken by the customer's server.
    pub delivered: u32,
    /// To be tried again.
    pub postponed: u32,
    /// Given up.
    pub given_up: u32,
}

/// How one attempt went.
enum Attempt {
    Taken(StatusCode),
    /// What went wrong, in words or as a status; nothing of the address.
    Failed(String),
    /// The receiver asks not to be told any more.
    Gone,
}

impl Notifier {
    /// With a resolver of one's own, or [`SystemLookup`].
    ///
    /// # Errors
    /// When the TLS library refuses.
    pub fn new(config: &NotifyConfig, lookup: Arc<dyn Lookup>) -> Result<Self, reqwest::Error> {
        let timeout = Duration::from_millis(config.timeout_ms);
        let resolver = Arc::new(GuardedResolver { lookup, rules: config.rules() });
        let client = outgoing::build(|| outgoing::builder(timeout, timeout).dns_resolver(Arc::clone(&resolver)))?;
        Ok(Self { client, rules: config.rules(), config: config.clone() })
    }

    /// With the machine's resolver.
    ///
    /// # Errors
    /// When the TLS library refuses.
    pub fn system(config: &NotifyConfig) -> Result<Self, reqwest::Error> {
        Self::new(config, Arc::new(SystemLookup))
    }

    /// Tries what is due once, as many as may be delivered at a time.
    ///
    /// # Errors
    /// [`StoreError`]; what was delivered before it stays delivered.
    pub async fn round(&self, app: &App) -> Result<Round, StoreError> {
        let mut attempts = JoinSet::new();
        for notice in self.claim(app, self.config.concurrent).await? {
            let (notifier, app) = (self.clone(), app.clone());
            attempts.spawn(async move { notifier.one(&app, notice).await });
        }
        let mut done = Round::default();
        while let Some(outcome) = attempts.join_next().await {
            match outcome {
                Ok(Ok(Delivery::Delivered)) => done.delivered += 1,
                Ok(Ok(Delivery::Waiting)) => done.postponed += 1,
                Ok(Ok(Delivery::GivenUp)) => done.given_up += 1,
                Ok(Err(error)) => return Err(error),
                Err(error) => tracing::error!(%error, "notify"),
            }
        }
        Ok(done)
    }

    /// Takes at most this many notifications that are due; other nodes do not see them until their attempt must be over, when they are due again should
    /// this node die.
    async fn claim(&self, app: &App, most: usize) -> Result<Vec<Notice>, StoreError> {
        let now = app.clock.now();
        let until = now.plus(Millis(self.config.timeout_ms * 2));
        let mut claimed = Vec::new();
        for notice in app.store.due_notices(now, u32::try_from(most).unwrap_or(u32::MAX)).await? {
            if app.store.claim_notice(&notice, until).await? {
                claimed.push(notice);
            }
        }
        Ok(claimed)
    }

    async fn one(&self, app: &App, notice: Notice) -> Result<Delivery, StoreError> {
        let attempt = match app.store.notify_target(&notice.app_key).await? {
            // The operator cleared the address meanwhile.
            None => Attempt::Gone,
            Some(target) => self.post(&target.url, Message::new(&notice, &target, app.clock.now())).await,
        };
        let now = app.clock.now();
        let (state, last, due) = match attempt {
            Attempt::Taken(status) => (Delivery::Delivered, status.as_str().to_owned(), now),
            Attempt::Gone => (Delivery::GivenUp, "gone".to_owned(), now),
            Attempt::Failed(why) => match usize::try_from(notice.attempts).ok().and_then(|n| self.config.pauses_s.get(n)) {
                Some(pause) => (Delivery::Waiting, why, now.plus(Millis(pause * 1000))),
                None => (Delivery::GivenUp, why, now),
            },
        };
        tracing::info!(state = state.name(), attempt = notice.attempts + 1, last, "notify");
        app.store.note_attempt(&notice.biz_token, state, &last, due).await?;
        Ok(state)
    }

    async fn post(&self, url: &str, message: Message) -> Attempt {
        // Checked when it was set; the rules may have changed since.
        let url = match self.rules.check(url) {
            Ok(url) => url,
            Err(refusal) => return Attempt::Failed(refusal.to_string()),
        };
        let sending = self.client.post(url).headers(message.headers).body(message.body).send();
        let response = match sending.await {
            Ok(response) => response,
            Err(error) if error.is_timeout() => return Attempt::Failed("time-out".into()),
            Err(error) if error.is_connect() => return Attempt::Failed("no connection, or an address that is not called".into()),
            Err(_) => return Attempt::Failed("broken exchange".into()),
        };
        let status = response.status();
        // Read to its end within the limit, so that the connection can be used again; what it says does not matter.
        let _ = outgoing::body(response, self.config.reply_max_bytes).await;
        match status {
            StatusCode::GONE => Attempt::Gone,
            status if status.is_success() => Attempt::Taken(status),
            status => Attempt::Failed(status.as_str().to_owned()),
        }
    }
}

/// Delivers for ever. A slow receiver holds one place, not the others. Errors are logged and the next look tries again.
pub async fn keep(app: App, notifier: Notifier) {
    let mut tick = tokio::time::interval(Duration::from_millis(notifier.config.poll_ms.max(50)));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut attempts: JoinSet<Result<Delivery, StoreError>> = JoinSet::new();
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            Some(outcome) = attempts.join_next() => match outcome {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => tracing::error!(%error, "notify"),
                Err(error) => tracing::error!(%error, "notify"),
            },
        }
        let room = notifier.config.concurrent.saturating_sub(attempts.len());
        if room == 0 {
            continue;
        }
        match notifier.claim(&app, room).await {
            Ok(claimed) => {
                for notice in claimed {
                    let (notifier, app) = (notifier.clone(), app.clone());
                    attempts.spawn(async move { notifier.one(&app, notice).await });
                }
            }
            Err(error) => tracing::error!(%error, "notify"),
        }
    }
}
