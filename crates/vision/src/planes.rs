//! Camera frames as cameras code them: brightness and two colour differences, each a plane. They are made small before they become colours, which
//! touches each byte of the camera's picture once.

use faceid_kernels::{Columns, weigh_rows};

use crate::{
    colours::Coding,
    frame::{FrameError, check_length},
    shelf::Shelved,
};

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

    /// A whole plane made small.
    fn reduce(&self, plane: PlaneLayout, small: &Small, sums: &mut [u16], out: &mut [u8]) {
        for (row, out) in out.chunks_exact_mut(small.columns.first.len()).enumerate() {
            self.down(plane, small, row, sums);
            small.across(sums, out);
        }
    }

    /// Weighs the rows under one row of the small picture, in units of 1/256.
    fn down(&self, plane: PlaneLayout, small: &Small, row: usize, sums: &mut [u16]) {
        let (first, weights) = small.rows.of(row);
        let row = |i: usize| &self.bytes[plane.offset + (first + i) * plane.stride..];
        let rest = if let Some((&four, rest)) = weights.split_first_chunk() {
            match four {
                // Two of three rows of a picture that becomes smaller by 8/3.
                [a, b, c, 0] => weigh_rows([row(0), row(1), row(2)], [a, b, c], sums),
                four => weigh_rows(core::array::from_fn(row), four, sums),
            }
            rest
        } else {
            sums.fill(0);
            weights
        };
        for (i, &weight) in weights.iter().enumerate().skip(weights.len() - rest.len()) {
            for (sum, &byte) in sums.iter_mut().zip(row(i)) {
                // invariant: the weights add up to 256, so the sum is at most 256 * 255
                *sum += weight * u16::from(byte);
            }
        }
    }
}

/// Makes camera frames small. Keeps what depends on their size and not on their pixels, for the next.
#[derive(Debug, Default)]
pub struct Shrinker {
    plan: Option<Plan>,
    /// A row of weighed samples, and the differences of an interleaved one.
    sums: Vec<u16>,
    apart: [Vec<u16>; 2],
}

/// How frames of one size become another.
#[derive(Debug)]
struct Plan {
    from: [usize; 2],
    to: [usize; 2],
    luma: Small,
    colour: Small,
}

impl Shrinker {
    /// The frame put aside, no side longer than `max_side`: the mean of the area under each pixel, never enlarged. Colour differences once per 2 x 2
    /// pixels, coded as they came.
    #[must_use]
    pub fn shelve(&mut self, planes: &Planes<'_>, max_side: u32) -> Shelved {
        let from = [planes.width, planes.height];
        let scale = (max_side.max(1) as f32 / from[0].max(from[1]) as f32).min(1.0);
        // invariant: not above the side, which the frame's limit bounds
        let to = from.map(|side| ((side as f32 * scale).round() as usize).max(1));
        let Self { plan, sums, apart } = self;
        let plan = match plan.take_if(|plan| [plan.from, plan.to] == [from, to]) {
            Some(known) => plan.insert(known),
            None => plan.insert(Plan { from, to, luma: Small::new(from, 1, to), colour: Small::new(from, 2, to) }),
        };
        let (half, small_half) = (from[0].div_ceil(2), to.map(|side| side.div_ceil(2)));
        sums.resize(from[0].max(2 * half), 0);
        let mut shelf = vec![0; to[0] * to[1] + 2 * small_half[0] * small_half[1]];
        let (luma, chroma) = shelf.split_at_mut(to[0] * to[1]);
        let (blues, reds) = chroma.split_at_mut(small_half[0] * small_half[1]);
        let (PlaneFormat::I420([brightness, ..]) | PlaneFormat::Nv12([brightness, _])) = planes.format;
        planes.reduce(brightness, &plan.luma, &mut sums[..from[0]], luma);
        match planes.format {
            PlaneFormat::I420([_, blue, red]) => {
                for (plane, out) in [(blue, blues), (red, reds)] {
                    planes.reduce(plane, &plan.colour, &mut sums[..half], out);
                }
            }
            PlaneFormat::Nv12([_, both]) => {
                let [blue, red] = apart.each_mut().map(|one| {
                    one.resize(half, 0);
                    &mut one[..]
                });
                let rows = blues.chunks_exact_mut(small_half[0]).zip(reds.chunks_exact_mut(small_half[0]));
                for (row, (blues, reds)) in rows.enumerate() {
                    planes.down(both, &plan.colour, row, &mut sums[..2 * half]);
                    for ((pair, blue), red) in sums.as_chunks::<2>().0.iter().zip(&mut *blue).zip(&mut *red) {
                        [*blue, *red] = *pair;
                    }
                    plan.colour.across(blue, blues);
                    plan.colour.across(red, reds);
                }
            }
        }
        // invariant: both sides are at most the frame's
        Shelved::of_planes(to[0] as u32, to[1] as u32, planes.coding, shelf)
    }
}

