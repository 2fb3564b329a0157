//! The landmarks that anything reads, in one place.

/// Every landmark index that pose, eyes, mouth and the crop's rotation read, ascending. A compact network need only place these well; the
/// others only draw the face's box and outline. Session and judge must not read others.
pub const LANDMARKS_IN_USE: [usize; 46] = [
    1, 2, 4, 5, 6, 8, 9, 10, 13, 14, 33, 54, 67, 82, 87, 117, 127, 129, 133, 143, 144, 145, 151, 153, 158, 159, 160, 168, 195, 197, 263,
    284, 297, 312, 317, 346, 356, 358, 362, 372, 373, 374, 380, 385, 386, 387,
];

/// Every landmark that the page's network places, ascending: [`LANDMARKS_IN_USE`], and those that bound the face's box. The latter are the face oval
/// and whatever is one of the two outermost vertices of the canonical face, to any side, turned by up to 50, 40 and 40 degrees (yaw, pitch, roll) at 30 cm
/// and more. The build cuts the others out of the network's last layer (`cargo xtask web`), which is two thirds of its weights.
pub const LANDMARKS_IN_PAGE: [usize; 153] = include!("page_landmarks.json");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        measure,
        observation::{Point3, Pose},
        params::Params,
        pose,
        roi::Roi,
        synthetic,
    };

    /// Pose, eyes, mouth and rotation of the region, as one comparable text.
    fn all(landmarks: &[Point3]) -> String {
        let geometry = synthetic::geometry();
        let Some(fit) = pose::fit(&geometry, landmarks) else { panic!("fits") };
        let (pose, params) = (fit.pose(), Params::default());
        let (eyes, mouth) = (measure::eyes(landmarks, &fit, pose, &params), measure::mouth(landmarks, &fit, pose, &params));
        format!("{fit:?} {eyes:?} {mouth:?} {:?}", Roi::from_landmarks(landmarks, 1.5).map(|roi| roi.rotation))
    }

    #[test]
    fn measures_read_these_and_no_others() {
        let face = synthetic::landmarks(synthetic::geometry().vertices(), Pose { yaw: 10.0, pitch: 5.0, roll: 3.0 }, 20.0, 300.0, 300.0);
        let before = all(&face);
        for index in 0..face.len() {
            let mut moved = face.clone();
            moved[index].x += 30.0;
            moved[index].y -= 10.0;
            assert_eq!(all(&moved) != before, LANDMARKS_IN_USE.contains(&index), "landmark {index}");
        }
        assert!(LANDMARKS_IN_USE.windows(2).all(|pair| pair[0] < pair[1]), "ascending");
        assert!(LANDMARKS_IN_PAGE.windows(2).all(|pair| pair[0] < pair[1]), "ascending");
        assert!(LANDMARKS_IN_USE.iter().all(|index| LANDMARKS_IN_PAGE.contains(index)), "the page places what is read");
    }
}
