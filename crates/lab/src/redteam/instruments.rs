//! Attack instruments: what is sent instead of a person, what it is made from, and the bar it is held against.

use faceid_simulate::Presentation;

use super::report::Bar;
use crate::simulate::Kind;

/// What is sent instead of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instrument {
    /// Nothing: a person (the solid head) who passed in the page. Not an attack.
    Genuine,
    /// A print before the camera; the frames of each window are those in which it is moved for the asked action.
    Print(Presentation),
    /// A print brought nearer, or further away, and back for every action. No other print answers in depth: a waved one keeps its distance but for
    /// the sway of the hand.
    Zoomed,
    /// One still picture sent as every frame, with the noise of a camera.
    StillFrames,
    /// A photo puppet driven live: it does what is asked.
    Puppet,
    /// Recordings of the right person, one clip for each action, played when they are asked for.
    Library,
    /// The window of an earlier action sent once more when it is asked again.
    Returned,
    /// A session of the same person under another token, replayed in its own order.
    OtherToken,
    /// The same, played on a screen and filmed from it.
    Refilmed,
    /// As a session of one person, with the second action done by another.
    Swap,
    /// Every second frame is the one before it again.
    Doubled,
    /// The windows of a session, each sent for another action than it shows.
    Exchanged,
}

impl Instrument {
    /// In the order of the report.
    pub(crate) const ALL: [Self; 16] = [
        Self::Genuine,
        Self::Print(Presentation::Still),
        Self::Print(Presentation::Waved),
        Self::Print(Presentation::Tilted),
        Self::Print(Presentation::Bent),
        Self::Print(Presentation::CutOut),
        Self::Zoomed,
        Self::StillFrames,
        Self::Doubled,
        Self::Exchanged,
        Self::Returned,
        Self::Swap,
        Self::OtherToken,
        Self::Refilmed,
        Self::Library,
        Self::Puppet,
    ];

    /// Name in reports and on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::Print(presentation) => presentation.name(),
            Self::Zoomed => "photo_zoomed",
            Self::StillFrames => "still_frames",
            Self::Puppet => "puppet",
            Self::Library => "action_library",
            Self::Returned => "returned_window",
            Self::OtherToken => "other_token",
            Self::Refilmed => "refilmed",
            Self::Swap => "face_swap",
            Self::Doubled => "doubled_frames",
            Self::Exchanged => "exchanged_windows",
        }
    }

    /// The clips it is made from.
    pub(crate) const fn material(self) -> Kind {
        match self {
            Self::Print(presentation) => Kind::Photo(presentation),
            Self::Zoomed => Kind::Photo(Presentation::Waved),
            Self::Puppet => Kind::Puppet,
            Self::Genuine
            | Self::StillFrames
            | Self::Library
            | Self::Returned
            | Self::OtherToken
            | Self::Refilmed
            | Self::Swap
            | Self::Doubled
            | Self::Exchanged => Kind::Solid,
        }
    }

    /// Whether the session machine of the page has to see the material: the others choose frames by their times alone, so that nothing of their
    /// clips needs to be measured.
    pub(crate) const fn performed(self) -> bool {
        match self {
            Self::Genuine | Self::Puppet | Self::Doubled | Self::Exchanged => true,
            Self::Print(_)
            | Self::Zoomed
            | Self::StillFrames
            | Self::Library
            | Self::Returned
            | Self::OtherToken
            | Self::Refilmed
            | Self::Swap => false,
        }
    }

    /// What is asked of it.
    pub(crate) const fn bar(self) -> Bar {
        match self {
            Self::Genuine => Bar::FewRefusedByCues,
            Self::Print(_) | Self::Zoomed | Self::StillFrames | Self::Returned | Self::Exchanged | Self::Swap => Bar::NoneLive,
            Self::OtherToken | Self::Refilmed => Bar::FewReplaysLive,
            Self::Doubled | Self::Library | Self::Puppet => Bar::Reported,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_their_own_and_what_is_performed_is_filmed_people() {
        let mut names = Instrument::ALL.map(Instrument::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Instrument::ALL.len(), "{names:?}");
        let filmed = Instrument::ALL.into_iter().filter(|i| i.performed());
        assert!(filmed.into_iter().all(|i| i.material().genuine()), "no print is performed");
    }
}
