//! What one frame tells. Everything that may be unmeasurable is an `Option`: absent is never zero.

use serde::{Deserialize, Serialize};

/// A point in frame pixels: x to the right, y down, origin at the top-left corner of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Point2 {
    /// px, rightwards
    pub x: f32,
    /// px, downwards
    pub y: f32,
}

/// A landmark: x and y in frame pixels, z in the same scale, smaller = nearer to the camera, zero near the head's centre of mass.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Point3 {
    /// px, rightwards
    pub x: f32,
    /// px, downwards
    pub y: f32,
    /// same scale as x, away from the camera
    pub z: f32,
}

/// Axis-aligned box in frame pixels; may reach over the frame's edge.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct BoundingBox {
    /// left edge, px
    pub x: f32,
    /// top edge, px
    pub y: f32,
    /// px
    pub width: f32,
    /// px
    pub height: f32,
}

/// Head rotation in degrees. Zero = facing the camera with eyes level.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Pose {
    /// positive = the subject turns to their own left (towards the right of an unmirrored picture)
    pub yaw: f32,
    /// positive = chin up
    pub pitch: f32,
    /// positive = head tilts clockwise in the picture
    pub roll: f32,
}

/// Openness of each eye, corrected for pitch: 0 = shut, about 1 = the usual open eye of an average adult. Not clamped above.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct EyeOpenness {
    /// Subject's left eye (landmark 263 side); `None` when hidden or turned away.
    pub left: Option<f32>,
    /// Subject's right eye (landmark 33 side).
    pub right: Option<f32>,
}

/// Picture quality, judged on the face region unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Quality {
    /// Mean luma of the face, 0..1 (Rec. 601 weights on gamma-coded values).
    pub luma: Option<f32>,
    /// Standard deviation of luma on the face, 0..1.
    pub contrast: Option<f32>,
    /// Share of face pixels with luma > 0.97, 0..1.
    pub over_exposed: Option<f32>,
    /// Share of face pixels with luma < 0.06, 0..1.
    pub under_exposed: Option<f32>,
    /// Mean luma of the surroundings minus mean luma of the face, -1..1; large positive = back-lit.
    pub back_light: Option<f32>,
    /// Variance of the Laplacian of luma 0..255 (Pech-Pacheco et al., ICPR 2000) on the face, in a crop of 128 px for two face sides, scaled to a
    /// face of mean luma 0.5: larger = sharper, 0 = flat.
    pub sharpness: Option<f32>,
    /// Face height / frame's shorter side.
    pub face_ratio: Option<f32>,
    /// Distance of the face centre from the frame centre / frame's shorter side.
    pub centre_offset: Option<f32>,
    /// Both eye regions look like eyes (not covered, not lost in glare): 0..1. `None` when they are too small to tell.
    pub eyes_visible: Option<f32>,
    /// The mouth looks like a mouth (not covered by a hand, mask or cup): 0..1. `None` when the face is too small to tell.
    pub mouth_visible: Option<f32>,
}

/// One measured face.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// Box around the landmarks.
    pub bounds: BoundingBox,
    /// Probability that the tracked region holds a face, 0..1 (landmark network's presence output).
    pub presence: f32,
    /// 468 points in frame pixels, MediaPipe face-mesh order.
    pub landmarks: Vec<Point3>,
    /// `None` when the fit is too poor to be a pose.
    pub pose: Option<Pose>,
    /// Eye openness.
    pub eyes: EyeOpenness,
    /// Inner-lip gap / distance between the outer eye corners corrected for yaw, 0 = shut; `None` when the mouth is not seen.
    pub mouth: Option<f32>,
    /// Quality.
    pub quality: Quality,
}

/// What one frame shows.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Observation {
    /// Number of distinct faces when the detector ran: its finds, plus the followed face if it missed that one. `None` when it did not run
    /// on this frame (the face was tracked).
    pub faces_detected: Option<u32>,
    /// The tracked or largest face; `None` = no face.
    pub face: Option<Face>,
    /// True when this frame's face was found anew, not followed from the frame before.
    pub reacquired: bool,
    /// Frame size, px: width, height.
    pub frame_size: [u32; 2],
}
