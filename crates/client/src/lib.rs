//! Native client of the private protocol, for the lab, red team and tests.
#![forbid(unsafe_code)]
