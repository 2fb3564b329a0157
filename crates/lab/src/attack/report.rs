//! The tables of `attack`.

use std::collections::BTreeMap;

use anyhow::Result;
use faceid_judge::Cue;
use serde::Serialize;

use super::clips::ClipSessions;
use crate::bootstrap::of_clusters;
use crate::judged::{CueScores, Refusal, listed, reasons, scores};

/// Clips below which a figure is an indication: what one person in fifty shows is missed by one such set in twenty.
const CLIPS: usize = 150;
/// Draws of clips for an interval, and their seed.
const DRAWS: usize = 2000;
const SEED: u64 = 1;

/// What the cues said of one kind of material.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct SpeciesRow {
    species: String,
    live: bool,
    /// Pictures, or sessions of clips.
    material: &'static str,
    count: usize,
    /// Of these, in which nothing could be asked: no face, or several.
    unusable: usize,
    cues: BTreeMap<&'static str, CueScores>,
}

impl SpeciesRow {
    /// `told`: every cue of each, `None` where the evidence cannot be looked at.
    pub(super) fn of(species: &str, live: bool, material: &'static str, told: &[Option<&[Cue]>]) -> Self {
        Self {
            species: species.to_owned(),
            live,
            material,
            count: told.len(),
            unusable: told.iter().filter(|cues| cues.is_none()).count(),
            cues: scores(told.iter().flatten().copied().flatten()),
        }
    }

    pub(super) fn of_clips(clips: &[ClipSessions]) -> Self {
        let told: Vec<Option<&[Cue]>> = clips.iter().flat_map(|clip| &clip.sessions).map(|s| s.cues.as_deref()).collect();
        Self::of("clips", true, "session", &told)
    }
}

/// One clip's sessions, or those of all clips.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct ClipRow {
    clip: String,
    /// Labelled actions of high confidence.
    labelled: usize,
    /// Of these, longer than a window.
    too_long: usize,
    /// Sessions judged.
    sessions: usize,
    /// How many of them have one, two and three actions.
    by_actions: BTreeMap<usize, usize>,
    /// Sessions that could not be cut, for want of a rest.
    without_rest: usize,
    live: usize,
    /// Refused because cues fired: which.
    by_cue: BTreeMap<Refusal, usize>,
    /// Refused for another reason.
    otherwise: BTreeMap<Refusal, usize>,
}

impl ClipRow {
    pub(super) fn of(clip: &ClipSessions) -> Self {
        let mut by_actions = BTreeMap::new();
        for session in &clip.sessions {
            *by_actions.entry(session.actions).or_insert(0) += 1;
        }
        let (by_cue, otherwise): (BTreeMap<_, _>, BTreeMap<_, _>) =
            reasons(clip.sessions.iter().map(|s| &s.judged)).into_iter().partition(|(reason, _)| reason.by_cue());
        Self {
            clip: clip.clip.clone(),
            labelled: clip.labelled,
            too_long: clip.too_long,
            sessions: clip.sessions.len(),
            by_actions,
            without_rest: clip.without_rest,
            live: clip.sessions.iter().filter(|s| s.judged.refused.is_none()).count(),
            by_cue,
            otherwise,
        }
    }

    fn refused_by_cue(&self) -> usize {
        self.by_cue.values().sum()
    }

    fn all(rows: &[Self]) -> Self {
        let total = |count: fn(&Self) -> usize| rows.iter().map(count).sum();
        Self {
            clip: "all".into(),
            labelled: total(|r| r.labelled),
            too_long: total(|r| r.too_long),
            sessions: total(|r| r.sessions),
            by_actions: added(rows.iter().map(|r| &r.by_actions)),
            without_rest: total(|r| r.without_rest),
            live: total(|r| r.live),
            by_cue: added(rows.iter().map(|r| &r.by_cue)),
            otherwise: added(rows.iter().map(|r| &r.otherwise)),
        }
    }
}

fn added<'a, K: Ord + Clone + 'a>(maps: impl Iterator<Item = &'a BTreeMap<K, usize>>) -> BTreeMap<K, usize> {
    let mut sum = BTreeMap::new();
    for (key, count) in maps.flatten() {
        *sum.entry(key.clone()).or_insert(0) += count;
    }
    sum
}

/// All clips together.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Overall {
    #[serde(flatten)]
    sum: ClipRow,
    /// Clips that gave a session.
    clips: usize,
    /// False: too few clips for more than an indication.
    enough: bool,
    live_rate: Option<f64>,
    /// 95 %, by drawing clips; `null` where that cannot tell: fewer than two clips, or all agree.
    live95: Option<[f64; 2]>,
    by_cue_rate: Option<f64>,
    by_cue95: Option<[f64; 2]>,
}

impl Overall {
    fn of(rows: &[ClipRow]) -> Self {
        let sum = ClipRow::all(rows);
        let clips = rows.iter().filter(|r| r.sessions > 0).count();
        let interval =
            |count: fn(&ClipRow) -> usize| of_clusters(&rows.iter().map(|r| [count(r), r.sessions]).collect::<Vec<_>>(), DRAWS, SEED);
        let rate = |count: usize| (sum.sessions > 0).then(|| count as f64 / sum.sessions as f64);
        Self {
            clips,
            enough: clips >= CLIPS,
            live_rate: rate(sum.live),
            live95: interval(|r| r.live),
            by_cue_rate: rate(sum.refused_by_cue()),
            by_cue95: interval(ClipRow::refused_by_cue),
            sum,
        }
    }

