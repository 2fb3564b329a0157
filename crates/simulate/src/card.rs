//! A printed photograph in somebody's hands: the simplest attacks, and what a planar-parallax measure must tell from a head.

use crate::{
    backdrop,
    camera::{Sensor, View},
    person::Body,
    persona::{Persona, Truth},
    portrait::{Portrait, bounds},
    puppet::PhotoMesh,
    raster::{Texture, textured},
};
use faceid_vision::FrameError;
use serde::Serialize;

/// How the photograph is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presentation {
    /// On a stand: nothing moves.
    Still,
    /// Waved in its own plane: a turn of the head becomes a move sideways and a tilt, a nod a move up and down.
    Waved,
    /// Turned and tilted in depth as a head would be.
    Tilted,
    /// Bent round a vertical axis like a cheek, and turned and tilted.
    Bent,
    /// Eyes and mouth cut out: somebody blinks and opens the mouth behind the holes, and turns and tilts the photograph. The living parts
    /// are drawn in the plane of the print.
    CutOut,
}

impl Presentation {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Still, Self::Waved, Self::Tilted, Self::Bent, Self::CutOut];

    /// Name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Still => "photo_still",
            Self::Waved => "photo_waved",
            Self::Tilted => "photo_tilted",
            Self::Bent => "photo_bent",
            Self::CutOut => "photo_cut_out",
        }
    }
}

/// Half of the print's width and height / face height, where the portrait reaches that far.
const HALF: [f32; 2] = [0.85, 1.05];
/// Camera distance / face height, as for the puppet.
const DISTANCE: f32 = 4.0;
/// Radius of a bent print / face height: the cheeks lie half a nose behind the middle.
const RADIUS: f32 = 0.7;
/// Quads per side of the print.
const GRID: usize = 14;
/// Face heights a waved print moves per degree asked, sideways and up.
const WAVE: [f64; 2] = [0.012, 0.014];
/// Degrees a print is turned per degree asked: whoever holds it exaggerates, as its foreshortening reads as less.
const EXAGGERATION: f64 = 1.3;

/// A print before a camera.
#[derive(Debug)]
pub struct PhotoCard {
    presentation: Presentation,
    /// Draws the portrait, with living eyes and mouth where those are cut out.
    print: PhotoMesh,
    texture: Texture,
    backdrop: Texture,
    sensor: Sensor,
    view: View,
    centre: [f32; 2],
    face: f32,
    scale: f32,
    canvas: Texture,
}

impl PhotoCard {
    /// The portrait as a print before the camera of `seed`.
    ///
    /// # Errors
    /// [`FrameError`] when the view's size is not that of a frame.
    pub fn new(portrait: &Portrait, presentation: Presentation, seed: u64, view: View) -> Result<Self, FrameError> {
        let canvas = view.canvas()?;
        let [width, height] = portrait.size();
        let sensor = Sensor::new(&Persona::from_seed(seed), seed, &view);
        // The print at the portrait's own size, lit by this camera and free of noise: the camera adds that to the whole picture.
        let mut print = PhotoMesh::new(portrait, seed, View { width, height, face_ratio: 0.0, noise: 0.0, ..view })?;
        print.draw(&Truth::rest(0.0));
        // invariant: a Portrait always holds 468 finite landmarks, so the fallback is never taken.
        let (low, high) = bounds(&portrait.landmarks).unwrap_or(([0.0; 2], [width as f32, height as f32]));
        let face = high[1] - low[1];
        let mut backdrop = backdrop::room(seed, canvas.width, canvas.height);
        for pixel in &mut backdrop.pixels {
            let [r, g, b] = sensor.light([pixel[0], pixel[1], pixel[2]]);
            *pixel = [r, g, b, 255];
        }
        Ok(Self {
            presentation,
            texture: print.canvas().clone(),
            print,
            backdrop,
            sensor,
            centre: [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0],
            face,
            scale: view.face_ratio * view.width.min(view.height) as f32 / face,
            view,
            canvas,
        })
    }

    /// What whoever holds the print does when a head would be as `truth` says.
    fn handled(&self, truth: &Truth) -> Truth {
        let lifeless = Truth { eye_closure: 0.0, mouth_opening: 0.0, smile: 0.0, gaze_down: 0.0, ..*truth };
        let turned = Truth { yaw: truth.yaw * EXAGGERATION, pitch: truth.pitch * EXAGGERATION, ..lifeless };
        match self.presentation {
            Presentation::Still => Truth::rest(truth.t_ms),
            Presentation::Waved => Truth {
                yaw: 0.0,
                pitch: 0.0,
                roll: truth.roll + 0.25 * truth.yaw,
                x: truth.x + WAVE[0] * truth.yaw,
                y: truth.y - WAVE[1] * truth.pitch,
                ..lifeless
            },
            Presentation::Tilted | Presentation::Bent => turned,
            Presentation::CutOut => {
                Truth { eye_closure: truth.eye_closure, mouth_opening: truth.mouth_opening, smile: truth.smile, ..turned }
            }
        }
    }

