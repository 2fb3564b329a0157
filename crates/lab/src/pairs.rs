//! Verification figures over a list of photograph pairs.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use faceid_judge::{Judge, KnownFace};
use serde::Serialize;

use crate::metrics::{Fnmr, auc, eer, fnmr_at_fmr};

/// One line of a pair file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// First picture, relative to the file.
    pub a: String,
    /// Second picture, relative to the file.
    pub b: String,
    /// The same person?
    pub same: bool,
}

/// Figures of one pair file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairsReport {
    /// Number of pairs.
    pub pairs: usize,
    /// Pairs of one person.
    pub genuine: usize,
    /// Pairs of two people.
    pub impostor: usize,
    /// Pairs with a picture that cannot be compared; they count as confidence 0.
    pub unusable: usize,
    /// Area under the ROC curve; `null` without genuine or impostor pairs, like the rest.
    pub auc: Option<f64>,
    /// Equal error rate.
    pub eer: Option<f64>,
    /// False-non-match rate at false-match rates.
    pub fnmr: Option<Fnmr>,
}

/// Scores of all pairs of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scores {
    /// Confidence of pairs of one person.
    pub genuine: Vec<f64>,
    /// Confidence of pairs of two people.
    pub impostor: Vec<f64>,
    /// Cosine of the usable pairs of one person.
    pub genuine_cosine: Vec<f64>,
    /// Usable pairs of two people and their cosine.
    pub impostor_pairs: Vec<(Pair, f64)>,
    /// Number of unusable pairs.
    pub unusable: usize,
}

/// Reads a file with the columns a, b, same (1 or 0).
///
/// # Errors
/// When the file cannot be read or a line is not a pair.
pub fn read(path: &Path) -> Result<Vec<Pair>> {
    let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    parse(file).with_context(|| path.display().to_string())
}

fn parse(input: impl std::io::Read) -> Result<Vec<Pair>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
    if reader.headers()? != vec!["a", "b", "same"] {
        bail!("the first line is not \"a,b,same\"");
    }
    reader
        .into_records()
        .map(|record| {
            let record = record?;
            match (record.get(0), record.get(1), record.get(2)) {
                (Some(a), Some(b), Some(same @ ("0" | "1"))) => Ok(Pair { a: a.into(), b: b.into(), same: same == "1" }),
                _ => bail!("line {}: expected a,b,same with same 1 or 0", record.position().map_or(0, csv::Position::line)),
            }
        })
        .collect()
}

/// Embeds every picture once and compares all pairs. `complain` is told which pictures are unusable, and why.
pub fn score(judge: &Judge, folder: &Path, pairs: &[Pair], mut complain: impl FnMut(&str, &anyhow::Error)) -> Scores {
    let mut faces: BTreeMap<&str, Option<KnownFace>> = BTreeMap::new();
    for name in pairs.iter().flat_map(|p| [p.a.as_str(), p.b.as_str()]) {
        if !faces.contains_key(name) {
            let face = known_face(judge, &folder.join(name));
            if let Err(error) = &face {
                complain(name, error);
            }
            faces.insert(name, face.ok());
        }
    }
    let mut scores = Scores::default();
    for pair in pairs {
        let known = |name: &String| faces.get(name.as_str()).and_then(Option::as_ref);
        let compared = known(&pair.a).zip(known(&pair.b)).map(|(a, b)| judge.compare(a, b));
        let cosine = compared.map(|c| f64::from(c.cosine));
        if pair.same {
            scores.genuine_cosine.extend(cosine);
        } else {
            scores.impostor_pairs.extend(cosine.map(|cosine| (pair.clone(), cosine)));
        }
        let all = if pair.same { &mut scores.genuine } else { &mut scores.impostor };
        all.push(compared.map_or(0.0, |c| c.confidence));
        scores.unusable += usize::from(compared.is_none());
    }
    scores
}

fn known_face(judge: &Judge, path: &Path) -> Result<KnownFace> {
    let bytes = std::fs::read(path)?;
    Ok(judge.known_face(&bytes, true)?)
}

/// Figures of scored pairs.
#[must_use]
pub fn report(scores: &Scores) -> PairsReport {
    let (genuine, impostor) = (&scores.genuine, &scores.impostor);
    let at = |rate| fnmr_at_fmr(genuine, impostor, rate);
    PairsReport {
        pairs: genuine.len() + impostor.len(),
        genuine: genuine.len(),
        impostor: impostor.len(),
        unusable: scores.unusable,
        auc: auc(genuine, impostor),
        eer: eer(genuine, impostor),
        fnmr: at(1e-2).zip(at(1e-3)).map(|(at_1e2, at_1e3)| Fnmr { at_1e2, at_1e3 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_checked() {
        let pairs = parse(&b"a,b,same\nx/1.jpg,\"y, 2.jpg\",1\n\nx/1.jpg,z.jpg,0\n"[..]).expect("valid");
        assert_eq!(pairs[0], Pair { a: "x/1.jpg".into(), b: "y, 2.jpg".into(), same: true }, "first");
        assert_eq!(pairs.len(), 2, "empty lines are skipped");
        assert!(parse(&b"x,y,1\n"[..]).is_err(), "no head");
        assert!(parse(&b"a,b,same\nx,y,yes\n"[..]).is_err(), "same must be 1 or 0");
        assert!(parse(&b"a,b,same\nx,y\n"[..]).is_err(), "two columns");
    }

    #[test]
    fn unusable_pairs_count_as_zero() {
        let scores = Scores { genuine: vec![80.0, 0.0], impostor: vec![10.0; 1000], unusable: 1, ..Scores::default() };
        let report = report(&scores);
        assert_eq!((report.pairs, report.unusable), (1002, 1), "counted");
        assert_eq!(report.fnmr.map(|f| f.at_1e2), Some(0.5), "an unusable genuine pair is a miss");
        let json = serde_json::to_value(&report).expect("serialises");
        assert_eq!(json["fnmr"]["1e-3"], 0.5, "stable names");
        assert_eq!(super::report(&Scores::default()).auc, None, "absent, not zero");
    }
}
