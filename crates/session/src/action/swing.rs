//! One signed angle leaving neutral, swinging to one or both sides, and coming back to stay.

use crate::params::JudgeParams;
use faceid_protocol::Millis;

/// Follows one angle. Knows nothing of actions: nod and shake decide what an excursion was.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Swing {
    state: State,
    last: Option<Millis>,
}

#[derive(Debug, Clone, Default, PartialEq)]
enum State {
    /// No neutral sample yet: a movement half seen is not judged.
    #[default]
    Unarmed,
    Neutral {
        t: Millis,
        height: Option<f32>,
    },
    Out(Excursion),
}

/// The furthest point on one side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extreme {
    /// Degrees from neutral, positive.
    pub(super) degrees: f32,
    pub(super) t: Millis,
}

/// One trip out of neutral.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Excursion {
    /// Last neutral sample before.
    pub(super) start: Millis,
    /// First sample back in neutral, once it is back.
    pub(super) back: Option<Millis>,
    back_samples: u32,
    /// Furthest towards positive angles.
    pub(super) positive: Option<Extreme>,
    /// Furthest towards negative angles.
    pub(super) negative: Option<Extreme>,
    /// Smallest and largest deviation of the other axes while out, degrees.
    pub(super) cross: (f32, f32),
    /// Smallest and largest sideways place of the face while out, face heights.
    pub(super) travel: Option<(f32, f32)>,
    /// Height of the face before leaving and once back, px.
    heights: (Option<f32>, Option<f32>),
}

/// What one sample adds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading {
    pub(super) t: Millis,
    /// Degrees from neutral on the judged axis.
    pub(super) angle: f32,
    /// Degrees from neutral on the axis it must not be mistaken for.
    pub(super) cross: f32,
    /// Sideways place of the face in face heights.
    pub(super) place: Option<f32>,
    /// Height of the face, px.
    pub(super) height: Option<f32>,
}

impl Excursion {
    fn new(start: Millis, height: Option<f32>) -> Self {
        Self {
            start,
            heights: (height, None),
            back: None,
            back_samples: 0,
            positive: None,
            negative: None,
            cross: (0.0, 0.0),
            travel: None,
        }
    }

    fn extend(&mut self, reading: Reading) {
        let side = if reading.angle >= 0.0 { &mut self.positive } else { &mut self.negative };
        let degrees = reading.angle.abs();
        if side.is_none_or(|e| degrees > e.degrees) {
            *side = Some(Extreme { degrees, t: reading.t });
        }
        self.cross = (self.cross.0.min(reading.cross), self.cross.1.max(reading.cross));
        if let Some(place) = reading.place {
            let (low, high) = self.travel.unwrap_or((place, place));
            self.travel = Some((low.min(place), high.max(place)));
        }
    }

    /// Degrees reached on each side: (positive, negative), 0 for a side not visited.
    pub(super) fn reach(&self) -> (f32, f32) {
        let degrees = |side: Option<Extreme>| side.map_or(0.0, |e| e.degrees);
        (degrees(self.positive), degrees(self.negative))
    }

    /// The furthest point of all.
    pub(super) fn peak(&self) -> Option<Extreme> {
        match (self.positive, self.negative) {
            (Some(p), Some(n)) => Some(if p.degrees >= n.degrees { p } else { n }),
            (one, None) | (None, one) => one,
        }
    }

    /// Range of the other axes, degrees.
    pub(super) fn cross_range(&self) -> f32 {
        self.cross.1 - self.cross.0
    }

    /// Range of the face's sideways place, face heights.
    pub(super) fn travel_range(&self) -> Option<f32> {
        self.travel.map(|(low, high)| high - low)
    }

    /// How much nearer or further the head is after the movement: ratio of the heights, 1 or more.
    pub(super) fn approach(&self) -> Option<f32> {
        let (before, after) = self.heights.0.zip(self.heights.1)?;
        Some((before / after).max(after / before))
    }

    /// From leaving neutral to being back.
    pub(super) fn duration(&self) -> Option<Millis> {
        self.back.map(|back| back.since(self.start))
    }
}

impl Swing {
    /// Takes one reading. `settle` tells how long the angle must stay in neutral to end an excursion, given what it did so far.
    /// Returns the excursion when it has ended; one that outlasts [`JudgeParams::move_max`] is dropped.
    pub(super) fn feed(&mut self, reading: Reading, p: &JudgeParams, settle: impl Fn(&Excursion) -> Millis) -> Option<Excursion> {
        if self.last.is_some_and(|last| reading.t.since(last) > p.gap) {
            self.state = State::Unarmed;
        }
        self.last = Some(reading.t);
        let neutral = reading.angle.abs() <= p.pose_neutral;
        match &mut self.state {
            State::Unarmed | State::Neutral { .. } if neutral => self.state = State::Neutral { t: reading.t, height: reading.height },
            State::Unarmed => {}
            State::Neutral { t, height } => {
                let mut excursion = Excursion::new(*t, *height);
                excursion.extend(reading);
                self.state = State::Out(excursion);
            }
            State::Out(excursion) => {
                let peak = excursion.peak().map_or(0.0, |e| e.degrees);
                if reading.angle.abs() > p.pose_neutral.max(p.pose_back * peak) {
                    excursion.back = None;
                    excursion.back_samples = 0;
                    excursion.extend(reading);
                    if reading.t.since(excursion.start) > p.move_max {
                        self.state = State::Unarmed;
                    }
                    return None;
                }
                let back = *excursion.back.get_or_insert(reading.t);
                excursion.back_samples += 1;
                excursion.heights.1 = reading.height;
                if excursion.back_samples >= 2 && reading.t.since(back) >= settle(excursion) {
                    let done = excursion.clone();
                    self.state = State::Neutral { t: reading.t, height: reading.height };
                    return Some(done);
                }
            }
        }
        None
    }

    /// The excursion in hand.
    pub(super) fn current(&self) -> Option<&Excursion> {
        match &self.state {
            State::Out(excursion) => Some(excursion),
            State::Unarmed | State::Neutral { .. } => None,
        }
    }
}
