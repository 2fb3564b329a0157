//! Cutting evidence from recordings: which frames a step of a session holds, and when it shows them.

use faceid_protocol::Millis;

use crate::simulate::Sent;

/// Between frames of a step, ms: the page's ten per second,
pub(crate) const SPACING: u64 = 100;
/// or further apart in a long movement, but never as far as the longest gap that the judge takes.
pub(crate) const WIDEST: u64 = 195;
/// The longest gap itself ([`faceid_session::JudgeParams::window_gap`]): where a movement fits no other way, the page goes to it as well.
const LONGEST: u64 = 200;
/// Most frames of a window.
pub(crate) const MOST: usize = 20;
/// Frames of the neutral.
pub(crate) const NEUTRAL: usize = 8;
/// When the first frame is shown, ms.
pub(crate) const BEGIN: u64 = 1000;
/// Between the steps of a session, ms.
pub(crate) const PAUSE: u64 = 1500;

/// Of `frames` (rising, `at` tells their times in ms) those that are at most `spacing` ms apart, where the recording has them.
pub(crate) fn spaced(at: impl Fn(usize) -> u64, frames: &[usize], spacing: u64) -> Vec<usize> {
    let mut picked: Vec<usize> = frames.first().copied().into_iter().collect();
    while let Some(&last) = picked.last() {
        let later = || frames.iter().copied().filter(|&i| i > last);
        let within = later().take_while(|&i| at(i) - at(last) <= spacing).last();
        let Some(next) = within.or_else(|| later().next()) else { break };
        picked.push(next);
    }
    picked
}

/// All of `frames` as densely as a window can hold them, but no denser than one in `spacing` ms; `None` when they last too long.
pub(crate) fn fitted(at: impl Fn(usize) -> u64, frames: &[usize], spacing: u64) -> Option<Vec<usize>> {
    (spacing..=LONGEST).step_by(5).map(|spacing| spaced(&at, frames, spacing)).find(|picked| picked.len() <= MOST)
}

/// The frames with the times at which they are shown: the first at `now`.
pub(crate) fn placed(at: impl Fn(usize) -> u64, frames: &[usize], now: u64) -> Sent {
    let begin = frames.first().map_or(0, |&i| at(i));
    frames.iter().map(|&i| (i, Millis(at(i) - begin + now))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_movement_is_thinned_until_it_fits_and_no_further() {
        let at = |i: usize| i as u64 * 40;
        let frames = |until: u64| (0..=(until / 40) as usize).collect::<Vec<_>>();
        let gap = |picked: &[usize]| picked.windows(2).map(|p| at(p[1]) - at(p[0])).max();
        let short = fitted(at, &frames(1200), SPACING).expect("short");
        assert_eq!((short.len(), gap(&short)), (16, Some(80)), "{short:?}");
        let long = fitted(at, &frames(2900), SPACING).expect("long");
        assert!(long.len() <= MOST && gap(&long) == Some(160) && long.last() == Some(&72), "{long:?}");
        let longest = fitted(at, &frames(3600), SPACING).expect("at the judge's limit");
        assert_eq!(gap(&longest), Some(faceid_session::JudgeParams::default().window_gap.0), "{longest:?}");
        assert_eq!(fitted(at, &frames(4000), SPACING), None, "longer than twenty frames can show");
    }

    #[test]
    fn holes_of_the_recording_stay_and_times_are_shifted() {
        let times = [0, 50, 100, 400, 450];
        let at = |i: usize| times[i];
        assert_eq!(spaced(at, &[0, 1, 2, 3, 4], 100), [0, 2, 3, 4]);
        assert_eq!(placed(at, &[2, 3], 1000), [(2, Millis(1000)), (3, Millis(1300))]);
        assert!(placed(at, &[], 1000).is_empty() && spaced(at, &[], 100).is_empty());
    }
}
