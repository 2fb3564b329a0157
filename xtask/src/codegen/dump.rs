//! Shape of what `dump_codes` prints.

use serde::Deserialize;

/// The taxonomy and the default texts.
#[derive(Deserialize)]
pub(super) struct Dump {
    pub(super) rows: Vec<Row>,
    pub(super) outcomes: Vec<Outcome>,
    pub(super) groups: Groups,
    pub(super) actions: Vec<String>,
    pub(super) params: Vec<String>,
    pub(super) reasons: Vec<String>,
}

/// One row of the taxonomy.
#[derive(Deserialize)]
pub(super) struct Row {
    pub(super) table: String,
    pub(super) code: u32,
    pub(super) message: String,
    pub(super) placeholder: String,
    pub(super) class: String,
    pub(super) blame: String,
    pub(super) http_status: Option<u16>,
    pub(super) retryable: bool,
    pub(super) billed: bool,
    pub(super) sdk_code: Option<u32>,
    pub(super) en: String,
    pub(super) zh: String,
}

/// What the page says for one SDK row.
#[derive(Deserialize)]
pub(super) struct Outcome {
    pub(super) code: u32,
    pub(super) message: String,
    pub(super) en: String,
    pub(super) zh: String,
}

/// The other texts, by group.
#[derive(Deserialize)]
pub(super) struct Groups {
    pub(super) guidance: Vec<Text>,
    pub(super) prompts: Vec<Text>,
    pub(super) states: Vec<Text>,
    pub(super) camera: Vec<Text>,
    pub(super) ui: Vec<Text>,
}

impl Groups {
    /// Group names and texts in the order in which files list them.
    pub(super) fn named(&self) -> [(&'static str, &[Text]); 5] {
        [("prompts", &self.prompts), ("guidance", &self.guidance), ("states", &self.states), ("camera", &self.camera), ("ui", &self.ui)]
    }
}

/// One text in both languages.
#[derive(Deserialize)]
pub(super) struct Text {
    pub(super) key: String,
    pub(super) en: String,
    pub(super) zh: String,
}
