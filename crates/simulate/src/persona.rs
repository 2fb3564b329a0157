//! How this person moves: the seeded character, small involuntary motion, and the time course of each gesture.

use crate::{
    gesture::Gesture,
    rng::{between, unit},
};
use core::f64::consts::{PI, TAU};
use serde::Serialize;

/// What a frame shows. Angles are relative to the portrait's own pose.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Truth {
    /// ms
    pub t_ms: f64,
    /// degrees, positive = towards the person's own left (right in the picture)
    pub yaw: f64,
    /// degrees, positive = chin up
    pub pitch: f64,
    /// degrees, positive = clockwise in the picture
    pub roll: f64,
    /// Shift of the head to the right / face height.
    pub x: f64,
    /// Shift of the head downwards / face height.
    pub y: f64,
    /// Size / usual size.
    pub scale: f64,
    /// 0 = as in the portrait, 1 = shut.
    pub eye_closure: f64,
    /// 0 = shut, 1 = wide open.
    pub mouth_opening: f64,
    /// 0 = as in the portrait, 1 = a broad smile: corners of the mouth apart and up, cheeks raised.
    pub smile: f64,
    /// degrees that the eyes look below the camera; the upper lids follow by [`Truth::eye_closure`]
    pub gaze_down: f64,
    /// The gesture under way; `None` at rest, in reaction time and during blinks nobody asked for.
    pub gesture: Option<Gesture>,
}

impl Truth {
    /// As in the portrait.
    #[must_use]
    pub const fn rest(t_ms: f64) -> Self {
        Self {
            t_ms,
            yaw: 0.0,
            pitch: 0.0,
            roll: 0.0,
            x: 0.0,
            y: 0.0,
            scale: 1.0,
            eye_closure: 0.0,
            mouth_opening: 0.0,
            smile: 0.0,
            gaze_down: 0.0,
            gesture: None,
        }
    }
}

/// A gesture as it will be performed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Performance {
    pub gesture: Gesture,
    /// First movement, ms.
    pub onset: f64,
    /// ms
    pub duration: f64,
    /// Degrees for nod and shake, opening 0..1 for mouth, closure for blink.
    amplitude: f64,
    /// -1 or 1: the side a shake begins with.
    side: f64,
    /// ms the eyes stay shut or the mouth open.
    dwell: f64,
}

/// Streams of the seed, one per kind of draw.
mod stream {
    pub(super) const CHARACTER: u64 = 1;
    pub(super) const PERFORMANCE: u64 = 2;
    pub(super) const BLINK: u64 = 3;
}

/// The character drawn from a seed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Persona {
    seed: u64,
    /// Arcs per second of nods and shakes: 0.55 to 0.85 Hz (people: 0.5 to 1.5; on request, at leisure).
    pub tempo_hz: f64,
    /// Size of large movements / usual size, 0.85 to 1.15.
    pub vigour: f64,
    /// Resting tilt, degrees.
    pub tilt: f64,
    /// Brightness of the room / the portrait's, 0.85 to 1.1.
    pub light: f64,
    /// Colour of the light, -1 (warm) to 1 (cool).
    pub tint: f64,
    /// Standard deviation of the sensor noise, grey levels of 255.
    pub noise: f64,
}

/// Closing on purpose, ms; opening takes half as long again.
const LID_MS: f64 = 90.0;
/// Closing by itself, ms.
const QUICK_LID_MS: f64 = 60.0;
/// Lips apart, ms each way.
const JAW_MS: f64 = 260.0;
/// Quiet time between two gestures in a row, ms.
const REST_MS: f64 = 300.0;
/// Shortest time between two involuntary blinks, ms: two within 2 s could be taken for a double blink on purpose.
const BLINK_GAP_MS: f64 = 2600.0;

