//! Evidence of the simulated person, filmed once, for whatever the server asks.

use std::path::Path;

use anyhow::{Context, Result, bail};
use faceid_judge::{ActionEvidence, EvidenceBundle, EvidenceFrame, Judge, Outcome, Policy};
use faceid_protocol::{Action, Millis};
use faceid_simulate::{Portrait, Puppet, View};
use faceid_vision::encode_jpeg;
use serde_json::{Map, json};

use crate::simulate::gesture;
use crate::upload::{BEST_QUALITY, QUALITY, SIDE};

/// Between frames, ms: a little under the page's ten per second.
const INTERVAL: u64 = 80;
/// Most frames the page sends of one action.
const WINDOW: usize = 20;
/// Frames at rest before the movement and after it.
const LEAD: usize = 3;
const TAIL: usize = 4;
/// Characters tried until one is found whose every gesture the judge accepts.
const SEEDS: u64 = 20;
/// An action may be asked twice in a session of three; the same pictures twice would be a replay.
const ROUNDS: usize = 2;

/// A person's neutral, two takes of each action, and the picture for comparing.
#[derive(Debug, Clone)]
pub(super) struct Takes {
    neutral: Vec<EvidenceFrame>,
    actions: Vec<ActionEvidence>,
    best: EvidenceFrame,
}

impl Takes {
    /// Films until the judge accepts everything.
    pub(super) fn film(judge: &Judge, photograph: &[u8]) -> Result<Self> {
        let found = judge.find_face(photograph, false)?;
        let face = found.observation.face.as_ref().context("a found face")?;
        let portrait = Portrait::prepare(&found.frame, &face.landmarks)?;
        for seed in 1..=SEEDS {
            let takes = film(&portrait, seed)?;
            if takes.convinces(judge)? {
                return Ok(takes);
            }
        }
        bail!("the judge accepts none of {SEEDS} simulated persons: evaluate them with `faceid-lab simulate`")
    }

    /// What a session that asks `actions` sends, with rising times.
    pub(super) fn bundle(&self, actions: &[Action]) -> Result<EvidenceBundle> {
        let mut windows: Vec<ActionEvidence> = Vec::with_capacity(actions.len());
        for (index, action) in actions.iter().enumerate() {
            let before = actions.iter().take(index).filter(|a| *a == action).count();
            let take = self.actions.iter().filter(|a| a.action == *action).nth(before).context("an action asked too often")?;
            let end = windows.last().map_or(&self.neutral, |w| &w.frames).last().map_or(0, |f| f.t.0);
            let begin = take.frames.first().map_or(0, |f| f.t.0);
            let shifted = |f: &EvidenceFrame| EvidenceFrame { t: Millis(f.t.0 - begin + end + INTERVAL), jpeg: f.jpeg.clone() };
            windows.push(ActionEvidence { action: *action, frames: take.frames.iter().map(shifted).collect() });
        }
        Ok(EvidenceBundle { neutral: self.neutral.clone(), actions: windows, best: self.best.clone() })
    }

    /// Writes the pictures and `takes.json`, which names them: for clients in other languages.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let put = |name: String, frame: &EvidenceFrame| {
            std::fs::write(folder.join(&name), &frame.jpeg).with_context(|| folder.join(&name).display().to_string())?;
            Ok::<_, anyhow::Error>(name)
        };
        let series = |prefix: &str, frames: &[EvidenceFrame]| -> Result<Vec<String>> {
            frames.iter().enumerate().map(|(i, frame)| put(format!("{prefix}-{i:02}.jpg"), frame)).collect()
        };
        let neutral = series("neutral", &self.neutral)?;
        let mut actions = Map::new();
        for action in Action::ALL {
            let takes = self.actions.iter().filter(|take| take.action == action).enumerate();
            let takes: Vec<_> = takes.map(|(i, take)| series(&format!("{action}-{i}"), &take.frames)).collect::<Result<_>>()?;
            actions.insert(action.to_string(), json!(takes));
        }
        let best = put("best.jpg".into(), &self.best)?;
        let list = json!({ "interval_ms": INTERVAL, "neutral": neutral, "actions": actions, "best": best });
        std::fs::write(folder.join("takes.json"), list.to_string()).with_context(|| folder.join("takes.json").display().to_string())
    }

    fn convinces(&self, judge: &Judge) -> Result<bool> {
        // Together they hold both takes of all four; a bundle has room for three.
        for actions in [
            [Action::Nod, Action::Shake, Action::Nod],
            [Action::Shake, Action::Blink, Action::Shake],
            [Action::Blink, Action::Mouth, Action::Blink],
            [Action::Mouth, Action::Nod, Action::Mouth],
        ] {
            let report = judge.evaluate(&self.bundle(&actions)?, &Policy::default())?;
            if !matches!(report.outcome, Outcome::Live(_)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn film(portrait: &Portrait, seed: u64) -> Result<Takes> {
    let mut person = Puppet::new(portrait, seed, View::default())?;
    let neutral = (0..8).map(|i| picture(&mut person, 1000 + i * INTERVAL).map(|(frame, _)| frame)).collect::<Result<_>>()?;
    let (best, _) = person.render(1200.0)?;
    let best = EvidenceFrame { t: Millis(1200), jpeg: encode_jpeg(&best, BEST_QUALITY)? };
    let mut actions = Vec::new();
    let mut now = 2000;
    for action in [Action::ALL; ROUNDS].as_flattened() {
        person.prompt(gesture(*action), now as f64);
        let (mut frames, mut moving): (Vec<EvidenceFrame>, Vec<bool>) = (Vec::new(), Vec::new());
        while moving.iter().rev().take(TAIL).any(|m| *m) || !moving.contains(&true) {
            let (frame, moves) = picture(&mut person, now)?;
            frames.push(frame);
            moving.push(moves);
            now += INTERVAL;
        }
        let onset = moving.iter().position(|m| *m).unwrap_or_default();
        frames.drain(..onset.saturating_sub(LEAD));
        // A long movement gives up rest before it, as in the page.
        frames.drain(..frames.len().saturating_sub(WINDOW).min(LEAD));
        actions.push(ActionEvidence { action: *action, frames });
        now += 3 * INTERVAL;
    }
    Ok(Takes { neutral, actions, best })
}

/// One frame as the page would send it, and whether a gesture is under way.
fn picture(person: &mut Puppet, t: u64) -> Result<(EvidenceFrame, bool)> {
    let (frame, truth) = person.render(t as f64)?;
    let jpeg = encode_jpeg(&frame.resized_to_max_side(SIDE), QUALITY)?;
    Ok((EvidenceFrame { t: Millis(t), jpeg }, truth.gesture.is_some()))
}
