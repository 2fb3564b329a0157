//! get_biz_token: every row of its error table, the order of checks, bodies, limits.

use crate::common::{Answer, KEY, NAME, NUMBER, SECRET, World, encode_form, usual};
use axum::body::Body;
use base64::{Engine, engine::general_purpose::STANDARD};
use faceid_cloud::{config::Config, store::NewKey};
use faceid_protocol::Millis;
use http::Request;

const URL: &str = "/face/v1.2/sdk/get_biz_token";

fn shown(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.error())
}

fn with(changes: &[(&str, Option<&str>)]) -> Vec<(String, String)> {
    let mut form = usual();
    for (key, value) in changes {
        form.retain(|(k, _)| k != key);
        if let Some(value) = value {
            form.push(((*key).to_owned(), (*value).to_owned()));
        }
    }
    form
}

/// What a good client sends, answered: the parts every answer has.
fn check_envelope(answer: &Answer) {
    let json = answer.json();
    let id = json["request_id"].as_str().expect("request_id").to_owned();
    let (seconds, uuid) = id.split_once(',').expect("comma");
    assert!(seconds.parse::<u64>().is_ok() && uuid.split('-').map(str::len).eq([8, 4, 4, 4, 12]), "{id}");
    assert!(json["time_used"].is_u64(), "{json}");
    assert_eq!(answer.header("x-ca-request-id"), id, "the header names the same request");
    assert_eq!(answer.header("access-control-allow-origin"), "", "no CORS");
    assert_eq!(json.get("error").is_none(), answer.status.is_success(), "error exactly on failure");
    assert_eq!(answer.header("x-ca-error-message").is_empty(), answer.status.is_success(), "gateway message exactly on failure");
}

