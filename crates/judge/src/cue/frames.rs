//! Cues from the pixels of whole frames: what no camera delivers.

use std::collections::BTreeMap;

use faceid_vision::Frame;

use super::{CueOutcome, NotMeasured};
use crate::observe::Seen;

/// Share of frames whose exact pixels were already seen at least two different frames earlier. A camera or browser that hands
/// out the same frame twice in a row repeats a neighbour, which does not count; a moment that comes back after others is no
/// camera, because sensor noise never repeats.
pub(super) fn returning_frames(steps: &[Vec<Seen>]) -> CueOutcome {
    let mut last_index: BTreeMap<&[u8], usize> = BTreeMap::new();
    let (mut index, mut returned, mut previous): (usize, usize, Option<(&[u8], _)>) = (0, 0, None);
    for seen in steps.iter().flatten() {
        let pixels = seen.frame.rgb();
        // the last frame of a step may be sent again as the first of the next: same time, same picture
        if previous.is_some_and(|(p, t)| p == pixels || t == seen.t) {
            previous = Some((pixels, seen.t));
            continue;
        }
        returned += usize::from(last_index.insert(pixels, index).is_some());
        index += 1;
        previous = Some((pixels, seen.t));
    }
    if index < 2 {
        return CueOutcome::NotMeasured(NotMeasured::TooFewFrames);
    }
    // two returning moments are beyond chance; one could be a black or frozen start-up frame
    CueOutcome::Measured((returned as f32 / 4.0).min(1.0))
}

/// Share of repeated neighbours that scores [`super::Cue::FIRES`]. A camera of 15 pictures a second read 20 times a second repeats a quarter.
const REPEATED: f32 = 0.35;

/// Share of neighbouring frames in the windows that are the same picture twice.
pub(super) fn repeated_frames(steps: &[Vec<Seen>]) -> CueOutcome {
    let pairs: Vec<bool> = steps.iter().flat_map(|step| step.windows(2).map(|pair| pair[0].frame.rgb() == pair[1].frame.rgb())).collect();
    if pairs.len() < 4 {
        return CueOutcome::NotMeasured(NotMeasured::TooFewFrames);
    }
    let share = pairs.iter().filter(|same| **same).count() as f32 / pairs.len() as f32;
    CueOutcome::Measured((share / REPEATED * super::Cue::FIRES).min(1.0))
}

/// Mean absolute difference of neighbouring frames, luma 0..255, below which there is no noise. JPEG hides weak noise in flat
/// blocks, so the mean over the whole picture is small but never this small with a sensor behind it.
const NOISE_FLOOR: f32 = 0.02;

/// Median over all neighbouring, not identical pairs of the mean absolute luma difference.
pub(super) fn no_sensor_noise(steps: &[Vec<Seen>]) -> CueOutcome {
    let mut differences = Vec::new();
    let (mut pairs, mut same_size) = (0, 0);
    for step in steps {
        for pair in step.windows(2) {
            pairs += 1;
            if let Some(difference) = mean_difference(&pair[0].frame, &pair[1].frame) {
                same_size += 1;
                differences.push(difference);
            }
        }
    }
    if pairs < 4 {
        return CueOutcome::NotMeasured(NotMeasured::TooFewFrames);
    }
    if same_size < 4 {
        return CueOutcome::NotMeasured(NotMeasured::SizesDiffer);
    }
    differences.sort_by(f32::total_cmp);
    // the third quartile: a camera slower than the browser repeats frames, but not three of four
    let quartile = differences[differences.len() * 3 / 4];
    CueOutcome::Measured(1.0 / (1.0 + quartile / NOISE_FLOOR))
}

fn mean_difference(a: &Frame, b: &Frame) -> Option<f32> {
    if (a.width(), a.height()) != (b.width(), b.height()) {
        return None;
    }
    let sum: u64 = a.rgb().iter().zip(b.rgb()).map(|(x, y)| u64::from(x.abs_diff(*y))).sum();
    Some(sum as f32 / a.rgb().len() as f32)
}

#[cfg(test)]
mod tests {
    use faceid_protocol::Millis;
    use faceid_vision::Observation;

    use super::*;
    use crate::cue::Cue;

    fn step(from: u64, values: &[u8]) -> Vec<Seen> {
        let seen = |(i, v): (usize, &u8)| Seen {
            t: Millis(from + i as u64 * 40),
            frame: Frame::from_rgb(4, 1, vec![*v, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]).expect("size matches"),
            observation: Observation::default(),
        };
        values.iter().enumerate().map(seen).collect()
    }

    fn score(outcome: CueOutcome) -> f32 {
        match outcome {
            CueOutcome::Measured(score) => score,
            CueOutcome::NotMeasured(reason) => panic!("not measured: {}", reason.reason()),
        }
    }

    #[test]
    fn a_loop_is_noticed_and_a_stutter_is_not() {
        let looped = [step(0, &[1, 2, 3, 4]), step(1000, &[1, 2, 3, 4])];
        assert!(score(returning_frames(&looped)) >= Cue::FIRES, "the same four moments again");
        let stutter = [step(0, &[1, 1, 2, 2]), step(1000, &[3, 3, 4, 4])];
        assert_eq!(score(returning_frames(&stutter)), 0.0, "a slow camera");
        let shared = [step(0, &[1, 2, 3, 4]), step(120, &[4, 5, 6, 7])];
        assert_eq!(score(returning_frames(&shared)), 0.0, "one frame in two steps");
        assert_eq!(returning_frames(&[step(0, &[1])]), CueOutcome::NotMeasured(NotMeasured::TooFewFrames), "one frame");
    }

    #[test]
    fn every_picture_twice_is_noticed_and_every_fourth_is_not() {
        assert!(score(repeated_frames(&[step(0, &[1, 1, 2, 2, 3, 3, 4, 4])])) >= Cue::FIRES, "doubled");
        assert!(score(repeated_frames(&[step(0, &[1, 2, 2, 3, 4, 5, 5, 6])])) < Cue::FIRES, "a slow camera");
        assert_eq!(repeated_frames(&[step(0, &[1, 1])]), CueOutcome::NotMeasured(NotMeasured::TooFewFrames), "one pair");
    }

    #[test]
    fn stillness_beyond_any_sensor_is_noticed() {
        assert!(score(no_sensor_noise(&[step(0, &[5; 8])])) >= Cue::FIRES, "a still picture");
        assert!(score(no_sensor_noise(&[step(0, &[5, 9, 4, 8, 5, 9, 4, 7])])) < Cue::FIRES, "noise");
        assert_eq!(no_sensor_noise(&[step(0, &[1, 2])]), CueOutcome::NotMeasured(NotMeasured::TooFewFrames), "one pair");
    }
}
