//! The authenticated channel after init: sequence, MACs, transcript. No I/O.

use crate::{Keys, MacError};
use faceid_protocol::framing::{Direction, mac_input, transcript_input};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// State of one session's channel.
#[derive(Debug, Clone)]
pub struct Channel {
    session_id: String,
    keys: Keys,
    seq: u64,
    transcript: [u8; 32],
}

/// One request, sealed: everything its headers and the check of its reply need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Upper-case HTTP method.
    pub method: &'static str,
    /// Path from [`faceid_protocol::framing::PREFIX`] on, without query.
    pub path: String,
    /// Header `x-fid-seq`.
    pub seq: u64,
    /// Header `x-fid-prev`, before hex.
    pub prev: [u8; 32],
    /// SHA-256 of the body as sent.
    pub body_sha256: [u8; 32],
    /// Header `x-fid-mac`, before hex.
    pub mac: [u8; 32],
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn hmac(key: &[u8; 32]) -> Hmac<Sha256> {
    // A key shorter than the block is padded with zeros by definition of HMAC; doing it here cannot fail.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    Hmac::new(&block.into())
}

impl Channel {
    /// Opens the channel after checking the MAC of the init reply (method POST, seq 0, prev = salt).
    ///
    /// # Errors
    /// When the reply is not authentic.
    pub fn open(keys: Keys, session_id: String, init_path: &str, reply: &[u8], mac_hex: Option<&str>) -> Result<Self, MacError> {
        let sealed = Sealed { method: "POST", path: init_path.to_owned(), seq: 0, prev: keys.salt, body_sha256: [0; 32], mac: [0; 32] };
        let channel = Self { session_id, seq: 0, transcript: keys.salt, keys };
        channel.verify(&sealed, reply, mac_hex)?;
        Ok(channel)
    }

    /// Header `x-fid-session`.
    #[must_use]
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// Sequence number of the last accepted call; 0 after init.
    #[must_use]
    pub const fn seq(&self) -> u64 {
        self.seq
    }

    /// Running transcript hash.
    #[must_use]
    pub const fn transcript(&self) -> &[u8; 32] {
        &self.transcript
    }

    /// Seals the next request. Sealing again without [`Channel::advance`] gives the same sequence number: a safe retry.
    #[must_use]
    pub fn seal(&self, method: &'static str, path: &str, body: &[u8]) -> Sealed {
        let seq = self.seq.saturating_add(1);
        let body_sha256 = sha256(body);
        let input = mac_input(Direction::ClientToServer, method, path, seq, &self.transcript, &body_sha256);
        let mac = hmac(&self.keys.c2s).chain_update(&input).finalize().into_bytes().into();
        Sealed { method, path: path.to_owned(), seq, prev: self.transcript, body_sha256, mac }
    }

    /// Checks a reply's MAC in constant time.
    ///
    /// # Errors
    /// When the MAC is missing, malformed or wrong.
    pub fn verify(&self, sealed: &Sealed, reply: &[u8], mac_hex: Option<&str>) -> Result<(), MacError> {
        let mut mac = [0; 32];
        hex::decode_to_slice(mac_hex.ok_or(MacError)?, &mut mac).map_err(|_| MacError)?;
        let input = mac_input(Direction::ServerToClient, sealed.method, &sealed.path, sealed.seq, &sealed.prev, &sha256(reply));
        hmac(&self.keys.s2c).chain_update(&input).verify_slice(&mac).map_err(|_| MacError)
    }

    /// Moves on after an accepted (2xx), verified reply.
    pub fn advance(&mut self, sealed: &Sealed, reply: &[u8]) {
        self.transcript = sha256(&transcript_input(&self.transcript, sealed.seq, &sealed.body_sha256, &sha256(reply)));
        self.seq = sealed.seq;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys { salt: [3; 32], c2s: [1; 32], s2c: [2; 32] }
    }

    fn server_mac(sealed: &Sealed, reply: &[u8]) -> String {
        let input = mac_input(Direction::ServerToClient, sealed.method, &sealed.path, sealed.seq, &sealed.prev, &sha256(reply));
        hex::encode(hmac(&[2; 32]).chain_update(&input).finalize().into_bytes())
    }

    fn channel() -> Channel {
        let init = Sealed { method: "POST", path: "/sdk/v1/init".into(), seq: 0, prev: [3; 32], body_sha256: [0; 32], mac: [0; 32] };
        let mac = server_mac(&init, b"{}");
        Channel::open(keys(), "s".into(), "/sdk/v1/init", b"{}", Some(&mac)).expect("authentic")
    }

    #[test]
    fn a_forged_init_reply_opens_nothing() {
        for mac in [None, Some(""), Some("zz"), Some(&*"0".repeat(64)), Some(&*"0".repeat(66))] {
            assert_eq!(Channel::open(keys(), "s".into(), "/sdk/v1/init", b"{}", mac).err(), Some(MacError), "{mac:?}");
        }
    }

    #[test]
    fn retries_repeat_the_sequence_and_accepted_calls_advance_it() {
        let mut channel = channel();
        let first = channel.seal("POST", "/sdk/v1/challenge", b"a");
        assert_eq!(first, channel.seal("POST", "/sdk/v1/challenge", b"a"), "same call, same headers");
        assert_eq!(first.seq, 1, "first call after init");
        assert_eq!(first.prev, [3; 32], "transcript starts as the salt");
        channel.verify(&first, b"r", Some(&server_mac(&first, b"r"))).expect("authentic");
        channel.advance(&first, b"r");
        let second = channel.seal("POST", "/sdk/v1/challenge", b"a");
        assert_eq!(second.seq, 2, "next");
        assert_ne!((second.prev, second.mac), (first.prev, first.mac), "bound to the history");
    }

    #[test]
    fn every_part_of_a_reply_is_bound() {
        let channel = channel();
        let sealed = channel.seal("POST", "/sdk/v1/challenge", b"a");
        let mac = server_mac(&sealed, b"reply");
        let other = |change: fn(&mut Sealed)| {
            let mut changed = sealed.clone();
            change(&mut changed);
            channel.verify(&changed, b"reply", Some(&mac))
        };
        assert_eq!(channel.verify(&sealed, b"reply", Some(&mac)), Ok(()), "unchanged");
        assert_eq!(channel.verify(&sealed, b"replY", Some(&mac)), Err(MacError), "body");
        assert_eq!(other(|s| s.seq = 2), Err(MacError), "sequence");
        assert_eq!(other(|s| s.method = "PUT"), Err(MacError), "method");
        assert_eq!(other(|s| s.path.push('x')), Err(MacError), "path");
        assert_eq!(other(|s| s.prev[0] ^= 1), Err(MacError), "history");
        let request_mac = hex::encode(sealed.mac);
        assert_eq!(channel.verify(&sealed, b"a", Some(&request_mac)), Err(MacError), "a request cannot be reflected as its reply");
    }
}
