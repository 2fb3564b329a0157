//! Small pieces of the browser: clock, sleep, random bytes, hex.

use faceid_protocol::Millis;
use faceid_session::Lie;
use js_sys::{Array, Function, Promise, Reflect};
use std::cell::RefCell;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;

/// `performance.now()`: the clock of the session and of frame times.
pub(crate) fn now() -> Millis {
    web_sys::window().and_then(|w| w.performance()).map_or(Millis(0), |p| millis(p.now()))
}

/// Whole milliseconds of a browser time; nonsense becomes zero.
pub(crate) fn millis(value: f64) -> Millis {
    // `as` saturates: NaN and negatives give 0.
    Millis(value as u64)
}

/// Waits.
pub(crate) async fn sleep(ms: u32) {
    drop(JsFuture::from(slept(ms)).await);
}

/// Waits for `promise`, but not longer than that: its value, or `undefined`.
pub(crate) async fn at_most(ms: u32, promise: Promise) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::race(&Array::of2(&promise, &slept(ms)))).await
}

/// Something that happens once. Whoever sleeps until then holds nothing of it meanwhile.
#[derive(Debug)]
pub(crate) struct Once {
    promise: Promise,
    resolve: RefCell<Option<Function>>,
}

impl Default for Once {
    fn default() -> Self {
        let resolve = RefCell::new(None);
        let promise = Promise::new(&mut |done, _| drop(resolve.replace(Some(done))));
        Self { promise, resolve }
    }
}

impl Once {
    /// It has happened; saying so again is harmless.
    pub(crate) fn happened(&self) {
        if let Some(resolve) = self.resolve.take() {
            drop(resolve.call0(&JsValue::UNDEFINED));
        }
    }

    /// Waits for it, but not longer than that.
    pub(crate) fn at_most(&self, ms: u32) -> impl Future<Output = ()> + use<> {
        let promise = self.promise.clone();
        async move { drop(at_most(ms, promise).await) }
    }
}

/// Whether the page is out of sight.
pub(crate) fn hidden() -> bool {
    web_sys::window().and_then(|w| w.document()).is_some_and(|d| d.hidden())
}

/// How the screen is held. Older WebKit has no `screen.orientation`; there the window's shape stands for it.
pub(crate) fn screen_lie() -> Lie {
    let Some(window) = web_sys::window() else { return Lie::Flat };
    let get = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).ok();
    let told = get(&window, "screen")
        .and_then(|screen| get(&screen, "orientation"))
        .and_then(|orientation| get(&orientation, "type")?.as_string());
    match told {
        Some(told) if told.starts_with("portrait") => Lie::Upright,
        Some(_) => Lie::Flat,
        None => {
            let side = |value: Result<JsValue, JsValue>| value.ok().and_then(|v| v.as_f64()).unwrap_or(0.0) as u32;
            Lie::of(side(window.inner_width()), side(window.inner_height()))
        }
    }
}

fn slept(ms: u32) -> Promise {
    Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            // A refused timer would leave the promise pending; browsers never refuse one with a function argument.
            drop(window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, i32::try_from(ms).unwrap_or(i32::MAX)));
        }
    })
}

/// Random bytes from the browser's CSPRNG.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], JsValue> {
    let mut bytes = [0; N];
    let crypto = web_sys::window().ok_or(JsValue::NULL)?.crypto()?;
    crypto.get_random_values_with_u8_array(&mut bytes)?;
    Ok(bytes)
}
