//! Matrix product of a strip of pixels with packed weights; residual and activation on the way out.

use super::{
    format::Activation,
    lanes::{Lanes, Task},
    pack::Columns,
};

/// A strip of pixels: where it comes from and goes to. Strides are in numbers per pixel.
#[derive(Clone, Copy)]
pub(crate) struct Strip<'a> {
    /// First pixel; the matrix' depth is read of each.
    pub(crate) from: &'a [f32],
    pub(crate) stride: usize,
    pub(crate) pixels: usize,
    /// First pixel of what is added, and its stride, which is also the number of channels it has.
    pub(crate) residual: Option<(&'a [f32], usize)>,
}

/// Numbers that `pixels` pixels of `used` numbers at `stride` span.
pub(crate) const fn span(pixels: usize, stride: usize, used: usize) -> usize {
    if pixels == 0 { 0 } else { (pixels - 1) * stride + used }
}

/// Multiplies a strip; pixel `i` of the result begins at `i * columns.count` of `out`.
///
/// # Safety
/// The processor has the instructions of `V`.
pub(crate) unsafe fn point<V: Lanes>(columns: &Columns, strip: Strip<'_>, out: &mut [f32]) {
    let (count, depth) = (columns.count, columns.depth);
    // invariant: the plan sizes strips and weights; the loops below rely on it
    assert!(strip.from.len() >= span(strip.pixels, strip.stride, depth) && out.len() >= strip.pixels * count, "strip sizes");
    assert!(
        strip.residual.is_none_or(|(data, stride)| data.len() >= strip.pixels * stride && stride.is_multiple_of(V::N)),
        "residual size"
    );
    assert!(columns.packed.len() == count * (depth + 1) && count.is_multiple_of(V::N), "weights size");
    let out = out.as_mut_ptr();
    let mut first = 0;
    while first < count {
        if count - first >= 2 * V::N {
            // SAFETY: sizes as asserted; two columns of lanes are left.
            unsafe { V::perform(Rows::<2> { columns, strip, first, out }) };
            first += 2 * V::N;
        } else {
            // SAFETY: sizes as asserted; one column of lanes is left.
            unsafe { V::perform(Rows::<1> { columns, strip, first, out }) };
            first += V::N;
        }
    }
}

/// All pixels of one column (of `VECS` lanes).
struct Rows<'a, const VECS: usize> {
    columns: &'a Columns,
    strip: Strip<'a>,
    /// First channel of the column.
    first: usize,
    out: *mut f32,
}

impl<const VECS: usize> Task for Rows<'_, VECS> {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let mut pixel = 0;
        // SAFETY: tiles start at pixels of the strip and do not reach beyond its last.
        unsafe {
            if V::ROWS == 6 {
                while self.strip.pixels - pixel >= 6 {
                    tile::<V, 6, VECS>(&self, pixel);
                    pixel += 6;
                }
            }
            while self.strip.pixels - pixel >= 4 {
                tile::<V, 4, VECS>(&self, pixel);
                pixel += 4;
            }
            match self.strip.pixels - pixel {
                3 => tile::<V, 3, VECS>(&self, pixel),
                2 => tile::<V, 2, VECS>(&self, pixel),
                1 => tile::<V, 1, VECS>(&self, pixel),
                _ => (),
            }
        }
    }
}

/// `M` pixels of one column.
#[inline(always)]
unsafe fn tile<V: Lanes, const M: usize, const VECS: usize>(rows: &Rows<'_, VECS>, pixel: usize) {
    let Rows { columns, strip, first, out } = *rows;
    // SAFETY: by the asserts of `point`, every pixel of the tile has `depth` numbers to read, `count` to write and, where there is a residual, its
    // stride; the weights hold a bias and `depth` rows of VECS * N numbers, the slopes `count`.
    unsafe {
        let weights = columns.packed.as_ptr().add(first * (columns.depth + 1));
        let bias = load::<V, VECS>(weights);
        let mut sums = [bias; M];
        let mut from = [strip.from.as_ptr(); M];
        for (m, from) in from.iter_mut().enumerate() {
            *from = from.add((pixel + m) * strip.stride);
        }
        product::<V, M, VECS>(&mut sums, from, weights.add(VECS * V::N), columns.depth, strip.pixels == 1);
        if let Some((data, stride)) = strip.residual {
            for (m, sums) in sums.iter_mut().enumerate() {
                for (v, sum) in sums.iter_mut().enumerate() {
                    // channels that the source lacks get nothing
                    if first + v * V::N < stride {
                        *sum = sum.add(V::load(data.as_ptr().add((pixel + m) * stride + first + v * V::N)));
                    }
                }
            }
        }
        activate::<V, M, VECS>(&columns.activation, first, &mut sums);
        for (m, sums) in sums.into_iter().enumerate() {
            for (v, sum) in sums.into_iter().enumerate() {
                sum.store(out.add((pixel + m) * columns.count + first + v * V::N));
            }
        }
    }
}

