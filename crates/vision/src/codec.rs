//! Image files in and out. Every limit is checked on the header, before pixels are decoded.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader};
use thiserror::Error;

use crate::{
    frame::{Frame, FrameError, MAX_SIDE},
    shelf::Picture,
};

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

/// Encodes as baseline JPEG without metadata, chroma at half size (4:2:0), in one scan: fitted Huffman tables would make one scan per channel, which
/// the decoder reads wrongly at half size. `quality` 1..=100, clamped.
///
/// # Errors
/// [`EncodeError`] when the encoder fails.
pub fn encode_jpeg(frame: &Frame, quality: u8) -> Result<Vec<u8>, EncodeError> {
    let (Ok(width), Ok(height)) = (u16::try_from(frame.width()), u16::try_from(frame.height())) else { return Err(EncodeError) };
    let mut out = Vec::with_capacity(frame.rgb().len() / 16);
    let mut encoder = jpeg_encoder::Encoder::new(&mut out, quality.clamp(1, 100));
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::F_2_2);
    encoder.encode(frame.rgb(), width, height, jpeg_encoder::ColorType::Rgb).map_err(|_| EncodeError)?;
    Ok(out)
}

/// Bytes that a step's evidence frames may take on average. Three windows of 20 frames, 8 neutral frames and a best frame of
/// [`BEST_BYTES`] stay under 1.5 MB.
pub const FRAME_BYTES: usize = 18_000;
/// Bytes that the best frame may take.
pub const BEST_BYTES: usize = 276_000;
/// Qualities to go down to, in order, while pictures are over their budget; at the last they are sent as they are.
const QUALITY_STEPS: [u8; 4] = [75, 65, 55, 45];

/// Encodes the frames of one evidence window at one quality: `quality`, or the first lower step at which they take [`FRAME_BYTES`] on average.
///
/// # Errors
/// [`EncodeError`] when the encoder fails.
pub fn encode_window<P: Picture>(frames: &[&P], quality: u8) -> Result<Vec<Vec<u8>>, EncodeError> {
    within(frames, quality, FRAME_BYTES)
}

/// Encodes the best frame: at `quality` or the first lower step at which it takes [`BEST_BYTES`].
///
/// # Errors
/// [`EncodeError`] when the encoder fails.
pub fn encode_best(frame: &Frame, quality: u8) -> Result<Vec<u8>, EncodeError> {
    within(&[frame], quality, BEST_BYTES)?.pop().ok_or(EncodeError)
}

fn within<P: Picture>(frames: &[&P], quality: u8, bytes_each: usize) -> Result<Vec<Vec<u8>>, EncodeError> {
    let lower = QUALITY_STEPS.into_iter().filter(|&lower| lower < quality);
    let qualities: Vec<u8> = core::iter::once(quality).chain(lower).collect();
    let (&last, before) = qualities.split_last().unwrap_or((&quality, &[]));
    for &quality in before {
        if let Some(files) = encoded(frames, quality, bytes_each * frames.len())? {
            return Ok(files);
        }
    }
    Ok(encoded(frames, last, usize::MAX)?.unwrap_or_default())
}

/// `None` as soon as the files take more than `budget` bytes. One frame is open at a time, and never two sets of files there: twenty frames would take
/// ten megabytes, a set of their files half of one.
fn encoded<P: Picture>(frames: &[&P], quality: u8, budget: usize) -> Result<Option<Vec<Vec<u8>>>, EncodeError> {
    let mut files = Vec::with_capacity(frames.len());
    let mut left = budget;
    for frame in frames {
        let file = encode_jpeg(&frame.open(), quality)?;
        let Some(rest) = left.checked_sub(file.len()) else { return Ok(None) };
        left = rest;
        files.push(file);
    }
    Ok(Some(files))
}

/// The JPEG encoder gave up (out of memory).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("JPEG encoding failed")]
pub struct EncodeError;
