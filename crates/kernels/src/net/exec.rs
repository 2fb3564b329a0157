//! A network made ready to run, and the run itself.

use super::{
    NetError,
    depthwise::depthwise,
    format::{Graph, Kind, Residual, Shape, Window},
    lanes::{Lanes, Task},
    pack::{Columns, Taps, padded},
    point::{Strip, point},
    stem::{Padded, stem},
};

/// Numbers of a strip of depthwise results: a quarter of the smallest first cache in use (32 kB holds strip, input rows and a column of weights).
const STRIP: usize = 2048;
/// Largest side of a window, as the reader allows it.
const SIDE: usize = 9;

/// Which instructions run a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Processor {
    /// Plain loops, four numbers at a time: scalar twin of the others.
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    Plain,
    /// Four lanes: SSE2, or simd128 where the binary is built with it.
    #[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
    Four,
    /// Eight lanes: AVX2.
    #[cfg(target_arch = "x86_64")]
    Eight,
}

impl Processor {
    /// The fastest of this machine.
    #[must_use]
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        return if Self::Eight.is_available() { Self::Eight } else { Self::Four };
        #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
        return Self::Four;
        #[cfg(not(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128"))))]
        return Self::Plain;
    }

    /// True when this machine has the instructions.
    #[must_use]
    pub fn is_available(self) -> bool {
        match self {
            #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
            Self::Plain => true,
            #[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
            Self::Four => true,
            #[cfg(target_arch = "x86_64")]
            Self::Eight => std::arch::is_x86_feature_detected!("avx2"),
        }
    }

    const fn lanes(self) -> usize {
        match self {
            #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
            Self::Plain => 4,
            #[cfg(any(target_arch = "x86_64", all(target_arch = "wasm32", target_feature = "simd128")))]
            Self::Four => 4,
            #[cfg(target_arch = "x86_64")]
            Self::Eight => 8,
        }
    }
}

#[derive(Debug)]
enum Work {
    Stem(Padded),
    Block(Taps),
    /// Pixels to multiply as they lie.
    Point(usize),
}

#[derive(Debug)]
struct Step {
    work: Work,
    source: Shape,
    /// Slot of the source; `None` is the network's input.
    from: Option<usize>,
    shape: Shape,
    to: usize,
    columns: Columns,
    residual: Residual,
    sink: Option<(usize, usize)>,
}

/// Lengths of a run's memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Layout {
    input: [usize; 3],
    slots: Vec<usize>,
    outputs: Vec<usize>,
    planes: usize,
    strip: usize,
    row: usize,
}

/// A network ready to run; immutable and shareable between threads.
pub struct Net {
    steps: Vec<Step>,
    layout: Layout,
    processor: Processor,
}

impl core::fmt::Debug for Net {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Net").field("input", &self.layout.input).field("outputs", &self.layout.outputs).finish_non_exhaustive()
    }
}

/// Memory of one run at a time, made once by [`Net::scratch`].
#[derive(Debug, Default)]
pub struct Scratch {
    layout: Layout,
    slots: Vec<Vec<f32>>,
    outputs: Vec<Vec<f32>>,
    planes: Vec<f32>,
    strip: Vec<f32>,
    pooled: Vec<f32>,
    zeros: Vec<f32>,
}

impl Net {
    /// Reads a file for the fastest instructions of this machine.
    ///
    /// # Errors
    /// [`NetError`] when the bytes are not a whole, consistent file.
    pub fn read(bytes: &[u8]) -> Result<Self, NetError> {
        Self::read_for(bytes, Processor::best())
    }

    /// Reads a file for the given instructions.
    ///
    /// # Errors
    /// As [`Self::read`], and [`NetError::Processor`] when this machine lacks the instructions.
    pub fn read_for(bytes: &[u8], processor: Processor) -> Result<Self, NetError> {
        if !processor.is_available() {
            return Err(NetError::Processor);
        }
        let graph = Graph::read(bytes)?;
        let lanes = processor.lanes();
        let (slots, lengths) = slots(&graph, lanes);
        let input = graph.input;
        let outputs = graph.outputs.clone();
        let layout = Layout { input: [input.channels, input.height, input.width], slots: lengths, outputs, ..Layout::default() };
        let mut net = Self { steps: Vec::with_capacity(graph.ops.len()), layout, processor };
        for (index, op) in graph.ops.iter().enumerate() {
            // invariant: the reader lets an operation read earlier tensors only
            let Some(source) = graph.shape(op.input) else { return Err(NetError::Inconsistent("an operation reads a later one")) };
            let (work, columns) = (net.work(&op.kind, source, op.shape, lanes), Columns::of(op, source, lanes));
            let from = op.input.checked_sub(1).map(|tensor| slots[tensor]);
            let (residual, sink) = (op.residual, op.sink);
            net.steps.push(Step { work, source, from, shape: op.shape, to: slots[index], columns, residual, sink });
        }
        Ok(net)
    }

