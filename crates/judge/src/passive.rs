//! A network that says from single pictures whether a face is live: the operator's to install, with a descriptor of how it wants its faces.

use std::fmt;

use faceid_vision::{BoundingBox, Face, Point2};
use serde::Deserialize;
use thiserror::Error;

use crate::align::{AlignError, Chip, Similarity};
use crate::cue::{CueOutcome, NotMeasured};
use crate::network::{Network, NetworkError};
use crate::observe::Seen;
use crate::spec::{InputSpec, Normalise};

/// Most frames of an attempt that are looked at, spread over its steps.
const FRAMES: usize = 5;
/// Least width of a face, px.
const FACE_MIN: f32 = 64.0;

/// Descriptor of a passive network, JSON. The network has one input, `1×3×side×side` (or `1×side×side×3`), and its first output holds one
/// number for each class (at least two) or a single one.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassiveSpec {
    /// Names the network in what a verdict says it was made by.
    pub name: String,
    /// Input tensor.
    pub input: InputSpec,
    /// `(value − mean) / scale` on values 0..255, per channel, in RGB order whatever the tensor's order.
    pub normalise: Normalise,
    /// Side of the square cut around the middle of the face / longer side of the face's box: 1 to 5.
    pub crop: f32,
    /// Which output speaks for a live face.
    pub live: usize,
    /// What the outputs are.
    pub output: Output,
    /// Probability of "live" at which a face is as likely an attack: this becomes a score of 0.5. Between 0 and 1, both excluded.
    pub even: f32,
}

/// What the numbers of a passive network are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Output {
    /// Before a softmax; with a single output before a logistic function.
    Logits,
    /// Probabilities.
    Probabilities,
}

/// Why a passive network cannot be used.
#[derive(Debug, Error)]
pub enum PassiveLoadError {
    /// Not the JSON of a descriptor.
    #[error("descriptor of the passive network: {0}")]
    Json(#[from] serde_json::Error),
    /// A value out of its range.
    #[error("descriptor of the passive network: {0}")]
    Value(&'static str),
    /// The file.
    #[error("passive network: {0}")]
    Network(#[from] NetworkError),
    /// The file gives fewer numbers than the descriptor's class.
    #[error("passive network gives {got} numbers, its descriptor reads number {live}")]
    Outputs {
        /// From the file.
        got: usize,
        /// By the descriptor.
        live: usize,
    },
}

/// The network failed while looking: nothing is known about the attempt.
#[derive(Debug, Error)]
#[error("passive network: {0}")]
pub struct PassiveError(String);

impl PassiveSpec {
    /// Reads and checks a descriptor.
    ///
    /// # Errors
    /// [`PassiveLoadError::Json`] and [`PassiveLoadError::Value`].
    pub fn from_json(text: &str) -> Result<Self, PassiveLoadError> {
        let spec: Self = serde_json::from_str(text)?;
        let rules = [
            (!spec.name.trim().is_empty(), "name is empty"),
            ((1..=InputSpec::SIDE_MAX).contains(&spec.input.side), "input.side must be 1 to 1024"),
            (spec.normalise.is_usable(), "normalise must be finite numbers and scale never zero"),
            ((1.0..=5.0).contains(&spec.crop), "crop must be 1 to 5"),
            (spec.even > 0.0 && spec.even < 1.0, "even must lie between 0 and 1"),
        ];
        match rules.into_iter().find(|(holds, _)| !holds) {
            Some((_, what)) => Err(PassiveLoadError::Value(what)),
            None => Ok(spec),
        }
    }

    /// Probability of a live face; `None` when the numbers are none.
    fn live(&self, outputs: &[f32]) -> Option<f32> {
        let own = *outputs.get(self.live)?;
        let live = match (self.output, outputs.len()) {
            (Output::Probabilities, _) => own,
            (Output::Logits, 1) => 1.0 / (1.0 + (-own).exp()),
            (Output::Logits, _) => 1.0 / outputs.iter().map(|other| (other - own).exp()).sum::<f32>(),
        };
        live.is_finite().then(|| live.clamp(0.0, 1.0))
    }

    /// 0 for surely live, 0.5 at [`Self::even`], 1 for surely not; straight lines between.
    fn score(&self, live: f32) -> f32 {
        if live >= self.even { 0.5 * (1.0 - live) / (1.0 - self.even) } else { 1.0 - 0.5 * live / self.even }
    }
}

/// A loaded passive network.
pub struct Passive {
    network: Network,
    spec: PassiveSpec,
}

impl fmt::Debug for Passive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passive({:?})", self.spec)
    }
}

impl Passive {
    /// Loads an ONNX file.
    ///
    /// # Errors
    /// [`PassiveLoadError`].
    pub fn load(onnx: &[u8], spec: PassiveSpec) -> Result<Self, PassiveLoadError> {
        let network = Network::load(onnx, spec.input, spec.normalise)?;
        let got = network.outputs();
        if spec.live >= got {
            return Err(PassiveLoadError::Outputs { got, live: spec.live });
        }
        Ok(Self { network, spec })
    }

