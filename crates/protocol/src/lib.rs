//! Error taxonomy and wire messages shared by browser and cloud.
#![forbid(unsafe_code)]
