//! An authority reached over HTTP: one POST per question, with time-out, retries and a circuit breaker.

use super::{Answer, Asking, AuthoritySource, Breaker, BreakerParams, SourceError};
use crate::{clock::SharedClock, config::PHOTO_MAX, outgoing, random};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, StatusCode, header};
use reqwest::Url;
use serde::Deserialize;
use std::{
    fmt,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use thiserror::Error;
use tokio::time::Instant;

/// Longest reply, bytes: a photo of 2 MB in base64 and some room.
const REPLY_MAX: usize = 3 * 1024 * 1024;
/// Longest pause that the source may ask for with `Retry-After`, seconds.
const RETRY_AFTER_MAX_S: u64 = 5;

/// The authority source. Without `url` it is the local registry.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthorityConfig {
    /// Where to ask. https, or http on a loopback address.
    pub url: Option<String>,
    /// File with the bearer token.
    pub token_file: Option<PathBuf>,
    /// PEM file with further certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// One attempt, ms.
    pub timeout_ms: u64,
    /// Attempts for one question.
    pub attempts: u32,
    /// Pause before the second attempt, ms; it doubles each time and is drawn from its upper half.
    pub backoff_ms: u64,
    /// The whole question, ms.
    pub total_ms: u64,
    /// When to leave the source alone.
    pub breaker: BreakerParams,
}

impl Default for AuthorityConfig {
    fn default() -> Self {
        Self {
            url: None,
            token_file: None,
            ca_file: None,
            timeout_ms: 4000,
            attempts: 3,
            backoff_ms: 250,
            total_ms: 12_000,
            breaker: BreakerParams::default(),
        }
    }
}

/// The source cannot be set up.
#[derive(Debug, Error)]
pub enum SetupError {
    /// Not a URL, or one that would send names and numbers in clear over a network.
    #[error("authority.url must be https, or http on a loopback address")]
    Url,
    /// A file is missing or of another form.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The token is no header value.
    #[error("authority.token_file holds characters that no header may have")]
    Token,
    /// The TLS library refused.
    #[error("authority client: {0}")]
    Client(String),
}

/// Asks over HTTP.
pub struct HttpSource {
    client: reqwest::Client,
    url: Url,
    token: Option<HeaderValue>,
    config: AuthorityConfig,
    clock: SharedClock,
    breaker: Mutex<Breaker>,
}

