//! How the camera's stream came to the page, as the browser tells it. Reported, never judged here; whoever owns the browser can fake all of it.

use super::camera;
use faceid_protocol::wire::Capture;
use js_sys::{Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, MediaDevices, MediaStreamTrack, Window};

/// Reads everything once, after the first frame. What cannot be read stays absent.
pub(crate) async fn read(track: Option<MediaStreamTrack>) -> Capture {
    let Some(window) = web_sys::window() else { return Capture::default() };
    let devices = window.navigator().media_devices().ok().filter(|devices| devices.is_object());
    let settings = track.as_ref().map(|track| JsValue::from(track.get_settings()));
    let setting = |name: &str| settings.as_ref().and_then(|settings| get(settings, name));
    let number = |name: &str| setting(name).and_then(|value| value.as_f64());
    let device = setting("deviceId").and_then(|value| value.as_string());
    Capture {
        label: track.as_ref().map(MediaStreamTrack::label).filter(|label| !label.is_empty()),
        track_class: track.as_ref().and_then(|track| get(&get(track, "constructor")?, "name")?.as_string()),
        has_capabilities: track.as_ref().and_then(capabilities),
        settings_size: number("width").zip(number("height")).map(|(width, height)| [width as u32, height as u32]),
        settings_rate: number("frameRate").map(|rate| rate as f32),
        get_user_media_native: devices.as_ref().and_then(|devices| is_native(&window, devices)),
        automated: get(&window.navigator(), "webdriver").and_then(|value| value.as_bool()),
        device_listed: match device {
            Some(device) => is_listed(&device).await,
            None => None,
        },
    }
}

fn get(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
}

/// Cameras have capabilities, drawn streams have none; `None` where the browser does not know the question.
fn capabilities(track: &MediaStreamTrack) -> Option<bool> {
    let ask: Function = get(track, "getCapabilities")?.dyn_into().ok()?;
    let found = ask.call0(track).ok()?;
    Some(found.is_object() && Object::keys(found.unchecked_ref::<Object>()).length() > 0)
}

/// Is the stream's device among those that the browser lists? `None` where it lists nothing, or not in time.
async fn is_listed(device: &str) -> Option<bool> {
    let cameras = camera::list().await;
    (!cameras.is_empty()).then(|| cameras.iter().any(|listed| listed.id == device))
}

/// Asks a realm that page scripts have not touched whether `getUserMedia` is the browser's own, because a page that replaced it can also replace
/// the function that would tell.
fn is_native(window: &Window, devices: &MediaDevices) -> Option<bool> {
    let own = Object::has_own(devices.unchecked_ref::<Object>(), &"getUserMedia".into());
    let function = get(devices, "getUserMedia")?;
    let document = window.document()?;
    let frame = fresh_realm(&document)?;
    let answer = (|| {
        let to_string = get(&get(&get(&get(&frame, "contentWindow")?, "Function")?, "prototype")?, "toString")?;
        to_string.dyn_into::<Function>().ok()?.call0(&function).ok()?.as_string()
    })();
    frame.remove();
    Some(!own && answer?.contains("[native code]"))
}

/// A frame without an address: it loads nothing, so no content policy speaks against it.
fn fresh_realm(document: &Document) -> Option<Element> {
    let frame = document.create_element("iframe").ok()?;
    frame.set_attribute("hidden", "").ok()?;
    frame.set_attribute("aria-hidden", "true").ok()?;
    document.document_element()?.append_child(&frame).ok()?;
    Some(frame)
}
