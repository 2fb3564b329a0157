//! Deadlines in a table: set, clear, earliest. Extra ticks find nothing expired and do nothing.

use faceid_protocol::Millis;

/// What may run out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The whole attempt.
    Attempt,
    /// The current state.
    State,
    /// No camera frame.
    Stall,
    /// No face in view.
    NoFace,
    /// More than one face in view.
    SeveralFaces,
    /// The page is hidden.
    Hidden,
    /// A hint is due.
    Guidance,
}

impl Timer {
    /// In the order in which timers that expire together are handled.
    pub(crate) const ALL: [Self; 7] =
        [Self::Attempt, Self::State, Self::Hidden, Self::Stall, Self::NoFace, Self::SeveralFaces, Self::Guidance];
}

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    due: [Option<Millis>; Timer::ALL.len()],
}

impl Timers {
    pub(crate) fn set(&mut self, timer: Timer, at: Millis) {
        self.due[timer as usize] = Some(at);
    }

    /// Keeps an earlier deadline: for conditions that go on.
    pub(crate) fn set_if_clear(&mut self, timer: Timer, at: Millis) {
        self.due[timer as usize].get_or_insert(at);
    }

    pub(crate) fn due(&self, timer: Timer) -> Option<Millis> {
        self.due[timer as usize]
    }

    pub(crate) fn clear(&mut self, timer: Timer) {
        self.due[timer as usize] = None;
    }

    pub(crate) fn clear_all(&mut self) {
        *self = Self::default();
    }

    /// Takes one timer that is due at `now`.
    pub(crate) fn expired(&mut self, now: Millis) -> Option<Timer> {
        let timer = Timer::ALL.into_iter().find(|&t| self.due[t as usize].is_some_and(|due| due <= now))?;
        self.clear(timer);
        Some(timer)
    }

    pub(crate) fn earliest(&self) -> Option<Millis> {
        self.due.iter().copied().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earliest_deadline_first_and_each_once() {
        let mut timers = Timers::default();
        assert_eq!((timers.earliest(), timers.due(Timer::State)), (None, None), "nothing set");
        timers.set(Timer::State, Millis(50));
        assert_eq!(timers.due(Timer::State), Some(Millis(50)), "as set");
        timers.set(Timer::Hidden, Millis(20));
        timers.set_if_clear(Timer::Hidden, Millis(90));
        assert_eq!(timers.earliest(), Some(Millis(20)), "a running condition keeps its deadline");
        assert_eq!(timers.expired(Millis(19)), None, "not yet");
        assert_eq!(timers.expired(Millis(60)), Some(Timer::State), "table order among the expired");
        assert_eq!(timers.expired(Millis(60)), Some(Timer::Hidden), "then the other");
        assert_eq!(timers.expired(Millis(60)), None, "each once");
    }

    #[test]
    fn every_timer_has_its_own_slot() {
        for (i, timer) in Timer::ALL.into_iter().enumerate() {
            let mut timers = Timers::default();
            timers.set(timer, Millis(i as u64));
            assert_eq!(timers.due.iter().flatten().count(), 1, "{timer:?}");
            assert_eq!(timers.expired(Millis(99)), Some(timer), "{timer:?}");
        }
    }
}
