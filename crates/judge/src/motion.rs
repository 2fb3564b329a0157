//! How a face moved in one attempt, small enough to keep: tells a recording that is sent again from a person who comes again.
//!
//! Nobody nods twice along the same curve, at the same place in the picture, at the same distance. A recording does, however it was compressed,
//! thinned or re-timed between its frames. The print holds angles, places and openings in coarse steps, no picture and no face.

use faceid_protocol::Millis;
use thiserror::Error;

use crate::cue::{Cue, CueName, CueOutcome, NotMeasured};
use crate::observe::Seen;

/// Measures of one moment: yaw, pitch, roll in degrees; face centre across and down, in picture widths; ln(face height in picture heights);
/// mean eye openness; lip gap in outer eye distances.
const CHANNELS: usize = 8;

/// Steps in which each channel is kept.
const STEP: [f32; CHANNELS] = [0.05, 0.05, 0.05, 0.0005, 0.0005, 0.001, 0.01, 0.001];

/// Difference of each channel that counts as one: about the 95th hundredth of what two measurements of the same picture lie apart
/// (docs/session.md, "Measured"), plus what reading between two frames of a moving head costs.
const APART: [f32; CHANNELS] = [1.5, 1.5, 1.0, 0.008, 0.008, 0.03, 0.2, 0.025];

/// Root mean square difference, in units of [`APART`], up to which two windows show the same moment.
const SAME: f32 = 1.0;

/// Windows of an attempt that must have been seen in one earlier attempt.
const WINDOWS: usize = 2;

/// Frames that must be comparable, and their share of the window.
const FRAMES: usize = 8;
const SHARE: f32 = 0.7;

/// Longest gap to read between two frames, ms.
const GAP: i64 = 250;

/// Offsets tried, ms apart.
const OFFSET: i64 = 25;

/// First byte of the kept form.
const VERSION: u8 = 1;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Moment {
    /// ms since the window's first frame
    t: i64,
    values: [f32; CHANNELS],
}

/// The movement of every action window of one attempt.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MotionPrint {
    windows: Vec<Vec<Moment>>,
}

/// Bytes that are no print of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a motion print")]
pub struct PrintError;

impl MotionPrint {
    /// Reads the measured frames of the action windows. Frames in which a channel was not measured are left out.
    pub(crate) fn read(windows: &[Vec<Seen>]) -> Self {
        let window = |seen: &Vec<Seen>| {
            let begin = seen.first().map_or(Millis(0), |s| s.t);
            seen.iter().filter_map(|s| Some(Moment { t: s.t.since(begin).0 as i64, values: values(s)? })).collect()
        };
        Self { windows: windows.iter().map(window).collect() }
    }

    /// The form to keep: a version, then each window's frame count and its frames (ms and channels, two bytes each, little endian). About 1 kB.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        for window in &self.windows {
            let kept = &window[..window.len().min(usize::from(u8::MAX))];
            out.push(kept.len() as u8);
            for moment in kept {
                out.extend(u16::try_from(moment.t).unwrap_or(u16::MAX).to_le_bytes());
                for (value, step) in moment.values.iter().zip(STEP) {
                    out.extend(((value / step).round() as i16).to_le_bytes());
                }
            }
        }
        out
    }

    /// Reads [`Self::to_bytes`].
    ///
    /// # Errors
    /// [`PrintError`] for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PrintError> {
        let Some((&VERSION, mut rest)) = bytes.split_first() else { return Err(PrintError) };
        let mut windows = Vec::new();
        while let Some((&count, frames)) = rest.split_first() {
            let (window, after) = frames.split_at_checked(usize::from(count) * 2 * (1 + CHANNELS)).ok_or(PrintError)?;
            windows.push(window.chunks_exact(2 * (1 + CHANNELS)).map(moment).collect());
            rest = after;
        }
        Ok(Self { windows })
    }

    /// The cue [`CueName::ReturningMotion`]: fires when two windows, or all where there are fewer, were seen in one earlier attempt. Not in several:
    /// two blinks of a head at rest may be alike, and the more attempts are remembered, the more often one of them is.
    #[must_use]
    pub fn cue(&self, earlier: &[Self]) -> Cue {
        let comparable = self.windows.iter().filter(|w| w.len() >= FRAMES).count();
        let outcome = if comparable == 0 {
            CueOutcome::NotMeasured(NotMeasured::TooFewFrames)
        } else {
            let of = |attempt: &Self| self.windows.iter().filter(|w| attempt.windows.iter().any(|e| same(w, e))).count();
            let returned = earlier.iter().map(of).max().unwrap_or(0);
            CueOutcome::Measured((Cue::FIRES * returned as f32 / WINDOWS.min(comparable) as f32).min(1.0))
        };
        Cue { name: CueName::ReturningMotion, outcome }
    }

    /// Smallest difference of each window from any earlier one, in units of measuring noise; `None` = nothing comparable.
    #[must_use]
    pub fn differences(&self, earlier: &[Self]) -> Vec<Option<f32>> {
        let nearest = |w: &Vec<Moment>| earlier.iter().flat_map(|e| &e.windows).filter_map(|e| difference(w, e)).min_by(f32::total_cmp);
        self.windows.iter().map(nearest).collect()
    }
}

