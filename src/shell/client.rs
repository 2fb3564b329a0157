//! The page's side of the private protocol: keys, sequence, transcript, uploads. Byte layouts come from `faceid_protocol::framing`.

use super::{
    config::Config,
    crypto::{self, CryptoFault, Digest, KeyPair, MacKeys, Sealed},
    http::{Http, Reply, Request},
    lane::{Lane, Urgency},
    page,
};
use faceid_protocol::{
    Millis,
    codes::{Coded, sdk},
    framing,
    wire::{
        CancelRequest, ChallengeReply, ChallengeRequest, Commit, Environment, FinaliseReply, FinaliseRequest, InitReply, InitRequest,
        Refusal, SdkInfo, SessionConfig, Telemetry,
    },
};
use faceid_session::NetworkFault;
use gloo_net::http::Method;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
};

/// One attempt of a call, ms. Finalise waits for the server's whole judgement.
const CALL_TIMEOUT_MS: u32 = 10_000;
const UPLOAD_TIMEOUT_MS: u32 = 20_000;
const FINALISE_TIMEOUT_MS: u32 = 60_000;
/// Between polls for uploads that are still under way.
const UPLOAD_POLL_MS: u32 = 30;

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CallError {
    /// The server said no.
    Refused(Coded),
    /// No usable answer.
    Network(NetworkFault),
}

impl From<NetworkFault> for CallError {
    fn from(fault: NetworkFault) -> Self {
        Self::Network(fault)
    }
}

impl From<CryptoFault> for CallError {
    /// An answer we cannot authenticate is no answer.
    fn from(_: CryptoFault) -> Self {
        Self::Network(NetworkFault::BadReply)
    }
}

/// State after init.
struct Secured {
    session_id: String,
    keys: MacKeys,
    seq: u64,
    transcript: Digest,
    config: SessionConfig,
}

/// A JPEG and its name on the wire.
#[derive(Debug, Clone)]
pub(crate) struct Jpeg {
    /// SHA-256, lower-case hex.
    pub(crate) digest: String,
    bytes: Vec<u8>,
}

impl Jpeg {
    /// Names the bytes.
    pub(crate) async fn new(bytes: Vec<u8>) -> Result<Self, CallError> {
        Ok(Self { digest: hex::encode(crypto::sha256(&bytes).await?), bytes })
    }
}

/// Client of one session.
#[derive(Default)]
pub(crate) struct Client {
    server: String,
    http: Http,
    /// The end is told on its own: it must go out although everything else has been stopped.
    farewell: Http,
    lane: Lane,
    secured: RefCell<Option<Secured>>,
    waiting: RefCell<VecDeque<Jpeg>>,
    uploading: Cell<bool>,
    /// Bytes of every committed frame, and of those that the server has acknowledged.
    committed: Cell<u64>,
    acknowledged: Cell<u64>,
}

impl Client {
    pub(crate) fn new(server: String) -> Self {
        Self { server, ..Self::default() }
    }

    /// Aborts what is under way; later calls fail at once.
    pub(crate) fn stop(&self) {
        self.waiting.borrow_mut().clear();
        self.http.stop();
    }

    /// `POST init`: redeems the token and agrees on keys.
    pub(crate) async fn init(&self, config: &Config, environment: Environment) -> Result<SessionConfig, CallError> {
        let pair = KeyPair::generate().await?;
        let request = InitRequest {
            v: framing::VERSION,
            biz_token: config.biz_token.clone(),
            sdk: SdkInfo {
                name: env!("CARGO_PKG_NAME").into(),
                version: super::VERSION.into(),
                build: super::BUILD.into(),
                wasm_sha256: config.engine_sha256.clone(),
            },
            client_pub: pair.public.clone(),
            client_nonce: crypto::nonce()?,
            env: environment,
            consent: config.consent(),
            excluded_actions: config.excluded_actions.clone(),
            device_id: config.device_id.clone(),
        };
        let body = json(&request)?;
        let path = format!("{}/init", framing::PREFIX);
        let reply = self.http.send(&self.request(Method::POST, &path, vec![], body.clone(), JSON, CALL_TIMEOUT_MS)).await?;
        if !reply.ok() {
            return Err(refusal(&reply));
        }
        let salt = crypto::sha256(&[body.as_slice(), reply.body.as_slice()].concat()).await?;
        let init: InitReply = parse(&reply.body)?;
        let keys = pair.derive(&init.server_pub, &salt).await?;
        let sealed = Sealed { method: "POST", path: &path, seq: 0, prev: salt };
        if !keys.verify(&sealed, &crypto::sha256(&reply.body).await?, &reply.mac).await? {
            return Err(NetworkFault::BadReply.into());
        }
        let config = init.config.clone();
        self.secured.replace(Some(Secured { session_id: init.session_id, keys, seq: 0, transcript: salt, config: init.config }));
        Ok(config)
    }

