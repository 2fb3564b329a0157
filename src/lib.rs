//! Browser glue of the liveness module: two wasm binaries from one crate, chosen by feature.
