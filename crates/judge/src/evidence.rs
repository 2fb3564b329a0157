//! What the page uploads.

use faceid_protocol::{Action, Millis};

/// One uploaded picture.
#[derive(Clone, PartialEq, Eq)]
pub struct EvidenceFrame {
    /// Capture time by the page's clock.
    pub t: Millis,
    /// The file as uploaded (its digest was committed).
    pub jpeg: Vec<u8>,
}

impl core::fmt::Debug for EvidenceFrame {
    /// Size only: the picture is personal data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "EvidenceFrame({} ms, {} bytes)", self.t.0, self.jpeg.len())
    }
}

/// The frames of one prompted action, neutral to peak to neutral, in order of capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionEvidence {
    /// What the server asked for.
    pub action: Action,
    /// Contiguous frames.
    pub frames: Vec<EvidenceFrame>,
}

/// Everything that one attempt leaves behind for judging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceBundle {
    /// The person's neutral, before the first prompt.
    pub neutral: Vec<EvidenceFrame>,
    /// One window per prompt, in order.
    pub actions: Vec<ActionEvidence>,
    /// The picture for comparing, full size.
    pub best: EvidenceFrame,
}

impl EvidenceBundle {
    /// All frames in order of steps, the best frame last.
    pub fn frames(&self) -> impl Iterator<Item = &EvidenceFrame> {
        self.neutral.iter().chain(self.actions.iter().flat_map(|a| &a.frames)).chain([&self.best])
    }
}

/// Upper and lower limits of a bundle; checked before anything is decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceLimits {
    /// Largest file, bytes. Public limit for one picture.
    pub frame_bytes: usize,
    /// Largest sum of files, bytes. Public limit for one request.
    pub total_bytes: usize,
    /// Longest side of a window or neutral frame, px.
    pub window_side: u32,
    /// Longest side of the best frame, px.
    pub best_side: u32,
    /// Most frames in a window or the neutral: bounds the server's work.
    pub window_frames: usize,
    /// Fewest neutral frames.
    pub neutral_frames: usize,
    /// Most actions.
    pub actions: usize,
}

impl Default for EvidenceLimits {
    fn default() -> Self {
        Self {
            frame_bytes: 2 * 1024 * 1024,
            total_bytes: 20 * 1024 * 1024,
            // the page sends 480; other clients may send their camera's 720p
            window_side: 1280,
            best_side: faceid_vision::MAX_SIDE,
            window_frames: 60,
            neutral_frames: 4,
            actions: 3,
        }
    }
}

/// What is wrong with the form of a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// No action at all, or more than allowed.
    #[error("{got} actions")]
    Actions {
        /// Number found.
        got: usize,
    },
    /// Too few neutral frames.
    #[error("{got} neutral frames")]
    Neutral {
        /// Number found.
        got: usize,
    },
    /// A window has no frames or more than allowed.
    #[error("{got} frames in a window")]
    Window {
        /// Number found.
        got: usize,
    },
    /// A file or the sum of files is too large.
    #[error("{got} bytes")]
    Bytes {
        /// Number found.
        got: usize,
    },
    /// Capture times do not rise from the neutral through the windows.
    #[error("capture times do not rise at {t} ms", t = t.0)]
    Order {
        /// The first time that is not later than the one before.
        t: Millis,
    },
}

impl EvidenceLimits {
    /// Checks counts, sizes and the order of times.
    ///
    /// # Errors
    /// [`FormError`]: the first thing wrong.
    pub fn check(&self, bundle: &EvidenceBundle) -> Result<(), FormError> {
        if bundle.actions.is_empty() || bundle.actions.len() > self.actions {
            return Err(FormError::Actions { got: bundle.actions.len() });
        }
        if bundle.neutral.len() < self.neutral_frames {
            return Err(FormError::Neutral { got: bundle.neutral.len() });
        }
        let counts = bundle.actions.iter().map(|a| a.frames.len()).chain([bundle.neutral.len()]);
        for got in counts {
            if got == 0 || got > self.window_frames {
                return Err(FormError::Window { got });
            }
        }
        let mut total = 0_usize;
        for frame in bundle.frames() {
            let got = frame.jpeg.len();
            total = total.saturating_add(got);
            if got > self.frame_bytes {
                return Err(FormError::Bytes { got });
            }
        }
        if total > self.total_bytes {
            return Err(FormError::Bytes { got: total });
        }
        let steps = [&bundle.neutral].into_iter().chain(bundle.actions.iter().map(|a| &a.frames));
        let mut end = None;
        for step in steps {
            // the last frame of a step may be the first of the next one: both show the moment between two prompts
            let mut last = None;
            for frame in step {
                if last.is_some_and(|l| frame.t <= l) || end.is_some_and(|e| frame.t < e) {
                    return Err(FormError::Order { t: frame.t });
                }
                last = Some(frame.t);
            }
            end = last.or(end);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(from: u64, count: u64) -> Vec<EvidenceFrame> {
        (0..count).map(|i| EvidenceFrame { t: Millis(from + i * 50), jpeg: vec![0; 10] }).collect()
    }

    fn bundle() -> EvidenceBundle {
        EvidenceBundle {
            neutral: frames(0, 4),
            actions: vec![ActionEvidence { action: Action::Nod, frames: frames(1000, 12) }],
            best: EvidenceFrame { t: Millis(100), jpeg: vec![0; 10] },
        }
    }

    #[test]
    fn form_is_checked() {
        let limits = EvidenceLimits::default();
        assert_eq!(limits.check(&bundle()), Ok(()), "a good bundle");
        let broken = |change: fn(&mut EvidenceBundle)| {
            let mut b = bundle();
            change(&mut b);
            limits.check(&b)
        };
        assert_eq!(broken(|b| b.actions.clear()), Err(FormError::Actions { got: 0 }), "no action");
        assert_eq!(broken(|b| b.neutral.truncate(3)), Err(FormError::Neutral { got: 3 }), "neutral");
        assert_eq!(broken(|b| b.actions[0].frames.clear()), Err(FormError::Window { got: 0 }), "empty window");
        assert_eq!(broken(|b| b.actions[0].frames = frames(1000, 61)), Err(FormError::Window { got: 61 }), "too many frames");
        assert_eq!(broken(|b| b.best.jpeg = vec![0; 2_097_153]), Err(FormError::Bytes { got: 2_097_153 }), "one file");
        assert_eq!(broken(|b| b.actions[0].frames.swap(3, 4)), Err(FormError::Order { t: Millis(1150) }), "times fall");
        assert_eq!(broken(|b| b.actions[0].frames = frames(0, 12)), Err(FormError::Order { t: Millis(0) }), "windows overlap");
    }

    #[test]
    fn pictures_are_not_printed() {
        assert_eq!(format!("{:?}", bundle().best), "EvidenceFrame(100 ms, 10 bytes)", "no pixels in logs");
    }
}
