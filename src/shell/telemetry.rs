//! What the page measures about its own capture. Telemetry only: the server never trusts it.

use faceid_protocol::{Millis, wire::Telemetry};
use std::collections::VecDeque;

/// Intervals kept for the median.
const KEPT: usize = 120;
/// Fewest intervals that have a jitter.
const JITTER_MIN: usize = 30;

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
            interval_jitter_ms: jitter(&sorted),
            capture: None,
        }
    }
}

/// Median distance of the intervals from their median, ms; `None` for fewer than [`JITTER_MIN`].
fn jitter(sorted: &[u64]) -> Option<f32> {
    let median = *sorted.get(sorted.len() / 2).filter(|_| sorted.len() >= JITTER_MIN)?;
    let mut apart: Vec<u64> = sorted.iter().map(|interval| interval.abs_diff(median)).collect();
    apart.sort_unstable();
    apart.get(apart.len() / 2).map(|ms| *ms as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_the_usual_distance_from_the_median() {
        let jitter = |intervals: &[u64], frames: usize| {
            let mut meter = Meter::default();
            let mut t = 0;
            for interval in intervals.iter().cycle().take(frames) {
                t += interval;
                meter.frame(Millis(t), Millis(t), [640, 480]);
            }
            meter.telemetry().interval_jitter_ms
        };
        assert_eq!(jitter(&[33], 60), Some(0.0), "a clock");
        assert_eq!(jitter(&[29, 33, 37], 60), Some(4.0), "two of three are four off");
        assert_eq!(jitter(&[29, 33, 37], 20), None, "too few");
    }

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
        assert_eq!(report.interval_jitter_ms, None, "six intervals have none");
        assert_eq!(meter.quiet_for(Millis(6000)), Millis(6000 - 971), "since the last arrival");
        meter.forgive(Millis(6000));
        assert_eq!(meter.quiet_for(Millis(6000)), Millis(0), "hidden pages do not count");
    }
}
