use faceid_kernels::drop_alpha;
use thiserror::Error;

/// Longest side accepted, px: the documented limit of the public API.
pub const MAX_SIDE: u32 = 4096;

/// An upright, unmirrored picture: HWC, RGB, one byte per channel, rows top to bottom without padding.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

/// Why pixels cannot be a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameError {
    /// Width or height is zero.
    #[error("frame has no pixels ({width}x{height})")]
    Empty {
        /// px
        width: u32,
        /// px
        height: u32,
    },
    /// Width or height exceeds [`MAX_SIDE`].
    #[error("frame is {width}x{height}, larger than {MAX_SIDE} px")]
    TooLarge {
        /// px
        width: u32,
        /// px
        height: u32,
    },
    /// The buffer does not hold width x height pixels.
    #[error("buffer holds {got} bytes, {expected} expected")]
    WrongLength {
        /// bytes
        expected: usize,
        /// bytes
        got: usize,
    },
}

impl Frame {
    /// Takes packed RGB.
    ///
    /// # Errors
    /// [`FrameError`] when the size is zero, over the limit, or does not match the buffer.
    pub fn from_rgb(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, FrameError> {
        check_length(width, height, rgb.len(), 3)?;
        Ok(Self { width, height, rgb })
    }

    /// Takes packed RGB whose size is known to match.
    pub(crate) fn of_checked(width: u32, height: u32, rgb: Vec<u8>) -> Self {
        debug_assert_eq!(check_size(width, height).map(|pixels| pixels * 3), Ok(rgb.len()));
        Self { width, height, rgb }
    }

    /// Copies packed RGBA (canvas `ImageData` order), dropping alpha.
    ///
    /// # Errors
    /// As [`Frame::from_rgb`].
    pub fn from_rgba(width: u32, height: u32, rgba: &[u8]) -> Result<Self, FrameError> {
        Self::from_rgba_in(width, height, rgba, Vec::new())
    }

    /// [`Frame::from_rgba`] in the memory of an earlier frame ([`Frame::into_rgb`]).
    ///
    /// # Errors
    /// As [`Frame::from_rgb`].
    pub fn from_rgba_in(width: u32, height: u32, rgba: &[u8], mut memory: Vec<u8>) -> Result<Self, FrameError> {
        memory.resize(check_length(width, height, rgba.len(), 4)? * 3, 0);
        drop_alpha(rgba, &mut memory);
        Ok(Self { width, height, rgb: memory })
    }

    /// Width in px, at least 1.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Height in px, at least 1.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// Packed RGB, `3 * width * height` bytes.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// Its memory, for the next frame.
    #[must_use]
    pub fn into_rgb(self) -> Vec<u8> {
        self.rgb
    }
}

/// A turn of a whole picture, clockwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum QuarterTurn {
    /// 0 degrees.
    #[default]
    None,
    /// 90 degrees.
    Clockwise,
    /// 180 degrees.
    Half,
    /// 270 degrees.
    CounterClockwise,
}

impl Frame {
    /// The picture turned clockwise.
    #[must_use]
    pub fn turned(&self, turn: QuarterTurn) -> Self {
        let (w, h) = (self.width as usize, self.height as usize);
        let (width, height) = match turn {
            QuarterTurn::None | QuarterTurn::Half => (self.width, self.height),
            QuarterTurn::Clockwise | QuarterTurn::CounterClockwise => (self.height, self.width),
        };
        let mut rgb = Vec::with_capacity(self.rgb.len());
        for y in 0..height as usize {
            for x in 0..width as usize {
                let (from_x, from_y) = match turn {
                    QuarterTurn::None => (x, y),
                    QuarterTurn::Clockwise => (y, h - 1 - x),
                    QuarterTurn::Half => (w - 1 - x, h - 1 - y),
                    QuarterTurn::CounterClockwise => (w - 1 - y, x),
                };
                let at = (from_y * w + from_x) * 3;
                rgb.extend_from_slice(&self.rgb[at..at + 3]);
            }
        }
        Self { width, height, rgb }
    }
}

