//! A picture shown on a screen and filmed once more: tone, defocus, the grid of the screen's pixels against that of the sensor, the bezel, a
//! camera that is not quite square to it, and fresh noise. A pure function of the picture, the time and a seed.

use faceid_protocol::Millis;
use faceid_vision::{Frame, FrameError};

use crate::simulate::Rng;

/// A screen before a camera.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Screen {
    /// Size of the picture on the filmed frame / the frame's own.
    scale: f32,
    /// Rotation about the optical axis, radians.
    turn: f32,
    /// Of the picture's middle, in frame widths and heights.
    shift: [f32; 2],
    /// The same that a hand trembles, and how often, Hz.
    tremor: f32,
    pace: f32,
    /// Exponent on the shown value, per channel what the screen and the camera's white balance leave of it, and the glow of its black, 0..255.
    gamma: f32,
    gain: [f32; 3],
    glow: f32,
    /// Radius of the defocus, px of the shown picture.
    defocus: f32,
    /// Period of the screen's pixels in px of the filmed frame. Near 1 it beats with the sensor's grid: moiré.
    pitch: f32,
    /// Share of the light that the grid takes and gives, 0..1.
    grid: f32,
    /// Brightness of the bezel, 0..255.
    bezel: f32,
    /// Standard deviation of the sensor's noise, 0..255.
    noise: f32,
    seed: u64,
}

impl Screen {
    /// A screen, a camera and how they stand to each other.
    pub(crate) fn draw(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut draw = |low: f64, high: f64| rng.between(low, high) as f32;
        Self {
            scale: draw(0.86, 0.97),
            turn: draw(-4.0, 4.0).to_radians(),
            shift: [draw(-0.02, 0.02), draw(-0.02, 0.02)],
            tremor: draw(0.0, 0.002),
            pace: draw(0.5, 2.0),
            gamma: draw(0.85, 1.25),
            gain: [draw(0.8, 0.95), draw(0.8, 0.95), draw(0.85, 1.0)],
            glow: draw(6.0, 22.0),
            defocus: draw(0.4, 0.9),
            pitch: draw(0.8, 1.25),
            grid: draw(0.02, 0.08),
            bezel: draw(8.0, 30.0),
            noise: draw(1.5, 4.0),
            seed,
        }
    }

    /// What the camera takes of `shown` at `t`.
    ///
    /// # Errors
    /// Never for a frame: its size is kept.
    pub(crate) fn film(&self, shown: &Frame, t: Millis) -> Result<Frame, FrameError> {
        let (width, height) = (shown.width() as usize, shown.height() as usize);
        let middle = [width as f32 / 2.0, height as f32 / 2.0];
        let sway = (std::f32::consts::TAU * (self.pace * t.0 as f32 / 1000.0).fract()).sin() * self.tremor;
        let centre = [middle[0] + (self.shift[0] + sway) * width as f32, middle[1] + (self.shift[1] - sway) * height as f32];
        let (sin, cos) = self.turn.sin_cos();
        let tones = self.tones();
        let mut noise = Noise(self.seed ^ t.0.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut rgb = Vec::with_capacity(width * height * 3);
        for y in 0..height {
            for x in 0..width {
                let (dx, dy) = (x as f32 + 0.5 - centre[0], y as f32 + 0.5 - centre[1]);
                // Along the screen's rows and columns, still in px of the camera.
                let (along, down) = (dx * cos + dy * sin, dy * cos - dx * sin);
                let (u, v) = (along / self.scale + middle[0], down / self.scale + middle[1]);
                let lit = (0.0..width as f32).contains(&u) && (0.0..height as f32).contains(&v);
                let light = if lit { self.light(shown, &tones, u, v) } else { [self.bezel; 3] };
                for (channel, value) in light.into_iter().enumerate() {
                    let grid = if lit { self.grid_at(along, down, channel) } else { 1.0 };
                    rgb.push((value * grid + noise.next() * self.noise + 0.5) as u8);
                }
            }
        }
        Frame::from_rgb(shown.width(), shown.height(), rgb)
    }

    /// What the camera makes of every value the screen shows.
    fn tones(&self) -> [[f32; 256]; 3] {
        self.gain.map(|gain| std::array::from_fn(|v| self.glow + (255.0 - self.glow) * gain * (v as f32 / 255.0).powf(self.gamma)))
    }

    /// Light from around a place of the picture: four looks between its pixels, as far apart as the defocus.
    fn light(&self, shown: &Frame, tones: &[[f32; 256]; 3], u: f32, v: f32) -> [f32; 3] {
        let mut sum = [0.0; 3];
        for (du, dv) in [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] {
            let look = between(shown, tones, u + du * self.defocus, v + dv * self.defocus);
            sum.iter_mut().zip(look).for_each(|(s, l)| *s += l / 4.0);
        }
        sum
    }

    /// The sensor looks at the screen's grid once per px: sampling itself makes the fringes. Columns come in stripes of three colours.
    fn grid_at(&self, along: f32, down: f32, channel: usize) -> f32 {
        let wave = |place: f32| (std::f32::consts::TAU * place.fract()).cos();
        1.0 + self.grid * (wave(along / self.pitch + channel as f32 / 3.0) + 0.5 * wave(down / self.pitch))
    }
}

/// Linear between the four pixels around a place, the edge repeated.
fn between(shown: &Frame, tones: &[[f32; 256]; 3], u: f32, v: f32) -> [f32; 3] {
    let (width, height) = (shown.width() as usize, shown.height() as usize);
    let (u, v) = ((u - 0.5).clamp(0.0, (width - 1) as f32), (v - 0.5).clamp(0.0, (height - 1) as f32));
    let (x, y) = (u as usize, v as usize);
    let (x1, y1) = ((x + 1).min(width - 1), (y + 1).min(height - 1));
    let (a, b) = (u - x as f32, v - y as f32);
    std::array::from_fn(|channel| {
        let at = |x: usize, y: usize| {
            let value = shown.rgb().get((y * width + x) * 3 + channel).copied().unwrap_or_default();
            tones[channel][usize::from(value)]
        };
        (at(x, y) * (1.0 - a) + at(x1, y) * a) * (1.0 - b) + (at(x, y1) * (1.0 - a) + at(x1, y1) * a) * b
    })
}

/// Nearly normal noise of deviation 1: four uniform draws from one step of SplitMix64.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bits = z ^ (z >> 31);
        let sum: u64 = (0..4).map(|i| (bits >> (16 * i)) & 0xFFFF).sum();
        // The sum of four uniforms in [0, 1) has mean 2 and variance 1/3.
        (sum as f32 / 65_536.0 - 2.0) * 3.0_f32.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(value: u8) -> Frame {
        Frame::from_rgb(96, 72, vec![value; 96 * 72 * 3]).expect("size matches")
    }