/// How a plane becomes small.
#[derive(Debug)]
struct Small {
    columns: Axis,
    /// The same, where four samples are enough.
    four: Option<Columns>,
    rows: Axis,
}

impl Small {
    /// A plane with one sample per `each` x `each` pixels of a picture, on both sides of becoming small.
    fn new([width, height]: [usize; 2], each: usize, to: [usize; 2]) -> Self {
        let axis = |length: usize, to: usize| {
            Axis::new(length.div_ceil(each), length as f64 / to as f64, length as f64 / each as f64, to.div_ceil(each))
        };
        let columns = axis(width, to[0]);
        let four = (columns.taps == 4).then(|| Columns::new(columns.first.clone(), columns.weights.as_chunks().0)).flatten();
        Self { columns, four, rows: axis(height, to[1]) }
    }

    /// Weighs the columns: from sums of 1/256 to bytes.
    fn across(&self, sums: &[u16], out: &mut [u8]) {
        if let Some(four) = &self.four {
            return four.weigh(sums, out);
        }
        for (i, byte) in out.iter_mut().enumerate() {
            let (first, weights) = self.columns.of(i);
            *byte = rounded(sums[first..].iter().zip(weights).map(|(sum, weight)| u32::from(*sum) * u32::from(*weight)).sum());
        }
    }
}

/// For each sample of the small side, the samples of the large one that lie under it: equally many, with weights that add up to 256.
#[derive(Debug)]
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

const fn rounded(sum: u32) -> u8 {
    // invariant: the weights add up to one, so a byte stays a byte
    ((sum + (1 << 15)) >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Frame;

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

    /// The small picture in colours, by a shrinker that has seen another size before.
    fn shrunk(planes: &Planes<'_>, side: u32) -> Frame {
        let mut shrinker = Shrinker::default();
        let before = shrinker.shelve(planes, side / 2 + 1);
        let shelved = shrinker.shelve(planes, side);
        assert!(before.bytes() < shelved.bytes() || side == 2, "another size");
        assert_eq!(shrinker.shelve(planes, side), shelved, "the plan is kept");
        shelved.frame()
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
            for pixel in shrunk(&planes, 4).rgb().chunks_exact(3) {
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
            let small = shrunk(&planes, side);
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
        let frame = shrunk(&Planes::new(91, 30, PlaneFormat::I420(layout(w, h)), VIDEO, &bytes).expect("fits"), 45);
        let row: Vec<bool> = frame.rgb()[..3 * 45].chunks_exact(3).map(|p| p[0] > p[2]).collect();
        assert!(row[..22].iter().all(|red| *red) && row[23..].iter().all(|red| !*red), "{row:?}");
    }

    #[test]
    fn interleaved_differences_and_padded_rows_are_the_same_picture() {
        let (w, h) = (61, 45);
        let bytes = noise(size(w, h));
        let [luma, blue, red] = layout(w, h);
        let plain = shrunk(&Planes::new(61, 45, PlaneFormat::I420([luma, blue, red]), VIDEO, &bytes).expect("fits"), 24);
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
        let nv12 = shrunk(&Planes::new(61, 45, PlaneFormat::Nv12([at(0), at(h * stride)]), VIDEO, &padded).expect("fits"), 24);
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
