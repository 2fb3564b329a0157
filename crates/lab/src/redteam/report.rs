//! The table of attacks, and the bars it is held against.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::CUE;
use super::instruments::Instrument;
use crate::simulate::Share;

/// One instrument's figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    instrument: &'static str,
    #[serde(skip)]
    what: Instrument,
    clips: usize,
    /// Judged live.
    accepted: Share,
    /// Why the others were refused: cue, or message of the row.
    refused: BTreeMap<String, usize>,
    /// Per cue: measured, and its scores at the 1st, 50th and 99th hundredth.
    cues: BTreeMap<&'static str, (usize, Option<[f32; 3]>)>,
    /// Median time to judge one attempt on this machine, ms of one thread.
    judge_ms: Option<f64>,
}

/// Most genuine sessions that cues may refuse.
const REFUSED_BY_CUES: f64 = 0.02;
/// Most replays of another token's session that may pass.
const REPLAYED: f64 = 0.01;

impl Row {
    pub(crate) fn new(
        what: Instrument,
        clips: usize,
        attempts: usize,
        refused: BTreeMap<String, usize>,
        cues: BTreeMap<&'static str, Vec<f32>>,
        judge_ms: Option<f64>,
    ) -> Self {
        let accepted = attempts - refused.values().sum::<usize>();
        let quantiles = |mut scores: Vec<f32>| {
            scores.sort_by(f32::total_cmp);
            let last = scores.len().checked_sub(1)?;
            Some([0.01, 0.5, 0.99].map(|q: f64| scores[(last as f64 * q).round() as usize]))
        };
        let cues = cues.into_iter().map(|(name, scores)| (name, (scores.len(), quantiles(scores)))).collect();
        Self { instrument: what.name(), what, clips, accepted: Share::new(accepted, attempts), refused, cues, judge_ms }
    }

    /// Whether the bar of this instrument holds; what is only to be reported always does.
    pub(crate) fn holds(&self) -> bool {
        let rate = self.accepted.rate;
        match self.what {
            Instrument::Genuine => self.refused_by_cues().is_some_and(|r| r <= REFUSED_BY_CUES),
            Instrument::Print(_) | Instrument::StillFrames | Instrument::Returned | Instrument::Exchanged | Instrument::Swap => {
                rate == Some(0.0)
            }
            Instrument::OtherToken => rate.is_some_and(|r| r <= REPLAYED),
            Instrument::Doubled | Instrument::Library | Instrument::Puppet => true,
        }
    }

    /// Share of attempts in which a cue spoke against a person.
    fn refused_by_cues(&self) -> Option<f64> {
        let by_cue: usize = self.refused.iter().filter(|(reason, _)| reason.starts_with(CUE)).map(|(_, n)| n).sum();
        (self.accepted.of > 0).then(|| by_cue as f64 / self.accepted.of as f64)
    }

    fn bar(&self) -> &'static str {
        match self.what {
            Instrument::Genuine => "at most 2 % refused by cues",
            Instrument::Print(_) | Instrument::StillFrames | Instrument::Returned | Instrument::Exchanged | Instrument::Swap => "none",
            Instrument::OtherToken => "at most 1 %",
            Instrument::Doubled | Instrument::Library | Instrument::Puppet => "reported",
        }
    }

    fn reasons(&self) -> String {
        let mut reasons: Vec<(&String, &usize)> = self.refused.iter().collect();
        reasons.sort_by(|a, b| b.1.cmp(a.1));
        reasons.iter().map(|(reason, n)| format!("{reason} {n}")).collect::<Vec<_>>().join(", ")
    }

    fn accepted(&self) -> String {
        let bounds = self.accepted.interval95.map_or(String::new(), |[_, high]| format!(", at most {:.1} %", high * 100.0));
        let rate = self.accepted.rate.map_or_else(|| "–".into(), |r| format!("{:.1} %", r * 100.0));
        format!("{}/{} = {rate}{bounds}", self.accepted.hits, self.accepted.of)
    }
}

