//! Action judges over time. One implementation for the page, the server's evidence windows and the lab.
//!
//! Every judge looks for a full arc neutral -> peak -> neutral relative to the person's own neutral. Judges read raw measures on
//! whatever time stamps they have and compare only against thresholds, so 8 fps and 60 fps give the same answer.

mod blink;
mod judges;
mod mouth;
mod nod;
mod prompted;
mod shake;
mod spotter;
mod support;
mod swing;
mod window;

pub use judges::Seen;
pub(crate) use prompted::{Finding, Prompted};
pub use spotter::{ActionSpotter, Spotted};
pub use support::evidence;
pub use window::{NotMeasuredReason, WindowVerdict, judge_window};

use faceid_protocol::{Action, Millis};

/// Proof that a judge saw the asked action. Only the judges in this module can make one; it cannot be copied.
#[derive(Debug, PartialEq)]
pub struct ActionPassed {
    seen: Seen,
}

impl ActionPassed {
    fn from_judge(seen: Seen) -> Self {
        Self { seen }
    }

    /// Which action.
    #[must_use]
    pub fn action(&self) -> Action {
        self.seen.action
    }

    /// Last neutral frame before, extreme frame, and first frame back in neutral.
    #[must_use]
    pub fn arc(&self) -> (Millis, Millis, Millis) {
        (self.seen.t_start, self.seen.t_peak, self.seen.t_end)
    }

    /// How far past the threshold, 0.5 = just enough, towards 1 = twice as far or more.
    #[must_use]
    pub fn score(&self) -> f32 {
        self.seen.score
    }
}
