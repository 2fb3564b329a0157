//! `faceid-sim`: prepares portraits, makes ID photos, writes camera files of the simulated person.
#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("faceid-sim: {error:#}");
            ExitCode::from(1)
        }
    }
}
