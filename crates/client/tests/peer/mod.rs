//! The server's half of the private protocol with scripted faults, so that the client's behaviour under them can be seen.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use faceid_client::{Handshake, Keys};
use faceid_protocol::{
    Action, Millis,
    framing::{Direction, HEADER_MAC, HEADER_PREV, HEADER_SEQ, mac_input, transcript_input},
    wire::{
        Challenge, ChallengeReply, ChallengeRequest, FinaliseReply, FinaliseRequest, InitReply, InitRequest, Refusal, SessionConfig,
        WrongActionPolicy,
    },
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// What the peer does wrong, each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Answers 503 instead of the first challenge reply, after having processed the call.
    LostReply,
    /// Flips a bit of the MAC of the first challenge reply.
    WrongMac,
    /// Flips a bit of the init reply's MAC.
    WrongInitMac,
    /// Refuses the first challenge with a sealed row.
    Refusal,
    /// Says Verifying twice before the verdict.
    Slow,
}

/// What the peer saw.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Method, path and sequence number of each authenticated call.
    pub(crate) calls: Vec<(String, String, u64)>,
    /// `Origin` of each call, init included.
    pub(crate) origins: Vec<Option<String>>,
    /// Digest by uploaded body.
    pub(crate) frames: Vec<String>,
    /// The transcript as the server has it.
    pub(crate) transcript: [u8; 32],
}

struct Session {
    keys: Option<Keys>,
    faults: Vec<Fault>,
    slow: u32,
    replies: BTreeMap<u64, ([u8; 32], StatusCode, Vec<u8>)>,
    seen: Seen,
}

#[derive(Clone)]
pub(crate) struct Peer(Arc<Mutex<Session>>);

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn mac(key: &[u8; 32], input: &[u8]) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(key).expect("any key length").chain_update(input).finalize().into_bytes().into()
}

impl Peer {
    /// Starts on a free loopback port; returns the base address too.
    pub(crate) async fn start(fault: Option<Fault>) -> (Self, String) {
        let peer = Self::new(fault);
        let base = listen(Router::new().fallback(handle).with_state(peer.clone())).await;
        (peer, base)
    }

    /// Behind a router that removes `prefix`, as a reverse proxy does.
    pub(crate) async fn behind_proxy(prefix: &str) -> (Self, String) {
        let peer = Self::new(None);
        let base = listen(Router::new().nest_service(prefix, Router::new().fallback(handle).with_state(peer.clone()))).await;
        (peer, base)
    }

    fn new(fault: Option<Fault>) -> Self {
        let session = Session { keys: None, faults: fault.into_iter().collect(), slow: 2, replies: BTreeMap::new(), seen: Seen::default() };
        Self(Arc::new(Mutex::new(session)))
    }

    /// What was seen so far.
    pub(crate) fn seen(&self) -> Seen {
        std::mem::take(&mut self.0.lock().expect("lock").seen)
    }
}

