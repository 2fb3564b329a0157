//! Which cues decide, and how strictly.
//!
//! One cue that speaks is enough: none of the scores is a probability, so they are not added up. A cue speaks when its score times its weight
//! reaches the bar of the session's security level. A cue that was not measured never speaks.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::cue::{Cue, CueName, CueOutcome};

/// How strictly cues are taken: the session's security level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strictness {
    /// security_level 1
    Loose,
    /// security_level 2, the usual one
    #[default]
    Usual,
    /// security_level 3
    Strict,
    /// security_level 4
    Strictest,
}

impl Strictness {
    /// Of security_level 1 to 4.
    #[must_use]
    pub const fn from_level(security_level: u32) -> Option<Self> {
        match security_level {
            1 => Some(Self::Loose),
            2 => Some(Self::Usual),
            3 => Some(Self::Strict),
            4 => Some(Self::Strictest),
            _ => None,
        }
    }

    /// Weighted score from which a cue speaks for an attack.
    #[must_use]
    pub const fn bar(self) -> f32 {
        match self {
            Self::Loose => 0.6,
            Self::Usual => Cue::FIRES,
            Self::Strict => 0.45,
            Self::Strictest => 0.4,
        }
    }
}

/// A weight that is no weight.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error("the weight of a cue is 0 (reported only) to {}, not {given}", CuePolicy::WEIGHT_MAX)]
pub struct WeightError {
    given: f32,
}

/// Weights and strictness.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CuePolicy {
    weights: BTreeMap<CueName, f32>,
    strictness: Strictness,
}

impl CuePolicy {
    /// Of this module's rule, the default weights and how cues are measured: raised with each change, and part of what a verdict says it was made by.
    pub const VERSION: u32 = 3;
    /// Largest weight.
    pub const WEIGHT_MAX: f32 = 2.0;

    /// Weight of a cue unless the operator says otherwise. docs/security.md has the figures behind each.
    #[must_use]
    pub const fn default_weight(name: CueName) -> f32 {
        match name {
            CueName::ReturningFrames
            | CueName::RepeatedFrames
            | CueName::NoSensorNoise
            | CueName::PlanarMotion
            | CueName::ReturningMotion => 1.0,
            CueName::StillJaw => 1.0,
            // In soft light a real head shows as little as a puppet: reported, and the operator's to weigh where a lamp stands.
            CueName::AttachedLight => 0.0,
            // Whoever installs a network has chosen it.
            CueName::PassiveNetwork => 1.0,
        }
    }

    /// The same policy with another weight of one cue.
    ///
    /// # Errors
    /// [`WeightError`] when it is not between 0 and [`Self::WEIGHT_MAX`].
    pub fn with_weight(mut self, name: CueName, weight: f32) -> Result<Self, WeightError> {
        if !(0.0..=Self::WEIGHT_MAX).contains(&weight) {
            return Err(WeightError { given: weight });
        }
        self.weights.insert(name, weight);
        Ok(self)
    }

    /// The same weights for sessions of another strictness.
    #[must_use]
    pub fn with_strictness(&self, strictness: Strictness) -> Self {
        Self { strictness, ..self.clone() }
    }

    /// The weight in use.
    #[must_use]
    pub fn weight(&self, name: CueName) -> f32 {
        self.weights.get(&name).copied().unwrap_or(Self::default_weight(name))
    }

    /// Whether this cue alone makes the attempt an attack.
    #[must_use]
    pub fn speaks(&self, cue: &Cue) -> bool {
        match cue.outcome {
            CueOutcome::Measured(score) => score * self.weight(cue.name) >= self.strictness.bar(),
            CueOutcome::NotMeasured(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cue::NotMeasured;

    fn planar(score: f32) -> Cue {
        Cue { name: CueName::PlanarMotion, outcome: CueOutcome::Measured(score) }
    }

    #[test]
    fn the_level_moves_the_bar_and_the_weight_the_score() {
        let usual = CuePolicy::default();
        assert!(usual.speaks(&planar(0.5)) && !usual.speaks(&planar(0.49)), "level 2");
        let at = |level| usual.with_strictness(Strictness::from_level(level).expect("a level"));
        assert!(!at(1).speaks(&planar(0.55)) && at(1).speaks(&planar(0.6)), "level 1");
        assert!(at(3).speaks(&planar(0.45)) && !at(3).speaks(&planar(0.42)) && at(4).speaks(&planar(0.42)), "levels 3 and 4");
        let silent = usual.clone().with_weight(CueName::PlanarMotion, 0.0).expect("a weight");
        assert!(!silent.speaks(&planar(1.0)), "reported only");
        let loud = usual.with_weight(CueName::PlanarMotion, 2.0).expect("a weight");
        assert!(loud.speaks(&planar(0.25)), "twice as loud");
    }

    #[test]
    fn what_was_not_measured_never_speaks() {
        let unknown = Cue { name: CueName::PlanarMotion, outcome: CueOutcome::NotMeasured(NotMeasured::TooFewFrames) };
        let strictest = CuePolicy::default().with_strictness(Strictness::Strictest);
        assert!(!strictest.with_weight(CueName::PlanarMotion, 2.0).expect("a weight").speaks(&unknown));
    }

    #[test]
    fn weights_and_levels_have_ranges() {
        for weight in [-0.1, 2.1, f32::NAN, f32::INFINITY] {
            assert!(CuePolicy::default().with_weight(CueName::StillJaw, weight).is_err(), "{weight}");
        }
        assert_eq!([0, 5].map(Strictness::from_level), [None, None]);
    }

    #[test]
    fn cues_are_found_by_their_names() {
        for cue in CueName::ALL {
            assert_eq!(CueName::from_name(cue.name()), Some(cue));
        }
        assert_eq!(CueName::from_name("planar"), None);
    }
}
