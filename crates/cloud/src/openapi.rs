//! The public API as an OpenAPI document: served at `/openapi.json`, kept in docs/openapi.json, errors taken from the one table of codes.

use crate::config::{PHOTO_MAX, PHOTO_SIDE_MAX};
use axum::response::IntoResponse;
use faceid_protocol::codes::{self, Table, meaning};
use http::header;
use serde_json::{Map, Value, json};

/// Where it is served.
pub const PATH: &str = "/openapi.json";

pub(crate) async fn handle() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document().to_string())
}

/// The document.
#[must_use]
pub fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "faceid-liveness, public API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Two calls of a customer's backend. The page in between speaks a private protocol (docs/protocol.md).",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" }
        },
        "security": [{ "gatewaySignature": [] }, { "appCode": [] }, {}],
        "paths": {
            crate::public::GET_BIZ_TOKEN: { "post": get_biz_token() },
            crate::public::GET_RESULT: { "get": get_result() }
        },
        "components": { "securitySchemes": security(), "schemas": schemas() }
    })
}

fn get_biz_token() -> Value {
    json!({
        "operationId": "get_biz_token",
        "summary": "Token for one identity verification, usable by the page for an hour",
        "description": "Parameters may also stand in the query. The first parameter at fault is reported, the others are not.",
        "requestBody": { "required": true, "content": {
            "application/x-www-form-urlencoded": { "schema": request(&json!({ "type": "string", "contentEncoding": "base64" })) },
            "multipart/form-data": { "schema": request(&json!({ "type": "string", "format": "binary" })) }
        } },
        "responses": responses(Table::HttpGetBizToken, "BizToken")
    })
}

fn get_result() -> Value {
    json!({
        "operationId": "get_result",
        "summary": "What a session came to; readable for 24 hours",
        "parameters": [
            { "name": "biz_token", "in": "query", "required": true, "schema": { "type": "string" } },
            { "name": "verbose", "in": "query", "description": "1 adds comparison details, the best picture and the attack cues",
              "schema": { "type": "integer", "enum": [0, 1], "default": 0 } }
        ],
        "responses": responses(Table::HttpGetResult, "Result")
    })
}

fn request(photo: &Value) -> Value {
    let number = |least: u32, most: u32, default: u32, text: &str| json!({ "type": "integer", "minimum": least, "maximum": most, "default": default, "description": text });
    let mut photo = photo.clone();
    photo["description"] =
        format!("JPEG, PNG, WebP or BMP with a face, at most {PHOTO_MAX} bytes, sides at most {PHOTO_SIDE_MAX} px").into();
    json!({
        "type": "object",
        "required": ["liveness_type", "idcard_name", "idcard_number"],
        "additionalProperties": true,
        "properties": {
            "liveness_type": { "type": "string", "const": "meglive" },
            "idcard_name": { "type": "string", "minLength": 1, "maxLength": 32 },
            "idcard_number": { "type": "string", "pattern": "^[0-9]{17}[0-9Xx]$", "description": "with a right check digit" },
            "image_ref1": photo,
            "image_ref2": photo,
            "biz_no": { "type": "string", "description": "at most 128 bytes, given back untouched" },
            "liveness_timeout": number(5, 60, 60, "seconds"),
            "liveness_action_count": number(1, 3, 3, "actions to ask"),
            "security_level": number(1, 4, 2, "picks the threshold: 1e-3, 1e-4, 1e-5, 1e-6"),
            "force_compare": number(0, 1, 0, "1 compares even after an attack; the result stays 4100"),
            "multi_oriented_detection": number(0, 1, 1, "look for a face in turned reference photos, too"),
            "sign": { "type": "string", "description": "native sign, instead of the gateway's headers" },
            "sign_version": { "type": "string", "const": "hmac_sha1" }
        }
    })
}

