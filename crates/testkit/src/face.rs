use faceid_vision::{BoundingBox, EyeOpenness, Face, Observation, Point3, Pose, Quality};

/// Number of landmarks, MediaPipe face-mesh order.
const POINTS: usize = 468;
/// Frame size of every synthetic observation, px.
const FRAME: [u32; 2] = [640, 480];

/// A face made of numbers: what the networks would measure of a person in this posture, without the networks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SyntheticFace {
    /// A face is in view.
    pub present: bool,
    /// Faces the detector counts.
    pub count: u32,
    /// Degrees, conventions of [`Pose`].
    pub yaw: f32,
    /// Degrees.
    pub pitch: f32,
    /// Degrees.
    pub roll: f32,
    /// Openness of the subject's left eye.
    pub left: f32,
    /// Openness of the subject's right eye.
    pub right: f32,
    /// Lip gap / outer eye distance.
    pub mouth: f32,
    /// Width of the inner upper lip between its half-way points (82, 312) / outer eye distance.
    pub lips: f32,
    /// Centre, px.
    pub x: f32,
    /// Centre, px.
    pub y: f32,
    /// Height, px.
    pub height: f32,
    /// Mean luma of the face, 0..1.
    pub luma: f32,
    /// Sharpness as in vision's quality.
    pub sharpness: f32,
    /// Which head: 0 is the person, others have other proportions.
    pub head: f32,
    /// Pose, eyes and mouth can be measured.
    pub measured: bool,
}

impl Default for SyntheticFace {
    /// Neutral, well placed, well lit.
    fn default() -> Self {
        Self {
            present: true,
            count: 1,
            yaw: 0.0,
            pitch: 0.0,
            roll: 0.0,
            left: 1.0,
            right: 1.0,
            mouth: 0.02,
            lips: 0.13,
            x: 320.0,
            y: 240.0,
            height: 230.0,
            luma: 0.5,
            sharpness: 150.0,
            head: 0.0,
            measured: true,
        }
    }
}

/// Named points in face heights from the centre (x right, y down, z towards the camera negative): index, x, y, z.
const NAMED: [(usize, f32, f32, f32); 12] = [
    (33, -0.26, -0.15, -0.18),
    (263, 0.26, -0.15, -0.18),
    (133, -0.11, -0.14, -0.20),
    (362, 0.11, -0.14, -0.20),
    (168, 0.0, -0.17, -0.30),
    (4, 0.0, 0.03, -0.44),
    (10, 0.0, -0.48, -0.25),
    (127, -0.43, -0.15, 0.14),
    (356, 0.43, -0.15, 0.14),
    (1, 0.0, 0.06, -0.43),
    (152, 0.0, 0.5, -0.24),
    (9, 0.0, -0.28, -0.31),
];
/// Outer eye distance in face heights, as in [`NAMED`].
const EYES: f32 = 0.52;

impl SyntheticFace {
    /// What vision would report.
    #[must_use]
    pub fn observation(&self) -> Observation {
        Observation {
            faces_detected: Some(if self.present { self.count } else { 0 }),
            face: self.present.then(|| self.face()),
            reacquired: false,
            frame_size: FRAME,
        }
    }

    fn face(&self) -> Face {
        let eye = |open: f32| self.measured.then_some(open);
        let width = self.height * 0.8;
        let shorter = FRAME[1] as f32;
        let (dx, dy) = (self.x - FRAME[0] as f32 / 2.0, self.y - shorter / 2.0);
        Face {
            bounds: BoundingBox { x: self.x - width / 2.0, y: self.y - self.height / 2.0, width, height: self.height },
            presence: 0.99,
            landmarks: self.landmarks(),
            pose: self.measured.then_some(Pose { yaw: self.yaw, pitch: self.pitch, roll: self.roll }),
            eyes: EyeOpenness { left: eye(self.left), right: eye(self.right) },
            mouth: eye(self.mouth),
            quality: Quality {
                luma: Some(self.luma),
                contrast: Some(0.15),
                over_exposed: Some(0.0),
                under_exposed: Some(0.0),
                back_light: Some(0.0),
                sharpness: Some(self.sharpness),
                face_ratio: Some(self.height / shorter),
                centre_offset: Some((dx * dx + dy * dy).sqrt() / shorter),
                eyes_visible: Some(0.9),
                mouth_visible: Some(0.9),
            },
        }
    }

    fn landmarks(&self) -> Vec<Point3> {
        let mut local: Vec<[f32; 3]> = (0..POINTS)
            .map(|i| {
                let (t, turn) = (i as f32 / POINTS as f32, i as f32 * 2.4);
                let radius = (1.0 - t * t).sqrt();
                [0.40 * radius * turn.cos(), 0.48 * radius * turn.sin(), -0.3 * t]
            })
            .collect();
        // Another head: longer nose, narrower eyes, broader temples.
        let (stretch, narrow) = (1.0 + 0.35 * self.head, 1.0 - 0.25 * self.head);
        for (i, x, y, z) in NAMED {
            let x = if i == 133 || i == 362 { x / narrow } else { x };
            let (x, y) = if i == 127 || i == 356 { (x * stretch, y) } else { (x, y) };
            let (y, z) = if i == 4 || i == 10 { (y * stretch, z * stretch) } else { (y, z) };
            local[i] = [x, y, z];
        }
        let (gap, lips) = (self.mouth * EYES, self.lips * EYES);
        let lip = [(13, 0.0, -0.5), (14, 0.0, 0.5), (82, -0.5, -0.5), (87, -0.5, 0.5), (312, 0.5, -0.5), (317, 0.5, 0.5)];
        for (i, x, y) in lip.map(|(i, x, y)| (i, x * lips, y * gap)) {
            local[i] = [x, 0.24 + y, -0.33];
        }
        let (sy, cy) = self.yaw.to_radians().sin_cos();
        let (sp, cp) = self.pitch.to_radians().sin_cos();
        local
            .into_iter()
            .map(|[x, y, z]| {
                // Chin up moves points near the camera (negative z) up (negative y); a turn to the subject's left moves them right.
                let (y, z) = (y * cp + z * sp, z * cp - y * sp);
                let (x, z) = (x * cy - z * sy, z * cy + x * sy);
                Point3 { x: self.x + self.height * x, y: self.y + self.height * y, z: self.height * z }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turning_moves_the_nose_the_documented_way() {
        let nose = |face: SyntheticFace| face.observation().face.map(|f| f.landmarks[4]).unwrap_or_default();
        let neutral = nose(SyntheticFace::default());
        assert!(nose(SyntheticFace { yaw: 20.0, ..Default::default() }).x > neutral.x, "positive yaw: towards the right of the picture");
        assert!(nose(SyntheticFace { pitch: 20.0, ..Default::default() }).y < neutral.y, "positive pitch: chin up");
    }

    #[test]
    fn an_absent_face_is_none() {
        let away = SyntheticFace { present: false, ..Default::default() }.observation();
        assert_eq!((away.faces_detected, away.face), (Some(0), None));
    }
}
