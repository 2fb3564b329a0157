//! A contact sheet of a clip, for labelling by eye: the face at regular times, each with its time and with what was spotted there.

use std::path::Path;

use anyhow::{Context, Result, bail};
use faceid_protocol::{Action, Millis};
use faceid_session::Spotted;
use faceid_vision::{BoundingBox, Frame};

use crate::clip::{Meter, Trace};
use crate::variant::Variant;
use crate::video::Video;

/// Longest side of decoded frames, px: as measured, so that boxes fit.
const MAX_SIDE: u32 = 1280;
/// Side of one picture, px.
const CELL: usize = 112;
/// Height of the strip under it, px.
const STRIP: usize = 18;
/// Pixel size of the figures.
const DOT: usize = 2;
/// Largest sheet, cells.
const MOST: usize = 1200;

/// Which part of a clip, and how densely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// From, s.
    pub from: f64,
    /// To, s.
    pub to: f64,
    /// Between two pictures, s.
    pub every: f64,
    /// Pictures in a row.
    pub columns: usize,
}

/// Draws the sheet.
///
/// # Errors
/// When the clip cannot be decoded or measured, or the range holds no frame or too many.
pub fn sheet(meter: &Meter, path: &Path, range: Range, spotted: impl Fn(&Trace) -> Vec<Spotted>) -> Result<Frame> {
    let named = || path.display().to_string();
    let trace = meter.measure(path, &Variant::plain())?;
    let spotted = spotted(&trace);
    let mut cells: Vec<Vec<u8>> = Vec::new();
    let mut next = range.from;
    for (index, timed) in Video::open(path, MAX_SIDE).with_context(named)?.enumerate() {
        let timed = timed.with_context(named)?;
        let seconds = timed.t.0 as f64 / 1000.0;
        if seconds > range.to {
            break;
        }
        if seconds + 1e-9 >= next {
            next = (next + range.every).max(seconds + range.every / 2.0);
            let bounds = trace.frames.get(index).and_then(|(_, o)| o.face.as_ref()).map(|f| f.bounds);
            cells.push(cell(&timed.frame, bounds, timed.t, &spotted));
            if cells.len() > MOST {
                bail!("more than {MOST} pictures: choose a shorter range or a longer step");
            }
        }
    }
    if cells.is_empty() {
        bail!("{}: no frame between {} and {} s", named(), range.from, range.to);
    }
    Ok(arrange(&cells, range.columns.max(1))?)
}

/// The face (or the whole frame) in a square, the time below it, on the colour of what was spotted at this moment.
fn cell(frame: &Frame, bounds: Option<BoundingBox>, t: Millis, spotted: &[Spotted]) -> Vec<u8> {
    let (width, height) = (frame.width() as f32, frame.height() as f32);
    let (side, x, y) = bounds.map_or((width.max(height), width / 2.0, height / 2.0), |b| {
        (b.height.max(b.width) * 1.25, b.x + b.width / 2.0, b.y + b.height / 2.0)
    });
    let (x0, y0) = (x - side / 2.0, y - side / 2.0);
    let step = side / CELL as f32;
    let mut out = Vec::with_capacity(CELL * (CELL + STRIP) * 3);
    for i in 0..CELL * CELL {
        let (u, v) = ((i % CELL) as f32, (i / CELL) as f32);
        out.extend(mean(frame, x0 + u * step, y0 + v * step, step.max(1.0)));
    }
    let here = spotted.iter().find(|s| s.t_start <= t && t <= s.t_end);
    let strip = here.map_or([255, 255, 255], |s| colour(s.action));
    out.extend(std::iter::repeat_n(strip, CELL * STRIP).flatten());
    write(&mut out, &format!("{:.2}", t.0 as f64 / 1000.0), 4, CELL + 4);
    out
}

/// Mean of the pixels in a square; black outside the frame.
fn mean(frame: &Frame, x: f32, y: f32, side: f32) -> [u8; 3] {
    let (mut sum, mut count) = ([0u32; 3], 0);
    for row in y.floor() as i64..(y + side).ceil() as i64 {
        for column in x.floor() as i64..(x + side).ceil() as i64 {
            count += 1;
            let inside = (0..i64::from(frame.width())).contains(&column) && (0..i64::from(frame.height())).contains(&row);
            if let Some(px) =
                inside.then(|| (row * i64::from(frame.width()) + column) as usize * 3).and_then(|at| frame.rgb().get(at..at + 3))
            {
                sum.iter_mut().zip(px).for_each(|(s, &c)| *s += u32::from(c));
            }
        }
    }
    sum.map(|s| (s / count.max(1)) as u8)
}