/// Table or JSON lines.
///
/// # Errors
/// When a row cannot be written as JSON.
pub(crate) fn print(rows: &[Row], as_json: bool) -> Result<()> {
    for row in rows {
        if as_json {
            println!("{}", serde_json::to_string(row)?);
            continue;
        }
        let verdict = if row.holds() { "holds" } else { "FAILS" };
        println!("{:18} clips {:>3}  live {:28}  {verdict} ({})", row.instrument, row.clips, row.accepted(), row.bar());
        println!("{:18} refused: {}", "", row.reasons());
        for (name, (measured, quantiles)) in &row.cues {
            let scores = quantiles.map_or_else(|| "–".into(), |q| q.map(|v| format!("{v:.2}")).join(" "));
            println!("{:18} {name}: measured {measured}, scores {scores}", "");
        }
        if let Some(ms) = row.judge_ms {
            println!("{:18} judged in {ms:.0} ms (median)", "");
        }
    }
    Ok(())
}

const BEGIN: &str = "<!-- redteam:begin -->";
const END: &str = "<!-- redteam:end -->";

/// Puts the table between the marks of a Markdown file.
///
/// # Errors
/// When the file cannot be read or written, or has no marks.
pub(crate) fn write(file: &Path, rows: &[Row], identities: usize) -> Result<()> {
    let named = || file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(named)?;
    let (Some(begin), Some(end)) = (text.find(BEGIN), text.find(END)) else { bail!("{}: no {BEGIN} … {END}", named()) };
    let mut table =
        format!("{BEGIN}\n| instrument | clips | judged live (95 % upper bound) | bar | refused because |\n|---|---|---|---|---|\n");
    for row in rows {
        let _ = writeln!(table, "| `{}` | {} | {} | {} | {} |", row.instrument, row.clips, row.accepted(), row.bar(), row.reasons());
    }
    let _ = writeln!(table, "\nIdentities: {identities}. Made by `faceid-lab redteam --write {}`.", file.display());
    let after = text.get(end..).unwrap_or_default();
    std::fs::write(file, format!("{}{table}{after}", text.get(..begin).unwrap_or_default())).with_context(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceid_simulate::Presentation;

    fn row(what: Instrument, attempts: usize, refused: &[(&str, usize)]) -> Row {
        let refused = refused.iter().map(|(reason, n)| ((*reason).to_owned(), *n)).collect();
        Row::new(what, 1, attempts, refused, BTreeMap::from([("planar_motion", vec![0.1, 0.9])]), None)
    }

    #[test]
    fn bars_hold_prints_to_zero_and_people_to_their_cues() {
        assert!(row(Instrument::Print(Presentation::Bent), 10, &[("ACTION_ERROR", 10)]).holds());
        assert!(!row(Instrument::Print(Presentation::Bent), 10, &[("ACTION_ERROR", 9)]).holds(), "one came through");
        assert!(row(Instrument::Genuine, 100, &[("ACTION_ERROR", 10), ("cue planar_motion", 2)]).holds(), "cues refused two");
        assert!(!row(Instrument::Genuine, 100, &[("cue planar_motion", 3)]).holds(), "cues refused three");
        assert!(!row(Instrument::Genuine, 0, &[]).holds(), "nothing was shown");
        assert!(row(Instrument::OtherToken, 100, &[("ACTION_ERROR", 99)]).holds() && row(Instrument::Puppet, 1, &[]).holds());
    }

    #[test]
    fn the_table_lands_between_its_marks() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("security.md");
        std::fs::write(&file, format!("before\n{BEGIN}\nold\n{END}\nafter\n")).expect("written");
        write(&file, &[row(Instrument::Swap, 4, &[("ReplacedFace", 4)])], 2).expect("marks are there");
        let text = std::fs::read_to_string(&file).expect("readable");
        assert!(text.starts_with("before\n") && text.ends_with("after\n") && !text.contains("old"), "{text}");
        assert!(text.contains("| `face_swap` | 1 | 0/4 = 0.0 %"), "{text}");
        std::fs::write(&file, "no marks").expect("written");
        assert!(write(&file, &[], 2).is_err());
    }
}
