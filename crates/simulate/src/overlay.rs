//! What a photograph with open eyes and a closed mouth does not hold: lids over the eyes and the inside of the mouth.

use crate::{
    camera::{Placement, Sensor},
    deform::Motion,
    mesh::Mesh,
    persona::Truth,
    portrait::Portrait,
    raster::{Corner, Texture, shaded},
    topology::{EYES, EyeColumns, LIP_LOWER, LIP_UPPER},
};

/// One point of a strip: where on the resting face, and what it looks like.
#[derive(Clone, Copy)]
pub(crate) struct Knot {
    pub place: [f32; 3],
    pub tex: [f32; 2],
    pub gain: f32,
    pub cover: f32,
    /// Not lit yet.
    pub colour: [f32; 3],
    pub alpha: f32,
}

impl Knot {
    fn skin(place: [f32; 3], tex: [f32; 2], gain: f32) -> Self {
        Self { place, tex, gain, cover: 0.0, colour: [0.0; 3], alpha: 1.0 }
    }

    fn painted(place: [f32; 3], tex: [f32; 2], colour: [f32; 3], alpha: f32) -> Self {
        Self { place, tex, gain: 1.0, cover: 1.0, colour, alpha }
    }
}

/// Draws lids and mouth over the face.
#[allow(clippy::too_many_arguments, reason = "one picture is made of all of these")]
pub(crate) fn draw(
    target: &mut Texture,
    texture: &Texture,
    mesh: &Mesh,
    motion: &Motion,
    place: &Placement,
    truth: &Truth,
    sensor: &Sensor,
    tones: &LidTones,
) {
    for strip in strips(mesh, motion, truth, tones) {
        let corner = |k: &Knot| {
            let [x, y, _] = motion.project(k.place, 1.0, place);
            let colour = sensor.light(k.colour.map(|v| v as u8)).map(f32::from);
            Corner { at: [x, y], tex: k.tex, gain: k.gain, cover: k.cover, colour, alpha: k.alpha }
        };
        for pair in strip.windows(2) {
            for (rows, next) in pair[0].windows(2).zip(pair[1].windows(2)) {
                let [a, b, c, d] = [&rows[0], &rows[1], &next[0], &next[1]].map(corner);
                shaded(target, texture, [a, b, c]);
                shaded(target, texture, [b, d, c]);
            }
        }
    }
}

/// Colour of each eye's lid (0..255, not lit) where the skin under the eye does not serve.
pub(crate) type LidTones = [Option<[f32; 3]>; 2];

/// Standard deviation of luma under an eye, of 255, from which something other than skin lies there: rims and reflections of glasses.
const BUSY: f32 = 28.0;
/// How much of a plain lid is its colour; the rest is what lies under the eye.
const PLAIN: f32 = 0.9;

/// Looks under both eyes of a portrait. Where there is more than skin, the lid takes the middle colour of what is there by brightness.
pub(crate) fn lid_tones(portrait: &Portrait) -> LidTones {
    let (width, height) = portrait.picture.dimensions();
    let colour = |p: [f32; 3]| {
        let at = |v: f32, limit: u32| (v.max(0.0) as u32).min(limit.saturating_sub(1));
        portrait.picture.get_pixel(at(p[0], width), at(p[1], height)).0.map(f32::from)
    };
    [&EYES[0], &EYES[1]].map(|eye| {
        let landmark = |i: usize| portrait.landmarks[i];
        let mut seen: Vec<[f32; 3]> = (1..8)
            .flat_map(|k| [0.0, 0.33, 0.67, 1.0].map(|share| colour(lerp(landmark(eye.bag[k]), landmark(eye.cheek[k]), share))))
            .collect();
        let luma = |c: &[f32; 3]| 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2];
        let mean = seen.iter().map(luma).sum::<f32>() / seen.len() as f32;
        let deviation = (seen.iter().map(|c| (luma(c) - mean).powi(2)).sum::<f32>() / seen.len() as f32).sqrt();
        seen.sort_by(|a, b| luma(a).total_cmp(&luma(b)));
        (deviation > BUSY).then(|| seen[seen.len() / 2])
    })
}

/// A grid of knots: columns of rows.
pub(crate) type Strip = Vec<Vec<Knot>>;

/// Lids and mouth of a moment, still at rest in the head.
pub(crate) fn strips(mesh: &Mesh, motion: &Motion, truth: &Truth, tones: &LidTones) -> Vec<Strip> {
    let mut strips = Vec::new();
    if truth.eye_closure > 0.01 {
        strips.extend(EYES.iter().zip(tones).flat_map(|(eye, tone)| lid(mesh, eye, truth.eye_closure as f32, *tone)));
    }
    if truth.mouth_opening > 0.01 {
        strips.extend(mouth(mesh, motion));
    }
    strips
}