    /// Settings of the session, once init has succeeded.
    pub(crate) fn settings(&self) -> Option<SessionConfig> {
        self.secured.borrow().as_ref().map(|s| s.config.clone())
    }

    /// `POST challenge`: commits the step's frames, queues their upload, returns the next challenge.
    pub(crate) async fn challenge(&self, step: u32, frames: Vec<Jpeg>, t: Vec<Millis>) -> Result<ChallengeReply, CallError> {
        let request = ChallengeRequest { step, commit: Commit { frames: frames.iter().map(|f| f.digest.clone()).collect(), t } };
        let reply = self.call(Urgency::Call, Method::POST, "challenge", json(&request)?, JSON, CALL_TIMEOUT_MS).await?;
        // Only committed frames may be uploaded, so they queue up after the commit was accepted.
        add(&self.committed, frames.iter().map(|f| f.bytes.len()).sum());
        self.waiting.borrow_mut().extend(frames);
        parse(&reply)
    }

    /// Bytes that the server has acknowledged, and bytes committed so far.
    pub(crate) fn uploaded(&self) -> (u64, u64) {
        (self.acknowledged.get(), self.committed.get())
    }

    /// Uploads what waits, and says each time that one has arrived. While one run is under way a second caller returns at once: the first takes
    /// its files along.
    pub(crate) async fn upload(&self, arrived: &dyn Fn()) -> Result<(), CallError> {
        if self.uploading.replace(true) {
            return Ok(());
        }
        let outcome = self.upload_all(arrived).await;
        self.uploading.set(false);
        outcome
    }

    async fn upload_all(&self, arrived: &dyn Fn()) -> Result<(), CallError> {
        loop {
            let next = self.waiting.borrow_mut().pop_front();
            let Some(jpeg) = next else { return Ok(()) };
            let path = format!("frames/{}", jpeg.digest);
            let bytes = jpeg.bytes.len();
            self.call(Urgency::Upload, Method::PUT, &path, jpeg.bytes, "image/jpeg", UPLOAD_TIMEOUT_MS).await?;
            add(&self.acknowledged, bytes);
            arrived();
        }
    }

    /// Waits until every committed frame has arrived. A failure of an upload under way is reported by whoever started it.
    pub(crate) async fn settle(&self, arrived: &dyn Fn()) -> Result<(), CallError> {
        while self.uploading.get() {
            page::sleep(UPLOAD_POLL_MS).await;
        }
        self.upload(arrived).await
    }

    /// Asks for the verdict until there is one.
    pub(crate) async fn finalise(&self, best: String, telemetry: Telemetry) -> Result<Coded, CallError> {
        let transcript = self.secured.borrow().as_ref().map(|s| hex::encode(s.transcript)).ok_or(NetworkFault::BadReply)?;
        let body = json(&FinaliseRequest { best, telemetry, transcript })?;
        let _turn = self.lane.turn(Urgency::Call).await;
        loop {
            // Same sequence number and same body each time, so the transcript stands still while the server judges.
            let exchange = self.exchange(&Method::POST, "finalise", &body, JSON, FINALISE_TIMEOUT_MS).await?;
            match parse(&exchange.reply)? {
                FinaliseReply::Final { code, message } => {
                    self.advance(&exchange).await?;
                    return Ok(Coded::new(code, message));
                }
                FinaliseReply::Verifying { retry_after_ms } => {
                    page::sleep(u32::try_from(retry_after_ms.0).unwrap_or(1000).clamp(100, 5000)).await
                }
            }
        }
    }

    /// `POST cancel` with the row that the page will show, whatever else goes on.
    pub(crate) async fn farewell(&self, ended: Refusal) {
        self.stop();
        let Ok(body) = json(&CancelRequest { ended: Some(ended) }) else { return };
        let Some((headers, path)) = self.farewell_headers(&body).await else { return };
        drop(self.farewell.send(&self.request(Method::POST, &path, headers, body, JSON, CALL_TIMEOUT_MS)).await);
    }

