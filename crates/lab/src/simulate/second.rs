//! The server's look at what the page would upload: sessions that passed in the page are encoded, decoded, measured anew and judged.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result};
use faceid_judge::{ActionEvidence, EvidenceBundle, EvidenceFrame, Judge, Outcome, Policy};
use faceid_protocol::Action;
use faceid_session::{Baseline, Params, Sample, WindowVerdict, judge_window};
use faceid_vision::{DecodeLimits, Models, TrackState, decode, observe};
use serde::Serialize;

use super::darkroom::Darkroom;
use super::figures::{Share, session};
use super::film::Identity;
use super::kept;
use super::play::{Played, Reel, Sent};
use super::trace::Trace;
use crate::workers;

/// One action's windows, as page and server judge them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WindowLook {
    /// nod, shake, blink or mouth.
    pub action: &'static str,
    /// Seen by the server with the page's own thresholds.
    pub same_thresholds: Share,
    /// Seen with the server's ([`faceid_session::JudgeParams::second_look`]).
    pub second_look: Share,
    /// Of those not seen with the server's: could not be measured, or another action was.
    pub unmeasured_or_wrong: usize,
}

/// How far two measurements of the same picture lie apart: in the page's stream, and by the server after JPEG.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Apart {
    /// What was measured, with its unit.
    pub measure: &'static str,
    /// Pictures measured by both.
    pub pictures: usize,
    /// Absolute difference at the 50th, 95th, 99th hundredth, and the largest.
    pub quantiles: [f32; 4],
}

/// Everything about the second look.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SecondLook {
    /// Sessions that passed in the page and live with the server.
    pub live: Share,
    /// How the server ended the others.
    pub ended: BTreeMap<String, usize>,
    /// Largest upload, bytes.
    pub largest_upload: usize,
    /// Per action.
    pub windows: Vec<WindowLook>,
    /// Per measure.
    pub apart: Vec<Apart>,
}

/// What the server needs.
pub(super) struct Server<'a> {
    /// As deployed.
    pub(super) judge: &'a Judge,
    /// The judge's networks, with the detector on every frame.
    pub(super) models: &'a Models,
    pub(super) identities: &'a [Identity],
    pub(super) jobs: usize,
    /// Where each session's evidence is put, with what this build said of it.
    pub(super) evidence: Option<&'a Path>,
}

/// One session's comparison.
struct Looked {
    /// `None` = live.
    ended: Option<String>,
    bytes: usize,
    windows: Vec<(Action, WindowVerdict, WindowVerdict)>,
    pairs: Vec<(Sample, Sample)>,
}

impl Server<'_> {
    /// Looks at the first `wanted` sessions of people that passed in the page, dealt to the clips in turn.
    ///
    /// # Errors
    /// When a network fails or a clip cannot be drawn.
    pub(super) fn look(&self, traces: &[Trace], wanted: usize) -> Result<SecondLook> {
        let reels: Vec<Reel<'_>> = traces.iter().filter(|t| t.plan.kind.genuine()).map(Reel::new).collect();
        // Clips of one kind come together: a stride that is prime to any likely count mixes them.
        let order = (0..wanted * 2).map(|i| (i * 7919) % reels.len().max(1));
        let played = order.enumerate().filter_map(|(i, clip)| {
            let reel = reels.get(clip)?;
            Some((reel, session(reel, i as u64)))
        });
        let passed: Vec<(&Reel<'_>, Played)> = played.filter(|(_, p)| p.passed).take(wanted).collect();
        let looked = workers::each(self.jobs, passed.len(), |i| {
            let (reel, played) = &passed[i];
            self.one(i, reel.trace(), played)
        })?;
        Ok(summary(&looked))
    }

    fn one(&self, number: usize, trace: &Trace, played: &Played) -> Result<Looked> {
        let bundle = self.bundle(trace, played)?;
        let (neutral_sent, windows_sent) = played.sent.split_first().context("a session without a neutral")?;
        let mut pairs = Vec::new();
        let neutral = self.measure(trace, &bundle.neutral, neutral_sent, &mut pairs)?;
        let baseline = Baseline::from_samples(&neutral);
        let mut windows = Vec::new();
        for (asked, sent) in bundle.actions.iter().zip(windows_sent) {
            let samples = self.measure(trace, &asked.frames, sent, &mut pairs)?;
            let Some(baseline) = &baseline else { continue };
            let verdict = |params: &Params| judge_window(asked.action, baseline, &samples, params);
            windows.push((asked.action, verdict(&Params::default()), verdict(&Policy::default().session)));
        }
        // The simulated person stands for a genuine one.
        let report = self.judge.evaluate(&bundle, &Policy { accept_simulated: true, ..Policy::default() })?;
        if let Some(folder) = self.evidence {
            kept::write(&folder.join(format!("{number:04}")), &bundle, &faceid_bench::figures(&report))?;
        }
        let ended = match report.outcome {
            Outcome::Live(_) => None,
            Outcome::Attack(attack) => {
                let cues: Vec<&str> = report.cues.iter().filter(|c| c.fires()).map(|c| c.name.name()).collect();
                Some(format!("{attack:?} {cues:?}"))
            }
            Outcome::Unverified(row) => Some(format!("{row:?}")),
        };
        Ok(Looked { ended, bytes: bundle.frames().map(|f| f.jpeg.len()).sum(), windows, pairs })
    }

    fn bundle(&self, trace: &Trace, played: &Played) -> Result<EvidenceBundle> {
        let mut room = Darkroom::new(trace, self.identities)?;
        let (neutral, windows) = played.sent.split_first().context("a session without a neutral")?;
        let neutral = room.window(neutral)?;
        let mut actions = Vec::new();
        for (command, sent) in played.commands.iter().zip(windows) {
            actions.push(ActionEvidence { action: command.asked, frames: room.window(sent)? });
        }
        let best = room.best(played.best.context("a session without a best frame")?)?;
        Ok(EvidenceBundle { neutral, actions, best })
    }

    /// Measures uploaded frames as the judge does, and adds each beside what the page measured.
    fn measure(&self, trace: &Trace, frames: &[EvidenceFrame], sent: &Sent, pairs: &mut Vec<(Sample, Sample)>) -> Result<Vec<Sample>> {
        let mut state = TrackState::default();
        let mut samples = Vec::with_capacity(frames.len());
        for (file, (index, _)) in frames.iter().zip(sent) {
            let frame = decode(&file.jpeg, DecodeLimits::default())?;
            let again = Sample::from_observation(file.t, &observe(self.models, &frame, &mut state)?);
            let first = trace.frames.get(*index).map(|m| Sample::from_observation(file.t, &m.observation));
            pairs.extend(first.map(|first| (first, again)));
            samples.push(again);
        }
        Ok(samples)
    }
}

