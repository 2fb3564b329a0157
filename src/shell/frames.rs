//! Camera frames: when one is new, when it was taken, and its pixels in a form that can move to the worker.

use super::page;
use faceid_protocol::Millis;
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};
use wasm_bindgen::{Clamped, JsCast, JsValue, closure::Closure, prelude::*};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlVideoElement, ImageBitmap, ImageData};

/// Without `requestVideoFrameCallback` the picture is looked at this often, ms (also works where no animation frames are drawn).
const POLL_MS: i32 = 16;

// Not in stable web-sys.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = HtmlVideoElement)]
    type FrameVideo;
    #[wasm_bindgen(method, js_name = requestVideoFrameCallback)]
    fn request_video_frame_callback(this: &FrameVideo, callback: &js_sys::Function) -> u32;
    #[wasm_bindgen(method, js_name = cancelVideoFrameCallback)]
    fn cancel_video_frame_callback(this: &FrameVideo, id: u32);

    /// Second argument of the callback; DOM times in ms on the page's clock.
    type FrameMetadata;
    #[wasm_bindgen(method, getter, js_name = captureTime)]
    fn capture_time(this: &FrameMetadata) -> Option<f64>;
    #[wasm_bindgen(method, getter, js_name = presentationTime)]
    fn presentation_time(this: &FrameMetadata) -> Option<f64>;

    /// The camera's own memory: nothing is copied or converted when one is taken.
    #[derive(Debug)]
    #[wasm_bindgen(js_name = VideoFrame)]
    pub(crate) type CameraFrame;
    #[wasm_bindgen(constructor, catch, js_class = "VideoFrame")]
    fn of_video(video: &HtmlVideoElement) -> Result<CameraFrame, JsValue>;
    #[wasm_bindgen(method, getter, js_class = "VideoFrame", js_name = displayWidth)]
    fn display_width(this: &CameraFrame) -> u32;
    #[wasm_bindgen(method, getter, js_class = "VideoFrame", js_name = displayHeight)]
    fn display_height(this: &CameraFrame) -> u32;
    #[wasm_bindgen(method, js_class = "VideoFrame")]
    fn close(this: &CameraFrame);
}

/// Calls back once per new camera frame until dropped.
pub(crate) struct FramePump {
    inner: Rc<Inner>,
}

struct Inner {
    video: HtmlVideoElement,
    on_frame: Box<dyn Fn(Millis)>,
    last: Cell<Option<Millis>>,
    last_media_time: Cell<f64>,
    clock: Clock,
}

type VideoCallback = Closure<dyn FnMut(f64, FrameMetadata)>;

enum Clock {
    /// One callback per composed video frame.
    Video { request: Cell<u32>, callback: RefCell<Option<VideoCallback>> },
    /// Looks at `currentTime`.
    Timer { id: Cell<i32>, callback: RefCell<Option<Closure<dyn FnMut()>>> },
}

impl FramePump {
    /// Starts. `on_frame` gets the capture time, strictly increasing.
    pub(crate) fn start(video: &HtmlVideoElement, on_frame: impl Fn(Millis) + 'static) -> Self {
        let by_video = js_sys::Reflect::has(video, &"requestVideoFrameCallback".into()).unwrap_or(false);
        let clock = if by_video {
            Clock::Video { request: Cell::new(0), callback: RefCell::new(None) }
        } else {
            Clock::Timer { id: Cell::new(0), callback: RefCell::new(None) }
        };
        let inner = Rc::new(Inner {
            video: video.clone(),
            on_frame: Box::new(on_frame),
            last: Cell::new(None),
            last_media_time: Cell::new(-1.0),
            clock,
        });
        match &inner.clock {
            Clock::Video { callback, .. } => {
                let weak = Rc::downgrade(&inner);
                callback.replace(Some(Closure::new(move |now: f64, metadata: FrameMetadata| video_frame(&weak, now, &metadata))));
                inner.arm();
            }
            Clock::Timer { id, callback } => {
                let weak = Rc::downgrade(&inner);
                let closure: Closure<dyn FnMut()> = Closure::new(move || timer_tick(&weak));
                if let Some(window) = web_sys::window() {
                    let handle = window.set_interval_with_callback_and_timeout_and_arguments_0(closure.as_ref().unchecked_ref(), POLL_MS);
                    id.set(handle.unwrap_or(0));
                }
                callback.replace(Some(closure));
            }
        }
        Self { inner }
    }
}

fn video_frame(weak: &Weak<Inner>, now: f64, metadata: &FrameMetadata) {
    let Some(inner) = weak.upgrade() else { return };
    // Capture time is the truth where the browser knows it; otherwise when the frame was handed to the compositor.
    let t = metadata.capture_time().or_else(|| metadata.presentation_time()).unwrap_or(now);
    inner.arm();
    inner.deliver(page::millis(t));
}

fn timer_tick(weak: &Weak<Inner>) {
    let Some(inner) = weak.upgrade() else { return };
    let media_time = inner.video.current_time();
    if media_time != inner.last_media_time.replace(media_time) {
        inner.deliver(page::now());
    }
}