#[tokio::test]
async fn parameters_are_checked_one_by_one_in_the_order_of_the_table() {
    let world = World::new().await;
    let b128 = "x".repeat(128);
    let b129 = "x".repeat(129);
    let han = "号".repeat(43);
    let n32 = "名".repeat(32);
    let n33 = "名".repeat(33);
    type Case<'a> = (&'a [(&'a str, Option<&'a str>)], &'a str);
    let cases: &[Case<'_>] = &[
        (&[("liveness_type", None)], "MISSING_ARGUMENTS:liveness_type"),
        (&[("liveness_type", Some(""))], "MISSING_ARGUMENTS:liveness_type"),
        (&[("liveness_type", Some("still"))], "BAD_ARGUMENTS:liveness_type"),
        (&[("liveness_type", Some("MEGLIVE"))], "BAD_ARGUMENTS:liveness_type"),
        (&[("idcard_name", None)], "MISSING_ARGUMENTS:idcard_name"),
        (&[("idcard_name", Some(""))], "MISSING_ARGUMENTS:idcard_name"),
        (&[("idcard_name", Some(&n32))], ""),
        (&[("idcard_name", Some(&n33))], "BAD_ARGUMENTS:idcard_name"),
        (&[("idcard_name", Some("a\u{0}b"))], "BAD_ARGUMENTS:idcard_name"),
        (&[("idcard_number", None)], "MISSING_ARGUMENTS:idcard_number"),
        (&[("idcard_number", Some("110101199003074478"))], "BAD_ARGUMENTS:idcard_number"),
        (&[("idcard_number", Some("11010119900307447"))], "BAD_ARGUMENTS:idcard_number"),
        (&[("idcard_number", Some("1101011990030744770"))], "BAD_ARGUMENTS:idcard_number"),
        (&[("idcard_number", Some("11010519491231002x"))], ""),
        (&[("image_ref1", Some(""))], ""),
        (&[("image_ref1", Some("undefined"))], "IMAGE_ERROR_UNSUPPORTED_FORMAT:image_ref1"),
        (&[("image_ref1", Some("!!!"))], "IMAGE_ERROR_UNSUPPORTED_FORMAT:image_ref1"),
        (&[("image_ref2", Some("bm90IGEgcGljdHVyZQ=="))], "IMAGE_ERROR_UNSUPPORTED_FORMAT:image_ref2"),
        (&[("image_ref1", Some("aHVnZQ=="))], "INVALID_IMAGE_SIZEimage_ref1"),
        (&[("image_ref2", Some("aHVnZQ=="))], "INVALID_IMAGE_SIZEimage_ref2"),
        (&[("image_ref1", Some("Ymxhbms="))], "NO_FACE_FOUND:image_ref1"),
        (&[("image_ref2", Some("Ymxhbms="))], "NO_FACE_FOUND:image_ref2"),
        (&[("image_ref1", Some("ZmFjZQ=="))], ""),
        (&[("image_ref1", Some("ZmFjZQ"))], ""),
        (&[("image_ref1", Some("ZmFj\nZQ=="))], ""),
        (&[("biz_no", Some(&b128))], ""),
        (&[("biz_no", Some(&b129))], "BAD_ARGUMENTS:biz_no"),
        (&[("biz_no", Some(&han))], "BAD_ARGUMENTS:biz_no"),
        (&[("biz_no", Some(""))], ""),
        (&[("liveness_timeout", Some("5"))], ""),
        (&[("liveness_timeout", Some("60"))], ""),
        (&[("liveness_timeout", Some("4"))], "BAD_ARGUMENTS:liveness_timeout"),
        (&[("liveness_timeout", Some("61"))], "BAD_ARGUMENTS:liveness_timeout"),
        (&[("liveness_timeout", Some("6e1"))], "BAD_ARGUMENTS:liveness_timeout"),
        (&[("liveness_timeout", Some("-5"))], "BAD_ARGUMENTS:liveness_timeout"),
        (&[("liveness_timeout", Some("99999999999999999999"))], "BAD_ARGUMENTS:liveness_timeout"),
        (&[("liveness_action_count", Some("1"))], ""),
        (&[("liveness_action_count", Some("0"))], "BAD_ARGUMENTS:liveness_action_count"),
        (&[("liveness_action_count", Some("4"))], "BAD_ARGUMENTS:liveness_action_count"),
        (&[("security_level", Some("4"))], ""),
        (&[("security_level", Some("0"))], "BAD_ARGUMENTS:security_level"),
        (&[("security_level", Some("5"))], "BAD_ARGUMENTS:security_level"),
        (&[("security_level", Some("two"))], "BAD_ARGUMENTS:security_level"),
        (&[("force_compare", Some("1"))], ""),
        (&[("force_compare", Some("2"))], "BAD_ARGUMENTS:force_compare"),
        (&[("multi_oriented_detection", Some("0"))], ""),
        (&[("multi_oriented_detection", Some("2"))], "BAD_ARGUMENTS:multi_oriented_detection"),
        (&[("uuid", Some("x"))], "BAD_ARGUMENTS:uuid"),
        (&[("bad name\n", Some("x"))], "BAD_ARGUMENTS:unknown"),
        // only the first is reported, in the order of the table …
        (&[("idcard_name", None), ("idcard_number", Some("1")), ("security_level", Some("9"))], "MISSING_ARGUMENTS:idcard_name"),
        (&[("biz_no", Some(&b129)), ("multi_oriented_detection", Some("x"))], "BAD_ARGUMENTS:biz_no"),
        // … then parse, size, face, and image_ref1 before image_ref2
        (&[("image_ref1", Some("undefined")), ("security_level", Some("9"))], "BAD_ARGUMENTS:security_level"),
        (&[("image_ref1", Some("Ymxhbms=")), ("image_ref2", Some("aHVnZQ=="))], "INVALID_IMAGE_SIZEimage_ref2"),
        (&[("image_ref1", Some("aHVnZQ==")), ("image_ref2", Some("eA=="))], "IMAGE_ERROR_UNSUPPORTED_FORMAT:image_ref2"),
        (&[("image_ref1", Some("Ymxhbms=")), ("image_ref2", Some("Ymxhbms="))], "NO_FACE_FOUND:image_ref1"),
    ];
    for (changes, error) in cases {
        let answer = world.signed().post_form(&with(changes)).await;
        let status = if error.is_empty() { 200 } else { 400 };
        assert_eq!(shown(&answer), (status, (*error).to_owned()), "{changes:?}");
        check_envelope(&answer);
    }
}

