//! Sessions of the live people in labelled clips, sent as the page sends them and judged as a server does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use faceid_judge::{ActionEvidence, Cue, CueName, EvidenceBundle, EvidenceFrame, Judge};
use faceid_protocol::Millis;
use faceid_vision::{Frame, encode_best};

use super::takes::{Take, Takes, takes};
use crate::clip::{MAX_SIDE, Meter};
use crate::evaluation::read_labels;
use crate::judged::{Judged, look};
use crate::simulate::{Sent, darkroom};
use crate::upload::{BEST_QUALITY, SIDE};
use crate::variant::Variant;
use crate::video::Video;
use crate::workers;

/// One clip's sessions.
#[derive(Debug)]
pub(crate) struct ClipSessions {
    pub(crate) clip: String,
    /// Labelled actions, high confidence.
    pub(crate) labelled: usize,
    /// Of these, longer than a window.
    pub(crate) too_long: usize,
    /// Sessions that could not be cut, for want of a rest.
    pub(crate) without_rest: usize,
    pub(crate) sessions: Vec<ClipSession>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct ClipSession {
    /// How many actions it has.
    pub(crate) actions: usize,
    pub(crate) judged: Judged,
    /// Every cue, also where the judge ended before it asked them; `None` = the evidence cannot be looked at.
    pub(crate) cues: Option<Vec<Cue>>,
}

/// Cuts and judges the sessions of every labelled clip. Nothing is remembered between them: the clips show the same people again.
///
/// # Errors
/// When a clip or a list of labels cannot be read, or a network fails.
pub(crate) fn judged(judge: &Judge, meter: &Meter, folder: &Path, more_labels: &[PathBuf], jobs: usize) -> Result<Vec<ClipSessions>> {
    let mut cut = Vec::new();
    for (seed, (name, labels)) in (0..).zip(read_labels(folder, more_labels)?) {
        let trace = meter.measure(&folder.join(&name), &Variant::plain())?;
        cut.push((name, takes(&trace, &labels, seed << 8)));
    }
    workers::each(jobs, cut.len(), |i| {
        let (name, Takes { takes, labelled, too_long, without_rest }) = &cut[i];
        let pictures = Pictures::of(&folder.join(name), takes)?;
        let judged = takes.iter().map(|take| {
            let bundle = pictures.bundle(take)?;
            let judged = look(judge, &bundle, &[])?;
            // The cue of memory is no part of the evidence: nothing is remembered here.
            let asked: Vec<Cue> = judged.cues.iter().filter(|c| c.name != CueName::ReturningMotion).copied().collect();
            // None at all: the frames could not be looked at.
            let cues = (!asked.is_empty()).then_some(asked);
            Ok(ClipSession { actions: take.windows.len(), judged, cues })
        });
        Ok(ClipSessions {
            clip: name.clone(),
            labelled: *labelled,
            too_long: *too_long,
            without_rest: *without_rest,
            sessions: judged.collect::<Result<_>>()?,
        })
    })
}

/// The frames that a clip's sessions send, decoded once.
struct Pictures {
    /// At evidence size.
    steps: BTreeMap<usize, Frame>,
    /// At full size.
    best: BTreeMap<usize, Frame>,
}

impl Pictures {
    fn of(path: &Path, takes: &[Take]) -> Result<Self> {
        let named = || path.display().to_string();
        let sent =
            |take: &'_ Take| take.windows.iter().flat_map(|(_, sent)| sent).chain(&take.neutral).map(|(i, _)| *i).collect::<Vec<_>>();
        let wanted: BTreeSet<usize> = takes.iter().flat_map(sent).collect();
        let wanted_best: BTreeSet<usize> = takes.iter().map(|take| take.best.0).collect();
        let (mut steps, mut best) = (BTreeMap::new(), BTreeMap::new());
        let Some(end) = wanted.last().max(wanted_best.last()).map(|last| last + 1) else { return Ok(Self { steps, best }) };
        for (i, timed) in Video::open(path, MAX_SIDE).with_context(named)?.take(end).enumerate() {
            let frame = timed.with_context(named)?.frame;
            if wanted.contains(&i) {
                steps.insert(i, frame.resized_to_max_side(SIDE));
            }
            if wanted_best.contains(&i) {
                best.insert(i, frame);
            }
        }
        Ok(Self { steps, best })
    }

    fn bundle(&self, take: &Take) -> Result<EvidenceBundle> {
        let picture = |&(i, t): &(usize, Millis)| Ok((t, self.steps.get(&i).context("the clip changed while it was read")?.clone()));
        let step = |sent: &Sent| darkroom::window(&sent.iter().map(picture).collect::<Result<Vec<_>>>()?);
        let (i, t) = take.best;
        let best = self.best.get(&i).context("the clip changed while it was read")?;
        let action = |(action, sent): &(_, Sent)| Ok(ActionEvidence { action: *action, frames: step(sent)? });
        Ok(EvidenceBundle {
            neutral: step(&take.neutral)?,
            actions: take.windows.iter().map(action).collect::<Result<_>>()?,
            best: EvidenceFrame { t, jpeg: encode_best(best, BEST_QUALITY)? },
        })
    }
}
