//! The whole judge for JavaScript.

use faceid_judge::{ActionEvidence, EvidenceBundle, EvidenceFrame, Judge, ModelFiles, Policy};
use faceid_protocol::{Action, Millis};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::figures::figures;

/// A judge as a demo's server has it, and the session that is being handed over: [`Self::neutral`], then [`Self::action`] and its
/// [`Self::frame`]s, then [`Self::judge`] with the best frame.
#[wasm_bindgen]
#[derive(Debug)]
pub struct PageJudge {
    judge: Judge,
    neutral: Vec<EvidenceFrame>,
    actions: Vec<ActionEvidence>,
}

#[wasm_bindgen]
impl PageJudge {
    /// Loads the four files of the models folder.
    ///
    /// # Errors
    /// What is wrong with them.
    #[wasm_bindgen(constructor)]
    pub fn new(detector: &[u8], landmark: &[u8], geometry: &[u8], embedding: &[u8]) -> Result<Self, String> {
        let files = ModelFiles::with_default_embedding(detector, landmark, geometry, embedding);
        let judge = files.and_then(Judge::load).map_err(|error| error.to_string())?;
        Ok(Self { judge, neutral: Vec::new(), actions: Vec::new() })
    }

    /// Adds a frame of the neutral; `t` in ms.
    pub fn neutral(&mut self, t: u32, jpeg: Vec<u8>) {
        self.neutral.push(file(t, jpeg));
    }

    /// Begins the window of the next action.
    ///
    /// # Errors
    /// When there is no such action.
    pub fn action(&mut self, name: &str) -> Result<(), String> {
        let action = Action::ALL.into_iter().find(|action| action.name() == name).ok_or_else(|| format!("no action is called {name:?}"))?;
        self.actions.push(ActionEvidence { action, frames: Vec::new() });
        Ok(())
    }

    /// Adds a frame to the window begun last.
    ///
    /// # Errors
    /// When none was begun.
    pub fn frame(&mut self, t: u32, jpeg: Vec<u8>) -> Result<(), String> {
        self.actions.last_mut().ok_or("no action was begun")?.frames.push(file(t, jpeg));
        Ok(())
    }

    /// Judges what was handed over, lets go of it, and says the report's figures as JSON.
    ///
    /// # Errors
    /// When a network fails.
    pub fn judge(&mut self, t: u32, jpeg: Vec<u8>) -> Result<String, String> {
        let (neutral, actions) = (core::mem::take(&mut self.neutral), core::mem::take(&mut self.actions));
        let bundle = EvidenceBundle { neutral, actions, best: file(t, jpeg) };
        let policy = Policy { accept_simulated: true, ..Policy::default() };
        self.judge.evaluate(&bundle, &policy).map(|report| figures(&report).to_string()).map_err(|error| error.to_string())
    }
}

fn file(t: u32, jpeg: Vec<u8>) -> EvidenceFrame {
    EvidenceFrame { t: Millis(t.into()), jpeg }
}
