//! The face embedding network: uint8 weights of `@vladmandic/face-api` -> ONNX.
//!
//! The package stores weights only; the layers below are the dlib ResNet that its JavaScript
//! (`FaceRecognitionNet`) and dlib's `dnn_face_recognition` run. Each convolution's per-channel
//! scale is folded into its weights.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use super::convert::permute4;
use super::onnx::{Attr, Builder};
use super::role::Role;

/// Side of the square input in pixels.
const INPUT: usize = 150;
/// Length of the identity vector.
const VECTOR: usize = 128;

#[derive(Debug, Deserialize)]
struct Group {
    weights: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    shape: Vec<usize>,
    dtype: String,
    quantization: Option<Quantization>,
}

#[derive(Debug, Deserialize)]
struct Quantization {
    dtype: String,
    scale: f64,
    min: f64,
}

#[derive(Debug)]
struct Weight {
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// Unpacks a weights manifest and its binary shard.
fn unpack(manifest: &str, mut shard: &[u8]) -> Result<BTreeMap<String, Weight>> {
    let groups: Vec<Group> = serde_json::from_str(manifest).context("weights manifest")?;
    let mut weights = BTreeMap::new();
    for entry in groups.into_iter().flat_map(|g| g.weights) {
        ensure!(entry.dtype == "float32", "{}: unexpected type {}", entry.name, entry.dtype);
        let count = entry.shape.iter().try_fold(1_usize, |acc, &d| acc.checked_mul(d));
        let count = count.with_context(|| format!("{}: shape overflows", entry.name))?;
        let mut take = |size: usize| -> Result<&[u8]> {
            let bytes = count.checked_mul(size).with_context(|| format!("{}: size", entry.name))?;
            let parts = shard.split_at_checked(bytes);
            let (head, tail) = parts.with_context(|| format!("{}: shard too short", entry.name))?;
            shard = tail;
            Ok(head)
        };
        let values = match &entry.quantization {
            Some(q) => {
                ensure!(q.dtype == "uint8", "{}: unexpected type {}", entry.name, q.dtype);
                take(1)?.iter().map(|&v| (f64::from(v) * q.scale + q.min) as f32).collect()
            }
            None => take(4)?.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect(),
        };
        weights.insert(entry.name, Weight { shape: entry.shape, values });
    }
    ensure!(shard.is_empty(), "{} bytes left over in the weights shard", shard.len());
    Ok(weights)
}

struct Net {
    weights: BTreeMap<String, Weight>,
    out: Builder,
}

impl Net {
    fn take(&mut self, name: &str) -> Result<Weight> {
        self.weights.remove(name).with_context(|| format!("weight {name} is missing"))
    }

    /// Convolution, per-channel scale and shift folded; returns the value's name and channels.
    fn conv(&mut self, x: &str, prefix: &str, stride: i64, pad: i64) -> Result<(String, usize)> {
        let filters = self.take(&format!("{prefix}/conv/filters"))?;
        let bias = self.take(&format!("{prefix}/conv/bias"))?.values;
        let scale = self.take(&format!("{prefix}/scale/weights"))?.values;
        let shift = self.take(&format!("{prefix}/scale/biases"))?.values;
        let &[kh, kw, from, to] = filters.shape.as_slice() else {
            bail!("{prefix}: filters need four dimensions");
        };
        ensure!([bias.len(), scale.len(), shift.len()] == [to; 3], "{prefix}: channel counts");
        let mut kernel = permute4(&filters.values, [kh, kw, from, to], [3, 2, 0, 1]);
        for (kernel, &factor) in kernel.chunks_exact_mut(from * kh * kw).zip(&scale) {
            for value in kernel {
                *value = (f64::from(*value) * f64::from(factor)) as f32;
            }
        }
        let folded: Vec<f32> =
            bias.iter().zip(&scale).zip(&shift).map(|((&b, &k), &s)| (f64::from(b) * f64::from(k) + f64::from(s)) as f32).collect();
        let kernel = self.out.floats(&format!("{prefix}.weight"), &[to, from, kh, kw], &kernel);
        let bias = self.out.floats(&format!("{prefix}.bias"), &[to], &folded);
        let attrs = [
            ("kernel_shape", Attr::Ints(vec![kh as i64, kw as i64])),
            ("pads", Attr::Ints(vec![pad; 4])),
            ("strides", Attr::Ints(vec![stride; 2])),
        ];
        let name = self.out.node("Conv", &[x, &kernel, &bias], &format!("{prefix}.conv"), &attrs);
        Ok((name, to))
    }

