//! A timed list of what a person does, drawn from a seed with the spread of real people: for measuring, where [`crate::Persona`]'s even
//! temper would flatter.
//!
//! Ranges: nods and shakes 0.35 to 1.4 Hz, nods 11 to 28 degrees, shakes 13 to 32 degrees to each side (labelled clips: nods 14 to 22, shakes
//! 13 to 40); reaction 0.25 to 1.1 s; commanded closures 230 to 600 ms, a quarter of them double; mouth open 0.35 to 1.2 s, opened as
//! far as the networks still follow on a stretched picture (0.17 to 0.28 outer eye distances; labelled clips: 0.23 to 0.46). Spontaneous
//! blinks: 10 to 25 a minute with log-normal gaps (sigma 0.65, never under 0.4 s), 120 to 350 ms from open to open, seven in ten complete.

use crate::{
    gesture::Gesture,
    persona::{Persona, Truth, plateau},
    rng::{between, unit},
};
use core::f64::consts::TAU;
use serde::Serialize;

/// What a person is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// Looks at the camera; only blinks and the sway of a head held still.
    Rest,
    /// Follows a prompt given at the passage's begin.
    Gesture(Gesture),
    /// Talks: three to six syllables a second with pauses, the head moving a little along.
    Talk,
    /// A smile that shows teeth or not, with narrowed eyes.
    Smile,
    /// Narrows the eyes.
    Squint,
    /// Looks down; the lids follow the gaze, the head a little.
    GazeDown,
    /// Moves sideways and up or down without turning.
    Slide,
    /// Sways and tilts slowly.
    Sway,
    /// Comes nearer or moves away.
    Approach,
    /// Chews.
    Chew,
}

impl Doing {
    /// Everything that is neither rest nor a gesture.
    pub const OTHER: [Self; 8] =
        [Self::Talk, Self::Smile, Self::Squint, Self::GazeDown, Self::Slide, Self::Sway, Self::Approach, Self::Chew];

    /// Name in reports; gestures by their own.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Gesture(gesture) => gesture.name(),
            Self::Talk => "talk",
            Self::Smile => "smile",
            Self::Squint => "squint",
            Self::GazeDown => "gaze_down",
            Self::Slide => "slide",
            Self::Sway => "sway",
            Self::Approach => "approach",
            Self::Chew => "chew",
        }
    }
}

/// One stretch of a routine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Passage {
    /// What.
    pub doing: Doing,
    /// Begin; for gestures the prompt, ms.
    pub from_ms: f64,
    /// First movement, ms.
    pub start_ms: f64,
    /// Last movement, ms.
    pub end_ms: f64,
    /// Begin of the next passage, ms.
    pub until_ms: f64,
    /// Degrees for nods, shakes and sways, opening or closure 0..1, face heights for slides.
    pub size: f64,
    /// ms the eyes stay shut, the mouth open, or one cycle of nod and shake lasts.
    pub dwell_ms: f64,
    /// Number of cycles or closures.
    pub times: u32,
    /// -1 or 1: side or direction first taken.
    pub side: f64,
    index: u64,
}

/// A spontaneous blink.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Blink {
    /// First movement of the lids, ms.
    pub start_ms: f64,
    /// Open again, ms.
    pub end_ms: f64,
    /// Closure reached, 0..1.
    pub depth: f64,
    close_ms: f64,
    dwell_ms: f64,
}

/// The whole list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Routine {
    seed: u64,
    #[serde(skip)]
    persona: Persona,
    /// In order, without gaps.
    pub passages: Vec<Passage>,
    /// Spontaneous blinks, in order.
    pub blinks: Vec<Blink>,
    /// Spontaneous blinks per minute that the gaps were drawn for.
    pub blinks_per_minute: f64,
    /// degrees: a camera below the eyes sees the chin first (positive)
    pub camera_pitch: f64,
    /// degrees
    pub camera_yaw: f64,
}

mod stream {
    pub(super) const PASSAGE: u64 = 20;
    pub(super) const BLINK: u64 = 21;
    pub(super) const TEMPER: u64 = 22;
}

