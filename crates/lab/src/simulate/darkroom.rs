//! Draws moments of a filmed clip again and encodes them as the page does.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use faceid_judge::EvidenceFrame;
use faceid_protocol::Millis;
use faceid_simulate::{Body, Routine, Truth};
use faceid_vision::{Frame, encode_best, encode_window};

use super::film::{Identity, body};
use super::play::Sent;
use super::trace::Trace;
use crate::upload::{BEST_QUALITY, QUALITY, SIDE};

/// One clip's person before the camera, once more.
#[derive(Debug)]
pub(crate) struct Darkroom<'a> {
    trace: &'a Trace,
    routine: Routine,
    body: Box<dyn Body>,
    drawn: BTreeSet<usize>,
}

impl<'a> Darkroom<'a> {
    /// # Errors
    /// When the clip's person is not among `identities` or cannot be drawn.
    pub(crate) fn new(trace: &'a Trace, identities: &[Identity]) -> Result<Self> {
        let identity = identities.get(trace.plan.identity).context("a clip of nobody")?;
        Ok(Self { trace, routine: trace.plan.routine(), body: body(&trace.plan, identity)?, drawn: BTreeSet::new() })
    }

    /// The picture of frame `index`, shown at `now`. A recording shown twice is another picture the second time: no camera delivers the
    /// same noise again.
    ///
    /// # Errors
    /// When there is no such frame.
    pub(crate) fn picture(&mut self, index: usize, now: Millis) -> Result<Frame> {
        let shown = self.trace.frames.get(index).context("a frame that was not filmed")?;
        let truth = self.routine.truth(shown.t.0 as f64);
        let again = !self.drawn.insert(index);
        Ok(self.body.frame(&Truth { t_ms: if again { now.0 as f64 } else { truth.t_ms }, ..truth })?)
    }

    /// Whoever or whatever stands there, at rest at `now`, so many times as large as usual.
    ///
    /// # Errors
    /// Never for a body that was made.
    pub(crate) fn resting(&mut self, now: Millis, scale: f64) -> Result<Frame> {
        Ok(self.body.frame(&Truth { scale, ..Truth::rest(now.0 as f64) })?)
    }

    /// Neutral or window frames at evidence size.
    ///
    /// # Errors
    /// As [`Self::picture`].
    pub(crate) fn window(&mut self, sent: &Sent) -> Result<Vec<EvidenceFrame>> {
        let pictures = sent.iter().map(|&(index, t)| Ok((t, self.picture(index, t)?))).collect::<Result<Vec<_>>>()?;
        window(&pictures)
    }

    /// The picture for comparing, full size.
    ///
    /// # Errors
    /// As [`Self::picture`].
    pub(crate) fn best(&mut self, (index, t): (usize, Millis)) -> Result<EvidenceFrame> {
        Ok(EvidenceFrame { t, jpeg: encode_best(&self.picture(index, t)?, BEST_QUALITY)? })
    }
}

/// A step's frames at evidence size.
///
/// # Errors
/// When they cannot be encoded.
pub(crate) fn window(pictures: &[(Millis, Frame)]) -> Result<Vec<EvidenceFrame>> {
    let small: Vec<Frame> = pictures.iter().map(|(_, frame)| frame.resized_to_max_side(SIDE)).collect();
    let files = encode_window(&small.iter().collect::<Vec<_>>(), QUALITY)?;
    Ok(pictures.iter().zip(files).map(|((t, _), jpeg)| EvidenceFrame { t: *t, jpeg }).collect())
}
