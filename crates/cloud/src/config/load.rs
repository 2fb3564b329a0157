//! Reading settings: file, single settings over it, ranges.

use super::{Config, PHOTO_SIDE_MAX};
use crate::sign;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use thiserror::Error;
use toml::{Table, Value};

/// The file cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Not readable.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("{path}: {source}")]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// A single setting that is none, or has a value of the wrong type.
    #[error("{setting}: {source}")]
    Setting {
        /// As given.
        setting: String,
        /// Why.
        source: Box<toml::de::Error>,
    },
    /// A single setting that is not of the form `section.key=value`.
    #[error("{0} is not of the form section.key=value")]
    Form(String),
    /// A value outside its range.
    #[error("{key} must be {allowed}")]
    Range {
        /// Which setting.
        key: &'static str,
        /// What it may be.
        allowed: &'static str,
    },
}

impl Config {
    /// Reads a file, lets single settings override it (`sdk.judges=4`), and checks the whole.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(path: Option<&Path>, single: &[String]) -> Result<Self, ConfigError> {
        let mut table = match path {
            None => Table::new(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
                // Against the settings at once: only the text knows the line of a mistake.
                let wrong = |source| ConfigError::Parse { path: path.to_owned(), source: Box::new(source) };
                toml::from_str::<Self>(&text).map_err(wrong)?;
                text.parse().map_err(wrong)?
            }
        };
        for setting in single {
            put(&mut table, setting)?;
        }
        let of_single = |source| ConfigError::Setting { setting: single.join(", "), source: Box::new(source) };
        let config = Self::deserialize(table).map_err(of_single)?;
        config.check()?;
        Ok(config)
    }

    /// Refuses values outside their ranges.
    ///
    /// # Errors
    /// [`ConfigError::Range`].
    pub fn check(&self) -> Result<(), ConfigError> {
        let rules = [
            (self.sdk.evidence_quality >= 1 && self.sdk.evidence_quality <= 100, "sdk.evidence_quality", "1 to 100"),
            (self.sdk.evidence_max_side >= 128 && self.sdk.evidence_max_side <= PHOTO_SIDE_MAX, "sdk.evidence_max_side", "128 to 4096"),
            (self.sdk.frames_per_step >= 1 && self.sdk.frames_per_step <= 256, "sdk.frames_per_step", "1 to 256"),
            (self.sdk.judges >= 1, "sdk.judges", "at least 1"),
            (self.sdk.queue >= 1, "sdk.queue", "at least 1"),
            (self.public.concurrent >= 1, "public.concurrent", "at least 1"),
            (self.sdk.lease_s >= 3, "sdk.lease_s", "at least 3"),
            (self.sdk.action_timeout_s >= 1, "sdk.action_timeout_s", "at least 1"),
            (self.public.concurrent_per_key >= 1, "public.concurrent_per_key", "at least 1"),
            (self.sdk.concurrent >= 1, "sdk.concurrent", "at least 1"),
            (self.server.connections >= 1, "server.connections", "at least 1"),
            (self.store.connections >= 2, "store.connections", "at least 2"),
            (
                self.store.url.as_deref().is_none_or(|url| url.starts_with("postgres://") || url.starts_with("postgresql://")),
                "store.url",
                "a postgres:// address, or absent for SQLite in the data folder",
            ),
            (self.limits.window_s >= 1, "limits.window_s", "at least 1"),
            (self.limits.init_refusals >= 1, "limits.init_refusals", "at least 1"),
            (self.authority.attempts >= 1 && self.authority.attempts <= 10, "authority.attempts", "1 to 10"),
            (self.authority.timeout_ms >= 1 && self.authority.total_ms >= 1, "authority.timeout_ms and total_ms", "at least 1"),
            (self.authority.breaker.failures >= 1, "authority.breaker.failures", "at least 1"),
            (!self.notify.ports.is_empty(), "notify.ports", "at least one port"),
            (self.notify.concurrent >= 1, "notify.concurrent", "at least 1"),
            (self.notify.timeout_ms >= 1, "notify.timeout_ms", "at least 1"),
            (!self.sdk.unsupported_devices.iter().any(String::is_empty), "sdk.unsupported_devices", "texts that are not empty"),
            ((-12..=14).contains(&self.operator.utc_offset_h), "operator.utc_offset_h", "-12 to 14"),
            (self.lifetime.sweep_s >= 1, "lifetime.sweep_s", "at least 1"),
            (
                self.lifetime.token_s >= 1 && self.lifetime.token_s <= self.lifetime.purge_s,
                "lifetime.token_s",
                "at least 1 and at most lifetime.purge_s",
            ),
            (
                self.public.base_path.is_empty() || (self.public.base_path.starts_with('/') && !self.public.base_path.ends_with('/')),
                "public.base_path",
                "empty, or start with / and not end with it",
            ),
        ];
        match rules.into_iter().find(|(holds, _, _)| !holds) {
            Some((_, key, allowed)) => Err(ConfigError::Range { key, allowed }),
            None => Ok(()),
        }
    }

    /// The signature policy these settings ask for.
    #[must_use]
    pub fn policy(&self) -> sign::Policy {
        sign::Policy {
            unsigned_timestamp: self.public.allow_unsigned_timestamp,
            raw_query: self.public.allow_raw_query,
            joined_repeats: self.public.allow_joined_repeats,
            sha1: self.public.allow_sha1,
        }
    }
}

