//! What the person can be told to do, and timed lists of it.

use core::{fmt, str::FromStr};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Something the person does on request. Names as on the wire of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gesture {
    /// Chin down and back.
    Nod,
    /// Head to one side, the other, and back.
    Shake,
    /// Eyes shut on purpose, 250 to 400 ms.
    Blink,
    /// Mouth opened, held, closed.
    Mouth,
}

impl Gesture {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Nod, Self::Shake, Self::Blink, Self::Mouth];

    /// Wire name.
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

impl fmt::Display for Gesture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One prompt of a script.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cue {
    /// What.
    pub gesture: Gesture,
    /// When the prompt is given, ms from the start. The person reacts later.
    pub at_ms: f64,
}

/// Prompts with their times, such as `mouth@2,shake@5.5` (seconds).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Script(pub Vec<Cue>);

/// The text is not a script.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScriptError {
    /// An entry without `@`.
    #[error("`{0}` is not GESTURE@SECONDS")]
    Shape(String),
    /// Unknown gesture.
    #[error("`{0}` is not one of nod, shake, blink, mouth")]
    Gesture(String),
    /// The time is not a number from 0 to 3600.
    #[error("`{0}` is not a time in seconds from 0 to 3600")]
    Time(String),
}

impl FromStr for Gesture {
    type Err = ScriptError;

    fn from_str(text: &str) -> Result<Self, ScriptError> {
        Self::ALL.into_iter().find(|g| g.name() == text).ok_or_else(|| ScriptError::Gesture(text.to_owned()))
    }
}

impl FromStr for Script {
    type Err = ScriptError;

    /// Entries separated by commas; the empty text is the empty script.
    fn from_str(text: &str) -> Result<Self, ScriptError> {
        let mut cues = Vec::new();
        for entry in text.split(',').map(str::trim).filter(|e| !e.is_empty()) {
            let (name, seconds) = entry.split_once('@').ok_or_else(|| ScriptError::Shape(entry.to_owned()))?;
            let at: f64 = seconds.parse().map_err(|_| ScriptError::Time(seconds.to_owned()))?;
            if !(0.0..=3600.0).contains(&at) {
                return Err(ScriptError::Time(seconds.to_owned()));
            }
            cues.push(Cue { gesture: name.parse()?, at_ms: at * 1000.0 });
        }
        Ok(Self(cues))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_parse() {
        let script: Script = "mouth@2, shake@5.5".parse().unwrap_or_default();
        assert_eq!(script.0, [Cue { gesture: Gesture::Mouth, at_ms: 2000.0 }, Cue { gesture: Gesture::Shake, at_ms: 5500.0 }], "two cues");
        assert_eq!("".parse(), Ok(Script::default()), "empty");
    }

    #[test]
    fn wrong_scripts_are_named() {
        for (text, error) in [
            ("mouth", ScriptError::Shape("mouth".into())),
            ("wave@1", ScriptError::Gesture("wave".into())),
            ("nod@-1", ScriptError::Time("-1".into())),
            ("nod@NaN", ScriptError::Time("NaN".into())),
        ] {
            assert_eq!(text.parse::<Script>(), Err(error), "{text}");
        }
    }
}
