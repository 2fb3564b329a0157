//! The two public calls and their error tables.

mod auth;
mod get_biz_token;
mod get_result;
mod params;
mod photos;
mod respond;

pub use get_result::{ResultBody, result_body};

use crate::{app::App, openapi};
use axum::{Router, extract::Request, response::Response, routing};
use respond::{Call, Fault};

/// Path of get_biz_token.
pub const GET_BIZ_TOKEN: &str = "/face/v1.2/sdk/get_biz_token";
/// Path of get_result.
pub const GET_RESULT: &str = "/face/v1.2/sdk/get_result";

/// Routes of the public API and its description; everything else, wrong methods included, is API_NOT_FOUND.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route(GET_BIZ_TOKEN, routing::post(get_biz_token::handle).fallback(not_found))
        .route(GET_RESULT, routing::get(get_result::handle).fallback(not_found))
        .route(openapi::PATH, routing::get(openapi::handle).fallback(not_found))
        .fallback(not_found)
}

async fn not_found(axum::extract::State(app): axum::extract::State<App>, _: Request) -> Response {
    let call = Call::begin(&app, "unknown");
    call.fail(&Fault { gateway_code: Some("I404NF"), ..Fault::from(faceid_protocol::codes::http_get_biz_token::API_NOT_FOUND.coded()) })
}
