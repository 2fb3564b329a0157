//! Entry point.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use faceid_lab::cli::{self, Cli};

fn main() -> ExitCode {
    cli::main(&Cli::parse())
}
