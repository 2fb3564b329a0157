//! Pixels to observation: detector, landmarks, pose, eye and mouth openness, quality.
#![forbid(unsafe_code)]
