//! The person before the camera.

use crate::{
    camera::{Placement, Sensor, View},
    deform::Motion,
    gesture::{Gesture, Script},
    mesh::Mesh,
    overlay,
    persona::{Performance, Persona, Truth},
    portrait::Portrait,
    raster::{Texture, textured},
};
use faceid_vision::{Frame, FrameError};

/// A portrait brought to life. Prompt it, then draw it at any time.
pub struct Puppet {
    texture: Texture,
    mesh: Mesh,
    persona: Persona,
    sensor: Sensor,
    view: View,
    place: Placement,
    planned: Vec<Performance>,
    prompts: u64,
    pace: f64,
    /// A photograph does not move.
    still: bool,
    canvas: Texture,
    // Kept between frames so that drawing allocates nothing.
    projected: Vec<[f32; 3]>,
    order: Vec<(f32, usize)>,
}

impl core::fmt::Debug for Puppet {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Puppet").field("persona", &self.persona).field("view", &self.view).finish_non_exhaustive()
    }
}

impl Puppet {
    /// A person with the character of `seed`.
    ///
    /// # Errors
    /// [`FrameError`] when the view's size is not that of a frame.
    pub fn new(portrait: &Portrait, seed: u64, view: View) -> Result<Self, FrameError> {
        let (width, height) = (view.width as usize, view.height as usize);
        Frame::from_rgb(view.width, view.height, vec![0; width.saturating_mul(height).saturating_mul(3)])?;
        let persona = Persona::from_seed(seed);
        let sensor = Sensor::new(&persona, seed, &view);
        // The light does not change during a run: the whole portrait is lit once.
        let lit = |p: &image::Rgb<u8>| {
            let [r, g, b] = sensor.light(p.0);
            [r, g, b, 255]
        };
        let pixels = portrait.picture.pixels().map(lit).collect();
        let [tw, th] = portrait.size();
        let mesh = Mesh::new(portrait);
        Ok(Self {
            texture: Texture { width: tw as usize, height: th as usize, pixels },
            sensor,
            persona,
            place: Placement::new(portrait, &view),
            view,
            planned: Vec::new(),
            prompts: 0,
            pace: 1.0,
            still: false,
            canvas: Texture { width, height, pixels: vec![[0; 4]; width * height] },
            projected: Vec::with_capacity(mesh.vertices.len()),
            order: Vec::with_capacity(mesh.triangles.len()),
            mesh,
        })
    }

    /// The control: a photograph held before the camera. It has the camera's light and noise, and ignores every prompt.
    ///
    /// # Errors
    /// As [`Puppet::new`].
    pub fn still(portrait: &Portrait, seed: u64, view: View) -> Result<Self, FrameError> {
        Ok(Self { still: true, ..Self::new(portrait, seed, view)? })
    }

    /// Asks for a gesture at `t_ms`. The person reacts after 300 to 800 ms, and not before the gesture under way is over.
    pub fn prompt(&mut self, gesture: Gesture, t_ms: f64) {
        if self.still {
            return;
        }
        let free = self.planned.last().map_or(f64::NEG_INFINITY, |p| p.onset + p.duration);
        self.planned.push(self.persona.perform(gesture, t_ms, free, self.prompts, self.pace));
        self.prompts += 1;
    }

    /// Makes every later gesture slower (below 1) or faster, between 0.5 and 1.5 of the person's own tempo.
    pub const fn pace(&mut self, factor: f64) {
        self.pace = factor.clamp(0.5, 1.5);
    }

    /// Forgets gestures that have not begun by `t_ms`, such as repeats of a prompt that was already satisfied.
    pub fn relax(&mut self, t_ms: f64) {
        self.planned.retain(|p| p.onset <= t_ms);
    }

    /// Gives all prompts of a script.
    pub fn follow(&mut self, script: &Script) {
        for cue in &script.0 {
            self.prompt(cue.gesture, cue.at_ms);
        }
    }

    /// The character.
    #[must_use]
    pub const fn persona(&self) -> &Persona {
        &self.persona
    }

    /// What the frame at `t_ms` shows.
    #[must_use]
    pub fn truth(&self, t_ms: f64) -> Truth {
        if self.still {
            return Truth {
                t_ms,
                yaw: 0.0,
                pitch: 0.0,
                roll: 0.0,
                x: 0.0,
                y: 0.0,
                scale: 1.0,
                eye_closure: 0.0,
                mouth_opening: 0.0,
                gesture: None,
            };
        }
        self.persona.truth(&self.planned, t_ms)
    }

