//! One attempt as a server judges it, and what the cues said over many.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Result;
use faceid_judge::{Cue, CueOutcome, EvidenceBundle, Judge, MotionPrint, Outcome, Part, Policy, Unverified};
use serde::{Serialize, Serializer};

/// Why an attempt was not live.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    /// These cues spoke.
    Cues(Vec<&'static str>),
    /// The message of the row, or the attack that no cue names.
    Other(String),
}

impl Refusal {
    pub(crate) const fn by_cue(&self) -> bool {
        match self {
            Self::Cues(_) => true,
            Self::Other(_) => false,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cues(names) => write!(f, "cue {}", names.join(" + ")),
            Self::Other(why) => f.write_str(why),
        }
    }
}

impl Serialize for Refusal {
    /// As text: it is a key in JSON.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One attempt as judged.
#[derive(Debug)]
pub(crate) struct Judged {
    /// `None` = live.
    pub(crate) refused: Option<Refusal>,
    pub(crate) cues: Vec<Cue>,
    /// What each part of judging took, as far as it came.
    pub(crate) parts: Vec<(Part, Duration)>,
    pub(crate) took: Duration,
}

/// With the policy of a server that is not a demo: nothing is waived. `known` are the prints of what the server has judged before.
///
/// # Errors
/// When a network fails.
pub(crate) fn look(judge: &Judge, bundle: &EvidenceBundle, known: &[MotionPrint]) -> Result<Judged> {
    let policy = Policy::default();
    let started = Instant::now();
    let (mut parts, mut last) = (Vec::new(), started);
    let mut report = judge.evaluate_by_parts(bundle, &policy, &mut |part| {
        let now = Instant::now();
        parts.push((part, now - last));
        last = now;
    })?;
    let recalled = report.motion.as_ref().map(|motion| motion.cue(known));
    let took = started.elapsed();
    let returned = recalled.filter(|cue| policy.accuses(cue)).map(|cue| Refusal::Cues(vec![cue.name.name()]));
    report.cues.extend(recalled);
    let refused = match &report.outcome {
        Outcome::Live(_) => returned,
        Outcome::Attack(attack) => {
            let spoke: Vec<&str> = report.cues.iter().filter(|c| policy.accuses(c)).map(|c| c.name.name()).collect();
            Some(if spoke.is_empty() { Refusal::Other(format!("{attack:?}")) } else { Refusal::Cues(spoke) })
        }
        Outcome::Unverified(row @ Unverified::Failure(why)) => Some(Refusal::Other(format!("{} ({why:?})", row.message()))),
        Outcome::Unverified(row @ (Unverified::NoFace(_) | Unverified::Action { .. })) => Some(Refusal::Other(row.message().to_owned())),
    };
    Ok(Judged { refused, cues: report.cues, parts, took })
}

/// The median of what each part of judging took, ms, over the attempts that came so far.
pub(crate) fn part_ms(judged: &[&Judged]) -> BTreeMap<&'static str, f64> {
    let mut all: BTreeMap<&'static str, Vec<Duration>> = BTreeMap::new();
    for (part, took) in judged.iter().flat_map(|j| &j.parts) {
        all.entry(part.name()).or_default().push(*took);
    }
    all.into_iter().filter_map(|(name, times)| Some((name, median_ms(times)?))).collect()
}

/// `None` of none.
pub(crate) fn median_ms(mut times: Vec<Duration>) -> Option<f64> {
    times.sort();
    times.get(times.len() / 2).map(|t| t.as_secs_f64() * 1000.0)
}

/// Why attempts were refused, and how often.
pub(crate) fn reasons<'a>(judged: impl IntoIterator<Item = &'a Judged>) -> BTreeMap<Refusal, usize> {
    let mut reasons = BTreeMap::new();
    for reason in judged.into_iter().filter_map(|j| j.refused.clone()) {
        *reasons.entry(reason).or_insert(0) += 1;
    }
    reasons
}

/// The most frequent first.
pub(crate) fn listed(reasons: &BTreeMap<Refusal, usize>) -> String {
    let mut reasons: Vec<(&Refusal, &usize)> = reasons.iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(a.1));
    reasons.iter().map(|(reason, n)| format!("{reason} {n}")).collect::<Vec<_>>().join(", ")
}

