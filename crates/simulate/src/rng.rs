//! Seeded draws. A hash of (seed, stream, index) instead of a generator: a frame can be drawn at any time without its predecessors,
//! and the values do not change with a library version.

/// SplitMix64 finaliser (Steele, Lea, Flood 2014) over the three keys.
pub(crate) const fn hash(seed: u64, stream: u64, index: u64) -> u64 {
    let mut z = seed
        .wrapping_add(stream.wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .wrapping_add(index.wrapping_mul(0xD1B5_4A32_D192_ED03))
        .wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Uniform in [0, 1).
pub(crate) fn unit(seed: u64, stream: u64, index: u64) -> f64 {
    (hash(seed, stream, index) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Uniform in [low, high).
pub(crate) fn between(seed: u64, stream: u64, index: u64, low: f64, high: f64) -> f64 {
    low + (high - low) * unit(seed, stream, index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_uniform_and_independent_of_order() {
        let mean = (0..10_000).map(|i| unit(7, 3, i)).sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.01, "mean {mean}");
        assert_ne!(hash(1, 2, 3), hash(2, 1, 3), "keys are not interchangeable");
        assert_eq!(hash(5, 1, 9), hash(5, 1, 9), "same keys, same value");
    }
}
