//! Which candidate frame is missed least. A few dozen frames then show the seconds behind an action, whatever the camera's rate, and the engine
//! need not hold more pixels than that.

use crate::{evidence::Candidate, params::EvidenceParams, sample::Sample};
use faceid_protocol::{Action, Millis};
use std::collections::VecDeque;

/// The newest frames stay: what they show is known once others follow.
const FRESH: usize = 4;

/// Index of the frame that goes first: where frames lie closest in time and the measure of the asked action moves least. Both ends and the
/// furthest points of the measure, three frames each, stay, and no gap grows beyond `gap`. `None` when all must stay.
pub(crate) fn spare(frames: &VecDeque<Candidate>, action: Action, gap: Millis, e: &EvidenceParams) -> Option<usize> {
    let newest = frames.back()?.1.t;
    let extremes = extremes(frames, action);
    let at = |i: usize| frames.get(i).map(|(_, sample)| sample);
    (1..frames.len().saturating_sub(FRESH))
        .filter(|i| extremes.into_iter().flatten().all(|extreme| extreme.abs_diff(*i) > 1))
        .filter_map(|i| {
            let around = [at(i - 1)?, at(i)?, at(i + 1)?];
            (around[2].t.since(around[0].t) <= gap).then(|| (i, loss(around, newest, action, e)))
        })
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(i, _)| i)
}

/// First frame at the lowest and at the highest point of the measure.
fn extremes(frames: &VecDeque<Candidate>, action: Action) -> [Option<usize>; 2] {
    let values = || frames.iter().enumerate().filter_map(|(i, (_, sample))| Some((i, measure(sample, action)?)));
    let lowest = |sign: f32| values().min_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1))).map(|(i, _)| i);
    [lowest(1.0), lowest(-1.0)]
}

/// What is lost with the middle one of three frames.
fn loss([before, frame, after]: [&Sample; 3], newest: Millis, action: Action, e: &EvidenceParams) -> f32 {
    let span = after.t.since(before.t).0 as f32;
    // A window that reaches back to this frame can hold `most` frames; it has no use for more.
    let fair = (newest.since(frame.t).0 as f32 / e.most as f32).max(e.spacing.0 as f32 / 2.0);
    let way = match [before, frame, after].map(|sample| measure(sample, action)) {
        [_, None, _] => 0.0,
        [Some(from), Some(value), Some(to)] => (value - from).abs() + (to - value).abs(),
        // Where the measure comes or goes, this frame tells when.
        [None, Some(_), _] | [_, Some(_), None] => 1.0,
    };
    (span / fair).powi(2) + way
}

/// What the asked action moves, in units of what matters to its judge: a judge's neutral for the head, the noise of an eye, the rise of a shut
/// mouth.
fn measure(sample: &Sample, action: Action) -> Option<f32> {
    match action {
        Action::Nod => sample.pose.map(|pose| pose.pitch / 5.0),
        Action::Shake => sample.pose.map(|pose| pose.yaw / 5.0),
        Action::Blink => match (sample.eyes.left, sample.eyes.right) {
            (Some(left), Some(right)) => Some(f32::midpoint(left, right) / 0.15),
            (Some(one), None) | (None, Some(one)) => Some(one / 0.15),
            (None, None) => None,
        },
        Action::Mouth => sample.mouth.map(|gap| gap / 0.06),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::FrameId;
    use faceid_vision::Pose;

    /// Keeps `held` of the frames of a nod at 60 fps: 2 s of rest, half a second down and up again, rest. What stays, ms.
    fn kept(held: usize, until: u64) -> Vec<u64> {
        let (e, mut frames) = (EvidenceParams::default(), VecDeque::new());
        for i in 0..until * 60 / 1000 {
            let t = i * 1000 / 60;
            let down = 250.0 - (t as f32 - 2250.0).abs();
            let pose = Some(Pose { pitch: -0.06 * down.max(0.0), ..Pose::default() });
            frames.push_back((FrameId(i), Sample { pose, ..Sample::unmeasured(Millis(t)) }));
            while frames.len() > held {
                let Some(index) = spare(&frames, Action::Nod, Millis(200), &e) else { panic!("nothing to spare") };
                frames.remove(index);
            }
        }
        frames.iter().map(|(_, sample)| sample.t.0).collect()
    }

    #[test]
    fn the_peak_stays_whole_and_no_gap_is_too_long() {
        for until in [2600, 4000, 5500] {
            let times = kept(48, until);
            assert_eq!(times.len(), 48);
            let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!(gaps.iter().all(|&gap| gap <= 200), "{until}: {gaps:?}");
            let peak = times.iter().position(|&t| t == 2250).unwrap_or_default();
            assert_eq!(times.get(peak.saturating_sub(1)..peak + 2), Some([2233, 2250, 2266].as_slice()), "{until}: {times:?}");
        }
    }

    #[test]
    fn recent_time_is_shown_more_closely() {
        let times = kept(48, 5500);
        let within = |from: u64, to: u64| times.iter().filter(|&&t| t >= from && t < to).count();
        assert!(within(4500, 5500) > within(500, 1500), "{times:?}");
    }

    #[test]
    fn when_all_must_stay_none_is_named() {
        let frames: VecDeque<Candidate> = (0..10).map(|i| (FrameId(i), Sample::unmeasured(Millis(i * 150)))).collect();
        assert_eq!(spare(&frames, Action::Blink, Millis(200), &EvidenceParams::default()), None, "each gap would be 300 ms");
        assert_eq!(spare(&VecDeque::new(), Action::Blink, Millis(200), &EvidenceParams::default()), None, "no frames");
    }
}