    /// The descriptor it was loaded with.
    #[must_use]
    pub const fn spec(&self) -> &PassiveSpec {
        &self.spec
    }

    /// Median score over frames spread over the attempt.
    pub(crate) fn look(&self, steps: &[Vec<Seen>]) -> Result<CueOutcome, PassiveError> {
        let large = |seen: &&Seen| seen.face().is_some_and(|face| face.bounds.width >= FACE_MIN);
        let usable: Vec<&Seen> = steps.iter().flatten().filter(large).collect();
        let mut scores = Vec::with_capacity(FRAMES);
        for index in crate::identity::spread(usable.len(), FRAMES) {
            let Some(face) = usable[index].face() else { continue };
            let chip = match self.chip(usable[index], face) {
                Ok(chip) => chip,
                Err(AlignError::Degenerate | AlignError::Outside) => continue,
            };
            let outputs = self.network.run(&chip).map_err(|error| PassiveError(error.to_string()))?;
            let live = self.spec.live(&outputs).ok_or_else(|| PassiveError("its answer is no number".into()))?;
            scores.push(self.spec.score(live));
        }
        scores.sort_by(f32::total_cmp);
        Ok(scores.get(scores.len() / 2).map_or(CueOutcome::NotMeasured(NotMeasured::NoFace), |score| CueOutcome::Measured(*score)))
    }

    fn chip(&self, seen: &Seen, face: &Face) -> Result<Chip, AlignError> {
        let side = self.spec.input.side as f32;
        let corners = square(&face.bounds, self.spec.crop);
        let targets = [Point2 { x: 0.0, y: 0.0 }, Point2 { x: side, y: 0.0 }, Point2 { x: side, y: side }, Point2 { x: 0.0, y: side }];
        Chip::cut(&seen.frame, &Similarity::fit(&corners, &targets)?, self.spec.input.side)
    }
}

/// Corners of the square around the middle of a box, clockwise from the upper left.
fn square(bounds: &BoundingBox, crop: f32) -> [Point2; 4] {
    let half = 0.5 * crop * bounds.width.max(bounds.height);
    let (x, y) = (bounds.x + bounds.width / 2.0, bounds.y + bounds.height / 2.0);
    [(-half, -half), (half, -half), (half, half), (-half, half)].map(|(dx, dy)| Point2 { x: x + dx, y: y + dy })
}

#[cfg(test)]
mod tests {
    use faceid_protocol::Millis;
    use faceid_vision::{EyeOpenness, Frame, Observation, Quality};

    use super::*;
    use crate::tiny_onnx::flatten;

    const SPEC: &str = r#"{ "name": "example", "input": { "side": 80, "layout": "nchw", "channels": "bgr" },
        "normalise": { "mean": [0, 0, 0], "scale": [1, 1, 1] }, "crop": 2.7, "live": 1, "output": "logits", "even": 0.8 }"#;

    fn spec() -> PassiveSpec {
        PassiveSpec::from_json(SPEC).expect("a descriptor")
    }

