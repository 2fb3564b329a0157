//! The whole service over its router, on real databases in temporary folders.
#![allow(unreachable_pub, reason = "one test binary of many files")]

mod accounts;
mod authority_http;
mod cli;
mod code_coverage;
pub(crate) mod common;
pub(crate) mod database;
mod finalise;
mod gateway_calls;
mod gateway_signature;
mod interop;
mod logs;
mod native_sign;
mod notify;
pub(crate) mod page;
mod private_calls;
mod private_init;
mod public_api;
mod public_result;
mod real_photos;
mod schema;
