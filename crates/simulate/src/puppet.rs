//! The photo puppet: one photograph, its landmarks joined to a mesh, turned in depth.

use crate::{
    camera::{Placement, Sensor, View},
    deform::Motion,
    mesh::Mesh,
    overlay::{self, LidTones, lid_tones},
    person::{Body, Person},
    persona::{Persona, Truth},
    portrait::Portrait,
    raster::{Texture, textured},
};
use faceid_vision::FrameError;

/// The portrait's mesh, ready to be drawn.
pub struct PhotoMesh {
    texture: Texture,
    mesh: Mesh,
    sensor: Sensor,
    view: View,
    place: Placement,
    tones: LidTones,
    canvas: Texture,
    // Kept between frames so that drawing allocates nothing.
    projected: Vec<[f32; 3]>,
    order: Vec<(f32, usize)>,
}

impl core::fmt::Debug for PhotoMesh {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("PhotoMesh").field("view", &self.view).finish_non_exhaustive()
    }
}

/// The photo puppet: a portrait brought to life.
pub type Puppet = Person<PhotoMesh>;

impl Puppet {
    /// A person with the character of `seed`.
    ///
    /// # Errors
    /// [`FrameError`] when the view's size is not that of a frame.
    pub fn new(portrait: &Portrait, seed: u64, view: View) -> Result<Self, FrameError> {
        Ok(Self::alive(PhotoMesh::new(portrait, seed, view)?, Persona::from_seed(seed)))
    }

    /// The control: a photograph held before the camera. It has the camera's light and noise, and ignores every prompt.
    ///
    /// # Errors
    /// As [`Puppet::new`].
    pub fn still(portrait: &Portrait, seed: u64, view: View) -> Result<Self, FrameError> {
        Ok(Self::frozen(PhotoMesh::new(portrait, seed, view)?, Persona::from_seed(seed)))
    }
}

impl PhotoMesh {
    /// The portrait before the camera of `seed`.
    ///
    /// # Errors
    /// [`FrameError`] when the view's size is not that of a frame.
    pub fn new(portrait: &Portrait, seed: u64, view: View) -> Result<Self, FrameError> {
        let canvas = view.canvas()?;
        let sensor = Sensor::new(&Persona::from_seed(seed), seed, &view);
        let mesh = Mesh::new(portrait);
        Ok(Self {
            // The light does not change during a run: the whole portrait is lit once.
            texture: sensor.lit(&portrait.picture),
            sensor,
            place: Placement::new(portrait, &view),
            tones: lid_tones(portrait),
            view,
            canvas,
            projected: Vec::with_capacity(mesh.vertices.len()),
            order: Vec::with_capacity(mesh.triangles.len()),
            mesh,
        })
    }

    /// The picture drawn last.
    pub(crate) const fn canvas(&self) -> &Texture {
        &self.canvas
    }
}

impl Body for PhotoMesh {
    fn size(&self) -> [u32; 2] {
        [self.view.width, self.view.height]
    }

    fn draw(&mut self, truth: &Truth) -> &[[u8; 4]] {
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
        overlay::draw(&mut self.canvas, &self.texture, &self.mesh, &motion, &self.place, truth, &self.sensor, &self.tones);
        self.sensor.noise(&mut self.canvas.pixels, self.canvas.width, truth.t_ms);
        &self.canvas.pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Gesture, portrait::tests::grey};
    use faceid_vision::Frame;

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
        let person = puppet(1);
        let mut body = PhotoMesh::new(&grey(), 1, View { width: 320, height: 240, ..View::default() }).expect("size");
        for t in [0.0, 700.0, 1100.0, 1500.0] {
            body.canvas.pixels.fill([0; 4]);
            assert!(body.draw(&person.truth(t)).iter().all(|p| p[3] == 255), "t {t}");
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
