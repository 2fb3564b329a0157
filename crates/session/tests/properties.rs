//! Random histories: whatever happens, the promises hold.

use faceid_protocol::{Action, Millis};
use faceid_session::{CameraFault, Challenge, Effect, Event, FrameId, Input, NetworkFault, Params, Session, StateName};
use faceid_testkit::{Drive, SyntheticFace, gesture};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// One move of a random history. Numbers stand for times and choices.
#[derive(Debug, Clone)]
enum Move {
    /// This many good frames, 33 ms apart, the person doing the n-th gesture (none beyond the fourth).
    Frames(u8, u8),
    /// Frames without a face.
    Away(u8),
    Wait(u16),
    Tick,
    Start(u8),
    Ready,
    Challenge(Option<u8>, u8),
    Uploaded(u8, u8),
    Submitted,
    Verdict,
    Refused(bool),
    Network,
    Camera,
    Engine,
    Hidden(bool),
    Black(bool),
    Cancel,
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        12 => (1_u8..90, 0_u8..6).prop_map(|(n, g)| Move::Frames(n, g)),
        1 => (1_u8..40).prop_map(Move::Away),
        2 => (0_u16..3_000).prop_map(Move::Wait),
        2 => Just(Move::Tick),
        2 => (0_u8..5).prop_map(Move::Start),
        3 => Just(Move::Ready),
        6 => (proptest::option::of(0_u8..4), 0_u8..4).prop_map(|(s, a)| Move::Challenge(s, a)),
        2 => any::<(u8, u8)>().prop_map(|(a, c)| Move::Uploaded(a, c)),
        2 => Just(Move::Submitted),
        3 => Just(Move::Verdict),
        1 => any::<bool>().prop_map(Move::Refused),
        1 => Just(Move::Network),
        1 => Just(Move::Camera),
        1 => Just(Move::Engine),
        1 => any::<bool>().prop_map(Move::Hidden),
        1 => any::<bool>().prop_map(Move::Black),
        1 => Just(Move::Cancel),
    ]
}

/// What a history did, for the promises.
#[derive(Debug, Default)]
struct Tally {
    asked: u32,
    seen: u32,
    closed: u32,
    stops: u32,
    opens: u32,
    submits: u32,
    success: bool,
    uploaded: Option<f32>,
    order: Vec<String>,
}

struct Player {
    session: Session,
    now: Millis,
    id: u64,
    tally: Tally,
    pixels: Pixels,
}

/// The engine's ring as the machine may count on it: so many frames, the oldest that nobody asked to keep go first.
#[derive(Debug, Default)]
struct Pixels {
    held: BTreeSet<FrameId>,
    retained: BTreeSet<FrameId>,
}

impl Pixels {
    const ROOM: usize = 52;

    fn take(&mut self, id: FrameId) {
        self.held.insert(id);
        while self.held.len() > Self::ROOM {
            let oldest = self.held.difference(&self.retained).next().copied();
            self.held.remove(&oldest.unwrap_or(id));
        }
    }

    fn release(&mut self, ids: &[FrameId]) {
        for id in ids {
            self.held.remove(id);
            self.retained.remove(id);
        }
    }
}

impl Player {
    fn new() -> Self {
        Self { session: Session::new(Params::default()), now: Millis(0), id: 0, tally: Tally::default(), pixels: Pixels::default() }
    }

    fn step(&mut self, input: Input) -> Result<(), TestCaseError> {
        let was_closed = self.session.state() == StateName::Closed;
        if let Input::Observed { id, .. } = &input {
            self.pixels.take(*id);
        }
        let out = self.session.step(self.now, input);
        if was_closed {
            prop_assert!(out.events.is_empty() && out.effects.is_empty(), "nothing after the end");
        }
        for effect in &out.effects {
            match effect {
                Effect::OpenCamera => self.tally.opens += 1,
                Effect::StopCamera => self.tally.stops += 1,
                Effect::Submit => {
                    self.tally.submits += 1;
                    prop_assert!(
                        self.tally.asked > 0 && self.tally.seen == self.tally.asked,
                        "submit without every action: {:?}",
                        self.tally
                    );
                }
                Effect::Commit { frames, .. } => {
                    prop_assert!(frames.len() >= 4, "evidence with {} frames", frames.len());
                    prop_assert!(frames.iter().all(|(id, _)| self.pixels.held.contains(id)), "frames without pixels");
                }
                Effect::Retain(ids) => self.pixels.retained = ids.iter().copied().collect(),
                Effect::Release(ids) => self.pixels.release(ids),
                Effect::KeepBest(_) | Effect::TellServer(_) => {}
            }
        }
        for event in &out.events {
            match event {
                Event::Closed(outcome) => {
                    self.tally.closed += 1;
                    self.tally.success = outcome.code == 51_000;
                    prop_assert!(self.tally.stops == 1, "camera off before or with the end: {:?}", self.tally);
                    prop_assert!(!self.tally.success || self.tally.submits == 1, "success without submit");
                }
                Event::ActionSeen { step, .. } => {
                    self.tally.seen += 1;
                    prop_assert_eq!(*step, self.tally.seen, "steps in order");
                }
                Event::State(name) => self.tally.order.push(format!("{name:?}")),
                Event::Prompt { left, .. } => prop_assert!(*left > Millis(0) && *left <= Millis(20_000), "time for an action: {left:?}"),
                Event::Upload { fraction } => {
                    prop_assert!(self.tally.submits == 1 && (0.0..=1.0).contains(fraction), "{fraction} of an upload: {:?}", self.tally);
                    let before = self.tally.uploaded.replace(*fraction);
                    prop_assert!(before.is_none_or(|before| before < *fraction), "the bar only grows: {before:?}, {fraction}");
                }
                Event::Progress { .. } | Event::Guidance(_) | Event::WrongAction { .. } | Event::Blink { .. } => {}
            }
        }
        if self.session.state() != StateName::Closed {
            prop_assert!(out.next_deadline.is_some_and(|d| d > self.now), "a deadline ahead in {:?}", self.session.state());
        }
        Ok(())
    }

