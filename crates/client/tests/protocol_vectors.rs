//! tests/protocol/vectors.json: fixed keys and messages with every derived value, for clients in other languages. This test makes the file anew and
//! compares; `FACEID_WRITE_VECTORS=1` writes it.

use faceid_client::{Channel, Handshake, Keys};
use faceid_protocol::framing::{Direction, PREFIX, VERSION, mac_input};
use hmac::{Hmac, KeyInit, Mac};
use p256::{PublicKey, SecretKey, ecdh::diffie_hellman};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::Path;

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn mac(key: &[u8; 32], input: &[u8]) -> String {
    hex::encode(Hmac::<Sha256>::new_from_slice(key).expect("any key length").chain_update(input).finalize().into_bytes())
}

/// What one session is made of: scalars, init bodies around the points, and calls (method, name, body, reply, accepted).
struct Script<'a> {
    name: &'a str,
    client: [u8; 32],
    server: [u8; 32],
    init: [&'a str; 2],
    calls: Vec<(&'static str, String, Vec<u8>, &'a str, bool)>,
}

fn scripts() -> Vec<Script<'static>> {
    let jpeg = b"\xff\xd8 not a picture, but bytes that are no text \x00\xff\xd9".to_vec();
    let digest = hex::encode(sha256(&jpeg));
    let commit = format!(r#"{{"step":0,"commit":{{"frames":["{digest}"],"t":[1000]}}}}"#);
    let challenge = r#"{"next":{"step":1,"challenge_id":"000102030405060708090a0b0c0d0e0f","action":"nod","min_ms":400,"max_ms":20000,"deadline":1532485700000}}"#;
    let last = format!(r#"{{"step":1,"commit":{{"frames":["{digest}"],"t":[1000]}}}}"#);
    let finalise = format!(r#"{{"best":"{digest}","telemetry":{{}},"transcript":"(equals x-fid-prev in a real call)"}}"#);
    let upload = format!("frames/{digest}");
    vec![
        Script {
            name: "commit, upload, finalise with one verifying reply",
            client: [0x11; 32],
            server: [0x22; 32],
            init: [
                r#"{"v":1,"biz_token":"t","sdk":{"name":"n","version":"1.0.0"},"client_pub":"POINT","client_nonce":"33333333333333333333333333333333"}"#,
                r#"{"session_id":"s","server_pub":"POINT","server_nonce":"44444444444444444444444444444444"}"#,
            ],
            calls: vec![
                ("POST", "challenge".into(), commit.into_bytes(), challenge, true),
                ("POST", "challenge".into(), last.into_bytes(), "{}", true),
                ("PUT", upload, jpeg, "", true),
                ("POST", "finalise".into(), finalise.clone().into_bytes(), r#"{"state":"verifying","retry_after_ms":500}"#, false),
            ],
        },
        Script {
            name: "bytes are hashed as they came: spaces, escapes, another order of fields; a refused call moves nothing",
            client: [0x77; 32],
            server: [0x88; 32],
            init: [
                "{ \"client_pub\" : \"POINT\",\n  \"v\" : 1, \"biz_token\" : \"\\u0074\", \"sdk\" : {\"name\":\"n\",\"version\":\"1.0.0\"}, \"client_nonce\":\"33333333333333333333333333333333\" }\n",
                "{\"server_pub\":\"POINT\",\"session_id\":\"\u{5f20}\",\"unknown\":null}",
            ],
            calls: vec![("POST", "cancel".into(), b"{}".to_vec(), r#"{"code":50400,"message":"BAD_ARGUMENTS:ended"}"#, false)],
        },
    ]
}

fn session(script: &Script<'_>) -> (Value, Keys) {
    let pair = [&script.client, &script.server].map(|secret| Handshake::from_secret(secret).expect("scalar"));
    let [request, reply] = [0, 1].map(|side| script.init[side].replace("POINT", &pair[side].client_pub()));
    let keys = pair[0].keys(request.as_bytes(), reply.as_bytes(), &pair[1].client_pub()).expect("keys");
    assert!(keys == pair[1].keys(request.as_bytes(), reply.as_bytes(), &pair[0].client_pub()).expect("keys"), "both sides agree");
    let [own, other] = [script.client, script.server].map(|secret| SecretKey::from_slice(&secret).expect("scalar"));
    let shared = diffie_hellman(own.to_nonzero_scalar(), other.public_key().as_affine());

    let path = format!("{PREFIX}/init");
    let init_mac = mac(&keys.s2c, &mac_input(Direction::ServerToClient, "POST", &path, 0, &keys.salt, &sha256(reply.as_bytes())));
    let mut channel = Channel::open(keys.clone(), "s".into(), &path, reply.as_bytes(), Some(&init_mac)).expect("authentic");
    let mut calls = Vec::new();
    for (method, name, body, answer, accepted) in &script.calls {
        let path = format!("{PREFIX}/{name}");
        let sealed = channel.seal(method, &path, body);
        let input = mac_input(Direction::ClientToServer, method, &path, sealed.seq, &sealed.prev, &sha256(body));
        assert_eq!(mac(&keys.c2s, &input), hex::encode(sealed.mac), "the client seals what the layout says");
        let reply = mac_input(Direction::ServerToClient, method, &path, sealed.seq, &sealed.prev, &sha256(answer.as_bytes()));
        let reply_mac = mac(&keys.s2c, &reply);
        channel.verify(&sealed, answer.as_bytes(), Some(&reply_mac)).expect("authentic");
        if *accepted {
            channel.advance(&sealed, answer.as_bytes());
        }
        calls.push(json!({
            "method": method, "path": path, "seq": sealed.seq, "prev": hex::encode(sealed.prev), "body_hex": hex::encode(body),
            "body_sha256": hex::encode(sha256(body)), "mac_input": hex::encode(input), "mac": hex::encode(sealed.mac), "reply": answer,
            "reply_mac": reply_mac, "accepted": accepted, "transcript": hex::encode(channel.transcript()),
        }));
    }
    let value = json!({
        "name": script.name, "client_secret": hex::encode(script.client), "server_secret": hex::encode(script.server),
        "init_request": request, "init_reply": reply, "shared_secret": hex::encode(shared.raw_secret_bytes()),
        "salt": hex::encode(keys.salt), "key_c2s": hex::encode(keys.c2s), "key_s2c": hex::encode(keys.s2c), "init_reply_mac": init_mac,
        "calls": calls,
    });
    (value, keys)
}

/// Points that a side takes, and points that it refuses.
fn points() -> Vec<(&'static str, String, bool)> {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let good = STANDARD.decode(Handshake::from_secret(&[0x11; 32]).expect("scalar").client_pub()).expect("base64");
    let bent = |change: fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        STANDARD.encode(bytes)
    };
    vec![
        ("on the curve", STANDARD.encode(&good), true),
        ("off the curve", bent(|b| b[64] ^= 1), false),
        ("compressed", bent(|b| (b[0], _) = (2 + (b[64] & 1), b.truncate(33))), false),
        ("hybrid form", bent(|b| b[0] = 6 + (b[64] & 1)), false),
        ("infinity", STANDARD.encode([0]), false),
        ("zeros", bent(|b| b[1..].fill(0)), false),
        ("x not below the field's prime", bent(|b| b[1..33].fill(0xff)), false),
        ("one byte more", bent(|b| b.push(0)), false),
        ("base64 without padding", STANDARD.encode(&good).trim_end_matches('=').to_owned(), false),
    ]
}

/// Replies to the first session's first call that a client must refuse.
fn forged(session: &Value, keys: &Keys) -> Vec<Value> {
    let call = &session["calls"][0];
    let text = |name: &str| call[name].as_str().expect("text").to_owned();
    let prev: [u8; 32] = hex::decode(text("prev")).expect("hex").try_into().expect("32 bytes");
    let reply = text("reply");
    let sealed = |key: &[u8; 32], direction, method: &str, path: &str, seq, prev: &[u8; 32], body: &str| {
        mac(key, &mac_input(direction, method, path, seq, prev, &sha256(body.as_bytes())))
    };
    let (there, back, path) = (Direction::ClientToServer, Direction::ServerToClient, text("path"));
    let other = reply.replace("nod", "blink");
    [
        ("no MAC", String::new(), &reply),
        ("another body", text("reply_mac"), &other),
        ("cut short", text("reply_mac")[..62].to_owned(), &reply),
        ("the request's own direction", sealed(&keys.s2c, there, "POST", &path, 1, &prev, &reply), &reply),
        ("the client's key", sealed(&keys.c2s, back, "POST", &path, 1, &prev, &reply), &reply),
        ("another method", sealed(&keys.s2c, back, "PUT", &path, 1, &prev, &reply), &reply),
        ("another path", sealed(&keys.s2c, back, "POST", "/sdk/v1/finalise", 1, &prev, &reply), &reply),
        ("another number", sealed(&keys.s2c, back, "POST", &path, 2, &prev, &reply), &reply),
        ("another history", sealed(&keys.s2c, back, "POST", &path, 1, &[7; 32], &reply), &reply),
    ]
    .map(|(name, mac, reply)| json!({ "name": name, "reply": reply, "mac": mac }))
    .to_vec()
}

#[test]
fn the_committed_vectors_are_what_the_code_computes() {
    let sessions: Vec<(Value, Keys)> = scripts().iter().map(session).collect();
    let client = Handshake::from_secret(&[0x11; 32]).expect("scalar");
    let listed: Vec<Value> = points()
        .into_iter()
        .map(|(name, base64, valid)| {
            assert_eq!(client.keys(b"", b"", &base64).is_ok(), valid, "{name}");
            json!({ "name": name, "base64": base64, "valid": valid })
        })
        .collect();
    let forged = forged(&sessions[0].0, &sessions[0].1);
    let file = json!({
        "protocol": VERSION,
        "about": "Test vectors of docs/protocol.md. Made and checked by crates/client/tests/protocol_vectors.rs; bodies are text unless named hex.",
        "sessions": sessions.into_iter().map(|(value, _)| value).collect::<Vec<_>>(),
        "points": listed,
        "forged": forged,
    });
    let expected = serde_json::to_string_pretty(&file).expect("JSON") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/protocol/vectors.json");
    if std::env::var_os("FACEID_WRITE_VECTORS").is_some() {
        std::fs::write(&path, &expected).expect("written");
    }
    let committed = std::fs::read_to_string(&path).expect("tests/protocol/vectors.json");
    assert!(committed == expected, "tests/protocol/vectors.json is stale: FACEID_WRITE_VECTORS=1 writes it anew");
}

#[test]
fn forged_replies_are_refused_by_the_reference_client() {
    let (session, keys) = session(&scripts()[0]);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let open = || {
        let (reply, mac) = (text(&session["init_reply"]), text(&session["init_reply_mac"]));
        Channel::open(keys.clone(), "s".into(), &format!("{PREFIX}/init"), reply.as_bytes(), Some(&mac)).expect("authentic")
    };
    let call = &session["calls"][0];
    let (channel, body) = (open(), hex::decode(text(&call["body_hex"])).expect("hex"));
    let sealed = channel.seal("POST", &text(&call["path"]), &body);
    assert!(channel.verify(&sealed, text(&call["reply"]).as_bytes(), Some(&text(&call["reply_mac"]))).is_ok(), "the true one");
    for bent in forged(&session, &keys) {
        let mac = text(&bent["mac"]);
        let refused = channel.verify(&sealed, text(&bent["reply"]).as_bytes(), (!mac.is_empty()).then_some(mac.as_str()));
        assert!(refused.is_err(), "{}", bent["name"]);
    }
    assert!(PublicKey::from_sec1_bytes(&[0]).is_err(), "infinity is no point to agree with");
}
