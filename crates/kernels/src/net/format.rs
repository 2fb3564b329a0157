//! Reads a compact network file. The layout is described in docs/networks.md.

use super::NetError;

/// First four bytes of a file.
pub(crate) const MAGIC: [u8; 4] = *b"FNET";
const VERSION: u32 = 1;
/// Words per operation record.
const RECORD: usize = 13;
/// Bounds that keep every product of sizes far from overflow, on 32-bit machines too.
const MAX_SIDE: usize = 1024;
const MAX_CHANNELS: usize = 4096;
const MAX_OPS: usize = 512;
const MAX_NUMBERS: usize = 1 << 24;

/// Height, width, channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
}

impl Shape {
    pub(crate) const fn pixels(self) -> usize {
        self.height * self.width
    }
}

/// A square sliding window: side, step, and the zero cells above and to the left of the picture. Those below and to the right follow from the sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) side: usize,
    pub(crate) step: usize,
    pub(crate) top: usize,
    pub(crate) left: usize,
}

/// What is done to a sum before it is stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Activation {
    None,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `max(x, 0) + slope * min(x, 0)`, one slope per channel.
    Prelu(Vec<f32>),
}

/// What is added to a sum: zero for channels that the source lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Residual {
    None,
    /// The operation's input.
    Input,
    /// The largest of each 2 x 2 cells of the operation's input; beyond an odd edge the cells that exist.
    Pooled,
}

/// What an operation computes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    /// Dense convolution of the network's input picture.
    Stem(Window),
    /// Depthwise convolution (weights tap by tap, then bias), then a 1 x 1 convolution.
    Block { window: Window, taps: Vec<f32>, bias: Vec<f32> },
    /// 1 x 1 convolution.
    Point,
    /// Every number of the input (row by row, pixel by pixel) takes part in every output.
    Dense,
}

/// One operation. Tensor 0 is the network's input, tensor `i + 1` the result of operation `i`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Op {
    pub(crate) kind: Kind,
    /// Tensor read.
    pub(crate) input: usize,
    pub(crate) shape: Shape,
    /// `channels` rows of equal length.
    pub(crate) weights: Vec<f32>,
    pub(crate) bias: Vec<f32>,
    pub(crate) activation: Activation,
    pub(crate) residual: Residual,
    /// Output of the network and the place in it where the result also goes.
    pub(crate) sink: Option<(usize, usize)>,
}

/// A whole network.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Graph {
    pub(crate) input: Shape,
    /// Length of each output.
    pub(crate) outputs: Vec<usize>,
    pub(crate) ops: Vec<Op>,
}

impl Graph {
    /// Shape of a tensor; `None` beyond the last.
    pub(crate) fn shape(&self, tensor: usize) -> Option<Shape> {
        match tensor.checked_sub(1) {
            None => Some(self.input),
            Some(op) => self.ops.get(op).map(|op| op.shape),
        }
    }

    /// Reads and checks a file.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, NetError> {
        let mut words = Words(bytes.strip_prefix(&MAGIC).ok_or(NetError::NotNet)?);
        let version = words.next()?;
        if version != VERSION as usize {
            return Err(NetError::Version(version));
        }
        let input = Shape { channels: words.size(MAX_CHANNELS)?, height: words.size(MAX_SIDE)?, width: words.size(MAX_SIDE)? };
        if input.channels > MAX_NUMBERS / input.pixels() {
            return Err(NetError::Inconsistent("a size is out of range"));
        }
        let (ops, outputs, numbers) = (words.size(MAX_OPS)?, words.size(MAX_OPS)?, words.size(MAX_NUMBERS)?);
        let outputs = (0..outputs).map(|_| words.size(MAX_NUMBERS)).collect::<Result<Vec<_>, _>>()?;
        let records = (0..ops).map(|_| words.record()).collect::<Result<Vec<_>, _>>()?;
        let mut numbers = Halves::new(words.0, numbers)?;
        let mut graph = Self { input, outputs, ops: Vec::with_capacity(ops) };
        for record in records {
            let op = operation(&graph, record, &mut numbers)?;
            graph.ops.push(op);
        }
        if numbers.at != numbers.low.len() {
            return Err(NetError::Inconsistent("weights are left over"));
        }
        Ok(graph)
    }
}

/// Little-endian words.
struct Words<'a>(&'a [u8]);

impl Words<'_> {
    fn next(&mut self) -> Result<usize, NetError> {
        let (word, rest) = self.0.split_first_chunk().ok_or(NetError::Truncated)?;
        self.0 = rest;
        usize::try_from(u32::from_le_bytes(*word)).map_err(|_| NetError::Inconsistent("a size is out of range"))
    }

    /// A number of 1 to `most`.
    fn size(&mut self, most: usize) -> Result<usize, NetError> {
        let size = self.next()?;
        if (1..=most).contains(&size) { Ok(size) } else { Err(NetError::Inconsistent("a size is out of range")) }
    }

    fn record(&mut self) -> Result<[usize; RECORD], NetError> {
        let mut record = [0; RECORD];
        for word in &mut record {
            *word = self.next()?;
        }
        Ok(record)
    }
}

