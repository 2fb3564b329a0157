//! The `calibrate` command: operating points of an embedding network from impostor pairs.

use anyhow::{Context, Result, bail};
use faceid_judge::{Basis, Calibration, CalibrationFile, Judge, OperatingPoint};

use crate::cli::{CalibrateArgs, Verdict};
use crate::metrics::threshold_at_fmr;
use crate::pairs;

/// The published rates.
const RATES: [f64; 4] = [1e-3, 1e-4, 1e-5, 1e-6];

/// Rates between which the measured curve is continued: below, single pairs decide; above, the curve is not its tail.
const FIT: (f64, f64) = (1e-3, 3e-2);

/// Impostor pairs that must lie above a cosine for its rate to count as measured.
const LEAST_ABOVE: f64 = 10.0;

pub(crate) fn run(judge: &Judge, args: &CalibrateArgs) -> Result<Verdict> {
    let mut strictest: Option<[OperatingPoint; 4]> = None;
    let mut statement = args.data.clone();
    for file in &args.files {
        let list = pairs::read(file)?;
        let folder = file.parent().unwrap_or(std::path::Path::new(""));
        let scores = pairs::score(judge, folder, &list, |name, error| eprintln!("{name}: {error:#}"));
        let points = operating_points(&scores.impostor_cosine).with_context(|| format!("{}: too few impostor pairs", file.display()))?;
        println!("{}: {} impostor pairs", file.display(), scores.impostor_cosine.len());
        for point in points {
            println!("  {:.0e}: cosine {:.4} ({:?})", point.fmr, point.cosine, point.basis);
        }
        statement.push_str(&format!(" [{} genuine and {} impostor pairs]", scores.genuine_cosine.len(), scores.impostor_cosine.len()));
        strictest = Some(
            strictest.map_or(points, |old| std::array::from_fn(|i| if points[i].cosine > old[i].cosine { points[i] } else { old[i] })),
        );
    }
    let Some(points) = strictest else { bail!("no pair file") };
    let file = CalibrationFile { embedding: judge.embedder().spec().name.clone(), data: statement, points };
    let text = serde_json::to_string_pretty(&file)? + "\n";
    Calibration::new(file)?;
    std::fs::write(&args.output, text).with_context(|| args.output.display().to_string())?;
    Ok(Verdict::Done)
}

/// Cosines at the published rates. Where fewer than ten pairs lie above, the curve is continued as the tail of a normal
/// distribution: the normal quantile of the rate is fitted as a straight line of the cosine between 3 % and 0.1 %.
/// `None` with fewer than 1000 pairs or without spread.
fn operating_points(impostor: &[f64]) -> Option<[OperatingPoint; 4]> {
    if impostor.len() < 1000 {
        return None;
    }
    let (mut n, mut sx, mut sy, mut sxx, mut sxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let least = (LEAST_ABOVE / impostor.len() as f64).max(FIT.0);
    let steps = 40;
    for step in 0..=steps {
        let rate = least * (FIT.1 / least).powf(f64::from(step) / f64::from(steps));
        let (x, y) = (normal_quantile(1.0 - rate), threshold_at_fmr(impostor, rate)?);
        n += 1.0;
        sx += x;
        sy += y;
        sxx += x * x;
        sxy += x * y;
    }
    let slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
    let offset = (sy - slope * sx) / n;
    if !(slope.is_finite() && slope > 0.0) {
        return None;
    }
    let mut points = [OperatingPoint { fmr: 0.0, cosine: 0.0, basis: Basis::Measured }; 4];
    for (point, rate) in points.iter_mut().zip(RATES) {
        let measured = rate * impostor.len() as f64 >= LEAST_ABOVE;
        let extrapolated = offset + slope * normal_quantile(1.0 - rate);
        *point = if measured {
            OperatingPoint { fmr: rate, cosine: threshold_at_fmr(impostor, rate)?, basis: Basis::Measured }
        } else {
            OperatingPoint { fmr: rate, cosine: extrapolated, basis: Basis::Extrapolated }
        };
    }
    Some(points)
}

/// Quantile of the standard normal distribution, by bisection of its distribution function (no closed form exists).
fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-9.0, 9.0);
    for _ in 0..60 {
        let middle: f64 = f64::midpoint(low, high);
        if normal_below(middle) < p { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// Standard normal distribution function by Simpson's rule on the density from 0.
fn normal_below(x: f64) -> f64 {
    let steps = 400;
    let h = x / f64::from(steps);
    let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let inner: f64 = (1..steps).map(|i| if i % 2 == 1 { 4.0 } else { 2.0 } * density(f64::from(i) * h)).sum();
    0.5 + h / 3.0 * (density(0.0) + inner + density(x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_match_published_values() {
        for (p, want) in [(0.5, 0.0), (0.975, 1.959_964), (0.999, 3.090_232), (0.999_999, 4.753_424)] {
            assert!((normal_quantile(p) - want).abs() < 1e-5, "{p}: {}", normal_quantile(p));
        }
    }

    #[test]
    fn a_normal_tail_is_continued_correctly() {
        // exact quantiles of a normal distribution with mean 0.7 and deviation 0.05
        let impostor: Vec<f64> = (0..20_000).map(|i| 0.7 + 0.05 * normal_quantile((f64::from(i) + 0.5) / 20_000.0)).collect();
        let points = operating_points(&impostor).expect("enough pairs");
        assert_eq!(
            points.map(|p| p.basis),
            [Basis::Measured, Basis::Extrapolated, Basis::Extrapolated, Basis::Extrapolated],
            "what was seen"
        );
        for (point, z) in points.iter().zip([3.0902, 3.7190, 4.2649, 4.7534]) {
            assert!((point.cosine - (0.7 + 0.05 * z)).abs() < 2e-3, "{}: {} for {}", point.fmr, point.cosine, 0.7 + 0.05 * z);
        }
        assert_eq!(operating_points(&impostor[..500]), None, "too few pairs");
        assert_eq!(operating_points(&[0.5; 2000]), None, "no spread");
    }
}