/// As in the plots.
const fn colour(action: Action) -> [u8; 3] {
    match action {
        Action::Nod => [168, 214, 150],
        Action::Shake => [196, 178, 232],
        Action::Blink => [150, 200, 232],
        Action::Mouth => [240, 186, 160],
    }
}

/// Figures of 3 x 5 dots, a row each as three bits.
const FONT: [[u8; 5]; 11] = [
    [7, 5, 5, 5, 7],
    [2, 6, 2, 2, 7],
    [7, 1, 7, 4, 7],
    [7, 1, 7, 1, 7],
    [5, 5, 7, 1, 1],
    [7, 4, 7, 1, 7],
    [7, 4, 7, 5, 7],
    [7, 1, 2, 2, 2],
    [7, 5, 7, 5, 7],
    [7, 5, 7, 1, 7],
    [0, 0, 0, 0, 2],
];

/// Writes figures and points in black.
fn write(cell: &mut [u8], text: &str, x: usize, y: usize) {
    for (place, c) in text.chars().enumerate() {
        let figure = FONT[c.to_digit(10).map_or(10, |d| d as usize)];
        for dot in 0..5 * 3 {
            if figure[dot / 3] >> (2 - dot % 3) & 1 == 0 {
                continue;
            }
            for i in 0..DOT * DOT {
                let (px, py) = (x + (place * 4 + dot % 3) * DOT + i % DOT, y + dot / 3 * DOT + i / DOT);
                if let Some(rgb) = cell.get_mut((py * CELL + px) * 3..(py * CELL + px) * 3 + 3).filter(|_| px < CELL) {
                    rgb.fill(0);
                }
            }
        }
    }
}

fn arrange(cells: &[Vec<u8>], columns: usize) -> Result<Frame, faceid_vision::FrameError> {
    let (gap, rows) = (2, cells.len().div_ceil(columns));
    let (width, height) = (columns.min(cells.len()) * (CELL + gap), rows * (CELL + STRIP + gap));
    let mut rgb = vec![70; width * height * 3];
    for (i, cell) in cells.iter().enumerate() {
        let (x0, y0) = (i % columns * (CELL + gap), i / columns * (CELL + STRIP + gap));
        for (row, line) in cell.chunks_exact(CELL * 3).enumerate() {
            let at = ((y0 + row) * width + x0) * 3;
            rgb[at..at + line.len()].copy_from_slice(line);
        }
    }
    Frame::from_rgb(u32::try_from(width).unwrap_or(u32::MAX), u32::try_from(height).unwrap_or(u32::MAX), rgb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_show_picture_time_and_colour() {
        let frame = Frame::from_rgb(64, 48, vec![200; 64 * 48 * 3]).expect("size matches");
        let spotted = [Spotted {
            action: Action::Blink,
            deliberate: true,
            t_start: Millis(900),
            t_peak: Millis(950),
            t_end: Millis(1100),
            score: 0.7,
        }];
        let plain = cell(&frame, None, Millis(500), &spotted);
        assert_eq!(plain.len(), CELL * (CELL + STRIP) * 3, "size");
        assert_eq!((plain[0], plain[CELL * CELL / 2 * 3]), (0, 200), "black beside a wide frame, the frame in the middle");
        let marked = cell(&frame, None, Millis(1000), &spotted);
        assert_eq!(marked[CELL * CELL * 3..][..3], colour(Action::Blink), "colour of the action");
        let ink = |cell: &[u8]| cell[CELL * CELL * 3..].chunks_exact(3).filter(|px| **px == [0, 0, 0]).count();
        assert_eq!(ink(&plain), DOT * DOT * (12 + 1 + 11 + 12), "0.50 in dots");
        let sheet = arrange(&[plain.clone(), marked, plain], 2).expect("a valid size");
        assert_eq!((sheet.width(), sheet.height()), (228, 264), "two by two");
    }
}
