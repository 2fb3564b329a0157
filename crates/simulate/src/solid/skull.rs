//! What a face does not show: crown, sides and back of the head, and the neck.

use crate::{
    mesh::{Jaw, Mesh, SHUT_GAP, Scale, Vertex},
    portrait::Portrait,
    topology::{EARS, EYE_OUTER_LEFT, EYE_OUTER_RIGHT, LIP_LOWER, LIP_UPPER, OVAL},
};

/// The solid head at rest: its mesh, and per vertex how much of the portrait is left under a colour of its own.
#[derive(Debug)]
pub(crate) struct Head {
    pub mesh: Mesh,
    pub skin: Vec<Skin>,
    /// Vertices from here on belong to the neck, which follows the head by [`Vertex::follow`].
    pub neck: usize,
}

/// Colour of a vertex where the portrait ends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Skin {
    pub cover: f32,
    /// 0..255, not lit yet.
    pub colour: [f32; 3],
}

/// Rings of the skull from the face's outline to the back: depth share, and distance from the middle / the outline's, towards the crown,
/// the sides, and under the jaw.
const RINGS: [[f32; 4]; 7] = [
    [0.04, 1.16, 1.04, 0.99],
    [0.12, 1.34, 1.09, 0.94],
    [0.30, 1.52, 1.15, 0.82],
    [0.52, 1.54, 1.17, 0.70],
    [0.76, 1.34, 1.04, 0.55],
    [0.93, 0.85, 0.72, 0.35],
    [1.0, 0.0, 0.0, 0.0],
];
/// Where on the portrait each ring lies / the outline's distance: beyond the third the portrait may show background.
const ON_PORTRAIT: [f32; 7] = [1.08, 1.14, 1.18, 1.2, 1.2, 1.2, 1.2];
/// How much of each ring has the colour of the hair instead.
const COVER: [f32; 7] = [0.0, 0.35, 1.0, 1.0, 1.0, 1.0, 1.0];
/// From the ears to the back of the head, cm: half of a head's length of 19 to 20 cm.
const BACK_CM: f32 = 11.0;
/// Neck: radius and length, cm.
const NECK_CM: [f32; 2] = [5.2, 9.0];
/// Points around the neck.
const AROUND: usize = 16;
/// Heights of the neck's rings / its length, and how much each follows the head.
const NECK: [[f32; 2]; 4] = [[-0.25, 0.9], [0.1, 0.6], [0.45, 0.25], [1.0, 0.0]];

impl Head {
    /// Completes `face` (468 points, portrait px) with its triangles.
    pub(crate) fn new(portrait: &Portrait, face: &[[f32; 3]], triangles: Vec<[usize; 3]>, cm: f32) -> Self {
        let ears = EARS.map(|i| face[i]);
        let middle = |axis: usize| (ears[0][axis] + ears[1][axis]) / 2.0;
        // Between the ears, a little behind and below: where skull and neck are joined.
        let pivot = [middle(0), middle(1) + 2.0 * cm, middle(2) + 1.5 * cm];
        let (top, chin) = (face[OVAL[0]], face[OVAL[18]]);
        let height = chin[1] - top[1];
        let eyes = (face[EYE_OUTER_LEFT][0] - face[EYE_OUTER_RIGHT][0]).abs().max(1.0);
        let lip = LIP_UPPER.len() / 2;
        let gap = face[LIP_LOWER[lip]][1] - face[LIP_UPPER[lip]][1];
        let scale = Scale { eyes, face: height, pivot, camera: 4.0 * height, shut: (gap - SHUT_GAP * eyes).max(0.0) };

        let jaw = Jaw::new(face);
        let mut vertices: Vec<Vertex> = face
            .iter()
            .zip(&portrait.landmarks)
            .enumerate()
            .map(|(i, (p, on))| Vertex {
                rest: *p,
                tex: [on[0], on[1]],
                follow: 1.0,
                jaw: jaw.weight(i, *p),
                round: jaw.round(*p),
                smile: jaw.smile(*p),
            })
            .collect();
        let mut skin = vec![Skin { cover: 0.0, colour: [0.0; 3] }; vertices.len()];
        let mut triangles = triangles;
        skull(portrait, face, &jaw, pivot, cm, &mut vertices, &mut skin, &mut triangles);
        let neck = vertices.len();
        add_neck(portrait, face, pivot, cm, &mut vertices, &mut skin, &mut triangles);
        Self { mesh: Mesh { vertices, triangles, scale }, skin, neck }
    }
}

/// Unit direction of an outline point from the middle of the face, on the portrait or on the head.
fn spoke(p: [f32; 2], middle: [f32; 2]) -> [f32; 2] {
    [p[0] - middle[0], p[1] - middle[1]]
}

