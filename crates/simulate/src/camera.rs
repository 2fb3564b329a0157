//! The simulated camera: where the head stands in the picture, light, and sensor noise.

use crate::{
    persona::Persona,
    portrait::{Portrait, bounds},
    raster::Texture,
    rng,
};
use faceid_vision::{Frame, FrameError};
use image::RgbImage;

/// The picture the camera takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// px, 16 to 4096
    pub width: u32,
    /// px, 16 to 4096
    pub height: u32,
    /// Face height / shorter side, as far as the portrait's surroundings reach. 0.5 = an arm's length.
    pub face_ratio: f32,
    /// Factor on the persona's light; 1 = leave it.
    pub light: f32,
    /// Factor on the persona's sensor noise; 1 = leave it, 0 = none.
    pub noise: f32,
}

impl Default for View {
    /// 640x480, face at half of the height, the persona's own light and noise.
    fn default() -> Self {
        Self { width: 640, height: 480, face_ratio: 0.5, light: 1.0, noise: 1.0 }
    }
}

impl View {
    /// An empty picture of this size.
    pub(crate) fn canvas(&self) -> Result<Texture, FrameError> {
        let (width, height) = (self.width as usize, self.height as usize);
        Frame::from_rgb(self.width, self.height, vec![0; width.saturating_mul(height).saturating_mul(3)])?;
        Ok(Texture { width, height, pixels: vec![[0; 4]; width * height] })
    }
}

/// Portrait px to frame px: `frame = portrait * scale + offset`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placement {
    pub scale: f32,
    pub offset: [f32; 2],
}

impl Placement {
    /// Centres the face; the portrait always covers the whole frame.
    pub(crate) fn new(portrait: &Portrait, view: &View) -> Self {
        let [w, h] = portrait.size().map(|v| v as f32);
        let (fw, fh) = (view.width as f32, view.height as f32);
        // invariant: a Portrait always holds 468 finite landmarks, so the fallback is never taken.
        let (low, high) = bounds(&portrait.landmarks).unwrap_or(([0.0; 2], [w, h]));
        let scale = (view.face_ratio * fw.min(fh) / (high[1] - low[1])).max(fw / w).max(fh / h);
        let offset = |axis: usize, frame: f32, size: f32| {
            (frame / 2.0 - (low[axis] + high[axis]) / 2.0 * scale).clamp((frame - size * scale).min(0.0), 0.0)
        };
        Self { scale, offset: [offset(0, fw, w), offset(1, fh, h)] }
    }

    pub(crate) fn map(&self, x: f32, y: f32) -> [f32; 2] {
        [x * self.scale + self.offset[0], y * self.scale + self.offset[1]]
    }
}

/// Light and noise of one camera.
pub(crate) struct Sensor {
    seed: u64,
    curve: [[u8; 256]; 3],
    /// Normal deviates in grey levels for RGBA bytes (none for A), split by sign: what to add and what to take away. Two saturating
    /// operations per byte are what every instruction set does many at a time.
    brighter: Vec<u8>,
    darker: Vec<u8>,
}

/// Pixels in the noise table, with a margin of one row of the frame added; every row is read from a random place.
const GRAIN: usize = 1 << 14;
/// Stream of the seed that noise draws from.
const NOISE: u64 = 9;