#[tokio::test]
async fn repeated_parameters_and_broken_text() {
    let world = World::new().await;
    let mut form = usual();
    form.push(("idcard_name".into(), NAME.into()));
    assert_eq!(world.signed().post_form(&form).await.status.as_u16(), 200, "the same value twice");
    form.push(("security_level".into(), "1".into()));
    form.push(("security_level".into(), "4".into()));
    assert_eq!(shown(&world.signed().post_form(&form).await), (400, "BAD_ARGUMENTS:security_level".into()), "two values");

    let code = |form: &'static [u8]| {
        Request::post(URL)
            .header("authorization", "AppCode  code-0001 ")
            .header("content-type", "Application/X-WWW-Form-Urlencoded")
            .body(Body::from(form))
            .expect("request")
    };
    assert_eq!(
        shown(&world.send(code(b"liveness_type=meglive&idcard_name=%ff%fe")).await),
        (400, "BAD_ARGUMENTS:idcard_name".into()),
        "not UTF-8"
    );
    assert_eq!(shown(&world.send(code(b"")).await), (400, "MISSING_ARGUMENTS:liveness_type".into()), "no body");
    assert_eq!(shown(&world.send(code(b"&&&=&%&%zz=%z")).await), (400, "MISSING_ARGUMENTS:liveness_type".into()), "rubbish");
}

fn multipart(boundary: &str, parts: &[(&str, Option<&str>, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, file, bytes) in parts {
        let file = file.map(|f| format!("; filename=\"{f}\"\r\nContent-Type: image/jpeg")).unwrap_or_default();
        out.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").as_bytes());
        out.extend_from_slice(bytes);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    out
}

fn usual_parts<'a>(more: &[(&'a str, Option<&'a str>, &'a [u8])]) -> Vec<(&'a str, Option<&'a str>, &'a [u8])> {
    let mut parts: Vec<(&str, Option<&str>, &[u8])> =
        vec![("liveness_type", None, b"meglive"), ("idcard_name", None, NAME.as_bytes()), ("idcard_number", None, NUMBER.as_bytes())];
    parts.extend(more);
    parts
}

#[tokio::test]
async fn multipart_needs_a_credential_that_covers_it() {
    let world = World::new().await;
    let kind = "multipart/form-data; boundary=b";
    let body = multipart("b", &usual_parts(&[("image_ref1", Some("a.jpg"), b"face raw"), ("image_ref2", None, b"ZmFjZQ==")]));
    let by_code = |body: Vec<u8>| {
        Request::post(URL)
            .header("authorization", "APPCODE code-0001")
            .header("content-type", kind)
            .body(Body::from(body))
            .expect("request")
    };
    assert_eq!(shown(&world.send(by_code(body.clone())).await), (200, String::new()), "AppCode: raw file and base64 field");
    let bad = multipart("b", &usual_parts(&[("image_ref2", Some("a.jpg"), b"ZmFjZQ==")]));
    assert_eq!(shown(&world.send(by_code(bad)).await), (400, "IMAGE_ERROR_UNSUPPORTED_FORMAT:image_ref2".into()), "a file is not base64");
    let file_as_text = multipart("b", &[("liveness_type", Some("x.txt"), b"meglive")]);
    assert_eq!(shown(&world.send(by_code(file_as_text)).await), (400, "BAD_ARGUMENTS:liveness_type".into()), "a text sent as a file");
    assert_eq!(shown(&world.send(by_code(b"--b\r\nrubbish".to_vec())).await), (400, "BAD_ARGUMENTS:body".into()), "not multipart");

    let client = world.signed();
    let unsigned = world.send(client.request("POST", URL, kind, body.clone(), &[], None)).await;
    assert_eq!(
        (shown(&unsigned), unsigned.header("x-ca-error-message")),
        ((403, "AUTHENTICATION_ERROR".into()), "Unsupported Multipart".into()),
        "signature without Content-MD5"
    );
    use md5::Digest;
    let md5 = STANDARD.encode(md5::Md5::digest(&body));
    assert_eq!(
        shown(&world.send(client.request("POST", URL, kind, body, &[], Some(md5))).await),
        (200, String::new()),
        "signed Content-MD5"
    );
}

