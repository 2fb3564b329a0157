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

/// Channels that the framing shifts as a whole (roll, place and size): whoever films a screen turns, moves and scales the picture. Only what varies
/// in their difference counts.
const FRAMING: [bool; CHANNELS] = [false, false, true, true, true, true, false, false];

/// Difference ([`difference`]) up to which one, two and three windows of one earlier attempt have returned. Solid heads, each against other
/// clips of the same person (2,708 pairs of sessions): the nearest windows lay at least 0.71, 0.97 and 1.95 apart. The same recording cut
/// anew: 0.0 to 0.5 in nine of ten windows; filmed from a screen: median 0.83.
const RETURNED: [f32; 3] = [0.5, 0.8, 1.2];

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

    /// The cue [`CueName::ReturningMotion`]: fires when windows were seen in one earlier attempt, one very much alike or several less so. Not in
    /// several: two blinks of a head at rest may be alike, and the more attempts are remembered, the more often one of them is.
    #[must_use]
    pub fn cue(&self, earlier: &[Self]) -> Cue {
        let comparable = self.windows.iter().any(|w| w.len() >= FRAMES);
        let outcome = if comparable {
            let either = earlier.iter().flat_map(|attempt| [self.distance(attempt), self.distance(&attempt.mirrored())]);
            let nearest = either.flatten().min_by(f32::total_cmp);
            CueOutcome::Measured(nearest.map_or(0.0, |distance| (Cue::FIRES / distance.max(Cue::FIRES)).min(1.0)))
        } else {
            CueOutcome::NotMeasured(NotMeasured::TooFewFrames)
        };
        Cue { name: CueName::ReturningMotion, outcome }
    }

    /// How far from one earlier attempt: 1 = at the edge of what has returned ([`RETURNED`]); `None` = nothing comparable.
    fn distance(&self, attempt: &Self) -> Option<f32> {
        let mut nearest = self.differences(std::slice::from_ref(attempt)).into_iter().flatten().collect::<Vec<f32>>();
        nearest.sort_by(f32::total_cmp);
        nearest.iter().zip(RETURNED).map(|(difference, limit)| difference / limit).min_by(f32::total_cmp)
    }

    /// The same movement in a mirror.
    fn mirrored(&self) -> Self {
        let turned = |moment: &Moment| {
            let mut values = moment.values;
            (values[0], values[2], values[3]) = (-values[0], -values[2], 1.0 - values[3]);
            Moment { values, ..*moment }
        };
        Self { windows: self.windows.iter().map(|window| window.iter().map(turned).collect()).collect() }
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

/// Smallest difference over all offsets in time: of the channel that differs most, root mean square, in units of [`APART`].
fn difference(a: &[Moment], b: &[Moment]) -> Option<f32> {
    let (length_a, length_b) = (a.last()?.t, b.last()?.t);
    let steps = (-length_a / OFFSET)..=(length_b / OFFSET);
    steps.filter_map(|i| difference_at(a, b, i * OFFSET)).min_by(f32::total_cmp)
}

fn difference_at(a: &[Moment], b: &[Moment], offset: i64) -> Option<f32> {
    let (mut count, mut sum, mut squares) = (0usize, [0.0f32; CHANNELS], [0.0f32; CHANNELS]);
    for (here, there) in a.iter().filter_map(|m| Some((m.values, between(b, m.t + offset)?))) {
        count += 1;
        for (i, unit) in APART.into_iter().enumerate() {
            let apart = (here[i] - there[i]) / unit;
            sum[i] += apart;
            squares[i] += apart * apart;
        }
    }
    let n = count as f32;
    let spread = |i: usize| if FRAMING[i] { (sum[i] / n).powi(2) } else { 0.0 };
    let channel = |i: usize| (squares[i] / n - spread(i)).max(0.0).sqrt();
    (count >= FRAMES && n >= SHARE * a.len() as f32).then(|| (0..CHANNELS).map(channel).fold(0.0, f32::max))
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
        for (other, what) in [(wider, "wider"), (faster, "faster")] {
            assert!(!other.cue(std::slice::from_ref(&first)).fires(), "{what}: {:?}", other.differences(std::slice::from_ref(&first)));
        }
    }

    #[test]
    fn a_recording_filmed_from_a_screen_is_recognised_wherever_it_is_in_the_picture() {
        let first = print(&[shake(20.0, 0.7, 0.5, 100, 0), shake(12.0, 1.0, 0.5, 90, 0)]);
        let mut again = print(&[shake(20.0, 0.7, 0.61, 80, 130), shake(12.0, 1.0, 0.61, 110, 70)]);
        for moment in again.windows.iter_mut().flatten() {
            (moment.values[2], moment.values[5]) = (moment.values[2] + 4.0, moment.values[5] - 0.2);
        }
        assert!(again.cue(std::slice::from_ref(&first)).fires(), "{:?}", again.differences(&[first]));
    }

    #[test]
    fn a_mirrored_recording_is_recognised() {
        let first = print(&[shake(20.0, 0.7, 0.4, 100, 0), shake(12.0, 1.0, 0.4, 90, 0)]);
        let again = first.mirrored();
        assert_ne!(again, first);
        assert!(again.cue(std::slice::from_ref(&first)).fires(), "{:?}", again.differences(&[first]));
    }

    #[test]
    fn the_fewer_windows_return_the_closer_they_must_be() {
        let off = |degrees: f32| {
            let mut window = shake(20.0, 0.7, 0.5, 100, 0);
            window.iter_mut().for_each(|m| m.values[1] += degrees * APART[1]);
            window
        };
        let other = |i: i64| shake(30.0 + 4.0 * i as f32, 0.5, 0.4, 100, i * 90);
        let first = print(&[off(0.0), off(0.0), off(0.0)]);
        for (apart, windows, fires) in
            [(0.45, 1, true), (0.55, 1, false), (0.75, 2, true), (0.85, 2, false), (1.15, 3, true), (1.25, 3, false)]
        {
            let sent: Vec<Vec<Moment>> = (0..3).map(|i| if i < windows { off(apart) } else { other(i) }).collect();
            assert_eq!(print(&sent).cue(std::slice::from_ref(&first)).fires(), fires, "{windows} windows {apart} apart");
        }
    }

    #[test]
    fn windows_of_several_attempts_are_not_counted_together() {
        let near = |degrees: f32| {
            let mut window = shake(degrees, 0.7, 0.5, 100, 0);
            window.iter_mut().for_each(|m| m.values[1] += 0.7 * APART[1]);
            window
        };
        let mixed = print(&[shake(20.0, 0.7, 0.5, 100, 0), shake(12.0, 0.7, 0.5, 100, 0)]);
        let (high, low) = (near(20.0), near(12.0));
        assert!(!mixed.cue(&[print(&[high.clone()]), print(&[low.clone()])]).fires(), "one in each of two attempts");
        assert!(mixed.cue(&[print(&[high, low])]).fires(), "both in one");
        assert!(!mixed.cue(&[]).fires() && !MotionPrint::default().cue(&[mixed]).fires(), "nothing to compare with, nothing to compare");
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
