//! Labelled intervals of clips: `events.tsv` with the columns clip, t_start_s, t_end_s, event, confidence, note.

use std::collections::BTreeMap;

use faceid_protocol::{Action, Millis};
use thiserror::Error;

/// Longest pause between the two halves of one nod.
const JOIN: Millis = Millis(1000);

/// How sure the person was who labelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// Must be found.
    High,
    /// May be found: neither a miss nor a false trigger.
    Medium,
}

/// One labelled interval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Begin.
    pub start: Millis,
    /// End, not before the begin.
    pub end: Millis,
    /// As written in the file.
    pub event: String,
    /// How sure.
    pub confidence: Confidence,
    /// Free text: what to know about it, "glasses" for instance.
    pub note: String,
}

/// What a label says about one of the four actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The action happens here.
    Shows(Action),
    /// A movement that resembles the action and is not it.
    Resembles(Action),
}

impl Label {
    /// The part of the event name that counts, as an action. BLINK+PITCH_UP is a blink: the nod in it is too small to require.
    /// `None` for names about no action (NEAR, FAR).
    #[must_use]
    pub fn meaning(&self) -> Option<Meaning> {
        let first = self.event.split(['+', '/']).next().unwrap_or_default();
        Some(match first {
            "BLINK" => Meaning::Shows(Action::Blink),
            "NOD" | "PITCH" | "PITCH_DOWN" | "PITCH_UP" => Meaning::Shows(Action::Nod),
            "SHAKE" | "YAW" | "YAW_R_L" | "YAW_L_R" => Meaning::Shows(Action::Shake),
            "MOUTH_OPEN" => Meaning::Shows(Action::Mouth),
            "SMILE" | "TALK" | "HAND_OCCLUSION" => Meaning::Resembles(Action::Mouth),
            "SQUINT" | "EYES_DOWN" => Meaning::Resembles(Action::Blink),
            "TRANSLATE" => Meaning::Resembles(Action::Shake),
            _ => return None,
        })
    }

    /// True where the head also moves a little (BLINK+PITCH_UP): a nod seen there is neither right nor wrong.
    #[must_use]
    pub fn leaves_open(&self, action: Action) -> bool {
        action == Action::Nod && self.event.split(['+', '/']).skip(1).any(|part| part.starts_with("PITCH"))
    }

    /// The action it shows, if any.
    #[must_use]
    pub fn shows(&self) -> Option<Action> {
        match self.meaning()? {
            Meaning::Shows(action) => Some(action),
            Meaning::Resembles(_) => None,
        }
    }
}

/// Why a label file cannot be used.
#[derive(Debug, PartialEq, Eq, Error)]
#[error("events.tsv line {line}: {problem}")]
pub struct LabelError {
    /// 1-based.
    pub line: usize,
    /// What is wrong.
    pub problem: &'static str,
}

/// Labels per clip name, in file order.
///
/// # Errors
/// [`LabelError`] at the first line that is not a label.
pub fn parse(text: &str) -> Result<BTreeMap<String, Vec<Label>>, LabelError> {
    let mut clips: BTreeMap<String, Vec<Label>> = BTreeMap::new();
    for (index, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty()) {
        let fail = |problem| LabelError { line: index + 1, problem };
        let mut fields = line.split('\t');
        let mut next = || fields.next().map(str::trim).ok_or(fail("fewer than five columns"));
        let (clip, start, end, event, confidence) = (next()?, next()?, next()?, next()?, next()?);
        let seconds = |text: &str| {
            let value: f64 = text.parse().map_err(|_| fail("a time is not a number"))?;
            // labels are read by eye to a tenth of a second; a day is far beyond any clip
            if (0.0..86_400.0).contains(&value) { Ok(Millis((value * 1000.0).round() as u64)) } else { Err(fail("a time is out of range")) }
        };
        let (start, end) = (seconds(start)?, seconds(end)?);
        if end < start {
            return Err(fail("the end is before the begin"));
        }
        let confidence = match confidence {
            "high" => Confidence::High,
            "medium" | "low" => Confidence::Medium,
            _ => return Err(fail("confidence is not high, medium or low")),
        };
        let note = next().unwrap_or_default().to_owned();
        clips.entry(clip.to_owned()).or_default().push(Label { start, end, event: event.to_owned(), confidence, note });
    }
    clips.values_mut().for_each(join_nods);
    Ok(clips)
}