fn summary(looked: &[Looked]) -> SecondLook {
    let mut ended = BTreeMap::new();
    for end in looked.iter().filter_map(|l| l.ended.clone()) {
        *ended.entry(end).or_insert(0) += 1;
    }
    let row = |action: Action| {
        let all: Vec<_> = looked.iter().flat_map(|l| &l.windows).filter(|(a, _, _)| *a == action).collect();
        let passed = |verdict: &WindowVerdict| matches!(verdict, WindowVerdict::Passed(_));
        let other = |verdict: &WindowVerdict| matches!(verdict, WindowVerdict::NotMeasured(_) | WindowVerdict::Wrong(_));
        WindowLook {
            action: action.name(),
            same_thresholds: Share::new(all.iter().filter(|(_, first, _)| passed(first)).count(), all.len()),
            second_look: Share::new(all.iter().filter(|(_, _, second)| passed(second)).count(), all.len()),
            unmeasured_or_wrong: all.iter().filter(|(_, _, second)| other(second)).count(),
        }
    };
    let pairs: Vec<&(Sample, Sample)> = looked.iter().flat_map(|l| &l.pairs).collect();
    SecondLook {
        live: Share::new(looked.iter().filter(|l| l.ended.is_none()).count(), looked.len()),
        ended,
        largest_upload: looked.iter().map(|l| l.bytes).max().unwrap_or(0),
        windows: Action::ALL.map(row).to_vec(),
        apart: MEASURES.iter().filter_map(|(measure, read)| apart(measure, &pairs, *read)).collect(),
    }
}

type Read = fn(&Sample) -> Option<f32>;

const MEASURES: [(&str, Read); 5] = [
    ("yaw, degrees", |s| s.pose.map(|p| p.yaw)),
    ("pitch, degrees", |s| s.pose.map(|p| p.pitch)),
    ("left eye, openness", |s| s.eyes.left),
    ("right eye, openness", |s| s.eyes.right),
    ("lip gap, outer eye distances", |s| s.mouth),
];

fn apart(measure: &'static str, pairs: &[&(Sample, Sample)], read: Read) -> Option<Apart> {
    let mut all: Vec<f32> = pairs.iter().filter_map(|(a, b)| Some((read(a)? - read(b)?).abs())).collect();
    all.sort_by(f32::total_cmp);
    let last = all.len().checked_sub(1)?;
    let at = |q: f64| all.get((last as f64 * q).round() as usize).copied().unwrap_or_default();
    Some(Apart { measure, pictures: all.len(), quantiles: [at(0.5), at(0.95), at(0.99), at(1.0)] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceid_protocol::Millis;

    #[test]
    fn differences_are_absolute_and_skip_what_was_not_measured() {
        let sample = |mouth: Option<f32>| Sample { mouth, ..Sample::unmeasured(Millis(0)) };
        let pairs = [(sample(Some(0.1)), sample(Some(0.3))), (sample(Some(0.2)), sample(Some(0.2))), (sample(None), sample(Some(0.9)))];
        let pairs: Vec<&(Sample, Sample)> = pairs.iter().collect();
        let row = apart("gap", &pairs, |s| s.mouth).expect("two pairs");
        assert_eq!(row.pictures, 2);
        assert!((row.quantiles[3] - 0.2).abs() < 1e-6 && row.quantiles[0] >= 0.0, "{row:?}");
        assert_eq!(apart("yaw", &pairs, |s| s.pose.map(|p| p.yaw)), None, "never measured");
    }
}