/// Draws per passage; room for each kind's own.
const DRAWS: u64 = 16;
/// Smallest gap between the end of one spontaneous blink and the next, ms.
const BLINK_GAP_MS: f64 = 400.0;
/// Spread of the logarithm of the gaps between spontaneous blinks.
const BLINK_SPREAD: f64 = 0.65;

impl Routine {
    /// Lays out `plan` for the character of `seed`.
    #[must_use]
    pub fn new(seed: u64, plan: &[Doing]) -> Self {
        let temper = |index, low, high| between(seed, stream::TEMPER, index, low, high);
        let mut from = 0.0;
        let passages: Vec<Passage> = (0..)
            .zip(plan)
            .map(|(index, doing)| {
                let passage = Passage::draw(seed, index, *doing, from);
                from = passage.until_ms;
                passage
            })
            .collect();
        let rate = temper(0, 10.0, 25.0);
        Self {
            seed,
            persona: Persona::from_seed(seed),
            blinks: blinks(seed, rate, &passages, from),
            passages,
            blinks_per_minute: rate,
            camera_pitch: temper(1, -4.0, 8.0),
            camera_yaw: temper(2, -4.0, 4.0),
        }
    }

    /// Length, ms.
    #[must_use]
    pub fn duration_ms(&self) -> f64 {
        self.passages.last().map_or(0.0, |p| p.until_ms)
    }

    /// What the frame at `t_ms` shows.
    #[must_use]
    pub fn truth(&self, t_ms: f64) -> Truth {
        let mut truth = self.persona.rest(t_ms);
        truth.pitch += self.camera_pitch;
        truth.yaw += self.camera_yaw;
        for blink in self.blinks.iter().filter(|b| t_ms > b.start_ms && t_ms < b.end_ms) {
            let opening = blink.end_ms - blink.start_ms - blink.close_ms - blink.dwell_ms;
            truth.eye_closure = blink.depth * plateau(t_ms - blink.start_ms, blink.close_ms, blink.dwell_ms, opening);
        }
        for passage in self.passages.iter().filter(|p| t_ms >= p.start_ms && t_ms < p.end_ms) {
            passage.apply(self.seed, t_ms, &mut truth);
        }
        truth
    }
}

