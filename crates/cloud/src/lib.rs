//! Self-hosted liveness cloud: the public API, the private SDK protocol, stores, billing and the command line.
//!
//! Time, the judge and the authority source are passed in; everything else is SQLite and HTTP.
#![forbid(unsafe_code)]

pub mod accounts;
mod app;
pub mod authority;
mod body;
pub mod cli;
pub mod clock;
pub mod config;
pub mod face_judge;
pub mod failpoints;
pub mod idnumber;
pub mod judging;
pub mod limits;
pub mod management;
pub mod metrics;
pub mod models;
pub mod notify;
pub mod openapi;
mod operator;
mod outgoing;
pub mod peer;
pub mod public;
pub mod random;
mod replay;
mod sdk;
pub mod server;
pub mod sign;
pub mod signals;
pub mod store;
pub mod upkeep;
pub mod vault;
mod verdict;

pub use app::{App, DemoMode, Parts};

use axum::Router;

/// Every route of the service.
pub fn router(app: App) -> Router {
    public::routes().merge(sdk::routes(&app)).with_state(app)
}