    /// Draws `truth` with the noise of its time. RGBA, alpha 255; valid until the next call.
    pub fn draw(&mut self, truth: &Truth) -> &[[u8; 4]] {
        let motion = Motion::new(truth, self.mesh.scale);
        self.projected.clear();
        for v in &self.mesh.vertices {
            self.projected.push(motion.project(motion.express(v), v.follow, &self.place));
        }
        // Far triangles first: near ones cover them.
        self.order.clear();
        for (index, t) in self.mesh.triangles.iter().enumerate() {
            let [a, b, c] = t.map(|i| self.projected[i]);
            self.order.push((a[2] + b[2] + c[2], index));
        }
        self.order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (_, index) in &self.order {
            let t = self.mesh.triangles[*index];
            let flat = |p: [f32; 3]| [p[0], p[1]];
            textured(&mut self.canvas, &self.texture, t.map(|i| flat(self.projected[i])), t.map(|i| flat(self.mesh.vertices[i].rest)));
        }
        overlay::draw(&mut self.canvas, &self.texture, &self.mesh, &motion, &self.place, truth, &self.sensor);
        self.sensor.noise(&mut self.canvas.pixels, self.canvas.width, truth.t_ms);
        &self.canvas.pixels
    }

    /// The frame at `t_ms` with its truth.
    ///
    /// # Errors
    /// Never for a puppet that was made: the size was checked then.
    pub fn render(&mut self, t_ms: f64) -> Result<(Frame, Truth), FrameError> {
        let truth = self.truth(t_ms);
        let rgb = self.draw(&truth).iter().flat_map(|[r, g, b, _]| [*r, *g, *b]).collect();
        Ok((Frame::from_rgb(self.view.width, self.view.height, rgb)?, truth))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portrait::tests::grey;

    fn puppet(seed: u64) -> Puppet {
        let mut puppet = Puppet::new(&grey(), seed, View { width: 320, height: 240, ..View::default() }).expect("size");
        puppet.prompt(Gesture::Shake, 0.0);
        puppet
    }

    fn difference(a: &Frame, b: &Frame) -> f64 {
        let sum: u64 = a.rgb().iter().zip(b.rgb()).map(|(x, y)| u64::from(x.abs_diff(*y))).sum();
        sum as f64 / a.rgb().len() as f64
    }

    #[test]
    fn same_seed_and_time_same_frame() {
        let a = puppet(5).render(900.0).expect("renders");
        let mut other = puppet(5);
        other.render(400.0).expect("renders");
        assert_eq!(a, other.render(900.0).expect("renders"), "independent of the frames drawn before");
        assert_ne!(a.0, puppet(6).render(900.0).expect("renders").0, "another seed is another person");
    }

    #[test]
    fn every_pixel_is_painted() {
        let mut puppet = puppet(1);
        for t in [0.0, 700.0, 1100.0, 1500.0] {
            puppet.canvas.pixels.fill([0; 4]);
            let truth = puppet.truth(t);
            assert!(puppet.draw(&truth).iter().all(|p| p[3] == 255), "t {t}");
        }
    }

    #[test]
    fn a_still_photograph_differs_by_noise_only() {
        let mut still = Puppet::still(&grey(), 2, View::default()).expect("size");
        still.prompt(Gesture::Shake, 0.0);
        let (a, b) = (still.render(0.0).expect("renders").0, still.render(1000.0).expect("renders").0);
        assert_ne!(a, b, "noise");
        assert!(difference(&a, &b) < 4.0, "no motion: {}", difference(&a, &b));
        let mut live = puppet(2);
        let moved = difference(&live.render(0.0).expect("renders").0, &live.render(1000.0).expect("renders").0);
        assert!(moved.is_finite() && live.truth(1000.0).yaw.abs() > 1.0, "the live one moves: {moved}");
    }

    #[test]
    fn satisfied_prompts_are_forgotten() {
        let mut puppet = puppet(3);
        puppet.prompt(Gesture::Nod, 100.0);
        puppet.relax(900.0);
        let nods = (0..600).filter(|i| puppet.truth(f64::from(*i) * 10.0).gesture == Some(Gesture::Nod)).count();
        assert_eq!(nods, 0, "the queued nod is gone");
    }

    #[test]
    fn wrong_sizes_are_refused() {
        let view = View { width: 0, ..View::default() };
        assert!(Puppet::new(&grey(), 1, view).is_err(), "no width");
    }
}
