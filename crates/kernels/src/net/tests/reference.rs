//! Every operation by its definition, in double precision.

use super::writer::{File, Record, activation};
use crate::net::format::Activation;

/// Outputs for a planar picture.
pub(super) fn run(file: &File, picture: &[f32]) -> Vec<Vec<f64>> {
    let [channels, height, width] = file.input;
    let pixels = height * width;
    let mut tensors: Vec<Vec<f64>> =
        vec![(0..pixels * channels).map(|i| f64::from(picture[i % channels * pixels + i / channels])).collect()];
    let mut outputs: Vec<Vec<f64>> = file.outputs.iter().map(|length| vec![0.0; *length]).collect();
    for record in &file.records {
        let result = operation(file, record, &tensors[record.input]);
        if let Some((output, offset)) = record.sink {
            outputs[output][offset..offset + result.len()].copy_from_slice(&result);
        }
        tensors.push(result);
    }
    outputs
}

fn operation(file: &File, record: &Record, source: &[f64]) -> Vec<f64> {
    let [source_height, source_width, source_channels] = file.shape(record.input);
    let [height, width, channels] = record.shape;
    let [side, step, top, left] = record.window;
    let read = |y: Option<usize>, x: Option<usize>, c: usize| match (y, x) {
        (Some(y), Some(x)) if y < source_height && x < source_width => Some(source[(y * source_width + x) * source_channels + c]),
        _ => None,
    };
    let under = |y: usize, x: usize, tap: usize, c: usize| {
        let (row, column) = ((y * step + tap / side).checked_sub(top), (x * step + tap % side).checked_sub(left));
        read(row, column, c).unwrap_or(0.0)
    };
    let taps = side * side;
    // numbers that meet a weight row, in the file's order
    let gather = |y: usize, x: usize| -> Vec<f64> {
        match record.kind {
            0 => (0..taps).flat_map(|tap| (0..source_channels).map(move |c| (tap, c))).map(|(tap, c)| under(y, x, tap, c)).collect(),
            1 => (0..source_channels)
                .map(|c| {
                    let products = (0..taps).map(|tap| under(y, x, tap, c) * f64::from(record.taps[tap * source_channels + c]));
                    f64::from(record.taps_bias[c]) + products.sum::<f64>()
                })
                .collect(),
            2 => (0..source_channels).map(|c| read(Some(y), Some(x), c).expect("inside")).collect(),
            _ => source.to_vec(),
        }
    };
    let mut out = Vec::with_capacity(height * width * channels);
    for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
        let numbers = gather(y, x);
        for (c, weights) in record.weights.chunks_exact(numbers.len()).enumerate() {
            let mut sum = f64::from(record.bias[c]) + weights.iter().zip(&numbers).map(|(w, n)| f64::from(*w) * n).sum::<f64>();
            if c < source_channels {
                let cells = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(dy, dx)| read(Some(2 * y + dy), Some(2 * x + dx), c));
                sum += match record.residual {
                    1 => read(Some(y), Some(x), c).expect("inside"),
                    2 => cells.into_iter().flatten().fold(f64::MIN, f64::max),
                    _ => 0.0,
                };
            }
            out.push(match activation(record) {
                Activation::None => sum,
                Activation::Relu => sum.max(0.0),
                Activation::Relu6 => sum.clamp(0.0, 6.0),
                Activation::Prelu(slopes) => sum.max(0.0) + f64::from(slopes[c]) * sum.min(0.0),
            });
        }
    }
    out
}
