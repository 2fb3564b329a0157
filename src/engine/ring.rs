//! Recent frames at evidence size, so that the seconds before a finished action can still be sent.

use faceid_vision::Shelved;
use std::collections::{BTreeMap, BTreeSet};

/// Frames older than this go, unless retained, ms.
const SPAN_MS: u64 = 6000;
/// Most frames, retained or not: as many as the session has candidates (`EvidenceParams::held`) and what arrives before it has named those it spares.
/// At 480x360 that is 13.5 MB.
const MOST: usize = 52;

/// Frames by id, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    frames: BTreeMap<u64, (u64, Shelved)>,
    retained: BTreeSet<u64>,
}

impl Ring {
    /// Adds a frame taken at `t` ms and drops what has become too old or too much.
    pub(crate) fn push(&mut self, id: u64, t: u64, frame: Shelved) {
        self.frames.insert(id, (t, frame));
        self.trim(t);
    }

    /// Replaces the set of frames that do not age.
    pub(crate) fn retain(&mut self, ids: impl Iterator<Item = u64>) {
        self.retained = ids.collect();
        if let Some(newest) = self.frames.last_key_value().map(|(_, (t, _))| *t) {
            self.trim(newest);
        }
    }

    /// Drops frames that nobody will ask for.
    pub(crate) fn release(&mut self, ids: impl Iterator<Item = u64>) {
        for id in ids {
            self.frames.remove(&id);
            self.retained.remove(&id);
        }
    }

    /// A frame, if still held.
    pub(crate) fn get(&self, id: u64) -> Option<&Shelved> {
        self.frames.get(&id).map(|(_, frame)| frame)
    }

    /// Frames held.
    pub(crate) fn len(&self) -> usize {
        self.frames.len()
    }

    fn trim(&mut self, now: u64) {
        let Self { frames, retained } = self;
        let mut spare = frames.len().saturating_sub(MOST);
        frames.retain(|id, (t, _)| {
            let keep = retained.contains(id) || (spare == 0 && now.saturating_sub(*t) <= SPAN_MS);
            if !keep {
                spare = spare.saturating_sub(1);
            }
            keep
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceid_vision::Frame;

    fn frame() -> Shelved {
        // invariant: one pixel, three bytes
        Shelved::new(&Frame::from_rgb(1, 1, vec![0; 3]).expect("one pixel"))
    }

    fn held(ring: &Ring) -> Vec<u64> {
        (0..1000).filter(|id| ring.get(*id).is_some()).collect()
    }

    #[test]
    fn old_frames_go_and_retained_ones_stay() {
        let mut ring = Ring::default();
        for id in 0..20 {
            ring.push(id, id * 1000, frame());
        }
        assert_eq!(held(&ring), (13..20).collect::<Vec<_>>(), "six seconds");
        ring.retain([14, 99].into_iter());
        for id in 20..30 {
            ring.push(id, id * 1000, frame());
        }
        assert_eq!(held(&ring), [vec![14], (23..30).collect()].concat(), "the retained one outlives its neighbours");
        ring.retain([].into_iter());
        assert_eq!(held(&ring), (23..30).collect::<Vec<_>>(), "released at once");
    }

    #[test]
    fn fast_cameras_do_not_fill_the_memory() {
        let mut ring = Ring::default();
        for id in 0..400 {
            ring.push(id, id * 8, frame());
        }
        assert_eq!(ring.len(), MOST, "oldest dropped first");
        assert!(ring.get(399).is_some() && ring.get(0).is_none(), "newest kept");
        ring.retain([360, 361].into_iter());
        for id in 400..500 {
            ring.push(id, id * 8, frame());
        }
        assert_eq!(ring.len(), MOST, "retained frames count as well");
        assert!(ring.get(360).is_some() && ring.get(361).is_some() && ring.get(499).is_some());
    }

    #[test]
    fn spared_frames_make_room_for_older_ones() {
        let mut ring = Ring::default();
        ring.push(0, 0, frame());
        for id in 1..400 {
            ring.push(id, id * 8, frame());
            ring.release([id].into_iter());
        }
        assert_eq!(held(&ring), [0], "only what was not released");
        ring.retain([0].into_iter());
        ring.release([0, 77].into_iter());
        assert_eq!(ring.len(), 0, "retained or not");
    }

    #[cfg(feature = "shell")]
    #[test]
    fn the_session_cannot_ask_for_more_than_there_is_room_for() {
        // one frame is at the worker while the session looks at another, and a third may wait
        assert!(faceid_session::EvidenceParams::default().held + 3 <= MOST);
    }
}
