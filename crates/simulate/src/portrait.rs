//! A photograph with its landmarks, and the file that carries both.

use faceid_vision::{Frame, Point3};
use image::{ExtendedColorType, ImageEncoder, ImageReader, Limits, RgbImage, codecs::png::PngEncoder, imageops};
use serde::{Deserialize, Serialize};
use std::io::Cursor;
use thiserror::Error;

/// Points of a face, MediaPipe face-mesh order.
pub const LANDMARKS: usize = 468;

/// First bytes of a portrait file; the digit is the format's version.
const MAGIC: &[u8; 8] = b"FSIMPOR1";
/// Longest side of a stored picture, px: bounds decoding.
const MAX_SIDE: u32 = 2048;
/// Height of the face in a prepared picture, px: what a 640x480 camera shows at half of its height.
const FACE_HEIGHT: f32 = 240.0;
/// Height of a prepared picture / height of the face, where the photograph reaches that far. Room for other views than the default.
const SURROUNDINGS: f32 = 2.8;

/// A photograph of one person with the landmarks found on it.
#[derive(Clone)]
pub struct Portrait {
    pub(crate) picture: RgbImage,
    pub(crate) landmarks: Vec<[f32; 3]>,
}

impl core::fmt::Debug for Portrait {
    /// Size only: pixels of a face are personal data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Portrait({}x{})", self.picture.width(), self.picture.height())
    }
}

/// Why something is not a portrait.
#[derive(Debug, Error)]
pub enum PortraitError {
    /// Not a portrait file, or cut short.
    #[error("not a portrait file")]
    Format,
    /// Its description does not parse.
    #[error("portrait description: {0}")]
    Description(#[from] serde_json::Error),
    /// Its picture does not decode or encode.
    #[error("portrait picture: {0}")]
    Picture(#[from] image::ImageError),
    /// Not 468 points, or one of them is not a number.
    #[error("expected {LANDMARKS} finite landmarks, got {0}")]
    Landmarks(usize),
    /// The face is smaller than 40 px or does not lie inside the picture.
    #[error("the face is too small or reaches over the picture's edge")]
    Placement,
}

/// The JSON part of a portrait file.
#[derive(Serialize, Deserialize)]
struct Description {
    landmarks: Vec<[f32; 3]>,
}

impl Portrait {
    /// Cuts the surroundings of a face out of a photograph (4:3, as much as the photograph holds up to 2.8 face heights) and brings
    /// the face to 240 px height.
    ///
    /// # Errors
    /// [`PortraitError::Landmarks`] for anything but 468 finite points, [`PortraitError::Placement`] for a face under 40 px or over
    /// the edge.
    pub fn prepare(photo: &Frame, landmarks: &[Point3]) -> Result<Self, PortraitError> {
        let points: Vec<[f32; 3]> = landmarks.iter().map(|p| [p.x, p.y, p.z]).collect();
        let (low, high) = bounds(&points).ok_or(PortraitError::Landmarks(points.len()))?;
        let (width, height) = (photo.width() as f32, photo.height() as f32);
        let face = high[1] - low[1];
        if face < 40.0 || low[0] < 0.0 || low[1] < 0.0 || high[0] > width || high[1] > height {
            return Err(PortraitError::Placement);
        }
        let crop_h = (face * SURROUNDINGS).min(height).min(width * 0.75);
        let crop_w = crop_h * 4.0 / 3.0;
        let left = ((low[0] + high[0]) / 2.0 - crop_w / 2.0).clamp(0.0, width - crop_w).floor();
        let top = ((low[1] + high[1]) / 2.0 - crop_h / 2.0).clamp(0.0, height - crop_h).floor();
        let scale = FACE_HEIGHT / face;
        let source = RgbImage::from_raw(photo.width(), photo.height(), photo.rgb().to_vec()).ok_or(PortraitError::Placement)?;
        let crop = imageops::crop_imm(&source, left as u32, top as u32, crop_w as u32, crop_h as u32).to_image();
        // The scale is rounded to whole pixels once, and the landmarks follow the rounded one.
        let (out_w, out_h) = ((crop.width() as f32 * scale).round(), (crop.height() as f32 * scale).round());
        let picture = imageops::resize(&crop, out_w as u32, out_h as u32, imageops::FilterType::Lanczos3);
        let (sx, sy) = (out_w / crop.width() as f32, out_h / crop.height() as f32);
        let landmarks = points.iter().map(|p| [(p[0] - left) * sx, (p[1] - top) * sy, p[2] * sx]).collect();
        Ok(Self { picture, landmarks })
    }

    /// The file: magic, u32 little-endian length of the JSON, JSON, PNG.
    ///
    /// # Errors
    /// [`PortraitError::Picture`] or [`PortraitError::Description`] when encoding fails.
    pub fn encode(&self) -> Result<Vec<u8>, PortraitError> {
        let json = serde_json::to_vec(&Description { landmarks: self.landmarks.clone() })?;
        let length = u32::try_from(json.len()).map_err(|_| PortraitError::Format)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&json);
        let (w, h) = self.picture.dimensions();
        PngEncoder::new(&mut bytes).write_image(self.picture.as_raw(), w, h, ExtendedColorType::Rgb8)?;
        Ok(bytes)
    }

    /// Reads what [`Portrait::encode`] wrote.
    ///
    /// # Errors
    /// One per part of the file; see [`PortraitError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, PortraitError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(PortraitError::Format)?;
        let (length, rest) = rest.split_first_chunk::<4>().ok_or(PortraitError::Format)?;
        let (json, png) = rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or(PortraitError::Format)?;
        let Description { landmarks } = serde_json::from_slice(json)?;
        let (low, high) = bounds(&landmarks).ok_or(PortraitError::Landmarks(landmarks.len()))?;
        let mut reader = ImageReader::with_format(Cursor::new(png), image::ImageFormat::Png);
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_SIDE);
        limits.max_image_height = Some(MAX_SIDE);
        reader.limits(limits);
        let picture = reader.decode()?.into_rgb8();
        let inside = low[0] >= 0.0 && low[1] >= 0.0 && high[0] <= picture.width() as f32 && high[1] <= picture.height() as f32;
        if !inside || high[1] - low[1] < 40.0 {
            return Err(PortraitError::Placement);
        }
        Ok(Self { picture, landmarks })
    }

    /// Size of the stored picture, px: width, height.
    #[must_use]
    pub fn size(&self) -> [u32; 2] {
        [self.picture.width(), self.picture.height()]
    }
}

