//! Low-rate mode: the same judges over the few frames of an evidence window.

use super::{ActionPassed, judges::Judges};
use crate::{
    params::{JudgeParams, Params},
    sample::{Baseline, Sample},
};
use faceid_protocol::{Action, Millis};

/// Why a window cannot be judged. Never an attack verdict: the frames are missing or unreadable, nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotMeasuredReason {
    /// Fewer frames than [`JudgeParams::window_frames`].
    TooFewFrames,
    /// Time stamps do not increase.
    Unordered,
    /// A gap longer than [`JudgeParams::window_gap`].
    Gap,
    /// Head rotation missing in too many frames.
    Pose,
    /// Both eyes missing in too many frames, or in the neutral.
    Eyes,
    /// Mouth missing in too many frames, or in the neutral.
    Mouth,
}

/// What an evidence window shows.
#[derive(Debug, PartialEq)]
pub enum WindowVerdict {
    /// The asked action, full arc.
    Passed(ActionPassed),
    /// Measured, but no full arc of any action.
    NotSeen,
    /// Another action (never a blink).
    Wrong(Action),
    /// Cannot be judged.
    NotMeasured(NotMeasuredReason),
}

/// Judges one evidence window: frames in capture order, from neutral through the peak to neutral.
///
/// `baseline` is the neutral of the session's step 0; the head's zero may drift from it by [`JudgeParams::drift`], read off the first two
/// frames and the last (their median).
#[must_use]
pub fn judge_window(action: Action, baseline: &Baseline, samples: &[Sample], params: &Params) -> WindowVerdict {
    let p = &params.judge;
    if let Some(reason) = unmeasured(action, baseline, samples, p) {
        return WindowVerdict::NotMeasured(reason);
    }
    let ends: Vec<Sample> = samples.iter().take(2).chain(samples.last()).copied().collect();
    let neutral = baseline.recentred(&ends, p.drift);
    // Two frames at rest are a rest here: the window is thinned, and it ends soon after the movement.
    let mut judges = Judges::new(&JudgeParams { settle: Millis(0), ..p.clone() });
    let mut wrong = None;
    for sample in samples {
        for seen in judges.feed(sample, &neutral).seen {
            if seen.action == action {
                return WindowVerdict::Passed(ActionPassed::from_judge(seen));
            }
            if seen.action != Action::Blink && seen.is_clear(p) {
                wrong = wrong.or(Some(seen.action));
            }
        }
    }
    wrong.map_or(WindowVerdict::NotSeen, WindowVerdict::Wrong)
}

fn unmeasured(action: Action, baseline: &Baseline, samples: &[Sample], p: &JudgeParams) -> Option<NotMeasuredReason> {
    if samples.len() < p.window_frames {
        return Some(NotMeasuredReason::TooFewFrames);
    }
    let pairs = || samples.iter().zip(samples.iter().skip(1));
    if pairs().any(|(a, b)| b.t <= a.t) {
        return Some(NotMeasuredReason::Unordered);
    }
    if pairs().any(|(a, b)| b.t.since(a.t) > p.window_gap) {
        return Some(NotMeasuredReason::Gap);
    }
    let share = |measured: &dyn Fn(&Sample) -> bool| samples.iter().filter(|s| measured(s)).count() as f32 / samples.len() as f32;
    let (share, reason) = match action {
        Action::Nod | Action::Shake => (share(&|s| s.pose.is_some()), NotMeasuredReason::Pose),
        Action::Blink => (share(&|s| s.eyes_relative(baseline).is_some()), NotMeasuredReason::Eyes),
        Action::Mouth => (share(&|s| s.mouth.is_some() && baseline.mouth.is_some()), NotMeasuredReason::Mouth),
    };
    (share < p.window_measured).then_some(reason)
}