/// Down and up again, labelled as two, is one nod.
fn join_nods(labels: &mut Vec<Label>) {
    let mut joined: Vec<Label> = Vec::with_capacity(labels.len());
    for label in labels.drain(..) {
        let half = |l: &Label, event: &str| l.event == event;
        match joined.last_mut() {
            Some(before)
                if ((half(before, "PITCH_DOWN") && half(&label, "PITCH_UP"))
                    || (half(before, "PITCH_UP") && half(&label, "PITCH_DOWN")))
                    && label.start.since(before.end) <= JOIN =>
            {
                before.event = "NOD".into();
                before.end = before.end.max(label.end);
            }
            Some(_) | None => joined.push(label),
        }
    }
    *labels = joined;
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "clip\tt_start_s\tt_end_s\tevent\tconfidence\tnote\n";

    fn one(event: &str) -> Option<Meaning> {
        parse(&format!("{HEAD}a.mp4\t1.2\t1.5\t{event}\thigh\t")).expect("valid")["a.mp4"][0].meaning()
    }

    #[test]
    fn names_map_to_actions() {
        assert_eq!(one("BLINK+PITCH_UP"), Some(Meaning::Shows(Action::Blink)), "the nod in it is not required");
        assert_eq!(one("PITCH_DOWN"), Some(Meaning::Shows(Action::Nod)), "a nod");
        assert_eq!(one("YAW_R_L"), Some(Meaning::Shows(Action::Shake)), "a shake");
        assert_eq!(one("EYES_DOWN/FLUTTER"), Some(Meaning::Resembles(Action::Blink)), "hard negative");
        assert_eq!(one("NEAR"), None, "no action");
    }

    #[test]
    fn down_and_up_is_one_nod_and_a_nodding_blink_leaves_the_nod_open() {
        let rows = "a\t1\t2\tPITCH_DOWN\thigh\t\na\t2.2\t3\tPITCH_UP\thigh\t\na\t9\t10\tPITCH_DOWN\thigh\tglasses\na\t12\t12.2\tBLINK+PITCH_UP\thigh\n";
        let clips = parse(&format!("{HEAD}{rows}")).expect("valid");
        let seen: Vec<_> = clips["a"].iter().map(|l| (l.event.as_str(), l.start.0, l.end.0, l.note.as_str())).collect();
        assert_eq!(seen, [("NOD", 1000, 3000, ""), ("PITCH_DOWN", 9000, 10_000, "glasses"), ("BLINK+PITCH_UP", 12_000, 12_200, "")]);
        assert!(clips["a"][2].leaves_open(Action::Nod) && !clips["a"][2].leaves_open(Action::Blink), "blink with a small nod");
    }

    #[test]
    fn lines_are_checked() {
        let clips = parse(&format!("{HEAD}a.mp4\t1.2\t1.5\tBLINK\tmedium\tx\n\nb.gif\t0\t2\tSHAKE\thigh\t\n")).expect("valid");
        assert_eq!((clips["a.mp4"][0].start, clips["a.mp4"][0].end), (Millis(1200), Millis(1500)), "milliseconds");
        assert_eq!(clips["a.mp4"][0].confidence, Confidence::Medium, "confidence");
        for (line, problem) in [
            ("a\t1\t2\tBLINK", "fewer than five columns"),
            ("a\tx\t2\tBLINK\thigh", "a time is not a number"),
            ("a\t3\t2\tBLINK\thigh", "the end is before the begin"),
            ("a\t1\tinf\tBLINK\thigh", "a time is out of range"),
            ("a\t1\t2\tBLINK\tsure", "confidence is not high, medium or low"),
        ] {
            assert_eq!(parse(&format!("{HEAD}{line}")), Err(LabelError { line: 2, problem }), "{line}");
        }
    }
}
