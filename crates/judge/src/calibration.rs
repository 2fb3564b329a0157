//! From cosine to the public confidence.
//!
//! The public thresholds are fixed numbers (the sample values of the access document), so that callers who wrote them into
//! their code stay right when the network changes. What moves is the map: piecewise linear, strictly rising, sending the
//! cosine measured (or extrapolated) at each false-match rate to that rate's fixed threshold, −1 to 0 and 1 to 100.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Confidence at a false-match rate of 1e-3, 1e-4, 1e-5 and 1e-6.
pub const THRESHOLDS: Thresholds = Thresholds { e3: 62.168_713, e4: 69.315_34, e5: 74.399_26, e6: 78.038_055 };

/// The four operating points on the public scale, 0..100.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// One false match in a thousand.
    #[serde(rename = "1e-3")]
    pub e3: f64,
    /// One in ten thousand.
    #[serde(rename = "1e-4")]
    pub e4: f64,
    /// One in a hundred thousand.
    #[serde(rename = "1e-5")]
    pub e5: f64,
    /// One in a million.
    #[serde(rename = "1e-6")]
    pub e6: f64,
}

impl Thresholds {
    /// In order of rising strictness.
    #[must_use]
    pub const fn rising(&self) -> [f64; 4] {
        [self.e3, self.e4, self.e5, self.e6]
    }
}

/// Whether an operating point was seen in the data or continued from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// At least ten impostor pairs lie above the cosine.
    Measured,
    /// Continued from the measured part of the curve; provisional.
    Extrapolated,
}

/// One operating point of the network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatingPoint {
    /// False-match rate.
    pub fmr: f64,
    /// Cosine at which it is reached.
    pub cosine: f64,
    /// How it was found.
    pub basis: Basis,
    /// Where the cosine would lie in 95 of 100 draws of other people; `None` = not computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval95: Option<[f64; 2]>,
}

/// What a calibration file holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationFile {
    /// The embedding descriptor's name.
    pub embedding: String,
    /// Which pictures and how many pairs, and what was not tested.
    pub data: String,
    /// People in the data; `None` = not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identities: Option<usize>,
    /// Exactly the four rates 1e-3, 1e-4, 1e-5, 1e-6, in this order.
    pub points: [OperatingPoint; 4],
}

/// Why a calibration is not usable.
#[derive(Debug, Error)]
pub enum CalibrationError {
    /// Not the JSON of a calibration.
    #[error("calibration: {0}")]
    Json(#[from] serde_json::Error),
    /// Rates are not 1e-3, 1e-4, 1e-5, 1e-6, or cosines do not rise strictly inside −1..1.
    #[error("calibration: the points must be 1e-3 to 1e-6 with rising cosines between -1 and 1")]
    Points,
    /// Made for another network.
    #[error("calibration was made for {calibration}, the network is {network}")]
    OtherNetwork {
        /// Name in the calibration.
        calibration: String,
        /// Name in the descriptor.
        network: String,
    },
}

/// A checked calibration.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    file: CalibrationFile,
}

impl Calibration {
    /// The calibration of the default network.
    ///
    /// # Errors
    /// None in practice: the text is part of this crate and tested.
    pub fn dlib_resnet_128() -> Result<Self, CalibrationError> {
        Self::from_json(include_str!("../calibration/dlib-resnet-128.json"))
    }

    /// Reads and checks a calibration file.
    ///
    /// # Errors
    /// [`CalibrationError`].
    pub fn from_json(text: &str) -> Result<Self, CalibrationError> {
        Self::new(serde_json::from_str(text)?)
    }

    /// Checks a calibration.
    ///
    /// # Errors
    /// [`CalibrationError::Points`].
    pub fn new(file: CalibrationFile) -> Result<Self, CalibrationError> {
        let rates = [1e-3, 1e-4, 1e-5, 1e-6];
        let right_rates = file.points.iter().zip(rates).all(|(p, r)| (p.fmr / r - 1.0).abs() < 1e-9);
        let mut edge = -1.0;
        let rising = file.points.iter().all(|p| {
            let above = p.cosine > edge;
            edge = p.cosine;
            above
        });
        if right_rates && rising && edge < 1.0 { Ok(Self { file }) } else { Err(CalibrationError::Points) }
    }

    /// Fails when this calibration belongs to another network.
    ///
    /// # Errors
    /// [`CalibrationError::OtherNetwork`].
    pub fn check_network(&self, name: &str) -> Result<(), CalibrationError> {
        if self.file.embedding == name {
            return Ok(());
        }
        Err(CalibrationError::OtherNetwork { calibration: self.file.embedding.clone(), network: name.to_owned() })
    }

    /// The data behind it and its operating points.
    #[must_use]
    pub const fn file(&self) -> &CalibrationFile {
        &self.file
    }

    /// Confidence 0..100 of a cosine; strictly rising on −1..1, values outside are clamped.
    #[must_use]
    pub fn confidence(&self, cosine: f32) -> f64 {
        let cosine = f64::from(cosine).clamp(-1.0, 1.0);
        let mut low = (-1.0, 0.0);
        let inner = self.file.points.iter().map(|p| p.cosine).zip(THRESHOLDS.rising());
        for (x, y) in inner.chain([(1.0, 100.0)]) {
            if cosine <= x {
                return low.1 + (cosine - low.0) / (x - low.0) * (y - low.1);
            }
            low = (x, y);
        }
        // a NaN cosine fails every comparison: no evidence of sameness
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn committed_calibration_hits_the_fixed_thresholds() {
        let calibration = Calibration::dlib_resnet_128().expect("committed");
        calibration.check_network("dlib-resnet-128").expect("made for the default network");
        for (point, threshold) in calibration.file().points.iter().zip(THRESHOLDS.rising()) {
            let got = calibration.confidence(point.cosine as f32);
            assert!((got - threshold).abs() < 1e-3, "{} at {}: {got}", point.fmr, point.cosine);
        }
        assert!(calibration.file().points[1..].iter().all(|p| p.basis == Basis::Extrapolated), "nothing below 1e-3 was measured");
    }

    #[test]
    fn map_rises_strictly_from_0_to_100() {
        let calibration = Calibration::dlib_resnet_128().expect("committed");
        assert_eq!((calibration.confidence(-1.0), calibration.confidence(1.0)), (0.0, 100.0), "ends");
        let mut last = -1.0;
        for step in 0..=2000 {
            let now = calibration.confidence(step as f32 / 1000.0 - 1.0);
            assert!(now > last, "step {step}: {now} after {last}");
            last = now;
        }
        assert_eq!(calibration.confidence(f32::NAN), 0.0, "no measurement, no confidence");
        assert_eq!(calibration.confidence(7.0), 100.0, "clamped");
    }

    #[test]
    fn wrong_files_are_refused() {
        let good = Calibration::dlib_resnet_128().expect("committed").file;
        let mut swapped = good.clone();
        swapped.points.swap(0, 1);
        assert!(matches!(Calibration::new(swapped), Err(CalibrationError::Points)), "order of rates");
        let mut flat = good.clone();
        flat.points[2].cosine = flat.points[1].cosine;
        assert!(matches!(Calibration::new(flat), Err(CalibrationError::Points)), "equal cosines");
        let mut nan = good.clone();
        nan.points[0].cosine = f64::NAN;
        assert!(matches!(Calibration::new(nan), Err(CalibrationError::Points)), "NaN");
        let other = Calibration::new(good).expect("good");
        assert!(matches!(other.check_network("arcface-112"), Err(CalibrationError::OtherNetwork { .. })), "other network");
    }
}
