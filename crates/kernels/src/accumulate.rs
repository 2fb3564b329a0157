/// Adds `weight * byte` of a packed row to `sums`, element by element. The shorter slice counts.
pub fn accumulate_row(row: &[u8], weight: f32, sums: &mut [f32]) {
    for (sum, &byte) in sums.iter_mut().zip(row) {
        *sum += weight * f32::from(byte);
    }
}

/// Area-averages a packed RGB row of sums horizontally: output pixel `i` is the mean of the source span `[i * step, (i + 1) * step)`,
/// with `step >= 1` source pixels per output pixel and fractional ends weighted by their cover. Each value is then multiplied by `gain`.
/// Spans reaching over the row's end use what lies inside.
pub fn shrink_row(sums: &[f32], step: f32, gain: f32, out: &mut [[f32; 3]]) {
    let pixels = sums.len() / 3;
    for (i, px) in out.iter_mut().enumerate() {
        let (start, end) = (i as f32 * step, ((i + 1) as f32 * step).min(pixels as f32));
        let (first, last) = (start as usize, (end.ceil() as usize).min(pixels));
        let (mut total, mut cover) = ([0.0f32; 3], 0.0f32);
        for (k, rgb) in sums.chunks_exact(3).enumerate().take(last).skip(first) {
            let share = (end.min((k + 1) as f32) - start.max(k as f32)).max(0.0);
            cover += share;
            for (t, &v) in total.iter_mut().zip(rgb) {
                *t += share * v;
            }
        }
        // An empty span can only come from rounding at the row's very end.
        let scale = if cover > 0.0 { gain / cover } else { 0.0 };
        *px = total.map(|t| t * scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_add_up() {
        let mut sums = [1.0, 0.0, 0.0];
        accumulate_row(&[10, 20, 30], 0.5, &mut sums);
        assert_eq!(sums, [6.0, 10.0, 15.0], "weighted");
    }

    #[test]
    fn fractional_spans_are_weighted() {
        let sums: Vec<f32> = [0.0, 30.0, 90.0].iter().flat_map(|&v| [v, v, v]).collect();
        let mut out = [[0.0; 3]; 2];
        shrink_row(&sums, 1.5, 1.0, &mut out);
        assert_eq!(out[0], [10.0; 3], "one and a half pixels");
        assert_eq!(out[1], [70.0; 3], "the rest");
    }
}
