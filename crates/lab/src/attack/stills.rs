//! Single pictures before the server's judge: what cues can tell from one.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use faceid_judge::{ActionEvidence, Cue, EvidenceBundle, EvidenceFrame, Judge, Policy};
use faceid_protocol::{Action, Millis};
use faceid_vision::{DecodeLimits, decode, encode_best};

use crate::cli::read_named;
use crate::cut::{BEGIN, PAUSE};
use crate::simulate::darkroom;
use crate::upload::BEST_QUALITY;

/// A picture and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Still {
    /// What kind of attack, or of live picture.
    pub(crate) species: String,
    pub(crate) file: PathBuf,
}

/// The pictures that an argument names: `NAME=PATH`, or a path alone, whose folder (of a folder) or file name then is the species. A folder stands
/// for every picture in it.
///
/// # Errors
/// When a folder cannot be read or holds no picture.
pub(crate) fn named(argument: &str) -> Result<Vec<Still>> {
    let (name, path) = match argument.split_once('=') {
        Some((name, path)) if !Path::new(argument).exists() => (Some(name), Path::new(path)),
        Some(_) | None => (None, Path::new(argument)),
    };
    let own = path.file_stem().map_or_else(|| argument.to_owned(), |stem| stem.to_string_lossy().into_owned());
    let species = name.map_or(own, str::to_owned);
    if !path.is_dir() {
        return Ok(vec![Still { species, file: path.to_owned() }]);
    }
    let entries = std::fs::read_dir(path).with_context(|| path.display().to_string())?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|p| crate::simulate::is_picture(p)).collect();
    files.sort();
    if files.is_empty() {
        bail!("{}: no pictures", path.display());
    }
    Ok(files.into_iter().map(|file| Still { species: species.clone(), file }).collect())
}

/// What the cues say of a picture that is the only frame of every step, at the sizes that the page sends; `None` when it cannot be looked at. It is
/// not repeated: how a picture repeats says nothing about the picture. What needs more than one frame says that it was not measured.
///
/// # Errors
/// When the file cannot be read or a network fails.
pub(crate) fn cues(judge: &Judge, still: &Still) -> Result<Option<Vec<Cue>>> {
    let limits = DecodeLimits { max_bytes: 64 << 20, ..DecodeLimits::default() };
    let picture = decode(&read_named(&still.file)?, limits).with_context(|| still.file.display().to_string())?;
    let once = |t: u64| darkroom::window(&[(Millis(t), picture.clone())]);
    let actions = (1..).zip([Action::Nod, Action::Mouth]);
    let bundle = EvidenceBundle {
        neutral: once(BEGIN)?,
        actions: actions.map(|(step, action)| Ok(ActionEvidence { action, frames: once(BEGIN + step * PAUSE)? })).collect::<Result<_>>()?,
        best: EvidenceFrame { t: Millis(BEGIN), jpeg: encode_best(&picture, BEST_QUALITY)? },
    };
    Ok(judge.cues(&bundle, &Policy::default())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn species_are_named_by_label_file_or_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let prints = folder.path().join("prints");
        std::fs::create_dir(&prints).expect("made");
        for name in ["b.jpg", "a.png", "notes.txt"] {
            std::fs::write(prints.join(name), "x").expect("written");
        }
        let at = |name: &str| prints.join(name).display().to_string();
        let species = |argument: &str| named(argument).expect("readable").into_iter().map(|s| s.species).collect::<Vec<_>>();
        assert_eq!(species(&at("b.jpg")), ["b"], "the file's own name");
        assert_eq!(species(&format!("print={}", at("b.jpg"))), ["print"], "a label");
        assert_eq!(species(&prints.display().to_string()), ["prints", "prints"], "every picture of a folder, and nothing else in it");
        assert_eq!(species(&format!("paper={}", prints.display())), ["paper", "paper"]);
        let first = &named(&prints.display().to_string()).expect("readable")[0];
        assert!(first.file.ends_with("a.png"), "in order of their names: {first:?}");
        std::fs::create_dir(folder.path().join("empty")).expect("made");
        assert!(named(&folder.path().join("empty").display().to_string()).is_err(), "no pictures");
    }
}