    /// A place on the print (portrait px from the face's centre) in the frame, px.
    fn project(&self, p: [f32; 2], rows: &[[f32; 3]; 3], held: &Truth) -> [f32; 2] {
        let flat = match self.presentation {
            Presentation::Still | Presentation::Waved | Presentation::Tilted | Presentation::CutOut => [p[0], p[1], 0.0],
            Presentation::Bent => {
                let radius = RADIUS * self.face;
                let (sin, cos) = (p[0] / radius).sin_cos();
                [radius * sin, p[1], radius * (1.0 - cos)]
            }
        };
        let [x, y, z] = rows.map(|r| r[0] * flat[0] + r[1] * flat[1] + r[2] * flat[2]);
        let camera = DISTANCE * self.face;
        let near = held.scale as f32 * camera / (camera + z).max(camera * 0.2) * self.scale;
        let middle = [self.view.width as f32 / 2.0, self.view.height as f32 / 2.0];
        let shift = self.face * self.scale;
        [middle[0] + x * near + held.x as f32 * shift, middle[1] + y * near + held.y as f32 * shift]
    }
}

impl Body for PhotoCard {
    fn size(&self) -> [u32; 2] {
        [self.view.width, self.view.height]
    }

    fn draw(&mut self, truth: &Truth) -> &[[u8; 4]] {
        let held = self.handled(truth);
        if self.presentation == Presentation::CutOut {
            let behind =
                Truth { eye_closure: held.eye_closure, mouth_opening: held.mouth_opening, smile: held.smile, ..Truth::rest(truth.t_ms) };
            self.print.draw(&behind);
            self.texture.pixels.copy_from_slice(&self.print.canvas().pixels);
        }
        let rows = crate::deform::rotation(&held);
        let half = HALF.map(|h| h * self.face);
        let place = |i: usize, j: usize| {
            let along = |k: usize, half: f32| (k as f32 / GRID as f32 * 2.0 - 1.0) * half;
            [along(i, half[0]), along(j, half[1])]
        };
        // Only as much of the grid as the portrait's picture holds.
        let limit = [self.texture.width as f32, self.texture.height as f32];
        let on_print = |p: [f32; 2]| -> [f32; 2] { core::array::from_fn(|a| (p[a] + self.centre[a]).clamp(0.5, limit[a] - 0.5)) };
        let corners: Vec<([f32; 2], [f32; 2])> = (0..=GRID)
            .flat_map(|j| (0..=GRID).map(move |i| (i, j)))
            .map(|(i, j)| {
                let tex = on_print(place(i, j));
                (self.project([tex[0] - self.centre[0], tex[1] - self.centre[1]], &rows, &held), tex)
            })
            .collect();
        let corner = |i: usize, j: usize| corners[j * (GRID + 1) + i];
        self.canvas.pixels.copy_from_slice(&self.backdrop.pixels);
        for j in 0..GRID {
            for i in 0..GRID {
                let [a, b, c, d] = [corner(i, j), corner(i + 1, j), corner(i, j + 1), corner(i + 1, j + 1)];
                for t in [[a, b, c], [b, d, c]] {
                    textured(&mut self.canvas, &self.texture, t.map(|k| k.0), t.map(|k| k.1));
                }
            }
        }
        self.sensor.noise(&mut self.canvas.pixels, self.canvas.width, truth.t_ms);
        &self.canvas.pixels
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portrait::tests::grey;

    fn card(presentation: Presentation) -> PhotoCard {
        PhotoCard::new(&grey(), presentation, 4, View { width: 320, height: 240, noise: 0.0, ..View::default() }).expect("size")
    }

    #[test]
    fn still_ignores_everything_and_the_others_move() {
        let acting = Truth { yaw: 18.0, pitch: -9.0, eye_closure: 1.0, mouth_opening: 0.8, ..Truth::rest(5.0) };
        for presentation in Presentation::ALL {
            let mut card = card(presentation);
            let rest = card.draw(&Truth::rest(5.0)).to_vec();
            let moved = card.draw(&acting).to_vec();
            assert_eq!(rest == moved, presentation == Presentation::Still, "{presentation:?}");
        }
    }

    #[test]
    fn only_cut_outs_have_living_eyes() {
        let shut = Truth { eye_closure: 1.0, ..Truth::rest(5.0) };
        for presentation in Presentation::ALL {
            let mut card = card(presentation);
            let rest = card.draw(&Truth::rest(5.0)).to_vec();
            let differs = card.draw(&shut).to_vec() != rest;
            assert_eq!(differs, presentation == Presentation::CutOut, "{presentation:?}");
        }
    }

    #[test]
    fn a_flat_print_moves_as_one_plane() {
        let card = card(Presentation::Tilted);
        let held = card.handled(&Truth { yaw: 20.0, pitch: 7.0, ..Truth::rest(0.0) });
        let rows = crate::deform::rotation(&held);
        // Cross ratio of four points on a line: kept by every projection of a plane.
        let at = |x: f32| card.project([x, x * 0.4], &rows, &held);
        let p = [-60.0, -10.0, 25.0, 70.0].map(at);
        let length = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        let cross = length(p[0], p[2]) * length(p[1], p[3]) / (length(p[1], p[2]) * length(p[0], p[3]));
        let flat = (85.0 * 80.0) / (35.0 * 130.0);
        assert!((cross / flat - 1.0).abs() < 1e-3, "{cross} {flat}");
    }
}
