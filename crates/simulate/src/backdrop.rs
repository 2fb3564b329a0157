//! What stands behind a head or a held photograph: a wall with a few out-of-focus things, drawn once and never moved.

use crate::{
    raster::Texture,
    rng::{between, unit},
};

const STREAM: u64 = 30;
/// Things on the wall.
const THINGS: u64 = 7;

/// A room for `seed`, not lit yet.
pub(crate) fn room(seed: u64, width: usize, height: usize) -> Texture {
    let draw = |index, low, high| between(seed, STREAM, index, low, high) as f32;
    let wall = [draw(0, 120.0, 205.0), draw(1, 120.0, 200.0), draw(2, 115.0, 200.0)];
    let (slope_x, slope_y) = (draw(3, -30.0, 30.0), draw(4, -35.0, 10.0));
    // Soft-edged rectangles: picture frames, doors, shelves.
    let things: Vec<[f32; 8]> = (0..THINGS)
        .map(|k| {
            let at = |i, low, high| draw(10 + k * 8 + i, low, high);
            let shade = at(4, -70.0, 45.0);
            [
                at(0, 0.0, 1.0),
                at(1, 0.0, 1.0),
                at(2, 0.04, 0.2),
                at(3, 0.05, 0.35),
                shade,
                shade + at(5, -25.0, 25.0),
                shade,
                at(6, 0.01, 0.04),
            ]
        })
        .collect();
    let mut pixels = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (u, v) = (x as f32 / width as f32, y as f32 / height as f32);
            let mut colour = wall.map(|c| c + slope_x * (u - 0.5) + slope_y * (v - 0.5));
            for [cx, cy, half_w, half_h, r, g, b, soft] in &things {
                let edge = |distance: f32| (0.5 - distance / soft).clamp(0.0, 1.0);
                let inside = edge((u - cx).abs() - half_w) * edge((v - cy).abs() - half_h);
                for (c, shade) in colour.iter_mut().zip([r, g, b]) {
                    *c += inside * shade;
                }
            }
            let texture = (unit(seed, STREAM + 1, (y * width + x) as u64) as f32 - 0.5) * 3.0;
            let [r, g, b] = colour.map(|c| (c + texture).clamp(0.0, 255.0) as u8);
            pixels.push([r, g, b, 255]);
        }
    }
    Texture { width, height, pixels }
}

/// Paints shoulders under a head whose chin is at `chin` px and whose face is `face` px high. They stay when the head turns.
pub(crate) fn shoulders(room: &mut Texture, seed: u64, chin: f32, face: f32) {
    let draw = |index, low, high| between(seed, STREAM + 2, index, low, high) as f32;
    let cloth = [draw(0, 20.0, 120.0), draw(1, 20.0, 110.0), draw(2, 25.0, 130.0)];
    let middle = room.width as f32 / 2.0;
    let width = room.width;
    for (i, pixel) in room.pixels.iter_mut().enumerate() {
        let (x, y) = ((i % width) as f32 + 0.5, (i / width) as f32 + 0.5);
        // A flat arch: the neck's height in the middle, falling towards the arms.
        let across = ((x - middle) / (1.25 * face)).abs();
        let edge = chin + face * (0.16 + 0.42 * across.powi(2));
        let inside = ((y - edge) / 2.0 + 0.5).clamp(0.0, 1.0) * ((1.0 - across) * 20.0).clamp(0.0, 1.0);
        let fold = 1.0 + 0.12 * ((x * 0.11).sin() * (y * 0.05).cos()) - 0.3 * across;
        for (value, own) in pixel.iter_mut().zip(cloth) {
            *value = (f32::from(*value) * (1.0 - inside) + own * fold * inside).clamp(0.0, 255.0) as u8;
        }
    }
}
