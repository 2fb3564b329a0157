//! Frames put aside in half the memory: full brightness, colour once per 2 x 2 pixels, as cameras and video deliver it.

use std::borrow::Cow;

use crate::{
    colours::{Coding, Colours},
    frame::{Frame, FrameError, check_length},
};

/// A frame put aside. A picture from a camera comes back within a few grey levels; colour changes sharper than two pixels are softened.
#[derive(Clone, PartialEq, Eq)]
pub struct Shelved {
    width: u32,
    height: u32,
    coding: Coding,
    /// Brightness row by row, then both colour differences, each `ceil(width / 2) * ceil(height / 2)`.
    planes: Vec<u8>,
}

impl core::fmt::Debug for Shelved {
    /// Size only: pixels of a face are personal data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Shelved({}x{})", self.width, self.height)
    }
}

/// ITU-R BT.601 with full range, as JPEG (JFIF) has it, in units of 1/65536.
const LUMA: [i32; 3] = [19_595, 38_470, 7_471];
const BLUE: [i32; 3] = [-11_056, -21_712, 32_768];
const RED: [i32; 3] = [32_768, -27_440, -5_328];
const HALF: i32 = 1 << 15;

fn dot(weights: [i32; 3], rgb: [i32; 3]) -> i32 {
    weights[0] * rgb[0] + weights[1] * rgb[1] + weights[2] * rgb[2]
}

fn byte(value: i32) -> u8 {
    // invariant: clamped to a byte
    value.clamp(0, 255) as u8
}

/// A packed pixel as one word, red lowest: the compiler then works on several at once.
trait Packed: Copy {
    fn word(self) -> u32;
}

impl Packed for [u8; 3] {
    #[inline(always)]
    fn word(self) -> u32 {
        u32::from_le_bytes([self[0], self[1], self[2], 0])
    }
}

impl Packed for [u8; 4] {
    #[inline(always)]
    fn word(self) -> u32 {
        u32::from_le_bytes(self)
    }
}

#[inline(always)]
fn luma(word: u32) -> u8 {
    let [red, green, blue] = [word & 0xff, word >> 8 & 0xff, word >> 16 & 0xff];
    // invariant: the weights add up to one, so a byte stays a byte
    ((LUMA[0] as u32 * red + LUMA[1] as u32 * green + LUMA[2] as u32 * blue + HALF as u32) >> 16) as u8
}

/// Both colour differences of the mean of four pixels.
#[inline(always)]
fn differences(cell: [u32; 4]) -> [u8; 2] {
    // red and blue are added in one word: four bytes need ten bits
    let (mut red_blue, mut green) = (0, 0);
    for word in cell {
        red_blue += word & 0x00ff_00ff;
        green += word >> 8 & 0xff;
    }
    let mean = [red_blue & 0xffff, green, red_blue >> 16].map(|sum| ((sum + 2) >> 2) as i32);
    [BLUE, RED].map(|weights| byte(((dot(weights, mean) + HALF) >> 16) + 128))
}

/// Brightness and colour differences of a picture with at least one pixel.
fn planes<P: Packed>(pixels: &[P], width: usize, height: usize) -> Vec<u8> {
    let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
    let mut planes = vec![0; width * height + 2 * half_width * half_height];
    let (lumas, chroma) = planes.split_at_mut(width * height);
    for (out, px) in lumas.iter_mut().zip(pixels) {
        *out = luma(px.word());
    }
    let (blues, reds) = chroma.split_at_mut(half_width * half_height);
    let cells = blues.chunks_exact_mut(half_width).zip(reds.chunks_exact_mut(half_width));
    for (rows, (blues, reds)) in pixels.chunks(2 * width).zip(cells) {
        // A cell at an odd edge counts its pixels twice.
        let (upper, lower) = rows.split_at(width);
        let lower = if lower.is_empty() { upper } else { lower };
        let ((upper, upper_end), (lower, lower_end)) = (upper.as_chunks::<2>(), lower.as_chunks::<2>());
        for (((a, b), blue), red) in upper.iter().zip(lower).zip(blues.iter_mut()).zip(reds.iter_mut()) {
            [*blue, *red] = differences([a[0].word(), a[1].word(), b[0].word(), b[1].word()]);
        }
        if let ([a], [b]) = (upper_end, lower_end)
            && let (Some(blue), Some(red)) = (blues.last_mut(), reds.last_mut())
        {
            [*blue, *red] = differences([a.word(), a.word(), b.word(), b.word()]);
        }
    }
    planes
}

impl Shelved {
    /// Puts a frame aside.
    #[must_use]
    pub fn new(frame: &Frame) -> Self {
        let (pixels, _) = frame.rgb().as_chunks::<3>();
        let planes = planes(pixels, frame.width() as usize, frame.height() as usize);
        Self { width: frame.width(), height: frame.height(), coding: Coding::JFIF, planes }
    }

    /// What was planes already; they are as long as the size says.
    pub(crate) const fn of_planes(width: u32, height: u32, coding: Coding, planes: Vec<u8>) -> Self {
        Self { width, height, coding, planes }
    }

    /// Puts aside what [`Frame::from_rgba`] would make a frame of: the same planes, several pixels at a time.
    ///
    /// # Errors
    /// As [`Frame::from_rgba`].
    pub fn from_rgba(width: u32, height: u32, rgba: &[u8]) -> Result<Self, FrameError> {
        check_length(width, height, rgba.len(), 4)?;
        let (pixels, _) = rgba.as_chunks::<4>();
        Ok(Self { width, height, coding: Coding::JFIF, planes: planes(pixels, width as usize, height as usize) })
    }

