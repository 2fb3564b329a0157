//! Draws textured triangles into a packed picture.

/// A picture of RGBA pixels.
#[derive(Clone)]
pub(crate) struct Texture {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<[u8; 4]>,
}

impl core::fmt::Debug for Texture {
    /// Size only: pixels of a face are personal data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Texture({}x{})", self.width, self.height)
    }
}

/// A corner of a triangle: frame px and texture px.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Corner {
    pub at: [f32; 2],
    pub tex: [f32; 2],
    /// Factor on the texture's colour.
    pub gain: f32,
    /// Share of `colour` over the texture, 0..1.
    pub cover: f32,
    /// 0..255
    pub colour: [f32; 3],
    /// Opacity over what was drawn before, 0..1.
    pub alpha: f32,
}

/// Rows and columns whose centres a triangle covers, as half-open spans; calls `draw(y, first, last)`.
pub(crate) fn spans(p: [[f32; 2]; 3], width: usize, height: usize, mut draw: impl FnMut(usize, usize, usize)) {
    let mut s = p;
    s.sort_unstable_by(|a, b| a[1].total_cmp(&b[1]).then(a[0].total_cmp(&b[0])));
    let [a, b, c] = s;
    let first = |v: f32, limit: usize| ((v - 0.5).ceil().max(0.0) as usize).min(limit);
    // Shared edges are always computed from the same two corners in the same order, so neighbours neither overlap nor leave gaps.
    let edge = |from: [f32; 2], to: [f32; 2], y: f32| from[0] + (to[0] - from[0]) * ((y - from[1]) / (to[1] - from[1]));
    for y in first(a[1], height)..first(c[1], height) {
        let centre = y as f32 + 0.5;
        let long = edge(a, c, centre);
        let short = if centre < b[1] { edge(a, b, centre) } else { edge(b, c, centre) };
        let (left, right) = if long < short { (long, short) } else { (short, long) };
        let (from, to) = (first(left, width), first(right, width));
        if from < to {
            draw(y, from, to);
        }
    }
}

/// Change of an attribute per px to the right and down, and its value at the first corner.
#[derive(Clone, Copy)]
pub(crate) struct Slope {
    origin: [f32; 2],
    value: f32,
    dx: f32,
    dy: f32,
}

impl Slope {
    /// `None` for triangles without area.
    pub(crate) fn new(p: [[f32; 2]; 3], v: [f32; 3]) -> Option<Self> {
        let (e1, e2) = ([p[1][0] - p[0][0], p[1][1] - p[0][1]], [p[2][0] - p[0][0], p[2][1] - p[0][1]]);
        let area = e1[0] * e2[1] - e1[1] * e2[0];
        if area.abs() < 1e-6 {
            return None;
        }
        let (d1, d2) = (v[1] - v[0], v[2] - v[0]);
        Some(Self { origin: p[0], value: v[0], dx: (d1 * e2[1] - d2 * e1[1]) / area, dy: (d2 * e1[0] - d1 * e2[0]) / area })
    }

    pub(crate) fn at(&self, x: usize, y: usize) -> f32 {
        self.value + self.dx * (x as f32 + 0.5 - self.origin[0]) + self.dy * (y as f32 + 0.5 - self.origin[1])
    }
}

/// Bilinear sample at texture px (pixel centres at .5), in 24.8 fixed point; outside the edge, the edge.
pub(crate) fn sample(texture: &Texture, u: i32, v: i32) -> u32 {
    let clamp = |value: i32, size: usize| value.clamp(0, (size as i32 - 1) * 256 - 1).max(0);
    let (u, v) = (clamp(u - 128, texture.width), clamp(v - 128, texture.height));
    let (fu, fv) = ((u & 255) as u32, (v & 255) as u32);
    let at = (v >> 8) as usize * texture.width + (u >> 8) as usize;
    let (below, right) = (if texture.height > 1 { texture.width } else { 0 }, usize::from(texture.width > 1));
    let pixel = |i: usize| u32::from_le_bytes(texture.pixels.get(i).copied().unwrap_or_default());
    let top = blend(pixel(at), pixel(at + right), fu);
    let bottom = blend(pixel(at + below), pixel(at + below + right), fu);
    blend(top, bottom, fv)
}

/// `a + (b - a) * f / 256` on four bytes at once.
pub(crate) fn blend(a: u32, b: u32, f: u32) -> u32 {
    const ODD: u32 = 0x00ff_00ff;
    let even = (((a & ODD) * (256 - f) + (b & ODD) * f) >> 8) & ODD;
    let odd = (((a >> 8) & ODD) * (256 - f) + ((b >> 8) & ODD) * f) & !ODD;
    even | odd
}

