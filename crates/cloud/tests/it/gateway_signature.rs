//! Every published and recorded signature vector, and bit flips of them.

use crate::common::World;
use axum::body::Body;
use faceid_cloud::sign::{self, Candidate, Fault, Policy, SignedRequest};
use faceid_protocol::Millis;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use serde_json::Value;

struct Vector {
    id: String,
    secret: String,
    method: String,
    uri: Uri,
    headers: HeaderMap,
    body: Vec<u8>,
    expect: String,
}

impl Vector {
    fn all() -> Vec<Self> {
        let file: Value = serde_json::from_str(include_str!("../fixtures/gateway_signature.json")).expect("JSON");
        let text = |v: &Value| v.as_str().expect("text").to_owned();
        let vectors = file["aliyun_api_gateway"].as_array().expect("list");
        vectors
            .iter()
            .map(|v| Self {
                id: text(&v["id"]),
                secret: text(&v["app_secret"]),
                method: text(&v["method"]),
                uri: text(&v["target"]).parse().expect("target"),
                headers: v["headers"]
                    .as_object()
                    .expect("headers")
                    .iter()
                    .map(|(k, v)| (k.parse::<HeaderName>().expect("name"), HeaderValue::from_bytes(text(v).as_bytes()).expect("value")))
                    .collect(),
                body: text(&v["body"]).into_bytes(),
                expect: text(&v["expect"]),
            })
            .collect()
    }

    fn request(&self) -> SignedRequest<'_> {
        SignedRequest {
            method: &self.method,
            base_path: "",
            path: self.uri.path(),
            query: self.uri.query(),
            headers: &self.headers,
            body: &self.body,
        }
    }

    fn now(&self) -> Millis {
        Millis(self.headers["x-ca-timestamp"].to_str().expect("text").parse().expect("number"))
    }

    fn verify(&self, policy: Policy) -> Result<Candidate, Fault> {
        sign::verify(&self.request(), self.secret.as_bytes(), policy, self.now()).map(|verified| verified.candidate)
    }
}

#[test]
fn every_vector_has_its_stated_outcome() {
    let vectors = Vector::all();
    assert_eq!(vectors.len(), 14, "all vectors are there");
    for vector in &vectors {
        let expected = match (vector.expect.as_str(), vector.id.as_str()) {
            ("accept", "J1") => Ok(Candidate::C1),
            ("accept", _) => Ok(Candidate::C0),
            ("reject" | "compat-only", _) => Err(Fault::Signature),
            (other, id) => panic!("{id}: unknown expectation {other}"),
        };
        assert_eq!(vector.verify(Policy::default()), expected, "{}", vector.id);
    }
}

#[test]
fn compatibility_switches_admit_exactly_what_they_name() {
    let switches = [
        (Policy { unsigned_timestamp: true, ..Policy::default() }, "J2", Candidate::C1),
        (Policy { raw_query: true, ..Policy::default() }, "P3", Candidate::C4),
        (Policy { joined_repeats: true, ..Policy::default() }, "N5", Candidate::C5),
    ];
    for (policy, admitted, candidate) in switches {
        for vector in Vector::all().iter().filter(|v| v.expect != "accept") {
            let expected = if vector.id == admitted { Ok(candidate) } else { Err(Fault::Signature) };
            assert_eq!(vector.verify(policy), expected, "{} with {policy:?}", vector.id);
        }
    }
}

#[test]
fn lower_cased_names_are_compatible_only_with_title_case_lists() {
    let text = "GET\n\n\n\n\nx-ca-key:k\nx-ca-timestamp:1532485677123\n/p";
    let headers = |list: &str| {
        let mut map = HeaderMap::new();
        for (name, value) in [("x-ca-key", "k"), ("x-ca-timestamp", "1532485677123"), ("x-ca-signature-headers", list)] {
            map.insert(name, HeaderValue::from_str(value).expect("value"));
        }
        map.insert("x-ca-signature", HeaderValue::from_str(&crate::common::hmac_base64("s", text)).expect("value"));
        map
    };
    let verify = |list: &str| {
        let headers = headers(list);
        let request = SignedRequest { method: "GET", base_path: "", path: "/p", query: None, headers: &headers, body: b"" };
        sign::verify(&request, b"s", Policy::default(), Millis(1_532_485_677_123)).map(|v| v.candidate)
    };
    assert_eq!(verify("x-ca-key,x-ca-timestamp"), Ok(Candidate::C0), "exact");
    assert_eq!(verify("X-Ca-Key,X-Ca-Timestamp"), Ok(Candidate::C2), "a stack that lower-cased the names it signed");
    assert_eq!(verify("X-ca-key,x-ca-timestamp"), Err(Fault::Signature), "one flipped letter is not a spelling");
    assert_eq!(verify(""), Err(Fault::Signature), "no list");
    assert_eq!(verify("x-ca-key"), Err(Fault::Signature), "timestamp not signed");
}

