//! The same clip as another camera would have filmed it: fewer frames, other sizes and shapes, mirrored, turned, darker.

use faceid_vision::{Frame, FrameError, Orientation, QuarterTurn};
use serde::Serialize;

use faceid_protocol::Millis;

/// Which frames are seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub enum Pace {
    /// All.
    All,
    /// At most this many per second, evenly: a frame is taken when its share of the time has come.
    Rate(u32),
    /// Every n-th.
    Every(u32),
    /// Each one is lost with this probability; the seed makes it repeatable.
    Lossy {
        /// Percent lost.
        percent: u32,
        /// Any number.
        seed: u64,
    },
}

/// One change of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub enum Change {
    /// Scaled (up or down) to this longer side, px.
    LongSide(u32),
    /// Grey bars added until width : height is at this ratio.
    Pad(u32, u32),
    /// Cut around the centre until width : height is at this ratio.
    Crop(u32, u32),
    /// Left and right swapped.
    Mirror,
    /// Delivered on its side by a sensor that says so, and turned back for it: nothing may be lost on the way.
    Sideways,
    /// Turned, as a camera would that does not know how it is held.
    Turn(#[serde(serialize_with = "turn")] QuarterTurn),
    /// Exposure: linear light times `2^(stops / 2)`.
    HalfStops(i32),
}

fn turn<S: serde::Serializer>(turn: &QuarterTurn, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(match turn {
        QuarterTurn::None => 0,
        QuarterTurn::Clockwise => 1,
        QuarterTurn::Half => 2,
        QuarterTurn::CounterClockwise => 3,
    })
}

/// A way to film.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Variant {
    /// For tables.
    pub name: String,
    /// Which frames are seen.
    pub pace: Pace,
    /// What happens to each, in order.
    pub changes: Vec<Change>,
}

impl Variant {
    /// The clip as it is.
    #[must_use]
    pub fn plain() -> Self {
        Self { name: "as filmed".into(), pace: Pace::All, changes: Vec::new() }
    }

    /// Other frames, same pictures.
    #[must_use]
    pub fn paced(name: &str, pace: Pace) -> Self {
        Self { name: name.into(), pace, changes: Vec::new() }
    }

    /// Same frames, other pictures.
    #[must_use]
    pub fn changed(name: &str, changes: &[Change]) -> Self {
        Self { name: name.into(), pace: Pace::All, changes: changes.to_vec() }
    }

    /// The picture as this camera delivers it.
    ///
    /// # Errors
    /// [`FrameError`] when a side leaves 1 to 4096 px.
    pub fn picture(&self, frame: Frame) -> Result<Frame, FrameError> {
        self.changes.iter().try_fold(frame, |frame, change| change.apply(&frame))
    }
}

/// Decides frame by frame which are seen.
#[derive(Debug)]
pub struct Pacer {
    pace: Pace,
    index: u64,
    start: Option<Millis>,
    taken: u64,
}

impl Pacer {
    /// Before the first frame.
    #[must_use]
    pub const fn new(pace: Pace) -> Self {
        Self { pace, index: 0, start: None, taken: 0 }
    }

    /// Whether the frame at `t` is seen. The first one always is, except by loss.
    pub fn takes(&mut self, t: Millis) -> bool {
        let start = *self.start.get_or_insert(t);
        let index = self.index;
        self.index += 1;
        match self.pace {
            Pace::All => true,
            Pace::Every(n) => index.is_multiple_of(u64::from(n.max(1))),
            Pace::Rate(fps) => {
                // a millisecond early is on time: presentation times are rounded
                let due = (t.since(start).0 + 1) * u64::from(fps) >= self.taken * 1000;
                if due {
                    self.taken = (t.since(start).0 + 1) * u64::from(fps) / 1000 + 1;
                }
                due
            }
            Pace::Lossy { percent, seed } => splitmix(seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15)) % 100 >= u64::from(percent),
        }
    }
}

/// Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014.
fn splitmix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Change {
    fn apply(self, frame: &Frame) -> Result<Frame, FrameError> {
        let (width, height) = (frame.width(), frame.height());
        match self {
            Self::LongSide(side) if side <= width.max(height) => Ok(frame.resized_to_max_side(side)),
            Self::LongSide(side) => enlarged(frame, side),
            Self::Pad(w, h) => {
                let (w, h) = (w.max(1), h.max(1));
                let size = if width * h < height * w { ((height * w).div_ceil(h), height) } else { (width, (width * h).div_ceil(w)) };
                placed(frame, size)
            }
            Self::Crop(w, h) => {
                let (w, h) = (w.max(1), h.max(1));
                let size = if width * h < height * w { (width, width * h / w) } else { (height * w / h, height) };
                placed(frame, (size.0.max(1), size.1.max(1)))
            }
            Self::Mirror => Ok(frame.mirrored()),
            Self::Sideways => {
                let delivered = frame.turned(QuarterTurn::Clockwise);
                Ok(delivered.upright(Orientation { turn: QuarterTurn::CounterClockwise, mirrored: false }))
            }
            Self::Turn(turn) => Ok(frame.turned(turn)),
            Self::HalfStops(stops) => {
                let table: Vec<u8> = (0..=255u8).map(|v| exposed(v, stops)).collect();
                Frame::from_rgb(width, height, frame.rgb().iter().map(|&v| table[usize::from(v)]).collect())
            }
        }
    }
}

/// An sRGB byte (gamma taken as 2.2) under another exposure.
fn exposed(value: u8, half_stops: i32) -> u8 {
    let gain = 2f32.powf(half_stops as f32 / 2.0).powf(1.0 / 2.2);
    (f32::from(value) * gain).round().min(255.0) as u8
}

