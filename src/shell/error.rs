//! Errors as the page's JavaScript sees them: one class, `LivenessError`, with `{code, message, blame, retryable}`.

use faceid_protocol::codes::{self, Blame, Coded, FixedRow, Row, Table};
use wasm_bindgen::prelude::*;

// The class lives beside the generated module so that the package can export it under a stable path.
#[wasm_bindgen(raw_module = "../errors.js")]
extern "C" {
    /// `class LivenessError extends Error`
    pub(crate) type LivenessError;
    #[wasm_bindgen(constructor)]
    fn new(code: u32, message: &str, blame: &str, retryable: bool) -> LivenessError;
    /// Tells the page that the module has trapped: it stops the camera and ends the session.
    #[wasm_bindgen(js_name = reportPanic)]
    pub(crate) fn report_panic(text: &str);
}

/// Who can put a row right, and whether trying again may help. Rows of a newer server count as the server's and final.
pub(crate) fn facts(code: u32, message: &str) -> (Blame, bool) {
    codes::find(Table::Sdk, code, message).map_or((Blame::Server, false), |row: &Row| (row.blame, row.retryable))
}

/// The error of a coded outcome.
pub(crate) fn coded(outcome: &Coded) -> JsValue {
    let (blame, retryable) = facts(outcome.code, &outcome.message);
    LivenessError::new(outcome.code, &outcome.message, blame.name(), retryable).into()
}

/// The error of one of our own rows.
pub(crate) fn row(row: &FixedRow) -> JsValue {
    coded(&row.coded())
}

/// `{blame, retryable}` of a row.
pub(crate) fn row_facts(code: u32, message: &str) -> JsValue {
    #[derive(serde::Serialize)]
    struct Facts {
        blame: &'static str,
        retryable: bool,
    }
    let (blame, retryable) = facts(code, message);
    serde_wasm_bindgen::to_value(&Facts { blame: blame.name(), retryable }).unwrap_or(JsValue::NULL)
}
