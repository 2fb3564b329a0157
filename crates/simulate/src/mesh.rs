//! The portrait's points joined into triangles: the face, rings of points for hair, ears and neck, and the fixed border.

use crate::{
    portrait::{Portrait, bounds},
    topology::{CHIN, EARS, EYE_OUTER_LEFT, EYE_OUTER_RIGHT, LIP_LOWER, LIP_UPPER, OVAL},
};
use delaunator::{Point, triangulate};

/// A point of the mesh at rest, portrait px; z smaller = nearer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vertex {
    pub rest: [f32; 3],
    /// Where on the portrait it is, px.
    pub tex: [f32; 2],
    /// Share of the head's movement that this point follows, 0..1.
    pub follow: f32,
    /// Share of the jaw's drop that it follows, 0..1.
    pub jaw: f32,
    /// How far it moves to the right when the mouth opens wide, px: the lips of an open mouth are rounder than a smile's.
    pub round: f32,
    /// How far a broad smile moves it to the right and down, px.
    pub smile: [f32; 2],
}

/// Measures of the face at rest that the deformation is scaled by, portrait px.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    /// Distance between the outer eye corners.
    pub eyes: f32,
    /// Height of the landmarks' box.
    pub face: f32,
    /// What the head turns about: between the ears.
    pub pivot: [f32; 3],
    /// Camera distance for perspective.
    pub camera: f32,
    /// How far the jaw rises so that a mouth that smiles with its teeth on the photograph is shut at rest.
    pub shut: f32,
}

#[derive(Debug)]
pub(crate) struct Mesh {
    pub vertices: Vec<Vertex>,
    /// Corners, all in the same sense of rotation at rest.
    pub triangles: Vec<[usize; 3]>,
    pub scale: Scale,
}

/// Rings around the face: distance / distance of the outline from the centre, and how much the ring follows the head upwards and
/// sideways (hair, ears) and downwards (neck and chest stay with the body).
const RINGS: [(f32, f32, f32); 6] =
    [(1.1, 1.0, 0.85), (1.25, 1.0, 0.5), (1.42, 0.92, 0.25), (1.65, 0.7, 0.12), (2.0, 0.35, 0.04), (2.5, 0.1, 0.0)];
/// Gap between the inner lips that is left of a smile / distance between the outer eye corners.
pub(crate) const SHUT_GAP: f32 = 0.03;
/// Share of its width by which a wide-open mouth is narrower than a shut one.
const ROUND: f32 = 0.36;
/// Half of the width of the mouth that a broad smile adds on each side, and how far its corners rise / half of the mouth's width.
const SMILE: [f32; 2] = [0.24, 0.22];
/// Points per side of the border.
const BORDER: usize = 12;

impl Mesh {
    pub(crate) fn new(portrait: &Portrait) -> Self {
        let points = &portrait.landmarks;
        let [width, height] = portrait.size().map(|v| v as f32);
        // invariant: a Portrait always holds 468 finite landmarks, so the fallback is never taken.
        let (low, high) = bounds(points).unwrap_or(([0.0; 2], [width, height]));
        let face = high[1] - low[1];
        let centre = [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0];
        let ears = EARS.map(|i| points[i]);
        let pivot = [(ears[0][0] + ears[1][0]) / 2.0, centre[1] + 0.1 * face, (ears[0][2] + ears[1][2]) / 2.0];
        let (right, left) = (points[EYE_OUTER_RIGHT], points[EYE_OUTER_LEFT]);
        let eyes = (left[0] - right[0]).hypot(left[1] - right[1]).max(1.0);
        // A person at arm's length from a webcam: about four heights of the landmarks' box away.
        let middle = LIP_UPPER.len() / 2;
        let gap = points[LIP_LOWER[middle]][1] - points[LIP_UPPER[middle]][1];
        let scale = Scale { eyes, face, pivot, camera: 4.0 * face, shut: (gap - SHUT_GAP * eyes).max(0.0) };

        let jaw = Jaw::new(points);
        let mut vertices: Vec<Vertex> = points
            .iter()
            .enumerate()
            .map(|(i, p)| Vertex {
                rest: *p,
                tex: [p[0], p[1]],
                follow: 1.0,
                jaw: jaw.weight(i, *p),
                round: jaw.round(*p),
                smile: jaw.smile(*p),
            })
            .collect();
        for (distance, up, down) in RINGS {
            for i in OVAL {
                let p = points[i];
                let spoke = [(p[0] - centre[0]) * distance, (p[1] - centre[1]) * distance];
                let [x, y] = [centre[0] + spoke[0], centre[1] + spoke[1]];
                if x < 4.0 || y < 4.0 || x > width - 4.0 || y > height - 4.0 {
                    continue;
                }
                // 0 above the ears' height, 1 straight below the chin.
                let below = (spoke[1] / spoke[0].hypot(spoke[1]).max(1.0)).clamp(0.0, 1.0);
                let follow = up + (down - up) * below * below;
                // The skull recedes from the outline towards the ears' depth and stays there.
                let z = p[2] + (pivot[2] - p[2]) * ((distance - 1.0) / 0.4).min(1.0);
                let jaw = jaw.weight(i, p) * (1.0 - (distance - 1.0) / 0.5).clamp(0.0, 1.0);
                vertices.push(Vertex { rest: [x, y, z], tex: [x, y], follow, jaw, round: 0.0, smile: [0.0; 2] });
            }
        }
        for i in 0..BORDER {
            let along = i as f32 / BORDER as f32;
            for [x, y] in [[along * width, 0.0], [width, along * height], [(1.0 - along) * width, height], [0.0, (1.0 - along) * height]] {
                vertices.push(Vertex { rest: [x, y, pivot[2]], tex: [x, y], follow: 0.0, jaw: 0.0, round: 0.0, smile: [0.0; 2] });
            }
        }
        let flat: Vec<Point> = vertices.iter().map(|v| Point { x: f64::from(v.rest[0]), y: f64::from(v.rest[1]) }).collect();
        let triangles = triangulate(&flat).triangles.chunks_exact(3).map(|t| [t[0], t[1], t[2]]).collect();
        Self { vertices, triangles, scale }
    }
}