impl Inner {
    fn arm(&self) {
        match &self.clock {
            Clock::Video { request, callback } => {
                if let Some(callback) = callback.borrow().as_ref() {
                    let video: &FrameVideo = self.video.unchecked_ref();
                    request.set(video.request_video_frame_callback(callback.as_ref().unchecked_ref()));
                }
            }
            Clock::Timer { .. } => {}
        }
    }

    /// Passes the frame on; capture clocks step back now and then, so times are made to increase.
    fn deliver(&self, t: Millis) {
        let t = self.last.get().map_or(t, |last| t.max(last.plus(Millis(1))));
        self.last.set(Some(t));
        (self.on_frame)(t);
    }
}

impl Drop for FramePump {
    fn drop(&mut self) {
        match &self.inner.clock {
            Clock::Video { request, .. } => {
                let video: &FrameVideo = self.inner.video.unchecked_ref();
                video.cancel_video_frame_callback(request.get());
            }
            Clock::Timer { id, .. } => {
                if let Some(window) = web_sys::window() {
                    window.clear_interval_with_handle(id.get());
                }
            }
        }
    }
}

/// Pixels on their way to the worker.
#[derive(Debug)]
pub(crate) enum Pixels {
    /// Full-size picture as the camera gave it, drawn and read by the worker.
    Frame(CameraFrame),
    /// The same as a copy, where the browser hands out no camera frames.
    Bitmap(ImageBitmap),
    /// Full-size pixels read here, for browsers whose workers cannot draw.
    Data(ImageData),
}

impl Drop for Pixels {
    /// Both pictures hold memory outside the garbage collector's sight. One that has moved to the worker is an empty shell here; closing it is
    /// harmless.
    fn drop(&mut self) {
        match self {
            Self::Frame(frame) => frame.close(),
            Self::Bitmap(bitmap) => bitmap.close(),
            Self::Data(_) => {}
        }
    }
}

/// What the worker can do with a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drawing {
    /// Draw the camera's own frames, and bitmaps.
    Frames,
    /// Draw bitmaps.
    Bitmaps,
    /// Only take pixels.
    None,
}

/// Takes the pictures.
#[derive(Debug, Default)]
pub(crate) struct Grabber {
    canvas: RefCell<Option<(HtmlCanvasElement, CanvasRenderingContext2d)>>,
}

impl Grabber {
    /// The current picture of the video; `None` when there is none yet or the browser refuses (the next frame tries again).
    pub(crate) async fn grab(&self, video: &HtmlVideoElement, drawing: Drawing) -> Option<Pixels> {
        if video.video_width() == 0 || video.video_height() == 0 {
            return None;
        }
        let frame = (drawing == Drawing::Frames).then(|| camera_frame(video)).flatten();
        if frame.is_some() {
            return frame.map(Pixels::Frame);
        }
        if drawing != Drawing::None {
            let promise = web_sys::window()?.create_image_bitmap_with_html_video_element(video).ok()?;
            return JsFuture::from(promise).await.ok()?.dyn_into().ok().map(Pixels::Bitmap);
        }
        self.read(video).map(Pixels::Data)
    }

    fn read(&self, video: &HtmlVideoElement) -> Option<ImageData> {
        let (width, height) = (video.video_width(), video.video_height());
        let mut slot = self.canvas.borrow_mut();
        if slot.is_none() {
            *slot = new_canvas();
        }
        let (canvas, context) = slot.as_ref()?;
        if (canvas.width(), canvas.height()) != (width, height) {
            canvas.set_width(width);
            canvas.set_height(height);
        }
        context.draw_image_with_html_video_element(video, 0.0, 0.0).ok()?;
        context.get_image_data(0.0, 0.0, f64::from(width), f64::from(height)).ok()
    }
}

/// The video's current frame; `None` where the browser refuses, or shows the video in another size: a frame that is still to be turned.
fn camera_frame(video: &HtmlVideoElement) -> Option<CameraFrame> {
    let frame = CameraFrame::of_video(video).ok()?;
    let upright = (frame.display_width(), frame.display_height()) == (video.video_width(), video.video_height());
    if !upright {
        frame.close();
    }
    upright.then_some(frame)
}

/// A canvas whose pixels are read.
pub(crate) fn new_canvas() -> Option<(HtmlCanvasElement, CanvasRenderingContext2d)> {
    let canvas: HtmlCanvasElement = web_sys::window()?.document()?.create_element("canvas").ok()?.dyn_into().ok()?;
    let options = js_sys::Object::new();
    js_sys::Reflect::set(&options, &"willReadFrequently".into(), &JsValue::TRUE).ok()?;
    let context = canvas.get_context_with_context_options("2d", &options).ok()??.dyn_into().ok()?;
    Some((canvas, context))
}

/// The pixels of picture data.
pub(crate) fn rgba(data: &ImageData) -> Clamped<Vec<u8>> {
    data.data()
}