/// One answer per status of the table, with every row of that status.
fn responses(table: Table, schema: &str) -> Value {
    let mut all = Map::new();
    let request_id = json!({ "description": "as request_id", "schema": { "type": "string" } });
    all.insert(
        "200".into(),
        json!({ "description": "done", "headers": { "X-Ca-Request-Id": request_id },
            "content": { "application/json": { "schema": { "$ref": format!("#/components/schemas/{schema}") } } } }),
    );
    for row in codes::rows(table) {
        let status = row.code.to_string();
        let plain = row.code == 413;
        let answer = all.entry(status).or_insert_with(|| {
            let content = if plain {
                json!({ "text/plain": { "schema": { "type": "string" }, "examples": {} } })
            } else {
                json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Error" }, "examples": {} } })
            };
            json!({ "description": "refused", "headers": { "X-Ca-Request-Id": request_id }, "content": content })
        });
        let kind = if plain { "text/plain" } else { "application/json" };
        let example = if plain {
            json!(row.message)
        } else {
            json!({ "request_id": "1532485677,fb241f74-e4e0-4396-ad74-eb8c1764aa1b", "time_used": 3, "error": row.message })
        };
        answer["content"][kind]["examples"][row.message] = json!({ "summary": meaning(row).en, "value": example });
    }
    Value::Object(all)
}

fn security() -> Value {
    json!({
        "gatewaySignature": { "type": "apiKey", "in": "header", "name": "X-Ca-Signature",
            "description": "HMAC-SHA256 over method, headers, path and parameters, with X-Ca-Key, X-Ca-Timestamp, X-Ca-Nonce and X-Ca-Signature-Headers (docs/operations.md)" },
        "appCode": { "type": "apiKey", "in": "header", "name": "Authorization", "description": "`APPCODE` and the code" }
    })
}

fn schemas() -> Value {
    let always = json!({
        "request_id": { "type": "string" },
        "time_used": { "type": "integer", "minimum": 0, "description": "ms" }
    });
    let with = |more: Value, required: &[&str]| {
        let mut properties = always.clone();
        if let (Some(all), Value::Object(more)) = (properties.as_object_mut(), more) {
            all.extend(more);
        }
        let required: Vec<&str> = ["request_id", "time_used"].into_iter().chain(required.iter().copied()).collect();
        json!({ "type": "object", "properties": properties, "required": required })
    };
    let percent = json!({ "type": "number", "minimum": 0, "maximum": 100 });
    let likeness = json!({ "$ref": "#/components/schemas/Likeness" });
    let results: Vec<Value> = codes::rows(Table::Result)
        .iter()
        .map(|row| json!({ "title": meaning(row).en, "properties": { "result_code": { "const": row.code }, "result_message": { "const": row.message } } }))
        .collect();
    let mut result = with(
        json!({
            "biz_no": { "type": "string" },
            "biz_token": { "type": "string" },
            "result_code": { "type": "integer", "description": "1000, 2000 and 3000 are billed" },
            "result_message": { "type": "string" },
            "verification": { "type": "object", "description": "verbose=1", "properties": { "idcard": likeness, "ref1": likeness, "ref2": likeness } },
            "images": { "type": "object", "description": "verbose=1", "properties": { "image_best": { "type": "string", "contentEncoding": "base64", "contentMediaType": "image/jpeg" } } },
            "cues": { "type": "array", "description": "verbose=1; not part of the documented API", "items": { "type": "object" } },
            "injection": { "type": "object", "description": "verbose=1; not part of the documented API; what the browser told of its camera, decides nothing", "properties": {
                "risk": { "type": "number", "minimum": 0, "maximum": 1 },
                "signals": { "type": "array", "items": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string" }, "raised": { "type": "boolean" } } } }
            } },
            "simulated": { "type": "boolean", "description": "true only on a demo server that accepts the simulated person" }
        }),
        &["biz_token", "result_code", "result_message"],
    );
    result["anyOf"] = results.into();
    json!({
        "BizToken": with(json!({ "biz_token": { "type": "string" } }), &["biz_token"]),
        "Result": result,
        "Likeness": { "type": "object", "required": ["confidence", "thresholds"], "properties": {
            "confidence": percent,
            "thresholds": { "type": "object", "properties": { "1e-3": percent, "1e-4": percent, "1e-5": percent, "1e-6": percent } }
        } },
        "Error": with(json!({ "error": { "type": "string", "description": "placeholders in the examples are filled" } }), &["error"])
    })
}
