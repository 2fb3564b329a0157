//! SIMD kernels and their scalar twins: the only crate with unsafe code.
#![forbid(unsafe_code)]
