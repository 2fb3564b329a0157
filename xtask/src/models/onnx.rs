//! The ONNX messages we write, and a small graph builder.
//!
//! Field numbers follow the published `onnx.proto`; only the fields we fill are declared, unknown
//! ones are skipped on reading as protobuf demands.

use prost::Message;

/// ONNX operator set we write.
pub(crate) const OPSET: i64 = 13;
/// ONNX intermediate representation version that goes with it.
const IR_VERSION: i64 = 7;

const FLOAT: i32 = 1;
const INT64: i32 = 7;

/// `ModelProto`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ModelProto {
    #[prost(int64, tag = "1")]
    pub(crate) ir_version: i64,
    #[prost(string, tag = "2")]
    pub(crate) producer_name: String,
    #[prost(string, tag = "6")]
    pub(crate) doc_string: String,
    #[prost(message, optional, tag = "7")]
    pub(crate) graph: Option<GraphProto>,
    #[prost(message, repeated, tag = "8")]
    pub(crate) opset_import: Vec<OperatorSetId>,
}

/// `OperatorSetIdProto`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct OperatorSetId {
    #[prost(string, tag = "1")]
    pub(crate) domain: String,
    #[prost(int64, tag = "2")]
    pub(crate) version: i64,
}

/// `GraphProto`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct GraphProto {
    #[prost(message, repeated, tag = "1")]
    pub(crate) node: Vec<NodeProto>,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(message, repeated, tag = "5")]
    pub(crate) initializer: Vec<TensorProto>,
    #[prost(message, repeated, tag = "11")]
    pub(crate) input: Vec<ValueInfo>,
    #[prost(message, repeated, tag = "12")]
    pub(crate) output: Vec<ValueInfo>,
}

/// `NodeProto`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct NodeProto {
    #[prost(string, repeated, tag = "1")]
    pub(crate) input: Vec<String>,
    #[prost(string, repeated, tag = "2")]
    pub(crate) output: Vec<String>,
    #[prost(string, tag = "3")]
    pub(crate) name: String,
    #[prost(string, tag = "4")]
    pub(crate) op_type: String,
    #[prost(message, repeated, tag = "5")]
    pub(crate) attribute: Vec<AttributeProto>,
}

/// `AttributeProto`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct AttributeProto {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(int64, optional, tag = "3")]
    pub(crate) i: Option<i64>,
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub(crate) ints: Vec<i64>,
    #[prost(int32, tag = "20")]
    pub(crate) kind: i32,
}

/// `TensorProto` with raw little-endian contents.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TensorProto {
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub(crate) dims: Vec<i64>,
    #[prost(int32, tag = "2")]
    pub(crate) data_type: i32,
    #[prost(string, tag = "8")]
    pub(crate) name: String,
    #[prost(bytes = "vec", tag = "9")]
    pub(crate) raw_data: Vec<u8>,
}

/// `ValueInfoProto`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ValueInfo {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) value_type: Option<TypeProto>,
}

/// `TypeProto` of a tensor.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TypeProto {
    #[prost(message, optional, tag = "1")]
    pub(crate) tensor_type: Option<TensorType>,
}

/// `TypeProto.Tensor`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TensorType {
    #[prost(int32, tag = "1")]
    pub(crate) elem_type: i32,
    #[prost(message, optional, tag = "2")]
    pub(crate) shape: Option<TensorShape>,
}

/// `TensorShapeProto`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct TensorShape {
    #[prost(message, repeated, tag = "1")]
    pub(crate) dim: Vec<Dimension>,
}

/// `TensorShapeProto.Dimension` with a fixed value.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Dimension {
    #[prost(int64, optional, tag = "1")]
    pub(crate) dim_value: Option<i64>,
}

/// An attribute value.
#[derive(Debug, Clone)]
pub(crate) enum Attr {
    /// One integer.
    Int(i64),
    /// A list of integers.
    Ints(Vec<i64>),
}

/// Collects nodes and constants in order; the order is the file's byte order.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    graph: GraphProto,
}

fn dims(shape: &[usize]) -> Vec<i64> {
    // invariant: shapes come from arrays in memory, far below i64::MAX
    shape.iter().map(|&d| d as i64).collect()
}

fn value(name: &str, shape: &[usize]) -> ValueInfo {
    let dim = dims(shape).into_iter().map(|d| Dimension { dim_value: Some(d) }).collect();
    ValueInfo {
        name: name.to_owned(),
        value_type: Some(TypeProto { tensor_type: Some(TensorType { elem_type: FLOAT, shape: Some(TensorShape { dim }) }) }),
    }
}

