//! The conditions under which `eval` looks at the same clips.

use std::collections::BTreeMap;

use faceid_vision::QuarterTurn;

use crate::labels::Label;
use crate::variant::{Change, Pace, Variant};

/// Clips with their labels.
pub type Labelled = BTreeMap<String, Vec<Label>>;

/// One condition: a way to film, and which clips it is about.
#[derive(Debug, Clone)]
pub struct Slice {
    /// How the clips are filmed.
    pub variant: Variant,
    /// Only clips with a label whose note holds this word.
    pub noted: Option<&'static str>,
}

impl Slice {
    /// The clips it is about.
    pub fn clips<'a>(&self, labelled: &'a Labelled) -> impl Iterator<Item = (&'a str, &'a [Label])> {
        let noted = self.noted;
        let about = move |labels: &[Label]| noted.is_none_or(|word| labels.iter().any(|l| l.note.contains(word)));
        labelled.iter().filter(move |(_, labels)| about(labels)).map(|(name, labels)| (name.as_str(), labels.as_slice()))
    }
}

/// Every clip as it is.
#[must_use]
pub fn plain() -> Slice {
    Slice { variant: Variant::plain(), noted: None }
}

/// All other conditions.
#[must_use]
pub fn all() -> Vec<Slice> {
    let glasses = Slice { variant: Variant { name: "glasses".into(), ..Variant::plain() }, noted: Some("glasses") };
    let paces = [
        ("30 fps", Pace::Rate(30)),
        ("15 fps", Pace::Rate(15)),
        ("10 fps", Pace::Rate(10)),
        ("8 fps", Pace::Rate(8)),
        ("every 2nd frame", Pace::Every(2)),
        ("20 % lost", Pace::Lossy { percent: 20, seed: 1 }),
    ];
    let pictures: [(&str, &[Change]); 9] = [
        ("320 px", &[Change::LongSide(320)]),
        ("640 px", &[Change::LongSide(640)]),
        ("2 stops darker", &[Change::HalfStops(-4)]),
        ("1 stop brighter", &[Change::HalfStops(2)]),
        ("16:9", &[Change::Pad(16, 9)]),
        ("9:16", &[Change::Pad(9, 16)]),
        ("mirrored", &[Change::Mirror]),
        ("sideways, stated", &[Change::Sideways]),
        ("sideways, unstated", &[Change::Turn(QuarterTurn::Clockwise)]),
    ];
    let paces = paces.into_iter().map(|(name, pace)| Variant::paced(name, pace));
    let pictures = pictures.into_iter().map(|(name, changes)| Variant::changed(name, changes));
    [glasses].into_iter().chain(paces.chain(pictures).map(|variant| Slice { variant, noted: None })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::parse;

    #[test]
    fn slices_have_names_of_their_own_and_glasses_choose_clips() {
        let slices = all();
        let mut names: Vec<&str> = slices.iter().map(|s| s.variant.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), slices.len(), "{names:?}");
        let rows = "clip\tt_start_s\tt_end_s\tevent\tconfidence\tnote\na\t1\t2\tBLINK\thigh\tglasses\na\t3\t4\tBLINK\thigh\t\nb\t1\t2\tNOD\thigh\t\n";
        let labelled = parse(rows).expect("valid");
        let chosen: Vec<_> = slices[0].clips(&labelled).map(|(name, labels)| (name, labels.len())).collect();
        assert_eq!(chosen, [("a", 2)]);
        assert_eq!(plain().clips(&labelled).count(), 2, "all");
    }
}