impl Sensor {
    pub(crate) fn new(persona: &Persona, seed: u64, view: &View) -> Self {
        let gain = persona.light as f32 * view.light;
        let tint = persona.tint as f32 * 0.035;
        let curve = [gain * (1.0 - tint), gain, gain * (1.0 + tint)].map(|g| {
            let mut table = [0; 256];
            for (value, out) in table.iter_mut().enumerate() {
                let linear = value as f32 / 255.0 * g;
                // Highlights roll off instead of clipping, as in a camera's tone curve.
                let toned = if linear > 0.8 { 0.8 + 0.2 * (1.0 - (-(linear - 0.8) / 0.2).exp()) } else { linear };
                *out = (toned * 255.0).round().clamp(0.0, 255.0) as u8;
            }
            table
        });
        let sigma = persona.noise * f64::from(view.noise.max(0.0));
        let grain: Vec<f64> = (0..4 * (GRAIN as u64 + u64::from(view.width)))
            .map(|i| {
                // Sum of four uniforms: near enough to a normal deviate; standard deviation sqrt(4/12).
                let sum: f64 = (0..4).map(|k| rng::unit(seed, NOISE, i * 4 + k) - 0.5).sum();
                if i % 4 == 3 { 0.0 } else { sum / (4.0_f64 / 12.0).sqrt() * sigma }
            })
            .collect();
        // Float to integer conversion saturates: the other sign becomes 0.
        let brighter = grain.iter().map(|g| g.round() as u8).collect();
        let darker = grain.iter().map(|g| (-g).round() as u8).collect();
        Self { seed, curve, brighter, darker }
    }

    /// A colour in this camera's light.
    pub(crate) fn light(&self, rgb: [u8; 3]) -> [u8; 3] {
        core::array::from_fn(|channel| self.curve[channel][usize::from(rgb[channel])])
    }

    /// A whole picture in this camera's light.
    pub(crate) fn lit(&self, picture: &RgbImage) -> Texture {
        let pixels = picture.pixels().map(|p| self.light(p.0)).map(|[r, g, b]| [r, g, b, 255]).collect();
        Texture { width: picture.width() as usize, height: picture.height() as usize, pixels }
    }

    /// Adds noise, which depends on the seed and `t_ms`.
    pub(crate) fn noise(&self, pixels: &mut [[u8; 4]], width: usize, t_ms: f64) {
        let moment = t_ms.to_bits();
        for (y, row) in pixels.chunks_exact_mut(width).enumerate() {
            let start = rng::hash(self.seed ^ moment, NOISE, y as u64) as usize % GRAIN * 4;
            let (up, down) = (&self.brighter[start..start + 4 * width], &self.darker[start..start + 4 * width]);
            for ((byte, up), down) in row.as_flattened_mut().iter_mut().zip(up).zip(down) {
                *byte = byte.saturating_add(*up).saturating_sub(*down);
            }
        }
    }
}

impl core::fmt::Debug for Sensor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Sensor").field("seed", &self.seed).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portrait::tests::grey;

    #[test]
    fn portrait_covers_every_view() {
        let portrait = grey();
        for (width, height, face_ratio) in [(640, 480, 0.5), (480, 640, 0.4), (1280, 720, 0.2), (320, 240, 0.9)] {
            let view = View { width, height, face_ratio, ..View::default() };
            let place = Placement::new(&portrait, &view);
            let [w, h] = portrait.size().map(|v| v as f32);
            let (a, b) = (place.map(0.0, 0.0), place.map(w, h));
            let covered = a[0] <= 0.01 && a[1] <= 0.01 && b[0] >= width as f32 - 0.01 && b[1] >= height as f32 - 0.01;
            assert!(covered, "{width}x{height}: {a:?} {b:?}");
        }
    }

    #[test]
    fn noise_changes_with_time_and_repeats_with_the_seed() {
        let sensor = Sensor::new(&Persona::from_seed(3), 3, &View::default());
        let expose = |t| {
            let mut pixels = vec![[128, 128, 128, 255]; 640 * 4];
            sensor.noise(&mut pixels, 640, t);
            pixels
        };
        assert_eq!(expose(40.0), expose(40.0), "same moment");
        assert_ne!(expose(40.0), expose(73.0), "another moment");
        let noisy = expose(40.0);
        assert!(noisy.iter().all(|p| p[3] == 255), "alpha stays");
        let values: Vec<f64> = noisy.iter().flat_map(|p| p[..3].iter().map(|v| f64::from(*v) - 128.0)).collect();
        let (mean, square) = values.iter().fold((0.0, 0.0), |(m, s), v| (m + v, s + v * v));
        let (mean, deviation) = (mean / values.len() as f64, (square / values.len() as f64).sqrt());
        assert!(mean.abs() < 0.1 && (1.0..2.6).contains(&deviation), "mean {mean}, deviation {deviation}");
    }
}