    fn relu(&mut self, x: &str, name: &str) -> String {
        self.out.node("Relu", &[x], &format!("{name}.relu"), &[])
    }

    fn pad(&mut self, x: &str, name: &str, after: [i64; 4]) -> String {
        let pads = [[0; 4], after].concat();
        let pads = self.out.ints(&format!("{name}.amounts"), &pads);
        self.out.node("Pad", &[x, &pads], name, &[])
    }

    fn block(&mut self, x: &str, name: &str) -> Result<String> {
        let (y, _) = self.conv(x, &format!("{name}/conv1"), 1, 1)?;
        let y = self.relu(&y, &format!("{name}/conv1"));
        let (y, _) = self.conv(&y, &format!("{name}/conv2"), 1, 1)?;
        let sum = self.out.node("Add", &[&y, x], &format!("{name}.sum"), &[]);
        Ok(self.relu(&sum, name))
    }

    /// Halving block: the shortcut is averaged 2×2 and its new channels are zero; where the 3×3
    /// branch comes out one cell smaller, that branch gets a zero row and column at the end.
    fn down(&mut self, x: &str, name: &str, size: usize, from: usize) -> Result<(String, usize)> {
        let (y, _) = self.conv(x, &format!("{name}/conv1"), 2, 0)?;
        let y = self.relu(&y, &format!("{name}/conv1"));
        let (mut y, to) = self.conv(&y, &format!("{name}/conv2"), 1, 1)?;
        let (branch, shortcut) = ((size - 3) / 2 + 1, size / 2);
        let attrs = [("kernel_shape", Attr::Ints(vec![2, 2])), ("strides", Attr::Ints(vec![2, 2]))];
        let mut s = self.out.node("AveragePool", &[x], &format!("{name}.pool"), &attrs);
        if branch < shortcut {
            y = self.pad(&y, &format!("{name}.grown"), [0, 0, 1, 1]);
        }
        if from < to {
            s = self.pad(&s, &format!("{name}.widened"), [0, (to - from) as i64, 0, 0]);
        }
        let sum = self.out.node("Add", &[&s, &y], &format!("{name}.sum"), &[]);
        Ok((self.relu(&sum, name), to))
    }
}

/// Builds the ONNX file from the package's weights manifest (JSON) and shard.
pub(crate) fn convert(manifest: &str, shard: &[u8], doc: &str) -> Result<Vec<u8>> {
    let mut net = Net { weights: unpack(manifest, shard)?, out: Builder::default() };
    net.out.input("image", &[1, 3, INPUT, INPUT]);
    let (x, mut channels) = net.conv("image", "conv32_down", 2, 0)?;
    let x = net.relu(&x, "conv32_down");
    let attrs = [("kernel_shape", Attr::Ints(vec![3, 3])), ("strides", Attr::Ints(vec![2, 2]))];
    let mut x = net.out.node("MaxPool", &[&x], "pool", &attrs);
    // 150 -> 72 (7×7, stride 2) -> 35 (3×3 pool, stride 2)
    let mut size = ((INPUT - 7) / 2 + 1 - 3) / 2 + 1;
    for name in [
        "conv32_1",
        "conv32_2",
        "conv32_3",
        "conv64_down",
        "conv64_1",
        "conv64_2",
        "conv64_3",
        "conv128_down",
        "conv128_1",
        "conv128_2",
        "conv256_down",
        "conv256_1",
        "conv256_2",
        "conv256_down_out",
    ] {
        if name.contains("down") {
            (x, channels) = net.down(&x, name, size, channels)?;
            size /= 2;
        } else {
            x = net.block(&x, name)?;
        }
    }
    let mean = net.out.node("GlobalAveragePool", &[&x], "mean", &[]);
    let shape = net.out.ints("flat.shape", &[1, channels as i64]);
    let flat = net.out.node("Reshape", &[&mean, &shape], "flat", &[]);
    let fc = net.take("fc")?;
    ensure!(fc.shape == [channels, VECTOR], "fc: unexpected shape {:?}", fc.shape);
    let fc = net.out.floats("fc.weight", &fc.shape, &fc.values);
    net.out.node("MatMul", &[&flat, &fc], "embedding", &[]);
    net.out.output("embedding", &[1, VECTOR]);
    ensure!(net.weights.is_empty(), "unused weights: {:?}", net.weights.keys());
    Ok(net.out.finish(Role::Embedding.file_stem(), doc))
}
