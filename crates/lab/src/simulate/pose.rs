//! Head pose against ground truth: the solid head, and the bare proportions of the canonical face, turned to known angles.

use anyhow::Result;
use faceid_simulate::{Body, Proportions, SolidBody, Truth, View};
use faceid_vision::{Models, Pose, TrackState, detect_faces, observe};
use serde::Serialize;

use super::film::Identity;

/// Every yaw with every pitch, degrees.
const YAWS: [f64; 9] = [-30.0, -22.0, -15.0, -8.0, 0.0, 8.0, 15.0, 22.0, 30.0];
const PITCHES: [f64; 5] = [-20.0, -10.0, 0.0, 10.0, 20.0];
/// One axis alone, degrees.
const ROLLS: [f64; 6] = [-30.0, -20.0, -10.0, 10.0, 20.0, 30.0];
const STEEP: [f64; 2] = [-30.0, 30.0];
/// Largest mean error per axis, degrees.
pub(super) const BAR: f64 = 4.0;
/// Least detector score within ±30 degrees of yaw and ±20 of pitch.
pub(super) const SCORE: f32 = 0.8;

/// Errors of one head over all angles.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoseRow {
    /// Identity.
    pub identity: String,
    /// `own` or `canonical` proportions.
    pub proportions: &'static str,
    /// Pictures.
    pub pictures: usize,
    /// Of these, without a pose.
    pub unmeasured: usize,
    /// Mean absolute errors of yaw, pitch and roll, degrees; `null` when nothing was measured.
    pub mean_error: Option<[f64; 3]>,
    /// The same with each head's mean error taken off, which calibration does in a session.
    pub mean_error_centred: Option<[f64; 3]>,
    /// Least squares slope of measured over commanded yaw and pitch, along one axis at a time.
    pub slope: Option<[f64; 2]>,
    /// Least detector score over the grid of yaws and pitches.
    pub least_score: f32,
}

/// Measures every identity with its own and with canonical proportions.
///
/// # Errors
/// When a head cannot be drawn or a network fails.
pub(super) fn rows(models: &Models, identities: &[Identity]) -> Result<Vec<PoseRow>> {
    let mut rows = Vec::new();
    for identity in identities {
        for (name, proportions) in [("own", Proportions::Own), ("canonical", Proportions::Canonical)] {
            let view = View { face_ratio: 0.5, ..View::default() };
            let mut body = SolidBody::with(&identity.portrait, &identity.shape, proportions, 1, view)?;
            rows.push(row(models, &mut body, &identity.name, name)?);
        }
    }
    Ok(rows)
}

fn truths() -> Vec<Truth> {
    let rest = Truth::rest(0.0);
    let mut all: Vec<Truth> = YAWS.iter().flat_map(|yaw| PITCHES.map(|pitch| Truth { yaw: *yaw, pitch, ..rest })).collect();
    all.extend(STEEP.map(|pitch| Truth { pitch, ..rest }));
    all.extend(ROLLS.map(|roll| Truth { roll, ..rest }));
    all
}

fn row(models: &Models, body: &mut SolidBody, identity: &str, proportions: &'static str) -> Result<PoseRow> {
    let (mut errors, mut least_score, mut pictures) = (Vec::new(), f32::INFINITY, 0);
    let (mut yaws, mut pitches) = (Vec::new(), Vec::new());
    for truth in truths() {
        pictures += 1;
        let frame = body.frame(&truth)?;
        if truth.roll == 0.0 && truth.pitch.abs() <= 20.0 {
            least_score = least_score.min(detect_faces(models, &frame)?.first().map_or(0.0, |f| f.score));
        }
        // As on camera: found once, then followed.
        let mut state = TrackState::default();
        observe(models, &frame, &mut state)?;
        let Some(pose) = observe(models, &frame, &mut state)?.face.and_then(|f| f.pose) else { continue };
        let Pose { yaw, pitch, roll } = pose;
        let [yaw, pitch, roll] = [yaw, pitch, roll].map(f64::from);
        errors.push([yaw - truth.yaw, pitch - truth.pitch, roll - truth.roll]);
        if truth.pitch == 0.0 && truth.roll == 0.0 {
            yaws.push((truth.yaw, yaw));
        }
        if truth.yaw == 0.0 && truth.roll == 0.0 && truth.pitch.abs() <= 20.0 {
            pitches.push((truth.pitch, pitch));
        }
    }
    let count = errors.len() as f64;
    let mean = |of: &dyn Fn(usize, &[f64; 3]) -> f64| -> Option<[f64; 3]> {
        (!errors.is_empty()).then(|| core::array::from_fn(|axis| errors.iter().map(|e| of(axis, e)).sum::<f64>() / count))
    };
    let bias = mean(&|axis, e| e[axis]).unwrap_or_default();
    Ok(PoseRow {
        identity: identity.to_owned(),
        proportions,
        pictures,
        unmeasured: pictures - errors.len(),
        mean_error: mean(&|axis, e| e[axis].abs()),
        mean_error_centred: mean(&|axis, e| (e[axis] - bias[axis]).abs()),
        slope: slope(&yaws).zip(slope(&pitches)).map(|(yaw, pitch)| [yaw, pitch]),
        least_score,
    })
}

/// Slope of the line through points whose first coordinates have mean zero.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let spread: f64 = points.iter().map(|(x, _)| x * x).sum();
    (spread > 0.0).then(|| points.iter().map(|(x, y)| x * y).sum::<f64>() / spread)
}

impl PoseRow {
    /// Mean errors within the bar, all measured, the face found everywhere.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.unmeasured == 0 && self.mean_error.is_some_and(|e| e.iter().all(|v| *v <= BAR)) && self.least_score >= SCORE
    }
}

/// Prints the rows as a table or as JSON lines.
///
/// # Errors
/// When a row cannot be written as JSON.
pub(super) fn print(rows: &[PoseRow], as_json: bool) -> Result<()> {
    if as_json {
        for row in rows {
            println!("{}", serde_json::to_string(row)?);
        }
        return Ok(());
    }
    println!(
        "identity        proportions  pictures  no pose  mean error yaw, pitch, roll  with its mean taken off  slope yaw, pitch  least score"
    );
    let three = |v: Option<[f64; 3]>| v.map_or("–".into(), |v| v.map(|x| format!("{x:5.2}")).join(" "));
    for r in rows {
        let slope = r.slope.map_or("–".into(), |s| s.map(|x| format!("{x:4.2}")).join(" "));
        println!(
            "{:14}  {:11}  {:>8}  {:>7}  {:27}  {:23}  {:16}  {:.2}  {}",
            r.identity,
            r.proportions,
            r.pictures,
            r.unmeasured,
            three(r.mean_error),
            three(r.mean_error_centred),
            slope,
            r.least_score,
            if r.holds() { "holds" } else { "FAILS" }
        );
    }
    Ok(())
}