    fn text(&self) -> String {
        let share = |rate: Option<f64>, interval: Option<[f64; 2]>| {
            let rate = rate.map_or_else(|| "–".into(), |r| format!("{:.1} %", r * 100.0));
            let interval = interval.map_or("no interval: clips agree".into(), |[l, h]| format!("{:.0}–{:.0} %", l * 100.0, h * 100.0));
            format!("{rate} ({interval})")
        };
        let remark = if self.enough { String::new() } else { format!(", indicative: {} clips", self.clips) };
        format!("live {}, refused by cue {}{remark}", share(self.live_rate, self.live95), share(self.by_cue_rate, self.by_cue95))
    }
}

/// Tables, or JSON lines: one per species, one per clip, one for all clips.
///
/// # Errors
/// When a row cannot be written as JSON.
pub(super) fn print(species: &[SpeciesRow], clips: &[ClipRow], as_json: bool) -> Result<()> {
    let overall = (!clips.is_empty()).then(|| Overall::of(clips));
    if as_json {
        let lines = species.iter().map(serde_json::to_string).chain(clips.iter().map(serde_json::to_string));
        for line in lines.chain(overall.iter().map(serde_json::to_string)) {
            println!("{}", line?);
        }
        return Ok(());
    }
    for row in species {
        let side = if row.live { "live" } else { "attack" };
        println!("{:16} {side:6} {} {}s, {} not usable", row.species, row.count, row.material, row.unusable);
        for (name, scores) in &row.cues {
            println!("{:16}   {name}: {scores}", "");
        }
    }
    for row in clips.iter().chain(overall.as_ref().map(|all| &all.sum)) {
        println!("{}", line(row));
    }
    if let Some(overall) = overall {
        println!("{}", overall.text());
    }
    Ok(())
}

fn line(row: &ClipRow) -> String {
    let lengths: Vec<String> = row.by_actions.iter().map(|(actions, n)| format!("{n} of {actions}")).collect();
    let mut text = format!("{:40} sessions {:>3} ({})  live {:>3}", row.clip, row.sessions, lengths.join(", "), row.live);
    for (what, reasons) in [("refused by", &row.by_cue), ("otherwise", &row.otherwise)] {
        if !reasons.is_empty() {
            text.push_str(&format!("  {what}: {}", listed(reasons)));
        }
    }
    for (count, what) in [(row.too_long, "labels longer than a window"), (row.without_rest, "sessions without a rest before them")] {
        if count > 0 {
            text.push_str(&format!("  not cut: {count} {what}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use faceid_judge::{CueName, CueOutcome};

    use super::*;
    use crate::attack::clips::ClipSession;
    use crate::judged::Judged;

    fn planar(score: f32) -> Cue {
        Cue { name: CueName::PlanarMotion, outcome: CueOutcome::Measured(score) }
    }

    fn clip(name: &str, sessions: Vec<(usize, Option<Refusal>)>) -> ClipSessions {
        let judged = |refused| Judged { refused, cues: Vec::new(), parts: Vec::new(), took: Duration::ZERO };
        let session = |(actions, refused)| ClipSession { actions, judged: judged(refused), cues: Some(vec![planar(0.1)]) };
        ClipSessions { clip: name.into(), labelled: 3, too_long: 1, without_rest: 0, sessions: sessions.into_iter().map(session).collect() }
    }

    fn cue() -> Option<Refusal> {
        Some(Refusal::Cues(vec!["planar_motion"]))
    }

    fn other() -> Option<Refusal> {
        Some(Refusal::Other("ACTION_ERROR".into()))
    }

    #[test]
    fn clips_are_summed_and_few_of_them_say_so() {
        let clips = [clip("a", vec![(1, None), (1, other()), (3, cue())]), clip("b", vec![(1, None)]), clip("c", Vec::new())];
        let rows: Vec<ClipRow> = clips.iter().map(ClipRow::of).collect();
        let all = Overall::of(&rows);
        assert_eq!((all.sum.sessions, all.sum.live, all.sum.refused_by_cue(), all.clips), (4, 2, 1, 2));
        assert_eq!(all.sum.by_actions, BTreeMap::from([(1, 3), (3, 1)]));
        assert_eq!((all.live_rate, all.by_cue_rate), (Some(0.5), Some(0.25)));
        assert!(all.live95.is_some_and(|[low, high]| low < 0.5 && high > 0.5), "{all:?}");
        assert!(!all.enough && all.text().ends_with("indicative: 2 clips"), "{}", all.text());
        assert_eq!(Overall::of(&[]).live_rate, None, "no sessions, no rate");
        let text = line(&rows[0]);
        assert!(
            text.contains("sessions   3 (2 of 1, 1 of 3)  live   1  refused by: cue planar_motion 1  otherwise: ACTION_ERROR 1"),
            "{text}"
        );
    }

    #[test]
    fn species_tell_what_was_measured_and_what_could_not_be_asked() {
        let row = SpeciesRow::of("print", false, "picture", &[Some(&[planar(0.7)]), None]);
        assert_eq!((row.count, row.unusable), (2, 1));
        assert_eq!((row.cues["planar_motion"].measured, row.cues["planar_motion"].fired), (1, 1));
        let clips = [clip("a", vec![(1, None), (1, other())])];
        assert_eq!(SpeciesRow::of_clips(&clips).cues["planar_motion"].measured, 2, "also where the judge ended before");
    }
}