fn values(seen: &Seen) -> Option<[f32; CHANNELS]> {
    let sample = seen.sample();
    let (pose, centre, height) = (sample.pose?, sample.centre?, sample.height?);
    let (width, tall) = (seen.frame.width() as f32, seen.frame.height() as f32);
    let eyes = (sample.eyes.left? + sample.eyes.right?) / 2.0;
    Some([pose.yaw, pose.pitch, pose.roll, centre.x / width, centre.y / width, (height / tall).ln(), eyes, sample.mouth?])
}

fn moment(bytes: &[u8]) -> Moment {
    let mut numbers = bytes.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
    let t = numbers.next().map_or(0, u16::from_le_bytes).into();
    let mut values = [0.0; CHANNELS];
    for ((value, step), number) in values.iter_mut().zip(STEP).zip(numbers) {
        *value = f32::from(i16::from_le_bytes(number)) * step;
    }
    Moment { t, values }
}

fn same(a: &[Moment], b: &[Moment]) -> bool {
    difference(a, b).is_some_and(|d| d <= SAME)
}

/// Smallest root mean square difference over all offsets in time.
fn difference(a: &[Moment], b: &[Moment]) -> Option<f32> {
    let (length_a, length_b) = (a.last()?.t, b.last()?.t);
    let steps = (-length_a / OFFSET)..=(length_b / OFFSET);
    steps.filter_map(|i| difference_at(a, b, i * OFFSET)).min_by(f32::total_cmp)
}

fn difference_at(a: &[Moment], b: &[Moment], offset: i64) -> Option<f32> {
    let pairs = a.iter().filter_map(|m| Some((m.values, between(b, m.t + offset)?)));
    let (mut count, mut sum) = (0usize, 0.0f32);
    for (here, there) in pairs {
        count += 1;
        sum += here.iter().zip(there).zip(APART).map(|((x, y), unit)| ((x - y) / unit).powi(2)).sum::<f32>() / CHANNELS as f32;
    }
    (count >= FRAMES && count as f32 >= SHARE * a.len() as f32).then(|| (sum / count as f32).sqrt())
}

