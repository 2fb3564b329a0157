//! The whole service over its router, on real databases in temporary folders.
#![allow(unreachable_pub, reason = "one test binary of many files")]

mod accounts;
mod audit;
mod authority_http;
mod cli;
mod code_coverage;
mod common;
mod crash;
mod database;
mod finalise;
mod fuzz;
mod gateway_calls;
mod gateway_signature;
mod interop;
mod logs;
mod machine;
mod motion;
mod native_sign;
mod node;
mod nodes;
mod notify;
mod openapi;
mod operator;
mod page;
mod passive;
mod pictures;
mod private_calls;
mod private_init;
mod protocol;
mod public_api;
mod public_result;
mod real_photos;
mod replay;
mod schema;