/// Half-precision numbers: all low bytes, then all high bytes, which compresses better than pairs.
struct Halves<'a> {
    low: &'a [u8],
    high: &'a [u8],
    at: usize,
}

impl<'a> Halves<'a> {
    fn new(bytes: &'a [u8], count: usize) -> Result<Self, NetError> {
        let (low, high) = bytes.split_at_checked(count).ok_or(NetError::Truncated)?;
        if high.len() == count { Ok(Self { low, high, at: 0 }) } else { Err(NetError::Truncated) }
    }

    fn take(&mut self, count: usize) -> Result<Vec<f32>, NetError> {
        let end = self.at.checked_add(count).ok_or(NetError::Truncated)?;
        let (low, high) = (self.low.get(self.at..end), self.high.get(self.at..end));
        let (low, high) = low.zip(high).ok_or(NetError::Truncated)?;
        self.at = end;
        let values: Vec<f32> = low.iter().zip(high).map(|(&low, &high)| half(u16::from_le_bytes([low, high]))).collect();
        if values.iter().all(|v| v.is_finite()) { Ok(values) } else { Err(NetError::Inconsistent("a weight is not finite")) }
    }
}

/// The value of an IEEE 754 half, exact.
fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (u32::from(bits >> 15) << 31, u32::from(bits >> 10 & 31), u32::from(bits & 1023));
    match exponent {
        // zero and subnormals: fraction * 2^-24, exact
        0 => f32::from_bits((fraction as f32 * f32::from_bits((127 - 24) << 23)).to_bits() | sign),
        31 => f32::from_bits(sign | 0xff << 23 | fraction << 13),
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

fn operation(graph: &Graph, record: [usize; RECORD], numbers: &mut Halves<'_>) -> Result<Op, NetError> {
    let wrong = NetError::Inconsistent;
    let [kind, input, activation, side, step, top, left, height, width, channels, residual, sink, offset] = record;
    let source = graph.shape(input).ok_or(wrong("an operation reads a later one"))?;
    let within = |v: usize, most: usize| (1..=most).contains(&v);
    if !within(height, MAX_SIDE) || !within(width, MAX_SIDE) || !within(channels, MAX_CHANNELS) {
        return Err(wrong("a size is out of range"));
    }
    let shape = Shape { height, width, channels };
    if channels > MAX_NUMBERS / shape.pixels() || (input == 0) != (kind == 0) {
        return Err(wrong("an operation does not fit its input"));
    }
    let window = Window { side, step, top, left };
    let (kind, row) = match kind {
        0 => (Kind::Stem(checked(window, source, shape)?), side * side * source.channels),
        1 => {
            let window = checked(window, source, shape)?;
            let taps = numbers.take(side * side * source.channels)?;
            (Kind::Block { window, taps, bias: numbers.take(source.channels)? }, source.channels)
        }
        2 if (height, width) == (source.height, source.width) => (Kind::Point, source.channels),
        3 if (height, width) == (1, 1) => (Kind::Dense, source.pixels() * source.channels),
        _ => return Err(wrong("an operation is unknown or does not fit its input")),
    };
    if row > MAX_NUMBERS / channels {
        return Err(wrong("a size is out of range"));
    }
    let (weights, bias) = (numbers.take(row * channels)?, numbers.take(channels)?);
    let activation = match activation {
        0 => Activation::None,
        1 => Activation::Relu,
        2 => Activation::Relu6,
        3 => Activation::Prelu(numbers.take(channels)?),
        _ => return Err(wrong("an activation is unknown")),
    };
    let half = |n: usize| n.div_ceil(2);
    let residual = match residual {
        0 => Residual::None,
        1 if input > 0 && channels >= source.channels && (height, width) == (source.height, source.width) => Residual::Input,
        2 if input > 0 && channels >= source.channels && (height, width) == (half(source.height), half(source.width)) => Residual::Pooled,
        _ => return Err(wrong("a residual is unknown or does not fit")),
    };
    let sink = match sink.checked_sub(1) {
        None => None,
        Some(output) => {
            let length = graph.outputs.get(output).ok_or(wrong("an output is unknown"))?;
            let end = offset.checked_add(shape.pixels() * channels);
            if end.is_none_or(|end| end > *length) {
                return Err(wrong("an output is too short"));
            }
            Some((output, offset))
        }
    };
    Ok(Op { kind, input, shape, weights, bias, activation, residual, sink })
}

/// Refuses windows that are not small or that lie outside the picture for some result.
fn checked(window: Window, source: Shape, shape: Shape) -> Result<Window, NetError> {
    let Window { side, step, top, left } = window;
    let small = (1..=9).contains(&side) && (1..=4).contains(&step) && top < side && left < side;
    // the last window must begin inside the picture
    let fits = |out: usize, before: usize, length: usize| (out - 1) * step < length + before;
    if small && fits(shape.height, top, source.height) && fits(shape.width, left, source.width) {
        Ok(window)
    } else {
        Err(NetError::Inconsistent("a window does not fit its picture"))
    }
}