/// The movement at `t`, on the straight line between its neighbours.
fn between(window: &[Moment], t: i64) -> Option<[f32; CHANNELS]> {
    let after = window.partition_point(|m| m.t < t);
    let next = window.get(after)?;
    if next.t == t {
        return Some(next.values);
    }
    let last = window.get(after.checked_sub(1)?)?;
    let share = (next.t - last.t <= GAP).then(|| (t - last.t) as f32 / (next.t - last.t) as f32)?;
    Some(std::array::from_fn(|i| last.values[i] + (next.values[i] - last.values[i]) * share))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shake of `degrees` at `hertz`, sampled every `every` ms from `from` on, somewhere in the picture.
    fn shake(degrees: f32, hertz: f32, place: f32, every: i64, from: i64) -> Vec<Moment> {
        let moment = |i: i64| {
            let t = i * every;
            let angle = degrees * (std::f32::consts::TAU * hertz * (t + from) as f32 / 1000.0).sin();
            Moment { t, values: [angle, 1.0, 0.5, place, 0.4, -0.7, 1.0, 0.01] }
        };
        (0..1600 / every).map(moment).collect()
    }

    fn print(windows: &[Vec<Moment>]) -> MotionPrint {
        MotionPrint { windows: windows.to_vec() }
    }

    #[test]
    fn a_recording_cut_and_timed_otherwise_is_recognised() {
        let first = print(&[shake(20.0, 0.7, 0.5, 100, 0), shake(12.0, 1.0, 0.5, 90, 0)]);
        let again = print(&[shake(20.0, 0.7, 0.5, 80, 130), shake(12.0, 1.0, 0.5, 110, 70)]);
        assert!(again.cue(std::slice::from_ref(&first)).fires(), "{:?}", again.differences(&[first]));
    }

    #[test]
    fn a_person_who_comes_again_is_not_a_recording() {
        let first = print(&[shake(20.0, 0.7, 0.5, 100, 0), shake(12.0, 1.0, 0.5, 100, 0)]);
        let wider = print(&[shake(27.0, 0.7, 0.5, 100, 0), shake(17.0, 1.0, 0.5, 100, 0)]);
        let faster = print(&[shake(20.0, 1.0, 0.5, 100, 0), shake(12.0, 1.5, 0.5, 100, 0)]);
        let elsewhere = print(&[shake(20.0, 0.7, 0.56, 100, 0), shake(12.0, 1.0, 0.56, 100, 0)]);
        for (other, what) in [(wider, "wider"), (faster, "faster"), (elsewhere, "elsewhere")] {
            assert!(!other.cue(std::slice::from_ref(&first)).fires(), "{what}: {:?}", other.differences(std::slice::from_ref(&first)));
        }
    }

    #[test]
    fn one_window_alone_is_chance_unless_it_is_the_only_one() {
        let first = print(&[shake(20.0, 0.7, 0.5, 100, 0)]);
        let mixed = print(&[shake(20.0, 0.7, 0.5, 100, 0), shake(12.0, 1.0, 0.3, 100, 0)]);
        assert!(!mixed.cue(std::slice::from_ref(&first)).fires(), "one of two");
        let (low, other) = (shake(12.0, 1.0, 0.3, 100, 0), shake(30.0, 0.5, 0.4, 100, 0));
        let scattered = [print(&[shake(20.0, 0.7, 0.5, 100, 0), other.clone()]), print(&[other, low])];
        assert!(!mixed.cue(&scattered).fires(), "one in each of two attempts");
        assert!(first.cue(std::slice::from_ref(&first)).fires(), "one of one");
        assert!(!first.cue(&[]).fires() && !MotionPrint::default().cue(&[first]).fires(), "nothing to compare with, nothing to compare");
    }

    #[test]
    fn kept_and_read_it_is_the_same_to_its_steps() {
        let made = print(&[shake(20.0, 0.7, 0.5, 100, 0), Vec::new(), shake(12.0, 1.0, 0.5, 90, 0)]);
        let bytes = made.to_bytes();
        let read = MotionPrint::from_bytes(&bytes).expect("own form");
        assert_eq!(read.to_bytes(), bytes, "stable");
        assert!(read.cue(&[made]).fires(), "same moments");
        assert!(bytes.len() < 1000, "{} bytes", bytes.len());
        for wrong in [&[][..], &[2], &bytes[..bytes.len() - 1], &[1, 3, 0]] {
            assert_eq!(MotionPrint::from_bytes(wrong), Err(PrintError), "{} bytes", wrong.len());
        }
    }
}