impl Passage {
    fn draw(seed: u64, index: u64, doing: Doing, from: f64) -> Self {
        let draw = |which, low, high| between(seed, stream::PASSAGE, index * DRAWS + which, low, high);
        // Small movements are as frequent as large ones: uniform in the logarithm.
        let wide = |which, low: f64, high: f64| draw(which, low.ln(), high.ln()).exp();
        let react = draw(0, 250.0, 1100.0);
        let side = if draw(1, 0.0, 1.0) < 0.5 { -1.0 } else { 1.0 };
        let rest = draw(2, 900.0, 1500.0);
        let (delay, size, dwell, times, lasting) = match doing {
            Doing::Rest => (0.0, 0.0, 0.0, 0, draw(3, 2200.0, 3200.0)),
            Doing::Gesture(Gesture::Nod) => {
                let cycle = 1000.0 / wide(3, 0.35, 1.4);
                let times = if draw(5, 0.0, 1.0) < 0.25 && cycle < SLOW_MS { 2 } else { 1 };
                (react, wide(4, 11.0, 28.0), cycle, times, cycle * f64::from(times))
            }
            Doing::Gesture(Gesture::Shake) => {
                let cycle = 1000.0 / wide(3, 0.35, 1.4);
                // Whoever shakes slowly does it once.
                let times = if draw(5, 0.0, 1.0) < 0.35 && cycle < SLOW_MS { 2 } else { 1 };
                (react, wide(4, 13.0, 32.0), cycle, times, cycle * f64::from(times))
            }
            Doing::Gesture(Gesture::Blink) => {
                let double = draw(5, 0.0, 1.0) < 0.25;
                let dwell = if double { draw(3, 100.0, 220.0) } else { draw(3, 230.0, 600.0) };
                let times = if double { 2 } else { 1 };
                (react, 1.0, dwell, times, f64::from(times) * (dwell + CLOSE_MS * 2.5) + if double { draw(6, 200.0, 600.0) } else { 0.0 })
            }
            Doing::Gesture(Gesture::Mouth) => {
                let dwell = draw(3, 350.0, 1200.0);
                (react, draw(4, 0.7, 0.95), dwell, 1, dwell + 2.0 * draw(5, 180.0, 350.0))
            }
            Doing::Talk => (0.0, draw(4, 0.15, 0.40), 1000.0 / draw(3, 3.0, 6.0), 0, 3200.0),
            Doing::Smile => (200.0, draw(4, 0.5, 1.0), draw(3, 900.0, 1800.0), 0, 2800.0),
            Doing::Squint => (200.0, draw(4, 0.3, 0.6), draw(3, 500.0, 1500.0), 0, 2300.0),
            Doing::GazeDown => (200.0, draw(4, 0.35, 0.6), draw(3, 500.0, 1500.0), 0, 2300.0),
            Doing::Slide => (0.0, draw(4, 0.08, 0.25), 1000.0 / draw(3, 0.25, 0.5), 1, 3200.0),
            Doing::Sway => (0.0, draw(4, 3.0, 7.0), 1000.0 / draw(3, 0.15, 0.4), 1, 3200.0),
            Doing::Approach => (0.0, draw(4, -0.15, 0.25), 0.0, 1, 3000.0),
            Doing::Chew => (0.0, draw(4, 0.06, 0.2), 1000.0 / draw(3, 1.0, 2.0), 0, 3000.0),
        };
        let start = from + delay;
        let end = start + lasting;
        let until = match doing {
            Doing::Gesture(_) => end + rest,
            Doing::Rest => end,
            Doing::Talk | Doing::Smile | Doing::Squint | Doing::GazeDown | Doing::Slide | Doing::Sway | Doing::Approach | Doing::Chew => {
                end + 300.0
            }
        };
        Self { doing, from_ms: from, start_ms: start, end_ms: end, until_ms: until, size, dwell_ms: dwell, times, side, index }
    }

    fn apply(&self, seed: u64, t_ms: f64, truth: &mut Truth) {
        let since = t_ms - self.start_ms;
        let lasting = self.end_ms - self.start_ms;
        let done = since / lasting;
        // Movements that are not gestures fade in and out.
        let fade = (done.min(1.0 - done) * 6.0).clamp(0.0, 1.0);
        let wave = |period: f64, phase: f64| (TAU * (since / period.max(1.0) + phase)).sin();
        match self.doing {
            Doing::Rest => {}
            Doing::Gesture(gesture) => {
                truth.gesture = Some(gesture);
                self.gesture(gesture, since, lasting, truth);
            }
            Doing::Talk => {
                let syllable = (since / self.dwell_ms).floor();
                let level = unit(seed, stream::PASSAGE + 10, self.index * 64 + syllable as u64);
                // One syllable in five is a pause.
                let height = if level < 0.2 { 0.0 } else { self.size * (0.4 + 0.6 * level) };
                truth.mouth_opening = fade * height * (core::f64::consts::PI * (since / self.dwell_ms).fract()).sin();
                truth.smile += 0.25 * (wave(900.0, 0.3) * fade).max(0.0);
                truth.pitch += 2.0 * fade * wave(1100.0, 0.0);
                truth.yaw += 2.5 * fade * wave(1700.0, 0.2);
            }
            Doing::Smile => {
                let rise = (lasting - self.dwell_ms) / 2.0;
                let shape = plateau(since, rise, self.dwell_ms, rise);
                truth.smile = self.size * shape;
                truth.mouth_opening = if self.side > 0.0 { 0.22 * self.size * shape } else { 0.0 };
                truth.eye_closure = truth.eye_closure.max(0.25 * self.size * shape);
            }
            Doing::Squint => {
                let rise = (lasting - self.dwell_ms) / 2.0;
                truth.eye_closure = truth.eye_closure.max(self.size * plateau(since, rise, self.dwell_ms, rise));
            }
            Doing::GazeDown => {
                let shape = plateau(since, 200.0, lasting - 400.0, 200.0);
                truth.gaze_down = 40.0 * self.size * shape;
                truth.eye_closure = truth.eye_closure.max(self.size * shape);
                truth.pitch -= 5.0 * self.size * shape;
            }
            Doing::Slide => {
                truth.x += self.side * self.size * fade * wave(self.dwell_ms, 0.0);
                truth.y += 0.3 * self.size * fade * wave(self.dwell_ms * 0.8, 0.4);
            }
            Doing::Sway => {
                truth.yaw += self.side * self.size * 0.7 * fade * wave(self.dwell_ms, 0.0);
                truth.pitch += self.size * 0.4 * fade * wave(self.dwell_ms * 1.3, 0.3);
                truth.roll += self.size * fade * wave(self.dwell_ms * 0.9, 0.6);
            }
            Doing::Approach => truth.scale *= 1.0 + self.size * plateau(since, lasting * 0.35, lasting * 0.3, lasting * 0.35),
            Doing::Chew => {
                let bite = (1.0 - (TAU * since / self.dwell_ms).cos()) / 2.0;
                truth.mouth_opening = self.size * bite * fade;
                truth.x += 0.004 * fade * wave(self.dwell_ms, 0.25);
            }
        }
    }