/// How the pixels of a source lie, where they are not upright and unmirrored by themselves. A [`Frame`] always is: whoever makes one from a sensor
/// that is held sideways, or from a preview that is shown as a mirror, states it here. Browsers turn a camera's pictures before a page sees them,
/// ffmpeg and [`crate::decode`] turn what their files say; for those this is `Orientation::default()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Orientation {
    /// The turn that makes the picture upright, clockwise; applied first.
    pub turn: QuarterTurn,
    /// Left and right are swapped once it is upright.
    pub mirrored: bool,
}

impl Frame {
    /// The picture with left and right swapped.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        let rows = self.rgb.chunks_exact(self.width as usize * 3);
        let rgb = rows.flat_map(|row| row.chunks_exact(3).rev().flatten().copied()).collect();
        Self { width: self.width, height: self.height, rgb }
    }

    /// The upright, unmirrored frame of pixels that lie like this.
    #[must_use]
    pub fn upright(self, orientation: Orientation) -> Self {
        let turned = match orientation.turn {
            QuarterTurn::None => self,
            QuarterTurn::Clockwise | QuarterTurn::Half | QuarterTurn::CounterClockwise => self.turned(orientation.turn),
        };
        if orientation.mirrored { turned.mirrored() } else { turned }
    }
}

impl core::fmt::Debug for Frame {
    /// Size only: pixels of a face are personal data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Frame({}x{})", self.width, self.height)
    }
}

/// Number of pixels; both sides are at most 4096, so the product fits 32 bits on every target.
fn check_size(width: u32, height: u32) -> Result<usize, FrameError> {
    if width == 0 || height == 0 {
        return Err(FrameError::Empty { width, height });
    }
    if width > MAX_SIDE || height > MAX_SIDE {
        return Err(FrameError::TooLarge { width, height });
    }
    Ok(width as usize * height as usize)
}

/// Number of pixels of a buffer that must hold so many bytes for each.
pub(crate) fn check_length(width: u32, height: u32, got: usize, bytes: usize) -> Result<usize, FrameError> {
    let pixels = check_size(width, height)?;
    let expected = pixels * bytes;
    if got == expected { Ok(pixels) } else { Err(FrameError::WrongLength { expected, got }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_go_clockwise() {
        // a b
        // c d
        // e f
        let px = |names: &str| names.bytes().flat_map(|b| [b, b, b]).collect::<Vec<_>>();
        let frame = Frame { width: 2, height: 3, rgb: px("abcdef") };
        let turned = |turn| frame.turned(turn);
        assert_eq!(turned(QuarterTurn::Clockwise), Frame { width: 3, height: 2, rgb: px("ecafdb") }, "90");
        assert_eq!(turned(QuarterTurn::Half), Frame { width: 2, height: 3, rgb: px("fedcba") }, "180");
        assert_eq!(turned(QuarterTurn::CounterClockwise), Frame { width: 3, height: 2, rgb: px("bdface") }, "270");
        assert_eq!(turned(QuarterTurn::None), frame, "0");
    }

    #[test]
    fn a_stated_orientation_is_undone() {
        // what a sensor delivers that lies on its side and is shown as a mirror
        let upright = Frame { width: 2, height: 1, rgb: vec![1, 1, 1, 2, 2, 2] };
        let delivered = upright.mirrored().turned(QuarterTurn::CounterClockwise);
        assert_eq!((delivered.width, delivered.height, delivered.rgb[0]), (1, 2, 1), "2 above 1 would be unmirrored");
        assert_eq!(delivered.upright(Orientation { turn: QuarterTurn::Clockwise, mirrored: true }), upright, "undone");
        assert_eq!(upright.clone().upright(Orientation::default()), upright, "as it is");
    }

    #[test]
    fn sizes_are_checked_once() {
        assert_eq!(Frame::from_rgb(0, 4, vec![]), Err(FrameError::Empty { width: 0, height: 4 }), "zero width");
        assert_eq!(Frame::from_rgb(5000, 1, vec![0; 15000]), Err(FrameError::TooLarge { width: 5000, height: 1 }), "too wide");
        assert_eq!(Frame::from_rgb(2, 2, vec![0; 11]), Err(FrameError::WrongLength { expected: 12, got: 11 }), "short buffer");
        let frame = Frame::from_rgba(1, 2, &[1, 2, 3, 255, 4, 5, 6, 0]).map(|f| f.rgb().to_vec());
        assert_eq!(frame, Ok(vec![1, 2, 3, 4, 5, 6]), "alpha dropped");
    }
}
