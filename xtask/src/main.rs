//! One entry for every chore of the project: set-up, demo, tests, models, generated files.
//!
//! Links none of the project's crates: it runs their binaries, so a chore never depends on the code it checks.
//! Exit codes: 0 done, 1 the checked thing does not hold, 2 usage, 3 environment (says what to install).
#![forbid(unsafe_code)]

mod agreement;
mod bench;
mod codegen;
mod demo;
mod engines;
mod models;
mod package;
mod portraits;
mod process;
mod protocol;
mod screens;
mod services;
mod sim;
mod soak;
mod testing;
mod tidy;
mod tools;
mod video;
mod wasm;
mod web;
mod weight;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the project")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set up, build and start the whole system; with --simulate or --camera run it in headless Chromium.
    Demo(demo::Options),
    /// What CI runs.
    Test(testing::Options),
    /// Fetch, convert and verify the model files.
    Models(models::Args),
    /// Write the files generated from the error taxonomy and from the package's declarations.
    Codegen {
        /// Only compare; exit 1 when a file is stale.
        #[arg(long)]
        check: bool,
    },
    /// Build the page and the npm package's files into dist/.
    Web,
    /// Pack the npm package, check it, and try it in bundlers and headless Chromium.
    Package(package::Options),
    /// Take a picture of every screen of the built page, and contact sheets.
    Screens(screens::Options),
    /// Kill a node of the cloud at random moments while sessions run: nothing acknowledged may be lost or billed twice.
    Soak(soak::Options),
    /// Judge the same sessions natively and in WebAssembly, and compare.
    Agreement(agreement::Options),
    /// Measure speed and memory on this machine.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Weigh what a first visit downloads, against the budget.
    Weight(weight::Options),
    /// Check the rules of the tree: dependency edges, unsafe ban, file sizes, leftovers.
    Tidy,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo(options) => demo::demo(&options),
        Command::Test(options) => testing::test(&options),
        Command::Models(args) => models::run(args),
        Command::Codegen { check } => codegen::run(check),
        Command::Web => web::build_web().map(|dist| println!("{}", dist.display())),
        Command::Package(options) => package::run(&options),
        Command::Screens(options) => screens::run(&options),
        Command::Soak(options) => soak::soak(&options),
        Command::Agreement(options) => agreement::run(&options),
        Command::Bench(bench) => bench::run(&bench),
        Command::Weight(options) => weight::run(&options),
        Command::Tidy => tidy::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(process::exit_code_of(&error))
        }
    }
}
