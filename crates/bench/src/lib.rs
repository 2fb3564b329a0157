//! One network at a time in WebAssembly, for `cargo xtask bench web`: ours and stock tract take the same pictures, so that JavaScript can time
//! them alternately. `roof` is what the same machine could do at most.
#![forbid(unsafe_code)]

#[cfg(feature = "compact")]
mod compact;
#[cfg(all(feature = "compact", target_arch = "wasm32", target_feature = "simd128"))]
mod roof;
#[cfg(feature = "stock")]
mod stock;

#[cfg(feature = "compact")]
pub use compact::Compact;
#[cfg(all(feature = "compact", target_arch = "wasm32", target_feature = "simd128"))]
pub use roof::roof;
#[cfg(feature = "stock")]
pub use stock::Stock;