#[test]
fn time_and_form_of_the_headers() {
    let vector = |change: fn(&mut HeaderMap)| {
        let mut vector = Vector::all().into_iter().find(|v| v.id == "N3").expect("N3");
        change(&mut vector.headers);
        sign::verify(&vector.request(), vector.secret.as_bytes(), Policy::default(), Millis(1_532_485_677_123)).map(|v| v.candidate)
    };
    assert_eq!(vector(|_| ()), Ok(Candidate::C0), "unchanged");
    assert_eq!(
        vector(|h| {
            h.remove("x-ca-signature");
        }),
        Err(Fault::Empty),
        "no signature"
    );
    assert_eq!(
        vector(|h| {
            h.insert("x-ca-timestamp", HeaderValue::from_static("soon"));
        }),
        Err(Fault::Timestamp),
        "not a number"
    );
    assert_eq!(
        vector(|h| {
            h.remove("content-md5");
        }),
        Err(Fault::ContentMd5),
        "body not covered"
    );
    assert_eq!(
        vector(|h| {
            h.insert("content-md5", HeaderValue::from_static("AAAAAAAAAAAAAAAAAAAAAA=="));
        }),
        Err(Fault::ContentMd5),
        "another body"
    );
    assert_eq!(
        vector(|h| {
            h.insert("x-ca-signature-method", HeaderValue::from_static("HmacSHA1"));
        }),
        Err(Fault::Signature),
        "SHA-1"
    );
    assert_eq!(
        vector(|h| {
            h.append("x-ca-timestamp", HeaderValue::from_static("1532485677123"));
        }),
        Err(Fault::Timestamp),
        "a signed header twice"
    );
    let n3 = Vector::all().into_iter().find(|v| v.id == "N3").expect("N3");
    for (shift, expected) in
        [(900_000_i64, Ok(Candidate::C0)), (900_001, Err(Fault::Expired)), (-900_000, Ok(Candidate::C0)), (-900_001, Err(Fault::Expired))]
    {
        let now = Millis(n3.now().0.saturating_add_signed(shift));
        let got = sign::verify(&n3.request(), n3.secret.as_bytes(), Policy::default(), now).map(|v| v.candidate);
        assert_eq!(got, expected, "clock {shift} ms away");
    }
}

/// Flips one bit of something signed. `None` when the flip cannot travel (not a URI, not a header value).
fn flip(vector: &Vector, headers: &[String], at: usize) -> Option<Vector> {
    let mut changed = Vector {
        id: vector.id.clone(),
        secret: vector.secret.clone(),
        method: vector.method.clone(),
        uri: vector.uri.clone(),
        headers: vector.headers.clone(),
        body: vector.body.clone(),
        expect: vector.expect.clone(),
    };
    let flipped = |bytes: &[u8], bit: usize| {
        let mut bytes = bytes.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    };
    let mut bit = at;
    let target = vector.uri.to_string().into_bytes();
    for part in 0..3 + headers.len() {
        let bytes: Vec<u8> = match part {
            0 => vector.method.clone().into_bytes(),
            1 => target.clone(),
            2 => vector.body.clone(),
            n => vector.headers[&headers[n - 3]].as_bytes().to_vec(),
        };
        if bit >= bytes.len() * 8 {
            bit -= bytes.len() * 8;
            continue;
        }
        let bytes = flipped(&bytes, bit);
        match part {
            0 => changed.method = String::from_utf8(bytes).ok()?,
            1 => changed.uri = Uri::try_from(bytes).ok()?,
            2 => changed.body = bytes,
            n => {
                let trimmed = bytes.trim_ascii();
                changed.headers.insert(headers[n - 3].parse::<HeaderName>().ok()?, HeaderValue::from_bytes(trimmed).ok()?);
            }
        }
        return Some(changed);
    }
    None
}

/// The decoded meaning of a request: what the business code would act on. Candidate C1 signs blank values as empty, so all blanks are one.
fn meaning(vector: &Vector) -> (String, String, sign::Pairs, Vec<u8>) {
    let mut pairs = if sign::is_form(&vector.headers) { sign::form_decode(&vector.body) } else { Vec::new() };
    pairs.extend(sign::form_decode(vector.uri.query().unwrap_or_default().as_bytes()));
    for (_, value) in &mut pairs {
        if value.iter().all(|b| b.is_ascii_whitespace() || *b == 0x0b) {
            value.clear();
        }
    }
    let rest = if sign::is_form(&vector.headers) { Vec::new() } else { vector.body.clone() };
    (vector.method.clone(), vector.uri.path().to_owned(), pairs, rest)
}

/// True when one name has two values: the parameter check refuses it (see the N4 case below).
fn is_ambiguous(vector: &Vector) -> bool {
    let (_, _, pairs, _) = meaning(vector);
    pairs.iter().any(|(k, v)| pairs.iter().any(|(l, w)| k == l && v != w))
}

