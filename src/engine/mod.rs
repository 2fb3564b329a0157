//! The worker binary: pixels to observations, the ring of recent frames, JPEG.

mod error;
mod ring;

use crate::codec;
use error::EngineError;
use faceid_vision::{Frame, Models, TrackState, encode_jpeg, observe};
use js_sys::{Float32Array, Uint8Array};
use ring::Ring;
use wasm_bindgen::prelude::*;

/// Runs when the module is instantiated: panics reach the console before they trap.
#[wasm_bindgen(start)]
pub(crate) fn on_load() {
    console_error_panic_hook::set_once();
}

/// Judges the frames of one camera stream and keeps the recent ones. All errors are plain objects `{code, reason}`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine {
    models: Models,
    track: TrackState,
    ring: Ring,
}

#[wasm_bindgen]
impl Engine {
    /// Loads the models: bytes of the detector, the landmark network and the canonical geometry.
    ///
    /// # Errors
    /// `model-invalid`.
    #[wasm_bindgen(constructor)]
    pub fn new(detector: &[u8], landmark: &[u8], geometry: &[u8]) -> Result<Self, JsValue> {
        let models = Models::from_bytes(detector, landmark, geometry).map_err(EngineError::Model)?;
        Ok(Self { models, track: TrackState::default(), ring: Ring::default() })
    }

    /// Judges one frame and keeps it in the ring.
    ///
    /// `id` increasing whole number, `t` capture time in ms, `rgba` packed canvas pixels of `width` x `height`, upright and unmirrored.
    /// Larger frames are shrunk to `max_side` first. Returns the flat observation of [`crate::codec`].
    ///
    /// # Errors
    /// `frame-invalid`, `run-failed`.
    pub fn observe(&mut self, id: f64, t: f64, width: u32, height: u32, rgba: &[u8], max_side: u32) -> Result<Float32Array, JsValue> {
        let frame = Frame::from_rgba(width, height, rgba).map_err(EngineError::Frame)?.resized_to_max_side(max_side.max(1));
        let observation = observe(&self.models, &frame, &mut self.track).map_err(EngineError::Run)?;
        self.ring.push(id as u64, t as u64, &frame);
        Ok(Float32Array::from(codec::encode(&observation).as_slice()))
    }

    /// Keeps these frames beyond the ring; frames retained before and not named now fall back to the ring's age limit.
    pub fn retain(&mut self, ids: &[f64]) {
        self.ring.retain(ids.iter().map(|id| *id as u64));
    }

    /// Number of frames held.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn held(&self) -> u32 {
        u32::try_from(self.ring.len()).unwrap_or(u32::MAX)
    }

    /// JPEGs of held frames, in the order given, as an array of `Uint8Array`. `quality` 1 to 100.
    ///
    /// # Errors
    /// `frame-gone`, `encode-failed`.
    pub fn encode(&self, ids: &[f64], quality: u8) -> Result<js_sys::Array, JsValue> {
        let out = js_sys::Array::new();
        for id in ids {
            let id = *id as u64;
            let frame = self.ring.get(id).ok_or(EngineError::Gone(id))?;
            let bytes = jpeg(&frame, quality)?;
            out.push(&bytes);
        }
        Ok(out)
    }

    /// JPEG of pixels that the ring does not hold (the best frame at full size).
    ///
    /// # Errors
    /// `frame-invalid`, `encode-failed`.
    #[wasm_bindgen(js_name = encodePixels)]
    pub fn encode_pixels(&self, width: u32, height: u32, rgba: &[u8], quality: u8) -> Result<Uint8Array, JsValue> {
        let frame = Frame::from_rgba(width, height, rgba).map_err(EngineError::Frame)?;
        Ok(jpeg(&frame, quality)?)
    }
}

fn jpeg(frame: &Frame, quality: u8) -> Result<Uint8Array, EngineError> {
    let bytes = encode_jpeg(frame, quality).map_err(|_| EngineError::Encode)?;
    Ok(Uint8Array::from(bytes.as_slice()))
}
