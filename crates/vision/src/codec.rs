//! Image files in and out. Every limit is checked on the header, before pixels are decoded.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageError, ImageFormat, ImageReader, codecs::jpeg::JpegEncoder};
use thiserror::Error;

use crate::frame::{Frame, FrameError, MAX_SIDE};

/// What a file may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Bytes of the file. Public API: 2 MB.
    pub max_bytes: usize,
    /// Longer side, px; never above [`MAX_SIDE`]. Public API: 4096.
    pub max_side: u32,
}

impl Default for DecodeLimits {
    fn default() -> Self {
        Self { max_bytes: 2 * 1024 * 1024, max_side: MAX_SIDE }
    }
}

/// Why a file is not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// No bytes.
    #[error("empty file")]
    Empty,
    /// More bytes than allowed.
    #[error("file has {got} bytes, {max} allowed")]
    TooManyBytes {
        /// bytes
        got: usize,
        /// bytes
        max: usize,
    },
    /// Not JPEG, PNG, WebP or BMP.
    #[error("not a JPEG, PNG, WebP or BMP file")]
    UnknownFormat,
    /// Width or height is zero or over the limit.
    #[error("picture is {width}x{height}, {max} px per side allowed")]
    Size {
        /// px
        width: u32,
        /// px
        height: u32,
        /// px
        max: u32,
    },
    /// The right kind of file, but truncated or broken.
    #[error("damaged file")]
    Damaged,
}

/// Decodes JPEG, PNG, WebP or BMP to an upright RGB frame: EXIF orientation is applied, transparency is dropped, 16-bit and grey are converted.
///
/// # Errors
/// [`DecodeError`]; all but `Damaged` are found from the header alone.
pub fn decode(bytes: &[u8], limits: DecodeLimits) -> Result<Frame, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    if bytes.len() > limits.max_bytes {
        return Err(DecodeError::TooManyBytes { got: bytes.len(), max: limits.max_bytes });
    }
    let format = image::guess_format(bytes)
        .ok()
        .filter(|format| [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP, ImageFormat::Bmp].contains(format));
    let Some(format) = format else { return Err(DecodeError::UnknownFormat) };
    let max = limits.max_side.min(MAX_SIDE);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    // Sizes are judged below with our own error; the decoder's own limit is for memory.
    let mut memory = image::Limits::no_limits();
    memory.max_alloc = Some(MAX_SIDE as u64 * MAX_SIDE as u64 * 16);
    reader.limits(memory);
    let mut decoder = reader.into_decoder().map_err(|error| refusal(&error))?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 || width > max || height > max {
        return Err(DecodeError::Size { width, height, max });
    }
    // The JPEG decoder fills what a truncated file lacks with grey instead of failing.
    if format == ImageFormat::Jpeg && !jpeg_is_complete(bytes) {
        return Err(DecodeError::Damaged);
    }
    // Unreadable EXIF is no reason to refuse the pixels.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| refusal(&error))?;
    picture.apply_orientation(orientation);
    let rgb = picture.into_rgb8();
    let (width, height) = rgb.dimensions();
    Frame::from_rgb(width, height, rgb.into_raw()).map_err(|error| match error {
        FrameError::Empty { width, height } | FrameError::TooLarge { width, height } => DecodeError::Size { width, height, max },
        FrameError::WrongLength { .. } => DecodeError::Damaged,
    })
}

/// Our row for a decoder's complaint. Formats it knows but cannot read (CMYK variants and the like) are unsupported, the rest is damage.
fn refusal(error: &ImageError) -> DecodeError {
    match error {
        ImageError::Unsupported(_) => DecodeError::UnknownFormat,
        ImageError::Decoding(_) | ImageError::Encoding(_) | ImageError::Parameter(_) | ImageError::Limits(_) | ImageError::IoError(_) => {
            DecodeError::Damaged
        }
    }
}

/// Does the end-of-image marker follow the first scan? Markers before it (thumbnails in EXIF) do not count.
fn jpeg_is_complete(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xff, marker, high, low]) = bytes.get(at..at + 4) {
        if marker == 0xda {
            return bytes[at..].windows(2).any(|pair| pair == [0xff, 0xd9]);
        }
        // Fill bytes before a marker count one by one; segments carry their length.
        at += if marker == 0xff { 1 } else { 2 + usize::from(u16::from_be_bytes([high, low])) };
    }
    false
}

/// Encodes as baseline JPEG without metadata. `quality` 1..=100, clamped.
///
/// # Errors
/// [`EncodeError`] when the encoder fails.
pub fn encode_jpeg(frame: &Frame, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::with_capacity(frame.rgb().len() / 8);
    JpegEncoder::new_with_quality(&mut out, quality.clamp(1, 100))
        .write_image(frame.rgb(), frame.width(), frame.height(), image::ExtendedColorType::Rgb8)
        .map_err(|_| EncodeError)?;
    Ok(out)
}

/// The JPEG encoder gave up (out of memory).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("JPEG encoding failed")]
pub struct EncodeError;
