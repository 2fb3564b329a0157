//! Processor time and memory of the server, as the kernel counts them.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

/// Clock ticks per second in /proc: part of the kernel's interface, the same on every machine that Rust's Linux targets name.
const TICKS: u64 = 100;

/// A process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Server {
    pid: u32,
}

/// Memory in KiB: resident set, and its peak.
#[derive(Debug, Serialize)]
pub(super) struct Memory {
    /// Before the first call.
    pub(super) idle: u64,
    /// Peak while the server started: loading models takes more than keeping them.
    pub(super) start_peak: u64,
    /// After a few calls of each kind and one session.
    pub(super) warm: u64,
    /// Peak of everything after that.
    pub(super) peak: u64,
    /// False when the kernel would not forget the peak of the start: then `peak` includes it.
    pub(super) peak_is_of_load: bool,
}

impl Server {
    pub(super) const fn new(pid: u32) -> Self {
        Self { pid }
    }

    /// Resident set and its peak, KiB.
    pub(super) fn memory(self) -> Result<[u64; 2]> {
        let text = self.read("status")?;
        let of = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.parse().ok())
                .with_context(|| format!("no {name} in /proc/{}/status", self.pid))
        };
        Ok([of("VmRSS:")?, of("VmHWM:")?])
    }

    /// Starts a new peak from here; false when the kernel refuses.
    pub(super) fn forget_peak(self) -> bool {
        fs::write(format!("/proc/{}/clear_refs", self.pid), "5").is_ok()
    }

    /// Processor time of all its threads, user and system.
    pub(super) fn processor_time(self) -> Result<Duration> {
        let text = self.read("stat")?;
        ticks(&text).map(|n| Duration::from_millis(n * 1000 / TICKS)).with_context(|| format!("unreadable /proc/{}/stat", self.pid))
    }

    fn read(self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.pid);
        fs::read_to_string(&path).with_context(|| path)
    }
}

/// utime + stime. The program's name stands in brackets before them and may hold blanks.
fn ticks(stat: &str) -> Option<u64> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // proc(5): state is field 3, utime 14, stime 15
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 7 8 20 0 3 0 100 1 2";
        assert_eq!(ticks(stat), Some(300), "utime 250, stime 50");
        assert_eq!(ticks("42 (a) S 1"), None, "cut short");
    }

    #[test]
    fn this_process_has_memory() {
        let [now, peak] = Server::new(std::process::id()).memory().expect("own status");
        assert!(now > 0 && peak >= now / 2, "{now} {peak}");
    }
}
