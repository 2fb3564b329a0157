//! Triangles with a depth buffer.

use crate::raster::{Corner, Slope, Texture, blend, sample, spans};

/// A picture that nearer triangles cover whatever the order.
#[derive(Debug)]
pub(crate) struct Scene {
    pub canvas: Texture,
    /// Distance from the camera / usual distance; infinite = backdrop.
    depth: Vec<f32>,
}

impl Scene {
    pub(crate) fn new(canvas: Texture) -> Self {
        Self { depth: vec![f32::INFINITY; canvas.pixels.len()], canvas }
    }

    /// Starts a frame with the backdrop.
    pub(crate) fn clear(&mut self, backdrop: &Texture) {
        self.canvas.pixels.copy_from_slice(&backdrop.pixels);
        self.depth.fill(f32::INFINITY);
    }

    /// Draws a triangle under gain and colour. `near`: how much nearer than their own distance the corners count, in the same unit. Depth is
    /// interpolated as one over distance, which perspective keeps straight.
    pub(crate) fn draw(&mut self, texture: &Texture, corners: [Corner; 3], distance: [f32; 3], near: f32) {
        let at = corners.map(|c| c.at);
        let slope = |f: fn(&Corner) -> f32| Slope::new(at, corners.each_ref().map(f));
        let Some(inverse) = Slope::new(at, distance.map(|d| 1.0 / (d - near).max(1e-3))) else { return };
        let (Some(u), Some(v), Some(gain), Some(cover)) = (slope(|c| c.tex[0]), slope(|c| c.tex[1]), slope(|c| c.gain), slope(|c| c.cover))
        else {
            return;
        };
        let (Some(r), Some(g), Some(b)) = (slope(|c| c.colour[0]), slope(|c| c.colour[1]), slope(|c| c.colour[2])) else { return };
        let Some(alpha) = slope(|c| c.alpha) else { return };
        let (width, height) = (self.canvas.width, self.canvas.height);
        let (pixels, depth) = (&mut self.canvas.pixels, &mut self.depth);
        spans(at, width, height, |y, from, to| {
            for x in from..to {
                let here = 1.0 / inverse.at(x, y);
                let place = &mut depth[y * width + x];
                if here >= *place {
                    continue;
                }
                let (gain, cover, alpha) = (gain.at(x, y), cover.at(x, y).clamp(0.0, 1.0), alpha.at(x, y).clamp(0.0, 1.0));
                let skin = sample(texture, (u.at(x, y) * 256.0) as i32, (v.at(x, y) * 256.0) as i32).to_le_bytes();
                let mix = |below: u8, above: f32| (f32::from(below) * gain * (1.0 - cover) + above * cover).clamp(0.0, 255.0) as u8;
                let paint = u32::from_le_bytes([mix(skin[0], r.at(x, y)), mix(skin[1], g.at(x, y)), mix(skin[2], b.at(x, y)), 255]);
                let pixel = &mut pixels[y * width + x];
                *pixel = blend(u32::from_le_bytes(*pixel), paint, (alpha * 256.0) as u32).to_le_bytes();
                if alpha > 0.5 {
                    *place = here;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(value: u8) -> Texture {
        Texture { width: 4, height: 4, pixels: vec![[value, value, value, 255]; 16] }
    }

    fn corner(x: f32, y: f32) -> Corner {
        Corner { at: [x, y], tex: [2.0, 2.0], gain: 1.0, cover: 0.0, colour: [0.0; 3], alpha: 1.0 }
    }

    #[test]
    fn nearer_wins_whatever_the_order() {
        let triangle = [corner(0.0, 0.0), corner(64.0, 0.0), corner(0.0, 64.0)];
        let blank = Texture { width: 32, height: 32, pixels: vec![[9, 9, 9, 255]; 1024] };
        for order in [[0, 1], [1, 0]] {
            let mut scene = Scene::new(blank.clone());
            scene.clear(&blank);
            for which in order {
                scene.draw(&plain([200, 50][which]), triangle, [[1.0; 3], [2.0; 3]][which], 0.0);
            }
            assert_eq!(scene.canvas.pixels[5 * 32 + 5][0], 200, "the near one");
        }
    }

    #[test]
    fn crossing_triangles_cut_each_other() {
        let blank = Texture { width: 32, height: 32, pixels: vec![[9, 9, 9, 255]; 1024] };
        let mut scene = Scene::new(blank.clone());
        scene.clear(&blank);
        let across = [corner(0.0, -40.0), corner(32.0, 16.0), corner(0.0, 72.0)];
        scene.draw(&plain(200), across, [1.0, 2.0, 1.0], 0.0);
        scene.draw(&plain(50), across, [2.0, 1.0, 2.0], 0.0);
        let row = &scene.canvas.pixels[16 * 32..17 * 32];
        assert_eq!((row[1][0], row[30][0]), (200, 50), "each where it is nearer");
    }
}
