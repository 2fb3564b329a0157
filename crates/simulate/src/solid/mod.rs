//! The solid head: a head with its own depth (the canonical face, a skull, a neck), wearing a portrait.
//!
//! Unlike the puppet it has a back, covers and uncovers what lies behind, moves against a backdrop that stays, and has eyeballs behind its
//! lids. Angles of a [`Truth`] are absolute here: at zero the head faces the camera, whatever the portrait's pose.

mod depth;
mod eyes;
mod shape;
mod skull;

use crate::{
    backdrop,
    camera::{Sensor, View},
    deform::Motion,
    overlay::{self, LidTones, lid_tones},
    person::{Body, Person},
    persona::{Persona, Truth},
    portrait::Portrait,
    raster::{Corner, Texture},
    rng::between,
};
use depth::Scene;
use eyes::Eyeball;
use faceid_vision::FrameError;
use skull::Head;
use thiserror::Error;

pub use shape::{HeadShape, Proportions, ShapeError};

/// A head with depth, ready to be drawn.
#[derive(Debug)]
pub struct SolidBody {
    texture: Texture,
    backdrop: Texture,
    scene: Scene,
    head: Head,
    eyes: [Eyeball; 2],
    normals: Vec<[f32; 3]>,
    /// Direction of the light, towards it.
    light: [f32; 3],
    sensor: Sensor,
    tones: LidTones,
    view: View,
    /// Frame px per portrait px.
    scale: f32,
    projected: Vec<Projected>,
}

/// The solid head as a person.
pub type SolidHead = Person<SolidBody>;

