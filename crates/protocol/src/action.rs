use core::{fmt, str::FromStr};
use serde::{Deserialize, Serialize};

/// An action the server may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Head down and back up (or up and back down): pitch leaves neutral and returns.
    Nod,
    /// Head to one side, to the other, and back: yaw.
    Shake,
    /// A deliberate closing of both eyes.
    Blink,
    /// Mouth opened and closed again.
    Mouth,
}

impl Action {
    /// Every action, in the order of the wire names.
    pub const ALL: [Self; 4] = [Self::Nod, Self::Shake, Self::Blink, Self::Mouth];

    /// The wire name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nod => "nod",
            Self::Shake => "shake",
            Self::Blink => "blink",
            Self::Mouth => "mouth",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text is none of `nod`, `shake`, `blink`, `mouth`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseActionError;

impl fmt::Display for ParseActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected one of nod, shake, blink, mouth")
    }
}

impl core::error::Error for ParseActionError {}

impl FromStr for Action {
    type Err = ParseActionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|a| a.name() == text).ok_or(ParseActionError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for action in Action::ALL {
            assert_eq!(action.name().parse(), Ok(action), "{action}");
        }
        assert_eq!("Nod".parse::<Action>(), Err(ParseActionError), "names are lower case");
    }
}
