use serde::{Deserialize, Serialize};

/// A point in time or a span, in whole milliseconds. The origin is the caller's; only differences carry meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// Span from `earlier` to `self`; zero when `earlier` is later (clocks of cameras step back now and then).
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }

    /// `self` moved later by `span`, saturating.
    #[must_use]
    pub const fn plus(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The span in seconds.
    #[must_use]
    pub fn as_secs_f32(self) -> f32 {
        self.0 as f32 / 1000.0
    }
}
