//! The window of recent measures and its form as the network's input. The trainer's `features.py` does the same arithmetic; both are held
//! to `models/action/reference.json`.

use std::collections::VecDeque;

use crate::observation::{EyeOpenness, Point2, Pose};

/// Frames in a full window.
pub const ACTION_FRAMES: usize = 128;
/// Numbers per frame.
pub const ACTION_CHANNELS: usize = 18;

/// Frames closer than this are thinned, ms: at 60 fps every second one stays. Finer steps than 25 ms tell nothing about a closure of 100 ms.
const SPACING: u64 = 25;
/// Older frames are left out, ms: the longest movement the judges follow takes 4 s.
const SPAN: u64 = 6000;
/// A window with less than this says nothing yet.
const LEAST_FRAMES: usize = 12;
/// ms
const LEAST_SPAN: u64 = 1000;
/// Most frames the ring holds: SPAN at 120 fps.
const MOST: usize = 720;
/// Quantile of the eyes that counts as their usual openness: blinks and lowered lids only pull down.
const EYE_QUANTILE: f32 = 0.7;
/// Usual openness below which an eye is taken for mismeasured.
const EYE_FLOOR: f32 = 0.35;
/// Least share of a window's frames in which an action's own measure must be there.
const MEASURED: f32 = 0.5;

/// What the network reads of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ActionMeasures {
    /// Capture time, ms.
    pub t: u64,
    /// Head rotation, degrees.
    pub pose: Option<Pose>,
    /// Openness of each eye.
    pub eyes: EyeOpenness,
    /// Inner-lip gap / outer eye distance.
    pub mouth: Option<f32>,
    /// Inner-lip gap / width of the inner upper lip.
    pub mouth_aspect: Option<f32>,
    /// Centre of the face, px.
    pub centre: Option<Point2>,
    /// Height of the face, px.
    pub height: Option<f32>,
}

/// The measures of the last seconds.
#[derive(Debug, Clone, Default)]
pub struct ActionRing(VecDeque<ActionMeasures>);

/// A window in the network's form.
pub(super) struct Window {
    /// `ACTION_CHANNELS * ACTION_FRAMES` numbers, channel by channel, oldest frame first, zeros where there is no frame.
    #[cfg_attr(not(any(feature = "onnx", test)), expect(dead_code, reason = "read by the network only"))]
    pub(super) values: Vec<f32>,
    /// Measured often enough: pose, an eye, mouth.
    #[cfg_attr(not(any(feature = "onnx", test)), expect(dead_code, reason = "read by the network only"))]
    pub(super) measured: [bool; 3],
}

impl ActionRing {
    /// Takes the next frame. One that is not later than the last is ignored.
    pub fn push(&mut self, measures: ActionMeasures) {
        if self.0.back().is_some_and(|last| measures.t <= last.t) {
            return;
        }
        self.0.push_back(measures);
        while self.0.len() > MOST || self.0.front().is_some_and(|first| measures.t - first.t > SPAN) {
            self.0.pop_front();
        }
    }

    /// Forgets everything: another stream, or another person.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The window that ends with the newest frame; `None` until it holds a second and a dozen frames.
    #[cfg_attr(not(any(feature = "onnx", test)), expect(dead_code, reason = "read by the network only"))]
    pub(super) fn window(&self) -> Option<Window> {
        let frames = self.select();
        let (first, last) = (frames.first()?, frames.last()?);
        (frames.len() >= LEAST_FRAMES && last.t - first.t >= LEAST_SPAN).then(|| form(&frames))
    }

    /// From the newest back, each at least [`SPACING`] before the next; oldest first.
    fn select(&self) -> Vec<ActionMeasures> {
        let mut chosen: Vec<ActionMeasures> = Vec::with_capacity(ACTION_FRAMES);
        for frame in self.0.iter().rev() {
            if chosen.len() == ACTION_FRAMES {
                break;
            }
            if chosen.last().is_none_or(|later| later.t - frame.t >= SPACING) {
                chosen.push(*frame);
            }
        }
        chosen.reverse();
        chosen
    }
}

