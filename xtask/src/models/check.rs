//! Numeric check: the converted networks in tract against committed reference outputs.
//!
//! The references come from other engines (`models/reference/`): TFLite for the MediaPipe
//! networks, the package's own JavaScript for the embedding.

use std::collections::BTreeMap;
use std::io::Cursor;

use anyhow::{Context, Result, anyhow, ensure};
use serde::Deserialize;
use tract_onnx::prelude::{Framework, InferenceModelExt, IntoRunnable, IntoTValue, Tensor, tvec};

/// A reference file.
#[derive(Debug, Deserialize)]
struct Reference {
    /// Engine and version that produced it.
    made_by: String,
    input: Input,
    cases: Vec<Case>,
}

/// How the fixed pixels become network input: `(pixel - subtract[channel]) / divide`.
#[derive(Debug, Deserialize)]
struct Input {
    side: usize,
    subtract: [f32; 3],
    divide: f32,
}

#[derive(Debug, Deserialize)]
struct Case {
    /// Parameter of the pixel formula.
    k: usize,
    outputs: BTreeMap<String, Sampled>,
}

/// Every `step`-th value of an output.
#[derive(Debug, Deserialize)]
struct Sampled {
    step: usize,
    values: Vec<f32>,
}

/// Value 0..=255 of the fixed test image; equal in `make_reference.py` and `make_embedding.mjs`.
fn pixel(k: usize, c: usize, y: usize, x: usize) -> usize {
    (k * (7 * x + 13 * y) + 29 * c + 3 * ((x * y) % 31) + (x * x + y * y) / 64) % 256
}

/// The fixed image as the network's input, `[1, 3, side, side]`.
fn image(input: &Input, k: usize) -> Result<Tensor> {
    let side = input.side;
    let mut data = Vec::with_capacity(3 * side * side);
    for c in 0..3 {
        for y in 0..side {
            for x in 0..side {
                // exact: below 256
                data.push((pixel(k, c, y, x) as f32 - input.subtract[c]) / input.divide);
            }
        }
    }
    Tensor::from_shape(&[1, 3, side, side], &data).map_err(|e| anyhow!("{e:#}"))
}

/// Runs `onnx` on the reference inputs; returns the largest absolute difference per output.
///
/// # Errors
/// When tract refuses the network, or a difference exceeds the one allowed for that output.
pub(crate) fn check(onnx: &[u8], reference: &str, allowed: &BTreeMap<String, f32>) -> Result<(String, BTreeMap<String, f32>)> {
    let reference: Reference = serde_json::from_str(reference).context("reference file")?;
    let model = tract_onnx::onnx()
        .model_for_read(&mut Cursor::new(onnx))
        .and_then(InferenceModelExt::into_optimized)
        .map_err(|e| anyhow!("tract does not load the network: {e:#}"))?;
    let names: Vec<String> = model.outputs.iter().map(|o| model.outlet_labels.get(o).cloned().unwrap_or_default()).collect();
    let runnable = model.into_runnable().map_err(|e| anyhow!("{e:#}"))?;
    let mut worst: BTreeMap<String, f32> = BTreeMap::new();
    for case in &reference.cases {
        let input = image(&reference.input, case.k)?.into_tvalue();
        let outputs = runnable.run(tvec!(input)).map_err(|e| anyhow!("tract: {e:#}"))?;
        for (name, expected) in &case.outputs {
            let at = names.iter().position(|n| n == name);
            let at = at.with_context(|| format!("the network has no output {name}: {names:?}"))?;
            let found = outputs[at].to_plain_array_view::<f32>().map_err(|e| anyhow!("{e:#}"))?;
            let found: Vec<f32> = found.iter().copied().step_by(expected.step.max(1)).collect();
            ensure!(found.len() == expected.values.len(), "{name}: {} values", found.len());
            let difference = largest_difference(&found, &expected.values);
            let limit = *allowed.get(name).with_context(|| format!("{name}: no limit stated"))?;
            ensure!(difference <= limit, "{name} differs by {difference:e} from {} (allowed {limit:e})", reference.made_by);
            let entry = worst.entry(name.clone()).or_default();
            *entry = entry.max(difference);
        }
    }
    ensure!(!worst.is_empty(), "the reference file has no cases");
    Ok((reference.made_by, worst))
}

/// Largest absolute difference; not-a-number anywhere counts as infinite.
fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).fold(0.0, |worst, (a, b)| {
        let d = (a - b).abs();
        if d.is_nan() { f32::INFINITY } else { worst.max(d) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_a_number_is_infinitely_different() {
        assert_eq!(largest_difference(&[1.0, 2.5], &[1.0, 2.0]), 0.5);
        assert_eq!(largest_difference(&[f32::NAN], &[0.0]), f32::INFINITY);
    }

    #[test]
    fn the_pixel_formula_is_the_scripts_one() {
        // printed by make_reference.py's `pixels`
        let found: Vec<usize> =
            [(1, 0, 0, 0), (1, 2, 3, 5), (5, 1, 77, 127), (5, 2, 149, 0)].map(|(k, c, y, x)| pixel(k, c, y, x)).to_vec();
        assert_eq!(found, PIXELS);
    }

    const PIXELS: [usize; 4] = [0, 177, 137, 105];
}
