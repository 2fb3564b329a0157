//! What one run prints around the lab's figures, which pass through as they come.

use super::machine::Machine;
use serde::Serialize;
use serde_json::Value;

/// Everything one run measured, as one JSON object.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    pub(super) bench: &'static str,
    /// True: a handful of each, for seeing that it runs.
    pub(super) quick: bool,
    pub(super) machine: &'a Machine,
    pub(super) databases: Vec<Database>,
    /// What was left out, and why.
    pub(super) skipped: Option<&'static str>,
}

/// One database's part.
#[derive(Debug, Serialize)]
pub(super) struct Database {
    pub(super) name: String,
    /// What `faceid-lab --json bench-cloud` printed.
    #[serde(flatten)]
    pub(super) figures: Value,
}

/// The head of the tables.
pub(super) fn print_head(m: &Machine, quick: bool) {
    println!("{}, {} cores, Linux {}, databases on {}", m.cpu, m.cores, m.kernel, m.file_system);
    println!("commit {}{}, load before {:.2}", m.commit, if m.modified { " with changes" } else { "" }, m.load_before);
    if quick {
        println!("--quick: shows that everything runs; these are no measurements");
    }
}
