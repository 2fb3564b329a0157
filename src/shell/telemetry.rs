//! What the page measures about its own capture. Telemetry only: the server never trusts it.

use faceid_protocol::{Millis, wire::Telemetry};
use std::collections::VecDeque;

/// Intervals kept for the median.
const KEPT: usize = 120;

/// Counts frames.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    seen: u32,
    judged: u32,
    size: Option<[u32; 2]>,
    last_t: Option<Millis>,
    last_arrival: Option<Millis>,
    intervals: VecDeque<u64>,
}

impl Meter {
    /// A camera frame taken at `t`, noticed at `now`.
    pub(crate) fn frame(&mut self, t: Millis, now: Millis, size: [u32; 2]) {
        self.seen = self.seen.saturating_add(1);
        self.size = Some(size);
        if let Some(last) = self.last_t.replace(t) {
            if self.intervals.len() == KEPT {
                self.intervals.pop_front();
            }
            self.intervals.push_back(t.since(last).0);
        }
        self.last_arrival = Some(now);
    }

    /// The engine answered.
    pub(crate) fn judged(&mut self) {
        self.judged = self.judged.saturating_add(1);
    }

    /// Camera frames so far.
    pub(crate) const fn seen(&self) -> u32 {
        self.seen
    }

    /// Starts the wait for the next frame anew.
    pub(crate) fn forgive(&mut self, now: Millis) {
        self.last_arrival = Some(now);
    }

    /// Time since the last frame.
    pub(crate) fn quiet_for(&self, now: Millis) -> Millis {
        self.last_arrival.map_or(Millis(0), |last| now.since(last))
    }

    /// The report.
    pub(crate) fn telemetry(&self) -> Telemetry {
        let mut sorted: Vec<u64> = self.intervals.iter().copied().collect();
        sorted.sort_unstable();
        Telemetry {
            frame_interval_ms: sorted.get(sorted.len() / 2).map(|ms| *ms as f32),
            frames_seen: self.seen,
            frames_judged: self.judged,
            frame_size: self.size,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_interval_ignores_hiccups() {
        let mut meter = Meter::default();
        assert_eq!(meter.telemetry().frame_interval_ms, None, "nothing measured is not zero");
        for t in [0, 33, 66, 99, 900, 933, 966] {
            meter.frame(Millis(t), Millis(t + 5), [1280, 720]);
        }
        meter.judged();
        let report = meter.telemetry();
        assert_eq!((report.frame_interval_ms, report.frames_seen, report.frames_judged), (Some(33.0), 7, 1), "median of the intervals");
        assert_eq!(meter.quiet_for(Millis(6000)), Millis(6000 - 971), "since the last arrival");
        meter.forgive(Millis(6000));
        assert_eq!(meter.quiet_for(Millis(6000)), Millis(0), "hidden pages do not count");
    }
}
