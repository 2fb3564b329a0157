//! TFLite graph -> compact network file (docs/networks.md): what the page, the server and the lab run.
//!
//! The graph is cut into the few operations of that file: a depthwise convolution, the 1 x 1 convolution after it, the residual and the
//! activation become one. Reshapes and concatenations before the outputs become places in the outputs. Weights keep half precision; those that
//! were halves in the source stay bit by bit.

use std::collections::{HashMap, HashSet};

use super::convert::{ConvertError, same_padding};
use super::half::{f32_to_half, half_to_f32};
use super::role::Role;
use super::tflite::{Activation, DType, Graph, Op, OpKind, Padding, Tensor, TfliteError, Window};

type Result<T> = std::result::Result<T, ConvertError>;

/// Converts a graph with the signature of `role`.
///
/// # Errors
/// [`ConvertError`] when the graph has another signature or is not made of the supported pattern.
pub(crate) fn convert(graph: &Graph, role: Role) -> Result<Vec<u8>> {
    let mut cutter = Cutter::new(graph);
    let &[input] = graph.inputs.as_slice() else {
        return Err(role.mismatch(format!("{} inputs instead of one", graph.inputs.len())));
    };
    let &[1, height, width, channels] = cutter.tensor(input).shape.as_slice() else {
        return Err(role.mismatch(format!("the input (NHWC) is {:?}", cutter.tensor(input).shape)));
    };
    role.check_input(&[1, channels, height, width])?;
    cutter.tensors.insert(input, 0);
    for (index, op) in graph.ops.iter().enumerate() {
        if matches!(op.kind, OpKind::Conv(_)) {
            cutter.convolution(index, op)?;
        }
    }
    let sizes: Vec<usize> = graph.outputs.iter().map(|&i| cutter.tensor(i).shape.iter().product()).collect();
    let mut outputs = Vec::new();
    for (at, output) in role.outputs(&sizes)?.iter().enumerate() {
        let end = cutter.sink(graph.outputs[output.position], at, 0)?;
        outputs.push(end);
    }
    if let Some((_, left)) = graph.ops.iter().enumerate().find(|(index, op)| op.kind != OpKind::Dequantize && !cutter.done.contains(index))
    {
        return cutter.fail(left.outputs.first().copied().unwrap_or(input), "belongs to no supported pattern");
    }
    Ok(cutter.bytes([channels, height, width], &outputs))
}

/// One operation of the file.
struct Record {
    kind: usize,
    input: usize,
    activation: usize,
    /// Side, step, zero cells above, zero cells to the left.
    window: [usize; 4],
    /// Height, width, channels.
    shape: [usize; 3],
    residual: usize,
    sink: Option<(usize, usize)>,
    numbers: Vec<u16>,
}

struct Cutter<'a> {
    graph: &'a Graph,
    /// Tensor -> operator that writes it.
    producer: HashMap<usize, usize>,
    /// Tensor -> operators that read it, and once more if it is an output.
    readers: HashMap<usize, Vec<usize>>,
    /// Tensor -> number in the file.
    tensors: HashMap<usize, usize>,
    done: HashSet<usize>,
    records: Vec<Record>,
}

impl<'a> Cutter<'a> {
    fn new(graph: &'a Graph) -> Self {
        let (mut producer, mut readers) = (HashMap::new(), HashMap::<usize, Vec<usize>>::new());
        for (index, op) in graph.ops.iter().enumerate() {
            producer.extend(op.outputs.iter().map(|&tensor| (tensor, index)));
            for &tensor in op.inputs.iter().flatten() {
                readers.entry(tensor).or_default().push(index);
            }
        }
        for &tensor in &graph.outputs {
            readers.entry(tensor).or_default().push(usize::MAX);
        }
        Self { graph, producer, readers, tensors: HashMap::new(), done: HashSet::new(), records: Vec::new() }
    }

