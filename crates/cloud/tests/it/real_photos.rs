//! Reference photos with the real networks: formats, limits, turned portraits. Needs the model files and the portraits; says so without them.

use faceid_cloud::{
    face_judge::FaceJudge,
    judging::{Judging, PhotoFault},
    models,
};
use faceid_judge::CuePolicy;
use image::{DynamicImage, ImageFormat, RgbImage};
use std::{io::Cursor, path::PathBuf};

fn folder(variable: &str, default: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(default), PathBuf::from)
}

fn material() -> Option<(FaceJudge, DynamicImage)> {
    let judge = models::load(&folder("FACEID_MODELS", "models"));
    let portrait = image::open(folder("FACEID_PORTRAITS", "target/portraits").join("astronaut.png"));
    match (judge, portrait) {
        (Ok(judge), Ok(portrait)) => Some((FaceJudge::new(judge, false, CuePolicy::default()), portrait)),
        (judge, portrait) => {
            assert!(std::env::var_os("FACEID_REQUIRE_MODELS").is_none(), "models or portraits are missing");
            eprintln!("skipped: real photos (models: {}, portraits: {})", judge.is_ok(), portrait.is_ok());
            None
        }
    }
}

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image.to_rgb8()).write_to(&mut out, format).expect("encoded");
    out.into_inner()
}

#[test]
fn formats_limits_and_turned_portraits() {
    let Some((judge, portrait)) = material() else { return };
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp] {
        assert_eq!(judge.check_photo(&encode(&portrait, format), false), Ok(()), "{format:?}");
    }
    let jpeg = encode(&portrait, ImageFormat::Jpeg);
    for bad in [&b"undefined"[..], b"", &jpeg[..jpeg.len() / 2], b"GIF89a", &jpeg[..4]] {
        assert_eq!(judge.check_photo(bad, true), Err(PhotoFault::Unreadable), "{} bytes", bad.len());
    }
    let blank =
        |width, height| encode(&DynamicImage::ImageRgb8(RgbImage::from_pixel(width, height, image::Rgb([90, 120, 90]))), ImageFormat::Png);
    assert_eq!(judge.check_photo(&blank(4097, 16), false), Err(PhotoFault::TooLarge), "a side over 4096 px");
    assert_eq!(judge.check_photo(&blank(16, 4097), false), Err(PhotoFault::TooLarge), "the other side");
    assert_eq!(judge.check_photo(&blank(4096, 64), false), Err(PhotoFault::NoFace), "4096 px are read");
    for (turned, degrees) in [(portrait.rotate90(), 90), (portrait.rotate180(), 180), (portrait.rotate270(), 270)] {
        let photo = encode(&turned, ImageFormat::Jpeg);
        assert_eq!(judge.check_photo(&photo, true), Ok(()), "turned by {degrees} with multi_oriented_detection");
        // Without it nothing is promised: this detector finds a large turned face by itself, which harms nobody.
        let plain = judge.check_photo(&photo, false);
        assert!(matches!(plain, Ok(()) | Err(PhotoFault::NoFace)), "turned by {degrees} without it: {plain:?}");
    }
}
