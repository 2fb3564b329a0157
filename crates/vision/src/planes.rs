//! Camera frames as cameras code them: brightness and two colour differences, each a plane. They are made small before they become colours, which
//! touches each byte of the camera's picture once.

use faceid_kernels::{Light, colour_row, times, weigh_four};

use crate::frame::{Frame, FrameError, check_length};

/// Where a plane lies in its buffer, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaneLayout {
    /// First byte.
    pub offset: usize,
    /// From one row to the next.
    pub stride: usize,
}

/// Which planes there are. The colour differences have half the width and height of the brightness, rounded up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaneFormat {
    /// Brightness, blue difference, red difference.
    I420([PlaneLayout; 3]),
    /// Brightness, then blue and red difference in turns.
    Nv12([PlaneLayout; 2]),
}

/// What the numbers mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coding {
    /// ITU-R BT.709 instead of BT.601.
    pub bt709: bool,
    /// 0 to 255 instead of 16 to 235 (brightness) and 16 to 240 (differences).
    pub full_range: bool,
}

/// A camera frame in planes, 4:2:0, eight bits, upright and unmirrored.
#[derive(Clone, Copy)]
pub struct Planes<'a> {
    width: usize,
    height: usize,
    format: PlaneFormat,
    coding: Coding,
    bytes: &'a [u8],
}

impl core::fmt::Debug for Planes<'_> {
    /// Size only: pixels of a face are personal data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Planes({}x{})", self.width, self.height)
    }
}

impl<'a> Planes<'a> {
    /// Takes the planes of `width` x `height` pixels.
    ///
    /// # Errors
    /// [`FrameError`] when the size is zero or over the limit, or a plane does not lie within the buffer.
    pub fn new(width: u32, height: u32, format: PlaneFormat, coding: Coding, bytes: &'a [u8]) -> Result<Self, FrameError> {
        let (w, h) = (width as usize, height as usize);
        check_length(width, height, w * h, 1)?;
        let planes = Self { width: w, height: h, format, coding, bytes };
        let half = [w.div_ceil(2), h.div_ceil(2)];
        match format {
            PlaneFormat::I420([luma, blue, red]) => {
                planes.check(luma, [w, h])?;
                planes.check(blue, half)?;
                planes.check(red, half)?;
            }
            PlaneFormat::Nv12([luma, both]) => {
                planes.check(luma, [w, h])?;
                planes.check(both, [2 * half[0], half[1]])?;
            }
        }
        Ok(planes)
    }

    fn check(&self, plane: PlaneLayout, [width, height]: [usize; 2]) -> Result<(), FrameError> {
        let wrong = |expected| FrameError::WrongLength { expected, got: self.bytes.len() };
        let end = (height - 1).checked_mul(plane.stride).and_then(|rows| rows.checked_add(width)?.checked_add(plane.offset));
        let end = end.filter(|_| plane.stride >= width).ok_or(wrong(usize::MAX))?;
        if end <= self.bytes.len() { Ok(()) } else { Err(wrong(end)) }
    }

    /// The picture in colours, no side longer than `max_side`: the mean of the area under each pixel, never enlarged. Colour differences once per
    /// 2 x 2 pixels, as they came.
    #[must_use]
    pub fn shrunk(&self, max_side: u32) -> Frame {
        let longest = self.width.max(self.height);
        let scale = (max_side.max(1) as f32 / longest as f32).min(1.0);
        // invariant: not above the side, which the frame's limit bounds
        let to = [self.width, self.height].map(|side| ((side as f32 * scale).round() as usize).max(1));
        let luma = Small::new(self.width, self.height, 1, to);
        let colour = Small::new(self.width, self.height, 2, to);
        let half = self.width.div_ceil(2);
        let mut rgb = vec![0; 3 * to[0] * to[1]];
        let mut sums = vec![0u16; self.width.max(2 * half)];
        let mut apart = [vec![0u16; half], vec![0u16; half]];
        let mut y = vec![0u8; to[0]];
        let mut differences = [vec![0u8; to[0].div_ceil(2)], vec![0u8; to[0].div_ceil(2)]];
        let mut colours = Colours::new(self.coding, to[0]);
        for (row, out) in rgb.chunks_exact_mut(3 * to[0]).enumerate() {
            let (PlaneFormat::I420([brightness, ..]) | PlaneFormat::Nv12([brightness, _])) = self.format;
            self.down(brightness, &luma, row, &mut sums[..self.width]);
            across(&sums[..self.width], &luma.columns, &mut y);
            if row % 2 == 0 {
                match self.format {
                    PlaneFormat::I420([_, blue, red]) => {
                        for (plane, out) in [blue, red].into_iter().zip(&mut differences) {
                            self.down(plane, &colour, row / 2, &mut sums[..half]);
                            across(&sums[..half], &colour.columns, out);
                        }
                    }
                    PlaneFormat::Nv12([_, both]) => {
                        self.down(both, &colour, row / 2, &mut sums[..2 * half]);
                        let [blue, red] = &mut apart;
                        for ((pair, blue), red) in sums.as_chunks::<2>().0.iter().zip(blue).zip(red) {
                            [*blue, *red] = *pair;
                        }
                        for (sums, out) in apart.iter().zip(&mut differences) {
                            across(sums, &colour.columns, out);
                        }
                    }
                }
                colours.set(&differences);
            }
            colours.row(&y, out);
        }
        // invariant: both sides are at most the frame's
        Frame::of_checked(to[0] as u32, to[1] as u32, rgb)
    }