    fn tensor(&self, index: usize) -> &'a Tensor {
        // invariant: the reader checked every index
        &self.graph.tensors[index]
    }

    fn fail<T>(&self, index: usize, what: &'static str) -> Result<T> {
        Err(ConvertError::Unsupported { tensor: self.tensor(index).name.clone(), what })
    }

    /// Height, width and channels of a picture.
    fn picture(&self, index: usize) -> Result<[usize; 3]> {
        match *self.tensor(index).shape.as_slice() {
            [1, height, width, channels] => Ok([height, width, channels]),
            _ => self.fail(index, "is not one picture"),
        }
    }

    fn input(&self, op: &Op, at: usize) -> Result<usize> {
        let missing = || ConvertError::from(TfliteError::Inconsistent("an operator lacks an input"));
        op.inputs.get(at).copied().flatten().ok_or_else(missing)
    }

    fn output(&self, op: &Op) -> Result<usize> {
        op.outputs.first().copied().ok_or_else(|| TfliteError::Inconsistent("an operator without output").into())
    }

    fn writer(&self, tensor: usize) -> Option<(usize, &'a Op)> {
        self.producer.get(&tensor).and_then(|&index| self.graph.ops.get(index).map(|op| (index, op)))
    }

    /// The only operator that reads a tensor.
    fn reader(&self, tensor: usize) -> Option<(usize, &'a Op)> {
        match self.readers.get(&tensor).map(Vec::as_slice) {
            Some(&[index]) => self.graph.ops.get(index).map(|op| (index, op)),
            Some(_) | None => None,
        }
    }

    /// A constant of `count` numbers as halves.
    fn numbers(&self, index: usize, count: usize) -> Result<Vec<u16>> {
        let source = match self.writer(index) {
            Some((_, op)) if op.kind == OpKind::Dequantize => self.input(op, 0)?,
            Some(_) | None => index,
        };
        let tensor = self.tensor(source);
        let pairs = |data: &[u8]| data.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]])).collect::<Vec<_>>();
        let rounded = |data: &[u8]| data.chunks_exact(4).map(|b| f32_to_half(f32::from_le_bytes([b[0], b[1], b[2], b[3]]))).collect();
        let halves = match (&tensor.data, tensor.dtype) {
            (Some(data), DType::F16) => pairs(data),
            (Some(data), DType::F32) => rounded(data),
            (Some(_), DType::I32) | (None, _) => return self.fail(index, "must be a float constant"),
        };
        if halves.len() != count {
            return self.fail(index, "has another number of values than its operator needs");
        }
        if halves.iter().any(|&bits| !half_to_f32(bits).is_finite()) {
            return self.fail(index, "holds a weight beyond half precision");
        }
        Ok(halves)
    }

    /// Weights and bias of a convolution.
    fn weights(&self, op: &Op, count: usize, channels: usize) -> Result<Vec<u16>> {
        let mut numbers = self.numbers(self.input(op, 1)?, count)?;
        match op.inputs.get(2) {
            Some(&Some(bias)) => numbers.extend(self.numbers(bias, channels)?),
            Some(None) | None => numbers.extend(std::iter::repeat_n(0, channels)),
        }
        Ok(numbers)
    }

    /// Side, step and margins of a square window from `source` to `result`.
    fn window(&self, op: &Op, window: Window, source: [usize; 3]) -> Result<[usize; 4]> {
        let weights = self.input(op, 1)?;
        let (&[_, side, other, _], [step, step_x]) = (self.tensor(weights).shape.as_slice(), window.stride) else {
            return self.fail(weights, "convolution weights need four dimensions");
        };
        if side != other || step != step_x || window.dilation != [1, 1] {
            return self.fail(weights, "only square windows without dilation are supported");
        }
        let before = |n: usize| match window.padding {
            Padding::Valid => 0,
            Padding::Same => same_padding(n, side, step, 1)[0],
        };
        Ok([side, step, before(source[0]), before(source[1])])
    }

    /// A dense convolution with what precedes and follows it.
    fn convolution(&mut self, index: usize, op: &Op) -> Result<()> {
        let OpKind::Conv(conv) = op.kind else { return Ok(()) };
        let (direct, mut result) = (self.input(op, 0)?, self.output(op)?);
        let [_, _, channels] = self.picture(result)?;
        let mut record = Record {
            kind: 2,
            input: 0,
            activation: 0,
            window: [0; 4],
            shape: self.picture(result)?,
            residual: 0,
            sink: None,
            numbers: Vec::new(),
        };
        self.done.insert(index);
        let depthwise = self.writer(direct).and_then(|(at, before)| {
            let OpKind::DepthwiseConv(window) = before.kind else { return None };
            (window.activation == Activation::None && self.reader(direct).is_some()).then_some((at, before, window))
        });
        let source = match depthwise {
            Some((_, before, _)) => self.input(before, 0)?,
            None => direct,
        };
        let from = self.picture(source)?;
        let inner = self.window(op, conv, self.picture(direct)?)?;
        let taps = if let Some((at, before, window)) = depthwise {
            (record.kind, record.window) = (1, self.window(before, window, from)?);
            let side = record.window[0];
            record.numbers = self.weights(before, side * side * from[2], from[2])?;
            self.done.insert(at);
            1
        } else if Some(&source) == self.graph.inputs.first() {
            (record.kind, record.window) = (0, inner);
            inner[0] * inner[0]
        } else if inner[0] > 1 {
            record.kind = 3;
            from[0] * from[1]
        } else {
            1
        };
        let whole = record.kind == 3 && from[..2] == [inner[0]; 2] && record.shape[..2] == [1, 1] && inner[2..] == [0, 0];
        if (record.kind == 3 && !whole) || (matches!(record.kind, 1 | 2) && inner[..2] != [1, 1]) {
            return self.fail(result, "a dense convolution inside the network must be 1 x 1 or cover its whole input");
        }
        record.numbers.extend(self.weights(op, taps * from[2] * channels, channels)?);
        let Some(&input) = self.tensors.get(&source) else { return self.fail(source, "is read before a supported operator writes it") };
        record.input = input;
        let mut activation = conv.activation;
        if let (Activation::None, Some((at, add))) = (activation, self.reader(result))
            && let OpKind::Add(after) = add.kind
        {
            record.residual = self.residual(add, result, source)?;
            self.done.insert(at);
            (activation, result) = (after, self.output(add)?);
        }
        record.activation = match activation {
            Activation::None => 0,
            Activation::Relu => 1,
            Activation::Relu6 => 2,
        };
        if let (Activation::None, Some((at, after))) = (activation, self.reader(result)) {
            record.activation = match after.kind {
                OpKind::Relu => 1,
                OpKind::Relu6 => 2,
                OpKind::Prelu => 3,
                OpKind::Conv(_)
                | OpKind::DepthwiseConv(_)
                | OpKind::MaxPool(..)
                | OpKind::Add(_)
                | OpKind::Concat(..)
                | OpKind::Logistic
                | OpKind::Pad
                | OpKind::Reshape
                | OpKind::Dequantize => 0,
            };
            if record.activation == 3 {
                record.numbers.extend(self.numbers(self.input(after, 1)?, channels)?);
            }
            if record.activation > 0 {
                self.done.insert(at);
                result = self.output(after)?;
            }
        }
        self.records.push(record);
        self.tensors.insert(result, self.records.len());
        Ok(())
    }

    /// What `add` adds to `own`: the block's source, or its 2 x 2 maxima, with channels of zeros behind.
    fn residual(&mut self, add: &Op, own: usize, source: usize) -> Result<usize> {
        let (a, b) = (self.input(add, 0)?, self.input(add, 1)?);
        let mut other = if a == own { b } else { a };
        if let Some((at, op)) = self.writer(other).filter(|(_, op)| op.kind == OpKind::Pad) {
            let (inside, padded) = (self.input(op, 0)?, other);
            let ([h, w, c], [to_h, to_w, to_c]) = (self.picture(inside)?, self.picture(padded)?);
            // the first channels must stay the first: no cells before, on any axis
            let amounts = self.tensor(self.input(op, 1)?);
            let before = amounts.data.iter().flat_map(|data| data.chunks_exact(4).step_by(2)).any(|cell| cell != [0; 4]);
            if (h, w) != (to_h, to_w) || c > to_c || before || amounts.dtype != DType::I32 || self.reader(padded).is_none() {
                return self.fail(padded, "only channels behind the others can be padded");
            }
            self.done.insert(at);
            other = inside;
        }
        if let Some((at, op)) = self.writer(other)
            && let OpKind::MaxPool(window, kernel) = op.kind
        {
            let plain = kernel == [2, 2] && window.stride == [2, 2] && window.activation == Activation::None;
            if plain && self.input(op, 0)? == source && self.reader(other).is_some() {
                self.done.insert(at);
                return Ok(2);
            }
        }
        if other == source { Ok(1) } else { self.fail(other, "is no residual of its block") }
    }

    /// Writes the tensor to `offset` of an output; returns the place after it.
    fn sink(&mut self, tensor: usize, output: usize, offset: usize) -> Result<usize> {
        if let Some(&number) = self.tensors.get(&tensor) {
            let Some(record) = number.checked_sub(1).and_then(|at| self.records.get_mut(at)) else {
                return self.fail(tensor, "is input and output at once");
            };
            if record.sink.replace((output, offset)).is_some() {
                return self.fail(tensor, "is part of two outputs");
            }
            return Ok(offset + record.shape.iter().product::<usize>());
        }
        let Some((at, op)) = self.writer(tensor) else { return self.fail(tensor, "is never written") };
        if !self.done.insert(at) {
            return self.fail(tensor, "is part of two outputs");
        }
        match op.kind {
            OpKind::Reshape => self.sink(self.input(op, 0)?, output, offset),
            // parts follow each other in memory only if nothing but the first axes of length one comes before the joined one
            OpKind::Concat(axis, Activation::None) => {
                let before = usize::try_from(axis).ok().and_then(|axis| self.tensor(tensor).shape.get(..axis));
                if before.is_none_or(|sides| sides.iter().any(|&side| side != 1)) {
                    return self.fail(tensor, "a concatenation must join along the first axis that is not one");
                }
                let mut end = offset;
                for part in 0..op.inputs.len() {
                    end = self.sink(self.input(op, part)?, output, end)?;
                }
                Ok(end)
            }
            OpKind::Conv(_)
            | OpKind::DepthwiseConv(_)
            | OpKind::MaxPool(..)
            | OpKind::Add(_)
            | OpKind::Concat(..)
            | OpKind::Relu
            | OpKind::Relu6
            | OpKind::Logistic
            | OpKind::Prelu
            | OpKind::Pad
            | OpKind::Dequantize => self.fail(tensor, "belongs to no supported pattern"),
        }
    }

    fn bytes(&self, input: [usize; 3], outputs: &[usize]) -> Vec<u8> {
        let numbers: Vec<u16> = self.records.iter().flat_map(|record| record.numbers.iter().copied()).collect();
        let mut words = vec![1];
        words.extend(input);
        words.extend([self.records.len(), outputs.len(), numbers.len()]);
        words.extend(outputs);
        for record in &self.records {
            words.extend([record.kind, record.input, record.activation]);
            words.extend(record.window);
            words.extend(record.shape);
            let (output, offset) = record.sink.map_or((0, 0), |(output, offset)| (output + 1, offset));
            words.extend([record.residual, output, offset]);
        }
        // invariant: sizes of arrays in memory; the reader bounds tensors far below u32::MAX
        let words = words.into_iter().flat_map(|word| (word as u32).to_le_bytes());
        let planes = [0, 1].map(|byte| numbers.iter().map(move |n| n.to_le_bytes()[byte]));
        b"FNET".iter().copied().chain(words).chain(planes.into_iter().flatten()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testfile::{corrupted_and_converted, embedding_net};
    use super::super::tflite;
    use super::*;

    #[test]
    fn a_small_network_becomes_one_operation() {
        let bytes = convert(&tflite::read(&embedding_net()).unwrap(), Role::Embedding).unwrap();
        let (magic, rest) = bytes.split_at(4);
        assert_eq!(magic, b"FNET");
        let words: Vec<u32> = rest[..21 * 4].chunks_exact(4).map(|w| u32::from_le_bytes(w.try_into().unwrap())).collect();
        let numbers = 2 * 27 + 2;
        assert_eq!(words[..8], [1, 3, 5, 4, 1, 1, numbers, 12], "version, input, one operation, one output of twelve numbers");
        // 5 rows: one zero row above; 4 columns: none to the left
        assert_eq!(words[8..], [0, 0, 1, 3, 2, 1, 0, 3, 2, 2, 0, 1, 0], "stem with ReLU into the output");
        let planes = &rest[21 * 4..];
        assert_eq!(planes.len(), 2 * numbers as usize);
        let number = |at: usize| half_to_f32(u16::from_le_bytes([planes[at], planes[numbers as usize + at]]));
        assert_eq!([0, 1, 27, 54, 55].map(number), [1.0, 0.0, 1.0, 0.5, -1.0], "weights, then bias");
    }

    #[test]
    fn another_signature_is_refused() {
        let error = convert(&tflite::read(&embedding_net()).unwrap(), Role::Detector).unwrap_err();
        assert!(error.to_string().contains("[1, 3, 5, 4]"), "{error}");
    }

    #[test]
    fn no_corrupt_byte_panics() {
        assert!(corrupted_and_converted(|graph| convert(graph, Role::Embedding).is_ok()) > 0, "harmless bytes exist");
    }
}