/// Which points go down with the jaw.
pub(crate) struct Jaw {
    /// Middle between the lips per column, left to right in the picture.
    line: Vec<[f32; 2]>,
    centre: [f32; 2],
    half_width: f32,
    chin: f32,
}

impl Jaw {
    pub(crate) fn new(points: &[[f32; 3]]) -> Self {
        let line: Vec<[f32; 2]> = LIP_UPPER
            .iter()
            .zip(LIP_LOWER)
            .map(|(u, l)| [(points[*u][0] + points[l][0]) / 2.0, (points[*u][1] + points[l][1]) / 2.0])
            .collect();
        let (first, last) = (line[0], line[line.len() - 1]);
        Self {
            centre: [(first[0] + last[0]) / 2.0, (first[1] + last[1]) / 2.0],
            half_width: ((last[0] - first[0]) / 2.0).abs().max(1.0),
            chin: points[CHIN][1],
            line,
        }
    }

    pub(crate) fn weight(&self, index: usize, p: [f32; 3]) -> f32 {
        if LIP_UPPER[1..10].contains(&index) {
            return 0.0;
        }
        let across = ((p[0] - self.centre[0]) / self.half_width).abs();
        // Full under the middle of the mouth, a third at its corners.
        let lens = |a: f32| 1.0 - 0.62 * a.min(1.0).powi(3);
        if LIP_LOWER.contains(&index) {
            return lens(across);
        }
        let drop = (p[1] - self.height_at(p[0])) / (self.chin - self.centre[1]).max(1.0);
        if across < 1.15 {
            // Within the lips' columns the lips part: nothing above the line moves.
            return if drop <= 0.0 { 0.0 } else { lens(across).max(drop.min(1.0)) };
        }
        let smooth = ((drop + 0.25) / 1.0).clamp(0.0, 1.0);
        smooth * smooth * (3.0 - 2.0 * smooth) * (1.0 - ((across - 1.15) / 3.0).clamp(0.0, 0.5))
    }

    /// Pull of the lips and the skin around them towards the middle, fading out over the cheeks.
    pub(crate) fn round(&self, p: [f32; 3]) -> f32 {
        let across = p[0] - self.centre[0];
        let beyond = (across.abs() / self.half_width - 1.0).max(0.0) / 1.2;
        let away = (p[1] - self.height_at(p[0])).abs() / (self.chin - self.centre[1]).max(1.0);
        -across * ROUND * (1.0 - beyond).max(0.0) * (1.0 - away).max(0.0)
    }

    /// Pull of a smile: outwards and up at the corners of the mouth, fading over lips and cheeks.
    pub(crate) fn smile(&self, p: [f32; 3]) -> [f32; 2] {
        let across = (p[0] - self.centre[0]) / self.half_width;
        let away = ((p[1] - self.height_at(p[0])) / (self.chin - self.centre[1]).max(1.0)).abs();
        let reach = if across.abs() <= 1.0 { across.abs() } else { (1.0 - (across.abs() - 1.0) / 1.3).max(0.0) };
        let share = reach * (1.0 - away).max(0.0) * self.half_width;
        [SMILE[0] * share * across.signum(), -SMILE[1] * share * reach]
    }

    /// Height of the line between the lips at a column; beyond the corners, that of the corner.
    fn height_at(&self, x: f32) -> f32 {
        let nearest = self.line.iter().min_by(|a, b| (a[0] - x).abs().total_cmp(&(b[0] - x).abs()));
        nearest.map_or(self.centre[1], |p| p[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::portrait::tests::grey;

    #[test]
    fn triangles_cover_the_picture_once() {
        let portrait = grey();
        let mesh = Mesh::new(&portrait);
        let area: f32 = mesh
            .triangles
            .iter()
            .map(|t| {
                let [a, b, c] = t.map(|i| mesh.vertices[i].rest);
                ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])) / 2.0
            })
            .inspect(|a| assert!(*a <= 0.0 || *a > 0.0, "a number"))
            .map(f32::abs)
            .sum();
        let [w, h] = portrait.size().map(|v| v as f32);
        assert!((area / (w * h) - 1.0).abs() < 1e-3, "area {area} of {}", w * h);
    }

    #[test]
    fn border_is_fixed_and_face_follows() {
        let mesh = Mesh::new(&grey());
        assert!(mesh.vertices[..468].iter().all(|v| v.follow == 1.0), "face");
        assert!(mesh.vertices.iter().rev().take(4 * BORDER).all(|v| v.follow == 0.0 && v.jaw == 0.0), "border");
        assert!(mesh.vertices.iter().all(|v| (0.0..=1.0).contains(&v.jaw)), "jaw weights");
    }
}
