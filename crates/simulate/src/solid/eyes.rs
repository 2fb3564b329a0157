//! Eyeballs behind the lids: a bulging patch that wears the portrait's eye and turns with the gaze.

use crate::{
    mesh::Mesh,
    overlay::{Knot, Strip},
    topology::{EYES, EyeColumns},
};

/// One eye at rest.
#[derive(Debug)]
pub(crate) struct Eyeball {
    /// Per column from the outer to the inner corner: upper and lower rim on the head, and on the portrait.
    columns: Vec<[[f32; 3]; 2]>,
    on_portrait: Vec<[[f32; 2]; 2]>,
    /// px the eye lies behind the lids' rim.
    behind: f32,
    /// px the middle of the eye bulges forward.
    bulge: f32,
    /// Height of the open eye on the portrait, px.
    open: f32,
}

/// Radius of the eyeball, cm.
const RADIUS_CM: f32 = 1.2;
/// Depth behind the rim and bulge, cm.
const DEPTH_CM: [f32; 2] = [0.22, 0.18];
/// Rows of a patch, as shares from the upper to the lower rim; it reaches under both lids.
const ROWS: [f32; 7] = [-0.3, 0.0, 0.25, 0.5, 0.75, 1.0, 1.3];

impl Eyeball {
    /// The subject's right and left eye.
    pub(crate) fn pair(mesh: &Mesh, cm: f32) -> [Self; 2] {
        [&EYES[0], &EYES[1]].map(|eye| Self::new(mesh, eye, cm))
    }

    fn new(mesh: &Mesh, eye: &EyeColumns, cm: f32) -> Self {
        let pairs = || eye.upper.iter().zip(eye.lower);
        let columns = pairs().map(|(u, l)| [mesh.vertices[*u].rest, mesh.vertices[l].rest]).collect();
        let on_portrait: Vec<[[f32; 2]; 2]> = pairs().map(|(u, l)| [mesh.vertices[*u].tex, mesh.vertices[l].tex]).collect();
        let open = on_portrait.iter().map(|[u, l]| l[1] - u[1]).fold(0.0, f32::max);
        Self { columns, on_portrait, behind: DEPTH_CM[0] * cm, bulge: DEPTH_CM[1] * cm, open: open.max(RADIUS_CM * cm * 0.2) }
    }

    /// The patch with the eye looking `down` degrees.
    pub(crate) fn strip(&self, down: f32) -> Strip {
        // A sphere's surface moves by its radius times the angle; here in shares of the open eye.
        let slide = (down.to_radians() * 0.9).min(0.8);
        let last = (self.columns.len() - 1) as f32;
        self.columns
            .iter()
            .zip(&self.on_portrait)
            .enumerate()
            .map(|(k, ([upper, lower], [from, to]))| {
                let across = 1.0 - (2.0 * k as f32 / last - 1.0).powi(2);
                ROWS.iter()
                    .map(|row| {
                        let mix = |a: f32, b: f32| a + (b - a) * row;
                        // At the corners the rims meet: the patch keeps some height there.
                        let spread = (0.5 - row) * -0.25 * self.open * (1.0 - across);
                        let bulge = self.bulge * across * (1.0 - (2.0 * row - 1.0).powi(2)).max(0.0);
                        let place =
                            [mix(upper[0], lower[0]), mix(upper[1], lower[1]) + spread, mix(upper[2], lower[2]) + self.behind - bulge];
                        let shown = (row - slide).clamp(-0.1, 1.05);
                        let tex = [from[0] + (to[0] - from[0]) * shown, from[1] + (to[1] - from[1]) * shown];
                        Knot { place, tex, gain: 1.0, cover: 0.0, colour: [0.0; 3], alpha: 1.0 }
                    })
                    .collect()
            })
            .collect()
    }
}
