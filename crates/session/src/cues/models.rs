//! Three explanations of how points moved between two pictures, each fitted by least squares: a similarity, a homography, a rigid head.

use nalgebra::{Matrix2x3, Matrix3, OMatrix, OVector, Rotation3, U4, U6, U8, Vector2, Vector3};

/// A point's place in two pictures, its depth in the first (same unit, larger = nearer to the camera), and its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moved {
    pub(super) from: Vector2<f64>,
    pub(super) to: Vector2<f64>,
    pub(super) depth: f64,
    pub(super) weight: f64,
}

/// Root-mean-square distance between `to` and what `of` makes of each point.
fn residual(points: &[Moved], of: impl Fn(&Moved) -> Vector2<f64>) -> f64 {
    let total: f64 = points.iter().map(|p| p.weight).sum();
    (points.iter().map(|p| (of(p) - p.to).norm_squared() * p.weight).sum::<f64>() / total).sqrt()
}

/// Shift, turn and size in the picture plane (4 unknowns).
pub(super) fn similarity(points: &[Moved]) -> Option<f64> {
    let mut normal = OMatrix::<f64, U4, U4>::zeros();
    let mut right = OVector::<f64, U4>::zeros();
    for p in points {
        let (x, y) = (p.from.x, p.from.y);
        for (row, value) in [([x, -y, 1.0, 0.0], p.to.x), ([y, x, 0.0, 1.0], p.to.y)] {
            let row = OVector::<f64, U4>::from(row);
            normal += row * row.transpose() * p.weight;
            right += row * value * p.weight;
        }
    }
    let s = normal.cholesky()?.solve(&right);
    let at = |p: &Moved| Vector2::new(s[0] * p.from.x - s[1] * p.from.y + s[2], s[1] * p.from.x + s[0] * p.from.y + s[3]);
    Some(residual(points, at)).filter(|r| r.is_finite())
}

/// Any view of a plane seen in any other view (8 unknowns): direct linear transform, then re-weighted by the denominators so that the error is
/// one of distance (Hartley and Zisserman, Multiple View Geometry, 2nd ed., 4.1 to 4.4).
pub(super) fn homography(points: &[Moved]) -> Option<f64> {
    let mut h = OVector::<f64, U8>::zeros();
    for _ in 0..3 {
        let mut normal = OMatrix::<f64, U8, U8>::zeros();
        let mut right = OVector::<f64, U8>::zeros();
        for p in points {
            let (x, y) = (p.from.x, p.from.y);
            let weight = p.weight / (1.0 + h[6] * x + h[7] * y).powi(2).max(1e-3);
            let rows = [
                ([x, y, 1.0, 0.0, 0.0, 0.0, -x * p.to.x, -y * p.to.x], p.to.x),
                ([0.0, 0.0, 0.0, x, y, 1.0, -x * p.to.y, -y * p.to.y], p.to.y),
            ];
            for (row, value) in rows {
                let row = OVector::<f64, U8>::from(row);
                normal += row * row.transpose() * weight;
                right += row * value * weight;
            }
        }
        h = normal.cholesky()?.solve(&right);
    }
    let at = |p: &Moved| {
        let w = 1.0 + h[6] * p.from.x + h[7] * p.from.y;
        Vector2::new(h[0] * p.from.x + h[1] * p.from.y + h[2], h[3] * p.from.x + h[4] * p.from.y + h[5]) / w
    };
    Some(residual(points, at)).filter(|r| r.is_finite())
}

/// A rigid body with the given depths, turned in space and seen from `distance` (6 unknowns): Gauss-Newton over turn, shift and size, from
/// every start in `starts` (degrees of yaw and pitch), because a turn to one side and to the other can look alike.
pub(super) fn rigid(points: &[Moved], distance: f64, starts: &[(f64, f64)]) -> Option<f64> {
    let fits = starts.iter().filter_map(|(yaw, pitch)| rigid_from(points, distance, *yaw, *pitch));
    fits.min_by(f64::total_cmp)
}

fn rigid_from(points: &[Moved], distance: f64, yaw: f64, pitch: f64) -> Option<f64> {
    let total: f64 = points.iter().map(|p| p.weight).sum();
    let body = |p: &Moved| {
        // The first picture is itself a view from that distance.
        let near = 1.0 - p.depth / distance;
        Vector3::new(p.from.x * near, p.from.y * near, p.depth)
    };
    let mut turn = Rotation3::from_euler_angles(pitch.to_radians(), yaw.to_radians(), 0.0).into_inner();
    let mut size = 1.0;
    let mut shift = points.iter().map(|p| (p.to - p.from) * p.weight).sum::<Vector2<f64>>() / total;
    let mut best = f64::INFINITY;
    for _ in 0..12 {
        let view = |p: &Moved, turn: &Matrix3<f64>, size: f64, shift: Vector2<f64>| {
            let v = turn * body(p);
            let near = size / (1.0 - v.z / distance).max(0.2);
            (Vector2::new(v.x, v.y) * near + shift, v, near)
        };
        best = best.min(residual(points, |p| view(p, &turn, size, shift).0));
        let mut normal = OMatrix::<f64, U6, U6>::identity() * 1e-9;
        let mut right = OVector::<f64, U6>::zeros();
        for p in points {
            let (at, v, near) = view(p, &turn, size, shift);
            // Of the place by the turned point: x and y scale with nearness, and nearness grows with z.
            let grow = near / (1.0 - v.z / distance).max(0.2) / distance;
            let by_point = Matrix2x3::new(near, 0.0, v.x * grow, 0.0, near, v.y * grow);
            let by_turn = by_point * -v.cross_matrix();
            let error = p.to - at;
            for axis in 0..2 {
                let scaled = [v.x, v.y][axis] * near / size;
                let unit = [[1.0, 0.0], [0.0, 1.0]][axis];
                let row = OVector::<f64, U6>::from([by_turn[(axis, 0)], by_turn[(axis, 1)], by_turn[(axis, 2)], scaled, unit[0], unit[1]]);
                normal += row * row.transpose() * p.weight;
                right += row * error[axis] * p.weight;
            }
        }
        let step = normal.cholesky()?.solve(&right);
        turn = Rotation3::new(Vector3::new(step[0], step[1], step[2])).into_inner() * turn;
        size = (size + step[3]).clamp(0.2, 5.0);
        shift += Vector2::new(step[4], step[5]);
        if step.norm() < 1e-9 {
            break;
        }
    }
    Some(best).filter(|r| r.is_finite())
}