/// Draws a triangle of texture.
pub(crate) fn textured(target: &mut Texture, texture: &Texture, at: [[f32; 2]; 3], tex: [[f32; 2]; 3]) {
    let (Some(u), Some(v)) = (Slope::new(at, tex.map(|t| t[0])), Slope::new(at, tex.map(|t| t[1]))) else { return };
    let (width, height) = (target.width, target.height);
    let (du, dv) = ((u.dx * 256.0) as i32, (v.dx * 256.0) as i32);
    spans(at, width, height, |y, from, to| {
        let (mut tu, mut tv) = ((u.at(from, y) * 256.0) as i32, (v.at(from, y) * 256.0) as i32);
        for pixel in &mut target.pixels[y * width + from..y * width + to] {
            *pixel = sample(texture, tu, tv).to_le_bytes();
            tu += du;
            tv += dv;
        }
    });
}

/// Draws a triangle of texture under a gain and a colour, both varying across it.
pub(crate) fn shaded(target: &mut Texture, texture: &Texture, corners: [Corner; 3]) {
    let at = corners.map(|c| c.at);
    let slope = |f: fn(&Corner) -> f32| Slope::new(at, corners.each_ref().map(f));
    let (Some(u), Some(v), Some(gain), Some(cover)) = (slope(|c| c.tex[0]), slope(|c| c.tex[1]), slope(|c| c.gain), slope(|c| c.cover))
    else {
        return;
    };
    let (Some(r), Some(g), Some(b)) = (slope(|c| c.colour[0]), slope(|c| c.colour[1]), slope(|c| c.colour[2])) else { return };
    let Some(alpha) = slope(|c| c.alpha) else { return };
    let (width, height) = (target.width, target.height);
    spans(at, width, height, |y, from, to| {
        for x in from..to {
            let skin = sample(texture, (u.at(x, y) * 256.0) as i32, (v.at(x, y) * 256.0) as i32).to_le_bytes();
            let (gain, cover) = (gain.at(x, y), cover.at(x, y).clamp(0.0, 1.0));
            let mix = |below: u8, above: f32| (f32::from(below) * gain * (1.0 - cover) + above * cover).clamp(0.0, 255.0) as u8;
            let paint = u32::from_le_bytes([mix(skin[0], r.at(x, y)), mix(skin[1], g.at(x, y)), mix(skin[2], b.at(x, y)), 255]);
            let pixel = &mut target.pixels[y * width + x];
            *pixel = blend(u32::from_le_bytes(*pixel), paint, (alpha.at(x, y).clamp(0.0, 1.0) * 256.0) as u32).to_le_bytes();
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp() -> Texture {
        let pixels = (0..32_u32).flat_map(|y| (0..32_u32).map(move |x| [(x * 8) as u8, (y * 8) as u8, 7, 255])).collect();
        Texture { width: 32, height: 32, pixels }
    }

    #[test]
    fn neighbours_share_edges_without_gap_or_overlap() {
        let p = [[1.3, 2.1], [27.7, 3.9], [29.2, 28.4], [2.6, 25.5]];
        let mut count = vec![0; 32 * 32];
        for t in [[0, 1, 2], [0, 2, 3]] {
            spans(t.map(|i: usize| p[i]), 32, 32, |y, from, to| (from..to).for_each(|x| count[y * 32 + x] += 1));
        }
        assert!(count.iter().all(|c| *c <= 1), "overlap");
        let inside = (5..24).all(|y| (4..26).all(|x| count[y * 32 + x] == 1));
        assert!(inside, "gap");
    }

    #[test]
    fn unmoved_triangles_copy_the_texture() {
        let texture = ramp();
        let mut target = Texture { width: 32, height: 32, pixels: vec![[0; 4]; 1024] };
        let corners = [[0.0, 0.0], [32.0, 0.0], [32.0, 32.0], [0.0, 32.0]];
        for t in [[0, 1, 2], [0, 2, 3]] {
            textured(&mut target, &texture, t.map(|i: usize| corners[i]), t.map(|i| corners[i]));
        }
        let (x, y) = (11_usize, 20_usize);
        let [r, g, b, a] = target.pixels[y * 32 + x];
        assert!(r.abs_diff(88) <= 1 && g.abs_diff(160) <= 1 && b == 7 && a == 255, "{r} {g} {b} {a}");
    }

    #[test]
    fn shapes_outside_the_frame_are_cut() {
        let mut target = ramp();
        let far = [[-1e6, -1e6], [1e6, -50.0], [3.0, 1e6]];
        textured(&mut target, &ramp(), far, [[-1e6, 0.0], [1e6, 5.0], [1.0, 1e6]]);
        textured(&mut target, &ramp(), [[5.0, 5.0], [5.0, 5.0], [9.0, 9.0]], [[0.0, 0.0]; 3]);
        assert_eq!(target.pixels.len(), 1024, "no panic, same size");
    }
}
