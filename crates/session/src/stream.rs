//! Does the camera still send living pictures, the right way up? Judged from pictures and sizes, because browsers keep calling after a stream has died.

use faceid_protocol::Millis;
use faceid_vision::PictureStats;

/// How the stream does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Pictures come.
    Alive,
    /// The picture is black; there is still hope that somebody uncovers the lens.
    Black,
    /// The same picture again and again, or black for too long: the camera has to be opened anew.
    Dead,
}

/// Watches for pictures that stand still or stay black.
#[derive(Debug, Default)]
pub struct PictureWatch {
    last: Option<Millis>,
    same: Option<(u64, Millis)>,
    black: Option<Millis>,
    /// There was a picture once.
    lit: bool,
}

impl PictureWatch {
    /// Not one bit changed for this long: no sensor is that quiet. As long as a camera may send nothing at all.
    const FROZEN: Millis = Millis(5_000);
    /// Black after there was a picture (a phone call or the lock screen took the camera): it does not come back by itself.
    const LOST: Millis = Millis(5_000);
    /// Black from the start is most often a closed shutter: time to read the hint and open it.
    const COVERED: Millis = Millis(15_000);
    /// Looks further apart than this (hidden page, busy machine) are no row.
    const ROW: Millis = Millis(1_500);

    /// Takes the newest picture.
    pub fn feed(&mut self, now: Millis, picture: &PictureStats) -> Stream {
        if self.last.replace(now).is_some_and(|last| now.since(last) > Self::ROW) {
            (self.same, self.black) = (None, None);
        }
        if picture.is_black() {
            // Black pictures are all alike, and have their own patience.
            self.same = None;
            let since = *self.black.get_or_insert(now);
            let patience = if self.lit { Self::LOST } else { Self::COVERED };
            return if now.since(since) >= patience { Stream::Dead } else { Stream::Black };
        }
        (self.lit, self.black) = (true, None);
        let since = match self.same {
            Some((fingerprint, since)) if fingerprint == picture.fingerprint() => since,
            Some(_) | None => now,
        };
        self.same = Some((picture.fingerprint(), since));
        if now.since(since) >= Self::FROZEN { Stream::Dead } else { Stream::Alive }
    }
}

/// Which way something lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Higher than wide.
    Upright,
    /// Wider than high.
    Flat,
}

impl Lie {
    /// Of a width and a height.
    #[must_use]
    pub const fn of(width: u32, height: u32) -> Self {
        if height > width { Self::Upright } else { Self::Flat }
    }
}

/// Watches for pictures that stay turned after the device was turned back (WebKit bugs 67684 and 317671). Turning along with the device is right.
#[derive(Debug, Default)]
pub struct TurnWatch {
    /// How screen and picture lay at first.
    first: Option<(Lie, Lie)>,
    wrong: Option<Millis>,
}

impl TurnWatch {
    /// Screen and picture turn one after the other; longer than this it is no transition.
    const SETTLE: Millis = Millis(1_000);

    /// Takes the newest lie of both; true = stuck, the camera has to be opened anew.
    pub fn feed(&mut self, now: Millis, screen: Lie, picture: Lie) -> bool {
        let first = *self.first.get_or_insert((screen, picture));
        if screen != first.0 || picture == first.1 {
            self.wrong = None;
            return false;
        }
        now.since(*self.wrong.get_or_insert(now)) >= Self::SETTLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(v: u8) -> PictureStats {
        match PictureStats::of(&[v, v, v, 255].repeat(64)) {
            Some(stats) => stats,
            None => panic!("64 pixels"),
        }
    }

    /// Four looks a second; the first answer that is not Alive, with its time.
    fn first_trouble(pictures: impl Fn(u64) -> PictureStats, until: u64) -> Option<(u64, Stream)> {
        let mut watch = PictureWatch::default();
        (0..until).step_by(250).map(|t| (t, watch.feed(Millis(t), &pictures(t)))).find(|(_, stream)| *stream != Stream::Alive)
    }

    #[test]
    fn noise_keeps_a_stream_alive_and_a_still_one_dies() {
        assert_eq!(first_trouble(|t| flat(100 + (t / 250 % 2) as u8), 60_000), None, "noise of one level");
        assert_eq!(first_trouble(|_| flat(100), 60_000), Some((5_000, Stream::Dead)), "frozen");
        assert_eq!(first_trouble(|t| flat(100 + (t / 4_500) as u8), 60_000), None, "slow, but moving");
    }

    #[test]
    fn black_is_told_at_once_and_ends_sooner_where_there_was_a_picture() {
        let dies = |pictures: fn(u64) -> PictureStats| {
            let mut watch = PictureWatch::default();
            (0..60_000).step_by(250).find(|t| watch.feed(Millis(*t), &pictures(*t)) == Stream::Dead)
        };
        assert_eq!(first_trouble(|_| flat(0), 1_000), Some((0, Stream::Black)), "told");
        assert_eq!(dies(|_| flat(0)), Some(15_000), "shutter");
        assert_eq!(dies(|t| flat(if t < 2_000 { (t / 250) as u8 + 90 } else { 0 })), Some(7_000), "lost");
        let uncovered = |t: u64| flat(if t < 8_000 { 0 } else { (t / 250 % 100) as u8 + 50 });
        assert_eq!(dies(uncovered), None, "uncovered in time");
    }

    #[test]
    fn looks_far_apart_are_no_row() {
        let mut watch = PictureWatch::default();
        assert_eq!(watch.feed(Millis(0), &flat(100)), Stream::Alive);
        assert_eq!(watch.feed(Millis(9_000), &flat(100)), Stream::Alive, "the page was hidden");
    }

    #[test]
    fn a_picture_that_does_not_turn_back_is_stuck() {
        use Lie::{Flat, Upright};
        let run = |steps: &[(u64, Lie, Lie)]| {
            let mut watch = TurnWatch::default();
            steps.iter().map(|&(t, screen, picture)| watch.feed(Millis(t), screen, picture)).collect::<Vec<_>>()
        };
        let turned_and_back =
            [(0, Upright, Upright), (100, Flat, Upright), (200, Flat, Flat), (5_000, Upright, Flat), (5_400, Upright, Upright)];
        assert_eq!(run(&turned_and_back), [false; 5], "picture follows the device");
        assert_eq!(
            run(&[(0, Upright, Upright), (500, Upright, Flat), (1_400, Upright, Flat), (1_500, Upright, Flat)]),
            [false, false, false, true]
        );
        assert_eq!(
            run(&[(0, Flat, Upright), (500, Flat, Upright), (9_000, Flat, Upright)]),
            [false; 3],
            "a camera that stands on its side"
        );
    }
}
