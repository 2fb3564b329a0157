//! The API's description: what is served, what is kept in docs, and whether it speaks of the calls as they are.

use crate::common::{World, usual};
use axum::body::Body;
use faceid_cloud::openapi;
use faceid_protocol::codes::{Table, rows};
use http::Request;
use serde_json::Value;
use std::path::Path;

const KEPT: &str = "docs/openapi.json";

async fn served(world: &World) -> Value {
    world.send(Request::get(openapi::PATH).body(Body::empty()).expect("request")).await.json()
}

#[tokio::test]
async fn the_served_document_is_the_kept_one() {
    let document = served(&World::new().await).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(KEPT);
    let text = serde_json::to_string_pretty(&document).expect("JSON") + "\n";
    if std::env::var_os("FACEID_BLESS").is_some() {
        std::fs::write(&path, &text).expect("written");
    }
    let kept = std::fs::read_to_string(&path).expect(KEPT);
    assert!(kept == text, "the API changed: read it, then run this test with FACEID_BLESS=1 to write {KEPT}");
}

#[tokio::test]
async fn every_row_of_both_tables_is_described() {
    let document = served(&World::new().await).await;
    for (table, path, method) in
        [(Table::HttpGetBizToken, "/face/v1.2/sdk/get_biz_token", "post"), (Table::HttpGetResult, "/face/v1.2/sdk/get_result", "get")]
    {
        for row in rows(table) {
            let content = &document["paths"][path][method]["responses"][row.code.to_string()]["content"];
            let kind = if row.code == 413 { "text/plain" } else { "application/json" };
            assert!(content[kind]["examples"][row.message]["value"].to_string().contains(row.message), "{} {}", row.code, row.message);
        }
    }
    assert_eq!(document["components"]["schemas"]["Result"]["anyOf"].as_array().map(Vec::len), Some(rows(Table::Result).len()), "results");
}

#[tokio::test]
async fn described_parameters_are_those_that_are_read() {
    let world = World::new().await;
    let document = served(&world).await;
    let schema =
        &document["paths"]["/face/v1.2/sdk/get_biz_token"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"];
    for (name, shape) in schema["properties"].as_object().expect("parameters") {
        // Read by the authentication, which is over before a gateway-signed call's parameters are looked at.
        if name.starts_with("sign") {
            continue;
        }
        let mut form = usual();
        form.retain(|(known, _)| known != name);
        // A value that no parameter takes: whoever reads this one must object to it by its name.
        form.push((name.clone(), if name == "idcard_name" || name == "biz_no" { "n".repeat(200) } else { "\u{fffd}".into() }));
        let answer = world.signed().post_form(&form).await;
        assert!(answer.status.as_u16() == 400 && answer.error().ends_with(name.as_str()), "{name} {shape}: {}", answer.text());
    }
    for name in schema["required"].as_array().expect("required") {
        let mut form = usual();
        form.retain(|(known, _)| name != known.as_str());
        assert_eq!(
            world.signed().post_form(&form).await.error(),
            format!("MISSING_ARGUMENTS:{}", name.as_str().expect("text")),
            "required"
        );
    }
}
