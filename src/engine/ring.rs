//! Recent frames at evidence size, so that the seconds before a finished action can still be sent.

use faceid_vision::{Frame, Shelved};
use std::collections::{BTreeMap, BTreeSet};

/// Frames older than this go, unless retained, ms.
const SPAN_MS: u64 = 6000;
/// Most frames that are not retained: 5 s at 30 fps. At 480x360 that is 39 MB; with the rest the binary stays under 48 MB.
const MOST: usize = 150;

/// Frames by id, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    frames: BTreeMap<u64, (u64, Shelved)>,
    retained: BTreeSet<u64>,
}

impl Ring {
    /// Adds a frame taken at `t` ms and drops what has become too old.
    pub(crate) fn push(&mut self, id: u64, t: u64, frame: &Frame) {
        self.frames.insert(id, (t, Shelved::new(frame)));
        self.trim(t);
    }

    /// Replaces the set of frames that do not age.
    pub(crate) fn retain(&mut self, ids: impl Iterator<Item = u64>) {
        self.retained = ids.collect();
        if let Some(newest) = self.frames.last_key_value().map(|(_, (t, _))| *t) {
            self.trim(newest);
        }
    }

    /// A frame, if still held.
    pub(crate) fn get(&self, id: u64) -> Option<Frame> {
        self.frames.get(&id).map(|(_, frame)| frame.frame())
    }

    /// Frames held.
    pub(crate) fn len(&self) -> usize {
        self.frames.len()
    }

    fn trim(&mut self, now: u64) {
        let Self { frames, retained } = self;
        let mut loose = frames.keys().filter(|id| !retained.contains(id)).count();
        frames.retain(|id, (t, _)| {
            if retained.contains(id) {
                return true;
            }
            let keep = loose <= MOST && now.saturating_sub(*t) <= SPAN_MS;
            if !keep {
                loose -= 1;
            }
            keep
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> Frame {
        // invariant: one pixel, three bytes
        Frame::from_rgb(1, 1, vec![0; 3]).expect("one pixel")
    }

    fn held(ring: &Ring) -> Vec<u64> {
        (0..1000).filter(|id| ring.get(*id).is_some()).collect()
    }

    #[test]
    fn old_frames_go_and_retained_ones_stay() {
        let mut ring = Ring::default();
        for id in 0..20 {
            ring.push(id, id * 1000, &frame());
        }
        assert_eq!(held(&ring), (13..20).collect::<Vec<_>>(), "six seconds");
        ring.retain([14, 99].into_iter());
        for id in 20..30 {
            ring.push(id, id * 1000, &frame());
        }
        assert_eq!(held(&ring), [vec![14], (23..30).collect()].concat(), "the retained one outlives its neighbours");
        ring.retain([].into_iter());
        assert_eq!(held(&ring), (23..30).collect::<Vec<_>>(), "released at once");
    }

    #[test]
    fn fast_cameras_do_not_fill_the_memory() {
        let mut ring = Ring::default();
        for id in 0..400 {
            ring.push(id, id * 8, &frame());
        }
        assert_eq!(ring.len(), MOST, "oldest dropped first");
        assert!(ring.get(399).is_some() && ring.get(0).is_none(), "newest kept");
    }
}
