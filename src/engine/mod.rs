//! The worker binary: pixels to observations, the ring of recent frames, JPEG.

mod error;
mod ring;

use crate::codec;
use error::EngineError;
use faceid_vision::{
    Coding, Frame, Models, PlaneFormat, PlaneLayout, Planes, Shelved, Shrinker, TrackState, encode_best, encode_window, observe,
};
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
    /// A camera frame's planes, written by JavaScript.
    planes: Vec<u8>,
    shrinker: Shrinker,
    /// The last frame's memory, for the next.
    spare: Vec<u8>,
}

impl Engine {
    fn judge(&mut self, id: f64, t: f64, frame: Frame, shelved: Shelved) -> Result<Float32Array, JsValue> {
        let observation = observe(&self.models, &frame, &mut self.track).map_err(EngineError::Run);
        self.spare = frame.into_rgb();
        let observation = observation?;
        self.ring.push(id as u64, t as u64, shelved);
        Ok(Float32Array::from(codec::encode(&observation).as_slice()))
    }
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
        Ok(Self {
            models,
            track: TrackState::default(),
            ring: Ring::default(),
            planes: Vec::new(),
            shrinker: Shrinker::default(),
            spare: Vec::new(),
        })
    }

    /// Judges one frame and keeps it in the ring.
    ///
    /// `id` increasing whole number, `t` capture time in ms, `rgba` packed canvas pixels of `width` x `height`, upright and unmirrored.
    /// Larger frames are shrunk to `max_side` first. Returns the flat observation of [`crate::codec`].
    ///
    /// # Errors
    /// `frame-invalid`, `run-failed`.
    pub fn observe(&mut self, id: f64, t: f64, width: u32, height: u32, rgba: &[u8], max_side: u32) -> Result<Float32Array, JsValue> {
        let memory = core::mem::take(&mut self.spare);
        let frame = Frame::from_rgba_in(width, height, rgba, memory).map_err(EngineError::Frame)?.into_max_side(max_side.max(1));
        let shelved = if [frame.width(), frame.height()] == [width, height] {
            Shelved::from_rgba(width, height, rgba).map_err(EngineError::Frame)?
        } else {
            Shelved::new(&frame)
        };
        self.judge(id, t, frame, shelved)
    }

    /// Where JavaScript writes the planes of the next frame, `size` bytes of the module's memory, until the next call.
    #[wasm_bindgen(js_name = planesAt)]
    pub fn planes_at(&mut self, size: usize) -> *const u8 {
        self.planes.resize(size, 0);
        self.planes.as_ptr()
    }

    /// As [`Self::observe`], from a camera frame's own planes (4:2:0, eight bits), written to [`Self::planes_at`], shrunk to `max_side`.
    ///
    /// `layout`: offset and stride of each plane; three planes are I420, two NV12. `bt709`, `full_range`: what the numbers mean.
    ///
    /// # Errors
    /// `frame-invalid`, `run-failed`.
    #[wasm_bindgen(js_name = observePlanes)]
    #[allow(clippy::too_many_arguments, reason = "numbers cross from JavaScript cheaply, objects do not")]
    pub fn observe_planes(
        &mut self,
        id: f64,
        t: f64,
        width: u32,
        height: u32,
        layout: &[u32],
        bt709: bool,
        full_range: bool,
        max_side: u32,
    ) -> Result<Float32Array, JsValue> {
        let at = |[offset, stride]: [u32; 2]| PlaneLayout { offset: offset as usize, stride: stride as usize };
        let format = match *layout {
            [a, b, c, d, e, f] => PlaneFormat::I420([[a, b], [c, d], [e, f]].map(at)),
            [a, b, c, d] => PlaneFormat::Nv12([[a, b], [c, d]].map(at)),
            _ => return Err(EngineError::Planes(layout.len() / 2).into()),
        };
        let planes = Planes::new(width, height, format, Coding { bt709, full_range }, &self.planes).map_err(EngineError::Frame)?;
        let shelved = self.shrinker.shelve(&planes, max_side);
        let frame = shelved.frame_in(core::mem::take(&mut self.spare));
        self.judge(id, t, frame, shelved)
    }

    /// Keeps these frames beyond the ring; frames retained before and not named now fall back to the ring's age limit.
    pub fn retain(&mut self, ids: &[f64]) {
        self.ring.retain(ids.iter().map(|id| *id as u64));
    }

    /// Drops frames that will not be asked for, retained or not.
    pub fn release(&mut self, ids: &[f64]) {
        self.ring.release(ids.iter().map(|id| *id as u64));
    }

    /// Drops all frames.
    pub fn clear(&mut self) {
        self.ring = Ring::default();
    }

    /// Number of frames held.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn held(&self) -> u32 {
        u32::try_from(self.ring.len()).unwrap_or(u32::MAX)
    }

    /// JPEGs of held frames, in the order given, as an array of `Uint8Array`. `quality` 1 to 100; lower where a step's frames would take more
    /// than their share of an upload ([`faceid_vision::FRAME_BYTES`]).
    ///
    /// # Errors
    /// `frame-gone`, `encode-failed`.
    pub fn encode(&mut self, ids: &[f64], quality: u8) -> Result<js_sys::Array, JsValue> {
        // The files take the room that was kept for the next frame: the memory need not grow. The worker does one thing after another, so that no
        // planes are on their way.
        (self.planes, self.spare) = (Vec::new(), Vec::new());
        let held = |id: &f64| self.ring.get(*id as u64).ok_or(EngineError::Gone(*id as u64));
        let frames = ids.iter().map(held).collect::<Result<Vec<_>, _>>()?;
        let files = encode_window(&frames, quality).map_err(|_| EngineError::Encode)?;
        Ok(files.iter().map(|file| Uint8Array::from(file.as_slice())).collect())
    }

    /// JPEG of pixels that the ring does not hold (the best frame at full size), at `quality` or lower, in at most `max_bytes`.
    ///
    /// # Errors
    /// `frame-invalid`, `encode-failed`.
    #[wasm_bindgen(js_name = encodeBest)]
    pub fn encode_best(&self, width: u32, height: u32, rgba: &[u8], quality: u8, max_bytes: u32) -> Result<Uint8Array, JsValue> {
        let frame = Frame::from_rgba(width, height, rgba).map_err(EngineError::Frame)?;
        let file = encode_best(&frame, quality).map_err(|_| EngineError::Encode)?;
        let fits = u32::try_from(file.len()).is_ok_and(|bytes| bytes <= max_bytes);
        Ok(fits.then(|| Uint8Array::from(file.as_slice())).ok_or(EngineError::Encode)?)
    }
}
