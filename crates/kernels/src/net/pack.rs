//! Weights in the order in which the loops read them.

use super::format::{Activation, Kind, Op, Shape, Window};

/// `n` rounded up to a multiple of `lanes`.
pub(crate) const fn padded(n: usize, lanes: usize) -> usize {
    n.div_ceil(lanes) * lanes
}

/// A matrix of weights, two columns of lanes at a time (the last may be one): bias, then one row per input number. What is added to fill the
/// lanes is zero.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) packed: Vec<f32>,
    /// Input numbers per sum.
    pub(crate) depth: usize,
    /// Sums, a multiple of the lanes.
    pub(crate) count: usize,
    pub(crate) activation: Activation,
}

/// A depthwise convolution: per column of lanes the bias, then one row per tap.
#[derive(Debug)]
pub(crate) struct Taps {
    pub(crate) packed: Vec<f32>,
    pub(crate) window: Window,
}

impl Columns {
    /// `order` names the number of a weight row that meets input number `k`; `None` where the input is filling.
    pub(crate) fn new(op: &Op, depth: usize, order: impl Fn(usize) -> Option<usize>, lanes: usize) -> Self {
        let channels = op.shape.channels;
        let (count, row) = (padded(channels, lanes), op.weights.len() / channels);
        let mut packed = Vec::with_capacity(count * (depth + 1));
        let mut first = 0;
        while first < count {
            let width = (2 * lanes).min(count - first);
            let of = |values: &[f32], index: usize| values.get(index).copied().unwrap_or(0.0);
            packed.extend((first..first + width).map(|channel| of(&op.bias, channel)));
            for k in 0..depth {
                let weight = |channel: usize| order(k).filter(|_| channel < channels).map_or(0.0, |k| of(&op.weights, channel * row + k));
                packed.extend((first..first + width).map(weight));
            }
            first += width;
        }
        let activation = match &op.activation {
            Activation::Prelu(slopes) => Activation::Prelu(filled(slopes, count)),
            plain @ (Activation::None | Activation::Relu | Activation::Relu6) => plain.clone(),
        };
        Self { packed, depth, count, activation }
    }

    /// The matrix of an operation on `source`.
    pub(crate) fn of(op: &Op, source: Shape, lanes: usize) -> Self {
        match op.kind {
            // The stem reads plane by plane, the file holds pixel by pixel.
            Kind::Stem(window) => {
                let taps = window.side * window.side;
                let order = |k: usize| Some(k % taps * source.channels + k / taps);
                Self::new(op, taps * source.channels, order, lanes)
            }
            Kind::Block { .. } | Kind::Point => Self::new(op, source.channels, Some, lanes),
            Kind::Dense => {
                let stride = padded(source.channels, lanes);
                let order = |k: usize| (k % stride < source.channels).then_some(k / stride * source.channels + k % stride);
                Self::new(op, source.pixels() * stride, order, lanes)
            }
        }
    }
}

impl Taps {
    pub(crate) fn new(window: Window, taps: &[f32], bias: &[f32], lanes: usize) -> Self {
        let channels = bias.len();
        let mut packed = Vec::new();
        for first in (0..channels).step_by(lanes) {
            let of =
                |values: &[f32], row: usize, lane: usize| if first + lane < channels { values[row * channels + first + lane] } else { 0.0 };
            packed.extend((0..lanes).map(|lane| of(bias, 0, lane)));
            for tap in 0..window.side * window.side {
                packed.extend((0..lanes).map(|lane| of(taps, tap, lane)));
            }
        }
        Self { packed, window }
    }
}

fn filled(values: &[f32], count: usize) -> Vec<f32> {
    let mut values = values.to_vec();
    values.resize(count, 0.0);
    values
}
