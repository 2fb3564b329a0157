//! Opening and closing the camera, and what each refusal means.

use faceid_session::CameraFault;
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{HtmlVideoElement, MediaStream, MediaStreamConstraints, MediaStreamTrack};

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
    /// Asks for the camera. A named camera that is gone or does not fit falls back to any front camera.
    pub(crate) async fn open(
        video: &HtmlVideoElement,
        camera_id: Option<&str>,
        on_ended: impl FnMut() + 'static,
    ) -> Result<Self, CameraFault> {
        let stream = match request(camera_id).await {
            Err(CameraFault::Overconstrained | CameraFault::NotFound) if camera_id.is_some() => request(None).await?,
            other => other?,
        };
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
        self.video.set_src_object(None);
    }
}

/// Starts playback; false when refused (autoplay policy, low-power mode).
pub(crate) async fn play(video: &HtmlVideoElement) -> bool {
    match video.play() {
        Ok(promise) => JsFuture::from(promise).await.is_ok(),
        Err(_) => false,
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

/// `error.name`, empty when the value is no error.
fn name_of(error: &JsValue) -> String {
    js_sys::Reflect::get(error, &"name".into()).ok().and_then(|n| n.as_string()).unwrap_or_default()
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