#[test]
fn single_bit_flips_never_change_a_request_unnoticed() {
    let wanted = if std::env::var_os("FACEID_LONG").is_some() { 100_000 } else { 10_000 };
    let vectors: Vec<Vector> = Vector::all().into_iter().filter(|v| v.expect == "accept").collect();
    let (mut tried, mut refused, mut same_meaning) = (0, 0, 0);
    let mut round = 0;
    while tried < wanted {
        for vector in &vectors {
            let list = vector.headers["x-ca-signature-headers"].to_str().expect("text");
            let own = ["accept", "content-type", "content-md5", "date", "x-ca-signature", "x-ca-signature-headers"];
            let headers: Vec<String> =
                list.split(',').chain(own).map(str::to_lowercase).filter(|name| vector.headers.contains_key(name)).collect();
            let bits = 8
                * (vector.method.len()
                    + vector.uri.to_string().len()
                    + vector.body.len()
                    + headers.iter().map(|h| vector.headers[h].len()).sum::<usize>());
            // a stride that visits every bit in time
            let Some(changed) = flip(vector, &headers, (round * 7919) % bits) else { continue };
            tried += 1;
            let got = sign::verify(&changed.request(), changed.secret.as_bytes(), Policy::default(), vector.now());
            if got.is_err() {
                refused += 1;
            } else {
                // Only another spelling of the very same bytes (hex digits of %xx are case-free) may pass; its nonce is the same, so it is a replay.
                // A query value shadowed by a form value of the same name is not signed either; such a request is refused as ambiguous.
                assert!(
                    meaning(&changed) == meaning(vector) || is_ambiguous(&changed),
                    "{}: a changed request passed: {} {:?} {:?}",
                    vector.id,
                    changed.uri,
                    String::from_utf8_lossy(&changed.body),
                    changed.headers
                );
                same_meaning += 1;
            }
        }
        round += 1;
    }
    println!("bit flips: {tried} tried, {refused} refused, {same_meaning} other spellings of the same bytes");
    assert!(same_meaning * 100 < tried, "other spellings are rare: {same_meaning} of {tried}");
}

#[test]
fn sha1_only_when_switched_on() {
    let text = "GET\n\n\n\n\nx-ca-key:k\nx-ca-signature-method:HmacSHA1\nx-ca-timestamp:1532485677123\n/p";
    let mac = {
        use base64::{Engine, engine::general_purpose::STANDARD};
        use hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<sha1::Sha1>::new_from_slice(b"s").expect("any key length");
        mac.update(text.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    };
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-ca-key", "k"),
        ("x-ca-timestamp", "1532485677123"),
        ("x-ca-signature-method", "HmacSHA1"),
        ("x-ca-signature-headers", "x-ca-key,x-ca-signature-method,x-ca-timestamp"),
        ("x-ca-signature", &mac),
    ] {
        headers.insert(name, HeaderValue::from_str(value).expect("value"));
    }
    let verify = |sha1: bool, headers: &HeaderMap| {
        let request = SignedRequest { method: "GET", base_path: "", path: "/p", query: None, headers, body: b"" };
        sign::verify(&request, b"s", Policy { sha1, ..Policy::default() }, Millis(1_532_485_677_123)).map(|v| v.candidate)
    };
    assert_eq!(verify(false, &headers), Err(Fault::Signature), "refused by default");
    assert_eq!(verify(true, &headers), Ok(Candidate::C0), "switched on");
    headers.insert("x-ca-signature-method", HeaderValue::from_static("HmacSHA256"));
    assert_eq!(verify(true, &headers), Err(Fault::Signature), "20 bytes are no SHA-256");
}

#[tokio::test]
async fn vectors_pass_the_router_as_far_as_the_parameters() {
    for vector in Vector::all().into_iter().filter(|v| v.uri.path().starts_with("/face/")) {
        let world = World::new().await;
        world.clock.set(vector.now().0);
        let mut request = Request::builder()
            .method(vector.method.as_str())
            .uri(vector.uri.clone())
            .body(Body::from(vector.body.clone()))
            .expect("request");
        *request.headers_mut() = vector.headers.clone();
        let answer = world.send(request).await;
        let expected = match vector.id.as_str() {
            "N1" | "P1" => (200, String::new()),
            // no form, no parameters
            "N3" => (400, "MISSING_ARGUMENTS:liveness_type".into()),
            // a form value and a query value differ
            "N4" => (400, "BAD_ARGUMENTS:liveness_type".into()),
            "J1" => (400, "BAD_ARGUMENTS:uuid".into()),
            "N2" | "J3" | "P2" => (400, "BAD_ARGUMENTS:biz_token".into()),
            "J2" => (403, "AUTHENTICATION_ERROR".into()),
            "N5" | "P3" => (403, "INVALID_SIGN".into()),
            other => panic!("{other}: no expectation"),
        };
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"].as_str().unwrap_or_default().to_owned()),
            expected,
            "{}: {}",
            vector.id,
            answer.text()
        );
    }
}
