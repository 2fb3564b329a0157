//! Image files: formats, limits, orientation, damage.
#![cfg(feature = "decode")]

use std::{io::Cursor, time::Instant};

use faceid_vision::{BEST_BYTES, DecodeError, DecodeLimits, FRAME_BYTES, Frame, decode, encode_best, encode_jpeg, encode_window};
use image::{ColorType, DynamicImage, ImageEncoder, ImageFormat, RgbImage, codecs::png::PngEncoder};

/// Left half red, right half blue; the top quarter brighter.
fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let level = if y * 4 < height { 250 } else { 150 };
        image::Rgb(if x * 2 < width { [level, 0, 0] } else { [0, 0, level] })
    })
}

fn file(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(picture.clone()).write_to(&mut bytes, format).expect("test picture encodes");
    bytes.into_inner()
}

/// A JPEG with an EXIF segment that only tells the orientation.
fn jpeg_with_orientation(picture: &RgbImage, orientation: u8) -> Vec<u8> {
    let jpeg = file(picture, ImageFormat::Jpeg);
    let mut tiff = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    tiff.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0, 0]);
    let mut out = jpeg[..2].to_vec();
    out.extend_from_slice(&[0xff, 0xe1]);
    out.extend_from_slice(&u16::try_from(tiff.len() + 2).expect("short segment").to_be_bytes());
    out.extend_from_slice(&tiff);
    out.extend_from_slice(&jpeg[2..]);
    out
}

fn pixel(frame: &Frame, x: u32, y: u32) -> [u8; 3] {
    let at = (y * frame.width() + x) as usize * 3;
    [frame.rgb()[at], frame.rgb()[at + 1], frame.rgb()[at + 2]]
}

/// The refusal of `bytes`, found quickly: nothing was decoded.
#[allow(clippy::disallowed_methods, reason = "the promise under test is a time")]
fn refusal(bytes: &[u8], limits: DecodeLimits, what: &str) -> DecodeError {
    let start = Instant::now();
    let error = decode(bytes, limits).expect_err(what);
    assert!(start.elapsed().as_millis() < 50, "{what} took {:?}", start.elapsed());
    error
}

fn refused(bytes: &[u8], limits: DecodeLimits, want: DecodeError, what: &str) {
    assert_eq!(refusal(bytes, limits, what), want, "{what}");
}

#[test]
fn every_documented_format_decodes() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp] {
        let frame = decode(&file(&picture(64, 48), format), DecodeLimits::default()).expect("a sound file");
        assert_eq!((frame.width(), frame.height()), (64, 48), "{format:?}");
        let [r, g, b] = pixel(&frame, 10, 40);
        assert!(r > 130 && g < 30 && b < 30, "{format:?} red at the left: {r} {g} {b}");
    }
}

#[test]
fn orientation_is_applied() {
    let stored = picture(64, 48);
    // 1 upright, 3 half turn, 6 and 8 quarter turns: where the bright top left (red) corner lies afterwards.
    for (orientation, size, corner) in [(1, (64, 48), (4, 4)), (3, (64, 48), (59, 43)), (6, (48, 64), (43, 4)), (8, (48, 64), (4, 59))] {
        let frame = decode(&jpeg_with_orientation(&stored, orientation), DecodeLimits::default()).expect("a sound file");
        assert_eq!((frame.width(), frame.height()), size, "orientation {orientation}");
        let [r, _, b] = pixel(&frame, corner.0, corner.1);
        assert!(r > 220 && b < 40, "orientation {orientation}: {r} {b}");
    }
}

#[test]
fn grey_transparent_and_sixteen_bit_pictures_become_rgb() {
    let encode = |data: &[u8], color: ColorType| {
        let mut bytes = Vec::new();
        PngEncoder::new(&mut bytes).write_image(data, 2, 1, color.into()).expect("test picture encodes");
        decode(&bytes, DecodeLimits::default()).map(|f| f.rgb().to_vec())
    };
    assert_eq!(encode(&[10, 200], ColorType::L8), Ok(vec![10, 10, 10, 200, 200, 200]), "grey");
    assert_eq!(encode(&[1, 2, 3, 0, 4, 5, 6, 255], ColorType::Rgba8), Ok(vec![1, 2, 3, 4, 5, 6]), "alpha dropped");
    assert_eq!(encode(&[128, 128, 255, 255], ColorType::L16), Ok(vec![128, 128, 128, 255, 255, 255]), "16 bit");
}