impl Builder {
    /// Declares a float graph input.
    pub(crate) fn input(&mut self, name: &str, shape: &[usize]) {
        self.graph.input.push(value(name, shape));
    }

    /// Declares a float graph output.
    pub(crate) fn output(&mut self, name: &str, shape: &[usize]) {
        self.graph.output.push(value(name, shape));
    }

    /// Adds a float constant and returns its name.
    pub(crate) fn floats(&mut self, name: &str, shape: &[usize], data: &[f32]) -> String {
        debug_assert_eq!(shape.iter().product::<usize>(), data.len());
        self.constant(name, FLOAT, shape, data.iter().flat_map(|v| v.to_le_bytes()).collect())
    }

    /// Adds a one-dimensional integer constant and returns its name.
    pub(crate) fn ints(&mut self, name: &str, data: &[i64]) -> String {
        let raw = data.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.constant(name, INT64, &[data.len()], raw)
    }

    fn constant(&mut self, name: &str, data_type: i32, shape: &[usize], raw: Vec<u8>) -> String {
        self.graph.initializer.push(TensorProto { dims: dims(shape), data_type, name: name.to_owned(), raw_data: raw });
        name.to_owned()
    }

    /// Adds a node with one output named `output` and returns that name.
    pub(crate) fn node(&mut self, op_type: &str, inputs: &[&str], output: &str, attrs: &[(&str, Attr)]) -> String {
        let attribute = attrs
            .iter()
            .map(|(name, value)| {
                let (i, ints, kind) = match value {
                    Attr::Int(v) => (Some(*v), Vec::new(), 2),
                    Attr::Ints(v) => (None, v.clone(), 7),
                };
                AttributeProto { name: (*name).to_owned(), i, ints, kind }
            })
            .collect();
        self.graph.node.push(NodeProto {
            input: inputs.iter().map(|&s| s.to_owned()).collect(),
            output: vec![output.to_owned()],
            name: format!("{op_type}:{output}"),
            op_type: op_type.to_owned(),
            attribute,
        });
        output.to_owned()
    }

    /// Finishes the model and returns its bytes.
    pub(crate) fn finish(mut self, name: &str, doc: &str) -> Vec<u8> {
        self.graph.name = name.to_owned();
        ModelProto {
            ir_version: IR_VERSION,
            producer_name: "faceid-liveness xtask models".to_owned(),
            doc_string: doc.to_owned(),
            graph: Some(self.graph),
            opset_import: vec![OperatorSetId { domain: String::new(), version: OPSET }],
        }
        .encode_to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_model_reads_back() {
        let mut builder = Builder::default();
        builder.input("x", &[1, 2]);
        let w = builder.floats("w", &[2], &[1.5, -2.0]);
        let shape = builder.ints("shape", &[2, -1]);
        builder.node("Mul", &["x", &w], "y", &[("axis", Attr::Int(0))]);
        builder.node("Reshape", &["y", &shape], "z", &[("pads", Attr::Ints(vec![0, 1, -1]))]);
        builder.output("z", &[2, 1]);
        let bytes = builder.finish("net", "doc");

        let model = ModelProto::decode(bytes.as_slice()).unwrap();
        assert_eq!(model.opset_import[0].version, OPSET);
        let graph = model.graph.unwrap();
        assert_eq!(graph.name, "net");
        assert_eq!(graph.node[0].input, ["x", "w"]);
        // zero is written, not dropped as a default
        assert_eq!(graph.node[0].attribute[0].i, Some(0));
        assert_eq!(graph.node[1].attribute[0].ints, [0, 1, -1]);
        let raw: Vec<u8> = [1.5_f32, -2.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(graph.initializer[0].raw_data, raw);
        assert_eq!(graph.initializer[1].dims, [2]);
        let shape = graph.output[0].value_type.clone().unwrap().tensor_type.unwrap().shape.unwrap();
        assert_eq!(shape.dim.iter().map(|d| d.dim_value).collect::<Vec<_>>(), [Some(2), Some(1)]);
    }

    #[test]
    fn the_wire_bytes_are_those_of_protobuf() {
        let id = OperatorSetId { domain: String::new(), version: 13 };
        assert_eq!(id.encode_to_vec(), [0x10, 13]);
        let attribute = AttributeProto { name: "a".to_owned(), i: None, ints: vec![1, 2], kind: 7 };
        let wire = [0x0a, 1, b'a', 0x40, 1, 0x40, 2, 0xa0, 0x01, 7];
        assert_eq!(attribute.encode_to_vec(), wire);
    }
}
