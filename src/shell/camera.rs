//! Opening and closing the camera, and what each refusal means.

use super::{
    choice::{Current, Listed},
    page,
};
use faceid_session::CameraFault;
use js_sys::{Array, Reflect};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlVideoElement, MediaStream, MediaStreamConstraints, MediaStreamTrack};

/// Longest wait for the list of cameras, ms.
const LIST_MS: u32 = 1000;
/// Longest wait for the first picture of a camera, ms.
const FIRST_PICTURE_MS: u32 = 4000;
/// `HTMLMediaElement.HAVE_CURRENT_DATA`.
const HAVE_PICTURE: u16 = 2;

/// What a `getUserMedia` rejection means, by `DOMException.name` (current and legacy names) or `TypeError`.
///
/// Sources: Media Capture and Streams §10 (current names), and the names that older Chrome, Firefox and WebKit used before it.
pub(crate) fn fault_of(name: &str) -> CameraFault {
    match name {
        // The person, the page's policy or the system said no. SecurityError: user media is switched off for this document.
        "NotAllowedError" | "SecurityError" | "PermissionDeniedError" | "PermissionDismissedError" | "InvalidStateError" => {
            CameraFault::Denied
        }
        "NotFoundError" | "DevicesNotFoundError" => CameraFault::NotFound,
        "NotReadableError" | "TrackStartError" | "SourceUnavailableError" | "AbortError" | "HardwareUnavailableError" => CameraFault::Busy,
        "OverconstrainedError" | "ConstraintNotSatisfiedError" => CameraFault::Overconstrained,
        // TypeError: no mediaDevices in an insecure page, or a constraint set the browser cannot read.
        "TypeError" | "NotSupportedError" => CameraFault::Unsupported,
        // A name no specification lists yet: the camera did not start, and nothing more is known.
        _ => CameraFault::Busy,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VideoConstraints<'a> {
    width: Range,
    height: Range,
    frame_rate: Range,
    #[serde(skip_serializing_if = "Option::is_none")]
    facing_mode: Option<Ideal<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<Exact<'a>>,
}

#[derive(Serialize)]
struct Range {
    ideal: u32,
    max: u32,
}

#[derive(Serialize)]
struct Ideal<T> {
    ideal: T,
}

#[derive(Serialize)]
struct Exact<'a> {
    exact: &'a str,
}

/// A running camera. Dropping it stops every track.
#[derive(Debug)]
pub(crate) struct Camera {
    stream: MediaStream,
    video: HtmlVideoElement,
    _ended: Closure<dyn FnMut()>,
}

impl Camera {
    /// Asks for this camera, or for any that faces the person.
    pub(crate) async fn open(
        video: &HtmlVideoElement,
        camera_id: Option<&str>,
        on_ended: impl FnMut() + 'static,
    ) -> Result<Self, CameraFault> {
        let stream = request(camera_id).await?;
        let ended: Closure<dyn FnMut()> = Closure::new(on_ended);
        let camera = Self { stream, video: video.clone(), _ended: ended };
        let Some(track) = camera.track() else { return Err(CameraFault::NotFound) };
        track.set_onended(Some(camera._ended.as_ref().unchecked_ref()));
        Ok(camera)
    }

    /// Puts the stream into the page's video; [`play`] starts it.
    pub(crate) fn show(&self) {
        self.video.set_muted(true);
        self.video.set_src_object(Some(&self.stream));
    }

    /// Label of the device, as the browser gives it; empty when it does not.
    pub(crate) fn label(&self) -> String {
        self.track().map(|t| t.label()).unwrap_or_default()
    }

    /// Its `deviceId`, where the browser tells.
    pub(crate) fn device_id(&self) -> Option<String> {
        self.setting("deviceId").filter(|id| !id.is_empty())
    }

    /// What is known of it for the choice among several.
    pub(crate) fn current(&self) -> Current {
        let faces_away = self.setting("facingMode").as_deref() == Some("environment");
        Current { id: self.device_id(), label: self.label(), faces_away }
    }

    fn setting(&self, name: &str) -> Option<String> {
        text_of(&self.track()?.get_settings(), name)
    }

    /// The camera's video track.
    pub(crate) fn track(&self) -> Option<MediaStreamTrack> {
        self.stream.get_video_tracks().get(0).dyn_into().ok()
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        for track in self.stream.get_tracks().iter() {
            if let Ok(track) = track.dyn_into::<MediaStreamTrack>() {
                track.set_onended(None);
                track.stop();
            }
        }
        // Another camera may be showing already.
        if self.video.src_object().as_ref() == Some(&self.stream) {
            self.video.set_src_object(None);
        }
    }
}

