//! Frames put aside in half the memory: full brightness, colour once per 2 x 2 pixels, as cameras and video deliver it.

use crate::frame::Frame;

/// A frame put aside. A picture from a camera comes back within a few grey levels; colour changes sharper than two pixels are softened.
#[derive(Clone, PartialEq, Eq)]
pub struct Shelved {
    width: u32,
    height: u32,
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
/// Shares of red difference in red, of both in green, of blue difference in blue.
const BACK: [i32; 4] = [91_881, -22_553, -46_802, 116_130];
const HALF: i32 = 1 << 15;

fn dot(weights: [i32; 3], rgb: [i32; 3]) -> i32 {
    weights[0] * rgb[0] + weights[1] * rgb[1] + weights[2] * rgb[2]
}

fn byte(value: i32) -> u8 {
    // invariant: clamped to a byte
    value.clamp(0, 255) as u8
}

impl Shelved {
    /// Puts a frame aside.
    #[must_use]
    pub fn new(frame: &Frame) -> Self {
        let (width, height) = (frame.width() as usize, frame.height() as usize);
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        let colours = half_width * half_height;
        let mut planes = vec![0; width * height + 2 * colours];
        let (luma, chroma) = planes.split_at_mut(width * height);
        let (blue, red) = chroma.split_at_mut(colours);
        // red, green, blue and number of the pixels of each cell
        let mut sums = vec![[0i32; 4]; half_width];
        let rows = frame.rgb().chunks_exact(width * 3).zip(luma.chunks_exact_mut(width));
        for (y, (row, luma)) in rows.enumerate() {
            for (x, (px, luma)) in row.chunks_exact(3).zip(luma).enumerate() {
                let rgb = [i32::from(px[0]), i32::from(px[1]), i32::from(px[2])];
                *luma = byte((dot(LUMA, rgb) + HALF) >> 16);
                let sum = &mut sums[x / 2];
                for (sum, value) in sum.iter_mut().zip([rgb[0], rgb[1], rgb[2], 1]) {
                    *sum += value;
                }
            }
            if y % 2 == 1 || y + 1 == height {
                let at = y / 2 * half_width;
                let cells = blue[at..at + half_width].iter_mut().zip(&mut red[at..at + half_width]);
                for (sum, (blue, red)) in sums.iter_mut().zip(cells) {
                    let [r, g, b, count] = core::mem::take(sum);
                    let mean = [r, g, b].map(|sum| (sum + count / 2) / count.max(1));
                    *blue = byte(((dot(BLUE, mean) + HALF) >> 16) + 128);
                    *red = byte(((dot(RED, mean) + HALF) >> 16) + 128);
                }
            }
        }
        Self { width: frame.width(), height: frame.height(), planes }
    }

    /// The frame as it comes back.
    #[must_use]
    pub fn frame(&self) -> Frame {
        let (width, height) = (self.width as usize, self.height as usize);
        let half_width = width.div_ceil(2);
        let (luma, chroma) = self.planes.split_at(width * height);
        let (blue, red) = chroma.split_at(chroma.len() / 2);
        let mut rgb = Vec::with_capacity(3 * width * height);
        for (y, luma) in luma.chunks_exact(width).enumerate() {
            let at = y / 2 * half_width;
            for (x, &luma) in luma.iter().enumerate() {
                let (blue, red) = (i32::from(blue[at + x / 2]) - 128, i32::from(red[at + x / 2]) - 128);
                let grey = (i32::from(luma) << 16) + HALF;
                let green = BACK[1] * blue + BACK[2] * red;
                rgb.extend([grey + BACK[0] * red, grey + green, grey + BACK[3] * blue].map(|v| byte(v >> 16)));
            }
        }
        Frame::of_checked(self.width, self.height, rgb)
    }

    /// Bytes of pixels held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.planes.len()
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
    fn half_the_memory() {
        let Ok(frame) = Frame::from_rgb(480, 360, vec![9; 480 * 360 * 3]) else { panic!("480x360") };
        assert_eq!(Shelved::new(&frame).bytes() * 2, frame.rgb().len());
    }
}
