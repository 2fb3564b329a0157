//! Dense convolution of the input picture, which lies plane by plane with zeros around it.

use super::{
    format::{Shape, Window},
    lanes::{Lanes, Task},
    pack::Columns,
    point::{activate, load, step},
};

/// The picture with the window's zeros around it, one plane per channel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Padded {
    pub(crate) width: usize,
    pub(crate) height: usize,
    window: Window,
}

impl Padded {
    /// Room for every window of `shape` results on `source`.
    pub(crate) fn new(window: Window, source: Shape, shape: Shape) -> Self {
        let reach = |out: usize, before: usize, length: usize| ((out - 1) * window.step + window.side).max(length + before);
        Self { width: reach(shape.width, window.left, source.width), height: reach(shape.height, window.top, source.height), window }
    }

    /// Numbers of all planes.
    pub(crate) const fn len(self, channels: usize) -> usize {
        channels * self.width * self.height
    }

    /// Copies a planar picture into `planes`, whose margin is zero already.
    pub(crate) fn fill(self, picture: &[f32], source: Shape, planes: &mut [f32]) {
        let pictures = picture.chunks_exact(source.pixels());
        for (picture, plane) in pictures.zip(planes.chunks_exact_mut(self.width * self.height)) {
            let lines = plane.chunks_exact_mut(self.width).skip(self.window.top);
            for (row, line) in picture.chunks_exact(source.width).zip(lines) {
                line[self.window.left..self.window.left + source.width].copy_from_slice(row);
            }
        }
    }
}

/// One row of results; pixel `i` begins at `i * columns.count` of `out`. `y` is the row's number.
///
/// # Safety
/// The processor has the instructions of `V`.
pub(crate) unsafe fn stem<V: Lanes>(columns: &Columns, padded: Padded, planes: &[f32], y: usize, out: &mut [f32]) {
    let side = padded.window.side;
    let width = out.len() / columns.count;
    let channels = columns.depth / (side * side);
    // invariant: the plan sizes planes and weights; the loops below rely on it
    assert!(planes.len() >= padded.len(channels) && width > 0, "planes size");
    assert!((width - 1) * padded.window.step + side <= padded.width && y * padded.window.step + side <= padded.height, "picture size");
    assert!(columns.packed.len() == columns.count * (columns.depth + 1) && columns.count.is_multiple_of(V::N), "weights size");
    let row = Row { columns, padded, planes: &planes[y * padded.window.step * padded.width..], channels, width, out: out.as_mut_ptr() };
    let mut first = 0;
    while first < columns.count {
        // SAFETY: sizes as asserted; as many columns of lanes are left as each call takes.
        unsafe {
            if columns.count - first >= 2 * V::N {
                sized::<V, 2>(row, first);
                first += 2 * V::N;
            } else {
                sized::<V, 1>(row, first);
                first += V::N;
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Row<'a> {
    columns: &'a Columns,
    padded: Padded,
    /// From the window's first row on.
    planes: &'a [f32],
    channels: usize,
    width: usize,
    out: *mut f32,
}

/// Windows of the common sides are unrolled.
unsafe fn sized<V: Lanes, const VECS: usize>(row: Row<'_>, first: usize) {
    // SAFETY: the caller's.
    unsafe {
        match row.padded.window.side {
            3 => V::perform(Pixels::<VECS, 3> { row, first }),
            5 => V::perform(Pixels::<VECS, 5> { row, first }),
            _ => V::perform(Pixels::<VECS, 0> { row, first }),
        }
    }
}

/// All pixels of one column (of `VECS` lanes). `SIDE` 0: the window's side is not known before.
struct Pixels<'a, const VECS: usize, const SIDE: usize> {
    row: Row<'a>,
    first: usize,
}

impl<const VECS: usize, const SIDE: usize> Task for Pixels<'_, VECS, SIDE> {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let Self { row, first } = self;
        let mut x = 0;
        // SAFETY: the caller's; tiles do not reach beyond the row.
        unsafe {
            if V::ROWS == 6 {
                while row.width - x >= 6 {
                    tile::<V, 6, VECS, SIDE>(row, first, x);
                    x += 6;
                }
            }
            while row.width - x >= 4 {
                tile::<V, 4, VECS, SIDE>(row, first, x);
                x += 4;
            }
            while x < row.width {
                tile::<V, 1, VECS, SIDE>(row, first, x);
                x += 1;
            }
        }
    }
}

/// `M` pixels of one column.
#[inline(always)]
unsafe fn tile<V: Lanes, const M: usize, const VECS: usize, const SIDE: usize>(row: Row<'_>, first: usize, x: usize) {
    let Row { columns, padded, planes, channels, out, .. } = row;
    let (side, shift) = (if SIDE == 0 { padded.window.side } else { SIDE }, padded.window.step);
    // SAFETY: by the asserts of `stem`, every window of the tile lies inside its planes; the weights hold a bias and `depth` rows per column.
    unsafe {
        let mut weights = columns.packed.as_ptr().add(first * (columns.depth + 1));
        let mut sums = [load::<V, VECS>(weights); M];
        weights = weights.add(VECS * V::N);
        for channel in 0..channels {
            for tap_y in 0..side {
                let line = planes.as_ptr().add((channel * padded.height + tap_y) * padded.width + x * shift);
                let mut from = [line; M];
                for (m, from) in from.iter_mut().enumerate() {
                    *from = from.add(m * shift);
                }
                for tap_x in 0..side {
                    step::<V, M, VECS>(&mut sums, from, tap_x, weights);
                    weights = weights.add(VECS * V::N);
                }
            }
        }
        activate::<V, M, VECS>(&columns.activation, first, &mut sums);
        for (m, sums) in sums.into_iter().enumerate() {
            for (v, sum) in sums.into_iter().enumerate() {
                sum.store(out.add((x + m) * columns.count + first + v * V::N));
            }
        }
    }
}
