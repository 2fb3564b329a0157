//! The `calibrate` command: operating points of an embedding network from impostor pairs.

use anyhow::{Context, Result, bail};
use faceid_judge::{Basis, Calibration, CalibrationFile, Judge, OperatingPoint};

use crate::bootstrap::{self, Impostor, People};
use crate::cli::{CalibrateArgs, Verdict};
use crate::pairs;

/// The published rates.
const RATES: [f64; 4] = [1e-3, 1e-4, 1e-5, 1e-6];

/// Rates between which the measured curve is continued: below, single pairs decide; above, the curve is not its tail.
const FIT: (f64, f64) = (1e-3, 3e-2);

/// Impostor pairs that must lie above a cosine for its rate to count as measured.
const LEAST_ABOVE: f64 = 10.0;

/// Below this many people in the data, rates of 1e-4 and less cannot be measured: too few pairs, and all of them of the same faces.
const PEOPLE_FOR_1E4: usize = 800;

pub(crate) fn run(judge: &Judge, args: &CalibrateArgs) -> Result<Verdict> {
    let mut strictest: Option<[OperatingPoint; 4]> = None;
    let mut statement = args.data.clone();
    let mut people_in_all = 0;
    for file in &args.files {
        let list = pairs::read(file)?;
        let folder = file.parent().unwrap_or(std::path::Path::new(""));
        let scores = pairs::score(judge, folder, &list, |name, error| eprintln!("{name}: {error:#}"));
        let people = People::of(&list);
        let impostors: Vec<Impostor> = scores
            .impostor_pairs
            .iter()
            .filter_map(|(pair, cosine)| {
                let people = [people.of_picture(&pair.a)?, people.of_picture(&pair.b)?];
                Some(Impostor { people, cosine: *cosine })
            })
            .collect();
        let points =
            with_intervals(&impostors, people.count(), args).with_context(|| format!("{}: too few impostor pairs", file.display()))?;
        println!("{}: {} people, {} impostor pairs, {} draws of people", file.display(), people.count(), impostors.len(), args.draws);
        for point in points {
            let interval = point.interval95.map_or("unknown".into(), |[low, high]| format!("{low:.4} to {high:.4}"));
            println!("  {:.0e}: cosine {:.4} ({:?}), 95 % {interval}", point.fmr, point.cosine, point.basis);
        }
        if people.count() < PEOPLE_FOR_1E4 {
            println!("  {} people are fewer than {PEOPLE_FOR_1E4}: 1e-4 and below are extrapolations", people.count());
        }
        people_in_all += people.count();
        let genuine = scores.genuine_cosine.len();
        statement.push_str(&format!(" [{} people, {genuine} genuine and {} impostor pairs]", people.count(), impostors.len()));
        strictest = Some(
            strictest.map_or(points, |old| std::array::from_fn(|i| if points[i].cosine > old[i].cosine { points[i] } else { old[i] })),
        );
    }
    let Some(points) = strictest else { bail!("no pair file") };
    let embedding = judge.embedder().spec().name.clone();
    let file = CalibrationFile { embedding, data: statement, identities: Some(people_in_all), points };
    let text = serde_json::to_string_pretty(&file)? + "\n";
    Calibration::new(file)?;
    std::fs::write(&args.output, text).with_context(|| args.output.display().to_string())?;
    Ok(Verdict::Done)
}

/// The operating points and what drawing other people would have made of them.
fn with_intervals(impostors: &[Impostor], people: usize, args: &CalibrateArgs) -> Option<[OperatingPoint; 4]> {
    let mut falling: Vec<(f64, f64)> = impostors.iter().map(|pair| (pair.cosine, 1.0)).collect();
    falling.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut points = operating_points(&falling, people)?;
    let bases = points.map(|point| point.basis);
    let spread = bootstrap::intervals(impostors, people, args.draws, args.seed, |weighted| {
        Some(cosines(weighted, bases)?.map(|(_, cosine)| cosine))
    });
    for (index, point) in points.iter_mut().enumerate() {
        point.interval95 = spread.map(|all| all[index]);
    }
    Some(points)
}

/// The smallest cosine above which at most `rate` of the weight lies; `falling` with weights. `None` without weight.
fn threshold(falling: &[(f64, f64)], rate: f64) -> Option<f64> {
    let allowed = rate * falling.iter().map(|(_, weight)| weight).sum::<f64>() + 1e-9;
    let mut above = 0.0;
    for (cosine, weight) in falling {
        above += weight;
        if above > allowed {
            return Some(*cosine);
        }
    }
    falling.last().map(|(cosine, _)| *cosine)
}

