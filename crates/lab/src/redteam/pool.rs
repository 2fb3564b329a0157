//! Attempts with each instrument, as an attacker with a client of their own makes them, who may send any frame of their material at any time and
//! holds valid keys.

use std::collections::BTreeMap;
use std::sync::Mutex;

use anyhow::{Context, Result};
use faceid_judge::{ActionEvidence, EvidenceBundle, EvidenceFrame, Judge, MotionPrint, Policy};
use faceid_protocol::{Action, Millis};
use faceid_simulate::Doing;
use faceid_vision::{DecodeLimits, Frame, decode, encode_best};

use super::instruments::Instrument;
use super::screen::Screen;
use crate::cut::{BEGIN, MOST, NEUTRAL, PAUSE, SPACING, WIDEST, fitted, placed, spaced};
use crate::simulate::darkroom::{Darkroom, window as encoded};
use crate::simulate::{ASKED, Identity, Played, Reel, Rng, Sent, gesture, session};
use crate::upload::BEST_QUALITY;
use crate::workers;

/// Clips of one kind, and who is in them.
pub(crate) struct Pool<'a> {
    pub(crate) reels: Vec<&'a Reel<'a>>,
    pub(crate) identities: &'a [Identity],
    /// What a server remembers of sessions of these people, by the reel they were played from.
    pub(crate) remembered: Vec<(usize, MotionPrint)>,
    /// What it remembers of the sessions that are replayed.
    pub(crate) originals: &'a Originals,
}

/// Prints of recorded sessions by the number of the attempt that replays them, judged once for all instruments that do.
pub(crate) type Originals = Mutex<BTreeMap<usize, Option<MotionPrint>>>;

