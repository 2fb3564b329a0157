//! What a report says, as JSON.

use faceid_judge::{Cue, CueOutcome, Report, WindowReport};
use faceid_session::WindowVerdict;
use serde_json::{Value, json};

/// `outcome`: text. `windows`: per action judged `verdict` (text) and, where it passed, `arc` (ms: last neutral, peak, first neutral) and `score`.
/// `cues`: score, or why it was not measured. `motion`: the print's kept form, one number a byte; `embedding`: the best frame's, of length 1;
/// both `null` where judging ended before them.
#[must_use]
pub fn figures(report: &Report) -> Value {
    json!({
        "outcome": format!("{:?}", report.outcome),
        "windows": report.windows.iter().map(window).collect::<Vec<_>>(),
        "cues": report.cues.iter().map(cue).collect::<serde_json::Map<_, _>>(),
        "motion": report.motion.as_ref().map(faceid_judge::MotionPrint::to_bytes),
        "embedding": report.best.as_ref().map(|best| best.embedding().values()),
    })
}

fn window(window: &WindowReport) -> Value {
    let action = window.action.name();
    match &window.verdict {
        WindowVerdict::Passed(passed) => {
            let (start, peak, end) = passed.arc();
            json!({"action": action, "verdict": "Passed", "arc": [start.0, peak.0, end.0], "score": passed.score()})
        }
        other @ (WindowVerdict::NotSeen | WindowVerdict::Wrong(_) | WindowVerdict::NotMeasured(_)) => {
            json!({"action": action, "verdict": format!("{other:?}")})
        }
    }
}

fn cue(cue: &Cue) -> (String, Value) {
    let said = match cue.outcome {
        CueOutcome::Measured(score) => json!(score),
        CueOutcome::NotMeasured(why) => json!(why.reason()),
    };
    (cue.name.name().to_owned(), said)
}
