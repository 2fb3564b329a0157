//! Attack instruments: each makes an evidence bundle as an attacker with a client of their own would, who may send any frame of their material
//! at any time and holds valid keys.

use anyhow::{Context, Result};
use faceid_judge::{ActionEvidence, EvidenceBundle, EvidenceFrame, Judge, MotionPrint, Policy};
use faceid_protocol::{Action, Millis};
use faceid_simulate::{Doing, Presentation};

use crate::simulate::darkroom::Darkroom;
use crate::simulate::{ASKED, Identity, Kind, Played, Reel, Rng, Sent, gesture, session};

/// What is sent instead of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instrument {
    /// Nothing: a person (the solid head) who passed in the page. Not an attack.
    Genuine,
    /// A print before the camera; the frames of each window are those in which it is moved for the asked action.
    Print(Presentation),
    /// One still picture sent as every frame, with the noise of a camera.
    StillFrames,
    /// A photo puppet driven live: it does what is asked.
    Puppet,
    /// Recordings of the right person, one clip for each action, played when they are asked for.
    Library,
    /// The window of an earlier action sent once more when it is asked again.
    Returned,
    /// A session of the same person under another token, replayed in its own order.
    OtherToken,
    /// As a session of one person, with the second action done by another.
    Swap,
    /// Every second frame is the one before it again.
    Doubled,
    /// The windows of a session, each sent for another action than it shows.
    Exchanged,
}

impl Instrument {
    /// In the order of the report.
    pub(crate) const ALL: [Self; 14] = [
        Self::Genuine,
        Self::Print(Presentation::Still),
        Self::Print(Presentation::Waved),
        Self::Print(Presentation::Tilted),
        Self::Print(Presentation::Bent),
        Self::Print(Presentation::CutOut),
        Self::StillFrames,
        Self::Doubled,
        Self::Exchanged,
        Self::Returned,
        Self::Swap,
        Self::OtherToken,
        Self::Library,
        Self::Puppet,
    ];

    /// Name in reports and on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::Print(presentation) => presentation.name(),
            Self::StillFrames => "still_frames",
            Self::Puppet => "puppet",
            Self::Library => "action_library",
            Self::Returned => "returned_window",
            Self::OtherToken => "other_token",
            Self::Swap => "face_swap",
            Self::Doubled => "doubled_frames",
            Self::Exchanged => "exchanged_windows",
        }
    }

    /// The clips it is made from.
    pub(crate) const fn material(self) -> Kind {
        match self {
            Self::Print(presentation) => Kind::Photo(presentation),
            Self::Puppet => Kind::Puppet,
            Self::Genuine
            | Self::StillFrames
            | Self::Library
            | Self::Returned
            | Self::OtherToken
            | Self::Swap
            | Self::Doubled
            | Self::Exchanged => Kind::Solid,
        }
    }
}

/// Clips of one kind, and who is in them.
pub(crate) struct Pool<'a> {
    pub(crate) reels: Vec<&'a Reel<'a>>,
    pub(crate) identities: &'a [Identity],
    /// What a server remembers of sessions of these people, by the reel they were played from.
    pub(crate) remembered: Vec<(usize, MotionPrint)>,
}

/// Between frames cut from a recording, ms: the page's ten per second, or further apart in a long movement, but never as far as the longest gap
/// that the judge takes.
const SPACING: u64 = 100;
/// The same for a recording that somebody else cuts once more.
const SPACING_AGAIN: u64 = 135;
const WIDEST: u64 = 195;
/// Most frames of a window.
const MOST: usize = 20;
/// Rest shown before the first movement, ms.
const LEAD: u64 = 500;
/// Frames of the neutral.
const NEUTRAL: usize = 8;
/// Earlier sessions that a genuine one is compared with.
const REMEMBERED: usize = 40;
/// Between the steps of a session, ms.
const PAUSE: u64 = 1500;

