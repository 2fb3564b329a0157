//! TFLite graph -> ONNX graph with images turned from NHWC to NCHW.
//!
//! Every four-dimensional activation is carried as NCHW; constants are permuted to match, and an
//! explicit transpose is written only where a reshape needs the original element order.

use std::collections::HashMap;

use thiserror::Error;

use super::half::half_to_f32;
use super::onnx::{Attr, Builder};
use super::role::Role;
use super::tflite::{Activation, DType, Graph, Op, OpKind, Padding, Tensor, TfliteError, Window};

/// Why a network could not be converted.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum ConvertError {
    /// The file itself is not acceptable.
    #[error(transparent)]
    Tflite(#[from] TfliteError),
    /// The network does not have the signature of the role it was given for.
    #[error("not a {role} network: {what} (see models/README.md for the signature)")]
    Signature {
        /// The role asked for.
        role: Role,
        /// What is different.
        what: String,
    },
    /// An operator is used in a way the converter does not cover.
    #[error("tensor {tensor}: {what}")]
    Unsupported {
        /// Name of the tensor the operator writes.
        tensor: String,
        /// What is not covered.
        what: &'static str,
    },
}

type Result<T> = std::result::Result<T, ConvertError>;

/// Zero cells before and after one axis, as TensorFlow's SAME rule places them.
///
/// `total = max((ceil(n / stride) - 1) * stride + dilated_kernel - n, 0)`; the odd cell goes last.
pub(crate) fn same_padding(n: usize, kernel: usize, stride: usize, dilation: usize) -> [usize; 2] {
    let reach = kernel.saturating_sub(1).saturating_mul(dilation).saturating_add(1);
    let steps = n.div_ceil(stride.max(1)).saturating_sub(1);
    let total = steps.saturating_mul(stride).saturating_add(reach).saturating_sub(n);
    [total / 2, total - total / 2]
}

/// Converts a graph to ONNX bytes with the signature of `role`; `doc` is stored in the file.
///
/// # Errors
/// [`ConvertError`] when the network uses something else than the supported operators or lacks the
/// role's signature.
pub(crate) fn convert(graph: &Graph, role: Role, doc: &str) -> Result<Vec<u8>> {
    let mut converter = Converter { graph, names: HashMap::new(), constants: HashMap::new(), out: Builder::default() };
    converter.declare_input(role)?;
    for op in &graph.ops {
        converter.op(op)?;
    }
    converter.declare_outputs(role)?;
    Ok(converter.out.finish(role.file_stem(), doc))
}

struct Converter<'a> {
    graph: &'a Graph,
    /// Tensor index -> name of its NCHW (or non-image) value in the ONNX graph.
    names: HashMap<usize, String>,
    /// Half constants widened to float by a Dequantize operator.
    constants: HashMap<usize, Vec<f32>>,
    out: Builder,
}

fn nchw(shape: &[usize]) -> Vec<usize> {
    match *shape {
        [n, h, w, c] => vec![n, c, h, w],
        _ => shape.to_vec(),
    }
}

fn int(value: usize) -> i64 {
    // invariant: sizes of arrays in memory are far below i64::MAX
    value as i64
}

fn ints(values: &[usize]) -> Attr {
    Attr::Ints(values.iter().map(|&v| int(v)).collect())
}