    #[test]
    fn logits_become_a_score_around_the_even_point() {
        let spec = spec();
        let live = spec.live(&[0.0, 3.0_f32.ln(), f32::NEG_INFINITY]).expect("a number");
        assert!((live - 0.75).abs() < 1e-6, "softmax: {live}");
        for (live, score) in [(1.0, 0.0), (0.9, 0.25), (0.8, 0.5), (0.4, 0.75), (0.0, 1.0)] {
            assert!((spec.score(live) - score).abs() < 1e-6, "{live}: {}", spec.score(live));
        }
        assert_eq!(spec.live(&[0.0, f32::NAN]), None, "no number");
        let single = PassiveSpec { live: 0, ..spec };
        assert_eq!(single.live(&[0.0]), Some(0.5), "one logit");
    }

    #[test]
    fn descriptors_out_of_range_are_refused() {
        for (good, bad) in [("2.7", "0.5"), ("0.8", "1"), ("\"side\": 80", "\"side\": 0"), ("[1, 1, 1]", "[1, 0, 1]"), ("example", " ")] {
            let text = SPEC.replace(good, bad);
            assert!(matches!(PassiveSpec::from_json(&text), Err(PassiveLoadError::Value(_))), "{bad}");
        }
        assert!(matches!(PassiveSpec::from_json("{}"), Err(PassiveLoadError::Json(_))), "empty");
    }

    /// Looks at one pixel and gives back its red, green and blue as probabilities; red speaks for a live face.
    fn reddish() -> Passive {
        let text = SPEC.replace("80", "1").replace("bgr", "rgb").replace("[1, 1, 1]", "[255, 255, 255]").replace("logits", "probabilities");
        let spec = PassiveSpec { live: 0, ..PassiveSpec::from_json(&text).expect("a descriptor") };
        Passive::load(&flatten(&[1, 3, 1, 1]), spec).expect("a network")
    }

    fn seen(red: u8, width: f32) -> Seen {
        let face = Face {
            bounds: BoundingBox { x: 20.0, y: 20.0, width, height: width },
            presence: 1.0,
            landmarks: Vec::new(),
            pose: None,
            eyes: EyeOpenness::default(),
            mouth: None,
            quality: Quality::default(),
        };
        let frame = Frame::from_rgb(120, 120, [red, 0, 0].repeat(120 * 120)).expect("size matches");
        Seen { t: Millis(0), frame, observation: Observation { face: Some(face), ..Observation::default() } }
    }

    #[test]
    fn the_median_of_spread_frames_counts() {
        let steps = [vec![seen(255, 80.0), seen(0, 80.0)], vec![seen(255, 80.0)]];
        assert_eq!(reddish().look(&steps).expect("runs"), CueOutcome::Measured(0.0), "one of three is not red");
        assert_eq!(reddish().look(&[vec![seen(0, 80.0), seen(0, 80.0)]]).expect("runs"), CueOutcome::Measured(1.0), "none is red");
    }

    #[test]
    fn small_faces_are_not_looked_at() {
        let answer = reddish().look(&[vec![seen(0, FACE_MIN - 1.0)]]).expect("runs");
        assert_eq!(answer, CueOutcome::NotMeasured(NotMeasured::NoFace));
    }

    #[test]
    fn files_that_do_not_fit_their_descriptor_are_refused() {
        let spec = PassiveSpec { live: 3, ..reddish().spec().clone() };
        assert!(matches!(Passive::load(&flatten(&[1, 3, 1, 1]), spec), Err(PassiveLoadError::Outputs { got: 3, live: 3 })));
        let shape = Passive::load(&flatten(&[1, 3, 2, 2]), reddish().spec().clone());
        assert!(matches!(shape, Err(PassiveLoadError::Network(NetworkError::Shape { .. }))), "{shape:?}");
        assert!(matches!(Passive::load(b"no network", reddish().spec().clone()), Err(PassiveLoadError::Network(NetworkError::Model(_)))));
    }

    #[test]
    fn the_square_is_centred_on_the_face() {
        let corners = square(&BoundingBox { x: 10.0, y: 20.0, width: 40.0, height: 60.0 }, 2.0);
        assert_eq!((corners[0], corners[2]), (Point2 { x: -30.0, y: -10.0 }, Point2 { x: 90.0, y: 110.0 }));
    }
}
