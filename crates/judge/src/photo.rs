//! Photographs: find the face, decide whether it can be compared, embed it.

use faceid_vision::{DecodeError, DecodeLimits, Face, Frame, Upright, VisionError, decode, observe_still, observe_still_any_turn};
use serde::Serialize;
use thiserror::Error;

use crate::calibration::{THRESHOLDS, Thresholds};
use crate::embed::{EmbedError, Embedding};
use crate::judge::Judge;

/// Least distance between the outer eye corners, px, for a comparison. The embedding was measured to lose more than half of
/// its genuine pairs at 24 px between the eye centres (about 34 px between the outer corners), so less is refused.
pub const MIN_EYE_SPAN: f32 = 34.0;

/// Largest yaw and pitch, degrees, for a comparison: beyond it the far half of the face is hidden.
pub const MAX_TURN: f32 = 45.0;

/// Why a photograph cannot be compared. The public row depends on where the photograph came from: for the authority's own
/// photo `Format` is PHOTO_FORMAT_ERROR and the others NO_FACE_FOUND (3000); for a customer's reference photo `Format` is
/// IMAGE_ERROR_UNSUPPORTED_FORMAT or INVALID_IMAGE_SIZE by its [`DecodeError`] and the others NO_FACE_FOUND (400).
#[derive(Debug, Error)]
pub enum PhotoError {
    /// Not a readable picture within the limits.
    #[error(transparent)]
    Format(#[from] DecodeError),
    /// No face in it.
    #[error("no face in the picture")]
    NoFace,
    /// The face is too small to compare.
    #[error("the face is too small to compare: {span:.0} px between the outer eye corners, {MIN_EYE_SPAN} needed")]
    TooSmall {
        /// px
        span: f32,
    },
    /// The face is turned too far away.
    #[error("the face is turned by {degrees:.0} degrees, {MAX_TURN} allowed")]
    Turned {
        /// degrees
        degrees: f32,
    },
    /// A network failed: the picture is not to blame.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// The embedding failed: the picture is not to blame.
    #[error(transparent)]
    Embed(#[from] EmbedError),
}

/// Why two pictures could not be compared.
#[derive(Debug, Error)]
pub enum CompareError {
    /// The first picture.
    #[error("first picture: {0}")]
    First(#[source] PhotoError),
    /// The second picture.
    #[error("second picture: {0}")]
    Second(#[source] PhotoError),
}

/// How alike two faces are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    /// 0..100, larger = more likely the same person.
    pub confidence: f64,
    /// Cosine of the identity vectors, −1..1.
    pub cosine: f32,
    /// Confidence needed at each false-match rate.
    pub thresholds: Thresholds,
}

/// A face ready for comparing.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownFace {
    pub(crate) embedding: Embedding,
}

impl KnownFace {
    /// The identity vector: biometric data, for in-process use.
    #[must_use]
    pub const fn embedding(&self) -> &Embedding {
        &self.embedding
    }
}

/// Distance between the outer eye corners, px, in the picture plane.
#[must_use]
pub fn eye_span(face: &Face) -> Option<f32> {
    let (a, b) = (face.landmarks.get(33)?, face.landmarks.get(263)?);
    Some((a.x - b.x).hypot(a.y - b.y))
}

/// Can this face be compared at all?
pub(crate) fn comparable(face: &Face) -> Result<(), PhotoError> {
    let turn = face.pose.map_or(0.0, |p| p.yaw.abs().max(p.pitch.abs()));
    if turn > MAX_TURN {
        return Err(PhotoError::Turned { degrees: turn });
    }
    // the span shrinks with the cosine of yaw; what counts is the size of the face
    let foreshortening = face.pose.map_or(1.0, |p| p.yaw.to_radians().cos());
    match eye_span(face).map(|span| span / foreshortening) {
        Some(span) if span >= MIN_EYE_SPAN => Ok(()),
        Some(span) => Err(PhotoError::TooSmall { span }),
        None => Err(PhotoError::NoFace),
    }
}

impl Judge {
    /// Decodes a photograph and finds its largest face. With `multi_oriented` the picture is also tried turned by 90, 180 and
    /// 270 degrees when it shows no face as it is.
    ///
    /// # Errors
    /// [`PhotoError::Format`], [`PhotoError::NoFace`] or [`PhotoError::Vision`].
    pub fn find_face(&self, bytes: &[u8], multi_oriented: bool) -> Result<Upright, PhotoError> {
        let frame = decode(bytes, DecodeLimits::default())?;
        self.find_face_in(frame, multi_oriented)
    }

    /// As [`Self::find_face`], from pixels.
    ///
    /// # Errors
    /// [`PhotoError::NoFace`] or [`PhotoError::Vision`].
    pub fn find_face_in(&self, frame: Frame, multi_oriented: bool) -> Result<Upright, PhotoError> {
        let upright = if multi_oriented {
            observe_still_any_turn(&self.models, &frame)?
        } else {
            let observation = observe_still(&self.models, &frame)?;
            Upright { turn: faceid_vision::QuarterTurn::None, frame, observation }
        };
        if upright.observation.face.is_some() { Ok(upright) } else { Err(PhotoError::NoFace) }
    }

    /// A photograph's face, ready for any number of comparisons.
    ///
    /// # Errors
    /// [`PhotoError`].
    pub fn known_face(&self, bytes: &[u8], multi_oriented: bool) -> Result<KnownFace, PhotoError> {
        self.known_face_in(&self.find_face(bytes, multi_oriented)?)
    }

    /// As [`Self::known_face`], of a face already found.
    ///
    /// # Errors
    /// [`PhotoError`] except `Format`.
    pub fn known_face_in(&self, found: &Upright) -> Result<KnownFace, PhotoError> {
        let face = found.observation.face.as_ref().ok_or(PhotoError::NoFace)?;
        comparable(face)?;
        Ok(KnownFace { embedding: self.embedder.embed(&found.frame, face)? })
    }

    /// How alike two known faces are.
    #[must_use]
    pub fn compare(&self, a: &KnownFace, b: &KnownFace) -> Comparison {
        let cosine = a.embedding.cosine(&b.embedding);
        Comparison { confidence: self.calibration.confidence(cosine), cosine, thresholds: THRESHOLDS }
    }

    /// Compares the largest faces of two photographs, each tried in all orientations.
    ///
    /// # Errors
    /// [`CompareError`] naming the picture.
    pub fn compare_photos(&self, a: &[u8], b: &[u8]) -> Result<Comparison, CompareError> {
        let a = self.known_face(a, true).map_err(CompareError::First)?;
        let b = self.known_face(b, true).map_err(CompareError::Second)?;
        Ok(self.compare(&a, &b))
    }
}

#[cfg(test)]
mod tests {
    use faceid_vision::{BoundingBox, EyeOpenness, Point3, Pose, Quality};

    use super::*;

    fn face(span: f32, yaw: f32) -> Face {
        let mut landmarks = vec![Point3::default(); 468];
        landmarks[263].x = span;
        Face {
            bounds: BoundingBox::default(),
            presence: 1.0,
            landmarks,
            pose: Some(Pose { yaw, pitch: 0.0, roll: 0.0 }),
            eyes: EyeOpenness::default(),
            mouth: None,
            quality: Quality::default(),
        }
    }

    #[test]
    fn small_and_turned_faces_are_refused() {
        assert!(comparable(&face(60.0, 0.0)).is_ok(), "usual");
        assert!(matches!(comparable(&face(20.0, 0.0)), Err(PhotoError::TooSmall { .. })), "small");
        assert!(matches!(comparable(&face(60.0, -50.0)), Err(PhotoError::Turned { .. })), "turned");
        assert!(comparable(&face(30.0, 40.0)).is_ok(), "a turned face of 39 px is large enough");
        let mut none = face(60.0, 0.0);
        none.landmarks.clear();
        assert!(matches!(comparable(&none), Err(PhotoError::NoFace)), "no landmarks");
    }
}
