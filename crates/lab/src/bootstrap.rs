//! Uncertainty of operating points: bootstrap over identities.
//!
//! Impostor pairs are not independent: one person with an unusual face is in hundreds of them. So people are drawn with replacement, not
//! pairs, and a pair weighs as much as both of its people were drawn: times a times b.

use crate::{pairs::Pair, simulate::Rng};
use std::collections::BTreeMap;

/// People of a pair file: pictures that are connected by pairs of one person are one person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct People {
    of_picture: BTreeMap<String, usize>,
    count: usize,
}

impl People {
    pub(crate) fn of(pairs: &[Pair]) -> Self {
        let mut group: BTreeMap<&str, &str> = BTreeMap::new();
        fn root<'a>(group: &BTreeMap<&'a str, &'a str>, name: &'a str) -> &'a str {
            let mut at = name;
            while let Some(next) = group.get(at).filter(|next| **next != at) {
                at = next;
            }
            at
        }
        for pair in pairs {
            for name in [&pair.a, &pair.b] {
                group.entry(name).or_insert(name);
            }
            if pair.same {
                let (a, b) = (root(&group, &pair.a), root(&group, &pair.b));
                group.insert(a, b);
            }
        }
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        let mut of_picture = BTreeMap::new();
        for name in group.keys() {
            let next = numbers.len();
            of_picture.insert((*name).to_owned(), *numbers.entry(root(&group, name)).or_insert(next));
        }
        Self { of_picture, count: numbers.len() }
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Whose picture it is; `None` for one that is in no pair.
    pub(crate) fn of_picture(&self, name: &str) -> Option<usize> {
        self.of_picture.get(name).copied()
    }
}

/// An impostor pair: two people and their cosine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Impostor {
    pub(crate) people: [usize; 2],
    pub(crate) cosine: f64,
}

/// 95 % percentile intervals of what `estimate` makes of weighted cosines (falling, with their weights), from `draws` draws of people.
/// `None` where fewer than nine of ten draws gave an estimate: the interval would be that of the lucky ones.
pub(crate) fn intervals<const N: usize>(
    impostors: &[Impostor],
    people: usize,
    draws: usize,
    seed: u64,
    estimate: impl Fn(&[(f64, f64)]) -> Option<[f64; N]>,
) -> Option<[[f64; 2]; N]> {
    let mut falling = impostors.to_vec();
    falling.sort_by(|a, b| b.cosine.total_cmp(&a.cosine));
    let mut rng = Rng::new(seed);
    let mut weighted = Vec::with_capacity(falling.len());
    let mut found: Vec<[f64; N]> = Vec::with_capacity(draws);
    for _ in 0..draws {
        let mut drawn = vec![0_u32; people];
        for _ in 0..people {
            drawn[rng.below(people)] += 1;
        }
        weighted.clear();
        weighted.extend(falling.iter().filter_map(|pair| {
            let [a, b] = pair.people.map(|person| drawn.get(person).copied().unwrap_or(0));
            let weight = f64::from(a) * f64::from(b);
            (weight > 0.0).then_some((pair.cosine, weight))
        }));
        found.extend(estimate(&weighted));
    }
    if draws == 0 || found.len() * 10 < draws * 9 {
        return None;
    }
    Some(std::array::from_fn(|index| {
        let mut values: Vec<f64> = found.iter().map(|all| all[index]).collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        [at(0.025), at(0.975)]
    }))
}

/// 95 % percentile interval of a share from `draws` draws of clusters (hits and tries of each): sessions cut from one clip are not independent,
/// clips are. `None` where redrawing cannot tell: no tries, fewer than two clusters, or all agree.
pub(crate) fn of_clusters(clusters: &[[usize; 2]], draws: usize, seed: u64) -> Option<[f64; 2]> {
    let tried: Vec<[usize; 2]> = clusters.iter().copied().filter(|[_, of]| *of > 0).collect();
    let mut rng = Rng::new(seed);
    let mut rates: Vec<f64> = Vec::with_capacity(draws);
    for _ in 0..if tried.len() < 2 { 0 } else { draws } {
        let (mut hits, mut of) = (0, 0);
        for _ in 0..tried.len() {
            let [h, n] = tried[rng.below(tried.len())];
            (hits, of) = (hits + h, of + n);
        }
        rates.push(hits as f64 / of as f64);
    }
    rates.sort_by(f64::total_cmp);
    let last = rates.len().checked_sub(1)?;
    let [low, high] = [0.025, 0.975].map(|share| rates[(last as f64 * share).round() as usize]);
    (high > low).then_some([low, high])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_of_one_clip_count_as_one_another() {
        // Twenty clips of ten sessions, whole clips pass or fail: as wide as twenty sessions, 0.5 ± 0.22, not as two hundred, ± 0.07.
        let clips: Vec<[usize; 2]> = (0..20).map(|i| [10 * (i % 2), 10]).collect();
        let [low, high] = of_clusters(&clips, 1000, 1).expect("clips differ");
        assert!((0.25..=0.32).contains(&low) && (0.68..=0.75).contains(&high), "{low} to {high}");
        assert_eq!(of_clusters(&clips, 1000, 1), Some([low, high]), "the same seed, the same interval");
        assert_eq!(of_clusters(&[[3, 3], [4, 4], [0, 0]], 1000, 1), None, "all agree");
        assert_eq!(of_clusters(&[[1, 3]], 1000, 1), None, "one clip");
        assert_eq!(of_clusters(&[], 1000, 1), None, "none");
    }

    fn pair(a: &str, b: &str, same: bool) -> Pair {
        Pair { a: a.into(), b: b.into(), same }
    }

    #[test]
    fn pictures_connected_by_genuine_pairs_are_one_persons() {
        let people = People::of(&[
            pair("a1", "a2", true),
            pair("b1", "a1", false),
            pair("a3", "a2", true),
            pair("b1", "c1", false),
            pair("b2", "b1", true),
        ]);
        assert_eq!(people.count(), 3, "a, b, c");
        let of = |name| people.of_picture(name);
        assert!(of("a1") == of("a3") && of("b1") == of("b2") && of("a1") != of("b1") && of("c1") != of("b1"), "{people:?}");
        assert_eq!(of("d"), None, "not in the file");
    }

    /// The mean over pairs whose value hangs on the people has the spread of a mean over people, not that of one over pairs.
    #[test]
    fn the_interval_is_that_of_people_not_of_pairs() {
        let people = 60;
        let mut rng = Rng::new(5);
        let own: Vec<f64> = (0..people).map(|_| rng.unit()).collect();
        let mut impostors = Vec::new();
        for a in 0..people {
            for b in 0..a {
                impostors.push(Impostor { people: [a, b], cosine: (own[a] + own[b]) / 2.0 });
            }
        }
        let mean = |weighted: &[(f64, f64)]| {
            let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
            Some([weighted.iter().map(|(value, weight)| value * weight).sum::<f64>() / total])
        };
        let [[low, high]] = intervals(&impostors, people, 400, 1, mean).expect("estimates");
        // Standard error of the mean of 60 uniform draws: 0.2887 / sqrt(60) = 0.0373, so about 0.146 between the ends; over pairs it would be 0.019.
        assert!((0.11..0.19).contains(&(high - low)), "{low} to {high}");
        assert_eq!(intervals(&impostors, people, 400, 1, mean), Some([[low, high]]), "the same seed, the same interval");
        assert_eq!(intervals::<1>(&impostors, people, 50, 1, |_| None), None, "no estimate, no interval");
    }
}
