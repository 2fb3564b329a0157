//! The whole service over its router, on real databases in temporary folders.
#![allow(unreachable_pub, reason = "one test binary of many files")]

mod audit;
mod cli;
pub(crate) mod common;
mod crash;
pub(crate) mod database;
mod finalise;
mod fuzz;
mod gateway_signature;
mod logs;
mod machine;
pub(crate) mod node;
mod nodes;
pub(crate) mod page;
mod pictures;
mod private_calls;
mod private_init;
mod public_api;
mod public_result;
mod schema;
