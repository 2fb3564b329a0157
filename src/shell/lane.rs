//! One call at a time on the session: sequence numbers leave no choice. Calls that the person waits for go before uploads.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// Who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// Challenge and finalise.
    Call,
    /// Frames in the background.
    Upload,
}

/// The single track.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    busy: Cell<bool>,
    calls: RefCell<VecDeque<js_sys::Function>>,
    uploads: RefCell<VecDeque<js_sys::Function>>,
}

/// The right to call; handed on when dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a>(&'a Lane);

impl Lane {
    /// Waits for a turn.
    pub(crate) async fn turn(&self, urgency: Urgency) -> Turn<'_> {
        if !self.busy.replace(true) {
            return Turn(self);
        }
        let queue = match urgency {
            Urgency::Call => &self.calls,
            Urgency::Upload => &self.uploads,
        };
        let promise = js_sys::Promise::new(&mut |resolve, _| queue.borrow_mut().push_back(resolve));
        // Resolved by the turn before, which leaves the lane busy for us.
        drop(JsFuture::from(promise).await);
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let next = self.0.calls.borrow_mut().pop_front().or_else(|| self.0.uploads.borrow_mut().pop_front());
        match next {
            Some(resolve) => drop(resolve.call0(&JsValue::UNDEFINED)),
            None => self.0.busy.set(false),
        }
    }
}