/// Between frames of a recording that somebody else cuts once more, ms ([`SPACING`] the first time).
const SPACING_AGAIN: u64 = 135;
/// Rest shown before the first movement, ms.
const LEAD: u64 = 500;
/// Earlier sessions that a genuine one is compared with.
const REMEMBERED: usize = 40;
/// Most and least that a zoomed print grows, share of its size.
const ZOOM: [f64; 2] = [0.15, 0.4];

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
            Instrument::Zoomed => self.zoomed(reel, &mut rng),
            Instrument::OtherToken => self.other_token(reel, &mut rng),
            Instrument::Refilmed => {
                self.other_token(reel, &mut rng)?.map(|bundle| refilmed(&bundle, &Screen::draw(index as u64))).transpose()
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
            Instrument::OtherToken | Instrument::Refilmed => Ok(self.original(judge, index)?.into_iter().collect()),
            // A clip played twice is a recording; another clip is the person at another time.
            Instrument::Genuine => Ok(self.remembered.iter().filter(|(reel, _)| *reel != mine).map(|(_, print)| print.clone()).collect()),
            Instrument::Print(_)
            | Instrument::Zoomed
            | Instrument::StillFrames
            | Instrument::Puppet
            | Instrument::Library
            | Instrument::Returned
            | Instrument::Swap
            | Instrument::Doubled
            | Instrument::Exchanged => Ok(Vec::new()),
        }
    }

    /// The print of the session that attempt `index` replays.
    fn original(&self, judge: &Judge, index: usize) -> Result<Option<MotionPrint>> {
        let kept = || self.originals.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(print) = kept().get(&index) {
            return Ok(print.clone());
        }
        let Some(reel) = self.reels.get(index % self.reels.len().max(1)).copied() else { return Ok(None) };
        let recorded = self.recorded(&[reel], &asked(&mut attempt_rng(index)), SPACING)?;
        let print = recorded.map(|bundle| judged_motion(judge, &bundle)).transpose()?.flatten();
        kept().insert(index, print.clone());
        Ok(print)
    }

    /// Judges one session of each of the first reels and remembers how it moved.
    ///
    /// # Errors
    /// When a picture cannot be drawn or a network fails.
    pub(crate) fn remember(&mut self, judge: &Judge, jobs: usize) -> Result<()> {
        let print = |i: usize| -> Result<Option<(usize, MotionPrint)>> {
            let bundle = self.reels.get(i).copied().map(|reel| self.performed(reel, i)).transpose()?.flatten();
            let print = bundle.map(|bundle| judged_motion(judge, &bundle)).transpose()?.flatten();
            Ok(print.map(|print| (i, print)))
        };
        let remembered = workers::each(jobs, self.reels.len().min(REMEMBERED), print)?;
        self.remembered = remembered.into_iter().flatten().collect();
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

    /// A recording of the person, cut anew and sent for what is asked this time.
    fn other_token(&self, reel: &Reel<'_>, rng: &mut Rng) -> Result<Option<EvidenceBundle>> {
        let Some(mut bundle) = self.recorded(&[reel], &asked(rng), SPACING_AGAIN)? else { return Ok(None) };
        for (window, action) in bundle.actions.iter_mut().zip(asked(rng)) {
            window.action = action;
        }
        Ok(Some(bundle))
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
        let mut now = BEGIN;
        let mut frames = |count: usize| -> Result<Vec<EvidenceFrame>> {
            let sent: Sent = times(now, count).map(|t| (index, t)).collect();
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

    /// Every action is answered by bringing the print nearer and back, or further away and back.
    fn zoomed(&self, reel: &Reel<'_>, rng: &mut Rng) -> Result<Option<EvidenceBundle>> {
        let Some(rest) = neutral(reel) else { return Ok(None) };
        let mut room = Darkroom::new(reel.trace(), self.identities)?;
        let neutral = room.window(&rest)?;
        let best = room.best(*rest.first().context("a neutral has frames")?)?;
        let mut now = rest.last().map_or(BEGIN, |(_, t)| t.0) + PAUSE;
        let mut actions = Vec::new();
        for action in asked(rng) {
            let grows = rng.between(ZOOM[0], ZOOM[1]);
            let most = rng.pick(&[grows, -grows / (1.0 + grows)]).context("nearer or further")?;
            let moment = |(i, t): (usize, Millis)| {
                let share = (std::f64::consts::PI * i as f64 / (MOST - 1) as f64).sin().powi(2);
                Ok((t, room.resting(t, 1.0 + most * share)?))
            };
            let pictures = times(now, MOST).enumerate().map(moment).collect::<Result<Vec<_>>>()?;
            now += MOST as u64 * SPACING + PAUSE;
            actions.push(ActionEvidence { action, frames: encoded(&pictures)? });
        }
        Ok(Some(EvidenceBundle { neutral, actions, best }))
    }
}

/// `count` moments from `now` on.
fn times(now: u64, count: usize) -> impl Iterator<Item = Millis> {
    (0..count as u64).map(move |i| Millis(now + i * SPACING))
}

/// The evidence as a camera before the screen takes it that shows these files.
fn refilmed(bundle: &EvidenceBundle, screen: &Screen) -> Result<EvidenceBundle> {
    let film = |file: &EvidenceFrame| -> Result<(Millis, Frame)> {
        Ok((file.t, screen.film(&decode(&file.jpeg, DecodeLimits::default())?, file.t)?))
    };
    let step = |files: &[EvidenceFrame]| encoded(&files.iter().map(film).collect::<Result<Vec<_>>>()?);
    let again = |w: &ActionEvidence| Ok(ActionEvidence { action: w.action, frames: step(&w.frames)? });
    let (t, best) = film(&bundle.best)?;
    Ok(EvidenceBundle {
        neutral: step(&bundle.neutral)?,
        actions: bundle.actions.iter().map(again).collect::<Result<_>>()?,
        best: EvidenceFrame { t, jpeg: encode_best(&best, BEST_QUALITY)? },
    })
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

/// When a frame was filmed, ms.
fn at<'r>(reel: &'r Reel<'_>) -> impl Fn(usize) -> u64 + 'r {
    move |i| reel.trace().frames.get(i).map_or(0, |f| f.t.0)
}

/// Frames at rest.
fn neutral(reel: &Reel<'_>) -> Option<Sent> {
    let frames: Vec<usize> = reel.rest()?.frames().collect();
    let picked = spaced(at(reel), &frames, SPACING);
    (picked.len() >= NEUTRAL).then(|| placed(at(reel), &picked[..NEUTRAL], BEGIN))
}

/// The frames around a recorded action, thinned to what a window holds, from `now` on.
fn window(reel: &Reel<'_>, action: Action, now: u64, spacing: u64) -> Option<Sent> {
    let stretch = reel.all(Doing::Gesture(gesture(action))).first().copied()?;
    let shown = |i: &usize| reel.trace().frames.get(*i).is_some_and(|f| f.t.0 + LEAD >= stretch.onset().0);
    let frames: Vec<usize> = stretch.frames().filter(shown).collect();
    let mut picked = fitted(at(reel), &frames, spacing).unwrap_or_else(|| spaced(at(reel), &frames, WIDEST));
    picked.truncate(MOST);
    Some(placed(at(reel), &picked, now))
}

fn shifted(mut window: ActionEvidence, from: u64) -> ActionEvidence {
    let begin = window.frames.first().map_or(0, |f| f.t.0);
    for frame in &mut window.frames {
        frame.t = Millis(frame.t.0 - begin + from);
    }
    window
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refilmed_session_keeps_its_actions_and_times_and_no_picture() {
        let jpeg = |value: u8| encode_best(&Frame::from_rgb(64, 48, vec![value; 64 * 48 * 3]).expect("size matches"), 90).expect("encodes");
        let frame = |t: u64| EvidenceFrame { t: Millis(t), jpeg: jpeg((t / 10) as u8) };
        let shown = EvidenceBundle {
            neutral: times(BEGIN, 4).map(|t| frame(t.0)).collect(),
            actions: vec![ActionEvidence { action: Action::Nod, frames: times(2000, 3).map(|t| frame(t.0)).collect() }],
            best: frame(1000),
        };
        let filmed = refilmed(&shown, &Screen::draw(1)).expect("files decode");
        assert_eq!(filmed.actions[0].action, Action::Nod);
        let times = |b: &EvidenceBundle| b.frames().map(|f| f.t.0).collect::<Vec<_>>();
        assert_eq!(times(&filmed), times(&shown));
        assert!(filmed.frames().zip(shown.frames()).all(|(a, b)| a.jpeg != b.jpeg), "every file is new");
    }

    #[test]
    fn the_same_attempt_asks_the_same_and_a_session_moves_head_and_face() {
        for index in 0..50 {
            let drawn = asked(&mut attempt_rng(index));
            assert_eq!(drawn, asked(&mut attempt_rng(index)));
            assert!(drawn.iter().any(|a| a.moves_head()) && drawn.iter().any(|a| !a.moves_head()), "{drawn:?}");
        }
    }
}
