//! Writes small TFLite files for the tests.

use super::tflite;

/// A value in a table.
pub(crate) enum Field {
    Byte(u8),
    Int(i32),
    To(Node),
}

/// Anything an offset can point to.
pub(crate) enum Node {
    /// Fields by slot; `None` is left at its default.
    Table(Vec<Option<Field>>),
    Tables(Vec<Node>),
    Ints(Vec<i32>),
    Bytes(Vec<u8>),
}

/// The file with `root` as its root table and the TFLite identifier.
pub(crate) fn file(root: &Node) -> Vec<u8> {
    let mut out = vec![0; 4];
    out.extend(b"TFL3");
    let at = write(&mut out, root);
    patch(&mut out, 0, at);
    out
}

fn word(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap().to_le_bytes()
}

fn patch(out: &mut [u8], field: usize, target: usize) {
    out[field..field + 4].copy_from_slice(&word(target - field));
}

/// Appends a node and returns its position.
fn write(out: &mut Vec<u8>, node: &Node) -> usize {
    match node {
        Node::Table(fields) => table(out, fields),
        Node::Tables(nodes) => {
            let start = out.len();
            out.extend(word(nodes.len()));
            out.resize(start + 4 + 4 * nodes.len(), 0);
            for (i, node) in nodes.iter().enumerate() {
                let at = write(out, node);
                patch(out, start + 4 + 4 * i, at);
            }
            start
        }
        Node::Ints(values) => {
            let start = out.len();
            out.extend(word(values.len()));
            out.extend(values.iter().flat_map(|v| v.to_le_bytes()));
            start
        }
        Node::Bytes(bytes) => {
            let start = out.len();
            out.extend(word(bytes.len()));
            out.extend(bytes);
            start
        }
    }
}

/// Table layout: vtable, then a four-byte cell per field.
fn table(out: &mut Vec<u8>, fields: &[Option<Field>]) -> usize {
    let vtable = out.len();
    let vtable_len = 4 + 2 * fields.len();
    let short = |value: usize| u16::try_from(value).unwrap().to_le_bytes();
    out.extend(short(vtable_len));
    out.extend(short(4 + 4 * fields.len()));
    for (i, field) in fields.iter().enumerate() {
        out.extend(short(if field.is_some() { 4 + 4 * i } else { 0 }));
    }
    let start = out.len();
    out.extend(word(start - vtable));
    out.resize(start + 4 + 4 * fields.len(), 0);
    for (i, field) in fields.iter().enumerate() {
        let cell = start + 4 + 4 * i;
        match field {
            None => {}
            Some(Field::Byte(value)) => out[cell] = *value,
            Some(Field::Int(value)) => out[cell..cell + 4].copy_from_slice(&value.to_le_bytes()),
            Some(Field::To(node)) => {
                let at = write(out, node);
                patch(out, cell, at);
            }
        }
    }
    start
}

fn tensor(name: &str, shape: &[i32], dtype: u8, buffer: i32) -> Node {
    Node::Table(vec![
        Some(Field::To(Node::Ints(shape.to_vec()))),
        Some(Field::Byte(dtype)),
        Some(Field::Int(buffer)),
        Some(Field::To(Node::Bytes(name.as_bytes().to_vec()))),
    ])
}

fn operator(code: i32, inputs: &[i32], output: i32, options: Option<Vec<Option<Field>>>) -> Node {
    Node::Table(vec![
        Some(Field::Int(code)),
        Some(Field::To(Node::Ints(inputs.to_vec()))),
        Some(Field::To(Node::Ints(vec![output]))),
        None,
        options.map(|o| Field::To(Node::Table(o))),
    ])
}

/// Changes every byte of [`embedding_net`] in turn, and counts the files that are still read and converted: none may make `converts` panic.
pub(crate) fn corrupted_and_converted(converts: impl Fn(&tflite::Graph) -> bool) -> usize {
    let whole = embedding_net();
    let changed = (0..whole.len()).flat_map(|at| [0x00, 0x01, 0x02, 0x7f, 0xff].map(|value| (at, value)));
    let files = changed.map(|(at, value)| {
        let mut bytes = whole.clone();
        bytes[at] = value;
        bytes
    });
    files.filter_map(|bytes| tflite::read(&bytes).ok()).filter(|graph| converts(graph)).count()
}

/// An embedding network: 5×4 RGB image, half weights, one 3×3 SAME convolution of stride 2 with
/// two output channels and a fused ReLU, then a reshape of its 3×2×2 values to a vector.
pub(crate) fn embedding_net() -> Vec<u8> {
    let buffer = |bytes: Vec<u8>| Node::Table(vec![Some(Field::To(Node::Bytes(bytes)))]);
    // weight w[o][y][x][c] = 1 where y = x = c = 0, as half
    let mut weights = vec![0_u8; 2 * 3 * 3 * 3 * 2];
    for output in 0..2 {
        weights[output * 27 * 2..][..2].copy_from_slice(&0x3c00_u16.to_le_bytes());
    }
    let bias = [0.5_f32, -1.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    let conv = vec![Some(Field::Byte(0)), Some(Field::Int(2)), Some(Field::Int(2)), Some(Field::Byte(1))];
    let subgraph = Node::Table(vec![
        Some(Field::To(Node::Tables(vec![
            tensor("image", &[1, 5, 4, 3], 0, 0),
            tensor("half", &[2, 3, 3, 3], 1, 1),
            tensor("weights", &[2, 3, 3, 3], 0, 0),
            tensor("bias", &[2], 0, 2),
            tensor("conv", &[1, 3, 2, 2], 0, 0),
            tensor("vector", &[1, 12], 0, 0),
        ]))),
        Some(Field::To(Node::Ints(vec![0]))),
        Some(Field::To(Node::Ints(vec![5]))),
        Some(Field::To(Node::Tables(vec![operator(0, &[1], 2, None), operator(1, &[0, 2, 3], 4, Some(conv)), operator(2, &[4], 5, None)]))),
    ]);
    let code = |code: u8| Node::Table(vec![Some(Field::Byte(code))]);
    file(&Node::Table(vec![
        Some(Field::Int(3)),
        Some(Field::To(Node::Tables(vec![code(6), code(3), code(22)]))),
        Some(Field::To(Node::Tables(vec![subgraph]))),
        None,
        Some(Field::To(Node::Tables(vec![buffer(Vec::new()), buffer(weights), buffer(bias)]))),
    ]))
}