#[tokio::test]
async fn size_limits_are_ours_and_plain_text() {
    let world = World::new().await;
    let plain = |answer: &Answer, what: &str| {
        assert_eq!(
            (answer.status.as_u16(), answer.text(), answer.header("content-type")),
            (413, "Request Entity Too Large".into(), "text/plain; charset=utf-8".into()),
            "{what}"
        );
        assert!(!answer.header("x-ca-request-id").is_empty(), "{what}: the id is in a header");
    };
    let photo = |bytes: usize| {
        let mut file = b"face".to_vec();
        file.resize(bytes, b'.');
        file
    };
    let largest = STANDARD.encode(photo(2 * 1024 * 1024));
    let answer = world.signed().post_form(&with(&[("image_ref1", Some(&largest)), ("image_ref2", Some(&largest))])).await;
    assert_eq!(shown(&answer), (200, String::new()), "two photos of 2 MB: 5.6 MB of base64, far above the framework's own limit");
    let larger = STANDARD.encode(photo(2 * 1024 * 1024 + 1));
    plain(&world.signed().post_form(&with(&[("image_ref1", Some(&larger))])).await, "a photo over 2 MB");
    let raw = multipart("b", &usual_parts(&[("image_ref1", Some("a"), &photo(2 * 1024 * 1024))]));
    let request = |body: Body| {
        Request::post(URL)
            .header("authorization", "APPCODE code-0001")
            .header("content-type", "multipart/form-data; boundary=b")
            .body(body)
            .expect("request")
    };
    assert_eq!(world.send(request(Body::from(raw))).await.status.as_u16(), 200, "raw multipart");
    let raw = multipart("b", &usual_parts(&[("image_ref1", Some("a"), &photo(2 * 1024 * 1024 + 1))]));
    plain(&world.send(request(Body::from(raw))).await, "a raw photo over 2 MB");

    plain(&world.send(request(Body::from(vec![b'x'; 20 * 1024 * 1024 + 1]))).await, "20 MB and a byte");
    let mut stated = request(Body::empty());
    stated.headers_mut().insert("content-length", "20971521".parse().expect("value"));
    plain(&world.send(stated).await, "by its stated length alone");
    assert_eq!(world.send(request(Body::from(vec![b'x'; 20 * 1024 * 1024]))).await.error(), "BAD_ARGUMENTS:body", "20 MB are read");
}

