//! The table of attacks, and the bars it is held against.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use super::instruments::Instrument;
use crate::judged::{CueScores, Judged, Refusal, listed, median_ms, part_ms, reasons, scores};
use crate::simulate::Share;

/// What is asked of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bar {
    /// People: few are refused by cues, whatever else refuses them.
    FewRefusedByCues,
    /// No attempt is live.
    NoneLive,
    /// Replays: few are live.
    FewReplaysLive,
    /// Nothing.
    Reported,
}

/// One instrument's figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Row {
    instrument: &'static str,
    #[serde(skip)]
    bar: Bar,
    clips: usize,
    /// Judged live.
    accepted: Share,
    /// Why the others were refused: cue, or message of the row.
    refused: BTreeMap<Refusal, usize>,
    /// What each cue said.
    cues: BTreeMap<&'static str, CueScores>,
    /// Median time to judge one attempt on this machine, ms of one thread.
    judge_ms: Option<f64>,
    /// The same of each part, over the attempts that came so far.
    part_ms: BTreeMap<&'static str, f64>,
}

/// Most genuine sessions that cues may refuse.
const REFUSED_BY_CUES: f64 = 0.02;
/// Most replays of another token's session that may pass.
const REPLAYED: f64 = 0.01;

impl Row {
    pub(crate) fn new(instrument: &'static str, bar: Bar, clips: usize, judged: &[&Judged]) -> Self {
        let refused = reasons(judged.iter().copied());
        let accepted = judged.len() - refused.values().sum::<usize>();
        Self {
            instrument,
            bar,
            clips,
            accepted: Share::new(accepted, judged.len()),
            refused,
            cues: scores(judged.iter().flat_map(|j| &j.cues)),
            judge_ms: median_ms(judged.iter().map(|j| j.took).collect()),
            part_ms: part_ms(judged),
        }
    }

    /// Whether the bar of this instrument holds; what is only to be reported always does.
    pub(crate) fn holds(&self) -> bool {
        let rate = self.accepted.rate;
        match self.bar {
            Bar::FewRefusedByCues => self.refused_by_cues().is_some_and(|r| r <= REFUSED_BY_CUES),
            Bar::NoneLive => rate == Some(0.0),
            Bar::FewReplaysLive => rate.is_some_and(|r| r <= REPLAYED),
            Bar::Reported => true,
        }
    }

    /// Share of attempts in which a cue spoke against a person.
    fn refused_by_cues(&self) -> Option<f64> {
        let by_cue: usize = self.refused.iter().filter(|(reason, _)| reason.by_cue()).map(|(_, n)| n).sum();
        (self.accepted.of > 0).then(|| by_cue as f64 / self.accepted.of as f64)
    }

    const fn bar(&self) -> &'static str {
        match self.bar {
            Bar::FewRefusedByCues => "at most 2 % refused by cues",
            Bar::NoneLive => "none",
            Bar::FewReplaysLive => "at most 1 %",
            Bar::Reported => "reported",
        }
    }

    /// Its line of the table.
    fn line(&self) -> String {
        let fired = self.cues.iter().filter(|(_, scores)| scores.fired > 0);
        let fired: Vec<String> = fired.map(|(name, scores)| format!("{name} {}/{}", scores.fired, scores.measured)).collect();
        let start = start(self.instrument);
        let (accepted, refused) = (self.accepted(), listed(&self.refused));
        format!("{start} {} | {accepted} | {} | {refused} | {} |\n", self.clips, self.bar(), fired.join(", "))
    }

    /// What judging costs, in words; `None` when nothing was judged.
    fn cost(&self) -> Option<String> {
        let parts: Vec<String> = self.part_ms.iter().map(|(part, ms)| format!("{part} {ms:.1}")).collect();
        Some(format!(
            "{COST} took {:.0} ms of one thread (median of {}; medians of the parts: {}).",
            self.judge_ms?,
            self.accepted.of,
            parts.join(", ")
        ))
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
        println!("{:18} refused: {}", "", listed(&row.refused));
        for (name, scores) in &row.cues {
            println!("{:18} {name}: {scores}", "");
        }
        if let Some(ms) = row.judge_ms {
            let parts: Vec<String> = row.part_ms.iter().map(|(part, ms)| format!("{part} {ms:.1}")).collect();
            println!("{:18} judged in {ms:.0} ms (medians; {})", "", parts.join(", "));
        }
    }
    Ok(())
}

/// Name of the row of people in clips.
pub(super) const PEOPLE: &str = "genuine_clips";
/// How the line about what judging costs begins.
const COST: &str = "Judging a session of a person";

const BEGIN: &str = "<!-- redteam:begin -->";
const END: &str = "<!-- redteam:end -->";

