//! The signed public API, as a customer's backend calls it.

use crate::{
    PublicError,
    gateway::{Signable, sign, string_to_sign},
    http::{Reply, exchange},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use faceid_protocol::codes::{self, Coded, Table};
use reqwest::{
    Method, Url,
    header::{ACCEPT, CONTENT_TYPE, HeaderValue},
};
use serde::Deserialize;
use serde_json::Value;
use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

const GET_BIZ_TOKEN: &str = "/face/v1.2/sdk/get_biz_token";
const GET_RESULT: &str = "/face/v1.2/sdk/get_result";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

/// A client of the public API with one key.
#[derive(Clone)]
pub struct PublicClient {
    http: reqwest::Client,
    base: Url,
    key: String,
    secret: String,
}

impl fmt::Debug for PublicClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicClient").field("base", &self.base.as_str()).field("key", &self.key).finish_non_exhaustive()
    }
}

/// Parameters of get_biz_token. `None` leaves a parameter out, so that the server's default applies.
#[derive(Clone, Default)]
pub struct BizTokenRequest {
    /// `idcard_name`
    pub idcard_name: String,
    /// `idcard_number`
    pub idcard_number: String,
    /// `image_ref1`: an image file's bytes.
    pub image_ref1: Option<Vec<u8>>,
    /// `image_ref2`: an image file's bytes.
    pub image_ref2: Option<Vec<u8>>,
    /// `biz_no`, at most 128 bytes.
    pub biz_no: Option<String>,
    /// `liveness_timeout`, 5 to 60 s.
    pub liveness_timeout: Option<u32>,
    /// `liveness_action_count`, 1 to 3.
    pub liveness_action_count: Option<u32>,
    /// `security_level`, 1 to 4.
    pub security_level: Option<u32>,
    /// `force_compare`
    pub force_compare: Option<bool>,
    /// `multi_oriented_detection`
    pub multi_oriented_detection: Option<bool>,
}

impl fmt::Debug for BizTokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BizTokenRequest(personal data withheld)")
    }
}

impl BizTokenRequest {
    fn form(&self) -> Vec<(&'static str, String)> {
        let flag = |value: bool| u8::from(value).to_string();
        let optional = [
            ("image_ref1", self.image_ref1.as_ref().map(|image| STANDARD.encode(image))),
            ("image_ref2", self.image_ref2.as_ref().map(|image| STANDARD.encode(image))),
            ("biz_no", self.biz_no.clone()),
            ("liveness_timeout", self.liveness_timeout.map(|n| n.to_string())),
            ("liveness_action_count", self.liveness_action_count.map(|n| n.to_string())),
            ("security_level", self.security_level.map(|n| n.to_string())),
            ("force_compare", self.force_compare.map(flag)),
            ("multi_oriented_detection", self.multi_oriented_detection.map(flag)),
        ];
        let required = [
            ("liveness_type", "meglive".to_owned()),
            ("idcard_name", self.idcard_name.clone()),
            ("idcard_number", self.idcard_number.clone()),
        ];
        required.into_iter().chain(optional.into_iter().filter_map(|(name, value)| Some((name, value?)))).collect()
    }
}

/// Reply of get_biz_token.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct BizToken {
    /// Names the request for later tracing.
    pub request_id: String,
    /// Milliseconds the server took.
    pub time_used: u64,
    /// To be handed to the SDK: whoever holds it may run the session once.
    pub biz_token: String,
}

impl fmt::Debug for BizToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BizToken").field("request_id", &self.request_id).field("time_used", &self.time_used).finish_non_exhaustive()
    }
}

/// Reply of get_result.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultReply {
    /// `result_code` and `result_message`.
    pub result: Coded,
    /// The whole reply.
    pub body: Value,
}

