//! docs/protocol.md against the code: its worked example, and the digest of the sources it describes.

use faceid_client::{Channel, Handshake};
use faceid_protocol::framing::{
    Direction, HEADER_MAC, HEADER_PREV, HEADER_SEQ, HEADER_SESSION, KEY_INFO_C2S, KEY_INFO_S2C, PREFIX, mac_input,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

const DOCUMENT: &str = include_str!("../../../docs/protocol.md");
const WIRE: &[u8] = include_bytes!("../../protocol/src/wire.rs");
const FRAMING: &[u8] = include_bytes!("../../protocol/src/framing.rs");

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn reply_mac(key: &[u8; 32], path: &str, seq: u64, prev: &[u8; 32], body: &[u8]) -> String {
    let input = mac_input(Direction::ServerToClient, "POST", path, seq, prev, &sha256(body));
    hex::encode(Hmac::<Sha256>::new_from_slice(key).expect("any key length").chain_update(input).finalize().into_bytes())
}

/// The worked example: fixed secrets, short bodies, every derived value.
fn example() -> String {
    let client = Handshake::from_secret(&[0x11; 32]).expect("scalar");
    let server = Handshake::from_secret(&[0x22; 32]).expect("scalar");
    let request = format!(r#"{{"v":1,"biz_token":"t","client_pub":"{}","client_nonce":"{}"}}"#, client.client_pub(), "33".repeat(16));
    let reply = format!(r#"{{"session_id":"s","server_pub":"{}","server_nonce":"{}"}}"#, server.client_pub(), "44".repeat(16));
    let keys = client.keys(request.as_bytes(), reply.as_bytes(), &server.client_pub()).expect("keys");
    assert!(keys == server.keys(request.as_bytes(), reply.as_bytes(), &client.client_pub()).expect("keys"), "both sides agree");
    let init_path = format!("{PREFIX}/init");
    let init_mac = reply_mac(&keys.s2c, &init_path, 0, &keys.salt, reply.as_bytes());
    let mut channel = Channel::open(keys.clone(), "s".into(), &init_path, reply.as_bytes(), Some(&init_mac)).expect("authentic");

    let path = format!("{PREFIX}/challenge");
    let (body, answer) = (br#"{"step":0,"commit":{"frames":[],"t":[]}}"#, b"{}");
    let sealed = channel.seal("POST", &path, body);
    let answer_mac = reply_mac(&keys.s2c, &path, sealed.seq, &sealed.prev, answer);
    channel.verify(&sealed, answer, Some(&answer_mac)).expect("authentic");
    channel.advance(&sealed, answer);

    let mut out = String::new();
    for (name, value) in [
        ("client secret", "11".repeat(32)),
        ("server secret", "22".repeat(32)),
        ("init request", request),
        ("init reply", reply),
        ("salt", hex::encode(keys.salt)),
        ("key c2s", hex::encode(keys.c2s)),
        ("key s2c", hex::encode(keys.s2c)),
        ("init reply mac", init_mac),
        ("call 1 request", String::from_utf8_lossy(body).into_owned()),
        ("call 1 seq", sealed.seq.to_string()),
        ("call 1 prev", hex::encode(sealed.prev)),
        ("call 1 mac", hex::encode(sealed.mac)),
        ("call 1 reply", String::from_utf8_lossy(answer).into_owned()),
        ("call 1 reply mac", answer_mac),
        ("transcript after call 1", hex::encode(channel.transcript())),
    ] {
        writeln!(out, "{name}: {value}").expect("a string grows");
    }
    out
}

#[test]
fn the_worked_example_is_what_the_code_computes() {
    let expected = example();
    assert!(DOCUMENT.contains(&expected), "docs/protocol.md should hold this example:\n{expected}");
}

#[test]
fn the_document_was_opened_when_the_wire_changed() {
    let digest = hex::encode(Sha256::new().chain_update(WIRE).chain_update(FRAMING).finalize());
    assert!(
        DOCUMENT.contains(&digest),
        "wire.rs or framing.rs changed: read docs/protocol.md, bring it up to date, and set its digest of the sources to {digest}"
    );
}

#[test]
fn names_on_the_wire_are_in_the_document() {
    let labels = [KEY_INFO_C2S, KEY_INFO_S2C].map(|label| std::str::from_utf8(label).expect("text"));
    for name in [HEADER_SESSION, HEADER_SEQ, HEADER_PREV, HEADER_MAC, PREFIX].into_iter().chain(labels) {
        assert!(DOCUMENT.contains(&format!("`{name}`")), "{name}");
    }
}