/// The lid's skin, pulled from the crease down over the eye, with the lashes at its edge.
///
/// The skin above an open eye is mostly shadow, lashes and make-up, which the landmark network takes for an eye. The lid is therefore
/// painted with the even skin under the eye, blended into the skin below the brow.
fn lid(mesh: &Mesh, eye: &EyeColumns, closure: f32, tone: Option<[f32; 3]>) -> [Strip; 2] {
    let rest = |i: usize| mesh.vertices[i].rest;
    let thickness = mesh.scale.eyes * 0.024;
    let mut skin = Strip::new();
    let mut lashes = Strip::new();
    for column in 0..eye.upper.len() {
        let [brow, crease, upper, lower] = [eye.brow, eye.crease, eye.upper, eye.lower].map(|row| rest(row[column]));
        let [bag, cheek] = [eye.bag, eye.cheek].map(|row| mesh.vertices[row[column]].tex);
        let taper = 1.0 - (2.0 * column as f32 / (eye.upper.len() - 1) as f32 - 1.0).powi(4);
        // Shut lids meet at the lower lid's edge; their skin reaches a little further, under the lashes.
        let seam = lerp(upper, lower, closure);
        let edge = lerp(upper, [lower[0], lower[1] + thickness * 0.5 * taper, lower[2]], closure);
        let knot = |down: f32, tex: [f32; 2], gain: f32, alpha: f32| {
            let at = if down < 0.0 { lerp(crease, brow, -down) } else { lerp(crease, edge, down) };
            let cover = if tone.is_some() { PLAIN } else { 0.0 };
            let colour = tone.unwrap_or_default().map(|c| c * gain);
            Knot { alpha, cover, colour, ..Knot::skin(at, tex, gain) }
        };
        let even = |share: f32| lerp(bag, cheek, share);
        skin.push(vec![
            knot(-0.75, even(1.0), 1.0, 0.0),
            knot(-0.25, even(0.95), 0.98, closure),
            knot(0.0, even(0.9), 0.96, closure.sqrt()),
            knot(0.3, even(0.75), 0.97, 1.0),
            knot(0.7, even(0.5), 0.98, 1.0),
            knot(1.0, even(0.3), 0.9, 1.0),
        ]);
        let lash = |down: f32, alpha: f32| {
            let at = [seam[0], seam[1] + down * thickness * taper, seam[2]];
            Knot::painted(at, bag, [76.0, 50.0, 42.0], alpha * closure)
        };
        lashes.push(vec![lash(-0.7, 0.0), lash(0.1, 0.75), lash(0.7, 0.7), lash(1.3, 0.0)]);
    }
    [skin, lashes]
}

/// Upper teeth (the photograph's own if it shows some), the dark of the mouth, the tongue.
fn mouth(mesh: &Mesh, motion: &Motion) -> Option<Strip> {
    let middle = LIP_UPPER.len() / 2;
    let ends = |column: usize| {
        let (upper, lower) = (mesh.vertices[LIP_UPPER[column]], mesh.vertices[LIP_LOWER[column]]);
        (upper.rest, lower.rest, motion.express(&upper), motion.express(&lower))
    };
    let (upper, lower, _, open) = ends(middle);
    let shown = (lower[1] - upper[1]).max(0.0);
    let gap = open[1] - upper[1];
    if gap <= shown + 0.5 {
        return None;
    }
    let has_teeth = shown > mesh.scale.eyes * 0.04;
    let teeth = if has_teeth { shown } else { mesh.scale.eyes * 0.07 };
    // Colours fade in while the lips part, so that nothing flashes on a closed mouth.
    let fade = ((gap - shown) / (mesh.scale.eyes * 0.06)).clamp(0.0, 1.0);
    let mut strip = Strip::new();
    for column in 0..LIP_UPPER.len() {
        let (upper, lower, top, bottom) = ends(column);
        let [upper_tex, lower_tex] = [LIP_UPPER, LIP_LOWER].map(|row| mesh.vertices[row[column]].tex);
        let height = (bottom[1] - top[1]).max(0.0);
        let bulge = 1.0 - (2.0 * column as f32 / (LIP_UPPER.len() - 1) as f32 - 1.0).powi(2);
        let own = (lower[1] - upper[1]).max(0.0);
        let band = (if has_teeth { own } else { teeth * bulge }).min(height * 0.5);
        let row = |down: f32| [top[0], top[1] + down, top[2] + (bottom[2] - top[2]) * down / height.max(1.0)];
        let tooth = |down: f32, share: f32| {
            if has_teeth {
                Knot::skin(row(down), lerp(upper_tex, lower_tex, share), 1.0 - 0.25 * share)
            } else {
                let light = 1.0 - 0.3 * share;
                Knot::painted(row(down), upper_tex, [196.0 * light, 180.0 * light, 166.0 * light], fade * 0.85)
            }
        };
        let dark = |down: f32, colour: [f32; 3]| Knot::painted(row(down), lower_tex, colour, fade);
        strip.push(vec![
            Knot::skin(row(0.0), upper_tex, if has_teeth { 1.0 } else { 0.6 }),
            tooth(band * 0.15, 0.1),
            tooth(band, 0.85),
            dark(band + (height - band) * 0.08, [52.0, 18.0, 18.0]),
            dark(band + (height - band) * 0.5, [44.0, 14.0, 15.0]),
            dark(band + (height - band) * 0.72, [84.0, 32.0, 33.0]),
            dark(band + (height - band) * 0.94, [92.0, 38.0, 38.0]),
            Knot::painted(row(height), lower_tex, [120.0, 60.0, 58.0], fade * 0.4),
        ]);
    }
    Some(strip)
}

fn lerp<const N: usize>(a: [f32; N], b: [f32; N], t: f32) -> [f32; N] {
    core::array::from_fn(|i| a[i] + (b[i] - a[i]) * t)
}