/// Puts `section.key=value` into a table. The value is TOML; what is no TOML is a text, so that paths and addresses need no quotes.
fn put(table: &mut Table, setting: &str) -> Result<(), ConfigError> {
    let form = || ConfigError::Form(setting.to_owned());
    let (name, value) = setting.split_once('=').ok_or_else(form)?;
    let value = match format!("value = {value}").parse::<Table>() {
        Ok(mut parsed) => parsed.remove("value").ok_or_else(form)?,
        Err(_) => Value::String(value.to_owned()),
    };
    let (sections, key) = name.rsplit_once('.').ok_or_else(form)?;
    let mut at = table;
    for section in sections.split('.') {
        at = at.entry(section).or_insert_with(|| Value::Table(Table::new())).as_table_mut().ok_or_else(form)?;
    }
    at.insert(key.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceid_judge::CueName;

    #[test]
    fn single_settings_override_the_file() {
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("faceid.toml");
        std::fs::write(&path, "[sdk]\njudges = 3\nqueue = 9\n[authority.breaker]\nfailures = 2\n").expect("write");
        let read = |single: &[&str]| Config::read(Some(&path), &single.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        let config = read(&["sdk.judges=5", "store.pictures=s3://bucket/prefix", "notify.ports=[443]", "authority.breaker.open_s=7"])
            .expect("valid");
        assert_eq!((config.sdk.judges, config.sdk.queue), (5, 9), "one replaced, one from the file");
        assert_eq!(config.store.pictures.as_deref(), Some("s3://bucket/prefix"), "a text without quotes");
        assert_eq!(config.notify.ports, [443], "a list");
        assert_eq!((config.authority.breaker.failures, config.authority.breaker.open_s), (2, 7), "a section within a section");
        assert_eq!(Config::read(None, &["sdk.judges=5".into()]).expect("valid").sdk.judges, 5, "without a file");
        for bad in ["sdk.judges", "judges=5", "sdk.judge=5", "sdk.judges=many", "sdk.judges=0", "sdk=5", "sdk.judges.x=1"] {
            assert!(read(&[bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn cues_are_weighed_by_name_and_only_within_their_range() {
        let read = |single: &str| Config::read(None, &[single.to_owned()]);
        let weighed = read("judge.cues.planar_motion=0").expect("valid").judge.cues.0;
        assert_eq!(
            (weighed.weight(CueName::PlanarMotion), weighed.weight(CueName::ReturningFrames)),
            (0.0, 1.0),
            "one set, the rest default"
        );
        for (bad, word) in [("judge.cues.planar=1", "there is no cue planar"), ("judge.cues.still_jaw=2.5", "still_jaw: the weight")] {
            let error = read(bad).expect_err(bad);
            let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            assert!(error.to_string().contains(word) || source.contains(word), "{bad}: {error}: {source}");
        }
    }

    #[test]
    fn defaults_are_in_range_and_files_are_checked() {
        Config::default().check().expect("defaults");
        let dir = tempfile::tempdir().expect("temporary folder");
        let path = dir.path().join("faceid.toml");
        let load = |text: &str| {
            std::fs::write(&path, text).expect("write");
            Config::read(Some(&path), &[])
        };
        assert_eq!(load("[sdk]\naction_min_ms = 700\n").expect("valid").sdk.action_min_ms, 700, "one key set, the rest default");
        assert!(matches!(load("[sdk]\nevidence_quality = 0\n"), Err(ConfigError::Range { key: "sdk.evidence_quality", .. })), "range");
        assert!(matches!(load("[sdk]\nno_such_key = 0\n"), Err(ConfigError::Parse { .. })), "unknown keys are refused");
        assert!(
            matches!(load("[lifetime]\ntoken_s = 90000\n"), Err(ConfigError::Range { key: "lifetime.token_s", .. })),
            "token outlives its result"
        );
    }
}