/// How playback started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Playback {
    /// There is a picture.
    Running,
    /// Autoplay policy or low-power mode: it needs a tap.
    Refused,
    /// Nothing came in [`FIRST_PICTURE_MS`].
    Silent,
}

/// Starts playback. Without a picture the browser's own promise stays open for ever.
pub(crate) async fn play(video: &HtmlVideoElement) -> Playback {
    let Ok(promise) = video.play() else { return Playback::Refused };
    match page::at_most(FIRST_PICTURE_MS, promise).await {
        Err(_) => Playback::Refused,
        Ok(_) if video.ready_state() >= HAVE_PICTURE => Playback::Running,
        Ok(_) => Playback::Silent,
    }
}

async fn request(camera_id: Option<&str>) -> Result<MediaStream, CameraFault> {
    let window = web_sys::window().ok_or(CameraFault::Unsupported)?;
    // `media_devices()` hands out `undefined` unchecked in insecure pages, so look before calling.
    let devices = window.navigator().media_devices().map_err(|_| CameraFault::Unsupported)?;
    if devices.is_undefined() || devices.is_null() {
        return Err(CameraFault::Unsupported);
    }
    let video = VideoConstraints {
        width: Range { ideal: 1280, max: 1920 },
        height: Range { ideal: 720, max: 1920 },
        frame_rate: Range { ideal: 30, max: 60 },
        facing_mode: camera_id.is_none().then_some(Ideal { ideal: "user" }),
        device_id: camera_id.map(|exact| Exact { exact }),
    };
    let video = serde_wasm_bindgen::to_value(&video).map_err(|_| CameraFault::Unsupported)?;
    let constraints = MediaStreamConstraints::new();
    constraints.set_audio(&JsValue::FALSE);
    constraints.set_video(&video);
    let promise = devices.get_user_media_with_constraints(&constraints).map_err(|e| fault_of(&name_of(&e)))?;
    let stream = JsFuture::from(promise).await.map_err(|e| fault_of(&name_of(&e)))?;
    stream.dyn_into().map_err(|_| CameraFault::Unsupported)
}

/// The cameras that the browser names; none before permission, and none when it does not answer (some wait until the page has the focus).
pub(crate) async fn list() -> Vec<Listed> {
    let asked = web_sys::window().and_then(|window| window.navigator().media_devices().ok()).filter(|devices| devices.is_object());
    let Some(promise) = asked.and_then(|devices| devices.enumerate_devices().ok()) else { return Vec::new() };
    let Some(devices) = page::at_most(LIST_MS, promise).await.ok().and_then(|list| list.dyn_into::<Array>().ok()) else {
        return Vec::new();
    };
    devices
        .iter()
        .filter(|device| text_of(device, "kind").as_deref() == Some("videoinput"))
        .filter_map(|device| {
            Some(Listed { id: text_of(&device, "deviceId").filter(|id| !id.is_empty())?, label: text_of(&device, "label")? })
        })
        .collect()
}

/// `error.name`, empty when the value is no error.
fn name_of(error: &JsValue) -> String {
    text_of(error, "name").unwrap_or_default()
}

fn text_of(object: &JsValue, name: &str) -> Option<String> {
    Reflect::get(object, &name.into()).ok()?.as_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_has_its_fault() {
        let table = [
            ("NotAllowedError", CameraFault::Denied),
            ("SecurityError", CameraFault::Denied),
            ("PermissionDeniedError", CameraFault::Denied),
            ("PermissionDismissedError", CameraFault::Denied),
            ("InvalidStateError", CameraFault::Denied),
            ("NotFoundError", CameraFault::NotFound),
            ("DevicesNotFoundError", CameraFault::NotFound),
            ("NotReadableError", CameraFault::Busy),
            ("TrackStartError", CameraFault::Busy),
            ("SourceUnavailableError", CameraFault::Busy),
            ("HardwareUnavailableError", CameraFault::Busy),
            ("AbortError", CameraFault::Busy),
            ("OverconstrainedError", CameraFault::Overconstrained),
            ("ConstraintNotSatisfiedError", CameraFault::Overconstrained),
            ("TypeError", CameraFault::Unsupported),
            ("NotSupportedError", CameraFault::Unsupported),
            ("SomethingNew", CameraFault::Busy),
            ("", CameraFault::Busy),
        ];
        for (name, fault) in table {
            assert_eq!(fault_of(name), fault, "{name}");
        }
    }
}
