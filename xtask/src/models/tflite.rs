//! The part of the TFLite schema our networks use, read into plain structs.
//!
//! Slot numbers follow the published schema (`tensorflow/lite/schema/schema.fbs`, version 3).

use thiserror::Error;

use super::flatbuf::{FlatError, Table};

/// Why a TFLite file was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum TfliteError {
    /// The bytes are not a readable flatbuffer.
    #[error("not a readable TFLite file")]
    Flat(#[from] FlatError),
    /// The file identifier is missing.
    #[error("not a TFLite file: the identifier TFL3 is missing")]
    NotTflite,
    /// The structure is readable but contradicts itself.
    #[error("inconsistent TFLite file: {0}")]
    Inconsistent(&'static str),
    /// An operator outside the supported list.
    #[error("operator {code} (TFLite builtin number) is not supported")]
    Operator {
        /// Builtin operator number of the schema.
        code: i32,
    },
    /// A tensor type outside the supported list.
    #[error("tensor {name} has type number {code}; only float32, float16 and int32 are supported")]
    TensorType {
        /// Tensor name in the file.
        name: String,
        /// Type number of the schema.
        code: u8,
    },
    /// An option value outside the supported list.
    #[error("{what} {value} is not supported")]
    Option {
        /// Which option.
        what: &'static str,
        /// Its value in the file.
        value: i64,
    },
}

/// Largest tensor in bytes; real ones stay below 10 MB. Keeps every product of sizes far from overflow.
const MAX_TENSOR: usize = 256 << 20;

type Result<T> = std::result::Result<T, TfliteError>;

/// Element type of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DType {
    /// 32-bit float.
    F32,
    /// IEEE half, weights only.
    F16,
    /// 32-bit integer, paddings and shapes only.
    I32,
}

impl DType {
    fn size(self) -> usize {
        match self {
            Self::F32 | Self::I32 => 4,
            Self::F16 => 2,
        }
    }
}

/// One tensor of the (only) subgraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tensor {
    /// Name in the file.
    pub(crate) name: String,
    /// Dimensions in TFLite order (NHWC for images).
    pub(crate) shape: Vec<usize>,
    /// Element type.
    pub(crate) dtype: DType,
    /// Little-endian contents of a constant, `None` for an activation.
    pub(crate) data: Option<Vec<u8>>,
}

/// Padding scheme of a sliding-window operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Padding {
    /// Output size is `ceil(in / stride)`.
    Same,
    /// No padding.
    Valid,
}

/// Activation fused into an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    /// None.
    None,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
}

/// Geometry shared by convolutions and pooling; pairs are (vertical, horizontal).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// Padding scheme.
    pub(crate) padding: Padding,
    /// Stride in cells.
    pub(crate) stride: [usize; 2],
    /// Dilation in cells.
    pub(crate) dilation: [usize; 2],
    /// Fused activation.
    pub(crate) activation: Activation,
}

/// What an operator computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OpKind {
    /// 2-D convolution, weights OHWI.
    Conv(Window),
    /// Depthwise convolution, weights 1HWC.
    DepthwiseConv(Window),
    /// Max pooling with a (vertical, horizontal) filter.
    MaxPool(Window, [usize; 2]),
    /// Element-wise sum.
    Add(Activation),
    /// Concatenation along an axis of the TFLite order.
    Concat(i32, Activation),
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// Sigmoid.
    Logistic,
    /// Per-channel leaky slope.
    Prelu,
    /// Zero padding; amounts are the second input.
    Pad,
    /// New shape, given by the output tensor.
    Reshape,
    /// Half to float; folded into the constant.
    Dequantize,
}

/// One operator; inputs are tensor indices, `None` for an absent optional input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Op {
    /// What it computes.
    pub(crate) kind: OpKind,
    /// Input tensor indices.
    pub(crate) inputs: Vec<Option<usize>>,
    /// Output tensor indices.
    pub(crate) outputs: Vec<usize>,
}

/// The subgraph of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Graph {
    /// All tensors.
    pub(crate) tensors: Vec<Tensor>,
    /// Operators in execution order.
    pub(crate) ops: Vec<Op>,
    /// Graph inputs.
    pub(crate) inputs: Vec<usize>,
    /// Graph outputs.
    pub(crate) outputs: Vec<usize>,
}