impl Pool<'_> {
    /// The `index`-th attempt with `instrument`; `None` when the material has none (a clip without the asked action, a person who did not pass).
    ///
    /// # Errors
    /// When a picture cannot be drawn or encoded.
    pub(crate) fn attempt(&self, instrument: Instrument, index: usize) -> Result<Option<EvidenceBundle>> {
        let Some(reel) = self.reels.get(index % self.reels.len().max(1)).copied() else { return Ok(None) };
        let mut rng = attempt_rng(index);
        match instrument {
            Instrument::Genuine | Instrument::Puppet => self.performed(reel, index),
            Instrument::Print(_) => self.recorded(&[reel], &asked(&mut rng), SPACING),
            Instrument::Library => self.recorded(&self.library(reel, &mut rng), &asked(&mut rng), SPACING),
            Instrument::OtherToken => {
                let Some(mut bundle) = self.recorded(&[reel], &asked(&mut rng), SPACING_AGAIN)? else { return Ok(None) };
                for (window, action) in bundle.actions.iter_mut().zip(asked(&mut rng)) {
                    window.action = action;
                }
                Ok(Some(bundle))
            }
            Instrument::Swap => self.swapped(reel, &mut rng),
            Instrument::StillFrames => self.still(reel, &mut rng),
            Instrument::Returned => {
                let first = rng.pick(&Action::ALL).context("an action")?;
                let between = rng.pick(&Action::choices(&[first], false, &[])).context("an action")?;
                let Some(mut bundle) = self.recorded(&[reel], &[first, between], SPACING)? else { return Ok(None) };
                let (Some(window), Some(last)) = (bundle.actions.first().cloned(), bundle.actions.last()) else { return Ok(None) };
                let from = last.frames.last().map_or(0, |f| f.t.0) + PAUSE;
                bundle.actions.push(shifted(window, from));
                Ok(Some(bundle))
            }
            Instrument::Doubled => {
                let Some(mut bundle) = self.performed(reel, index)? else { return Ok(None) };
                for window in &mut bundle.actions {
                    for pair in window.frames.chunks_mut(2) {
                        if let [first, second] = pair {
                            second.jpeg.clone_from(&first.jpeg);
                        }
                    }
                }
                Ok(Some(bundle))
            }
            Instrument::Exchanged => {
                let Some(mut bundle) = self.performed(reel, index)? else { return Ok(None) };
                let shown: Vec<Action> = bundle.actions.iter().map(|w| w.action).collect();
                for (window, shown) in bundle.actions.iter_mut().zip(shown) {
                    window.action = rng.pick(&Action::choices(&[shown], false, &[])).context("an action")?;
                }
                Ok(Some(bundle))
            }
        }
    }

    /// Prints of sessions that the server judged before this attempt: of the same people at another time, and of the session that is replayed.
    ///
    /// # Errors
    /// When a picture cannot be drawn or a network fails.
    pub(crate) fn known(&self, judge: &Judge, instrument: Instrument, index: usize) -> Result<Vec<MotionPrint>> {
        let mine = index % self.reels.len().max(1);
        match instrument {
            Instrument::OtherToken => {
                let Some(reel) = self.reels.get(mine).copied() else { return Ok(Vec::new()) };
                let actions = asked(&mut attempt_rng(index));
                let original = self.recorded(&[reel], &actions, SPACING)?;
                Ok(original.map(|bundle| judged_motion(judge, &bundle)).transpose()?.flatten().into_iter().collect())
            }
            // A clip played twice is a recording; another clip is the person at another time.
            Instrument::Genuine => Ok(self.remembered.iter().filter(|(reel, _)| *reel != mine).map(|(_, print)| print.clone()).collect()),
            Instrument::Print(_)
            | Instrument::StillFrames
            | Instrument::Puppet
            | Instrument::Library
            | Instrument::Returned
            | Instrument::Swap
            | Instrument::Doubled
            | Instrument::Exchanged => Ok(Vec::new()),
        }
    }

    /// Judges one session of each of the first reels and remembers how it moved.
    ///
    /// # Errors
    /// When a picture cannot be drawn or a network fails.
    pub(crate) fn remember(&mut self, judge: &Judge) -> Result<()> {
        let mut remembered = Vec::new();
        for (i, reel) in self.reels.iter().copied().enumerate().take(REMEMBERED) {
            let bundle = self.performed(reel, i)?;
            let print = bundle.map(|bundle| judged_motion(judge, &bundle)).transpose()?.flatten();
            remembered.extend(print.map(|print| (i, print)));
        }
        self.remembered = remembered;
        Ok(())
    }

    /// What the page sends for a session that passes in it.
    fn performed(&self, reel: &Reel<'_>, index: usize) -> Result<Option<EvidenceBundle>> {
        let Played { sent, best: Some(best), commands, passed: true, .. } = session(reel, index as u64) else { return Ok(None) };
        let Some((neutral, windows)) = sent.split_first() else { return Ok(None) };
        let mut room = Darkroom::new(reel.trace(), self.identities)?;
        let neutral = room.window(neutral)?;
        let mut actions = Vec::new();
        for (command, window) in commands.iter().zip(windows) {
            actions.push(ActionEvidence { action: command.asked, frames: room.window(window)? });
        }
        Ok(Some(EvidenceBundle { neutral, actions, best: room.best(best)? }))
    }

    /// Windows cut from recordings of the asked actions: of the first reel the neutral and the best frame, of the others in turn the actions.
    fn recorded(&self, reels: &[&Reel<'_>], actions: &[Action], spacing: u64) -> Result<Option<EvidenceBundle>> {
        let Some(first) = reels.first().copied() else { return Ok(None) };
        let Some(neutral) = neutral(first) else { return Ok(None) };
        let mut room = Darkroom::new(first.trace(), self.identities)?;
        let frames = room.window(&neutral)?;
        let best = room.best(*neutral.first().context("a neutral has frames")?)?;
        let mut now = neutral.last().map_or(0, |(_, t)| t.0) + PAUSE;
        let mut windows = Vec::new();
        for (action, reel) in actions.iter().zip(reels.iter().skip(1).chain(std::iter::repeat(&first))) {
            let Some(sent) = window(reel, *action, now, spacing) else { return Ok(None) };
            now = sent.last().map_or(now, |(_, t)| t.0) + PAUSE;
            let frames = if std::ptr::eq(*reel, first) {
                room.window(&sent)?
            } else {
                Darkroom::new(reel.trace(), self.identities)?.window(&sent)?
            };
            windows.push(ActionEvidence { action: *action, frames });
        }
        Ok(Some(EvidenceBundle { neutral: frames, actions: windows, best }))
    }

    /// One clip for the neutral and one for each action: the same person before the same kind of camera.
    fn library<'b>(&'b self, reel: &'b Reel<'b>, rng: &mut Rng) -> Vec<&'b Reel<'b>> {
        let like = |r: &Reel<'_>| {
            let (a, b) = (&r.trace().plan, &reel.trace().plan);
            (a.identity, a.width, a.height) == (b.identity, b.width, b.height) && a.seed != b.seed
        };
        let others: Vec<usize> = self.reels.iter().enumerate().filter(|(_, r)| like(r)).map(|(i, _)| i).collect();
        let picked = (0..ASKED).filter_map(|_| self.reels.get(rng.pick(&others)?).copied());
        std::iter::once(reel).chain(picked).collect()
    }

    fn swapped(&self, reel: &Reel<'_>, rng: &mut Rng) -> Result<Option<EvidenceBundle>> {
        let other = |r: &Reel<'_>| {
            let (a, b) = (&r.trace().plan, &reel.trace().plan);
            a.identity != b.identity && (a.width, a.height) == (b.width, b.height)
        };
        let others: Vec<usize> = self.reels.iter().enumerate().filter(|(_, r)| other(r)).map(|(i, _)| i).collect();
        let Some(second) = rng.pick(&others).and_then(|i| self.reels.get(i).copied()) else { return Ok(None) };
        self.recorded(&[reel, reel, second, reel], &asked(rng), SPACING)
    }

    fn still(&self, reel: &Reel<'_>, rng: &mut Rng) -> Result<Option<EvidenceBundle>> {
        let Some(neutral) = neutral(reel) else { return Ok(None) };
        let index = neutral.first().context("a neutral has frames")?.0;
        let mut room = Darkroom::new(reel.trace(), self.identities)?;
        let mut now = 1000;
        let mut frames = |count: usize| -> Result<Vec<EvidenceFrame>> {
            let times = (0..count as u64).map(|i| Millis(now + i * SPACING));
            let sent: Sent = times.map(|t| (index, t)).collect();
            now += count as u64 * SPACING + PAUSE;
            room.window(&sent)
        };
        let neutral = frames(NEUTRAL)?;
        let mut actions = Vec::new();
        for action in asked(rng) {
            actions.push(ActionEvidence { action, frames: frames(MOST)? });
        }
        let best = neutral.first().cloned().context("a neutral has frames")?;
        Ok(Some(EvidenceBundle { neutral, actions, best }))
    }
}