#[test]
fn what_breaks_a_limit_is_refused_from_the_header() {
    let jpeg = file(&picture(64, 48), ImageFormat::Jpeg);
    let default = DecodeLimits::default();
    refused(&[], default, DecodeError::Empty, "no bytes");
    refused(&jpeg, DecodeLimits { max_bytes: 100, ..default }, DecodeError::TooManyBytes { got: jpeg.len(), max: 100 }, "bytes");
    refused(&jpeg, DecodeLimits { max_side: 63, ..default }, DecodeError::Size { width: 64, height: 48, max: 63 }, "own limit");
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp] {
        let wide = file(&picture(4097, 2), format);
        refused(&wide, default, DecodeError::Size { width: 4097, height: 2, max: 4096 }, "4097 wide");
    }
    // A PNG header that promises a huge or empty picture: width at byte 16, height at 20.
    for (side, what) in [(0x7fff_ffffu32, "bomb"), (0, "no pixels")] {
        let mut png = file(&picture(8, 8), ImageFormat::Png);
        png[16..20].copy_from_slice(&side.to_be_bytes());
        png[20..24].copy_from_slice(&side.to_be_bytes());
        let error = refusal(&png, default, what);
        assert!(matches!(error, DecodeError::Size { .. } | DecodeError::Damaged), "{what}: {error:?}");
    }
}

#[test]
fn other_files_are_unknown_and_broken_ones_damaged() {
    let default = DecodeLimits::default();
    for (bytes, what) in [(&b"undefined"[..], "text"), (b"GIF89a\x01\0\x01\0\0\0\0;", "gif"), (b"%PDF-1.7", "pdf"), (&[0; 64], "zeros")] {
        refused(bytes, default, DecodeError::UnknownFormat, what);
    }
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp] {
        let sound = file(&picture(200, 200), format);
        for share in [2, 3, 5] {
            let cut = &sound[..sound.len() - sound.len() / share];
            assert_eq!(decode(cut, default).err(), Some(DecodeError::Damaged), "{format:?} without its last 1/{share}");
        }
        let mut noise = sound[..16.min(sound.len())].to_vec();
        noise.extend((0..400u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8));
        assert!(decode(&noise, default).is_err(), "{format:?} header, then noise");
    }
}

#[test]
fn encoding_comes_back_close() {
    let frame = Frame::from_rgb(64, 48, picture(64, 48).into_raw()).expect("sizes match");
    let back = decode(&encode_jpeg(&frame, 92).expect("encodes"), DecodeLimits::default()).expect("own output");
    let worst = pixel(&frame, 10, 40).iter().zip(pixel(&back, 10, 40)).map(|(&a, b)| a.abs_diff(b)).max();
    assert!(worst.is_some_and(|d| d < 8), "flat area differs by {worst:?}");
    let small = encode_jpeg(&frame, 0).expect("quality is clamped");
    assert!(small.len() < encode_jpeg(&frame, 100).expect("encodes").len(), "quality matters");
}

/// Noise does not compress: the worst a camera can deliver.
fn noise(side: u32) -> Frame {
    let mut state = 1u32;
    let mut byte = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    Frame::from_rgb(side, side, (0..side * side * 3).map(|_| byte()).collect()).expect("sizes match")
}

#[test]
fn a_window_keeps_its_quality_within_the_budget_and_loses_it_beyond() {
    let smooth = Frame::from_rgb(64, 48, picture(64, 48).into_raw()).expect("sizes match");
    let files = encode_window(&[&smooth, &smooth], 85).expect("encodes");
    assert_eq!(files, vec![encode_jpeg(&smooth, 85).expect("encodes"); 2], "under the budget: as asked");

    let rough = noise(200);
    let full = encode_jpeg(&rough, 85).expect("encodes");
    assert!(full.len() > FRAME_BYTES, "the case under test");
    let files = encode_window(&[&rough, &smooth], 85).expect("encodes");
    let quality = |file: &Vec<u8>| [85, 75, 65, 55, 45].into_iter().find(|&q| encode_jpeg(&rough, q).is_ok_and(|f| f == *file));
    let sum: usize = files.iter().map(Vec::len).sum();
    assert!(files[0].len() < full.len() && (sum <= 2 * FRAME_BYTES || quality(&files[0]) == Some(45)), "went lower: {sum}");
    assert_eq!(encode_window::<Frame>(&[], 85), Ok(Vec::new()), "no frames");
    let (rough, full) = (noise(800), encode_jpeg(&noise(800), 92).expect("encodes"));
    assert!(full.len() > BEST_BYTES, "the case under test");
    assert!(encode_best(&rough, 92).expect("encodes").len() < full.len(), "best frame too");
}

proptest::proptest! {
    /// Bytes changed anywhere: a frame or a refusal, never a panic, never a frame over the limit.
    #[test]
    fn mangled_files_are_frames_or_refusals(kind in 0usize..4, edits in proptest::collection::vec((0.0f64..1.0, 0u8..), 1..12), cut in 0.0f64..1.3) {
        let format = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp][kind];
        let mut bytes = file(&picture(48, 40), format);
        let length = bytes.len() as f64;
        for (place, value) in edits {
            bytes[(place * length) as usize] = value;
        }
        bytes.truncate((cut * length) as usize);
        let limits = DecodeLimits { max_side: 256, ..DecodeLimits::default() };
        if let Ok(frame) = decode(&bytes, limits) {
            proptest::prop_assert!(frame.width() <= 256 && frame.height() <= 256);
        }
    }
}