impl fmt::Debug for HttpSource {
    /// Without address and token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSource").field("breaker", &self.breaker).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Reply {
    status: Status,
    photo: Option<String>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Status {
    Match,
    UnknownNumber,
    OtherName,
    NoPhoto,
}

/// Why one attempt gave no answer.
enum Trouble {
    /// Another attempt may help, after at least this long.
    Passing(&'static str, Duration),
    /// Another attempt would fail the same way.
    Lasting(&'static str),
}

impl HttpSource {
    /// Prepares the client; nothing is asked yet.
    ///
    /// # Errors
    /// [`SetupError`].
    pub fn new(config: &AuthorityConfig, clock: SharedClock) -> Result<Self, SetupError> {
        let url: Url = config.url.as_deref().unwrap_or_default().parse().map_err(|_| SetupError::Url)?;
        let local = url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]"));
        if !(url.scheme() == "https" || url.scheme() == "http" && local) || !url.username().is_empty() {
            return Err(SetupError::Url);
        }
        let timeout = Duration::from_millis(config.timeout_ms);
        let further = match &config.ca_file {
            Some(path) => outgoing::certificates(path).map_err(|source| SetupError::File { path: path.clone(), source })?,
            None => Vec::new(),
        };
        let client = outgoing::build(|| outgoing::builder(timeout, timeout).tls_certs_merge(further.clone()));
        let token = config.token_file.as_ref().map(|path| {
            let text = std::fs::read_to_string(path).map_err(|source| SetupError::File { path: path.clone(), source })?;
            let mut value = HeaderValue::from_str(&format!("Bearer {}", text.trim())).map_err(|_| SetupError::Token)?;
            value.set_sensitive(true);
            Ok(value)
        });
        Ok(Self {
            client: client.map_err(|error| SetupError::Client(error.to_string()))?,
            url,
            token: token.transpose()?,
            breaker: Mutex::new(Breaker::new(config.breaker)),
            config: config.clone(),
            clock,
        })
    }

    fn breaker<T>(&self, act: impl FnOnce(&mut Breaker) -> T) -> T {
        act(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn answer(&self, number: &str, name: &str) -> Result<Answer, SourceError> {
        if !self.breaker(|breaker| breaker.may_ask(self.clock.now())) {
            tracing::warn!("authority left alone: it kept failing");
            return Err(SourceError);
        }
        let answer = self.attempts(number, name).await;
        self.breaker(|breaker| breaker.report(answer.is_ok(), self.clock.now()));
        answer
    }

    async fn attempts(&self, number: &str, name: &str) -> Result<Answer, SourceError> {
        let end = Instant::now() + Duration::from_millis(self.config.total_ms);
        // One key for all attempts of a question: the source may recognise the repetition.
        let key = random::hex::<16>().map_err(|_| SourceError)?;
        for attempt in 1..=self.config.attempts.max(1) {
            let (why, pause) = match tokio::time::timeout_at(end, self.attempt(number, name, &key)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(Trouble::Lasting(why))) => {
                    tracing::warn!(attempt, why, "authority");
                    return Err(SourceError);
                }
                Ok(Err(Trouble::Passing(why, asked))) => (why, asked.max(self.pause(attempt))),
                Err(_) => ("no time left", Duration::ZERO),
            };
            tracing::warn!(attempt, why, "authority");
            if attempt == self.config.attempts || Instant::now() + pause >= end {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        Err(SourceError)
    }

    /// Doubling, drawn from the upper half so that many waiting servers do not ask in step.
    fn pause(&self, attempt: u32) -> Duration {
        let whole = self.config.backoff_ms.saturating_mul(1 << (attempt - 1).min(8));
        let share = random::bytes::<1>().map_or(0, |[byte]| u64::from(byte));
        Duration::from_millis(whole / 2 + whole / 2 * share / 255)
    }

    async fn attempt(&self, number: &str, name: &str, key: &str) -> Result<Answer, Trouble> {
        let mut request = self
            .client
            .post(self.url.clone())
            .header(header::ACCEPT, "application/json")
            .header("idempotency-key", key)
            .json(&serde_json::json!({ "number": number, "name": name }));
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, token.clone());
        }
        let response = request.send().await.map_err(|error| {
            // The library's own text may hold the address; these words hold nothing.
            let why = if error.is_timeout() {
                "time-out"
            } else if error.is_connect() {
                "no connection"
            } else {
                "broken exchange"
            };
            Trouble::Passing(why, Duration::ZERO)
        })?;
        let status = response.status();
        let patience = retry_after(response.headers());
        let body = outgoing::body(response, REPLY_MAX).await;
        if matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS) || status.is_server_error()
        {
            return Err(Trouble::Passing("busy or failing", patience));
        }
        if status != StatusCode::OK && status != StatusCode::NOT_FOUND {
            return Err(Trouble::Lasting("refused"));
        }
        let body = body.ok_or(Trouble::Passing("reply too long or cut off", Duration::ZERO))?;
        let reply: Reply = serde_json::from_slice(&body).map_err(|_| Trouble::Lasting("reply not as described"))?;
        // A 404 that does not speak the contract is a wrong path, not an unknown person.
        if status == StatusCode::NOT_FOUND && reply.status != Status::UnknownNumber {
            return Err(Trouble::Lasting("reply not as described"));
        }
        Ok(match reply.status {
            Status::UnknownNumber => Answer::UnknownNumber,
            Status::OtherName => Answer::OtherName,
            Status::NoPhoto => Answer::NoPhoto,
            Status::Match => photo(reply.photo),
        })
    }
}

fn photo(text: Option<String>) -> Answer {
    match text.filter(|text| !text.is_empty()) {
        None => Answer::NoPhoto,
        Some(text) => STANDARD.decode(text).ok().filter(|photo| photo.len() <= PHOTO_MAX).map_or(Answer::DamagedPhoto, Answer::Photo),
    }
}

/// In seconds; the form with a date is not read.
fn retry_after(headers: &http::HeaderMap) -> Duration {
    let stated = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
    Duration::from_secs(stated.unwrap_or_default().min(RETRY_AFTER_MAX_S))
}

impl AuthoritySource for HttpSource {
    fn ask<'a>(&'a self, number: &'a str, name: &'a str) -> Asking<'a> {
        Box::pin(self.answer(number, name))
    }
}