    fn at(frame: &Frame, x: usize, y: usize) -> [f32; 3] {
        std::array::from_fn(|c| f32::from(frame.rgb()[(y * frame.width() as usize + x) * 3 + c]))
    }

    fn quiet(seed: u64) -> Screen {
        Screen { noise: 0.0, ..Screen::draw(seed) }
    }

    #[test]
    fn the_same_seed_and_time_film_the_same_and_noise_never_returns() {
        let screen = Screen::draw(7);
        let film = |screen: &Screen, t| screen.film(&grey(128), Millis(t)).expect("size is kept");
        assert_eq!(film(&screen, 1000).rgb(), film(&Screen::draw(7), 1000).rgb());
        assert_ne!(film(&screen, 1000).rgb(), film(&screen, 1100).rgb(), "another moment");
        assert_ne!(film(&screen, 1000).rgb(), film(&Screen::draw(8), 1000).rgb(), "another screen");
        let mut noise = Noise(3);
        let draws: Vec<f32> = (0..20_000).map(|_| noise.next()).collect();
        let mean = draws.iter().sum::<f32>() / draws.len() as f32;
        let deviation = (draws.iter().map(|d| (d - mean).powi(2)).sum::<f32>() / draws.len() as f32).sqrt();
        assert!(mean.abs() < 0.03 && (deviation - 1.0).abs() < 0.03, "mean {mean}, deviation {deviation}");
    }

    #[test]
    fn a_dark_bezel_surrounds_a_picture_with_lifted_blacks_and_duller_whites() {
        for seed in 0..20 {
            let screen = Screen { grid: 0.0, ..quiet(seed) };
            let (black, white) = (screen.film(&grey(0), Millis(0)).expect("kept"), screen.film(&grey(255), Millis(0)).expect("kept"));
            assert!(at(&black, 48, 36)[0] >= 6.0, "{screen:?}");
            assert!(at(&white, 48, 36).iter().all(|v| (190.0..=255.0).contains(v)), "{screen:?}");
            let edge = (0..72).map(|y| at(&white, 0, y)[1].min(at(&white, 95, y)[1])).fold(f32::MAX, f32::min);
            assert!(edge <= 31.0, "the bezel is in the picture: {edge}");
        }
    }

    #[test]
    fn the_grids_beat_slower_than_the_sensor_looks() {
        let screen = Screen { turn: 0.0, pitch: 1.1, grid: 0.08, ..quiet(1) };
        let filmed = screen.film(&grey(200), Millis(0)).expect("kept");
        let flat = Screen { grid: 0.0, ..screen }.film(&grey(200), Millis(0)).expect("kept");
        let line: Vec<f32> = (20..76).map(|x| at(&filmed, x, 36)[1] - at(&flat, x, 36)[1]).collect();
        let turns = line.windows(2).filter(|p| (p[0] < 0.0) != (p[1] < 0.0)).count();
        // 1 / 1.1 periods a px alias to 1 / 11: two changes of sign in eleven px.
        assert!((8..=12).contains(&turns), "{turns} changes of sign in 56 px: {line:?}");
    }

    #[test]
    fn a_point_moves_by_scale_turn_and_shift_and_is_spread_by_the_defocus() {
        let mut rgb = vec![0; 96 * 72 * 3];
        for (x, y) in [(70, 20), (71, 20), (70, 21), (71, 21)] {
            rgb[(y * 96 + x) * 3..(y * 96 + x) * 3 + 3].fill(255);
        }
        let shown = Frame::from_rgb(96, 72, rgb).expect("size matches");
        let screen = Screen { grid: 0.0, tremor: 0.0, turn: 0.05, scale: 0.9, shift: [0.02, -0.01], ..quiet(2) };
        let filmed = screen.film(&shown, Millis(0)).expect("kept");
        let bright = (0..96 * 72).max_by_key(|i| filmed.rgb()[i * 3]).expect("has pixels");
        let (dx, dy) = (23.0 * 0.9, -15.0 * 0.9);
        let (sin, cos) = 0.05_f32.sin_cos();
        let expected = (48.0 + 0.02 * 96.0 + dx * cos - dy * sin, 36.0 - 0.01 * 72.0 + dx * sin + dy * cos);
        let found = ((bright % 96) as f32 + 0.5, (bright / 96) as f32 + 0.5);
        assert!((found.0 - expected.0).abs() <= 1.5 && (found.1 - expected.1).abs() <= 1.5, "{found:?} for {expected:?}");
        assert!(filmed.rgb()[bright * 3] < 250, "spread");
    }
}