    fn gesture(&self, gesture: Gesture, since: f64, lasting: f64, truth: &mut Truth) {
        match gesture {
            // Chin down and back, each time.
            Gesture::Nod => truth.pitch -= self.size * (1.0 - (TAU * since / self.dwell_ms).cos()) / 2.0,
            Gesture::Shake => {
                // The ends are eased so that the head does not start at full speed.
                let ease = (since.min(lasting - since) / self.dwell_ms * 8.0).clamp(0.0, 1.0);
                truth.yaw += self.side * self.size * (TAU * since / self.dwell_ms).sin() * ease;
            }
            Gesture::Blink => {
                let one = self.dwell_ms + CLOSE_MS * 2.5;
                let gap = (lasting - f64::from(self.times) * one).max(0.0);
                let local = if since > one { since - one - gap } else { since };
                truth.eye_closure = truth.eye_closure.max(plateau(local, CLOSE_MS, self.dwell_ms, CLOSE_MS * 1.5));
            }
            Gesture::Mouth => {
                let way = (lasting - self.dwell_ms) / 2.0;
                truth.mouth_opening = self.size * plateau(since, way, self.dwell_ms, way);
            }
        }
    }
}

/// A nod or shake that takes longer is not done twice, ms.
const SLOW_MS: f64 = 1600.0;
/// Lids closing on purpose, ms; opening takes half as long again.
const CLOSE_MS: f64 = 90.0;

