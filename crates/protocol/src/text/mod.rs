//! What the page says to the person: one short friendly sentence per SDK code, guidance, prompt, state and camera fault, in
//! English and Simplified Chinese. These are the element's defaults; `cargo xtask codegen` writes them to `www/text`.
//!
//! House style: say what to do next, never accuse, never show a number or a score.

mod outcome;
mod screen;

pub use outcome::OUTCOMES;
pub use screen::{CAMERA, GUIDANCE, PROMPTS, STATES, UI};

use crate::codes::{self, Row};

/// A sentence in both languages under a stable key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// Key in the generated files.
    pub key: &'static str,
    /// English.
    pub en: &'static str,
    /// Simplified Chinese.
    pub zh: &'static str,
}

/// What to say when a session ends with an SDK row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutcomeText {
    /// SDK code.
    pub code: u32,
    /// Message of the row, placeholder included.
    pub message: &'static str,
    /// English.
    pub en: &'static str,
    /// Simplified Chinese.
    pub zh: &'static str,
}

/// The sentence for an SDK code and message as received. A pair that this build does not know gets the sentence of
/// `50000 UNKOWN_ERROR`; the pair itself stays in the element's event for the integrator.
#[must_use]
pub fn outcome(code: u32, message: &str) -> &'static OutcomeText {
    let row: &Row = codes::find(codes::Table::Sdk, code, message).unwrap_or(codes::sdk::UNKOWN_ERROR.row());
    // invariant: the table has a text for every row (test `every_sdk_row_has_one_text`), so the fallback is never taken
    OUTCOMES.iter().find(|text| text.code == row.code && text.message == row.message).unwrap_or(&OUTCOMES[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Action;
    use std::collections::BTreeSet;

    fn is_sentence(en: &str, zh: &str) -> bool {
        let number_free = !en.chars().chain(zh.chars()).any(|c| c.is_ascii_digit());
        let chinese = zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)) && zh.chars().count() <= 60;
        number_free && chinese && en.is_ascii_or_typographic() && en.len() <= 140 && !en.contains('_')
    }

    trait Plain {
        fn is_ascii_or_typographic(&self) -> bool;
    }

    impl Plain for str {
        fn is_ascii_or_typographic(&self) -> bool {
            self.chars().all(|c| c.is_ascii() || matches!(c, '’' | '…' | '–'))
        }
    }

    #[test]
    fn every_sdk_row_has_one_text() {
        let rows: Vec<_> = codes::rows(codes::Table::Sdk).iter().map(|row| (row.code, row.message)).collect();
        let texts: Vec<_> = OUTCOMES.iter().map(|text| (text.code, text.message)).collect();
        assert_eq!(rows, texts, "same rows, same order");
    }

    #[test]
    fn texts_are_short_sentences_without_numbers() {
        for text in OUTCOMES {
            assert!(is_sentence(text.en, text.zh), "{} {}: {} / {}", text.code, text.message, text.en, text.zh);
        }
        for text in [GUIDANCE, PROMPTS, STATES, CAMERA, UI].into_iter().flatten() {
            assert!(is_sentence(text.en, text.zh), "{}: {} / {}", text.key, text.en, text.zh);
        }
    }

    #[test]
    fn keys_are_unique_and_prompts_cover_the_actions() {
        for group in [GUIDANCE, PROMPTS, STATES, CAMERA, UI] {
            let keys: BTreeSet<_> = group.iter().map(|text| text.key).collect();
            assert_eq!(keys.len(), group.len(), "duplicate key");
        }
        assert_eq!(PROMPTS.iter().map(|text| text.key).collect::<Vec<_>>(), Action::ALL.map(Action::name), "one prompt per action");
    }

    #[test]
    fn unknown_outcomes_get_the_unknown_text() {
        assert_eq!(outcome(54_299, "NEW").message, "UNKOWN_ERROR", "unknown pair");
        assert_eq!(outcome(50_400, "MISSING_ARGUMENTS:x").message, "MISSING_ARGUMENTS:<key>", "filled placeholder");
        assert_ne!(outcome(53_000, "NO_FACE_FOUND").en, outcome(50_400, "NO_FACE_FOUND:image_ref1").en, "two different faults");
    }
}