/// The picture in the middle of another size: cut, or framed in grey.
fn placed(frame: &Frame, (width, height): (u32, u32)) -> Result<Frame, FrameError> {
    let (dx, dy) = ((i64::from(width) - i64::from(frame.width())) / 2, (i64::from(height) - i64::from(frame.height())) / 2);
    let mut rgb = vec![118; width as usize * height as usize * 3];
    for (y, line) in rgb.chunks_exact_mut(width as usize * 3).enumerate() {
        let Some(from_y) = usize::try_from(y as i64 - dy).ok().filter(|&y| y < frame.height() as usize) else { continue };
        let (x0, from_x0) = (dx.max(0) as usize, (-dx).max(0) as usize);
        let count = (width as usize - x0).min(frame.width() as usize - from_x0);
        let from = (from_y * frame.width() as usize + from_x0) * 3;
        line[x0 * 3..(x0 + count) * 3].copy_from_slice(&frame.rgb()[from..from + count * 3]);
    }
    Frame::from_rgb(width, height, rgb)
}

/// Bilinear enlargement to a longer side.
fn enlarged(frame: &Frame, side: u32) -> Result<Frame, FrameError> {
    let (w, h) = (frame.width(), frame.height());
    let factor = f64::from(side) / f64::from(w.max(h));
    let (width, height) = ((f64::from(w) * factor).round() as u32, (f64::from(h) * factor).round() as u32);
    let mut rgb = Vec::with_capacity(width as usize * height as usize * 3);
    let tap = |i: u32, most: u32| {
        let at = ((f64::from(i) + 0.5) / factor - 0.5).clamp(0.0, f64::from(most - 1));
        (at as usize, (at as usize + 1).min(most as usize - 1), at.fract() as f32)
    };
    let columns: Vec<_> = (0..width).map(|x| tap(x, w)).collect();
    for y in 0..height {
        let (y0, y1, fy) = tap(y, h);
        for &(x0, x1, fx) in &columns {
            for c in 0..3 {
                let at = |x: usize, y: usize| f32::from(frame.rgb()[(y * w as usize + x) * 3 + c]);
                let (top, bottom) = (at(x0, y0) * (1.0 - fx) + at(x1, y0) * fx, at(x0, y1) * (1.0 - fx) + at(x1, y1) * fx);
                rgb.push((top * (1.0 - fy) + bottom * fy).round() as u8);
            }
        }
    }
    Frame::from_rgb(width, height, rgb)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(width: u32, height: u32) -> Frame {
        let rgb = (0..width * height).flat_map(|i| [(i % width) as u8 * 10, (i / width) as u8 * 10, 7]).collect();
        Frame::from_rgb(width, height, rgb).expect("size matches")
    }

    fn changed(change: Change, width: u32, height: u32) -> Frame {
        change.apply(&frame(width, height)).expect("a valid size")
    }

    #[test]
    fn shapes_and_sizes() {
        for (change, size) in [
            (Change::Pad(16, 9), (16, 9)),
            (Change::Pad(9, 16), (12, 22)),
            (Change::Crop(1, 1), (9, 9)),
            (Change::Crop(9, 16), (5, 9)),
            (Change::LongSide(24), (24, 18)),
            (Change::LongSide(6), (6, 5)),
            (Change::Turn(QuarterTurn::Clockwise), (9, 12)),
        ] {
            let frame = changed(change, 12, 9);
            assert_eq!((frame.width(), frame.height()), size, "{change:?}");
        }
        let padded = changed(Change::Pad(16, 9), 12, 9);
        assert_eq!((padded.rgb()[0], padded.rgb()[2 * 3], padded.rgb()[2 * 3 + 2]), (118, 0, 7), "grey, then the first pixel");
        let cut = changed(Change::Crop(1, 1), 12, 9);
        assert_eq!(cut.rgb()[0], 10, "one column is gone on the left");
        assert_eq!(changed(Change::Mirror, 12, 9).rgb()[0], 110, "the last column first");
    }

    #[test]
    fn exposure_is_in_linear_light() {
        // two half stops double the light: 100 becomes 100 * 2^(1/2.2)
        assert_eq!((exposed(100, 2), exposed(100, -2), exposed(200, 6), exposed(0, 9)), (137, 73, 255, 0));
    }

    #[test]
    fn paces_take_what_they_say() {
        let taken = |pace, interval: f64| {
            let mut pacer = Pacer::new(pace);
            (0..300).filter(|&i| pacer.takes(Millis((i as f64 * interval) as u64))).count()
        };
        // ten seconds at 30 fps
        assert_eq!(taken(Pace::All, 1000.0 / 30.0), 300);
        assert_eq!(taken(Pace::Every(2), 1000.0 / 30.0), 150);
        assert_eq!(taken(Pace::Rate(30), 1000.0 / 30.0), 300, "not more than there are, and none lost to rounding");
        for fps in [15, 10, 8] {
            let count = taken(Pace::Rate(fps), 1000.0 / 30.0) as i64;
            assert!((count - i64::from(fps) * 10).abs() <= 1, "{fps} fps: {count}");
        }
        assert_eq!(taken(Pace::Rate(30), 40.0), 300, "slower cameras stay as they are");
        let lost = 300 - taken(Pace::Lossy { percent: 20, seed: 7 }, 33.0);
        assert!((40..80).contains(&lost), "{lost} of 300 lost");
    }
}
