//! Which clips are filmed: kind, identity, camera and what the person does, all drawn from a seed.

use faceid_simulate::{Doing, Gesture, Presentation, Routine, View};
use serde::Serialize;

use super::rng::Rng;

/// Who or what stands before the camera.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The photo puppet: genuine person and attack species alike.
    Puppet,
    /// The solid head.
    Solid,
    /// A printed photograph.
    Photo(Presentation),
}

impl Kind {
    /// Every kind, genuine first.
    pub const ALL: [Self; 7] = [
        Self::Puppet,
        Self::Solid,
        Self::Photo(Presentation::Still),
        Self::Photo(Presentation::Waved),
        Self::Photo(Presentation::Tilted),
        Self::Photo(Presentation::Bent),
        Self::Photo(Presentation::CutOut),
    ];

    /// Name in reports and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Puppet => "puppet",
            Self::Solid => "solid",
            Self::Photo(presentation) => presentation.name(),
        }
    }

    /// Whether its sessions count as a person's.
    #[must_use]
    pub const fn genuine(self) -> bool {
        match self {
            Self::Puppet | Self::Solid => true,
            Self::Photo(_) => false,
        }
    }
}

/// One clip to be filmed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClipPlan {
    /// Who.
    pub kind: Kind,
    /// Index into the identities.
    pub identity: usize,
    /// Seed of character, routine, light and noise.
    pub seed: u64,
    /// Nominal frames per second.
    pub fps: f64,
    /// Largest shift of a frame's time / frame interval.
    pub jitter: f64,
    /// Share of frames that never arrive.
    pub drops: f64,
    /// px
    pub width: u32,
    /// px
    pub height: u32,
    /// Face height / shorter side.
    pub face_ratio: f32,
    /// Factor on the light.
    pub light: f32,
    /// Factor on the sensor noise.
    pub noise: f32,
    /// What is done, in order.
    pub plan: Vec<Doing>,
}

/// How many clips and sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Clips of each genuine kind.
    pub clips: usize,
    /// Clips of each attack species.
    pub attack_clips: usize,
    /// Genuine sessions in all.
    pub sessions: usize,
    /// Sessions of each attack species.
    pub attacks: usize,
    /// Windows of 8 s at rest per clip, each asked every action.
    pub windows: usize,
}

impl Counts {
    /// The counts of a report.
    pub const FULL: Self = Self { clips: 200, attack_clips: 24, sessions: 2000, attacks: 500, windows: 3 };
    /// Enough to see that everything runs.
    pub const QUICK: Self = Self { clips: 1, attack_clips: 1, sessions: 12, attacks: 4, windows: 1 };
}

/// Stretches of rest at a clip's begin: the neutral and 8 s windows are cut from them.
const RESTS: usize = 4;

impl ClipPlan {
    /// The `index`-th clip of a kind. `identities` is how many there are to go round.
    #[must_use]
    pub fn draw(kind: Kind, index: usize, identities: usize) -> Self {
        let order = Kind::ALL.iter().position(|k| *k == kind).unwrap_or_default() as u64;
        let seed = order * 10_000 + index as u64;
        let mut rng = Rng::new(seed);
        // Most webcams of phones and laptops in poor light deliver 15 frames a second; small pictures are the harder case.
        let fps = rng.pick(&[15.0, 15.0, 15.0, 15.0, 15.0, 15.0, 15.0, 20.0, 20.0, 30.0]).unwrap_or(15.0);
        let (width, height) = rng.pick(&[(320, 240), (320, 240), (320, 240), (480, 360), (240, 320), (640, 480)]).unwrap_or((320, 240));
        let mut middle: Vec<Doing> = Gesture::ALL.map(Doing::Gesture).to_vec();
        middle.extend(rng.pick(&Gesture::ALL).map(Doing::Gesture));
        if kind.genuine() {
            middle.extend((0..2).filter_map(|_| rng.pick(&Doing::OTHER)));
        }
        rng.shuffle(&mut middle);
        let mut plan = vec![Doing::Rest; RESTS];
        plan.extend(middle);
        plan.push(Doing::Rest);
        Self {
            kind,
            identity: index % identities.max(1),
            seed,
            fps,
            jitter: rng.between(0.0, 0.2),
            drops: rng.between(0.0, 0.03),
            width,
            height,
            face_ratio: rng.between(0.38, 0.6) as f32,
            light: rng.between(0.65, 1.1) as f32,
            noise: rng.between(0.5, 2.0) as f32,
            plan,
        }
    }

    /// The same person with every action once and nothing else, at 15 frames a second: for seeing that everything runs.
    #[must_use]
    pub fn short(self) -> Self {
        let mut plan = vec![Doing::Rest; RESTS];
        plan.extend(Gesture::ALL.map(Doing::Gesture));
        Self { fps: 15.0, width: 320, height: 240, plan, ..self }
    }

    /// The camera.
    #[must_use]
    pub fn view(&self) -> View {
        View { width: self.width, height: self.height, face_ratio: self.face_ratio, light: self.light, noise: self.noise }
    }

    /// What happens when.
    #[must_use]
    pub fn routine(&self) -> Routine {
        Routine::new(self.seed, &self.plan)
    }

    /// Capture times, ms from the begin: jittered, with frames missing.
    #[must_use]
    pub fn times(&self, duration_ms: f64) -> Vec<u64> {
        let mut rng = Rng::new(self.seed ^ 0x7157);
        let interval = 1000.0 / self.fps;
        let frames = (duration_ms / interval) as usize;
        (0..frames)
            .filter_map(|i| {
                let at = (i as f64 + rng.unit() * self.jitter) * interval;
                (rng.unit() >= self.drops).then_some(at.round() as u64)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_clip_holds_rest_every_action_and_increasing_times() {
        for kind in Kind::ALL {
            for index in 0..40 {
                let clip = ClipPlan::draw(kind, index, 2);
                let routine = clip.routine();
                for gesture in Gesture::ALL {
                    assert!(clip.plan.contains(&Doing::Gesture(gesture)), "{gesture} in {clip:?}");
                }
                let rest = routine.passages[RESTS - 1].until_ms;
                assert!(rest >= 8800.0, "rest {rest} ms");
                let times = clip.times(routine.duration_ms());
                assert!(times.windows(2).all(|t| t[1] > t[0]), "times increase");
                assert!(clip.width.min(clip.height) >= 240 && clip.fps >= 15.0, "{clip:?}");
                assert_eq!(clip, ClipPlan::draw(kind, index, 2), "repeats");
            }
        }
    }
}
