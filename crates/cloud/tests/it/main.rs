//! The whole service over its router, on real databases in temporary folders.
#![allow(unreachable_pub, reason = "one test binary of many files")]

mod cli;
mod common;
mod finalise;
mod gateway_signature;
mod logs;
mod page;
mod private_calls;
mod private_init;
mod public_api;
mod public_result;