async fn listen(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

impl Session {
    fn take(&mut self, fault: Fault) -> bool {
        let before = self.faults.len();
        self.faults.retain(|f| *f != fault);
        before != self.faults.len()
    }
}

async fn handle(State(peer): State<Peer>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let mut session = peer.0.lock().expect("lock");
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    session.seen.origins.push(text("origin"));
    let path = uri.path().to_owned();
    if path.ends_with("/init") {
        return init(&mut session, &path, &body);
    }
    let keys = session.keys.clone().expect("init comes first");
    let seq: u64 = text(HEADER_SEQ).and_then(|s| s.parse().ok()).expect("sequence");
    let mut prev = [0; 32];
    hex::decode_to_slice(text(HEADER_PREV).expect("prev"), &mut prev).expect("hex");
    let digest = sha256(&body);
    let expected = mac(&keys.c2s, &mac_input(Direction::ClientToServer, method.as_str(), &path, seq, &prev, &digest));
    assert_eq!(text(HEADER_MAC), Some(hex::encode(expected)), "request MAC");
    let stored = session.replies.get(&seq).cloned();
    let (status, reply) = match stored {
        Some((before, status, reply)) => {
            assert_eq!(before, digest, "a retry repeats the body");
            (status, reply)
        }
        None => {
            assert_eq!(prev, session.seen.transcript, "transcript of both sides");
            let (status, reply, done) = answer(&mut session, &path, &body);
            session.seen.calls.push((method.to_string(), path.clone(), seq));
            if done {
                session.seen.transcript = sha256(&transcript_input(&prev, seq, &digest, &sha256(&reply)));
                session.replies.insert(seq, (digest, status, reply.clone()));
            }
            if path.ends_with("/challenge") && session.take(Fault::LostReply) {
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
            (status, reply)
        }
    };
    let mut seal = mac(&keys.s2c, &mac_input(Direction::ServerToClient, method.as_str(), &path, seq, &prev, &sha256(&reply)));
    if path.ends_with("/challenge") && session.take(Fault::WrongMac) {
        seal[31] ^= 1;
    }
    sealed(status, reply, &seal)
}

fn init(session: &mut Session, path: &str, body: &Bytes) -> Response {
    let request: InitRequest = serde_json::from_slice(body).expect("init request");
    if request.biz_token != "good" {
        let refusal = Refusal { code: 54_200, message: "BIZ_TOKEN_DENIED".into() };
        return (StatusCode::FORBIDDEN, serde_json::to_vec(&refusal).expect("json")).into_response();
    }
    let server = Handshake::from_secret(&[7; 32]).expect("scalar");
    let reply = InitReply {
        session_id: "session-1".into(),
        server_pub: server.client_pub(),
        server_nonce: "00".repeat(16),
        config: SessionConfig {
            action_count: 1,
            timeout_ms: Millis(60_000),
            action_timeout_ms: Millis(20_000),
            evidence_max_side: 480,
            evidence_quality: 80,
            frame_max_bytes: 2_000_000,
            total_max_bytes: 20_000_000,
            wrong_action: WrongActionPolicy::RestartOnce,
            return_prefixes: Vec::new(),
        },
        expires_at: Millis(1),
        server_time: Millis(0),
    };
    let reply = serde_json::to_vec(&reply).expect("json");
    let keys = server.keys(body, &reply, &request.client_pub).expect("keys");
    session.seen.transcript = keys.salt;
    let mut seal = mac(&keys.s2c, &mac_input(Direction::ServerToClient, "POST", path, 0, &keys.salt, &sha256(&reply)));
    if session.take(Fault::WrongInitMac) {
        seal[0] ^= 0x80;
    }
    session.keys = Some(keys);
    sealed(StatusCode::OK, reply, &seal)
}

/// Status, body, and whether the call counts as accepted and finished.
fn answer(session: &mut Session, path: &str, body: &Bytes) -> (StatusCode, Vec<u8>, bool) {
    let json = |value: &dyn Fn() -> serde_json::Result<Vec<u8>>| value().expect("json");
    if path.contains("/frames/") {
        session.seen.frames.push(hex::encode(sha256(body)));
        return (StatusCode::NO_CONTENT, Vec::new(), true);
    }
    if path.ends_with("/finalise") {
        let request: FinaliseRequest = serde_json::from_slice(body).expect("finalise request");
        assert_eq!(request.transcript, hex::encode(session.seen.transcript), "transcript in the body");
        if session.faults.contains(&Fault::Slow) {
            session.slow -= 1;
            if session.slow == 0 {
                session.take(Fault::Slow);
            }
            let reply = FinaliseReply::Verifying { retry_after_ms: Millis(50) };
            return (StatusCode::ACCEPTED, json(&|| serde_json::to_vec(&reply)), false);
        }
        let reply = FinaliseReply::Final { code: 51_000, message: "SUCCESS".into() };
        return (StatusCode::OK, json(&|| serde_json::to_vec(&reply)), true);
    }
    if path.ends_with("/cancel") {
        return (StatusCode::NO_CONTENT, Vec::new(), true);
    }
    if session.take(Fault::Refusal) {
        let refusal = Refusal { code: 54_200, message: "USER_TIMEOUT".into() };
        return (StatusCode::CONFLICT, json(&|| serde_json::to_vec(&refusal)), false);
    }
    let request: ChallengeRequest = serde_json::from_slice(body).expect("challenge request");
    let next = (request.step == 0).then(|| Challenge {
        step: 1,
        challenge_id: "ab".repeat(16),
        action: Action::Nod,
        min_ms: Millis(300),
        max_ms: Millis(20_000),
        deadline: Millis(5),
    });
    (StatusCode::OK, json(&|| serde_json::to_vec(&ChallengeReply { next: next.clone() })), true)
}

fn sealed(status: StatusCode, body: Vec<u8>, seal: &[u8; 32]) -> Response {
    let mut response = (status, body).into_response();
    response.headers_mut().insert(HEADER_MAC, HeaderValue::from_str(&hex::encode(seal)).expect("hex"));
    response
}
