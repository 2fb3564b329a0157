//! One hint at a time: a hint must hold before it is shown, so that nothing flickers.

use crate::{io::Guidance, params::TimeParams};
use faceid_protocol::Millis;

/// Filters what the gate says into what the page shows.
#[derive(Debug, Default)]
pub(crate) struct Guide {
    shown: Option<Guidance>,
    /// Another hint that wants to be shown, and since when.
    pending: Option<(Option<Guidance>, Millis)>,
    /// A notice that overrides the gate until this time.
    notice: Option<(Guidance, Millis)>,
    /// What the gate said last.
    wanted: Option<Guidance>,
}

impl Guide {
    /// What the gate says of the newest frame.
    pub(crate) fn want(&mut self, hint: Option<Guidance>) {
        self.wanted = hint;
    }

    /// A notice about something the person did; it goes by itself.
    pub(crate) fn notice(&mut self, now: Millis, notice: Guidance, p: &TimeParams) {
        self.notice = Some((notice, now.plus(p.notice)));
    }

    /// Nothing to say from here on.
    pub(crate) fn clear(&mut self) {
        self.notice = None;
        self.wanted = None;
    }

    /// Moves on to `now`: `Some(hint)` when the page must change what it shows.
    pub(crate) fn update(&mut self, now: Millis, p: &TimeParams) -> Option<Option<Guidance>> {
        self.notice = self.notice.filter(|&(_, until)| now < until);
        let target = self.notice.map(|(hint, _)| hint).or(self.wanted);
        if target == self.shown {
            self.pending = None;
            return None;
        }
        let since = match self.pending {
            Some((hint, since)) if hint == target => since,
            Some(_) | None => {
                self.pending = Some((target, now));
                now
            }
        };
        if now.since(since) < p.guidance {
            return None;
        }
        self.pending = None;
        self.shown = target;
        Some(target)
    }

    /// When to call [`Self::update`] again although nothing happens.
    pub(crate) fn due(&self, p: &TimeParams) -> Option<Millis> {
        let pending = self.pending.map(|(_, since)| since.plus(p.guidance));
        let notice = self.notice.map(|(_, until)| until);
        pending.into_iter().chain(notice).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_must_hold_and_flicker_is_dropped() {
        let p = TimeParams::default();
        let mut guide = Guide::default();
        guide.want(Some(Guidance::TooFar));
        assert_eq!(guide.update(Millis(0), &p), None, "new hint waits");
        assert_eq!(guide.due(&p), Some(Millis(300)), "and asks for a tick");
        guide.want(None);
        assert_eq!(guide.update(Millis(200), &p), None, "gone before it was shown");
        guide.want(Some(Guidance::TooFar));
        assert_eq!(guide.update(Millis(250), &p), None, "counts from anew");
        assert_eq!(guide.update(Millis(549), &p), None, "299 ms");
        assert_eq!(guide.update(Millis(550), &p), Some(Some(Guidance::TooFar)), "300 ms");
        assert_eq!(guide.update(Millis(600), &p), None, "said once");
    }

    #[test]
    fn a_notice_overrides_and_goes_by_itself() {
        let p = TimeParams::default();
        let mut guide = Guide::default();
        guide.notice(Millis(0), Guidance::WrongAction, &p);
        assert_eq!(guide.update(Millis(0), &p), None, "must hold as well");
        assert_eq!(guide.update(Millis(300), &p), Some(Some(Guidance::WrongAction)), "shown");
        assert_eq!(guide.update(Millis(2000), &p), None, "expired, the change waits");
        assert_eq!(guide.update(Millis(2300), &p), Some(None), "gone");
    }
}
