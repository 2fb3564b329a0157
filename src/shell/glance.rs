//! A small copy of the camera's picture, for judging the picture as a whole.

use super::frames::new_canvas;
use faceid_vision::PictureStats;
use std::cell::RefCell;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, HtmlVideoElement};

/// Side of each half, px: the whole picture, and beside it a piece of its middle as it is.
const SIDE: u32 = 64;

/// Takes the copies; one canvas for all.
#[derive(Debug, Default)]
pub(crate) struct Glance {
    canvas: RefCell<Option<(HtmlCanvasElement, CanvasRenderingContext2d)>>,
}

impl Glance {
    /// Lets the canvas go.
    pub(crate) fn forget(&self) {
        self.canvas.replace(None);
    }

    /// The picture now; `None` while there is none, or where the browser gives no pixels.
    pub(crate) fn take(&self, video: &HtmlVideoElement) -> Option<PictureStats> {
        let (width, height) = (video.video_width(), video.video_height());
        if width == 0 || height == 0 {
            return None;
        }
        let mut slot = self.canvas.borrow_mut();
        if slot.is_none() {
            let (canvas, context) = new_canvas()?;
            canvas.set_width(2 * SIDE);
            canvas.set_height(SIDE);
            *slot = Some((canvas, context));
        }
        let (_, context) = slot.as_ref()?;
        let side = f64::from(SIDE);
        context.draw_image_with_html_video_element_and_dw_and_dh(video, 0.0, 0.0, side, side).ok()?;
        let (piece_w, piece_h) = (width.min(SIDE), height.min(SIDE));
        let (left, top) = (f64::from(width - piece_w) / 2.0, f64::from(height - piece_h) / 2.0);
        context
            .draw_image_with_html_video_element_and_sw_and_sh_and_dx_and_dy_and_dw_and_dh(
                video,
                left.floor(),
                top.floor(),
                f64::from(piece_w),
                f64::from(piece_h),
                side,
                0.0,
                side,
                side,
            )
            .ok()?;
        PictureStats::of(&context.get_image_data(0.0, 0.0, 2.0 * side, side).ok()?.data())
    }
}