/// Smallest and largest x and y; `None` unless there are 468 finite points.
pub(crate) fn bounds(points: &[[f32; 3]]) -> Option<([f32; 2], [f32; 2])> {
    if points.len() != LANDMARKS || points.iter().flatten().any(|v| !v.is_finite()) {
        return None;
    }
    let mut low = [f32::INFINITY; 2];
    let mut high = [f32::NEG_INFINITY; 2];
    for p in points {
        for axis in 0..2 {
            low[axis] = low[axis].min(p[axis]);
            high[axis] = high[axis].max(p[axis]);
        }
    }
    Some((low, high))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A made-up face: 468 points on an ellipsoid cap, so that geometry can be tested without models.
    pub(crate) fn cap(width: u32, height: u32) -> Vec<Point3> {
        let (cx, cy, r) = (width as f32 / 2.0, height as f32 / 2.0, height as f32 / 5.0);
        (0..LANDMARKS)
            .map(|i| {
                let turn = i as f32 * 2.399_963;
                let radius = ((i as f32 + 0.5) / LANDMARKS as f32).sqrt();
                let z = -(1.0 - radius * radius * 0.99).sqrt() * r;
                Point3 { x: cx + r * 0.8 * radius * turn.cos(), y: cy + r * radius * turn.sin(), z }
            })
            .collect()
    }

    /// Grey gradient with the cap's landmarks.
    pub(crate) fn grey() -> Portrait {
        let rgb =
            (0..480_usize).flat_map(|y| (0..640_usize).flat_map(move |x| [(x / 4) as u8, (y / 3) as u8, ((x + y) / 8) as u8])).collect();
        let frame = Frame::from_rgb(640, 480, rgb).expect("size matches");
        Portrait::prepare(&frame, &cap(640, 480)).expect("face inside")
    }

    #[test]
    fn preparing_scales_the_face() {
        let portrait = grey();
        let (low, high) = bounds(&portrait.landmarks).expect("468");
        assert!((high[1] - low[1] - FACE_HEIGHT).abs() < 2.0, "face height {}", high[1] - low[1]);
        let [w, h] = portrait.size();
        assert!((w as f32 / h as f32 - 4.0 / 3.0).abs() < 0.02, "{w}x{h}");
    }

    #[test]
    fn file_round_trips() {
        let portrait = grey();
        let bytes = portrait.encode().expect("encodes");
        let back = Portrait::decode(&bytes).expect("decodes");
        assert_eq!(back.picture, portrait.picture, "pixels");
        assert_eq!(back.landmarks, portrait.landmarks, "landmarks");
    }

    #[test]
    fn damaged_files_are_refused() {
        let bytes = grey().encode().expect("encodes");
        assert!(matches!(Portrait::decode(&bytes[1..]), Err(PortraitError::Format)), "magic");
        assert!(matches!(Portrait::decode(&bytes[..40]), Err(PortraitError::Format)), "cut in the description");
        assert!(matches!(Portrait::decode(&bytes[..bytes.len() - 60]), Err(PortraitError::Picture(_))), "cut in the picture");
        assert!(matches!(Portrait::decode(&[]), Err(PortraitError::Format)), "empty");
    }

    #[test]
    fn faces_out_of_place_are_refused() {
        let frame = Frame::from_rgb(640, 480, vec![90; 640 * 480 * 3]).expect("size matches");
        let mut points = cap(640, 480);
        points[0].x = -1.0;
        assert!(matches!(Portrait::prepare(&frame, &points), Err(PortraitError::Placement)), "over the edge");
        points[0].x = f32::NAN;
        assert!(matches!(Portrait::prepare(&frame, &points), Err(PortraitError::Landmarks(_))), "not a number");
        assert!(matches!(Portrait::prepare(&frame, &points[..400]), Err(PortraitError::Landmarks(400))), "too few");
    }
}
