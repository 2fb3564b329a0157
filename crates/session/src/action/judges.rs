//! The four judges side by side.

use super::{blink::BlinkJudge, mouth::MouthJudge, nod::NodJudge, shake::ShakeJudge, support::Support};
use crate::{
    params::JudgeParams,
    sample::{Baseline, Sample},
};
use faceid_protocol::{Action, Millis};

/// A full arc of one action.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Which action.
    pub action: Action,
    /// False for a blink that may be spontaneous; true for everything else.
    pub deliberate: bool,
    /// Last neutral frame before.
    pub t_start: Millis,
    /// Extreme frame (of the first side or closure where there are two).
    pub t_peak: Millis,
    /// Extreme frame of the second side or closure.
    pub t_second: Option<Millis>,
    /// First frame back in neutral.
    pub t_end: Millis,
    /// Frames that carry the judgement (before, first, last and after each closure or opening): thinning must keep them.
    pub keys: Vec<Millis>,
    /// How far it went: degrees of a nod's peak or a shake's range, rise of the lip gap, depth of a closure (1 = shut).
    pub reach: f32,
    /// 0.5 = just enough, 1 = twice as much or more.
    pub score: f32,
}

impl Seen {
    /// Whether this counts although nobody asked for it: people move their heads a little all the time.
    pub(super) fn is_clear(&self, p: &JudgeParams) -> bool {
        match self.action {
            Action::Nod => self.reach >= p.nod_unasked,
            Action::Shake => self.reach >= p.shake_unasked,
            Action::Blink | Action::Mouth => true,
        }
    }
}

/// One closure of the eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Blink {
    /// Last open frame before.
    pub(crate) start: Millis,
    /// Frame with the eyes most shut.
    pub(crate) peak: Millis,
    /// First open frame after.
    pub(crate) end: Millis,
    /// Long enough, or the second of a pair.
    pub(crate) deliberate: bool,
}

/// How far past its threshold a measure went: 0.5 at the threshold, 1 at twice the threshold.
pub(super) fn score(reached: f32, threshold: f32) -> f32 {
    (reached / threshold / 2.0).clamp(0.0, 1.0)
}

/// One judge per action, fed together.
#[derive(Debug, Clone)]
pub(crate) struct Judges {
    params: JudgeParams,
    nod: NodJudge,
    shake: ShakeJudge,
    blink: BlinkJudge,
    mouth: MouthJudge,
    support: Support,
}

/// What one sample completed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Judged {
    /// Completed arcs, at most one per action.
    pub(crate) seen: Vec<Seen>,
    /// A closure of the eyes that ended here.
    pub(crate) blink: Option<Blink>,
}

impl Judges {
    pub(crate) fn new(params: &JudgeParams) -> Self {
        Self {
            params: params.clone(),
            nod: NodJudge::default(),
            shake: ShakeJudge::default(),
            blink: BlinkJudge::default(),
            mouth: MouthJudge::default(),
            support: Support::default(),
        }
    }

    /// Feeds every judge the same sample and neutral.
    pub(crate) fn feed(&mut self, sample: &Sample, baseline: &Baseline) -> Judged {
        self.feed_each(sample, |_| Some(*baseline))
    }

    /// Feeds each judge the sample with its own neutral; a judge without a neutral is skipped.
    pub(crate) fn feed_each(&mut self, sample: &Sample, baseline: impl Fn(Action) -> Option<Baseline>) -> Judged {
        let p = &self.params;
        let (mut seen, mut blink) = (Vec::new(), None);
        for action in Action::ALL {
            let Some(neutral) = baseline(action) else { continue };
            match action {
                Action::Nod => seen.extend(self.nod.feed(sample, &neutral, p)),
                Action::Shake => seen.extend(self.shake.feed(sample, &neutral, p)),
                Action::Mouth => seen.extend(self.mouth.feed(sample, &neutral, p)),
                Action::Blink => {
                    let (closure, deliberate) = self.blink.feed(sample, &neutral, p);
                    blink = closure;
                    seen.extend(deliberate);
                }
            }
        }
        self.support.feed(sample, Judged { seen, blink }, p)
    }

    /// A mouth that is open now and has been for long enough: no full arc, so no pass, but worth telling at the end of a stream.
    pub(crate) fn held_mouth(&self) -> Option<Seen> {
        self.mouth.held(&self.params)
    }

    /// Whether this judge is in the middle of a movement.
    pub(crate) fn busy(&self, action: Action) -> bool {
        match action {
            Action::Nod => self.nod.busy(),
            Action::Shake => self.shake.busy(),
            Action::Blink => self.blink.busy(),
            Action::Mouth => self.mouth.busy(),
        }
    }

    /// How far the movement in hand has come, 0..1: for the ring on the page.
    pub(crate) fn progress(&self, action: Action) -> f32 {
        match action {
            Action::Nod => self.nod.progress(&self.params),
            Action::Shake => self.shake.progress(&self.params),
            Action::Blink => self.blink.progress(),
            Action::Mouth => self.mouth.progress(&self.params),
        }
    }
}
