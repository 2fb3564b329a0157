//! The private protocol over HTTP.

use crate::{
    Channel, ClientError, Handshake, HandshakeError, Sealed, TransportKind,
    http::{Reply, exchange},
};
use bytes::Bytes;
use faceid_protocol::{
    Action,
    codes::Coded,
    framing::{HEADER_MAC, HEADER_PREV, HEADER_SEQ, HEADER_SESSION, PREFIX, VERSION},
    wire::{
        Challenge, ChallengeReply, ChallengeRequest, Commit, Consent, Environment, FinaliseReply, FinaliseRequest, InitReply, InitRequest,
        Refusal, SdkInfo, SessionConfig, Telemetry,
    },
};
use reqwest::{
    Method, RequestBuilder, Url,
    header::{CONTENT_TYPE, HeaderValue, ORIGIN},
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

/// A client of one cloud.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    origin: Option<HeaderValue>,
    attempts: u32,
    patience: Duration,
}

/// Settings of a [`Client`].
#[derive(Debug, Clone)]
pub struct ClientBuilder {
    base: String,
    origin: Option<String>,
    timeout: Duration,
    attempts: u32,
    patience: Duration,
}

impl ClientBuilder {
    /// Sends this `Origin` header with every call, as a page of that origin does. Without it the client is a native one, which
    /// the server accepts only for keys that allow native clients.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<String>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// Time for one exchange. Default 10 s.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often a call is sent at most when the network or the server fails. Default 3, at least 1.
    #[must_use]
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = if attempts == 0 { 1 } else { attempts };
        self
    }

    /// How long to ask for the verdict while the server is verifying. Default 60 s.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The client.
    ///
    /// # Errors
    /// When the base address is no http address or the origin cannot be a header.
    pub fn build(self) -> Result<Client, ClientError> {
        let base: Url = self.base.parse().map_err(|_| ClientError::Address)?;
        if base.cannot_be_a_base() {
            return Err(ClientError::Address);
        }
        let origin = self.origin.map(|origin| HeaderValue::from_str(&origin)).transpose().map_err(|_| ClientError::Address)?;
        let http = crate::http::client(self.timeout).map_err(crate::Transport::from)?;
        Ok(Client { http, base, origin, attempts: self.attempts, patience: self.patience })
    }
}

/// What the client says about itself at init.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// Build of the client; the server refuses versions that are too old. Default: this crate's own.
    pub sdk: SdkInfo,
    /// Telemetry.
    pub env: Environment,
    /// Consent given, if any.
    pub consent: Option<Consent>,
    /// Actions the person cannot do.
    pub excluded_actions: Vec<Action>,
    /// Random id of the device, 16 to 64 of `A-Z a-z 0-9 - _`; `None` = none is kept.
    pub device_id: Option<String>,
}

impl Default for InitOptions {
    fn default() -> Self {
        let sdk = SdkInfo { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into(), ..SdkInfo::default() };
        Self { sdk, env: Environment::default(), consent: None, excluded_actions: Vec::new(), device_id: None }
    }
}

impl Client {
    /// Starts building a client of the cloud at `base`, for example `http://127.0.0.1:8080`.
    #[must_use]
    pub fn builder(base: impl Into<String>) -> ClientBuilder {
        ClientBuilder { base: base.into(), origin: None, timeout: Duration::from_secs(10), attempts: 3, patience: Duration::from_secs(60) }
    }

    /// Redeems a biz_token. Sent once: a second init with the same token is refused, so only a failed connection is retried.
    ///
    /// # Errors
    /// When the server refuses the token, its reply is not authentic, or the network fails.
    pub async fn init(&self, biz_token: &str, options: InitOptions) -> Result<Session, ClientError> {
        let handshake = Handshake::generate()?;
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(|_| HandshakeError::Entropy)?;
        let request = InitRequest {
            v: VERSION,
            biz_token: biz_token.to_owned(),
            sdk: options.sdk,
            client_pub: handshake.client_pub(),
            client_nonce: hex::encode(nonce),
            env: options.env,
            consent: options.consent,
            excluded_actions: options.excluded_actions,
            device_id: options.device_id,
        };
        let body = Bytes::from(serde_json::to_vec(&request)?);
        let (url, path) = self.address("init");
        let mut attempt = 1;
        let reply = loop {
            match exchange(self.request(Method::POST, url.clone()).header(CONTENT_TYPE, "application/json").body(body.clone())).await {
                Err(fault) if fault.kind == TransportKind::Connect && attempt < self.attempts => {
                    pause(attempt).await;
                    attempt += 1;
                }
                other => break other?,
            }
        };
        if !reply.status.is_success() {
            return Err(refusal(&reply, false));
        }
        let parsed: InitReply = serde_json::from_slice(&reply.body)?;
        let keys = handshake.keys(&body, &reply.body, &parsed.server_pub)?;
        let channel = Channel::open(keys, parsed.session_id.clone(), &path, &reply.body, reply.header(HEADER_MAC))?;
        Ok(Session { client: self.clone(), channel, init: parsed })
    }

    /// Where a call goes, and the path under its MAC: a prefix in the base address belongs to the proxy in front of the cloud.
    fn address(&self, call: &str) -> (Url, String) {
        let path = format!("{PREFIX}/{call}");
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.set_query(None);
        url.set_fragment(None);
        (url, path)
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let request = self.http.request(method, url);
        match &self.origin {
            Some(origin) => request.header(ORIGIN, origin.clone()),
            None => request,
        }
    }
}

/// A session whose init succeeded.
#[derive(Debug)]
pub struct Session {
    client: Client,
    channel: Channel,
    init: InitReply,
}

