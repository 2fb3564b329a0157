//! The figures, as JSON and as tables.

use super::machine::Machine;
use serde::{Deserialize, Serialize};

/// Everything one run measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) bench: String,
    /// True: a handful of each, for seeing that it runs.
    pub(super) quick: bool,
    pub(super) machine: Machine,
    pub(super) databases: Vec<Database>,
    /// What was left out, and why.
    pub(super) skipped: Option<String>,
}

/// One database's part.
#[derive(Debug, Serialize)]
pub(super) struct Database {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) figures: Figures,
}

/// What `faceid-lab bench-cloud` prints.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Figures {
    calls: Vec<Call>,
    finalise: Finalise,
    shares: Vec<Share>,
    memory: Memory,
}

#[derive(Debug, Serialize, Deserialize)]
struct Call {
    call: String,
    case: String,
    at_once: usize,
    count: usize,
    p50_ms: f64,
    p99_ms: f64,
    per_second: f64,
    server_cpu_ms: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Finalise {
    frames_per_session: f64,
    alone: Verdicts,
    together: Verdicts,
    upload_cpu_s: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Verdicts {
    count: usize,
    p50_ms: f64,
    longest_ms: f64,
    per_second: f64,
    server_cpu_s: f64,
    per_second_per_core: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Share {
    part: String,
    ms: f64,
    share: f64,
}

/// KiB.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    idle: u64,
    start_peak: u64,
    warm: u64,
    peak: u64,
    peak_is_of_load: bool,
}

impl Report {
    /// Tables for people.
    pub(super) fn print(&self) {
        let m = &self.machine;
        println!("{}, {} cores, Linux {}, databases on {}", m.cpu, m.cores, m.kernel, m.file_system);
        println!("commit {}{}, load before {:.2}", m.commit, if m.modified { " with changes" } else { "" }, m.load_before);
        if self.quick {
            println!("--quick: shows that everything runs; these are no measurements");
        }
        for database in &self.databases {
            println!("\n== {}", database.name);
            database.figures.print();
        }
        if let Some(skipped) = &self.skipped {
            println!("\nskipped: {skipped}");
        }
    }
}

impl Figures {
    fn print(&self) {
        println!(
            "{:<14} {:<10} {:>7} {:>6} {:>9} {:>9} {:>9} {:>11}",
            "call", "", "at once", "count", "p50 ms", "p99 ms", "per s", "CPU ms each"
        );
        for c in &self.calls {
            println!(
                "{:<14} {:<10} {:>7} {:>6} {:>9.2} {:>9.2} {:>9.1} {:>11.2}",
                c.call, c.case, c.at_once, c.count, c.p50_ms, c.p99_ms, c.per_second, c.server_cpu_ms
            );
        }
        let f = &self.finalise;
        println!(
            "\nfinalise, {:.0} frames per session (CPU of the server's process; a database server's own is not in it)",
            f.frames_per_session
        );
        println!(
            "{:<14} {:>6} {:>9} {:>10} {:>9} {:>11} {:>14}",
            "", "count", "p50 ms", "longest ms", "per s", "CPU s each", "per s per core"
        );
        for (name, v) in [("one by one", &f.alone), ("eight at once", &f.together)] {
            println!(
                "{name:<14} {:>6} {:>9.0} {:>10.0} {:>9.2} {:>11.2} {:>14.2}",
                v.count, v.p50_ms, v.longest_ms, v.per_second, v.server_cpu_s, v.per_second_per_core
            );
        }
        println!("before it, per session: {:.2} s CPU (init, commits, uploads)", f.upload_cpu_s);
        println!("\nwhere the time of one verdict goes");
        for s in &self.shares {
            println!("{:<36} {:>8.1} ms {:>6.1} %", s.part, s.ms, s.share * 100.0);
        }
        let (m, mib) = (&self.memory, |kib: u64| kib / 1024);
        let of_load = if m.peak_is_of_load { "under load" } else { "since the start (the kernel would not forget it)" };
        println!(
            "\nresident memory: idle {} MiB (peak while starting {}), after warm-up {}, peak {of_load} {}",
            mib(m.idle),
            mib(m.start_peak),
            mib(m.warm),
            mib(m.peak)
        );
    }
}
