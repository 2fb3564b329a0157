//! What the gate says of photographs, as they are and made worse on purpose: a table of rates.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use faceid_session::{GateParams, Guidance, alignment_hint};
use faceid_vision::{DecodeLimits, Frame, Models, decode, observe_still};
use serde_json::json;

use crate::cli::{Verdict, read_named};
use crate::degrade::{Fault, degrade};

/// A fault, its name, and the hints that name it; without hints the picture is fair and nothing should be said.
pub type Case = (&'static str, Option<Fault>, &'static [Guidance]);

/// Every case of the table.
pub const CASES: [Case; 25] = [
    ("as it is", None, &[]),
    ("noise, sigma 12", Some(Fault::Noise(12)), &[]),
    ("1 stop darker", Some(Fault::Exposure(-2)), &[]),
    ("clear-ish lenses, 60 %", Some(Fault::DarkGlasses(60)), &[]),
    ("4 stops darker", Some(Fault::Exposure(-8)), &[Guidance::TooDark]),
    ("3 stops brighter", Some(Fault::Exposure(6)), &[Guidance::TooBright]),
    ("back-lit, 2 stops each way", Some(Fault::BackLight(4)), &[Guidance::BackLit, Guidance::TooDark]),
    ("back-lit, 3 stops each way", Some(Fault::BackLight(6)), &[Guidance::BackLit, Guidance::TooDark]),
    ("blur, 0.06 eye distances", Some(Fault::Blur(6)), &[Guidance::Blurred]),
    ("blur, 0.10 eye distances", Some(Fault::Blur(10)), &[Guidance::Blurred, Guidance::NoFace]),
    ("face 0.15 of the picture", Some(Fault::FaceShare(15)), &[Guidance::TooFar, Guidance::NoFace]),
    ("face as large as the picture", Some(Fault::FaceShare(100)), &[Guidance::TooClose]),
    ("0.35 off the middle", Some(Fault::Aside(35)), &[Guidance::OffCentre]),
    ("lower quarter cut off", Some(Fault::CutBelow(25)), &[Guidance::OffCentre, Guidance::TooClose, Guidance::NoFace]),
    ("left third cut off", Some(Fault::CutLeft(30)), &[Guidance::OffCentre, Guidance::TooClose, Guidance::NoFace]),
    ("mask, blue", Some(Fault::Mask([120, 170, 210])), COVERED),
    ("mask, white", Some(Fault::Mask([225, 225, 228])), COVERED),
    ("mask, black", Some(Fault::Mask([30, 30, 34])), COVERED),
    ("mask, skin-coloured", Some(Fault::Mask([200, 160, 135])), COVERED),
    ("hand on mouth", Some(Fault::HandOnMouth), COVERED),
    ("cup on mouth", Some(Fault::CupOnMouth), COVERED),
    ("lenses, 5 %", Some(Fault::DarkGlasses(5)), &[Guidance::EyesHidden]),
    ("lenses, 20 %", Some(Fault::DarkGlasses(20)), &[Guidance::EyesHidden]),
    ("hand on eyes", Some(Fault::HandOnEyes), &[Guidance::EyesHidden, Guidance::NoFace]),
    ("motion blur, 0.12 eye distances", Some(Fault::Shake(12)), &[]),
];
const COVERED: &[Guidance] = &[Guidance::FaceCovered, Guidance::EyesHidden, Guidance::NoFace];

/// What the gate said of each case, over all photographs.
#[derive(Debug, Default)]
pub struct Table {
    /// Photographs in it.
    pub photos: usize,
    /// Per case: how often each hint (or none) was given.
    pub said: BTreeMap<&'static str, BTreeMap<String, usize>>,
}

impl Table {
    /// Adds one photograph; false when it does not show exactly one face, looking at the camera, and is left out. Every case is first brought to the
    /// same place: the face in the middle, half the picture's height.
    ///
    /// # Errors
    /// When a network fails.
    pub fn add(&mut self, models: &Models, photo: &Frame, seed: u64) -> Result<bool> {
        let first = observe_still(models, photo)?;
        let Some(face) = first.face.filter(|_| first.faces_detected == Some(1)) else { return Ok(false) };
        let placed = degrade(photo, &face.landmarks, Fault::FaceShare(50), seed)?;
        let second = observe_still(models, &placed)?;
        // a turned head is told first, whatever else there is
        let turned = alignment_hint(&second, &GateParams::default()) == Some(Guidance::NotFrontal);
        let Some(face) = second.face.filter(|_| !turned) else { return Ok(false) };
        self.photos += 1;
        for (name, fault, _) in CASES {
            let picture = match fault {
                Some(fault) => degrade(&placed, &face.landmarks, fault, seed)?,
                None => placed.clone(),
            };
            let hint = alignment_hint(&observe_still(models, &picture)?, &GateParams::default());
            *self.said.entry(name).or_default().entry(hint.map_or("nothing".into(), |h| format!("{h:?}"))).or_default() += 1;
        }
        Ok(true)
    }

    /// How often one of these hints was given (or nothing, for an empty list) in a case.
    #[must_use]
    pub fn count(&self, case: &str, hints: &[Guidance]) -> usize {
        let said = self.said.get(case);
        let of = |hint: &str| said.and_then(|s| s.get(hint)).copied().unwrap_or(0);
        // an open mouth is the photograph's, not the fault's
        let fair = ["nothing", "HoldStill"];
        if hints.is_empty() { fair.iter().map(|h| of(h)).sum() } else { hints.iter().map(|h| of(&format!("{h:?}"))).sum() }
    }
}

/// The `gates` command.
pub(crate) fn run(models: &Models, paths: &[PathBuf], as_json: bool) -> Result<Verdict> {
    let mut files = Vec::new();
    for path in paths {
        pictures(path, &mut files)?;
    }
    let mut table = Table::default();
    for (file, seed) in files.iter().zip(1..) {
        let limits = DecodeLimits { max_bytes: 64 * 1024 * 1024, ..DecodeLimits::default() };
        let photo = decode(&read_named(file)?, limits).with_context(|| file.display().to_string())?;
        if !table.add(models, &photo.resized_to_max_side(1280), seed)? {
            eprintln!("{}: left out: not one face looking at the camera", file.display());
        }
    }
    for (name, _, hints) in CASES {
        let (right, said) = (table.count(name, hints), table.said.get(name));
        if as_json {
            println!("{}", json!({"case": name, "photos": table.photos, "right": right, "said": said}));
        } else {
            let said: Vec<String> = said.into_iter().flatten().map(|(hint, count)| format!("{hint} {count}")).collect();
            println!("{name:32} {right:>4}/{:<4} {}", table.photos, said.join(", "));
        }
    }
    Ok(Verdict::Done)
}

/// Picture files in a folder and below it, or the one named.
fn pictures(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).with_context(|| path.display().to_string())?;
        let mut inside = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        inside.sort();
        return inside.iter().try_for_each(|path| pictures(path, files));
    }
    let known = path.extension().and_then(|e| e.to_str()).is_some_and(|e| ["jpg", "jpeg", "png", "webp", "bmp"].contains(&e));
    if known {
        files.push(path.to_owned());
    }
    Ok(())
}