impl Session {
    /// What the server asks of this session.
    #[must_use]
    pub const fn config(&self) -> &SessionConfig {
        &self.init.config
    }

    /// The whole init reply.
    #[must_use]
    pub const fn init_reply(&self) -> &InitReply {
        &self.init
    }

    /// The authenticated channel, for tests that forge messages.
    #[must_use]
    pub const fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Commits the frames of `step` and asks for the next challenge; `None` after the last action.
    ///
    /// # Errors
    /// When the server refuses, the reply is not authentic, or the network fails.
    pub async fn challenge(&mut self, step: u32, commit: Commit) -> Result<Option<Challenge>, ClientError> {
        let reply = self.post("challenge", &ChallengeRequest { step, commit }).await?;
        Ok(serde_json::from_slice::<ChallengeReply>(&reply)?.next)
    }

    /// Uploads one committed frame and returns its digest.
    ///
    /// # Errors
    /// When the server refuses, the reply is not authentic, or the network fails.
    pub async fn put_frame(&mut self, jpeg: &[u8]) -> Result<String, ClientError> {
        let digest = hex::encode(Sha256::digest(jpeg));
        self.call(Method::PUT, &format!("frames/{digest}"), "image/jpeg", Bytes::copy_from_slice(jpeg)).await?;
        Ok(digest)
    }

    /// Finalises and asks until the verdict is there.
    ///
    /// # Errors
    /// When the server refuses, the reply is not authentic, the network fails, or the client's patience ends.
    pub async fn finalise(&mut self, best: &str, telemetry: Telemetry) -> Result<Coded, ClientError> {
        let request = FinaliseRequest { best: best.to_owned(), telemetry, transcript: hex::encode(self.channel.transcript()) };
        let body = Bytes::from(serde_json::to_vec(&request)?);
        let (url, path) = self.client.address("finalise");
        let sealed = self.channel.seal("POST", &path, &body);
        let until = Instant::now() + self.client.patience;
        loop {
            let reply = self.send(&sealed, &url, "application/json", &body).await?;
            match serde_json::from_slice(&reply)? {
                FinaliseReply::Final { code, message } => {
                    self.channel.advance(&sealed, &reply);
                    return Ok(Coded::new(code, message));
                }
                FinaliseReply::Verifying { retry_after_ms } => {
                    let wait = Duration::from_millis(retry_after_ms.0.clamp(50, 5_000));
                    if Instant::now() + wait > until {
                        return Err(ClientError::StillVerifying);
                    }
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// Tells the server that the person gave up.
    ///
    /// # Errors
    /// When the server refuses, the reply is not authentic, or the network fails.
    pub async fn cancel(&mut self) -> Result<(), ClientError> {
        self.call(Method::POST, "cancel", "application/json", Bytes::from_static(b"{}")).await.map(drop)
    }

    async fn post(&mut self, call: &str, body: &impl Serialize) -> Result<Bytes, ClientError> {
        let body = Bytes::from(serde_json::to_vec(body)?);
        self.call(Method::POST, call, "application/json", body).await
    }

    async fn call(&mut self, method: Method, call: &str, content_type: &'static str, body: Bytes) -> Result<Bytes, ClientError> {
        let (url, path) = self.client.address(call);
        let name = if method == Method::PUT { "PUT" } else { "POST" };
        let sealed = self.channel.seal(name, &path, &body);
        let reply = self.send(&sealed, &url, content_type, &body).await?;
        self.channel.advance(&sealed, &reply);
        Ok(reply)
    }

    /// Sends a sealed call, again and unchanged while the network or the server fails, and returns the authentic reply.
    async fn send(&self, sealed: &Sealed, url: &Url, content_type: &'static str, body: &Bytes) -> Result<Bytes, ClientError> {
        let mut attempt = 1;
        loop {
            let method = if sealed.method == "PUT" { Method::PUT } else { Method::POST };
            let request = self
                .client
                .request(method, url.clone())
                .header(CONTENT_TYPE, content_type)
                .header(HEADER_SESSION, self.channel.session_id())
                .header(HEADER_SEQ, sealed.seq)
                .header(HEADER_PREV, hex::encode(sealed.prev))
                .header(HEADER_MAC, hex::encode(sealed.mac))
                .body(body.clone());
            let error = match exchange(request).await {
                Ok(reply) if reply.status.is_success() => {
                    self.channel.verify(sealed, &reply.body, reply.header(HEADER_MAC))?;
                    return Ok(reply.body);
                }
                Ok(reply) => {
                    let authentic = self.channel.verify(sealed, &reply.body, reply.header(HEADER_MAC)).is_ok();
                    let error = refusal(&reply, authentic);
                    if !reply.status.is_server_error() {
                        return Err(error);
                    }
                    error
                }
                Err(fault) if fault.kind == TransportKind::TooLong => return Err(fault.into()),
                Err(fault) => fault.into(),
            };
            if attempt >= self.client.attempts {
                return Err(error);
            }
            pause(attempt).await;
            attempt += 1;
        }
    }
}

/// 200 ms, 400 ms, 800 ms … up to 3.2 s.
async fn pause(attempt: u32) {
    tokio::time::sleep(Duration::from_millis(100 << attempt.min(5))).await;
}

fn refusal(reply: &Reply, authentic: bool) -> ClientError {
    let status = reply.status.as_u16();
    match serde_json::from_slice::<Refusal>(&reply.body) {
        Ok(refusal) => ClientError::Refused { status, refusal: Coded::new(refusal.code, refusal.message), authentic },
        Err(_) => ClientError::Status(status),
    }
}