    async fn farewell_headers(&self, body: &[u8]) -> Option<(Vec<(&'static str, String)>, String)> {
        // The aborted call may or may not have reached the server; waiting for its end gives the sequence number it left behind.
        let _turn = self.lane.turn(Urgency::Call).await;
        let path = format!("{}/cancel", framing::PREFIX);
        let (session_id, keys, seq, prev) = self.next()?;
        let digest = crypto::sha256(body).await.ok()?;
        let mac = keys.seal(&Sealed { method: "POST", path: &path, seq, prev }, &digest).await.ok()?;
        Some((headers(session_id, seq, &prev, mac), path))
    }

    /// Waits for a turn, sends, advances the transcript.
    async fn call(
        &self,
        urgency: Urgency,
        method: Method,
        name: &str,
        body: Vec<u8>,
        content_type: &'static str,
        timeout_ms: u32,
    ) -> Result<Vec<u8>, CallError> {
        let _turn = self.lane.turn(urgency).await;
        let exchange = self.exchange(&method, name, &body, content_type, timeout_ms).await?;
        self.advance(&exchange).await?;
        Ok(exchange.reply)
    }

    fn next(&self) -> Option<(String, MacKeys, u64, Digest)> {
        self.secured.borrow().as_ref().map(|s| (s.session_id.clone(), s.keys.clone(), s.seq + 1, s.transcript))
    }

    /// One authenticated request and its verified reply. Needs the turn.
    async fn exchange(
        &self,
        method: &Method,
        name: &str,
        body: &[u8],
        content_type: &'static str,
        timeout_ms: u32,
    ) -> Result<Exchange, CallError> {
        let (session_id, keys, seq, prev) = self.next().ok_or(NetworkFault::BadReply)?;
        let path = format!("{}/{name}", framing::PREFIX);
        let sealed = Sealed { method: method.as_str(), path: &path, seq, prev };
        let request_digest = crypto::sha256(body).await?;
        let mac = keys.seal(&sealed, &request_digest).await?;
        let request = self.request(method.clone(), &path, headers(session_id, seq, &prev, mac), body.to_vec(), content_type, timeout_ms);
        let reply = self.http.send(&request).await?;
        if !reply.ok() {
            return Err(refusal(&reply));
        }
        let reply_digest = crypto::sha256(&reply.body).await?;
        if !keys.verify(&sealed, &reply_digest, &reply.mac).await? {
            return Err(NetworkFault::BadReply.into());
        }
        Ok(Exchange { reply: reply.body, seq, prev, request_digest, reply_digest })
    }

    async fn advance(&self, exchange: &Exchange) -> Result<(), CallError> {
        let input = framing::transcript_input(&exchange.prev, exchange.seq, &exchange.request_digest, &exchange.reply_digest);
        let transcript = crypto::sha256(&input).await?;
        if let Some(secured) = self.secured.borrow_mut().as_mut() {
            secured.seq = exchange.seq;
            secured.transcript = transcript;
        }
        Ok(())
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
        content_type: &'static str,
        timeout_ms: u32,
    ) -> Request {
        Request { method, url: format!("{}{path}", self.server), headers, body, content_type, timeout_ms }
    }
}

fn add(count: &Cell<u64>, bytes: usize) {
    count.set(count.get().saturating_add(bytes as u64));
}

const JSON: &str = "application/json";

struct Exchange {
    reply: Vec<u8>,
    seq: u64,
    prev: Digest,
    request_digest: Digest,
    reply_digest: Digest,
}

fn headers(session_id: String, seq: u64, prev: &Digest, mac: String) -> Vec<(&'static str, String)> {
    vec![
        (framing::HEADER_SESSION, session_id),
        (framing::HEADER_SEQ, seq.to_string()),
        (framing::HEADER_PREV, hex::encode(prev)),
        (framing::HEADER_MAC, mac),
    ]
}

fn json<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, CallError> {
    serde_json::to_vec(value).map_err(|_| NetworkFault::BadReply.into())
}

fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(body).map_err(|_| NetworkFault::BadReply.into())
}

/// What a refused call means: the server's row if it sent one, else the HTTP twin of the status.
fn refusal(reply: &Reply) -> CallError {
    if let Ok(refusal) = serde_json::from_slice::<Refusal>(&reply.body) {
        return CallError::Refused(Coded::new(refusal.code, refusal.message));
    }
    match reply.status {
        404 => CallError::Refused(sdk::API_NOT_FOUND.coded()),
        413 => CallError::Refused(sdk::REQUEST_ENTITY_TOO_LARGE.coded()),
        429 => CallError::Refused(sdk::CONCURRENCY_LIMIT_EXCEEDED.coded()),
        500.. => CallError::Refused(sdk::INTERNAL_ERROR.coded()),
        _ => CallError::Network(NetworkFault::BadReply),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, mac: String::new(), body: body.into() }
    }

    #[test]
    fn refusals_keep_the_servers_row() {
        let denied = refusal(&reply(403, r#"{"code":54200,"message":"BIZ_TOKEN_DENIED"}"#));
        assert_eq!(denied, CallError::Refused(Coded::new(54200, "BIZ_TOKEN_DENIED")), "row as sent");
        assert_eq!(
            refusal(&reply(413, "Request Entity Too Large")),
            CallError::Refused(Coded::new(50413, "Request Entity Too Large")),
            "plain text"
        );
        assert_eq!(refusal(&reply(502, "<html>")), CallError::Refused(Coded::new(50500, "INTERNAL_ERROR")), "proxy trouble");
        assert_eq!(refusal(&reply(418, "")), CallError::Network(NetworkFault::BadReply), "nothing to go by");
    }
}
