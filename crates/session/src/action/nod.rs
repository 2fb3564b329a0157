//! Nod: the head's pitch leaves neutral (down or up) and comes back, while yaw stays quiet.

use super::{
    judges::{Seen, score},
    swing::{Reading, Swing},
};
use crate::{
    params::JudgeParams,
    sample::{Baseline, Sample},
};
use faceid_protocol::Action;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct NodJudge {
    swing: Swing,
}

impl NodJudge {
    pub(super) fn feed(&mut self, sample: &Sample, baseline: &Baseline, p: &JudgeParams) -> Option<Seen> {
        let pose = sample.pose?;
        let reading = Reading {
            t: sample.t,
            angle: pose.pitch - baseline.pose.pitch,
            cross: pose.yaw - baseline.pose.yaw,
            place: None,
            height: sample.height,
        };
        let excursion = self.swing.feed(reading, p, |_| p.settle)?;
        let peak = excursion.peak()?;
        let (up, down) = excursion.reach();
        let duration = excursion.duration()?;
        let nod = peak.degrees >= p.nod_peak
            && duration >= p.move_min
            && duration <= p.move_max
            && excursion.approach().is_none_or(|ratio| ratio <= p.approach)
            && excursion.cross_range() <= p.cross_share * (up + down);
        nod.then(|| Seen {
            action: Action::Nod,
            deliberate: true,
            t_start: excursion.start,
            t_peak: peak.t,
            t_second: None,
            t_end: excursion.back.unwrap_or(sample.t),
            keys: Vec::new(),
            reach: peak.degrees,
            score: score(peak.degrees, p.nod_peak),
        })
    }

    pub(super) fn busy(&self) -> bool {
        self.swing.current().is_some()
    }

    pub(super) fn progress(&self, p: &JudgeParams) -> f32 {
        let reached = self.swing.current().and_then(|e| e.peak()).map_or(0.0, |peak| peak.degrees);
        (reached / p.nod_peak).clamp(0.0, 1.0) * 0.8
    }
}
