//! What brightness and two colour differences mean, and the way back to red, green and blue.

use faceid_kernels::{Light, colour_row, times};

/// What the numbers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coding {
    /// ITU-R BT.709 instead of BT.601.
    pub bt709: bool,
    /// 0 to 255 instead of 16 to 235 (brightness) and 16 to 240 (differences).
    pub full_range: bool,
}

impl Coding {
    /// As JPEG (JFIF) has it.
    pub(crate) const JFIF: Self = Self { bt709: false, full_range: true };
}

/// From brightness and colour differences to red, green and blue.
pub(crate) struct Colours {
    light: Light,
    /// A quarter of red difference in red, blue difference in green, red difference in green, blue difference in blue, in units of 1/32768.
    quarters: [i16; 4],
    /// What the differences add to red, green and blue of each pixel of two rows, in units of 1/32.
    added: [Vec<i16>; 3],
}

impl Colours {
    pub(crate) fn new(Coding { bt709, full_range }: Coding, width: usize) -> Self {
        // ITU-R BT.601-7 2.5.1 and BT.709-6 3.2: shares of red and blue in brightness
        let (red, blue) = if bt709 { (0.2126, 0.0722) } else { (0.299, 0.114) };
        let green = 1.0 - red - blue;
        let (gain, difference) = if full_range { (1.0, 1.0) } else { (255.0 / 219.0, 255.0 / 224.0) };
        let of_red = 2.0 * (1.0 - red) * difference;
        let of_blue = 2.0 * (1.0 - blue) * difference;
        // invariant: gains lie below two, shares below four
        let fixed = |share: f64| (share * 32_768.0).round() as i16;
        let shares = [of_red, -of_blue * blue / green, -of_red * red / green, of_blue];
        let light = Light { black: if full_range { 0 } else { 16 }, half_gain: fixed(gain / 2.0) };
        Self { light, quarters: shares.map(|share| fixed(share / 4.0)), added: [0; 3].map(|_: i32| vec![0; width]) }
    }

    /// Both differences of each pair of pixels.
    pub(crate) fn set(&mut self, blue: &[u8], red: &[u8]) {
        let [red_in_red, blue_in_green, red_in_green, blue_in_blue] = self.quarters;
        let share = |blue: u8, red: u8| {
            let [blue, red] = [blue, red].map(|difference| (i16::from(difference) - 128) << 7);
            [times(red, red_in_red), times(blue, blue_in_green) + times(red, red_in_green), times(blue, blue_in_blue)]
        };
        let [(reds, last_red), (greens, last_green), (blues, last_blue)] = self.added.each_mut().map(|a| a.as_chunks_mut::<2>());
        for ((((&blue, &red), reds), greens), blues) in blue.iter().zip(red).zip(reds).zip(greens).zip(blues) {
            let [r, g, b] = share(blue, red);
            (*reds, *greens, *blues) = ([r; 2], [g; 2], [b; 2]);
        }
        // of an odd width
        if let ([r], [g], [b], Some(&blue), Some(&red)) = (last_red, last_green, last_blue, blue.last(), red.last()) {
            [*r, *g, *b] = share(blue, red);
        }
    }

    pub(crate) fn row(&self, y: &[u8], rgb: &mut [u8]) {
        let [reds, greens, blues] = &self.added;
        colour_row(y, self.light, [reds, greens, blues], rgb);
    }
}
