//! Portraits and ID photos from one photograph.

use super::measure::face;
use anyhow::Context;
use faceid_simulate::Portrait;
use faceid_vision::{BoundingBox, Frame};
use image::{ExtendedColorType, ImageEncoder, RgbImage, codecs::jpeg::JpegEncoder, imageops};
use std::{fs, path::Path};

/// Writes the portrait of the face on `image`.
pub(crate) fn prepare(image: &Path, out: &Path, models: &Path) -> anyhow::Result<()> {
    let (frame, face) = face(image, models)?;
    let portrait = Portrait::prepare(&frame, &face.landmarks)?;
    fs::write(out, portrait.encode()?).with_context(|| out.display().to_string())?;
    let [width, height] = portrait.size();
    println!("{} {width}x{height}", out.display());
    Ok(())
}

/// Writes an ID photo of the face on `image`.
pub(crate) fn id_photo(image: &Path, out: &Path, models: &Path) -> anyhow::Result<()> {
    let (frame, face) = face(image, models)?;
    let bytes = id_photo_of(&frame, &face.bounds)?;
    fs::write(out, bytes).with_context(|| out.display().to_string())?;
    println!("{}", out.display());
    Ok(())
}

/// Height of the ID photo / height of the face, and its width / height: 3:4 as on a document, unlike the portrait's 4:3.
const CROP: (f32, f32) = (2.0, 0.75);
/// Scale of the pixels.
const SCALE: f32 = 0.6;
/// JPEG quality.
const QUALITY: u8 = 50;

fn id_photo_of(frame: &Frame, face: &BoundingBox) -> anyhow::Result<Vec<u8>> {
    let source = RgbImage::from_raw(frame.width(), frame.height(), frame.rgb().to_vec()).context("frame without pixels")?;
    let (width, height) = (frame.width() as f32, frame.height() as f32);
    let crop_h = (face.height * CROP.0).min(height).min(width / CROP.1);
    let crop_w = crop_h * CROP.1;
    // A document leaves more room above the face than below.
    let left = (face.x + face.width / 2.0 - crop_w * 0.49).clamp(0.0, width - crop_w);
    let top = (face.y + face.height / 2.0 - crop_h * 0.52).clamp(0.0, height - crop_h);
    let crop = imageops::crop_imm(&source, left as u32, top as u32, crop_w as u32, crop_h as u32).to_image();
    let (w, h) = ((crop_w * SCALE).round() as u32, (crop_h * SCALE).round() as u32);
    let grey = imageops::grayscale(&imageops::resize(&crop, w.max(1), h.max(1), imageops::FilterType::Triangle));
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).write_image(grey.as_raw(), grey.width(), grey.height(), ExtendedColorType::L8)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceid_vision::{DecodeLimits, decode};

    #[test]
    fn id_photo_is_small_and_grey() {
        let frame = Frame::from_rgb(512, 512, [200, 120, 90].repeat(512 * 512)).expect("size");
        let face = BoundingBox { x: 180.0, y: 70.0, width: 90.0, height: 100.0 };
        let photo = decode(&id_photo_of(&frame, &face).expect("encodes"), DecodeLimits::default()).expect("decodes");
        assert_eq!((photo.width(), photo.height()), (90, 120), "2 face heights at 60 %");
        assert!(photo.rgb().chunks_exact(3).all(|p| p[0] == p[1] && p[1] == p[2]), "grey");
    }

    #[test]
    fn faces_at_the_edge_still_make_a_photo() {
        let frame = Frame::from_rgb(100, 300, vec![9; 100 * 300 * 3]).expect("size");
        let face = BoundingBox { x: -20.0, y: -30.0, width: 200.0, height: 400.0 };
        assert!(id_photo_of(&frame, &face).is_ok(), "cut to the photograph");
    }
}