    /// Weighs the rows under one row of the small picture, in units of 1/256.
    fn down(&self, plane: PlaneLayout, small: &Small, row: usize, sums: &mut [u16]) {
        sums.fill(0);
        let (first, weights) = small.rows.of(row);
        for (i, &weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0) {
            let begin = plane.offset + (first + i) * plane.stride;
            for (sum, &byte) in sums.iter_mut().zip(&self.bytes[begin..]) {
                // invariant: the weights add up to 256, so the sum is at most 256 * 255
                *sum += weight * u16::from(byte);
            }
        }
    }
}

/// How a plane becomes small.
struct Small {
    columns: Axis,
    rows: Axis,
}

impl Small {
    /// A plane with one sample per `each` x `each` pixels of a picture, on both sides of becoming small.
    fn new(width: usize, height: usize, each: usize, to: [usize; 2]) -> Self {
        let axis = |length: usize, to: usize| {
            Axis::new(length.div_ceil(each), length as f64 / to as f64, length as f64 / each as f64, to.div_ceil(each))
        };
        Self { columns: axis(width, to[0]), rows: axis(height, to[1]) }
    }
}

/// For each sample of the small side, the samples of the large one that lie under it: equally many, with weights that add up to 256.
struct Axis {
    taps: usize,
    first: Vec<u32>,
    weights: Vec<u16>,
}

impl Axis {
    /// `from` samples, of which each of `to` covers `step` and none goes beyond `end`: half a sample of colour hangs over an odd edge.
    fn new(from: usize, step: f64, end: f64, to: usize) -> Self {
        let span = |i: usize| (i as f64 * step, ((i + 1) as f64 * step).min(end));
        let under = |i: usize| {
            let (left, right) = span(i);
            (left as usize, (right.ceil() as usize).clamp(left as usize + 1, from))
        };
        let taps = (0..to).map(under).map(|(first, last)| last - first).max().unwrap_or(1);
        // Four at once are the fastest, and no camera's frame becomes so much smaller that it needs many more.
        let taps = taps.max(4).min(from);
        let mut axis = Self { taps, first: Vec::with_capacity(to), weights: vec![0; taps * to] };
        for i in 0..to {
            let ((left, right), (begin, last)) = (span(i), under(i));
            let first = begin.min(from - taps);
            // invariant: below the frame's limit
            axis.first.push(first as u32);
            let mut given = 0;
            for sample in begin..last {
                let share = (((sample + 1) as f64).min(right) - left) / (right - left);
                let until = if sample + 1 == last { 256 } else { (256.0 * share).round() as u16 };
                axis.weights[i * taps + sample - first] = until - given;
                given = until;
            }
        }
        axis
    }

    fn of(&self, i: usize) -> (usize, &[u16]) {
        (self.first[i] as usize, &self.weights[i * self.taps..][..self.taps])
    }
}

/// Weighs the columns: from sums of 1/256 to bytes.
fn across(sums: &[u16], axis: &Axis, out: &mut [u8]) {
    if axis.taps == 4 {
        return weigh_four(sums, &axis.first, axis.weights.as_chunks::<4>().0, out);
    }
    for (i, byte) in out.iter_mut().enumerate() {
        let (first, weights) = axis.of(i);
        *byte = rounded(sums[first..].iter().zip(weights).map(|(sum, weight)| u32::from(*sum) * u32::from(*weight)).sum());
    }
}

