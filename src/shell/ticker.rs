//! One timer for the machine's next deadline.

use faceid_protocol::Millis;
use std::cell::{Cell, RefCell};
use wasm_bindgen::{JsCast, closure::Closure};

/// Never sleeps longer than this, ms: throttled and suspended timers catch up soon.
const LONGEST: u64 = 1000;

/// At most one timer at a time.
#[derive(Debug, Default)]
pub(crate) struct Ticker {
    id: Cell<Option<i32>>,
    callback: RefCell<Option<Closure<dyn FnMut()>>>,
}

impl Ticker {
    /// Replaces the timer. `None` only stops it.
    pub(crate) fn set(&self, deadline: Option<Millis>, now: Millis, tick: impl FnMut() + 'static) {
        let Some(window) = web_sys::window() else { return };
        if let Some(id) = self.id.take() {
            window.clear_timeout_with_handle(id);
        }
        let Some(deadline) = deadline else { return };
        let wait = deadline.since(now).0.clamp(1, LONGEST) as i32;
        let callback = Closure::once(tick);
        self.id.set(window.set_timeout_with_callback_and_timeout_and_arguments_0(callback.as_ref().unchecked_ref(), wait).ok());
        self.callback.replace(Some(callback));
    }
}
