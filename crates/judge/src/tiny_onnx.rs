//! ONNX files as small as they get, for tests: networks that hand their input back.

/// Length-delimited protobuf field.
fn bytes(field: u8, content: &[u8]) -> Vec<u8> {
    assert!(content.len() < 128 * 128, "two length bytes are enough here");
    [&[field << 3 | 2, (content.len() % 128) as u8 | 128, (content.len() / 128) as u8], content].concat()
}

/// Varint protobuf field below 128.
fn small(field: u8, value: u8) -> Vec<u8> {
    vec![field << 3, value]
}

/// ONNX `ValueInfoProto` of a float tensor.
fn value(name: &str, shape: &[u8]) -> Vec<u8> {
    let dims: Vec<u8> = shape.iter().flat_map(|&d| bytes(1, &small(1, d))).collect();
    let tensor = [small(1, 1), bytes(2, &dims)].concat();
    [bytes(1, name.as_bytes()), bytes(2, &bytes(1, &tensor))].concat()
}

/// ONNX model `y = Flatten(x)` with the given input shape.
pub(crate) fn flatten(shape: &[u8]) -> Vec<u8> {
    let length = shape.iter().product();
    let node = [bytes(1, b"x"), bytes(2, b"y"), bytes(4, b"Flatten")].concat();
    let graph = [bytes(1, &node), bytes(2, b"g"), bytes(11, &value("x", shape)), bytes(12, &value("y", &[1, length]))].concat();
    let opset = small(2, 13);
    [small(1, 7), bytes(7, &graph), bytes(8, &opset)].concat()
}
