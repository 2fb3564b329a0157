//! A page: the reference client's keys and channel, driven by hand so that every message can be bent.

use crate::common::{Answer, ORIGIN, World};
use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use faceid_client::{Channel, Handshake, Sealed};
use faceid_protocol::{
    Millis,
    wire::{Challenge, ChallengeReply, Commit, InitReply},
};
use http::Request;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub struct Page<'a> {
    pub world: &'a World,
    pub channel: Channel,
    pub init: InitReply,
    pub origin: Option<String>,
    /// Frames committed but not uploaded yet.
    pub waiting: Vec<Vec<u8>>,
    pub best: Vec<u8>,
}

pub fn sha(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A valid init body; `change` bends it.
pub fn init_body(token: &str, handshake: &Handshake, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut body = json!({
        "v": 1,
        "biz_token": token,
        "sdk": { "name": "faceid-liveness", "version": "0.1.0", "build": "test", "wasm_sha256": "" },
        "client_pub": handshake.client_pub(),
        "client_nonce": "00112233445566778899aabbccddeeff",
        "env": { "user_agent": "Mozilla/5.0 (personal)", "camera_label": "FaceTime", "language": "zh-CN" },
        "excluded_actions": [],
    });
    change(&mut body);
    serde_json::to_vec(&body).expect("JSON")
}

pub fn init_request(body: Vec<u8>, origin: Option<&str>) -> Request<Body> {
    let mut builder = Request::post("/sdk/v1/init").header("content-type", "application/json");
    if let Some(origin) = origin {
        builder = builder.header("origin", origin);
    }
    builder.body(Body::from(body)).expect("request")
}

impl<'a> Page<'a> {
    pub async fn open(world: &'a World, token: &str) -> Self {
        Self::open_with(world, token, |_| ()).await
    }

    pub async fn open_with(world: &'a World, token: &str, change: impl FnOnce(&mut Value)) -> Self {
        let handshake = Handshake::generate().expect("random bytes");
        let body = init_body(token, &handshake, change);
        let answer = world.send(init_request(body.clone(), Some(ORIGIN))).await;
        assert_eq!(answer.status.as_u16(), 200, "init: {}", answer.text());
        let init: InitReply = serde_json::from_slice(&answer.body).expect("init reply");
        let keys = handshake.keys(&body, &answer.body, &init.server_pub).expect("keys");
        let channel = Channel::open(keys, init.session_id.clone(), "/sdk/v1/init", &answer.body, Some(&answer.header("x-fid-mac")))
            .expect("authentic init reply");
        assert_eq!(STANDARD.decode(&init.server_pub).expect("base64").len(), 65, "uncompressed point");
        Self { world, channel, init, origin: Some(ORIGIN.into()), waiting: Vec::new(), best: Vec::new() }
    }

    pub fn seal(&self, method: &'static str, call: &str, body: &[u8]) -> Sealed {
        self.channel.seal(method, &format!("/sdk/v1/{call}"), body)
    }

    /// A sealed request; `sealed` may have been bent.
    pub fn request(&self, sealed: &Sealed, body: impl Into<Body>) -> Request<Body> {
        let mut builder = Request::builder()
            .method(sealed.method)
            .uri(&sealed.path)
            .header("x-fid-session", self.channel.session_id())
            .header("x-fid-seq", sealed.seq)
            .header("x-fid-prev", hex::encode(sealed.prev))
            .header("x-fid-mac", hex::encode(sealed.mac));
        if let Some(origin) = &self.origin {
            builder = builder.header("origin", origin);
        }
        builder.body(body.into()).expect("request")
    }

    /// Sends a sealed call; an accepted, authentic reply moves the channel on.
    pub async fn call(&mut self, method: &'static str, call: &str, body: &[u8]) -> Answer {
        let sealed = self.seal(method, call, body);
        let answer = self.world.send(self.request(&sealed, body.to_vec())).await;
        if answer.status.is_success() {
            self.channel.verify(&sealed, &answer.body, Some(&answer.header("x-fid-mac"))).expect("authentic reply");
            self.channel.advance(&sealed, &answer.body);
        }
        answer
    }

    pub fn frames(step: u32, count: u32) -> Vec<Vec<u8>> {
        (0..count).map(|i| format!("jpeg of step {step}, frame {i}").into_bytes()).collect()
    }

    pub fn challenge_body(step: u32, frames: &[Vec<u8>]) -> Vec<u8> {
        let t = (0..frames.len() as u64).map(|i| Millis(u64::from(step) * 10_000 + i * 60)).collect();
        let commit = Commit { frames: frames.iter().map(|f| sha(f)).collect(), t };
        serde_json::to_vec(&json!({ "step": step, "commit": commit })).expect("JSON")
    }

    /// Commits a step's usual frames; the last step ends with the best frame.
    pub async fn commit(&mut self, step: u32) -> Answer {
        let mut frames = Self::frames(step, if step == 0 { 4 } else { 12 });
        if step == self.init.config.action_count {
            self.best = b"face: best picture, full size".to_vec();
            frames.push(self.best.clone());
        }
        let answer = self.call("POST", "challenge", &Self::challenge_body(step, &frames)).await;
        if answer.status.is_success() {
            self.waiting.extend(frames);
        }
        answer
    }

    pub async fn next(&mut self, step: u32) -> Option<Challenge> {
        let answer = self.commit(step).await;
        assert_eq!(answer.status.as_u16(), 200, "challenge {step}: {}", answer.text());
        serde_json::from_slice::<ChallengeReply>(&answer.body).expect("challenge reply").next
    }

    /// All steps, two seconds each.
    pub async fn perform(&mut self) {
        for step in 0..=self.init.config.action_count {
            let next = self.next(step).await;
            assert_eq!(next.is_none(), step == self.init.config.action_count, "a challenge follows every step but the last");
            self.world.clock.advance_s(2);
        }
    }

    pub async fn upload(&mut self) {
        for frame in std::mem::take(&mut self.waiting) {
            let answer = self.call("PUT", &format!("frames/{}", sha(&frame)), &frame).await;
            assert_eq!(answer.status.as_u16(), 204, "upload: {}", answer.text());
        }
    }

    pub fn finalise_body(&self) -> Vec<u8> {
        let transcript = hex::encode(self.channel.transcript());
        let told = json!({ "frames_seen": 300, "capture": { "label": "OBS Virtual Camera", "automated": false } });
        serde_json::to_vec(&json!({ "best": sha(&self.best), "telemetry": told, "transcript": transcript })).expect("JSON")
    }

    /// A session ready to be finalised.
    pub async fn ready(world: &'a World, token: &str) -> Self {
        let mut page = Self::open(world, token).await;
        page.perform().await;
        page.upload().await;
        page
    }

    pub async fn finalise(&mut self) -> Answer {
        let body = self.finalise_body();
        self.call("POST", "finalise", &body).await
    }
}