/// Reads a TFLite file with exactly one subgraph.
///
/// # Errors
/// [`TfliteError`] for anything that is not a float network of the supported operators.
pub(crate) fn read(bytes: &[u8]) -> Result<Graph> {
    if bytes.get(4..8) != Some(b"TFL3".as_slice()) {
        return Err(TfliteError::NotTflite);
    }
    let model = Table::root(bytes)?;
    let codes = model.tables(1)?.iter().map(builtin_code).collect::<Result<Vec<_>>>()?;
    let buffers = model.tables(4)?;
    let subgraphs = model.tables(2)?;
    let [subgraph] = subgraphs.as_slice() else {
        return Err(TfliteError::Inconsistent("exactly one subgraph is supported"));
    };
    let tensors = subgraph.tables(0)?.iter().map(|t| tensor(t, &buffers)).collect::<Result<Vec<_>>>()?;
    let ops = subgraph.tables(3)?.iter().map(|t| operator(t, &codes, tensors.len())).collect::<Result<Vec<_>>>()?;
    let inputs = indices(&subgraph.ints(1)?, tensors.len())?;
    let outputs = indices(&subgraph.ints(2)?, tensors.len())?;
    Ok(Graph { tensors, ops, inputs, outputs })
}

/// Older writers fill only the byte field, newer ones the int field: the larger one is meant.
fn builtin_code(table: &Table<'_>) -> Result<i32> {
    Ok(i32::from(table.byte(0, 0)?).max(table.int(3, 0)?))
}

fn indices(raw: &[i32], count: usize) -> Result<Vec<usize>> {
    raw.iter()
        .map(|&i| usize::try_from(i).ok().filter(|&i| i < count).ok_or(TfliteError::Inconsistent("a tensor index is out of range")))
        .collect()
}

fn tensor(table: &Table<'_>, buffers: &[Table<'_>]) -> Result<Tensor> {
    let name = table.text(3)?.to_owned();
    let shape = table
        .ints(0)?
        .iter()
        .map(|&d| usize::try_from(d).ok().filter(|&d| d > 0))
        .collect::<Option<Vec<_>>>()
        .ok_or(TfliteError::Inconsistent("a dimension is not a positive number"))?;
    let dtype = match table.byte(1, 0)? {
        0 => DType::F32,
        1 => DType::F16,
        2 => DType::I32,
        code => return Err(TfliteError::TensorType { name, code }),
    };
    if table.has(6)? {
        return Err(TfliteError::Inconsistent("sparse tensors are not supported"));
    }
    let buffer = buffers.get(table.index(2)?).ok_or(TfliteError::Inconsistent("a buffer index is out of range"))?;
    if buffer.ulong(1)? > 1 {
        return Err(TfliteError::Inconsistent("buffers outside the flatbuffer are not supported"));
    }
    let bytes = buffer.bytes(0)?;
    let data = (!bytes.is_empty()).then(|| bytes.to_vec());
    let bytes = shape.iter().try_fold(dtype.size(), |acc, &d| acc.checked_mul(d)).filter(|&bytes| bytes <= MAX_TENSOR);
    let bytes = bytes.ok_or(TfliteError::Inconsistent("a tensor is larger than 256 MiB"))?;
    if data.as_ref().is_some_and(|data| data.len() != bytes) {
        return Err(TfliteError::Inconsistent("a constant's size does not match its shape"));
    }
    Ok(Tensor { name, shape, dtype, data })
}

