//! Sans-IO liveness session: observations and time in, events and effects out.
#![forbid(unsafe_code)]
