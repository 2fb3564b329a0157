//! Self-hosted liveness cloud: public API, private SDK protocol, stores, billing, CLI.
#![forbid(unsafe_code)]