/// What one cue said over many attempts.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub(crate) struct CueScores {
    /// Attempts in which it was measured.
    pub(crate) measured: usize,
    /// Of these, in which its score reached [`Cue::FIRES`], whatever weight the policy gives it.
    pub(crate) fired: usize,
    /// Scores at the 1st, 50th and 99th hundredth; `null` = never measured.
    pub(crate) quantiles: Option<[f32; 3]>,
    /// Why it was not measured in others. Attempts that ended before it was asked are in neither count.
    pub(crate) not_measured: BTreeMap<&'static str, usize>,
}

impl fmt::Display for CueScores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scores = self.quantiles.map_or_else(|| "–".into(), |q| q.map(|v| format!("{v:.2}")).join(" "));
        write!(f, "measured {}, fired {}, scores {scores}", self.measured, self.fired)?;
        self.not_measured.iter().try_for_each(|(why, n)| write!(f, ", {why} {n}"))
    }
}

/// Per cue, by name.
pub(crate) fn scores<'a>(cues: impl IntoIterator<Item = &'a Cue>) -> BTreeMap<&'static str, CueScores> {
    let mut all: BTreeMap<&'static str, (Vec<f32>, CueScores)> = BTreeMap::new();
    for cue in cues {
        let (scores, figures) = all.entry(cue.name.name()).or_default();
        match cue.outcome {
            CueOutcome::Measured(score) => scores.push(score),
            CueOutcome::NotMeasured(why) => *figures.not_measured.entry(why.reason()).or_insert(0) += 1,
        }
        figures.fired += usize::from(cue.fires());
    }
    let summed = |(mut scores, figures): (Vec<f32>, CueScores)| {
        scores.sort_by(f32::total_cmp);
        let last = scores.len().checked_sub(1);
        let quantiles = last.map(|last| [0.01, 0.5, 0.99].map(|q: f64| scores[(last as f64 * q).round() as usize]));
        CueScores { measured: scores.len(), quantiles, ..figures }
    };
    all.into_iter().map(|(name, figures)| (name, summed(figures))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceid_judge::{CueName, NotMeasured};

    #[test]
    fn scores_count_what_was_measured_and_say_why_the_rest_was_not() {
        let cue = |outcome| Cue { name: CueName::PlanarMotion, outcome };
        let cues = [
            cue(CueOutcome::Measured(0.1)),
            cue(CueOutcome::Measured(0.9)),
            cue(CueOutcome::NotMeasured(NotMeasured::TooLittleMovement)),
            Cue { name: CueName::ReturningFrames, outcome: CueOutcome::NotMeasured(NotMeasured::TooFewFrames) },
        ];
        let all = scores(&cues);
        let planar = &all["planar_motion"];
        assert_eq!((planar.measured, planar.fired, planar.quantiles), (2, 1, Some([0.1, 0.9, 0.9])));
        assert_eq!(planar.to_string(), "measured 2, fired 1, scores 0.10 0.90 0.90, too little movement 1");
        assert_eq!(all["returning_frames"].quantiles, None, "never measured is no score");
    }

    #[test]
    fn parts_are_timed_over_the_attempts_that_came_so_far() {
        let judged = |look: u64, cue: Option<u64>| {
            let part = |ms: u64, part: Part| (part, Duration::from_millis(ms));
            let parts = [Some(part(look, Part::Look)), cue.map(|ms| part(ms, Part::Cue(CueName::PlanarMotion)))];
            Judged { refused: None, cues: Vec::new(), parts: parts.into_iter().flatten().collect(), took: Duration::ZERO }
        };
        let all = [judged(10, None), judged(30, Some(2)), judged(20, None)];
        assert_eq!(part_ms(&all.iter().collect::<Vec<_>>()), BTreeMap::from([("look", 20.0), ("planar_motion", 2.0)]));
        assert_eq!(median_ms(Vec::new()), None, "none");
    }

    #[test]
    fn reasons_are_counted_and_cues_told_from_the_rest() {
        let judged = |refused: Option<Refusal>| Judged { refused, cues: Vec::new(), parts: Vec::new(), took: Duration::ZERO };
        let cues = Refusal::Cues(vec!["planar_motion", "still_jaw"]);
        let other = Refusal::Other("ACTION_ERROR".into());
        let all = [judged(None), judged(Some(other.clone())), judged(Some(cues.clone())), judged(Some(other.clone()))];
        let reasons = reasons(&all);
        assert_eq!(listed(&reasons), "ACTION_ERROR 2, cue planar_motion + still_jaw 1");
        assert!(cues.by_cue() && !other.by_cue());
        let json = serde_json::to_value(&reasons).expect("keys are text");
        assert_eq!(json, serde_json::json!({"ACTION_ERROR": 2, "cue planar_motion + still_jaw": 1}));
    }
}
