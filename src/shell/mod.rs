//! The main-thread binary: one [`Attempt`] per biz_token.

mod camera;
mod capture;
mod choice;
mod client;
mod config;
mod crypto;
mod driver;
mod error;
mod events;
mod frames;
mod glance;
mod http;
mod lane;
mod page;
mod port;
mod telemetry;
mod ticker;

use config::Config;
use driver::Driver;
use faceid_session::Input;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlVideoElement, Worker};

/// Semantic version of the module.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Build label: set by the build script of the release, `dev` otherwise.
pub(crate) const BUILD: &str = match option_env!("FACEID_BUILD") {
    Some(build) => build,
    None => "dev",
};

/// Runs when the module is instantiated: a panic is logged and tells the page, which stops the camera and ends the session.
#[wasm_bindgen(start)]
pub(crate) fn on_load() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        error::report_panic(&info.to_string());
    }));
}

/// Version of the module.
#[wasm_bindgen(js_name = sdkVersion)]
#[must_use]
pub fn sdk_version() -> String {
    VERSION.into()
}

/// Build label of the module.
#[wasm_bindgen(js_name = sdkBuildInfo)]
#[must_use]
pub fn sdk_build_info() -> String {
    format!("{} {VERSION} ({BUILD})", env!("CARGO_PKG_NAME"))
}

/// `{blame, retryable}` of an SDK row, for texts and hosts; unknown rows count as the server's and final.
#[wasm_bindgen(js_name = rowFacts)]
#[must_use]
pub fn row_facts(code: u32, message: &str) -> JsValue {
    error::row_facts(code, message)
}

/// One liveness attempt with one biz_token. It always ends with exactly one `closed` event, and then the camera is off.
#[wasm_bindgen]
pub struct Attempt {
    driver: Rc<Driver>,
}

impl core::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Attempt({})", self.driver.state())
    }
}

#[wasm_bindgen]
impl Attempt {
    /// `config`: see `AttemptConfig` in the package's declarations. `video` shows the preview, `worker` runs the engine,
    /// `on_event` is called with one plain object per event.
    ///
    /// # Errors
    /// `LivenessError` 56000 ILLEGAL_PARAMETER.
    #[wasm_bindgen(constructor)]
    pub fn new(config: JsValue, video: HtmlVideoElement, worker: Worker, on_event: js_sys::Function) -> Result<Self, JsValue> {
        Ok(Self { driver: Driver::new(Config::read(config)?, video, worker, on_event) })
    }

    /// Starts loading the models in the worker. `start` does it too.
    #[wasm_bindgen(js_name = loadEngine)]
    pub fn load_engine(&self) {
        self.driver.load_engine();
    }

    /// Redeems the token at the cloud.
    ///
    /// # Errors
    /// `LivenessError` with the cloud's row, or NETWORK_ERROR.
    pub async fn init(&self) -> Result<(), JsValue> {
        Rc::clone(&self.driver).init().await
    }

    /// Opens the camera and runs to the end; progress comes as events.
    ///
    /// # Errors
    /// `LivenessError` 56000 ILLEGAL_PARAMETER before a successful `init` or when called twice.
    pub fn start(&self) -> Result<(), JsValue> {
        self.driver.start()
    }

    /// Continues after a `needs-tap` event; call it from the tap.
    pub async fn resume(&self) {
        Rc::clone(&self.driver).resume().await;
    }

    /// Takes another camera, by its `deviceId` from the `cameras` event; false when it is too late for that.
    #[wasm_bindgen(js_name = useCamera)]
    pub fn use_camera(&self, id: String) -> bool {
        self.driver.use_camera(id)
    }

    /// The page was hidden or shown.
    #[wasm_bindgen(js_name = setHidden)]
    pub fn set_hidden(&self, hidden: bool) {
        self.driver.feed(Input::Visibility { hidden });
    }

    /// The person gives up. Harmless after the end.
    pub fn cancel(&self) {
        self.driver.feed(Input::Cancel);
    }

    /// URL prefixes that the page may send the person to, as the cloud's authenticated reply to init named them; empty before it and without any.
    #[wasm_bindgen(getter, js_name = returnPrefixes)]
    #[must_use]
    pub fn return_prefixes(&self) -> Vec<String> {
        self.driver.return_prefixes()
    }

    /// Name of the current state.
    #[wasm_bindgen(getter)]
    #[must_use]
    pub fn state(&self) -> String {
        self.driver.state().into()
    }
}