    /// What an operation does, and the memory it needs.
    fn work(&mut self, kind: &Kind, source: Shape, shape: Shape, lanes: usize) -> Work {
        let stride = padded(source.channels, lanes);
        match kind {
            Kind::Stem(window) => {
                let padded = Padded::new(*window, source, shape);
                self.layout.planes = self.layout.planes.max(padded.len(source.channels));
                Work::Stem(padded)
            }
            Kind::Block { window, taps, bias } => {
                self.layout.strip = self.layout.strip.max(strip_rows(shape, stride) * shape.width * stride);
                self.layout.row = self.layout.row.max(source.width * stride);
                Work::Block(Taps::new(*window, taps, bias, lanes))
            }
            Kind::Point => Work::Point(source.pixels()),
            Kind::Dense => Work::Point(1),
        }
    }

    /// Channels, height and width of the input picture.
    #[must_use]
    pub const fn input(&self) -> [usize; 3] {
        self.layout.input
    }

    /// Length of each output.
    #[must_use]
    pub fn outputs(&self) -> &[usize] {
        &self.layout.outputs
    }

    /// Memory for runs of this network.
    #[must_use]
    pub fn scratch(&self) -> Scratch {
        let zeros = |length: &usize| vec![0.0; *length];
        let layout = self.layout.clone();
        Scratch {
            slots: layout.slots.iter().map(zeros).collect(),
            outputs: layout.outputs.iter().map(zeros).collect(),
            planes: zeros(&layout.planes),
            strip: zeros(&layout.strip),
            pooled: zeros(&layout.strip),
            zeros: zeros(&layout.row),
            layout,
        }
    }

    /// Runs the network on `picture`: channel by channel, row by row. Allocates nothing, unless `scratch` was made by another network.
    ///
    /// # Errors
    /// [`NetError::Input`] when the picture has another length.
    pub fn run<'s>(&self, picture: &[f32], scratch: &'s mut Scratch) -> Result<&'s [Vec<f32>], NetError> {
        let expected = self.layout.input.iter().product();
        if picture.len() != expected {
            return Err(NetError::Input { expected, got: picture.len() });
        }
        if scratch.layout != self.layout {
            *scratch = self.scratch();
        }
        // SAFETY: `read_for` has seen that this machine has the processor's instructions.
        unsafe {
            match self.processor {
                #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
                Processor::Plain => execute::<super::lanes_plain::Plain>(self, picture, scratch),
                #[cfg(target_arch = "x86_64")]
                Processor::Four => execute::<super::lanes_x86::Sse>(self, picture, scratch),
                #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
                Processor::Four => execute::<super::lanes::Simd128>(self, picture, scratch),
                #[cfg(target_arch = "x86_64")]
                Processor::Eight => execute::<super::lanes_x86::Avx2>(self, picture, scratch),
            }
        }
        Ok(&scratch.outputs)
    }
}

/// # Safety
/// The processor has the instructions of `V`; `scratch` has the layout of `net`.
unsafe fn execute<V: Lanes>(net: &Net, picture: &[f32], scratch: &mut Scratch) {
    for step in &net.steps {
        let mut out = core::mem::take(&mut scratch.slots[step.to]);
        let count = step.columns.count;
        let row = step.shape.width * count;
        // SAFETY: the caller's processor.
        unsafe {
            match (&step.work, step.from) {
                (Work::Stem(padded), _) => {
                    padded.fill(picture, step.source, &mut scratch.planes);
                    for (y, out) in out.chunks_exact_mut(row).take(step.shape.height).enumerate() {
                        stem::<V>(&step.columns, *padded, &scratch.planes, y, out);
                    }
                }
                (Work::Block(taps), Some(from)) => {
                    let source = &scratch.slots[from];
                    block::<V>(step, taps, source, &mut scratch.strip, &mut scratch.pooled, &scratch.zeros, &mut out);
                }
                (Work::Point(pixels), Some(from)) => {
                    let source = &scratch.slots[from];
                    let stride = padded(step.source.channels, V::N);
                    let residual = (step.residual != Residual::None).then_some((source.as_slice(), stride));
                    point::<V>(&step.columns, Strip { from: source, stride, pixels: *pixels, residual }, &mut out);
                }
                // invariant: the reader lets only a stem read the picture
                (Work::Block(_) | Work::Point(_), None) => (),
            }
        }
        if let Some((output, offset)) = step.sink {
            let channels = step.shape.channels;
            let to = scratch.outputs[output][offset..].chunks_exact_mut(channels);
            for (to, pixel) in to.zip(out.chunks_exact(count).take(step.shape.pixels())) {
                to.copy_from_slice(&pixel[..channels]);
            }
        }
        scratch.slots[step.to] = out;
    }
}