const fn rounded(sum: u32) -> u8 {
    // invariant: the weights add up to one, so a byte stays a byte
    ((sum + (1 << 15)) >> 16) as u8
}

/// From brightness and colour differences to red, green and blue.
struct Colours {
    light: Light,
    /// A quarter of red difference in red, blue difference in green, red difference in green, blue difference in blue, in units of 1/32768.
    quarters: [i16; 4],
    /// What the differences add to red, green and blue of each pixel of two rows, in units of 1/32.
    added: [Vec<i16>; 3],
}

impl Colours {
    fn new(Coding { bt709, full_range }: Coding, width: usize) -> Self {
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
    fn set(&mut self, [blue, red]: &[Vec<u8>; 2]) {
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

    fn row(&self, y: &[u8], rgb: &mut [u8]) {
        let [reds, greens, blues] = &self.added;
        colour_row(y, self.light, [reds, greens, blues], rgb);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIDEO: Coding = Coding { bt709: false, full_range: false };

    fn layout(width: usize, height: usize) -> [PlaneLayout; 3] {
        let half = [width.div_ceil(2), height.div_ceil(2)];
        let at = |offset, stride| PlaneLayout { offset, stride };
        [at(0, width), at(width * height, half[0]), at(width * height + half[0] * half[1], half[0])]
    }

    fn noise(count: usize) -> Vec<u8> {
        let mut seed = 1u32;
        let mut next = || {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        };
        (0..count).map(|_| next()).collect()
    }

    /// Size of an I420 buffer.
    fn size(width: usize, height: usize) -> usize {
        width * height + 2 * width.div_ceil(2) * height.div_ceil(2)
    }

    #[test]
    fn known_colours_come_out() {
        let rows = [
            ("red, 601", VIDEO, [81, 90, 240], [255, 0, 0]),
            ("blue, 601", VIDEO, [41, 240, 110], [0, 0, 255]),
            ("red, 709", Coding { bt709: true, full_range: false }, [63, 102, 240], [255, 0, 0]),
            ("green, 709", Coding { bt709: true, full_range: false }, [173, 42, 26], [0, 255, 0]),
            ("red, full range", Coding { bt709: false, full_range: true }, [76, 85, 255], [254, 0, 0]),
            ("white", VIDEO, [235, 128, 128], [255, 255, 255]),
            ("black", VIDEO, [16, 128, 128], [0, 0, 0]),
        ];
        for (what, coding, [y, u, v], expected) in rows {
            let bytes = [[y; 16].as_slice(), &[u; 4], &[v; 4]].concat();
            let planes = Planes::new(4, 4, PlaneFormat::I420(layout(4, 4)), coding, &bytes).expect("fits");
            for pixel in planes.shrunk(4).rgb().chunks_exact(3) {
                let near = pixel.iter().zip(expected).all(|(got, wanted)| got.abs_diff(wanted) <= 2);
                assert!(near, "{what}: {pixel:?}, expected {expected:?}");
            }
        }
    }

    /// Mean of a plane under each pixel of the small picture, in floating point; `each` = pixels of the picture per sample.
    fn mean(plane: &[u8], [width, height]: [usize; 2], each: usize, [from_w, from_h]: [usize; 2], to: [usize; 2]) -> Vec<f64> {
        let spans = |i: usize, length: usize, to: usize, count: usize| {
            let (left, right) = (i as f64 * length as f64 / to as f64, (i + 1) as f64 * length as f64 / to as f64);
            (0..count).filter_map(move |s| {
                let (a, b) = ((s * each) as f64, ((s + 1) * each) as f64);
                let share = (right.min(b) - left.max(a)) / (right - left);
                (share > 0.0).then_some((s, share))
            })
        };
        let pixel = |x: usize, y: usize| -> f64 {
            let row = |r: usize| spans(x, from_w, to[0], width).map(|(c, share)| share * f64::from(plane[r * width + c])).sum::<f64>();
            spans(y, from_h, to[1], height).map(|(r, share)| share * row(r)).sum()
        };
        (0..to[1]).flat_map(|y| (0..to[0]).map(move |x| (x, y))).map(|(x, y)| pixel(x, y)).collect()
    }

    #[test]
    fn each_pixel_is_the_mean_of_what_lies_under_it() {
        for (from, side) in [([128, 72], 48), ([101, 77], 40), ([64, 48], 64), ([31, 90], 7), ([7, 3], 2)] {
            let (w, h) = (from[0], from[1]);
            let mut bytes = noise(size(w, h));
            // brightness alone: grey, so that red, green and blue are the brightness
            bytes[w * h..].fill(128);
            let coding = Coding { bt709: false, full_range: true };
            let planes = Planes::new(w as u32, h as u32, PlaneFormat::I420(layout(w, h)), coding, &bytes).expect("fits");
            let small = planes.shrunk(side);
            let to = [small.width() as usize, small.height() as usize];
            assert!(to[0].max(to[1]) == side as usize, "{from:?}: {to:?}");
            let expected = mean(&bytes[..w * h], from, 1, from, to);
            let most = small.rgb().chunks_exact(3).zip(expected).map(|(p, mean)| (f64::from(p[0]) - mean).abs()).fold(0.0, f64::max);
            assert!(most <= 1.6, "{from:?}: {most} grey levels from the mean");
        }
    }

    #[test]
    fn colours_lie_where_the_brightness_lies() {
        // Left half red, right half blue, odd width: the edge of colour and of brightness agree in the small picture.
        let (w, h) = (91, 30);
        let mut bytes = vec![128; size(w, h)];
        let [_, blue, red] = layout(w, h);
        for y in 0..15 {
            for x in 0..46 {
                bytes[blue.offset + y * 46 + x] = if x < 23 { 90 } else { 240 };
                bytes[red.offset + y * 46 + x] = if x < 23 { 240 } else { 110 };
            }
        }
        let frame = Planes::new(91, 30, PlaneFormat::I420(layout(w, h)), VIDEO, &bytes).expect("fits").shrunk(45);
        let row: Vec<bool> = frame.rgb()[..3 * 45].chunks_exact(3).map(|p| p[0] > p[2]).collect();
        assert!(row[..22].iter().all(|red| *red) && row[23..].iter().all(|red| !*red), "{row:?}");
    }

    #[test]
    fn interleaved_differences_and_padded_rows_are_the_same_picture() {
        let (w, h) = (61, 45);
        let bytes = noise(size(w, h));
        let [luma, blue, red] = layout(w, h);
        let plain = Planes::new(61, 45, PlaneFormat::I420([luma, blue, red]), VIDEO, &bytes).expect("fits").shrunk(24);
        let (stride, mut padded) = (80, vec![7; 80 * (45 + 23)]);
        for y in 0..h {
            padded[y * stride..][..w].copy_from_slice(&bytes[y * w..][..w]);
        }
        for y in 0..23 {
            for x in 0..31 {
                padded[(h + y) * stride + 2 * x] = bytes[blue.offset + 31 * y + x];
                padded[(h + y) * stride + 2 * x + 1] = bytes[red.offset + 31 * y + x];
            }
        }
        let at = |offset| PlaneLayout { offset, stride };
        let nv12 = Planes::new(61, 45, PlaneFormat::Nv12([at(0), at(h * stride)]), VIDEO, &padded).expect("fits").shrunk(24);
        assert_eq!(nv12.rgb(), plain.rgb());
    }

    #[test]
    fn planes_that_do_not_fit_are_refused() {
        let bytes = noise(size(16, 8));
        let [luma, blue, red] = layout(16, 8);
        let new = |width, height, format| Planes::new(width, height, format, VIDEO, &bytes).map(|_| ());
        assert_eq!(new(16, 8, PlaneFormat::I420([luma, blue, red])), Ok(()));
        assert_eq!(new(0, 8, PlaneFormat::I420([luma, blue, red])), Err(FrameError::Empty { width: 0, height: 8 }));
        assert_eq!(new(5000, 8, PlaneFormat::I420([luma, blue, red])), Err(FrameError::TooLarge { width: 5000, height: 8 }));
        let late = PlaneLayout { offset: red.offset + 1, ..red };
        assert_eq!(new(16, 8, PlaneFormat::I420([luma, blue, late])), Err(FrameError::WrongLength { expected: 193, got: 192 }));
        let narrow = PlaneLayout { stride: 15, ..luma };
        let far = PlaneLayout { offset: usize::MAX, ..luma };
        for wrong in [narrow, far] {
            assert!(matches!(new(16, 8, PlaneFormat::Nv12([wrong, blue])), Err(FrameError::WrongLength { .. })), "{wrong:?}");
        }
    }
}
