//! Depthwise convolution of one row, channels together.
//!
//! The 3 x 3 loops hold the nine weights of a column of lanes in registers and walk along the row, so that every input number is read once per
//! row: it adds to the result on its left, to its own and to the one on its right while those sums are in registers.

use super::{
    format::Shape,
    lanes::{Lanes, Task},
    pack::Taps,
};

/// One row of results, `width` pixels at `stride` numbers each.
///
/// `rows` are the input rows under the window, each `source.width` pixels at `stride` numbers; a row outside the picture is all zeros.
///
/// # Safety
/// The processor has the instructions of `V`.
pub(crate) unsafe fn depthwise<V: Lanes>(taps: &Taps, rows: &[&[f32]], source: Shape, stride: usize, out: &mut [f32]) {
    let (side, width) = (taps.window.side, out.len() / stride);
    // invariant: the plan sizes rows and weights; the loops below rely on it
    assert!(rows.len() == side && rows.iter().all(|row| row.len() >= source.width * stride), "row sizes");
    assert!(taps.packed.len() == (side * side + 1) * stride && stride.is_multiple_of(V::N) && width > 0, "weights size");
    let (step, left) = (taps.window.step, taps.window.left);
    // SAFETY: sizes as asserted; each loop gets as many results as it expects for the row.
    unsafe {
        if let &[a, b, c] = rows {
            let three = Three { packed: &taps.packed, rows: [a.as_ptr(), b.as_ptr(), c.as_ptr()], width, stride, out: out.as_mut_ptr() };
            if step == 1 && left == 1 && width == source.width {
                return V::perform(ByOne(three));
            }
            if step == 2 && left == 0 && width * 2 == source.width {
                return V::perform(ByTwo(three));
            }
        }
        V::perform(Any { taps, rows, source_width: source.width, stride, out });
    }
}

/// A row of 3 x 3 windows.
struct Three<'a> {
    packed: &'a [f32],
    rows: [*const f32; 3],
    /// Results.
    width: usize,
    stride: usize,
    out: *mut f32,
}

/// 3 x 3, step 1, one zero pixel on either side.
struct ByOne<'a>(Three<'a>);

impl Task for ByOne<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let Three { packed, rows, width, stride, out } = self.0;
        for first in (0..stride).step_by(V::N) {
            // SAFETY: by `depthwise`, three rows and the result hold `width` pixels of `stride` numbers; the weights ten rows per column of lanes.
            unsafe {
                let (bias, w) = weights::<V>(packed.as_ptr().add(first * 10));
                let pixel = column::<V>(rows, first);
                let mut here = add3(bias, pixel, [w[1], w[4], w[7]]);
                let mut next = add3(bias, pixel, [w[0], w[3], w[6]]);
                let (mut at, mut to) = (first + stride, out.add(first));
                for _ in 1..width {
                    let pixel = column::<V>(rows, at);
                    add3(here, pixel, [w[2], w[5], w[8]]).store(to);
                    here = add3(next, pixel, [w[1], w[4], w[7]]);
                    next = add3(bias, pixel, [w[0], w[3], w[6]]);
                    (at, to) = (at + stride, to.add(stride));
                }
                here.store(to);
            }
        }
    }
}

/// 3 x 3, step 2, an even row with one zero pixel on its right.
struct ByTwo<'a>(Three<'a>);

impl Task for ByTwo<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let Three { packed, rows, width, stride, out } = self.0;
        for first in (0..stride).step_by(V::N) {
            // SAFETY: by `depthwise`, three rows hold 2 * `width` pixels of `stride` numbers, the result `width`; ten weight rows per column.
            unsafe {
                let (bias, w) = weights::<V>(packed.as_ptr().add(first * 10));
                let mut here = add3(bias, column::<V>(rows, first), [w[0], w[3], w[6]]);
                let (mut at, mut to) = (first + stride, out.add(first));
                for _ in 1..width {
                    here = add3(here, column::<V>(rows, at), [w[1], w[4], w[7]]);
                    let pixel = column::<V>(rows, at + stride);
                    add3(here, pixel, [w[2], w[5], w[8]]).store(to);
                    here = add3(bias, pixel, [w[0], w[3], w[6]]);
                    (at, to) = (at + 2 * stride, to.add(stride));
                }
                add3(here, column::<V>(rows, at), [w[1], w[4], w[7]]).store(to);
            }
        }
    }
}

/// Bias and nine weights of one column of lanes.
#[inline(always)]
unsafe fn weights<V: Lanes>(packed: *const f32) -> (V, [V; 9]) {
    // SAFETY: by the caller, ten rows of lanes at `packed`.
    unsafe {
        let bias = V::load(packed);
        let mut w = [bias; 9];
        for (tap, w) in w.iter_mut().enumerate() {
            *w = V::load(packed.add((tap + 1) * V::N));
        }
        (bias, w)
    }
}

/// The three numbers (lanes) above each other at `at`.
#[inline(always)]
unsafe fn column<V: Lanes>(rows: [*const f32; 3], at: usize) -> [V; 3] {
    // SAFETY: by the caller, lanes at `at` in each row.
    unsafe { [V::load(rows[0].add(at)), V::load(rows[1].add(at)), V::load(rows[2].add(at))] }
}

#[inline(always)]
unsafe fn add3<V: Lanes>(sum: V, pixel: [V; 3], weights: [V; 3]) -> V {
    // SAFETY: the caller's processor.
    unsafe { sum.add_product(pixel[0], weights[0]).add_product(pixel[1], weights[1]).add_product(pixel[2], weights[2]) }
}

/// Any window: tap by tap, those outside the row left out.
struct Any<'a> {
    taps: &'a Taps,
    rows: &'a [&'a [f32]],
    source_width: usize,
    stride: usize,
    out: &'a mut [f32],
}

impl Task for Any<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let Self { taps, rows, source_width, stride, out } = self;
        let (side, step, left) = (taps.window.side, taps.window.step, taps.window.left);
        for (x, out) in out.chunks_exact_mut(stride).enumerate() {
            for first in (0..stride).step_by(V::N) {
                // SAFETY: by `depthwise`, the weights hold side * side + 1 rows per column of lanes; `column` is inside the row.
                unsafe {
                    let packed = taps.packed.as_ptr().add(first * (side * side + 1));
                    let mut sum = V::load(packed);
                    for tap_x in 0..side {
                        let Some(column) = (x * step + tap_x).checked_sub(left).filter(|&column| column < source_width) else { continue };
                        for (tap_y, row) in rows.iter().enumerate() {
                            let weight = V::load(packed.add((tap_y * side + tap_x + 1) * V::N));
                            sum = sum.add_product(V::load(row.as_ptr().add(column * stride + first)), weight);
                        }
                    }
                    sum.store(out.as_mut_ptr().add(first));
                }
            }
        }
    }
}