fn operator(table: &Table<'_>, codes: &[i32], tensors: usize) -> Result<Op> {
    let code = *codes.get(table.index(0)?).ok_or(TfliteError::Inconsistent("an operator code is out of range"))?;
    let options = table.table(4)?;
    let options = || options.ok_or(TfliteError::Inconsistent("an operator lacks its options"));
    let kind = match code {
        0 => OpKind::Add(optional_activation(table, 0)?),
        2 => {
            let o = options()?;
            OpKind::Concat(o.int(0, 0)?, activation(o.byte(1, 0)?)?)
        }
        3 => {
            let o = options()?;
            OpKind::Conv(window(&o, 3, Some([5, 4]))?)
        }
        4 => {
            let o = options()?;
            OpKind::DepthwiseConv(window(&o, 4, Some([6, 5]))?)
        }
        6 => OpKind::Dequantize,
        14 => OpKind::Logistic,
        17 => {
            let o = options()?;
            OpKind::MaxPool(window(&o, 5, None)?, [size(&o, 4)?, size(&o, 3)?])
        }
        19 => OpKind::Relu,
        21 => OpKind::Relu6,
        22 => OpKind::Reshape,
        34 => OpKind::Pad,
        54 => OpKind::Prelu,
        code => return Err(TfliteError::Operator { code }),
    };
    let inputs = table
        .ints(1)?
        .iter()
        .map(|&i| if i == -1 { Ok(None) } else { Ok(Some(indices(&[i], tensors)?[0])) })
        .collect::<Result<Vec<_>>>()?;
    let outputs = indices(&table.ints(2)?, tensors)?;
    Ok(Op { kind, inputs, outputs })
}

fn optional_activation(table: &Table<'_>, slot: usize) -> Result<Activation> {
    match table.table(4)? {
        Some(o) => activation(o.byte(slot, 0)?),
        None => Ok(Activation::None),
    }
}

fn activation(code: u8) -> Result<Activation> {
    match code {
        0 => Ok(Activation::None),
        1 => Ok(Activation::Relu),
        3 => Ok(Activation::Relu6),
        code => Err(TfliteError::Option { what: "fused activation", value: code.into() }),
    }
}

fn size(options: &Table<'_>, slot: usize) -> Result<usize> {
    let value = options.int(slot, 0)?;
    usize::try_from(value).ok().filter(|&v| v > 0).ok_or(TfliteError::Option { what: "window size or stride", value: value.into() })
}

/// Padding in slot 0, horizontal stride in 1, vertical in 2; the rest differs per operator.
fn window(o: &Table<'_>, activation_slot: usize, dilation: Option<[usize; 2]>) -> Result<Window> {
    let padding = match o.byte(0, 0)? {
        0 => Padding::Same,
        1 => Padding::Valid,
        value => return Err(TfliteError::Option { what: "padding", value: value.into() }),
    };
    let dilation = match dilation {
        Some([vertical, horizontal]) => {
            let factor = |slot| {
                let value = o.int(slot, 1)?;
                usize::try_from(value).ok().filter(|&v| v > 0).ok_or(TfliteError::Option { what: "dilation", value: value.into() })
            };
            [factor(vertical)?, factor(horizontal)?]
        }
        None => [1, 1],
    };
    Ok(Window { padding, stride: [size(o, 2)?, size(o, 1)?], dilation, activation: activation(o.byte(activation_slot, 0)?)? })
}

#[cfg(test)]
mod tests {
    use super::super::testfile::embedding_net;
    use super::*;

    #[test]
    fn a_small_network_reads_back() {
        let graph = read(&embedding_net()).unwrap();
        assert_eq!((graph.inputs.as_slice(), graph.outputs.as_slice()), (&[0][..], &[5][..]));
        assert_eq!(graph.tensors[1].dtype, DType::F16);
        assert_eq!(graph.tensors[3].shape, [2]);
        assert!(graph.tensors[0].data.is_none());
        let window = Window { padding: Padding::Same, stride: [2, 2], dilation: [1, 1], activation: Activation::Relu };
        assert_eq!(graph.ops[1].kind, OpKind::Conv(window));
        assert_eq!(graph.ops[1].inputs, [Some(0), Some(2), Some(3)]);
    }

    #[test]
    fn garbage_is_a_typed_error() {
        assert_eq!(read(b"").unwrap_err(), TfliteError::NotTflite);
        assert_eq!(read(b"not a network at all").unwrap_err(), TfliteError::NotTflite);
        assert!(matches!(read(b"\xff\xff\xff\xffTFL3"), Err(TfliteError::Flat(_))));
    }

    #[test]
    fn every_truncation_is_an_error() {
        let whole = embedding_net();
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
        }
    }

    #[test]
    fn no_single_corrupt_byte_panics() {
        let whole = embedding_net();
        let mut refused = 0;
        for at in 0..whole.len() {
            for value in [0x00, 0x01, 0x7f, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] = value;
                refused += u32::from(read(&bytes).is_err());
            }
        }
        assert!(refused > 0);
    }
}
