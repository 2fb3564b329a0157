//! Writes network files for the tests.

use super::Numbers;
use crate::net::format::{Activation, MAGIC};

/// One operation as it stands in a file.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) kind: usize,
    pub(super) input: usize,
    pub(super) activation: usize,
    pub(super) window: [usize; 4],
    pub(super) shape: [usize; 3],
    pub(super) residual: usize,
    pub(super) sink: Option<(usize, usize)>,
    pub(super) taps: Vec<f32>,
    pub(super) taps_bias: Vec<f32>,
    pub(super) weights: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) slopes: Vec<f32>,
}

impl Record {
    fn new(kind: usize, input: usize, window: [usize; 4], shape: [usize; 3]) -> Self {
        let none = Vec::new;
        Self {
            kind,
            input,
            activation: 0,
            window,
            shape,
            residual: 0,
            sink: None,
            taps: none(),
            taps_bias: none(),
            weights: none(),
            bias: none(),
            slopes: none(),
        }
    }

    pub(super) fn stem(input: usize, window: [usize; 4], shape: [usize; 3]) -> Self {
        Self::new(0, input, window, shape)
    }

    pub(super) fn block(input: usize, window: [usize; 4], shape: [usize; 3]) -> Self {
        Self::new(1, input, window, shape)
    }

    pub(super) fn point(input: usize, shape: [usize; 3]) -> Self {
        Self::new(2, input, [0; 4], shape)
    }

    pub(super) fn dense(input: usize, channels: usize) -> Self {
        Self::new(3, input, [0; 4], [1, 1, channels])
    }

    pub(super) fn activation(self, activation: usize) -> Self {
        Self { activation, ..self }
    }

    pub(super) fn residual(self, residual: usize) -> Self {
        Self { residual, ..self }
    }

    pub(super) fn sink(self, output: usize, offset: usize) -> Self {
        Self { sink: Some((output, offset)), ..self }
    }
}

/// A file in the making. Shapes are height, width, channels.
pub(super) struct File {
    pub(super) input: [usize; 3],
    pub(super) outputs: Vec<usize>,
    pub(super) records: Vec<Record>,
    seed: u32,
}

impl File {
    /// `input`: channels, height, width.
    pub(super) fn new(input: [usize; 3], numbers: &mut Numbers) -> Self {
        Self { input, outputs: Vec::new(), records: Vec::new(), seed: (numbers.next() * 1e6) as i32 as u32 }
    }

    pub(super) fn shape(&self, tensor: usize) -> [usize; 3] {
        if tensor == 0 { [self.input[1], self.input[2], self.input[0]] } else { self.records[tensor - 1].shape }
    }

    /// Numbers of a tensor.
    pub(super) fn add_len(&self, tensor: usize) -> usize {
        self.shape(tensor).iter().product::<usize>() + 17
    }

    /// Adds an operation with random halves for weights and returns its tensor.
    pub(super) fn add(&mut self, mut record: Record) -> usize {
        let mut numbers = Numbers(self.seed.wrapping_add(977 * self.records.len() as u32));
        let [height, width, source] = self.shape(record.input);
        let row = match record.kind {
            0 => record.window[0] * record.window[0] * source,
            3 => height * width * source,
            _ => source,
        };
        // small enough that sums stay near one
        let mut draw = |count: usize, scale: f32| numbers.take(count).iter().map(|v| unhalf(halved(v * scale))).collect::<Vec<_>>();
        let channels = record.shape[2];
        if record.kind == 1 {
            record.taps = draw(record.window[0] * record.window[0] * source, 0.6);
            record.taps_bias = draw(source, 0.3);
        }
        record.weights = draw(row * channels, 1.5 / (row as f32).sqrt());
        record.bias = draw(channels, 0.3);
        if record.activation == 3 {
            record.slopes = draw(channels, 0.5);
        }
        self.records.push(record);
        self.records.len()
    }

    pub(super) fn output(&mut self, lengths: &[usize]) {
        self.outputs = lengths.to_vec();
    }

    pub(super) fn sink_of(&mut self, tensor: usize, output: usize, offset: usize) {
        self.records[tensor - 1].sink = Some((output, offset));
    }

    fn numbers(&self) -> Vec<u16> {
        let of = |r: &Record| {
            [&r.taps, &r.taps_bias, &r.weights, &r.bias, &r.slopes].into_iter().flatten().map(|v| halved(*v)).collect::<Vec<_>>()
        };
        self.records.iter().flat_map(of).collect()
    }

    pub(super) fn header_len(&self) -> usize {
        4 + 4 * (7 + self.outputs.len() + 13 * self.records.len())
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let numbers = self.numbers();
        let mut words = vec![1, self.input[0], self.input[1], self.input[2], self.records.len(), self.outputs.len(), numbers.len()];
        words.extend(&self.outputs);
        for r in &self.records {
            words.extend([r.kind, r.input, r.activation]);
            words.extend(r.window);
            words.extend(r.shape);
            let (output, offset) = r.sink.map_or((0, 0), |(output, offset)| (output + 1, offset));
            words.extend([r.residual, output, offset]);
        }
        let words = words.into_iter().flat_map(|word| (word as u32).to_le_bytes());
        let (low, high) = (numbers.iter().map(|n| n.to_le_bytes()[0]), numbers.iter().map(|n| n.to_le_bytes()[1]));
        MAGIC.into_iter().chain(words).chain(low).chain(high).collect()
    }
}

/// Truncates to half precision; what is below its normal range becomes zero.
fn halved(value: f32) -> u16 {
    let bits = value.to_bits();
    let exponent = (bits >> 23 & 255) as i32 - 112;
    if exponent <= 0 { 0 } else { (bits >> 31 << 15 | (exponent as u32) << 10 | bits >> 13 & 1023) as u16 }
}

fn unhalf(bits: u16) -> f32 {
    if bits == 0 {
        0.0
    } else {
        f32::from_bits(u32::from(bits >> 15) << 31 | (u32::from(bits >> 10 & 31) + 112) << 23 | u32::from(bits & 1023) << 13)
    }
}

/// The record's activation with its slopes.
pub(super) fn activation(record: &Record) -> Activation {
    match record.activation {
        1 => Activation::Relu,
        2 => Activation::Relu6,
        3 => Activation::Prelu(record.slopes.clone()),
        _ => Activation::None,
    }
}