fn attempt_rng(index: usize) -> Rng {
    Rng::new(0xA77A_C000 ^ index as u64)
}

fn judged_motion(judge: &Judge, bundle: &EvidenceBundle) -> Result<Option<MotionPrint>> {
    Ok(judge.evaluate(bundle, &Policy::default())?.motion)
}

/// Actions as the server draws them.
fn asked(rng: &mut Rng) -> Vec<Action> {
    let mut actions = Vec::with_capacity(ASKED);
    while actions.len() < ASKED {
        actions.extend(rng.pick(&Action::choices(&actions, actions.len() + 1 == ASKED, &[])));
    }
    actions
}

/// Frames at rest.
fn neutral(reel: &Reel<'_>) -> Option<Sent> {
    let frames: Vec<usize> = reel.rest()?.frames().collect();
    let picked = spaced(reel, &frames, SPACING);
    (picked.len() >= NEUTRAL).then(|| placed(reel, &picked[..NEUTRAL], 1000))
}

/// The frames around a recorded action, thinned to what a window holds, from `now` on.
fn window(reel: &Reel<'_>, action: Action, now: u64, spacing: u64) -> Option<Sent> {
    let stretch = reel.all(Doing::Gesture(gesture(action))).first().copied()?;
    let shown = |i: &usize| reel.trace().frames.get(*i).is_some_and(|f| f.t.0 + LEAD >= stretch.onset().0);
    let frames: Vec<usize> = stretch.frames().filter(shown).collect();
    let times = frames.first().zip(frames.last()).map(|(a, b)| reel.trace().frames[*b].t.since(reel.trace().frames[*a].t).0)?;
    let picked = spaced(reel, &frames, (times / (MOST as u64 - 2)).clamp(spacing, WIDEST));
    Some(placed(reel, &picked, now))
}