/// Cosines at the published rates: measured where at least ten pairs lie above, and for 1e-4 and less where there are people enough; else continued as
/// the tail of a normal distribution. `None` with fewer than 1000 pairs or without spread.
fn operating_points(falling: &[(f64, f64)], people: usize) -> Option<[OperatingPoint; 4]> {
    if falling.len() < 1000 {
        return None;
    }
    let bases = RATES.map(|rate| {
        let pairs = rate * falling.len() as f64 >= LEAST_ABOVE;
        if pairs && (rate >= FIT.0 || people >= PEOPLE_FOR_1E4) { Basis::Measured } else { Basis::Extrapolated }
    });
    let found = cosines(falling, bases)?;
    Some(std::array::from_fn(|i| OperatingPoint { fmr: RATES[i], cosine: found[i].1, basis: found[i].0, interval95: None }))
}

/// The continued tail: the normal quantile of the rate is fitted as a straight line of the cosine between 3 % and 0.1 %.
fn cosines(falling: &[(f64, f64)], bases: [Basis; 4]) -> Option<[(Basis, f64); 4]> {
    let (mut n, mut sx, mut sy, mut sxx, mut sxy) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let least = (LEAST_ABOVE / falling.len() as f64).max(FIT.0);
    let steps = 40;
    for step in 0..=steps {
        let rate = least * (FIT.1 / least).powf(f64::from(step) / f64::from(steps));
        let (x, y) = (normal_quantile(1.0 - rate), threshold(falling, rate)?);
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
    let mut found = [(Basis::Measured, 0.0); 4];
    for ((point, rate), basis) in found.iter_mut().zip(RATES).zip(bases) {
        let cosine = match basis {
            Basis::Measured => threshold(falling, rate)?,
            Basis::Extrapolated => offset + slope * normal_quantile(1.0 - rate),
        };
        *point = (basis, cosine);
    }
    Some(found)
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

    /// Exact quantiles of a normal distribution with mean 0.7 and deviation 0.05, falling.
    fn normal(count: u32) -> Vec<(f64, f64)> {
        let all = (0..count).rev().map(|i| (0.7 + 0.05 * normal_quantile((f64::from(i) + 0.5) / f64::from(count)), 1.0));
        all.collect()
    }

    #[test]
    fn a_normal_tail_is_continued_correctly() {
        let falling = normal(20_000);
        let points = operating_points(&falling, 200).expect("enough pairs");
        assert_eq!(
            points.map(|p| p.basis),
            [Basis::Measured, Basis::Extrapolated, Basis::Extrapolated, Basis::Extrapolated],
            "what was seen"
        );
        for (point, z) in points.iter().zip([3.0902, 3.7190, 4.2649, 4.7534]) {
            assert!((point.cosine - (0.7 + 0.05 * z)).abs() < 2e-3, "{}: {} for {}", point.fmr, point.cosine, 0.7 + 0.05 * z);
        }
        assert_eq!(operating_points(&falling[..500], 200), None, "too few pairs");
        assert_eq!(operating_points(&vec![(0.5, 1.0); 2000], 200), None, "no spread");
    }

    #[test]
    fn many_pairs_of_few_people_measure_no_small_rate() {
        let falling = normal(120_000);
        let at = |people| operating_points(&falling, people).expect("points")[1].basis;
        assert_eq!((at(500), at(800)), (Basis::Extrapolated, Basis::Measured), "1e-4 with twelve pairs above it");
    }

    #[test]
    fn weights_count_like_repetitions() {
        let plain = [(0.9, 1.0), (0.9, 1.0), (0.8, 1.0), (0.1, 1.0)];
        let weighted = [(0.9, 2.0), (0.8, 1.0), (0.1, 1.0)];
        for rate in [0.0, 0.25, 0.5, 0.75, 1.0] {
            assert_eq!(threshold(&plain, rate), threshold(&weighted, rate), "{rate}");
            let unweighted: Vec<f64> = plain.iter().map(|(cosine, _)| *cosine).collect();
            assert_eq!(
                threshold(&plain, rate),
                crate::metrics::threshold_at_fmr(&unweighted, rate),
                "as the other program reads it, {rate}"
            );
        }
    }
}