impl<'a> Converter<'a> {
    fn tensor(&self, index: usize) -> &'a Tensor {
        // invariant: the reader checked every index
        &self.graph.tensors[index]
    }

    /// A name that is unique in the file and still tells the origin.
    fn fresh(&self, index: usize) -> String {
        format!("{}_{index}", self.tensor(index).name)
    }

    fn fail<T>(&self, index: usize, what: &'static str) -> Result<T> {
        Err(ConvertError::Unsupported { tensor: self.tensor(index).name.clone(), what })
    }

    fn declare_input(&mut self, role: Role) -> Result<()> {
        let &[input] = self.graph.inputs.as_slice() else {
            return Err(role.mismatch(format!("{} inputs instead of one", self.graph.inputs.len())));
        };
        let shape = nchw(&self.tensor(input).shape);
        role.check_input(&shape)?;
        self.out.input("image", &shape);
        self.names.insert(input, "image".to_owned());
        Ok(())
    }

    /// Brings each graph output to the role's name and shape.
    fn declare_outputs(&mut self, role: Role) -> Result<()> {
        let sizes: Vec<usize> = self.graph.outputs.iter().map(|&i| self.tensor(i).shape.iter().product()).collect();
        for output in role.outputs(&sizes)? {
            let index = self.graph.outputs[output.position];
            let plain = self.plain_order(index)?;
            let shape: Vec<i64> = output.shape.iter().map(|&d| int(d)).collect();
            let shape = self.out.ints(&format!("{}.shape", output.name), &shape);
            self.out.node("Reshape", &[&plain, &shape], output.name, &[]);
            self.out.output(output.name, &output.shape);
        }
        Ok(())
    }

    /// The value of a tensor in TFLite element order (a transpose is added for real images).
    fn plain_order(&mut self, index: usize) -> Result<String> {
        let name = self.value(index)?;
        match *self.tensor(index).shape.as_slice() {
            [_, h, w, _] if h * w > 1 => {
                let to = format!("{name}.nhwc");
                Ok(self.out.node("Transpose", &[&name], &to, &[("perm", ints(&[0, 2, 3, 1]))]))
            }
            _ => Ok(name),
        }
    }

    fn value(&self, index: usize) -> Result<String> {
        match self.names.get(&index) {
            Some(name) => Ok(name.clone()),
            None => self.fail(index, "is read before any operator writes it"),
        }
    }

    /// A float constant in TFLite element order.
    fn floats(&self, index: usize) -> Result<Vec<f32>> {
        if let Some(values) = self.constants.get(&index) {
            if values.len() != self.tensor(index).shape.iter().product::<usize>() {
                return self.fail(index, "has another size than the constant it widens");
            }
            return Ok(values.clone());
        }
        let tensor = self.tensor(index);
        match (&tensor.data, tensor.dtype) {
            (Some(data), DType::F32) => Ok(words(data).map(f32::from_le_bytes).collect()),
            (Some(_), DType::F16 | DType::I32) | (None, _) => self.fail(index, "must be a float constant"),
        }
    }

    fn operand(&self, op: &Op, at: usize) -> Result<usize> {
        match op.inputs.get(at) {
            Some(&Some(index)) => Ok(index),
            Some(None) | None => match op.outputs.first() {
                Some(&output) => self.fail(output, "an input is missing"),
                None => Err(TfliteError::Inconsistent("an operator without inputs").into()),
            },
        }
    }

    fn op(&mut self, op: &Op) -> Result<()> {
        let &[output] = op.outputs.as_slice() else {
            return Err(TfliteError::Inconsistent("an operator without exactly one output").into());
        };
        if op.kind == OpKind::Dequantize {
            return self.dequantize(self.operand(op, 0)?, output);
        }
        let (name, activation) = match op.kind {
            OpKind::Conv(window) => self.conv(op, output, window, false)?,
            OpKind::DepthwiseConv(window) => self.conv(op, output, window, true)?,
            OpKind::MaxPool(window, kernel) => self.max_pool(op, output, window, kernel)?,
            OpKind::Add(activation) => {
                let (a, b) = (self.operand(op, 0)?, self.operand(op, 1)?);
                if self.tensor(a).shape != self.tensor(b).shape {
                    return self.fail(output, "a broadcasting sum is not supported");
                }
                let (a, b) = (self.value(a)?, self.value(b)?);
                (self.emit("Add", &[&a, &b], output, activation, &[]), activation)
            }
            OpKind::Concat(axis, activation) => self.concat(op, output, axis, activation)?,
            OpKind::Relu => self.unary("Relu", op, output)?,
            OpKind::Relu6 => {
                let x = self.value(self.operand(op, 0)?)?;
                (x, Activation::Relu6)
            }
            OpKind::Logistic => self.unary("Sigmoid", op, output)?,
            OpKind::Prelu => self.prelu(op, output)?,
            OpKind::Pad => self.pad(op, output)?,
            OpKind::Reshape => self.reshape(op, output)?,
            // invariant: handled above
            OpKind::Dequantize => return Ok(()),
        };
        let name = self.activate(name, output, activation);
        self.names.insert(output, name);
        Ok(())
    }

    /// Adds a node; its output gets an inner name when an activation follows.
    fn emit(&mut self, op_type: &str, inputs: &[&str], output: usize, activation: Activation, attrs: &[(&str, Attr)]) -> String {
        let name = match activation {
            Activation::None => self.fresh(output),
            Activation::Relu | Activation::Relu6 => format!("{}.linear", self.fresh(output)),
        };
        self.out.node(op_type, inputs, &name, attrs)
    }

    fn activate(&mut self, name: String, output: usize, activation: Activation) -> String {
        let to = self.fresh(output);
        match activation {
            Activation::None => name,
            Activation::Relu => self.out.node("Relu", &[&name], &to, &[]),
            Activation::Relu6 => {
                let low = self.out.floats(&format!("{to}.low"), &[], &[0.0]);
                let high = self.out.floats(&format!("{to}.high"), &[], &[6.0]);
                self.out.node("Clip", &[&name, &low, &high], &to, &[])
            }
        }
    }

    fn unary(&mut self, op_type: &str, op: &Op, output: usize) -> Result<(String, Activation)> {
        let x = self.value(self.operand(op, 0)?)?;
        Ok((self.emit(op_type, &[&x], output, Activation::None, &[]), Activation::None))
    }

    fn dequantize(&mut self, from: usize, to: usize) -> Result<()> {
        let tensor = self.tensor(from);
        let (Some(data), DType::F16) = (&tensor.data, tensor.dtype) else {
            return self.fail(to, "only float16 constants can be dequantised");
        };
        let halves = data.chunks_exact(2).map(|b| half_to_f32(u16::from_le_bytes([b[0], b[1]])));
        self.constants.insert(to, halves.collect());
        Ok(())
    }

    /// ONNX `pads` ([top, left, bottom, right]) of a sliding window over tensor `input`.
    fn pads(&self, input: usize, window: Window, kernel: [usize; 2]) -> Result<Attr> {
        let [_, h, w, _] = *self.tensor(input).shape.as_slice() else {
            return self.fail(input, "a sliding window needs a four-dimensional image");
        };
        let [top, left, bottom, right] = match window.padding {
            Padding::Valid => [0; 4],
            Padding::Same => {
                let [dv, dh] = window.dilation;
                let [top, bottom] = same_padding(h, kernel[0], window.stride[0], dv);
                let [left, right] = same_padding(w, kernel[1], window.stride[1], dh);
                [top, left, bottom, right]
            }
        };
        Ok(ints(&[top, left, bottom, right]))
    }

    fn conv(&mut self, op: &Op, output: usize, window: Window, depthwise: bool) -> Result<(String, Activation)> {
        let (input, weights) = (self.operand(op, 0)?, self.operand(op, 1)?);
        let [out_channels, kh, kw, in_channels] = *self.tensor(weights).shape.as_slice() else {
            return self.fail(weights, "convolution weights need four dimensions");
        };
        let values = self.floats(weights)?;
        let (shape, values, group) = if depthwise {
            // 1HWC -> C1HW; the multiplier's channels are already grouped by input channel
            let channels = in_channels;
            let group = self.tensor(input).shape.last().copied().unwrap_or(0);
            if out_channels != 1 || group == 0 || channels % group != 0 {
                return self.fail(weights, "depthwise weights do not fit the input's channels");
            }
            let shape = [channels, 1, kh, kw];
            (shape, permute4(&values, [1, kh, kw, channels], [3, 0, 1, 2]), group)
        } else {
            if self.tensor(input).shape.last() != Some(&in_channels) {
                return self.fail(weights, "grouped convolutions are not supported");
            }
            let from = [out_channels, kh, kw, in_channels];
            ([out_channels, in_channels, kh, kw], permute4(&values, from, [0, 3, 1, 2]), 1)
        };
        let weights_name = self.fresh(weights);
        let mut inputs = vec![self.value(input)?, self.out.floats(&weights_name, &shape, &values)];
        if let Some(&Some(bias)) = op.inputs.get(2) {
            let values = self.floats(bias)?;
            if values.len() != shape[0] {
                return self.fail(bias, "the bias does not fit the output channels");
            }
            let name = self.fresh(bias);
            inputs.push(self.out.floats(&name, &[shape[0]], &values));
        }
        let attrs = [
            ("dilations", ints(&window.dilation)),
            ("group", Attr::Int(int(group))),
            ("kernel_shape", ints(&[kh, kw])),
            ("pads", self.pads(input, window, [kh, kw])?),
            ("strides", ints(&window.stride)),
        ];
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        Ok((self.emit("Conv", &inputs, output, window.activation, &attrs), window.activation))
    }

    fn max_pool(&mut self, op: &Op, output: usize, window: Window, kernel: [usize; 2]) -> Result<(String, Activation)> {
        let input = self.operand(op, 0)?;
        let attrs = [("kernel_shape", ints(&kernel)), ("pads", self.pads(input, window, kernel)?), ("strides", ints(&window.stride))];
        let x = self.value(input)?;
        Ok((self.emit("MaxPool", &[&x], output, window.activation, &attrs), window.activation))
    }

    fn concat(&mut self, op: &Op, output: usize, axis: i32, activation: Activation) -> Result<(String, Activation)> {
        let rank = self.tensor(output).shape.len();
        let axis = if axis < 0 { axis.checked_add_unsigned(rank as u32) } else { Some(axis) };
        let Some(axis) = axis.and_then(|a| usize::try_from(a).ok()).filter(|&a| a < rank) else {
            return self.fail(output, "the concatenation axis is out of range");
        };
        let axis = if rank == 4 { [0, 2, 3, 1][axis] } else { axis };
        let inputs = (0..op.inputs.len()).map(|i| self.value(self.operand(op, i)?)).collect::<Result<Vec<_>>>()?;
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let attrs = [("axis", Attr::Int(int(axis)))];
        Ok((self.emit("Concat", &inputs, output, activation, &attrs), activation))
    }

    fn prelu(&mut self, op: &Op, output: usize) -> Result<(String, Activation)> {
        let (input, alpha) = (self.operand(op, 0)?, self.operand(op, 1)?);
        let channels = self.tensor(input).shape.last().copied().unwrap_or(0);
        let values = self.floats(alpha)?;
        if values.len() != channels {
            return self.fail(alpha, "only one slope per channel is supported");
        }
        let name = self.fresh(alpha);
        let slope = self.out.floats(&name, &[channels, 1, 1], &values);
        let x = self.value(input)?;
        Ok((self.emit("PRelu", &[&x, &slope], output, Activation::None, &[]), Activation::None))
    }

    fn pad(&mut self, op: &Op, output: usize) -> Result<(String, Activation)> {
        let (input, amounts) = (self.operand(op, 0)?, self.operand(op, 1)?);
        let tensor = self.tensor(amounts);
        let (Some(data), DType::I32) = (&tensor.data, tensor.dtype) else {
            return self.fail(output, "the padding amounts must be an int32 constant");
        };
        let amounts: Vec<i64> = words(data).map(|b| i64::from(i32::from_le_bytes(b))).collect();
        if amounts.len() != 8 || self.tensor(input).shape.len() != 4 {
            return self.fail(output, "only four-dimensional images can be padded");
        }
        let order = [0, 3, 1, 2];
        let before = order.map(|axis| amounts[2 * axis]);
        let after = order.map(|axis| amounts[2 * axis + 1]);
        let name = format!("{}.pads", self.fresh(output));
        let pads = self.out.ints(&name, &[before, after].concat());
        let x = self.value(input)?;
        Ok((self.emit("Pad", &[&x, &pads], output, Activation::None, &[]), Activation::None))
    }

    fn reshape(&mut self, op: &Op, output: usize) -> Result<(String, Activation)> {
        let plain = self.plain_order(self.operand(op, 0)?)?;
        let to = &self.tensor(output).shape;
        if to.len() == 4 && to[1] * to[2] > 1 {
            return self.fail(output, "a reshape into an image is not supported");
        }
        let shape: Vec<i64> = nchw(to).iter().map(|&d| int(d)).collect();
        let name = format!("{}.shape", self.fresh(output));
        let shape = self.out.ints(&name, &shape);
        let name = self.emit("Reshape", &[&plain, &shape], output, Activation::None, &[]);
        Ok((name, Activation::None))
    }
}