fn form(frames: &[ActionMeasures]) -> Window {
    let mut values = vec![0.0; ACTION_CHANNELS * ACTION_FRAMES];
    let skip = ACTION_FRAMES - frames.len();
    let middle = |read: &dyn Fn(&ActionMeasures) -> Option<f32>| quantile(frames.iter().filter_map(read), 0.5);
    let mark = |present: bool| Some(if present { 1.0 } else { 0.0 });
    let newest = frames.last().map_or(0, |f| f.t);

    for (i, pair) in frames.windows(2).enumerate() {
        values[skip + i + 1] = ((pair[1].t - pair[0].t) as f32 / 100.0).min(3.0);
    }
    let mut fill = |channel: usize, read: &dyn Fn(&ActionMeasures) -> Option<f32>| {
        for (i, frame) in frames.iter().enumerate() {
            values[channel * ACTION_FRAMES + skip + i] = read(frame).filter(|v| v.is_finite()).unwrap_or(0.0);
        }
    };
    fill(1, &|f| Some((newest - f.t) as f32 / 2000.0));
    let angles: [fn(&Pose) -> f32; 3] = [|p| p.yaw, |p| p.pitch, |p| p.roll];
    for (channel, angle) in (2..).zip(angles) {
        let rest = middle(&|f| f.pose.as_ref().map(angle));
        fill(channel, &|f| f.pose.as_ref().zip(rest).map(|(p, rest)| ((angle(p) - rest) / 20.0).clamp(-3.0, 3.0)));
    }
    fill(5, &|f| mark(f.pose.is_some()));
    let eyes: [fn(&EyeOpenness) -> Option<f32>; 2] = [|e| e.left, |e| e.right];
    for (channel, eye) in (6..).zip(eyes) {
        let usual = quantile(frames.iter().filter_map(|f| eye(&f.eyes)), EYE_QUANTILE).filter(|&usual| usual >= EYE_FLOOR);
        fill(channel, &|f| eye(&f.eyes).zip(usual).map(|(now, usual)| (now / usual - 1.0).clamp(-1.2, 1.0)));
        fill(channel + 2, &|f| mark(usual.is_some() && eye(&f.eyes).is_some()));
    }
    let shut = middle(&|f| f.mouth);
    fill(10, &|f| f.mouth.zip(shut).map(|(now, shut)| ((now - shut) * 5.0).clamp(-3.0, 3.0)));
    fill(11, &|f| f.mouth.and(f.mouth_aspect).map(|aspect| (aspect / 2.0).min(2.0)));
    fill(12, &|f| mark(f.mouth.is_some()));
    let place = |f: &ActionMeasures| f.centre.zip(f.height);
    let (x, y) = (middle(&|f| place(f).map(|(c, _)| c.x)), middle(&|f| place(f).map(|(c, _)| c.y)));
    if let (Some(x), Some(y), Some(height)) = (x, y, middle(&|f| place(f).map(|(_, h)| h))) {
        fill(13, &|f| place(f).map(|(c, _)| ((c.x - x) / height * 4.0).clamp(-3.0, 3.0)));
        fill(14, &|f| place(f).map(|(c, _)| ((c.y - y) / height * 4.0).clamp(-3.0, 3.0)));
        fill(15, &|f| place(f).map(|(_, h)| ((h / height).ln() * 4.0).clamp(-3.0, 3.0)));
    }
    fill(16, &|f| mark(place(f).is_some()));
    fill(17, &|_| Some(1.0));

    let share = |seen: &dyn Fn(&ActionMeasures) -> bool| frames.iter().filter(|f| seen(f)).count() as f32 / frames.len() as f32;
    let measured = [share(&|f| f.pose.is_some()), share(&|f| f.eyes.left.or(f.eyes.right).is_some()), share(&|f| f.mouth.is_some())];
    Window { values, measured: measured.map(|share| share >= MEASURED) }
}

/// The `q` quantile, linear between neighbours; `None` for nothing.
fn quantile(values: impl Iterator<Item = f32>, q: f32) -> Option<f32> {
    let mut sorted: Vec<f32> = values.filter(|v| v.is_finite()).collect();
    sorted.sort_by(f32::total_cmp);
    let place = q * sorted.len().checked_sub(1)? as f32;
    let (low, high) = (*sorted.get(place.floor() as usize)?, *sorted.get(place.ceil() as usize)?);
    Some(low + (high - low) * (place - place.floor()))
}