/// Puts the rows between the marks of a Markdown file. A line of another instrument that stands there stays: a run may measure some of them.
///
/// # Errors
/// When the file cannot be read or written, or has no marks.
pub(crate) fn write(file: &Path, rows: &[Row], identities: usize) -> Result<()> {
    let named = || file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(named)?;
    let (Some(begin), Some(end)) = (text.find(BEGIN), text.find(END)) else { bail!("{}: no {BEGIN} … {END}", named()) };
    let old = text.get(begin..end).unwrap_or_default();
    let mut table = format!(
        "{BEGIN}\n| instrument | clips | judged live (95 % upper bound) | bar | refused because | cues at 0.5 and more, of measured |\n\
         |---|---|---|---|---|---|\n"
    );
    for name in Instrument::ALL.map(Instrument::name).into_iter().chain([PEOPLE]) {
        match rows.iter().find(|row| row.instrument == name) {
            Some(row) => table.push_str(&row.line()),
            None => old.lines().filter(|line| line.starts_with(&start(name))).for_each(|line| {
                let _ = writeln!(table, "{line}");
            }),
        }
    }
    let cost = rows.iter().find(|row| row.bar == Bar::FewRefusedByCues).and_then(Row::cost);
    let cost = cost.or_else(|| Some(old.lines().find(|line| line.starts_with(COST))?.to_owned()));
    let _ = writeln!(table, "\nIdentities: {identities}. Made by `faceid-lab redteam --write {}`.", file.display());
    if let Some(cost) = cost {
        let _ = writeln!(table, "\n{cost}");
    }
    let after = text.get(end..).unwrap_or_default();
    std::fs::write(file, format!("{}{table}{after}", text.get(..begin).unwrap_or_default())).with_context(named)
}

/// How the line of an instrument begins.
fn start(instrument: &str) -> String {
    format!("| `{instrument}` |")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn row(bar: Bar, attempts: usize, refused: &[(&str, usize)]) -> Row {
        let reason = |text: &str| match text.strip_prefix("cue ") {
            Some(_) => Refusal::Cues(vec!["planar_motion"]),
            None => Refusal::Other(text.to_owned()),
        };
        let reasons = refused.iter().flat_map(|(text, n)| std::iter::repeat_n(Some(reason(text)), *n));
        let judged = reasons.chain(std::iter::repeat(None)).take(attempts);
        let judged: Vec<Judged> =
            judged.map(|refused| Judged { refused, cues: Vec::new(), parts: Vec::new(), took: Duration::ZERO }).collect();
        Row::new("face_swap", bar, 1, &judged.iter().collect::<Vec<_>>())
    }

    #[test]
    fn bars_hold_prints_to_zero_and_people_to_their_cues() {
        assert!(row(Bar::NoneLive, 10, &[("ACTION_ERROR", 10)]).holds());
        assert!(!row(Bar::NoneLive, 10, &[("ACTION_ERROR", 9)]).holds(), "one came through");
        assert!(!row(Bar::NoneLive, 0, &[]).holds(), "nothing was shown");
        assert!(row(Bar::FewRefusedByCues, 100, &[("ACTION_ERROR", 10), ("cue planar_motion", 2)]).holds(), "cues refused two");
        assert!(!row(Bar::FewRefusedByCues, 100, &[("cue planar_motion", 3)]).holds(), "cues refused three");
        assert!(!row(Bar::FewRefusedByCues, 0, &[]).holds(), "nothing was shown");
        assert!(row(Bar::FewReplaysLive, 100, &[("ACTION_ERROR", 99)]).holds() && row(Bar::Reported, 1, &[]).holds());
        assert!(!row(Bar::FewReplaysLive, 100, &[("ACTION_ERROR", 98)]).holds(), "two came through");
    }

    #[test]
    fn the_table_lands_between_its_marks() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("security.md");
        std::fs::write(&file, format!("before\n{BEGIN}\nold\n{END}\nafter\n")).expect("written");
        write(&file, &[row(Bar::NoneLive, 4, &[("ReplacedFace", 4)])], 2).expect("marks are there");
        let text = std::fs::read_to_string(&file).expect("readable");
        assert!(text.starts_with("before\n") && text.ends_with("after\n") && !text.contains("old"), "{text}");
        assert!(text.contains("| `face_swap` | 1 | 0/4 = 0.0 %"), "{text}");
        write(&file, &[Row::new(PEOPLE, Bar::Reported, 3, &[])], 2).expect("marks are there");
        let text = std::fs::read_to_string(&file).expect("readable");
        assert!(text.contains("| `face_swap` | 1 |") && text.contains("| `genuine_clips` | 3 |"), "rows of another run stay: {text}");
        std::fs::write(&file, "no marks").expect("written");
        assert!(write(&file, &[], 2).is_err());
    }
}