impl Persona {
    /// Draws a character.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        let draw = |index, low, high| between(seed, stream::CHARACTER, index, low, high);
        Self {
            seed,
            tempo_hz: draw(0, 0.55, 0.85),
            vigour: draw(1, 0.85, 1.15),
            tilt: draw(2, -2.0, 2.0),
            light: draw(3, 0.85, 1.1),
            tint: draw(4, -1.0, 1.0),
            noise: draw(5, 1.2, 2.2),
        }
    }

    /// Plans the `index`-th gesture, prompted at `prompt_ms`, not before `free_ms` (the end of the one before), at
    /// `pace` times the person's own tempo.
    pub(crate) fn perform(&self, gesture: Gesture, prompt_ms: f64, free_ms: f64, index: u64, pace: f64) -> Performance {
        let draw = |which, low, high| between(self.seed, stream::PERFORMANCE, index * 16 + which, low, high);
        let onset = (prompt_ms + draw(0, 300.0, 800.0)).max(free_ms + REST_MS);
        let side = if draw(1, 0.0, 1.0) < 0.5 { -1.0 } else { 1.0 };
        let tempo = self.tempo_hz * draw(3, 0.92, 1.08) * pace;
        let (amplitude, dwell, duration) = match gesture {
            Gesture::Nod => (19.0 * self.vigour, 0.0, 1000.0 / tempo),
            Gesture::Shake => (20.0 * self.vigour, 0.0, 1000.0 / tempo),
            Gesture::Blink => {
                let dwell = draw(4, 250.0, 400.0) / pace;
                (1.0, dwell, dwell + LID_MS * 2.5)
            }
            Gesture::Mouth => {
                let dwell = draw(4, 650.0, 950.0) / pace;
                (draw(5, 0.85, 1.0), dwell, dwell + JAW_MS * 2.0)
            }
        };
        Performance { gesture, onset, duration, amplitude, side, dwell }
    }

    /// Where everything is at `t_ms`, given what was planned.
    pub(crate) fn truth(&self, planned: &[Performance], t_ms: f64) -> Truth {
        let mut truth = self.rest(t_ms);
        truth.eye_closure = self.involuntary_blink(planned, t_ms);
        for p in planned.iter().filter(|p| t_ms >= p.onset && t_ms < p.onset + p.duration) {
            truth.gesture = Some(p.gesture);
            let done = (t_ms - p.onset) / p.duration;
            match p.gesture {
                // Neutral, down, neutral.
                Gesture::Nod => truth.pitch -= p.amplitude * (1.0 - (TAU * done).cos()) / 2.0,
                // The ends are eased so that the head does not start at full speed.
                Gesture::Shake => truth.yaw += p.side * p.amplitude * (TAU * done).sin() * ease(done),
                Gesture::Blink => truth.eye_closure = plateau(t_ms - p.onset, LID_MS, p.dwell, LID_MS * 1.5).max(truth.eye_closure),
                Gesture::Mouth => truth.mouth_opening = p.amplitude * plateau(t_ms - p.onset, JAW_MS, p.dwell, JAW_MS),
            }
        }
        truth
    }

    /// Sway of a head held still: two slow waves per axis, at most about 1 degree and 1 % of the face.
    pub(crate) fn rest(&self, t_ms: f64) -> Truth {
        let wave = |index: u64, period_s: f64| {
            let phase = unit(self.seed, stream::CHARACTER, 100 + index) * TAU;
            let t = t_ms / 1000.0 * TAU;
            (t / period_s + phase).sin() * 0.7 + (t / (period_s * 0.37) + 2.0 * phase).sin() * 0.3
        };
        Truth {
            yaw: 1.0 * wave(0, 5.3),
            pitch: 0.7 * wave(1, 4.1),
            roll: self.tilt + 0.5 * wave(2, 6.7),
            x: 0.008 * wave(3, 7.1),
            y: 0.005 * wave(4, 3.7),
            scale: 1.0 + 0.006 * wave(5, 9.3),
            ..Truth::rest(t_ms)
        }
    }

    /// Short blinks every 2.6 to 6 s, lids together 20 to 60 ms; left out around a blink on purpose.
    fn involuntary_blink(&self, planned: &[Performance], t_ms: f64) -> f64 {
        let mut onset = between(self.seed, stream::BLINK, 0, 1500.0, 4000.0);
        let mut index = 1;
        while onset <= t_ms {
            let dwell = between(self.seed, stream::BLINK, index * 2, 20.0, 60.0);
            let value = plateau(t_ms - onset, QUICK_LID_MS, dwell, QUICK_LID_MS * 1.5);
            if value > 0.0 {
                let near = |p: &Performance| {
                    p.gesture == Gesture::Blink && onset > p.onset - BLINK_GAP_MS && onset < p.onset + p.duration + BLINK_GAP_MS
                };
                return if planned.iter().any(near) { 0.0 } else { value };
            }
            onset += between(self.seed, stream::BLINK, index * 2 + 1, BLINK_GAP_MS, 6000.0);
            index += 1;
        }
        0.0
    }
}

