//! Evidence bundle to verdict: pure, runs vision and session again on uploaded frames.
#![forbid(unsafe_code)]
