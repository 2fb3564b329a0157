//! One network at a time in WebAssembly, for `cargo xtask bench web`: ours and stock tract take the same pictures, so that JavaScript can time
//! them alternately. `roof` is what the same machine could do at most. And the whole judge, for `cargo xtask agreement`: does the server's build
//! say the same of a session as WebAssembly?
#![forbid(unsafe_code)]

#[cfg(feature = "compact")]
mod compact;
#[cfg(feature = "figures")]
mod figures;
#[cfg(feature = "judge")]
mod judge;
#[cfg(all(feature = "compact", target_arch = "wasm32", target_feature = "simd128"))]
mod roof;
#[cfg(feature = "stock")]
mod stock;

#[cfg(feature = "compact")]
pub use compact::Compact;
#[cfg(feature = "figures")]
pub use figures::figures;
#[cfg(feature = "judge")]
pub use judge::PageJudge;
#[cfg(all(feature = "compact", target_arch = "wasm32", target_feature = "simd128"))]
pub use roof::roof;
#[cfg(feature = "stock")]
pub use stock::Stock;
