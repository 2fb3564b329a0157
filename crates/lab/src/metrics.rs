//! Verification figures over scored pairs, and the Wilson interval.

use serde::Serialize;

/// False-non-match rate at fixed false-match rates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fnmr {
    /// At a false-match rate of at most 1e-2.
    #[serde(rename = "1e-2")]
    pub at_1e2: f64,
    /// At a false-match rate of at most 1e-3.
    #[serde(rename = "1e-3")]
    pub at_1e3: f64,
}

/// Probability that a random genuine pair scores above a random impostor pair, ties counting one half (Mann–Whitney U).
/// `None` when either side is empty.
#[must_use]
pub fn auc(genuine: &[f64], impostor: &[f64]) -> Option<f64> {
    if genuine.is_empty() || impostor.is_empty() {
        return None;
    }
    let mut others = impostor.to_vec();
    others.sort_by(f64::total_cmp);
    let wins: f64 = genuine
        .iter()
        .map(|g| {
            let below = others.partition_point(|i| i < g);
            let ties = others.partition_point(|i| i <= g) - below;
            below as f64 + ties as f64 / 2.0
        })
        .sum();
    Some(wins / (genuine.len() as f64 * impostor.len() as f64))
}

/// The smallest score at which at most `rate` of the impostor pairs are accepted, accepting scores strictly above it.
/// `None` without impostor pairs.
#[must_use]
pub fn threshold_at_fmr(impostor: &[f64], rate: f64) -> Option<f64> {
    let mut falling = impostor.to_vec();
    falling.sort_by(|a, b| b.total_cmp(a));
    let allowed = ((rate * falling.len() as f64) + 1e-9).floor() as usize;
    // accepting strictly above the (allowed + 1)-th best impostor lets at most `allowed` through, ties included
    falling.get(allowed.min(falling.len().checked_sub(1)?)).copied()
}

/// Share of genuine pairs not accepted at the threshold of [`threshold_at_fmr`]. `None` when either side is empty.
#[must_use]
pub fn fnmr_at_fmr(genuine: &[f64], impostor: &[f64], rate: f64) -> Option<f64> {
    if genuine.is_empty() {
        return None;
    }
    let threshold = threshold_at_fmr(impostor, rate)?;
    Some(genuine.iter().filter(|g| **g <= threshold).count() as f64 / genuine.len() as f64)
}

/// Equal error rate: the mean of both error rates at the threshold where they differ least. `None` when either side is empty.
#[must_use]
pub fn eer(genuine: &[f64], impostor: &[f64]) -> Option<f64> {
    if genuine.is_empty() || impostor.is_empty() {
        return None;
    }
    let (mut yes, mut no) = (genuine.to_vec(), impostor.to_vec());
    yes.sort_by(f64::total_cmp);
    no.sort_by(f64::total_cmp);
    let mut cuts: Vec<f64> = yes.iter().chain(&no).copied().collect();
    cuts.push(f64::NEG_INFINITY);
    let rates = cuts.into_iter().map(|t| {
        let missed = yes.partition_point(|g| *g <= t) as f64 / yes.len() as f64;
        let matched = 1.0 - no.partition_point(|i| *i <= t) as f64 / no.len() as f64;
        (missed, matched)
    });
    rates.min_by(|a, b| (a.0 - a.1).abs().total_cmp(&(b.0 - b.1).abs())).map(|(missed, matched)| (missed + matched) / 2.0)
}

/// Wilson score interval at 95 % for `hits` of `total`; `None` when nothing was tried.
#[must_use]
pub fn wilson95(hits: usize, total: usize) -> Option<[f64; 2]> {
    if total == 0 {
        return None;
    }
    // two-sided 95 % quantile of the normal distribution
    let z = 1.959_964_f64;
    let (n, p) = (total as f64, hits as f64 / total as f64);
    let centre = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    Some([(centre - half).max(0.0), (centre + half).min(1.0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auc_counts_pairs_and_halves_ties() {
        assert_eq!(auc(&[0.9, 0.8], &[0.1, 0.2]), Some(1.0), "separated");
        assert_eq!(auc(&[0.5], &[0.5, 0.5]), Some(0.5), "all tied");
        // wins: 0.9 beats both, 0.3 beats 0.2 and loses to 0.4
        assert_eq!(auc(&[0.9, 0.3], &[0.2, 0.4]), Some(0.75), "three of four");
        assert_eq!(auc(&[], &[0.1]), None, "nothing to compare");
    }

    #[test]
    fn fnmr_respects_the_rate_even_with_ties() {
        let impostor: Vec<f64> = (0..100).map(f64::from).collect();
        // one of 100 may pass: accept above 98
        assert_eq!(threshold_at_fmr(&impostor, 0.01), Some(98.0), "one allowed");
        assert_eq!(threshold_at_fmr(&impostor, 0.001), Some(99.0), "none allowed: above the best impostor");
        assert_eq!(fnmr_at_fmr(&[98.0, 98.5, 99.5, 120.0], &impostor, 0.01), Some(0.25), "98 itself is not accepted");
        let tied = [vec![50.0; 10], vec![1.0; 90]].concat();
        let t = threshold_at_fmr(&tied, 0.05).expect("not empty");
        assert_eq!(tied.iter().filter(|i| **i > t).count(), 0, "ten tied impostors cannot be let through at 5 %");
        assert_eq!(fnmr_at_fmr(&[], &impostor, 0.01), None, "no genuine pairs");
    }

    #[test]
    fn eer_of_known_sets() {
        assert_eq!(eer(&[0.9, 0.8], &[0.1, 0.2]), Some(0.0), "separated");
        let genuine = [0.2, 0.6, 0.7, 0.8];
        let impostor = [0.1, 0.3, 0.4, 0.65];
        assert_eq!(eer(&genuine, &impostor), Some(0.25), "one of four each way at 0.4 to 0.6");
        assert_eq!(eer(&[0.1], &[0.9]), Some(1.0), "inverted");
    }

    #[test]
    fn wilson_matches_published_values() {
        let [low, high] = wilson95(9, 10).expect("tried");
        assert!((low - 0.5958).abs() < 5e-4 && (high - 0.9821).abs() < 5e-4, "9 of 10: {low} {high}");
        let [low, high] = wilson95(0, 20).expect("tried");
        assert!(low == 0.0 && (high - 0.1611).abs() < 5e-4, "0 of 20: {low} {high}");
        assert_eq!(wilson95(0, 0), None, "nothing tried");
    }
}