/// Why a solid head cannot be made.
#[derive(Debug, Error)]
pub enum SolidError {
    /// The view's size is not that of a frame.
    #[error(transparent)]
    View(#[from] FrameError),
    /// The head's shape.
    #[error(transparent)]
    Shape(#[from] ShapeError),
}

/// A point in the frame.
#[derive(Debug, Clone, Copy)]
struct Projected {
    at: [f32; 2],
    /// Distance from the camera / usual distance.
    distance: f32,
    gain: f32,
}

/// How much of a surface's brightness depends on the direction of the light; the rest comes from everywhere.
const DIRECTED: f32 = 0.45;
/// How much nearer lids and the inside of the mouth count than the skin they lie on / usual distance: a few millimetres.
const ON_TOP: f32 = 0.008;
/// Stream of the seed that the light is drawn from.
const LIGHT: u64 = 40;

impl SolidHead {
    /// A person with the character of `seed`.
    ///
    /// # Errors
    /// [`SolidError`] when the view's size is not that of a frame, or the portrait's landmarks are no face.
    pub fn solid(portrait: &Portrait, shape: &HeadShape, seed: u64, view: View) -> Result<Self, SolidError> {
        Ok(Self::alive(SolidBody::new(portrait, shape, seed, view)?, Persona::from_seed(seed)))
    }
}

impl SolidBody {
    /// The portrait's person before the camera of `seed`.
    ///
    /// # Errors
    /// As [`SolidHead::solid`].
    pub fn new(portrait: &Portrait, shape: &HeadShape, seed: u64, view: View) -> Result<Self, SolidError> {
        Self::with(portrait, shape, Proportions::Own, seed, view)
    }

    /// The same with chosen proportions: `Canonical` is the canonical head wearing the portrait.
    ///
    /// # Errors
    /// As [`SolidHead::solid`].
    pub fn with(portrait: &Portrait, shape: &HeadShape, proportions: Proportions, seed: u64, view: View) -> Result<Self, SolidError> {
        let canvas = view.canvas()?;
        let sensor = Sensor::new(&Persona::from_seed(seed), seed, &view);
        let (face, cm) = shape.of(portrait, proportions)?;
        let head = Head::new(portrait, &face, shape.open_eyed(), cm);
        let scale = view.face_ratio * view.width.min(view.height) as f32 / head.mesh.scale.face;
        let mut backdrop = backdrop::room(seed, canvas.width, canvas.height);
        let chin = view.height as f32 * 0.5 + 0.5 * head.mesh.scale.face * scale;
        backdrop::shoulders(&mut backdrop, seed, chin, head.mesh.scale.face * scale);
        for pixel in &mut backdrop.pixels {
            let [r, g, b] = sensor.light([pixel[0], pixel[1], pixel[2]]);
            *pixel = [r, g, b, 255];
        }
        let draw = |index, low, high| between(seed, LIGHT, index, low, high) as f32;
        let light = unit([draw(0, -0.8, 0.8), draw(1, -0.9, -0.1), -1.0]);
        Ok(Self {
            texture: sensor.lit(&portrait.picture),
            backdrop,
            eyes: Eyeball::pair(&head.mesh, cm),
            normals: normals(&head),
            head,
            scene: Scene::new(canvas),
            light,
            sensor,
            tones: lid_tones(portrait),
            view,
            scale,
            projected: Vec::new(),
        })
    }

    /// A point of the head at rest in the frame: turned about the neck's joint, moved, and seen in perspective.
    fn place(&self, p: [f32; 3], follow: f32, motion: &Motion) -> ([f32; 2], f32) {
        let scale = self.head.mesh.scale;
        let (turned, size, shift) = motion.turn(p);
        let pivot = scale.pivot;
        let still = [p[0] - pivot[0], p[1] - pivot[1], p[2] - pivot[2]];
        // The usual distance is that of the middle of the face.
        let face: f32 = self.head.mesh.vertices[FACE_MIDDLE].rest[2] - pivot[2];
        let v: [f32; 3] = core::array::from_fn(|a| still[a] + (turned[a] - still[a]) * follow);
        let distance = ((scale.camera + v[2] - face) / (scale.camera * size)).max(0.2);
        let at = |axis: usize, frame: f32| {
            let moved = v[axis] + pivot[axis] - self.middle(axis);
            frame / 2.0 + (moved / distance + shift[axis] * follow) * self.scale
        };
        ([at(0, self.view.width as f32), at(1, self.view.height as f32)], distance)
    }

    /// The face's middle at rest, px of the portrait.
    fn middle(&self, axis: usize) -> f32 {
        let at = |i: usize| self.head.mesh.vertices[i].rest[axis];
        (at(FACE_TOP) + at(crate::topology::CHIN)) / 2.0
    }

    /// Brightness of a surface that faces `normal` at rest, now / as in the portrait.
    fn gain(&self, normal: [f32; 3], turned: [f32; 3]) -> f32 {
        let lit = |n: [f32; 3]| 1.0 - DIRECTED + DIRECTED * dot(n, self.light).max(0.0);
        let painted = 1.0 - DIRECTED + DIRECTED * dot(normal, self.light).max(0.0).max(0.35);
        (lit(turned) / painted).clamp(0.4, 1.15)
    }
}

/// Top of the forehead.
const FACE_TOP: usize = 10;
/// Bridge of the nose.
const FACE_MIDDLE: usize = 168;

impl Body for SolidBody {
    fn size(&self) -> [u32; 2] {
        [self.view.width, self.view.height]
    }

    fn draw(&mut self, truth: &Truth) -> &[[u8; 4]] {
        let motion = Motion::new(truth, self.head.mesh.scale);
        let mut projected = core::mem::take(&mut self.projected);
        projected.clear();
        for (v, normal) in self.head.mesh.vertices.iter().zip(&self.normals) {
            let (at, distance) = self.place(motion.express(v), v.follow, &motion);
            projected.push(Projected { at, distance, gain: self.gain(*normal, motion.turned(*normal)) });
        }
        self.scene.clear(&self.backdrop);
        for t in &self.head.mesh.triangles {
            let corner = |i: usize| {
                let (p, skin) = (projected[i], self.head.skin[i]);
                let colour = self.sensor.light(skin.colour.map(|c| (c * p.gain).clamp(0.0, 255.0) as u8)).map(f32::from);
                Corner { at: p.at, tex: self.head.mesh.vertices[i].tex, gain: p.gain, cover: skin.cover, colour, alpha: 1.0 }
            };
            // The lips' inner edge spans the mouth: what lies there is drawn a little further in.
            let near = if HeadShape::is_mouth(*t) { -ON_TOP / 2.0 } else { 0.0 };
            self.scene.draw(&self.texture, t.map(corner), t.map(|i| projected[i].distance), near);
        }
        let mut strips: Vec<(overlay::Strip, f32)> = self.eyes.iter().map(|eye| (eye.strip(truth.gaze_down as f32), 0.0)).collect();
        strips.extend(overlay::strips(&self.head.mesh, &motion, truth, &self.tones).into_iter().map(|strip| (strip, ON_TOP)));
        for (strip, near) in &strips {
            self.patch(strip, *near, &motion);
        }
        self.projected = projected;
        self.sensor.noise(&mut self.scene.canvas.pixels, self.scene.canvas.width, truth.t_ms);
        &self.scene.canvas.pixels
    }
}

impl SolidBody {
    /// Draws a grid of knots that moves with the head.
    fn patch(&mut self, strip: &overlay::Strip, near: f32, motion: &Motion) {
        let front = [0.0, 0.0, -1.0];
        let gain = self.gain(front, motion.turned(front));
        let placed: Vec<Vec<(Corner, f32)>> = strip
            .iter()
            .map(|column| {
                column
                    .iter()
                    .map(|k| {
                        let (at, distance) = self.place(k.place, 1.0, motion);
                        let colour = self.sensor.light(k.colour.map(|v| (v * gain).clamp(0.0, 255.0) as u8)).map(f32::from);
                        (Corner { at, tex: k.tex, gain: k.gain * gain, cover: k.cover, colour, alpha: k.alpha }, distance)
                    })
                    .collect()
            })
            .collect();
        for pair in placed.windows(2) {
            for (rows, next) in pair[0].windows(2).zip(pair[1].windows(2)) {
                let [a, b, c, d] = [rows[0], rows[1], next[0], next[1]];
                for t in [[a, b, c], [b, d, c]] {
                    self.scene.draw(&self.texture, t.map(|k| k.0), t.map(|k| k.1), near);
                }
            }
        }
    }
}

/// Outward normal of every vertex at rest: mean of its triangles', weighted by area, pointing away from the head's inside.
fn normals(head: &Head) -> Vec<[f32; 3]> {
    let vertices = &head.mesh.vertices;
    let mut sums = vec![[0.0; 3]; vertices.len()];
    let pivot = head.mesh.scale.pivot;
    for t in &head.mesh.triangles {
        let [a, b, c] = t.map(|i| vertices[i].rest);
        let (u, v) = (sub(b, a), sub(c, a));
        let n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
        // The neck's inside is its own axis.
        let inside = if t.iter().all(|i| *i >= head.neck) { [pivot[0], a[1], pivot[2]] } else { pivot };
        let sign = if dot(n, sub(a, inside)) < 0.0 { -1.0 } else { 1.0 };
        for i in t {
            for axis in 0..3 {
                sums[*i][axis] += sign * n[axis];
            }
        }
    }
    sums.into_iter().map(unit).collect()
}

fn sub(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn unit(v: [f32; 3]) -> [f32; 3] {
    let length = dot(v, v).sqrt().max(1e-9);
    v.map(|c| c / length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portrait::tests::grey;

    /// The made-up portrait's own landmarks as the canonical face, joined by any triangles.
    fn shape(portrait: &Portrait) -> HeadShape {
        let vertices: Vec<[f32; 3]> = portrait.landmarks.iter().map(|p| [p[0] / 16.0 - 20.0, 15.0 - p[1] / 16.0, -p[2] / 16.0]).collect();
        let mut named = vertices;
        for (i, p) in
            [(33, [-4.4, 2.7, 3.2]), (263, [4.4, 2.7, 3.2]), (4, [0.0, -0.5, 7.6]), (10, [0.0, 8.3, 4.5]), (152, [0.0, -9.4, 4.3])]
        {
            named[i] = p;
        }
        let triangles: Vec<[usize; 3]> = (0..466).map(|i| [i, i + 1, i + 2]).collect();
        let json = serde_json::json!({"vertices": named, "triangles": triangles}).to_string();
        HeadShape::from_json(json.as_bytes()).expect("a face")
    }

    fn body_at(seed: u64, face_ratio: f32) -> SolidBody {
        let portrait = grey();
        let view = View { width: 320, height: 240, noise: 0.0, face_ratio, ..View::default() };
        SolidBody::new(&portrait, &shape(&portrait), seed, view).expect("size")
    }

    fn body(seed: u64) -> SolidBody {
        body_at(seed, 0.5)
    }

    #[test]
    fn backdrop_stays_and_head_moves() {
        // The made-up face's forehead and chin lie close together: its head is far larger than its face.
        let mut body = body_at(3, 0.03);
        let rest = body.draw(&Truth::rest(0.0)).to_vec();
        let turned = body.draw(&Truth { yaw: 25.0, x: 0.05, ..Truth::rest(0.0) }).to_vec();
        let corner = |pixels: &[[u8; 4]]| -> Vec<[u8; 4]> { (0..10).flat_map(|y| pixels[y * 320..y * 320 + 10].to_vec()).collect() };
        assert!(corner(&rest) == corner(&turned), "the room does not move");
        let differing = rest.iter().zip(&turned).filter(|(a, b)| a != b).count();
        assert!(differing > 50, "the head does: {differing} px");
        assert!(turned.iter().all(|p| p[3] == 255), "every pixel is painted");
    }

    #[test]
    fn same_seed_same_picture() {
        let truth = Truth { yaw: -12.0, pitch: 6.0, mouth_opening: 0.6, ..Truth::rest(40.0) };
        assert_eq!(body(5).draw(&truth).to_vec(), body(5).draw(&truth).to_vec(), "repeats");
        assert_ne!(body(5).draw(&truth).to_vec(), body(6).draw(&truth).to_vec(), "another room and light");
    }

    #[test]
    fn nearer_parts_move_further() {
        let body = body(1);
        let scale = body.head.mesh.scale;
        let turned = |z: f32| {
            let at = |yaw| {
                body.place([scale.pivot[0], scale.pivot[1] - 40.0, z], 1.0, &Motion::new(&Truth { yaw, ..Truth::rest(0.0) }, scale)).0
            };
            at(15.0)[0] - at(0.0)[0]
        };
        let (nose, ear) = (turned(scale.pivot[2] - 120.0), turned(scale.pivot[2] - 20.0));
        assert!(nose > ear + 5.0 && ear > 0.0, "nose {nose}, ear {ear}");
    }

    #[test]
    fn damaged_shapes_are_refused() {
        let portrait = grey();
        let good = shape(&portrait);
        let vertices = serde_json::to_value(good.vertices()).expect("numbers");
        for (triangles, what) in [(serde_json::json!([]), "none"), (serde_json::json!([[0, 1, 468]]), "out of range")] {
            let json = serde_json::json!({"vertices": vertices, "triangles": triangles}).to_string();
            assert!(matches!(HeadShape::from_json(json.as_bytes()), Err(ShapeError::Triangles)), "{what}");
        }
        let without = serde_json::json!({"vertices": vertices}).to_string();
        assert!(matches!(HeadShape::from_json(without.as_bytes()), Err(ShapeError::Description(_))), "no triangles");
        assert!(matches!(HeadShape::from_json(b"{}"), Err(ShapeError::Geometry(_))), "nothing");
    }
}
