//! Random names and draws, all from the operating system's generator.

use faceid_protocol::Millis;
use thiserror::Error;

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the operating system gave no random bytes")]
pub struct RandomError;

/// `N` random bytes.
///
/// # Errors
/// [`RandomError`].
pub fn bytes<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut out = [0; N];
    getrandom::fill(&mut out).map_err(|_| RandomError)?;
    Ok(out)
}

/// `N` random bytes as lower-case hex.
///
/// # Errors
/// [`RandomError`].
pub fn hex<const N: usize>() -> Result<String, RandomError> {
    Ok(hex::encode(bytes::<N>()?))
}

/// `1532485677,fb241f74-e4e0-4396-ad74-eb8c1764aa1b`: Unix seconds, comma, 128 random bits in UUID layout
/// (all of them random: no version bits).
///
/// # Errors
/// [`RandomError`].
pub fn stamped_id(now: Millis) -> Result<String, RandomError> {
    let digits = hex::<16>()?;
    let part = |from: usize, to: usize| &digits[from..to];
    Ok(format!("{},{}-{}-{}-{}-{}", now.0 / 1000, part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)))
}

/// A uniform index below `n`; zero for `n` = 0 or 1.
///
/// # Errors
/// [`RandomError`].
pub fn below(n: u8) -> Result<usize, RandomError> {
    if n <= 1 {
        return Ok(0);
    }
    // Bytes of the incomplete last block are thrown away, so that no index is favoured.
    let fair = u8::MAX - u8::MAX % n;
    loop {
        let [byte] = bytes::<1>()?;
        if byte < fair {
            return Ok(usize::from(byte % n));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamped_ids_have_the_documented_form() {
        let id = stamped_id(Millis(1_532_485_677_123)).expect("random bytes");
        let (seconds, uuid) = id.split_once(',').expect("comma");
        assert_eq!(seconds, "1532485677", "Unix seconds first");
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "UUID layout: {uuid}");
        assert!(uuid.chars().all(|c| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c)), "lower-case hex: {uuid}");
    }

    #[test]
    fn draws_cover_every_index_evenly() {
        let mut counts = [0_u32; 3];
        for _ in 0..30_000 {
            counts[below(3).expect("random bytes")] += 1;
        }
        // 5 sigma of a binomial with n = 30,000, p = 1/3
        assert!(counts.iter().all(|&c| c.abs_diff(10_000) < 410), "{counts:?}");
    }
}
