//! The proofs a session collects. Submit cannot be built without all of them.

use crate::action::ActionPassed;

/// Proofs so far.
#[derive(Debug)]
pub(crate) struct Tokens {
    passed: Vec<ActionPassed>,
    of: u32,
}

/// Proof of every action of the plan. Only [`Tokens::complete`] makes one.
#[derive(Debug)]
pub(crate) struct AllPassed {
    _passed: Vec<ActionPassed>,
}

impl Tokens {
    pub(crate) fn new(of: u32) -> Self {
        Self { passed: Vec::new(), of }
    }

    pub(crate) fn add(&mut self, token: ActionPassed) {
        self.passed.push(token);
    }

    /// 1-based number of the step whose action is missing next.
    pub(crate) fn next_step(&self) -> u32 {
        u32::try_from(self.passed.len()).map_or(u32::MAX, |done| done.saturating_add(1))
    }

    /// How many actions the plan has.
    pub(crate) fn of(&self) -> u32 {
        self.of
    }

    /// All of them, or back what there is.
    pub(crate) fn complete(self) -> Result<AllPassed, Self> {
        if self.of > 0 && self.next_step() > self.of { Ok(AllPassed { _passed: self.passed }) } else { Err(self) }
    }
}