    /// The frame as it comes back.
    #[must_use]
    pub fn frame(&self) -> Frame {
        self.frame_in(Vec::new())
    }

    /// [`Self::frame`] in the memory of an earlier one ([`Frame::into_rgb`]).
    #[must_use]
    pub fn frame_in(&self, mut memory: Vec<u8>) -> Frame {
        let (width, height) = (self.width as usize, self.height as usize);
        let half_width = width.div_ceil(2);
        let (luma, chroma) = self.planes.split_at(width * height);
        let (blue, red) = chroma.split_at(chroma.len() / 2);
        let mut colours = Colours::new(self.coding, width);
        memory.resize(3 * width * height, 0);
        let rows = luma.chunks(2 * width).zip(memory.chunks_mut(6 * width));
        for ((luma, rgb), (blue, red)) in rows.zip(blue.chunks_exact(half_width).zip(red.chunks_exact(half_width))) {
            colours.set(blue, red);
            for (luma, rgb) in luma.chunks_exact(width).zip(rgb.chunks_exact_mut(3 * width)) {
                colours.row(luma, rgb);
            }
        }
        Frame::of_checked(self.width, self.height, memory)
    }

    /// Bytes of pixels held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.planes.len()
    }
}

/// What a frame can be had from.
pub trait Picture {
    /// The frame.
    fn open(&self) -> Cow<'_, Frame>;
}

impl Picture for Frame {
    fn open(&self) -> Cow<'_, Frame> {
        Cow::Borrowed(self)
    }
}

impl Picture for Shelved {
    fn open(&self) -> Cow<'_, Frame> {
        Cow::Owned(self.frame())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(width: u32, height: u32, colour: impl Fn(u32, u32) -> [u8; 3]) -> u8 {
        let rgb: Vec<u8> = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| colour(x, y)).collect();
        let Ok(frame) = Frame::from_rgb(width, height, rgb) else { panic!("{width}x{height}") };
        let back = Shelved::new(&frame).frame();
        assert_eq!((back.width(), back.height()), (width, height));
        frame.rgb().iter().zip(back.rgb()).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or_default()
    }

    #[test]
    fn pictures_come_back_almost_as_they_were() {
        assert!(worst(64, 48, |x, _| [(x * 4) as u8; 3]) <= 1, "grey has no colour to lose");
        assert!(worst(64, 48, |x, y| if x < 32 { [200, 40, (y * 5) as u8] } else { [20, 180, 90] }) <= 6, "edges on even pixels");
        let odd = worst(33, 27, |x, y| [100 + x as u8, 150 - y as u8, 60 + (x + y) as u8]);
        assert!(odd <= 3, "slow changes, odd sides: {odd}");
        assert_eq!(worst(1, 1, |_, _| [255, 255, 255]), 0, "one white pixel");
        assert!(worst(2, 2, |x, _| if x == 0 { [255, 0, 0] } else { [0, 0, 255] }) > 60, "the test sees what is lost");
    }

    #[test]
    fn both_pixel_layouts_give_the_planes_that_the_formula_says() {
        for (width, height) in [(1u32, 1u32), (2, 1), (1, 2), (5, 3), (16, 8), (33, 27)] {
            let rgba: Vec<u8> = (0..width * height * 4).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
            let Ok(frame) = Frame::from_rgba(width, height, &rgba) else { panic!("{width}x{height}") };
            let at = |x: u32, y: u32| {
                let from = ((y * width + x) * 3) as usize;
                [0, 1, 2].map(|c| i32::from(frame.rgb()[from + c]))
            };
            let mut expected: Vec<u8> = Vec::new();
            for y in 0..height {
                expected.extend((0..width).map(|x| byte((dot(LUMA, at(x, y)) + HALF) >> 16)));
            }
            for weights in [BLUE, RED] {
                for (y, x) in (0..height).step_by(2).flat_map(|y| (0..width).step_by(2).map(move |x| (y, x))) {
                    let inside: Vec<_> = [(x, y), (x + 1, y), (x, y + 1), (x + 1, y + 1)]
                        .into_iter()
                        .filter(|&(x, y)| x < width && y < height)
                        .map(|(x, y)| at(x, y))
                        .collect();
                    let count = inside.len() as i32;
                    let mean = [0, 1, 2].map(|c| (inside.iter().map(|px| px[c]).sum::<i32>() + count / 2) / count);
                    expected.push(byte(((dot(weights, mean) + HALF) >> 16) + 128));
                }
            }
            let shelved = Shelved::new(&frame);
            assert_eq!(shelved.planes, expected, "{width}x{height}");
            assert_eq!(Shelved::from_rgba(width, height, &rgba), Ok(shelved), "{width}x{height}");
        }
        assert!(Shelved::from_rgba(2, 2, &[0; 15]).is_err(), "short buffer");
    }

    #[test]
    fn half_the_memory() {
        let Ok(frame) = Frame::from_rgb(480, 360, vec![9; 480 * 360 * 3]) else { panic!("480x360") };
        assert_eq!(Shelved::new(&frame).bytes() * 2, frame.rgb().len());
    }
}
