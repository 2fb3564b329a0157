//! Shake: yaw goes to one side, to the other, and back, turning on the neck rather than sliding sideways, while pitch stays quiet.

use super::{
    judges::{Seen, score},
    swing::{Excursion, Reading, Swing},
};
use crate::{
    params::JudgeParams,
    sample::{Baseline, Sample},
};
use faceid_protocol::Action;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ShakeJudge {
    swing: Swing,
}

impl ShakeJudge {
    pub(super) fn feed(&mut self, sample: &Sample, baseline: &Baseline, p: &JudgeParams) -> Option<Seen> {
        let pose = sample.pose?;
        let place = sample.centre.zip(sample.height).map(|(centre, height)| centre.x / height);
        let reading = Reading {
            t: sample.t,
            angle: pose.yaw - baseline.pose.yaw,
            cross: pose.pitch - baseline.pose.pitch,
            place,
            height: sample.height,
        };
        let settle = |e: &Excursion| if both_sides(e, p) { p.settle } else { p.shake_pause };
        let excursion = self.swing.feed(reading, p, settle)?;
        let (left, right) = excursion.reach();
        let duration = excursion.duration()?;
        let slid = excursion.travel_range().is_some_and(|travel| travel > p.travel_per_degree * (left + right));
        let shake = both_sides(&excursion, p)
            && duration >= p.move_min
            && duration <= p.move_max
            && excursion.approach().is_none_or(|ratio| ratio <= p.approach)
            && excursion.cross_range() <= p.cross_share * (left + right)
            && !slid;
        let (first, second) = sides(&excursion)?;
        shake.then(|| Seen {
            action: Action::Shake,
            deliberate: true,
            t_start: excursion.start,
            t_peak: first,
            t_second: Some(second),
            t_end: excursion.back.unwrap_or(sample.t),
            keys: Vec::new(),
            reach: left + right,
            score: score(left + right, p.shake_range),
        })
    }

    pub(super) fn busy(&self) -> bool {
        self.swing.current().is_some()
    }

    pub(super) fn progress(&self, p: &JudgeParams) -> f32 {
        let (left, right) = self.swing.current().map_or((0.0, 0.0), Excursion::reach);
        let side = |degrees: f32| (degrees / p.shake_side).clamp(0.0, 1.0);
        0.45 * side(left) + 0.45 * side(right)
    }
}

fn both_sides(excursion: &Excursion, p: &JudgeParams) -> bool {
    let (left, right) = excursion.reach();
    left.min(right) >= p.shake_side && left + right >= p.shake_range
}

/// Times of the two extremes in order.
fn sides(excursion: &Excursion) -> Option<(faceid_protocol::Millis, faceid_protocol::Millis)> {
    let (a, b) = (excursion.positive?.t, excursion.negative?.t);
    Some((a.min(b), a.max(b)))
}
