//! Small pieces of the browser: clock, sleep, random bytes, hex.

use faceid_protocol::Millis;
use js_sys::{Array, Promise};
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

/// Waits for `promise`, but not longer than that.
pub(crate) async fn at_most(ms: u32, promise: Promise) {
    drop(JsFuture::from(Promise::race(&Array::of2(&promise, &slept(ms)))).await);
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
