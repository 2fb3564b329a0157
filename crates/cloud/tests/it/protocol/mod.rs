//! The private protocol as a whole: a small reference model of docs/protocol.md, histories that try to leave it, and attacks that are counted.

mod attacks;
mod histories;
mod model;
mod side;
mod tape;

use faceid_testkit::Rng;

/// Draws; the same for the same seed.
struct Dice(Rng);

impl Dice {
    /// The test's fixed seed, or a fresh one in the long run. `stream` keeps the draws of different tests apart.
    fn new(stream: u64) -> (Self, u64) {
        let fixed = std::env::var("PROPTEST_RNG_SEED").ok().and_then(|text| text.parse::<u64>().ok());
        let seed = fixed.unwrap_or_else(|| u64::from_le_bytes(faceid_cloud::random::bytes().expect("random bytes")));
        (Self(Rng::new(seed ^ stream << 56)), seed)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.0.bits() % n.max(1) as u64).unwrap_or_default()
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// Attempts per class: the full count in the long run.
fn count(short: usize, long: usize) -> usize {
    if std::env::var_os("FACEID_LONG").is_some() { long } else { short }
}
