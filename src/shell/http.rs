//! One HTTP exchange with time-out, and the schedule of its retries. All calls go through gloo-net.

use super::page;
use faceid_protocol::framing;
use faceid_session::NetworkFault;
use gloo_net::http::{Method, RequestBuilder};
use js_sys::Uint8Array;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::AbortController;

/// Attempts of one call, the first included.
const ATTEMPTS: u32 = 4;
/// Wait before the second attempt; doubles each time.
const FIRST_WAIT_MS: u32 = 400;

/// A request ready to be sent as often as needed: the same bytes each time.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) content_type: &'static str,
    /// Of one attempt.
    pub(crate) timeout_ms: u32,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// `x-fid-mac`, empty when absent.
    pub(crate) mac: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) const fn ok(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

/// Sends, gives up on command, and knows what is on its way.
#[derive(Debug, Default)]
pub(crate) struct Http {
    live: RefCell<Vec<AbortController>>,
    stopped: Cell<bool>,
}

impl Http {
    /// Aborts everything under way and refuses what comes later.
    pub(crate) fn stop(&self) {
        self.stopped.set(true);
        for controller in self.live.take() {
            controller.abort();
        }
    }

    /// Whether [`Http::stop`] was called.
    pub(crate) fn stopped(&self) -> bool {
        self.stopped.get()
    }

    /// Sends until an answer below 500 arrives or the attempts are used up; then the last 5xx answer, or the last fault.
    pub(crate) async fn send(&self, request: &Request) -> Result<Reply, NetworkFault> {
        let mut wait = FIRST_WAIT_MS;
        let mut attempt = 1;
        loop {
            let outcome = self.once(request).await;
            let again = match &outcome {
                Ok(reply) => worth_retrying(reply.status),
                Err(_) => true,
            };
            if !again || attempt == ATTEMPTS || self.stopped() {
                return outcome;
            }
            page::sleep(wait).await;
            wait *= 2;
            attempt += 1;
        }
    }

    async fn once(&self, request: &Request) -> Result<Reply, NetworkFault> {
        if self.stopped() {
            return Err(NetworkFault::Unreachable);
        }
        let controller = AbortController::new().map_err(|_| NetworkFault::Unreachable)?;
        self.live.borrow_mut().push(controller.clone());
        let timer = Timeout::start(&controller, request.timeout_ms);
        let outcome = exchange(request, &controller).await;
        self.live.borrow_mut().retain(|c| c != &controller);
        outcome.map_err(|fault| if timer.fired.get() { NetworkFault::TimedOut } else { fault })
    }
}

async fn exchange(request: &Request, controller: &AbortController) -> Result<Reply, NetworkFault> {
    let mut builder = RequestBuilder::new(&request.url)
        .method(request.method.clone())
        .header("content-type", request.content_type)
        .abort_signal(Some(&controller.signal()))
        .credentials(web_sys::RequestCredentials::Omit)
        .cache(web_sys::RequestCache::NoStore);
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let sent = builder.body(Uint8Array::from(request.body.as_slice())).map_err(|_| NetworkFault::Unreachable)?;
    let reply = sent.send().await.map_err(|_| NetworkFault::Unreachable)?;
    let mac = reply.headers().get(framing::HEADER_MAC).unwrap_or_default();
    let status = reply.status();
    let body = reply.binary().await.map_err(|_| NetworkFault::Unreachable)?;
    Ok(Reply { status, mac, body })
}

/// Server trouble passes; everything else the server means.
const fn worth_retrying(status: u16) -> bool {
    status >= 500
}

/// Aborts the controller after a while; cleared when dropped.
struct Timeout {
    id: Option<i32>,
    fired: Rc<Cell<bool>>,
    _callback: Closure<dyn FnMut()>,
}

impl Timeout {
    fn start(controller: &AbortController, ms: u32) -> Self {
        let fired = Rc::new(Cell::new(false));
        let callback: Closure<dyn FnMut()> = Closure::new({
            let controller = controller.clone();
            let fired = Rc::clone(&fired);
            move || {
                fired.set(true);
                controller.abort();
            }
        });
        let ms = i32::try_from(ms).unwrap_or(i32::MAX);
        let id = web_sys::window()
            .and_then(|w| w.set_timeout_with_callback_and_timeout_and_arguments_0(callback.as_ref().unchecked_ref(), ms).ok());
        Self { id, fired, _callback: callback }
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        if let (Some(id), Some(window)) = (self.id, web_sys::window()) {
            window.clear_timeout_with_handle(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_server_trouble_is_tried_again() {
        for status in [500, 502, 503, 504, 599] {
            assert!(worth_retrying(status), "{status}");
        }
        for status in [200, 204, 400, 403, 404, 409, 413, 429] {
            assert!(!worth_retrying(status), "{status}");
        }
    }
}
