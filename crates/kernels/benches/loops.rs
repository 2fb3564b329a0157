//! `cargo bench -p faceid-kernels`: the loops over pixels, each beside the loop that one would write first, on the same data, alternately. Prints the
//! least time of each and the ratio; nothing passes or fails by the clock.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and its data are fixed")]

use std::{hint::black_box, time::Instant};

use faceid_kernels::{Border, Columns, Line, Rgb, warp_row, weigh_rows};

const ROUNDS: usize = 200;
/// A camera's frame, and what the networks see of it.
const CAMERA: [usize; 2] = [1280, 720];
const SMALL: [usize; 2] = [480, 270];
/// Side of the landmark network's picture, px.
const SIDE: usize = 192;

fn noise(count: usize) -> Vec<u8> {
    (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 23) as u8).collect()
}

/// Least times of both, alternately, ms.
fn compare(name: &str, mut ours: impl FnMut(), mut first: impl FnMut()) {
    let mut least = [f64::INFINITY; 2];
    let timed = |run: &mut dyn FnMut()| {
        let begun = Instant::now();
        run();
        begun.elapsed().as_secs_f64() * 1e3
    };
    for _ in 0..ROUNDS {
        least[0] = least[0].min(timed(&mut ours));
        least[1] = least[1].min(timed(&mut first));
    }
    println!("{name:<46} {:7.3} ms, plain {:7.3} ms: {:.2}", least[0], least[1], least[0] / least[1]);
}

/// Rows of a square of `side` px around the middle of the picture, moved by `off`, turned a little.
fn lines(side: f32, off: f32) -> Vec<Line> {
    let (sin, cos) = 0.1f32.sin_cos();
    let step = side / SIDE as f32;
    let row = |row: usize| {
        let (u, v) = ((0.5 * step) - side / 2.0, (row as f32 + 0.5) * step - side / 2.0);
        let (x, y) = (SMALL[0] as f32 / 2.0 + off, SMALL[1] as f32 / 2.0 + off);
        Line { x: x + u * cos - v * sin, y: y + u * sin + v * cos, dx: step * cos, dy: step * sin }
    };
    (0..SIDE).map(row).collect()
}

/// Bilinear, in floating point, every position held within the picture.
fn plain_row(data: &[u8], line: Line, [red, green, blue]: [&mut [f32]; 3]) {
    let [width, height] = SMALL;
    for i in 0..red.len() {
        let x = (line.x + i as f32 * line.dx).clamp(0.0, (width - 1) as f32);
        let y = (line.y + i as f32 * line.dy).clamp(0.0, (height - 1) as f32);
        let (left, upper) = (x as usize, y as usize);
        let (right, lower) = ((left + 1).min(width - 1), (upper + 1).min(height - 1));
        let (fx, fy) = (x - left as f32, y - upper as f32);
        let at = |x: usize, y: usize, c: usize| f32::from(data[3 * (y * width + x) + c]);
        let sample = |c: usize| {
            let (above, below) =
                (at(left, upper, c) * (1.0 - fx) + at(right, upper, c) * fx, at(left, lower, c) * (1.0 - fx) + at(right, lower, c) * fx);
            (above * (1.0 - fy) + below * fy) / 255.0
        };
        (red[i], green[i], blue[i]) = (sample(0), sample(1), sample(2));
    }
}

fn warp() {
    let data = noise(3 * SMALL[0] * SMALL[1]);
    let picture = Rgb::new(&data, SMALL[0], SMALL[1]).unwrap();
    for (name, side, off) in [("cut of a face, all inside", 180.0, 0.0), ("cut of a face that reaches over the edge", 260.0, 50.0)] {
        let lines = lines(side, off);
        let (mut planes, mut plain) = (vec![0.0f32; 3 * SIDE], vec![0.0f32; 3 * SIDE]);
        fn split(planes: &mut [f32]) -> [&mut [f32]; 3] {
            let (red, rest) = planes.split_at_mut(SIDE);
            let (green, blue) = rest.split_at_mut(SIDE);
            [red, green, blue]
        }
        compare(
            name,
            || lines.iter().for_each(|&line| warp_row(black_box(picture), line, Border::Replicate, 1.0 / 255.0, 0.0, split(&mut planes))),
            || lines.iter().for_each(|&line| plain_row(black_box(&data), line, split(&mut plain))),
        );
    }
}

/// A plane of a camera's frame made small by 8/3 in both directions.
fn shrink() {
    let plane = noise(CAMERA[0] * CAMERA[1]);
    let step = CAMERA[0] as f64 / SMALL[0] as f64;
    let spans = |axis: usize| -> Vec<(usize, [u16; 4])> {
        let span = |i: usize| {
            let (begin, end) = (i as f64 * step, (i + 1) as f64 * step);
            let first = (begin as usize).min(CAMERA[axis] - 4);
            let until = |k: usize| (256.0 * (((first + k) as f64).clamp(begin, end) - begin) / step).round() as u16;
            (first, [0, 1, 2, 3].map(|k| if k == 3 { 256 - until(3) } else { until(k + 1) - until(k) }))
        };
        (0..SMALL[axis]).map(span).collect()
    };
    let (across, down) = (spans(0), spans(1));
    let columns =
        Columns::new(across.iter().map(|(first, _)| *first as u32).collect(), &across.iter().map(|(_, w)| *w).collect::<Vec<_>>()).unwrap();
    let (mut sums, mut small, mut plain) = (vec![0u16; CAMERA[0]], vec![0u8; SMALL[0] * SMALL[1]], vec![0u8; SMALL[0] * SMALL[1]]);
    compare(
        "plane of 1280 x 720 made small to 480 x 270",
        || {
            for (out, (first, weights)) in small.chunks_exact_mut(SMALL[0]).zip(&down) {
                weigh_rows([0, 1, 2, 3].map(|k| &black_box(&plane)[(first + k) * CAMERA[0]..]), *weights, &mut sums);
                columns.weigh(&sums, out);
            }
        },
        || {
            let plane = black_box(&plane);
            for (y, out) in plain.chunks_exact_mut(SMALL[0]).enumerate() {
                for (x, out) in out.iter_mut().enumerate() {
                    let part = |i: usize, k: usize| {
                        let (begin, end) = (i as f32 * step as f32, (i + 1) as f32 * step as f32);
                        (end.min((k + 1) as f32) - begin.max(k as f32)).max(0.0)
                    };
                    let (top, left) = ((y as f64 * step) as usize, (x as f64 * step) as usize);
                    let mut sum = 0.0;
                    for k in top..(top + 4).min(CAMERA[1]) {
                        for l in left..(left + 4).min(CAMERA[0]) {
                            sum += part(y, k) * part(x, l) * f32::from(plane[k * CAMERA[0] + l]);
                        }
                    }
                    *out = (sum / (step * step) as f32 + 0.5) as u8;
                }
            }
        },
    );
    let furthest = small.iter().zip(&plain).map(|(a, b)| a.abs_diff(*b)).max();
    println!("{:<46} largest difference {furthest:?} grey levels", "");
}

fn main() {
    // `cargo test --benches` only asks whether it can start.
    if std::env::args().any(|argument| argument == "--bench") {
        warp();
        shrink();
    }
}
