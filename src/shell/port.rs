//! The line to the worker: a few message types, each answered or timed out. A dead worker answers nothing, so every wait has an end.

use super::{
    config::Assets,
    frames::{self, Drawing, Pixels},
    page,
};
use crate::codec;
use faceid_protocol::Millis;
use faceid_session::FrameId;
use faceid_vision::Observation;
use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, Worker};

/// Longest wait for encoded frames, ms.
const ENCODE_TIMEOUT_MS: u32 = 10_000;

/// What the worker says by itself.
pub(crate) enum Report {
    /// Models are loaded.
    Ready {
        /// What the worker can draw.
        drawing: Drawing,
    },
    /// It cannot work; a reason for the log.
    Failed(String),
    /// One frame is judged.
    Observed { id: FrameId, t: Millis, observation: Box<Observation> },
    /// This frame could not be judged; the next may.
    Skipped,
}

/// The worker, by its messages. Dropping it takes the listeners off; the page asks the worker to end, and terminates one that does not.
pub(crate) struct EnginePort {
    worker: Worker,
    calls: Rc<RefCell<Calls>>,
    message: Closure<dyn FnMut(MessageEvent)>,
    trouble: Closure<dyn FnMut(JsValue)>,
}

/// JPEGs on their way.
#[derive(Debug)]
pub(crate) struct Encoding(js_sys::Promise);

impl Encoding {
    /// The files; `None` when the worker is gone or has lost a frame.
    pub(crate) async fn done(self) -> Option<Vec<Vec<u8>>> {
        let frames: Array = JsFuture::from(self.0).await.ok()?.dyn_into().ok()?;
        Some(frames.iter().map(|f| Uint8Array::new(&f).to_vec()).collect())
    }
}

#[derive(Default)]
struct Calls {
    next: u32,
    waiting: BTreeMap<u32, js_sys::Function>,
}

impl EnginePort {
    pub(crate) fn new(worker: Worker, report: impl Fn(Report) + 'static) -> Self {
        let report = Rc::new(report);
        let calls = Rc::new(RefCell::new(Calls::default()));
        let message: Closure<dyn FnMut(MessageEvent)> = Closure::new({
            let report = Rc::clone(&report);
            let calls = Rc::clone(&calls);
            move |event: MessageEvent| receive(&event.data(), &calls, &*report)
        });
        // Fires when the worker's script cannot load or throws outside a handler; nothing else tells.
        let trouble: Closure<dyn FnMut(JsValue)> = Closure::new(move |_| report(Report::Failed("worker-error".into())));
        for (name, callback) in [("message", message.as_ref()), ("error", trouble.as_ref()), ("messageerror", trouble.as_ref())] {
            // Adding a listener to a live object does not fail.
            drop(worker.add_event_listener_with_callback(name, callback.unchecked_ref()));
        }
        Self { worker, calls, message, trouble }
    }

    /// Loads wasm and models.
    pub(crate) fn load(&self, assets: &Assets) {
        let message = Object::new();
        set(&message, "type", &"load".into());
        set(&message, "assets", &serde_wasm_bindgen::to_value(assets).unwrap_or(JsValue::NULL));
        self.post(&message, None);
    }

    /// Sends a frame for judging. `side` = longest side to judge and keep, px; `spared` = earlier frames that may go.
    pub(crate) fn observe(&self, id: FrameId, t: Millis, side: u32, pixels: &Pixels, spared: &[FrameId]) {
        let message = Object::new();
        set(&message, "type", &"frame".into());
        set(&message, "id", &JsValue::from_f64(id.0 as f64));
        set(&message, "t", &JsValue::from_f64(t.0 as f64));
        set(&message, "side", &side.into());
        if !spared.is_empty() {
            set(&message, "spared", &numbers(spared));
        }
        let transfer: JsValue = match pixels {
            Pixels::Frame(frame) => {
                set(&message, "picture", frame);
                frame.into()
            }
            Pixels::Bitmap(bitmap) => {
                set(&message, "picture", bitmap);
                bitmap.into()
            }
            Pixels::Data(data) => {
                let rgba = Uint8Array::from(frames::rgba(data).as_slice());
                set(&message, "width", &data.width().into());
                set(&message, "height", &data.height().into());
                set(&message, "rgba", &rgba);
                rgba.buffer().into()
            }
        };
        self.post(&message, Some(&transfer));
    }

    /// Keeps these frames beyond the ring.
    pub(crate) fn retain(&self, ids: &[FrameId]) {
        let message = Object::new();
        set(&message, "type", &"retain".into());
        set(&message, "ids", &numbers(ids));
        self.post(&message, None);
    }