#[allow(clippy::too_many_arguments, reason = "three lists grow together")]
fn skull(
    portrait: &Portrait,
    face: &[[f32; 3]],
    jaw: &Jaw,
    pivot: [f32; 3],
    cm: f32,
    vertices: &mut Vec<Vertex>,
    skin: &mut Vec<Skin>,
    triangles: &mut Vec<[usize; 3]>,
) {
    let on = &portrait.landmarks;
    let centre = |of: &[[f32; 3]]| [(of[EARS[0]][0] + of[EARS[1]][0]) / 2.0, (of[OVAL[0]][1] + of[OVAL[18]][1]) / 2.0];
    let (here, there) = (centre(face), centre(on));
    let back = pivot[2] + BACK_CM * cm;
    let hair = hair(portrait, there);
    let first = vertices.len();
    for (ring, [depth, up, side, down]) in RINGS.iter().enumerate() {
        for (k, i) in OVAL.iter().enumerate() {
            let p = face[*i];
            let [dx, dy] = spoke([p[0], p[1]], here);
            let length = dx.hypot(dy).max(1e-3);
            // 1 straight up, -1 straight down.
            let rise = -dy / length;
            let reach = if rise >= 0.0 { side + (up - side) * rise } else { side + (down - side) * -rise };
            let rest = [here[0] + dx * reach, here[1] + dy * reach, p[2] + (back - p[2]) * depth];
            let [tx, ty] = spoke([on[*i][0], on[*i][1]], there);
            let tex = [there[0] + tx * ON_PORTRAIT[ring], there[1] + ty * ON_PORTRAIT[ring]];
            // Under the jaw there is no hair: the skin of the chin in its own shade.
            let below = (-rise * 1.8 - 0.05).clamp(0.0, 1.0);
            let shade = colour_at(portrait, [there[0] + tx * 0.9, there[1] + ty * 0.9]).map(|c| c * 0.62);
            let streak = 1.0 + 0.10 * ((k * 7 + ring * 3) % 5) as f32 / 4.0 - 0.05;
            let colour = core::array::from_fn(|c| (hair[k][c] * streak) * (1.0 - below) + shade[c] * below);
            let cover = (COVER[ring] + below * 0.8).min(1.0);
            vertices.push(Vertex {
                rest,
                tex,
                follow: 1.0,
                jaw: jaw.weight(*i, p) * (1.0 - depth * 4.0).max(0.0),
                round: 0.0,
                smile: [0.0; 2],
            });
            skin.push(Skin { cover, colour });
        }
    }
    let count = OVAL.len();
    for ring in 0..RINGS.len() {
        let before = |k: usize| if ring == 0 { OVAL[k % count] } else { first + (ring - 1) * count + k % count };
        let after = |k: usize| first + ring * count + k % count;
        for k in 0..count {
            triangles.push([before(k), before(k + 1), after(k)]);
            triangles.push([before(k + 1), after(k + 1), after(k)]);
        }
    }
}

/// Colour of the hair (or cap) per outline point: the middle one of the portrait's pixels just outside the upper outline, evened out.
fn hair(portrait: &Portrait, there: [f32; 2]) -> Vec<[f32; 3]> {
    let raw: Vec<[f32; 3]> = OVAL
        .iter()
        .map(|i| {
            let p = portrait.landmarks[*i];
            let [dx, dy] = spoke([p[0], p[1]], there);
            let mut samples: Vec<[f32; 3]> = (0..9)
                .map(|s| colour_at(portrait, [there[0] + dx * (1.08 + 0.015 * s as f32), there[1] + dy * (1.08 + 0.015 * s as f32)]))
                .collect();
            samples.sort_by(|a, b| a.iter().sum::<f32>().total_cmp(&b.iter().sum()));
            samples[4]
        })
        .collect();
    // Only the upper half shows hair for certain; everything takes its middle colour, and a little of its own.
    let upper: Vec<[f32; 3]> = (0..OVAL.len()).filter(|k| *k < 7 || *k > 29).map(|k| raw[k]).collect();
    let mean: [f32; 3] = core::array::from_fn(|c| upper.iter().map(|v| v[c]).sum::<f32>() / upper.len() as f32);
    raw.iter()
        .enumerate()
        .map(|(k, own)| if !(7..=29).contains(&k) { core::array::from_fn(|c| 0.5 * own[c] + 0.5 * mean[c]) } else { mean })
        .collect()
}

fn colour_at(portrait: &Portrait, at: [f32; 2]) -> [f32; 3] {
    let (w, h) = portrait.picture.dimensions();
    let place = |v: f32, limit: u32| (v.max(0.0) as u32).min(limit.saturating_sub(1));
    portrait.picture.get_pixel(place(at[0], w), place(at[1], h)).0.map(f32::from)
}

fn add_neck(
    portrait: &Portrait,
    face: &[[f32; 3]],
    pivot: [f32; 3],
    cm: f32,
    vertices: &mut Vec<Vertex>,
    skin: &mut Vec<Skin>,
    triangles: &mut Vec<[usize; 3]>,
) {
    let chin = face[OVAL[18]];
    let on = portrait.landmarks[OVAL[18]];
    let tone = colour_at(portrait, [on[0], on[1] - 0.06 * (on[1] - portrait.landmarks[OVAL[0]][1])]);
    let first = vertices.len();
    for [down, follow] in NECK {
        for k in 0..AROUND {
            let turn = k as f32 / AROUND as f32 * core::f32::consts::TAU;
            let radius = NECK_CM[0] * cm * (1.0 + 0.25 * down.max(0.0).powi(2));
            let rest = [pivot[0] + radius * turn.cos(), chin[1] + down * NECK_CM[1] * cm, pivot[2] + 0.8 * radius * turn.sin()];
            vertices.push(Vertex { rest, tex: [on[0], on[1]], follow, jaw: 0.0, round: 0.0, smile: [0.0; 2] });
            // The chin's shadow falls on the upper neck.
            let shade = 0.62 + 0.2 * down.max(0.0);
            skin.push(Skin { cover: 1.0, colour: tone.map(|c| c * shade) });
        }
    }
    for ring in 1..NECK.len() {
        for k in 0..AROUND {
            let at = |ring: usize, k: usize| first + ring * AROUND + k % AROUND;
            triangles.push([at(ring - 1, k), at(ring - 1, k + 1), at(ring, k)]);
            triangles.push([at(ring - 1, k + 1), at(ring, k + 1), at(ring, k)]);
        }
    }
}
