//! Moves points of the head in depth and projects them.

use crate::{
    camera::Placement,
    mesh::{Scale, Vertex},
    persona::Truth,
};

/// The movement of one frame, ready to apply to points.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Motion {
    scale: Scale,
    rows: [[f32; 3]; 3],
    shift: [f32; 2],
    size: f32,
    /// px the jaw drops; negative while it shuts a mouth that the photograph shows open
    drop: f32,
    /// 0..1
    opening: f32,
    /// 0..1
    smile: f32,
}

/// Jaw drop of a wide-open mouth / distance between the outer eye corners.
const JAW_DROP: f32 = 0.38;

impl Motion {
    pub(crate) fn new(truth: &Truth, scale: Scale) -> Self {
        Self {
            scale,
            rows: rotation(truth),
            shift: [truth.x as f32 * scale.face, truth.y as f32 * scale.face],
            size: truth.scale as f32,
            drop: truth.mouth_opening as f32 * JAW_DROP * scale.eyes - scale.shut,
            opening: truth.mouth_opening as f32,
            smile: truth.smile as f32,
        }
    }

    /// The point with the jaw dropped, the lips rounded and the corners of the mouth drawn up by its share, head still at rest.
    pub(crate) fn express(&self, v: &Vertex) -> [f32; 3] {
        let [wide, up] = v.smile;
        // Lips do not get rounder than round.
        let open = self.opening.clamp(0.0, 1.0);
        [v.rest[0] + v.round * open + wide * self.smile, v.rest[1] + v.jaw * self.drop + up * self.smile, v.rest[2]]
    }

    /// A point of a head with real depth, turned about the pivot (px from it), with the head's size and its shift (px).
    pub(crate) fn turn(&self, p: [f32; 3]) -> ([f32; 3], f32, [f32; 2]) {
        let pivot = self.scale.pivot;
        (self.turned([p[0] - pivot[0], p[1] - pivot[1], p[2] - pivot[2]]), self.size, self.shift)
    }

    /// A direction turned with the head.
    pub(crate) fn turned(&self, v: [f32; 3]) -> [f32; 3] {
        self.rows.map(|r| r[0] * v[0] + r[1] * v[1] + r[2] * v[2])
    }

    /// Turns an expressed point with the head and projects it: frame px, and depth in portrait px.
    pub(crate) fn project(&self, p: [f32; 3], follow: f32, place: &Placement) -> [f32; 3] {
        let Scale { pivot, camera, .. } = self.scale;
        if follow <= 0.0 {
            let [x, y] = place.map(p[0], p[1]);
            return [x, y, p[2]];
        }
        // The portrait is itself a projection: undo it at rest depth, turn, project again.
        let depth = (camera + p[2] - pivot[2]) / camera;
        let v = [(p[0] - pivot[0]) * depth, (p[1] - pivot[1]) * depth, p[2] - pivot[2]];
        let t = self.rows.map(|r| r[0] * v[0] + r[1] * v[1] + r[2] * v[2]);
        let near = self.size * camera / (camera + t[2]).max(camera * 0.2);
        let moved = [pivot[0] + t[0] * near + self.shift[0], pivot[1] + t[1] * near + self.shift[1], pivot[2] + t[2]];
        let mix = |axis: usize| p[axis] + (moved[axis] - p[axis]) * follow;
        let [x, y] = place.map(mix(0), mix(1));
        [x, y, mix(2)]
    }
}

/// Rotation of the head: rows of a matrix on x right, y down, z away. Signs as in `faceid_vision::Pose`; so is the order: roll after yaw
/// after pitch.
pub(crate) fn rotation(truth: &Truth) -> [[f32; 3]; 3] {
    let (ys, yc) = (truth.yaw.to_radians() as f32).sin_cos();
    let (ps, pc) = (truth.pitch.to_radians() as f32).sin_cos();
    let (rs, rc) = (truth.roll.to_radians() as f32).sin_cos();
    let yaw = [[yc, 0.0, -ys], [0.0, 1.0, 0.0], [ys, 0.0, yc]];
    let pitch = [[1.0, 0.0, 0.0], [0.0, pc, ps], [0.0, -ps, pc]];
    let roll = [[rc, -rs, 0.0], [rs, rc, 0.0], [0.0, 0.0, 1.0]];
    product(&roll, &product(&yaw, &pitch))
}

fn product(a: &[[f32; 3]; 3], b: &[[f32; 3]; 3]) -> [[f32; 3]; 3] {
    core::array::from_fn(|i| core::array::from_fn(|j| (0..3).map(|k| a[i][k] * b[k][j]).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Placement = Placement { scale: 1.0, offset: [0.0, 0.0] };
    const SCALE: Scale = Scale { eyes: 80.0, face: 200.0, pivot: [100.0, 100.0, 0.0], camera: 560.0, shut: 0.0 };

    fn truth() -> Truth {
        Truth::rest(0.0)
    }

    /// Where a nose tip goes, relative to rest.
    fn nose(truth: Truth) -> [f32; 3] {
        let p = Motion::new(&truth, SCALE).project([100.0, 100.0, -60.0], 1.0, &PLACE);
        [p[0] - 100.0, p[1] - 100.0, p[2] + 60.0]
    }

    #[test]
    fn rest_is_the_portrait() {
        let p = Motion::new(&truth(), SCALE).project([37.0, 151.0, -25.0], 1.0, &PLACE);
        assert!((p[0] - 37.0).abs() < 1e-3 && (p[1] - 151.0).abs() < 1e-3, "{p:?}");
    }

    #[test]
    fn signs_are_those_of_the_pose() {
        assert!(nose(Truth { yaw: 20.0, ..truth() })[0] > 15.0, "own left is right in the picture");
        assert!(nose(Truth { pitch: 20.0, ..truth() })[1] < -15.0, "chin up is up");
        let ear = Motion::new(&Truth { roll: 20.0, ..truth() }, SCALE).project([160.0, 100.0, 0.0], 1.0, &PLACE);
        assert!(ear[1] > 115.0, "clockwise takes the right side down");
    }

    #[test]
    fn the_background_stays() {
        let p = Motion::new(&Truth { yaw: 30.0, x: 0.1, ..truth() }, SCALE).project([5.0, 6.0, 0.0], 0.0, &PLACE);
        assert_eq!(p, [5.0, 6.0, 0.0], "follow 0");
    }
}
