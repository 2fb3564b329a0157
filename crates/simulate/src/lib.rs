//! The simulated person: a deterministic, scriptable face for tests and demos.
#![forbid(unsafe_code)]