    fn frames(&mut self, count: u8, face: impl Fn(Millis) -> SyntheticFace) -> Result<(), TestCaseError> {
        let since = self.now;
        for _ in 0..count {
            self.now = self.now.plus(Millis(33));
            self.id += 1;
            let observation = Box::new(face(self.now.since(since)).observation());
            self.step(Input::Observed { id: FrameId(self.id), t: self.now, observation, scores: None })?;
        }
        Ok(())
    }

    fn play(&mut self, a_move: &Move) -> Result<(), TestCaseError> {
        match *a_move {
            Move::Frames(count, gesture_index) => {
                let track = Action::ALL.get(usize::from(gesture_index)).map(|&a| gesture(a)).unwrap_or_default();
                self.frames(count, |t| track.at(t, SyntheticFace::default()))
            }
            Move::Away(count) => self.frames(count, |_| SyntheticFace { present: false, ..Default::default() }),
            Move::Wait(ms) => {
                self.now = self.now.plus(Millis(u64::from(ms)));
                self.step(Input::Tick)
            }
            Move::Tick => self.step(Input::Tick),
            Move::Start(count) => {
                if self.session.state() == StateName::NotStarted {
                    self.tally.asked = u32::from(count);
                }
                let plan = faceid_session::Plan { action_count: u32::from(count), ..Drive::new(&[Action::Nod]).plan() };
                self.step(Input::Start(plan))
            }
            Move::Ready => self.step(Input::CameraReady),
            Move::Challenge(step, action) => {
                let action = Action::ALL[usize::from(action)];
                let challenge = step.map(|s| Challenge { step: u32::from(s), action, min: Millis(0), max: Millis(20_000) });
                self.step(Input::ChallengeArrived(challenge))
            }
            Move::Uploaded(acknowledged, committed) => {
                self.step(Input::Uploaded { acknowledged: acknowledged.into(), committed: committed.into() })
            }
            Move::Submitted => self.step(Input::Submitted),
            Move::Verdict => self.step(Input::VerdictArrived { code: 51_000, message: "SUCCESS".into() }),
            Move::Refused(success) => self.step(Input::Refused { code: if success { 51_000 } else { 54_200 }, message: "SUCCESS".into() }),
            Move::Network => self.step(Input::NetworkFailed(NetworkFault::BadReply)),
            Move::Camera => self.step(Input::CameraLost(CameraFault::Busy)),
            Move::Engine => self.step(Input::EngineFailed),
            Move::Hidden(hidden) => self.step(Input::Visibility { hidden }),
            Move::Black(black) => self.step(Input::Black(black)),
            Move::Cancel => self.step(Input::Cancel),
        }
    }

    /// Only time passes now: every history must come to its end.
    fn end(&mut self) -> Result<(), TestCaseError> {
        for _ in 0..400 {
            if self.session.state() == StateName::Closed {
                break;
            }
            self.now = self.now.plus(Millis(1_000));
            self.step(Input::Tick)?;
        }
        prop_assert_eq!(self.tally.closed, 1, "exactly one end: {:?}", self.tally);
        prop_assert_eq!(self.tally.stops, 1, "exactly one camera stop: {:?}", self.tally);
        prop_assert!(self.tally.opens <= 1, "at most one camera start");
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_ends_once_with_the_camera_off_and_never_submits_early(history in proptest::collection::vec(moves(), 1..60)) {
        let mut player = Player::new();
        for a_move in &history {
            player.play(a_move)?;
        }
        player.end()?;
    }

    /// Histories that get far: a started session with a face in place, then anything.
    #[test]
    fn histories_from_the_first_prompt_on(
        asked in 1_u8..3,
        first in 0_u8..4,
        history in proptest::collection::vec(moves(), 1..60),
    ) {
        let mut player = Player::new();
        for a_move in [Move::Start(asked), Move::Ready, Move::Frames(60, 9), Move::Challenge(Some(1), first), Move::Frames(85, first)] {
            player.play(&a_move)?;
        }
        prop_assert_eq!(player.tally.seen, 1, "the first action was seen: {:?}", player.tally);
        for a_move in &history {
            player.play(a_move)?;
        }
        player.end()?;
    }
}