/// Frames at most `spacing` ms apart where the recording has them.
fn spaced(reel: &Reel<'_>, frames: &[usize], spacing: u64) -> Vec<usize> {
    let at = |i: usize| reel.trace().frames.get(i).map_or(0, |f| f.t.0);
    let mut picked: Vec<usize> = frames.first().copied().into_iter().collect();
    while let Some(&last) = picked.last() {
        let later = || frames.iter().copied().filter(|&i| i > last);
        let within = later().take_while(|&i| at(i) - at(last) <= spacing).last();
        let Some(next) = within.or_else(|| later().next()) else { break };
        picked.push(next);
    }
    picked.truncate(MOST);
    picked
}

fn placed(reel: &Reel<'_>, frames: &[usize], now: u64) -> Sent {
    let at = |i: usize| reel.trace().frames.get(i).map_or(0, |f| f.t.0);
    let begin = frames.first().map_or(0, |&i| at(i));
    frames.iter().map(|&i| (i, Millis(at(i) - begin + now))).collect()
}

fn shifted(mut window: ActionEvidence, from: u64) -> ActionEvidence {
    let begin = window.frames.first().map_or(0, |f| f.t.0);
    for frame in &mut window.frames {
        frame.t = Millis(frame.t.0 - begin + from);
    }
    window
}
