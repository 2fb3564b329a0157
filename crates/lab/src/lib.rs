//! faceid-lab: evaluation, comparison figures and benches.
#![forbid(unsafe_code)]
