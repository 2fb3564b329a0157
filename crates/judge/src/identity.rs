//! One person throughout: the face of every step against the face of the best frame.

use faceid_vision::Face;

use crate::embed::{EmbedError, Embedder, Embedding};
use crate::observe::Seen;
use crate::photo::eye_span;

/// Most frames of a step that are embedded.
const FRAMES_PER_STEP: usize = 3;

/// Largest yaw and pitch, degrees, at which a video frame tells who it is.
const MAX_TURN: f32 = 25.0;

/// Least distance between the outer eye corners, px, of a video frame that tells who it is.
const MIN_EYE_SPAN: f32 = 34.0;

/// Least sharpness ([`faceid_vision::Quality::sharpness`]) of a video frame that tells who it is.
const MIN_SHARPNESS: f32 = 8.0;

/// What the frames of one step say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Likeness {
    /// Cosines to the reference over the embedded frames.
    Measured {
        /// The frame that looks second least like them, or the only one: a single frame may be caught turned, blurred or with an open mouth,
        /// somebody else is there in all of them.
        low: f32,
        /// The frame that shows them best.
        most: f32,
    },
    /// No frame was frontal, large and sharp enough.
    NotMeasured,
}

/// Does this frame show the face well enough to tell who it is?
pub(crate) fn tells_identity(face: &Face) -> bool {
    let frontal = face.pose.is_some_and(|p| p.yaw.abs() <= MAX_TURN && p.pitch.abs() <= MAX_TURN);
    let large = eye_span(face).is_some_and(|span| span >= MIN_EYE_SPAN);
    let sharp = face.quality.sharpness.is_some_and(|s| s >= MIN_SHARPNESS);
    frontal && large && sharp
}

/// Embeds first, middle and last of the usable frames and compares each with `reference`.
pub(crate) fn likeness(embedder: &Embedder, seen: &[Seen], reference: &Embedding) -> Result<Likeness, EmbedError> {
    let usable: Vec<_> = seen.iter().filter_map(|s| Some((s, s.face().filter(|f| tells_identity(f))?))).collect();
    let mut cosines = Vec::with_capacity(FRAMES_PER_STEP);
    for index in spread(usable.len(), FRAMES_PER_STEP) {
        let (seen, face) = usable[index];
        cosines.push(embedder.embed(&seen.frame, face)?.cosine(reference));
    }
    Ok(summary(cosines))
}

fn summary(mut cosines: Vec<f32>) -> Likeness {
    cosines.sort_by(f32::total_cmp);
    match (cosines.get(1).or_else(|| cosines.first()), cosines.last()) {
        (Some(&low), Some(&most)) => Likeness::Measured { low, most },
        (None, _) | (_, None) => Likeness::NotMeasured,
    }
}

/// At most `count` different indices below `len`, evenly spread, first and last included.
pub(crate) fn spread(len: usize, count: usize) -> Vec<usize> {
    if len <= count {
        return (0..len).collect();
    }
    (0..count).map(|i| i * (len - 1) / (count - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_odd_frame_is_no_other_person_and_two_are() {
        assert_eq!(summary(vec![0.96, 0.80, 0.97]), Likeness::Measured { low: 0.96, most: 0.97 }, "one odd frame");
        assert_eq!(summary(vec![0.81, 0.80, 0.97]), Likeness::Measured { low: 0.81, most: 0.97 }, "two of three");
        assert_eq!(summary(vec![0.80]), Likeness::Measured { low: 0.80, most: 0.80 }, "the only one");
        assert_eq!(summary(Vec::new()), Likeness::NotMeasured, "none");
    }

    #[test]
    fn indices_are_spread() {
        assert_eq!(spread(0, 3), [0; 0], "none");
        assert_eq!(spread(2, 3), [0, 1], "all");
        assert_eq!(spread(13, 3), [0, 6, 12], "ends and middle");
    }
}