#[tokio::test]
async fn credentials_and_standing() {
    let world = World::new().await;
    let auth = (403, "AUTHENTICATION_ERROR".to_owned());
    let form = encode_form(&usual());
    let post = |header: Option<(&'static str, &'static str)>| {
        let mut builder = Request::post(URL).header("content-type", "application/x-www-form-urlencoded");
        if let Some((name, value)) = header {
            builder = builder.header(name, value);
        }
        builder.body(Body::from(form.clone())).expect("request")
    };
    for (header, message) in [
        (None, "Empty Signature"),
        (Some(("authorization", "APPCODE wrong")), "Invalid AppCode"),
        (Some(("authorization", "APPCODE ")), "Empty Signature"),
        (Some(("authorization", "Bearer code-0001")), "Empty Signature"),
        (Some(("x-ca-signature", "AAAA")), "Invalid AppKey"),
    ] {
        let answer = world.send(post(header)).await;
        assert_eq!((shown(&answer), answer.header("x-ca-error-message")), (auth.clone(), message.into()), "{header:?}");
        check_envelope(&answer);
    }
    assert_eq!(world.send(post(Some(("authorization", "appcode   code-0001")))).await.status.as_u16(), 200, "AppCode in any case");
    let mut client = world.signed();
    client.secret = "wrong".into();
    assert_eq!(shown(&client.post_form(&usual()).await), auth, "wrong secret");
    client.key = "nobody".into();
    let answer = client.post_form(&usual()).await;
    assert_eq!((shown(&answer), answer.header("x-ca-error-message")), (auth, "Invalid AppKey".into()), "unknown key");

    let quota = NewKey {
        app_key: "small".into(),
        app_secret: "s".into(),
        app_code: None,
        label: String::new(),
        native: false,
        daily_quota: Some(2),
        origins: Vec::new(),
    };
    world.app.store.add_key(&quota, Millis(0)).await.expect("key");
    let client = crate::common::Client { world: &world, key: "small".into(), secret: "s".into() };
    for expected in [(200, ""), (200, ""), (403, "AUTHORIZATION_ERROR:QUOTA_EXCEEDED")] {
        assert_eq!(shown(&client.post_form(&usual()).await), (expected.0, expected.1.into()), "two a day");
    }
    world.clock.advance_s(24 * 3600 + 1);
    assert_eq!(client.post_form(&usual()).await.status.as_u16(), 200, "a day later");

    world.app.store.revoke_key(KEY, Millis(0)).await.expect("revoke");
    assert_eq!(shown(&world.signed().post_form(&usual()).await), (403, "AUTHORIZATION_ERROR:API_NOT_PERMITTED".into()), "revoked");
    assert_eq!(
        world.send(post(Some(("authorization", "APPCODE code-0001")))).await.error(),
        "AUTHORIZATION_ERROR:API_NOT_PERMITTED",
        "revoked AppCode"
    );
    assert_eq!(SECRET.len(), 19, "fixed by the vectors");
}

#[tokio::test]
async fn one_key_cannot_take_every_place() {
    let mut config = Config::default();
    config.public.concurrent_per_key = 1;
    let world = World::with(config, false).await;
    world.judge.photo_delay_ms.store(700, std::sync::atomic::Ordering::SeqCst);
    let (slow, quick) = (world.signed(), world.signed());
    let with_photo = with(&[("image_ref1", Some("ZmFjZQ=="))]);
    let form = usual();
    let late = async {
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        let refused = quick.post_form(&form).await;
        let result = quick.get("/face/v1.2/sdk/get_result?biz_token=x").await;
        (refused, result)
    };
    let (first, (second, third)) = tokio::join!(slow.post_form(&with_photo), late);
    assert_eq!(shown(&first), (200, String::new()), "the first");
    assert_eq!(shown(&second), (403, "CONCURRENCY_LIMIT_EXCEEDED".into()), "get_biz_token's row");
    assert_eq!(shown(&third), (429, "CONCURRENCY_LIMIT_EXCEEDED".into()), "get_result's row");
    assert_eq!(world.signed().post_form(&form).await.status.as_u16(), 200, "the place is free again");
}

#[tokio::test]
async fn unknown_routes_and_broken_stores() {
    let world = World::new().await;
    for (method, path) in [
        ("GET", "/"),
        ("GET", URL),
        ("PUT", URL),
        ("POST", "/face/v1.2/sdk/get_result"),
        ("POST", "/face/v2/sdk/get_biz_token"),
        ("POST", "/face/v1.2/sdk/get_biz_token/"),
    ] {
        let answer = world.send(Request::builder().method(method).uri(path).body(Body::empty()).expect("request")).await;
        assert_eq!(shown(&answer), (404, "API_NOT_FOUND".into()), "{method} {path}");
        check_envelope(&answer);
    }
    world.app.store.close().await;
    let answer = world.signed().post_form(&usual()).await;
    assert_eq!(shown(&answer), (500, "INTERNAL_ERROR".into()), "no database");
    check_envelope(&answer);
    assert_eq!(shown(&world.signed().get("/face/v1.2/sdk/get_result?biz_token=x").await), (500, "INTERNAL_ERROR".into()), "no database");
}
