//! faceid-lab: measures the native pipeline on photographs and clips.
//!
//! Uses the same vision, session and judge code as page and server; nothing here judges by itself.
#![forbid(unsafe_code)]

mod ablation;
mod attack;
mod bench_cloud;
mod bench_frame;
mod bench_networks;
pub mod bestframe;
mod bootstrap;
pub mod cache;
mod calibrate;
pub mod cli;
pub mod clip;
mod cut;
pub mod degrade;
pub mod eval;
mod evaluation;
pub mod gates;
mod image_commands;
mod judged;
pub mod labels;
pub mod matching;
pub mod metrics;
pub mod models;
pub mod pairs;
pub mod plot;
mod redteam;
pub mod sheet;
pub mod simulate;
pub mod slices;
pub mod traces;
mod upload;
pub mod variant;
pub mod video;
mod workers;