/// Spontaneous blinks over the whole length; none while the eyes are to be shut on purpose.
fn blinks(seed: u64, per_minute: f64, passages: &[Passage], length: f64) -> Vec<Blink> {
    let mean = 60_000.0 / per_minute - 250.0;
    // Mean of a log-normal = exp(mu + sigma^2 / 2).
    let middle = mean * (-BLINK_SPREAD * BLINK_SPREAD / 2.0).exp();
    let mut found = Vec::new();
    let mut start = 0.0;
    for index in 0.. {
        let draw = |which, low, high| between(seed, stream::BLINK, index * DRAWS + which, low, high);
        // Sum of twelve uniforms less six: a normal deviate (Irwin and Hall).
        let normal: f64 = (0..12).map(|k| unit(seed, stream::BLINK + 10, index * 12 + k)).sum::<f64>() - 6.0;
        start += (middle * (BLINK_SPREAD * normal).exp()).max(BLINK_GAP_MS);
        if start >= length {
            break;
        }
        let (close, dwell, open) = (draw(0, 50.0, 90.0), draw(1, 10.0, 80.0), draw(2, 60.0, 180.0));
        let depth = if draw(3, 0.0, 1.0) < 0.7 { 1.0 } else { draw(4, 0.7, 1.0) };
        let end = start + close + dwell + open;
        let on_purpose = |p: &&Passage| p.doing == Doing::Gesture(Gesture::Blink) && start < p.end_ms + 300.0 && end > p.from_ms;
        if !passages.iter().any(|p| on_purpose(&p)) {
            found.push(Blink { start_ms: start, end_ms: end, depth, close_ms: close, dwell_ms: dwell });
        }
        start = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Vec<Doing> {
        let mut plan = vec![Doing::Rest];
        plan.extend(Gesture::ALL.map(Doing::Gesture));
        plan.extend(Doing::OTHER);
        plan
    }

    #[test]
    fn passages_follow_each_other_and_come_back() {
        for seed in 0..60 {
            let routine = Routine::new(seed, &plan());
            for pair in routine.passages.windows(2) {
                assert!((pair[0].until_ms - pair[1].from_ms).abs() < 1e-9, "no gap");
            }
            for p in &routine.passages {
                assert!(p.from_ms <= p.start_ms && p.start_ms <= p.end_ms && p.end_ms <= p.until_ms, "seed {seed}: {p:?}");
                let truth = routine.truth(p.end_ms - 0.5);
                let still = (truth.yaw - routine.camera_yaw).abs() < 2.0 && (truth.pitch - routine.camera_pitch).abs() < 2.0;
                assert!(still && truth.mouth_opening < 0.05, "seed {seed}: {:?} ends at {truth:?}", p.doing);
            }
        }
    }

    #[test]
    fn gestures_reach_their_size() {
        for seed in 0..60 {
            let routine = Routine::new(seed, &plan());
            let peak = |gesture: Gesture, of: &dyn Fn(&Truth) -> f64| {
                let passage = routine.passages.iter().find(|p| p.doing == Doing::Gesture(gesture)).expect("planned");
                let span = (passage.end_ms - passage.start_ms) / 400.0;
                let most = (0..400).map(|i| of(&routine.truth(passage.start_ms + f64::from(i) * span))).fold(f64::MIN, f64::max);
                (most, passage.size)
            };
            let (down, size) = peak(Gesture::Nod, &|t| routine.camera_pitch - t.pitch);
            assert!((down - size).abs() < 1.5 && (11.0..28.1).contains(&size), "nod {down} of {size}");
            let (right, size) = peak(Gesture::Shake, &|t| t.yaw - routine.camera_yaw);
            let (left, _) = peak(Gesture::Shake, &|t| routine.camera_yaw - t.yaw);
            assert!((right - size).abs() < 1.5 && (left - size).abs() < 1.5, "shake {left} {right} of {size}");
            assert!(peak(Gesture::Blink, &|t| t.eye_closure).0 > 0.99, "shut");
            let (open, size) = peak(Gesture::Mouth, &|t| t.mouth_opening);
            assert!((open - size).abs() < 0.02, "mouth {open} of {size}");
        }
    }

    #[test]
    fn spontaneous_blinks_come_at_the_stated_rate() {
        let minutes = 10.0;
        let rest = vec![Doing::Rest; (minutes * 60.0 / 2.7) as usize];
        for seed in 0..20 {
            let routine = Routine::new(seed, &rest);
            let rate = routine.blinks.len() as f64 / (routine.duration_ms() / 60_000.0);
            assert!((rate / routine.blinks_per_minute - 1.0).abs() < 0.3, "seed {seed}: {rate} of {}", routine.blinks_per_minute);
            assert!(routine.blinks.windows(2).all(|b| b[1].start_ms - b[0].end_ms >= BLINK_GAP_MS - 1e-6), "lids rest between");
        }
    }

    #[test]
    fn same_seed_same_routine() {
        assert_eq!(Routine::new(9, &plan()), Routine::new(9, &plan()), "repeats");
        assert_ne!(Routine::new(9, &plan()).passages, Routine::new(10, &plan()).passages, "another seed");
    }
}