/// Adds `depth` products to each sum; the inner loop of everything. The pixel of a strip that has only one (`alone`) has too few sums to hide the
/// adder's latency, so it keeps four partial ones. The last pixel of a longer strip does not: tiles of another size would round otherwise.
#[inline(always)]
unsafe fn product<V: Lanes, const M: usize, const VECS: usize>(
    sums: &mut [[V; VECS]; M],
    mut from: [*const f32; M],
    mut weights: *const f32,
    depth: usize,
    alone: bool,
) {
    const UNROLL: usize = 4;
    // SAFETY: by the caller, `depth` numbers at every pointer of `from`, `depth` rows at `weights`.
    unsafe {
        if M == 1 && alone {
            let zero = [V::all(0.0); VECS];
            let mut partial = [zero; UNROLL];
            for _ in 0..depth / UNROLL {
                for (u, sums) in partial.iter_mut().enumerate() {
                    let x = V::spread(from[0].add(u));
                    for (v, sum) in sums.iter_mut().enumerate() {
                        *sum = sum.add_product(x, V::load(weights.add((u * VECS + v) * V::N)));
                    }
                }
                from[0] = from[0].add(UNROLL);
                weights = weights.add(UNROLL * VECS * V::N);
            }
            for part in partial {
                for v in 0..VECS {
                    sums[0][v] = sums[0][v].add(part[v]);
                }
            }
        } else {
            for _ in 0..depth / UNROLL {
                for u in 0..UNROLL {
                    step::<V, M, VECS>(sums, from, u, weights.add(u * VECS * V::N));
                }
                for from in &mut from {
                    *from = from.add(UNROLL);
                }
                weights = weights.add(UNROLL * VECS * V::N);
            }
        }
        for u in 0..depth % UNROLL {
            step::<V, M, VECS>(sums, from, u, weights.add(u * VECS * V::N));
        }
    }
}

/// One input number of each pixel times one row of weights.
#[inline(always)]
pub(crate) unsafe fn step<V: Lanes, const M: usize, const VECS: usize>(
    sums: &mut [[V; VECS]; M],
    from: [*const f32; M],
    at: usize,
    weights: *const f32,
) {
    // SAFETY: by the caller, number `at` exists at every pointer, and a row of weights at `weights`.
    unsafe {
        let row = load::<V, VECS>(weights);
        for m in 0..M {
            let x = V::spread(from[m].add(at));
            for v in 0..VECS {
                sums[m][v] = sums[m][v].add_product(x, row[v]);
            }
        }
    }
}

/// `VECS` lanes one after another.
#[inline(always)]
pub(crate) unsafe fn load<V: Lanes, const VECS: usize>(from: *const f32) -> [V; VECS] {
    // SAFETY: by the caller, VECS * N numbers at `from`.
    unsafe {
        let mut row = [V::load(from); VECS];
        for (v, lanes) in row.iter_mut().enumerate().skip(1) {
            *lanes = V::load(from.add(v * V::N));
        }
        row
    }
}

/// Applies the activation to the sums of the columns from `first` on.
#[inline(always)]
pub(crate) unsafe fn activate<V: Lanes, const M: usize, const VECS: usize>(
    activation: &Activation,
    first: usize,
    sums: &mut [[V; VECS]; M],
) {
    // SAFETY: by the caller, the processor fits; slopes are as many as the columns.
    unsafe {
        let zero = V::all(0.0);
        match activation {
            Activation::None => (),
            Activation::Relu => sums.as_flattened_mut().iter_mut().for_each(|x| *x = x.max(zero)),
            Activation::Relu6 => {
                let six = V::all(6.0);
                sums.as_flattened_mut().iter_mut().for_each(|x| *x = x.max(zero).min(six));
            }
            Activation::Prelu(slopes) => {
                let slopes = load::<V, VECS>(slopes.as_ptr().add(first));
                for pixel in sums {
                    for (x, slope) in pixel.iter_mut().zip(slopes) {
                        *x = x.max(zero).add_product(slope, x.min(zero));
                    }
                }
            }
        }
    }
}
