//! Labelled intervals of clips: `events.tsv` with the columns clip, t_start_s, t_end_s, event, confidence, note.

use std::collections::BTreeMap;

use faceid_protocol::{Action, Millis};
use thiserror::Error;

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
        clips.entry(clip.to_owned()).or_default().push(Label { start, end, event: event.to_owned(), confidence });
    }
    Ok(clips)
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