    /// Keeps the full-size pixels of the frame judged last.
    pub(crate) fn keep_best(&self, id: FrameId) {
        let message = Object::new();
        set(&message, "type", &"keep-best".into());
        set(&message, "id", &JsValue::from_f64(id.0 as f64));
        self.post(&message, None);
    }

    /// Asks for JPEGs of these frames in order; the best, at full size, last.
    pub(crate) fn encode(&self, ids: &[FrameId], best: Option<FrameId>, quality: u8, max_bytes: u32) -> Encoding {
        let call = {
            let mut calls = self.calls.borrow_mut();
            calls.next += 1;
            calls.next
        };
        let message = Object::new();
        set(&message, "type", &"encode".into());
        set(&message, "call", &call.into());
        set(&message, "ids", &numbers(ids));
        set(&message, "best", &best.map_or(JsValue::NULL, |id| JsValue::from_f64(id.0 as f64)));
        set(&message, "quality", &quality.into());
        set(&message, "maxBytes", &max_bytes.into());
        let promise = js_sys::Promise::new(&mut |resolve, _| drop(self.calls.borrow_mut().waiting.insert(call, resolve)));
        self.post(&message, None);
        let calls = Rc::clone(&self.calls);
        wasm_bindgen_futures::spawn_local(async move {
            page::sleep(ENCODE_TIMEOUT_MS).await;
            answer(&calls, call, &JsValue::NULL);
        });
        Encoding(promise)
    }

    fn post(&self, message: &Object, transfer: Option<&JsValue>) {
        // Fails only for values that cannot be cloned; ours can.
        drop(match transfer {
            Some(transfer) => self.worker.post_message_with_transfer(message, &Array::of1(transfer)),
            None => self.worker.post_message(message),
        });
    }
}

impl Drop for EnginePort {
    fn drop(&mut self) {
        for (name, callback) in
            [("message", self.message.as_ref()), ("error", self.trouble.as_ref()), ("messageerror", self.trouble.as_ref())]
        {
            drop(self.worker.remove_event_listener_with_callback(name, callback.unchecked_ref()));
        }
    }
}

fn receive(data: &JsValue, calls: &RefCell<Calls>, report: &dyn Fn(Report)) {
    let text = |key: &str| get(data, key).as_string().unwrap_or_default();
    let number = |key: &str| get(data, key).as_f64();
    match text("type").as_str() {
        "ready" => {
            let drawing = match (get(data, "draws").is_truthy(), get(data, "frames").is_truthy()) {
                (true, true) => Drawing::Frames,
                (true, false) => Drawing::Bitmaps,
                (false, _) => Drawing::None,
            };
            report(Report::Ready { drawing });
        }
        "failed" => report(Report::Failed(format!("{}: {}", text("code"), text("reason")))),
        "observed" => {
            let decoded = get(data, "data").dyn_into::<Float32Array>().ok().and_then(|a| codec::decode(&a.to_vec()));
            match (number("id"), number("t"), decoded) {
                (Some(id), Some(t), Some(observation)) => {
                    report(Report::Observed { id: FrameId(id as u64), t: page::millis(t), observation: Box::new(observation) });
                }
                _ => report(Report::Failed("bad-reply".into())),
            }
        }
        "skipped" => report(Report::Skipped),
        "encoded" => answer(calls, number("call").unwrap_or(0.0) as u32, &get(data, "frames")),
        "encode-failed" => answer(calls, number("call").unwrap_or(0.0) as u32, &JsValue::NULL),
        // Not ours: extensions and dev servers talk to workers too.
        _ => {}
    }
}

/// Answers a call once; later answers find nobody waiting.
fn answer(calls: &RefCell<Calls>, call: u32, value: &JsValue) {
    let resolve = calls.borrow_mut().waiting.remove(&call);
    if let Some(resolve) = resolve {
        drop(resolve.call1(&JsValue::UNDEFINED, value));
    }
}

fn numbers(ids: &[FrameId]) -> JsValue {
    ids.iter().map(|id| JsValue::from_f64(id.0 as f64)).collect::<Array>().into()
}

fn get(object: &JsValue, key: &str) -> JsValue {
    Reflect::get(object, &key.into()).unwrap_or(JsValue::UNDEFINED)
}

fn set(object: &Object, key: &str, value: &JsValue) {
    // Setting a property of a fresh plain object does not fail.
    drop(Reflect::set(object, &key.into(), value));
}