impl PublicClient {
    /// A client of the cloud at `base` (for example `http://127.0.0.1:8080`) that signs with `key` and its `secret`.
    ///
    /// # Errors
    /// When the address is no http address or the HTTP library cannot start.
    pub fn new(base: &str, key: &str, secret: &str, timeout: Duration) -> Result<Self, PublicError> {
        let base: Url = base.parse().map_err(|_| PublicError::Address)?;
        if base.cannot_be_a_base() {
            return Err(PublicError::Address);
        }
        let http = crate::http::client(timeout).map_err(crate::Transport::from)?;
        Ok(Self { http, base, key: key.to_owned(), secret: secret.to_owned() })
    }

    /// get_biz_token. Not repeated on failure: each call may mint a session.
    ///
    /// # Errors
    /// When the server refuses, the network fails, or the reply is unreadable.
    pub async fn get_biz_token(&self, request: &BizTokenRequest) -> Result<BizToken, PublicError> {
        let form = request.form();
        let reply = self.call(Method::POST, GET_BIZ_TOKEN, &form).await?;
        if !reply.status.is_success() {
            return Err(refused(Table::HttpGetBizToken, &reply));
        }
        Ok(serde_json::from_slice(&reply.body)?)
    }

    /// get_result. `verbose` adds the comparison and the best photo.
    ///
    /// # Errors
    /// When the server refuses, the network fails, or the reply is unreadable.
    pub async fn get_result(&self, biz_token: &str, verbose: bool) -> Result<ResultReply, PublicError> {
        #[derive(Deserialize)]
        struct Conclusion {
            result_code: u32,
            result_message: String,
        }
        let query = [("biz_token", biz_token.to_owned()), ("verbose", u8::from(verbose).to_string())];
        let reply = self.call(Method::GET, GET_RESULT, &query).await?;
        if !reply.status.is_success() {
            return Err(refused(Table::HttpGetResult, &reply));
        }
        let conclusion: Conclusion = serde_json::from_slice(&reply.body)?;
        Ok(ResultReply {
            result: Coded::new(conclusion.result_code, conclusion.result_message),
            body: serde_json::from_slice(&reply.body)?,
        })
    }

    async fn call(&self, method: Method, path: &str, params: &[(&'static str, String)]) -> Result<Reply, PublicError> {
        let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|_| PublicError::Address)?.as_millis().to_string();
        let nonce = nonce()?;
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        let post = method == Method::POST;
        let content_type = if post { FORM } else { "" };
        let headers = [("x-ca-key", self.key.as_str()), ("x-ca-nonce", nonce.as_str()), ("x-ca-timestamp", timestamp.as_str())];
        let text = string_to_sign(&Signable {
            method: method.as_str(),
            accept: JSON,
            content_type,
            headers: headers.to_vec(),
            path: url.path(),
            params: params.iter().map(|(name, value)| (*name, value.as_str())).collect(),
            ..Signable::default()
        });
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        if !post {
            url.set_query(Some(&encoded));
        }
        let mut request = self
            .http
            .request(method, url)
            .header(ACCEPT, JSON)
            .header("x-ca-signature-headers", headers.map(|(name, _)| name).join(","))
            .header("x-ca-signature", sign(&self.secret, &text));
        for (name, value) in headers {
            request = request.header(name, HeaderValue::from_str(value).map_err(|_| PublicError::Address)?);
        }
        if post {
            request = request.header(CONTENT_TYPE, FORM).body(encoded);
        }
        Ok(exchange(request).await?)
    }
}

/// 128 random bits in UUID layout.
fn nonce() -> Result<String, PublicError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| PublicError::Entropy)?;
    let hex = hex::encode(bytes);
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

fn refused(table: Table, reply: &Reply) -> PublicError {
    #[derive(Deserialize)]
    struct Body {
        error: String,
    }
    // 413 is plain text by the specification; a gateway in between may answer with anything
    let message = serde_json::from_slice::<Body>(&reply.body)
        .map_or_else(|_| String::from_utf8_lossy(&reply.body[..reply.body.len().min(200)]).trim().to_owned(), |body| body.error);
    let code = u32::from(reply.status.as_u16());
    let row = codes::find(table, code, &message);
    PublicError::Refused { error: Coded::new(code, message), row, detail: reply.header("x-ca-error-message").map(str::to_owned) }
}