/// Smooth rise, hold, smooth fall; 0 outside.
pub(crate) fn plateau(since: f64, rise: f64, hold: f64, fall: f64) -> f64 {
    let smooth = |x: f64| (1.0 - (PI * x.clamp(0.0, 1.0)).cos()) / 2.0;
    if since <= 0.0 || since >= rise + hold + fall {
        0.0
    } else if since < rise {
        smooth(since / rise)
    } else if since <= rise + hold {
        1.0
    } else {
        smooth((rise + hold + fall - since) / fall)
    }
}

/// Rises over the first and falls over the last eighth.
fn ease(done: f64) -> f64 {
    (done.min(1.0 - done) * 8.0).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trace(gesture: Gesture, seed: u64) -> Vec<Truth> {
        let persona = Persona::from_seed(seed);
        let planned = [persona.perform(gesture, 1000.0, f64::NEG_INFINITY, 0, 1.0)];
        (0..700).map(|i| persona.truth(&planned, f64::from(i) * 10.0)).collect()
    }

    #[test]
    fn reaction_is_human() {
        for seed in 0..200 {
            let p = Persona::from_seed(seed).perform(Gesture::Nod, 1000.0, f64::NEG_INFINITY, 0, 1.0);
            assert!((1300.0..1800.0).contains(&p.onset), "seed {seed}: onset {}", p.onset);
        }
    }

    #[test]
    fn gestures_keep_their_ranges_and_return() {
        for seed in 0..50 {
            let swing = |of: fn(&Truth) -> f64, gesture| {
                let values: Vec<f64> = trace(gesture, seed).iter().map(of).collect();
                let end = values.last().copied().unwrap_or(f64::NAN);
                (values.iter().copied().fold(f64::INFINITY, f64::min), values.iter().copied().fold(f64::NEG_INFINITY, f64::max), end)
            };
            let (low, _, end) = swing(|t| t.pitch, Gesture::Nod);
            assert!((-24.0..-14.0).contains(&low) && end.abs() < 2.0, "nod seed {seed}: {low} {end}");
            let (low, high, end) = swing(|t| t.yaw, Gesture::Shake);
            assert!(low < -13.0 && high > 13.0 && low > -26.0 && high < 26.0 && end.abs() < 2.0, "shake seed {seed}: {low} {high} {end}");
            let (low, high, end) = swing(|t| t.mouth_opening, Gesture::Mouth);
            assert!(low == 0.0 && high > 0.7 && end == 0.0, "mouth seed {seed}: {low} {high} {end}");
        }
    }

    #[test]
    fn deliberate_blinks_are_long_and_others_short() {
        for seed in 0..50 {
            let mut runs = Vec::new();
            let mut run = 0;
            for truth in trace(Gesture::Blink, seed) {
                if truth.eye_closure > 0.9 {
                    run += 10;
                } else if run > 0 {
                    runs.push(run);
                    run = 0;
                }
            }
            let long = runs.iter().filter(|r| **r >= 250).count();
            assert_eq!(long, 1, "seed {seed}: {runs:?}");
            assert!(runs.iter().all(|r| *r >= 250 || *r < 150), "seed {seed}: {runs:?}");
        }
    }

    #[test]
    fn gestures_do_not_overlap() {
        let persona = Persona::from_seed(4);
        let first = persona.perform(Gesture::Shake, 0.0, f64::NEG_INFINITY, 0, 1.0);
        let second = persona.perform(Gesture::Nod, 100.0, first.onset + first.duration, 1, 1.0);
        assert!(second.onset >= first.onset + first.duration + REST_MS, "queued behind the first");
    }
}
