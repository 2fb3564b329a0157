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

    /// True where the whole head moves, false where only the face does.
    #[must_use]
    pub const fn moves_head(self) -> bool {
        match self {
            Self::Nod | Self::Shake => true,
            Self::Blink | Self::Mouth => false,
        }
    }

    /// What may be asked after `done`, in order; `last` tells that nothing follows. None that the person cannot do (`excluded`); while there
    /// is a choice, not the one just done; and while there is a choice, a session of several actions moves both head and face: what is
    /// printed can be turned, and what is cut out can blink, but few things do both. Empty only when everything is excluded.
    #[must_use]
    pub fn choices(done: &[Self], last: bool, excluded: &[Self]) -> Vec<Self> {
        let narrowed = |from: Vec<Self>, keep: &dyn Fn(Self) -> bool| {
            let kept: Vec<Self> = from.iter().copied().filter(|a| keep(*a)).collect();
            if kept.is_empty() { from } else { kept }
        };
        let able = Self::ALL.into_iter().filter(|a| !excluded.contains(a)).collect();
        let fresh = narrowed(able, &|a| Some(&a) != done.last());
        let one_sided = done.first().filter(|first| last && done.iter().all(|a| a.moves_head() == first.moves_head()));
        match one_sided {
            Some(first) => narrowed(fresh, &|a| a.moves_head() != first.moves_head()),
            None => fresh,
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

    #[test]
    fn sessions_mix_head_and_face_and_never_repeat_while_there_is_a_choice() {
        use Action::{Blink, Mouth, Nod, Shake};
        assert_eq!(Action::choices(&[], false, &[]), Action::ALL, "anything to begin with");
        assert_eq!(Action::choices(&[], true, &[]), Action::ALL, "one action alone");
        assert_eq!(Action::choices(&[Nod], false, &[]), [Shake, Blink, Mouth], "not the one just done");
        assert_eq!(Action::choices(&[Nod, Shake], true, &[]), [Blink, Mouth], "a face after two of the head");
        assert_eq!(Action::choices(&[Mouth], true, &[]), [Nod, Shake], "a head after a face");
        assert_eq!(Action::choices(&[Nod, Blink], true, &[]), [Nod, Shake, Mouth], "both are there already");
        assert_eq!(Action::choices(&[Nod, Shake], true, &[Blink, Mouth]), [Nod], "who cannot move the face still gets a choice");
        assert_eq!(Action::choices(&[Nod], true, &[Shake, Blink, Mouth]), [Nod], "one action is left to them");
        assert_eq!(Action::choices(&[], true, &Action::ALL), [], "nothing is");
    }
}