fn words(data: &[u8]) -> impl Iterator<Item = [u8; 4]> + '_ {
    data.chunks_exact(4).map(|b| [b[0], b[1], b[2], b[3]])
}

/// Reorders a dense four-dimensional array: axis `i` of the result is axis `order[i]` of `from`.
///
/// `values` holds exactly the product of `from` elements; `order` is a permutation of 0..4.
pub(crate) fn permute4(values: &[f32], from: [usize; 4], order: [usize; 4]) -> Vec<f32> {
    let stride = [from[1] * from[2] * from[3], from[2] * from[3], from[3], 1];
    let [n0, n1, n2, n3] = order.map(|axis| from[axis]);
    let [s0, s1, s2, s3] = order.map(|axis| stride[axis]);
    let mut out = Vec::with_capacity(values.len());
    for i0 in 0..n0 {
        for i1 in 0..n1 {
            for i2 in 0..n2 {
                for i3 in 0..n3 {
                    out.push(values[i0 * s0 + i1 * s1 + i2 * s2 + i3 * s3]);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::super::onnx::{AttributeProto, ModelProto};
    use super::super::testfile::{corrupted_and_converted, embedding_net};
    use super::super::tflite;
    use super::*;

    #[test]
    fn same_padding_puts_the_odd_cell_last() {
        // (n, kernel, stride, dilation) -> before, after; by the definition in TensorFlow's guide
        assert_eq!(same_padding(128, 5, 2, 1), [1, 2]);
        assert_eq!(same_padding(64, 3, 1, 1), [1, 1]);
        assert_eq!(same_padding(64, 3, 2, 1), [0, 1]);
        assert_eq!(same_padding(5, 3, 2, 1), [1, 1]);
        assert_eq!(same_padding(64, 2, 2, 1), [0, 0]);
        assert_eq!(same_padding(7, 3, 1, 2), [2, 2]);
        assert_eq!(same_padding(3, 3, 3, 1), [0, 0]);
        // a stride larger than the kernel never pads negatively
        assert_eq!(same_padding(8, 1, 2, 1), [0, 0]);
    }

    #[test]
    fn permuting_and_back_is_the_identity() {
        let values: Vec<f32> = (0..2 * 3 * 4 * 5).map(|v| v as f32).collect();
        let turned = permute4(&values, [2, 3, 4, 5], [0, 3, 1, 2]);
        // element (n, h, w, c) = (1, 2, 3, 4) is the last of both
        assert_eq!(turned[3], values[15]);
        assert_ne!(turned, values);
        assert_eq!(permute4(&turned, [2, 5, 3, 4], [0, 2, 3, 1]), values);
    }

    fn pads(attributes: &[AttributeProto]) -> &[i64] {
        &attributes.iter().find(|a| a.name == "pads").unwrap().ints
    }

    #[test]
    fn a_small_network_becomes_onnx() {
        let graph = tflite::read(&embedding_net()).unwrap();
        let bytes = convert(&graph, Role::Embedding, "doc").unwrap();
        let onnx = ModelProto::decode(bytes.as_slice()).unwrap().graph.unwrap();
        let kinds: Vec<&str> = onnx.node.iter().map(|n| n.op_type.as_str()).collect();
        // the image is turned back before its values are put in a row
        assert_eq!(kinds, ["Conv", "Relu", "Transpose", "Reshape", "Reshape"]);
        // 5 rows: one before, one after; 4 columns: none before, one after
        assert_eq!(pads(&onnx.node[0].attribute), [1, 0, 1, 1]);
        let weights = &onnx.initializer[0];
        assert_eq!(weights.dims, [2, 3, 3, 3]);
        assert_eq!(weights.raw_data[..4], 1.0_f32.to_le_bytes());
        assert_eq!((onnx.input[0].name.as_str(), onnx.output[0].name.as_str()), ("image", "embedding"));
    }

    #[test]
    fn conversion_is_deterministic() {
        let graph = tflite::read(&embedding_net()).unwrap();
        let first = convert(&graph, Role::Embedding, "doc").unwrap();
        assert_eq!(first, convert(&graph, Role::Embedding, "doc").unwrap());
    }

    #[test]
    fn another_signature_is_refused() {
        let graph = tflite::read(&embedding_net()).unwrap();
        let error = convert(&graph, Role::Detector, "").unwrap_err();
        assert!(matches!(error, ConvertError::Signature { role: Role::Detector, .. }));
        assert!(error.to_string().contains("[1, 3, 5, 4]"), "{error}");
    }

    #[test]
    fn no_corrupt_byte_panics_in_the_conversion() {
        assert!(
            corrupted_and_converted(|graph| convert(graph, Role::Embedding, "").is_ok()) > 0,
            "harmless bytes (padding, weights) exist"
        );
    }
}
