//! The gateway signature against published vectors (`vectors/gateway.json`).

use faceid_client::gateway::{Signable, sign, string_to_sign};
use serde::Deserialize;
use std::{borrow::Cow, collections::BTreeMap};

#[derive(Deserialize)]
struct Vector {
    id: String,
    app_secret: String,
    method: String,
    target: String,
    headers: BTreeMap<String, String>,
    body: String,
    string_to_sign: String,
    signature: String,
}

fn header<'a>(vector: &'a Vector, name: &str) -> &'a str {
    vector.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
}

#[test]
fn every_vector_is_reproduced() {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("vectors/gateway.json")).expect("vectors parse");
    assert_eq!(vectors.len(), 10, "vectors");
    for vector in &vectors {
        let (path, query) = vector.target.split_once('?').unwrap_or((&vector.target, ""));
        let content_type = header(vector, "content-type");
        let form = if content_type.starts_with("application/x-www-form-urlencoded") { vector.body.as_str() } else { "" };
        let params: Vec<(Cow<'_, str>, Cow<'_, str>)> =
            form_urlencoded::parse(form.as_bytes()).chain(form_urlencoded::parse(query.as_bytes())).collect();
        let text = string_to_sign(&Signable {
            method: &vector.method,
            accept: header(vector, "accept"),
            content_md5: header(vector, "content-md5"),
            content_type,
            date: header(vector, "date"),
            headers: header(vector, "x-ca-signature-headers").split(',').map(|name| (name, header(vector, name))).collect(),
            path,
            params: params.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect(),
        });
        assert_eq!(text, vector.string_to_sign, "string to sign of {}", vector.id);
        assert_eq!(sign(&vector.app_secret, &text), vector.signature, "signature of {}", vector.id);
    }
}