/// Depthwise, 1 x 1, residual and activation, strip by strip.
unsafe fn block<V: Lanes>(step: &Step, taps: &Taps, source: &[f32], strip: &mut [f32], pooled: &mut [f32], zeros: &[f32], out: &mut [f32]) {
    let (stride, shape) = (padded(step.source.channels, V::N), step.shape);
    let (source_row, strip_row) = (step.source.width * stride, shape.width * stride);
    let line = |y: Option<usize>| y.and_then(|y| source.get(y * source_row..(y + 1) * source_row)).filter(|_| y < Some(step.source.height));
    let Window { side, step: shift, top, .. } = taps.window;
    let rows = strip_rows(shape, stride);
    for first in (0..shape.height).step_by(rows) {
        let height = rows.min(shape.height - first);
        let pixels = height * shape.width;
        for (y, strip) in (first..first + height).zip(strip.chunks_exact_mut(strip_row)) {
            let mut under = [zeros; SIDE];
            for (tap, under) in under.iter_mut().enumerate().take(side) {
                *under = line((y * shift + tap).checked_sub(top)).unwrap_or(zeros);
            }
            // SAFETY: the caller's processor.
            unsafe { depthwise::<V>(taps, &under[..side], step.source, stride, strip) };
        }
        let residual = match step.residual {
            Residual::None => None,
            Residual::Input => source.get(first * strip_row..),
            Residual::Pooled => {
                for (y, pooled) in (first..first + height).zip(pooled.chunks_exact_mut(strip_row)) {
                    let upper = line(Some(2 * y)).unwrap_or(zeros);
                    // SAFETY: the caller's processor.
                    unsafe { pool::<V>(upper, line(Some(2 * y + 1)).unwrap_or(upper), step.source.width, stride, pooled) };
                }
                Some(&*pooled)
            }
        };
        let strip = Strip { from: strip, stride, pixels, residual: residual.map(|data| (data, stride)) };
        // SAFETY: the caller's processor.
        unsafe { point::<V>(&step.columns, strip, &mut out[first * shape.width * step.columns.count..]) };
    }
}

/// Largest of each 2 x 2 cells of two rows; beyond an odd edge the last cell counts twice, which changes nothing.
unsafe fn pool<V: Lanes>(upper: &[f32], lower: &[f32], width: usize, stride: usize, out: &mut [f32]) {
    // invariant: the plan sizes rows
    assert!(upper.len() >= width * stride && lower.len() >= width * stride && out.len() == width.div_ceil(2) * stride, "row sizes");
    // SAFETY: sizes as asserted.
    unsafe { V::perform(Pool { rows: [upper.as_ptr(), lower.as_ptr()], width, stride, out }) }
}

struct Pool<'a> {
    rows: [*const f32; 2],
    width: usize,
    stride: usize,
    out: &'a mut [f32],
}

impl Task for Pool<'_> {
    #[inline(always)]
    unsafe fn run<V: Lanes>(self) {
        let Self { rows: [upper, lower], width, stride, out } = self;
        for (x, out) in out.chunks_exact_mut(stride).enumerate() {
            let (left, right) = (2 * x * stride, (2 * x + 1).min(width - 1) * stride);
            for first in (0..stride).step_by(V::N) {
                // SAFETY: by `pool`, both pixels lie inside both rows; lanes fit the stride.
                unsafe {
                    let top = V::load(upper.add(left + first)).max(V::load(upper.add(right + first)));
                    let bottom = V::load(lower.add(left + first)).max(V::load(lower.add(right + first)));
                    top.max(bottom).store(out.as_mut_ptr().add(first));
                }
            }
        }
    }
}

/// Rows of results that a strip holds.
fn strip_rows(shape: Shape, stride: usize) -> usize {
    (STRIP / (shape.width * stride)).clamp(1, shape.height)
}

/// Which slot holds the result of each operation, and the slots' lengths. A slot is free again after the last operation that reads it.
fn slots(graph: &Graph, lanes: usize) -> (Vec<usize>, Vec<usize>) {
    let last_use = |tensor: usize| graph.ops.iter().rposition(|op| op.input == tensor).unwrap_or(tensor - 1);
    let (mut of, mut lengths, mut busy) = (Vec::new(), Vec::new(), Vec::new());
    for (index, op) in graph.ops.iter().enumerate() {
        let free = busy.iter().position(|&until| until < index).unwrap_or_else(|| {
            busy.push(0);
            lengths.push(0);
            busy.len() - 1
        });
        busy[free] = last_use(index + 1);
        lengths[free] = lengths[free].max(op.shape.pixels() * padded(op.shape.channels, lanes));
        of.push(free);
    }
    (of, lengths)
}
