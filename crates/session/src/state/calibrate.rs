//! Measures the person's own neutral.

use super::{AlignFace, AwaitChallenge, State};
use crate::{
    evidence::{Candidate, neutral_frames},
    io::{Event, Guidance, StateName},
    sample::{Baseline, Sample, quantile},
    shared::{Look, Shared},
    watch::Continuity,
};

/// Collects neutral frames.
#[derive(Debug)]
pub(crate) struct Calibrate {
    frames: Vec<Candidate>,
}

impl Calibrate {
    pub(crate) fn enter(shared: &mut Shared) -> State {
        shared.enter(StateName::Calibrate, shared.params.times.calibrate);
        State::Calibrate(Self { frames: Vec::new() })
    }

    pub(crate) fn look(mut self, look: &Look, shared: &mut Shared) -> State {
        if !look.alone || look.hint.is_some() || look.continuity != Continuity::Same {
            return AlignFace::enter(shared);
        }
        self.frames.push(look.candidate());
        let Some((_, first)) = self.frames.first() else { return State::Calibrate(self) };
        let (so_far, wanted) = (look.sample.t.since(first.t), shared.params.times.neutral);
        let fraction = (so_far.0 as f32 / wanted.0.max(1) as f32).min(1.0);
        shared.event(Event::Progress { step: 0, fraction });
        if so_far < wanted {
            return State::Calibrate(self);
        }
        match self.neutral(shared) {
            Some((baseline, neutral)) => AwaitChallenge::enter(baseline, &neutral, shared),
            None => {
                // Restless: keep the newer half and go on.
                self.frames.drain(..self.frames.len().div_ceil(2));
                shared.guide.notice(shared.now, Guidance::HoldStill, &shared.params.times);
                State::Calibrate(self)
            }
        }
    }

    /// The neutral as the server will compute it: from the frames it gets to see.
    fn neutral(&self, shared: &Shared) -> Option<(Baseline, Vec<Candidate>)> {
        let samples: Vec<Sample> = self.frames.iter().map(|(_, s)| *s).collect();
        let limit = shared.params.gate.still;
        let spread = |angle: fn(&Sample) -> Option<f32>| {
            let of = |q| quantile(samples.iter().filter_map(angle), q);
            of(0.9).zip(of(0.1)).is_some_and(|(high, low)| high - low <= limit)
        };
        let still = spread(|s| s.pose.map(|o| o.yaw)) && spread(|s| s.pose.map(|o| o.pitch));
        let rough = Baseline::from_samples(&samples).filter(|_| still)?;
        let neutral = neutral_frames(&self.frames, &rough, &shared.params.evidence, &shared.params.judge)?;
        let sent: Vec<Sample> = neutral.iter().map(|(_, s)| *s).collect();
        let baseline = Baseline::from_samples(&sent)?;
        baseline.mouth.is_some_and(|gap| gap <= shared.params.gate.mouth_shut).then_some((baseline, neutral))
    }
}
