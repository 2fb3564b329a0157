//! The person for the page harness: drawn in the browser, answering prompts live.

use crate::{Body, Gesture, HeadShape, Person, Portrait, Puppet, SolidHead, View};
use wasm_bindgen::{Clamped, prelude::*};

/// A simulated person. Times are ms on any clock the caller keeps to.
#[wasm_bindgen]
#[derive(Debug)]
pub struct SimPerson {
    person: Person<Box<dyn Body>>,
}

#[wasm_bindgen]
impl SimPerson {
    /// `portrait`: a file of `faceid-sim prepare`. `still`: a photograph that ignores prompts. Throws text for a bad portrait or size.
    #[wasm_bindgen(constructor)]
    pub fn new(portrait: &[u8], seed: u32, width: u32, height: u32, still: bool) -> Result<SimPerson, JsError> {
        let portrait = Portrait::decode(portrait)?;
        let view = View { width, height, ..View::default() };
        let puppet = if still { Puppet::still(&portrait, seed.into(), view)? } else { Puppet::new(&portrait, seed.into(), view)? };
        Ok(Self { person: puppet.boxed() })
    }

    /// The solid head instead of the puppet. `shape`: the model file `canonical_face.json`. Throws text for bad files or sizes.
    pub fn solid(portrait: &[u8], shape: &[u8], seed: u32, width: u32, height: u32) -> Result<SimPerson, JsError> {
        let (portrait, shape) = (Portrait::decode(portrait)?, HeadShape::from_json(shape)?);
        let view = View { width, height, ..View::default() };
        Ok(Self { person: SolidHead::solid(&portrait, &shape, seed.into(), view)?.boxed() })
    }

    /// Asks for `nod`, `shake`, `blink` or `mouth`. Throws text for anything else.
    pub fn prompt(&mut self, gesture: &str, t_ms: f64) -> Result<(), JsError> {
        self.person.prompt(gesture.parse::<Gesture>()?, t_ms);
        Ok(())
    }

    /// Forgets prompts that the person has not yet begun to follow.
    pub fn relax(&mut self, t_ms: f64) {
        self.person.relax(t_ms);
    }

    /// Makes later gestures slower (below 1) or faster, 0.5 to 1.5.
    pub fn pace(&mut self, factor: f64) {
        self.person.pace(factor);
    }

    /// The picture at `t_ms`: packed RGBA, `width * height * 4` bytes.
    pub fn render(&mut self, t_ms: f64) -> Clamped<Vec<u8>> {
        let truth = self.person.truth(t_ms);
        Clamped(self.person.draw(&truth).as_flattened().to_vec())
    }

    /// What the picture at `t_ms` shows, as JSON: yaw, pitch, roll (degrees), eye_closure, mouth_opening (0..1), gesture.
    pub fn truth(&self, t_ms: f64) -> Result<String, JsError> {
        Ok(serde_json::to_string(&self.person.truth(t_ms))?)
    }
}
