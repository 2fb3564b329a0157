//! What the standard library leaves to each platform, from one library: the same bits in the page and on the server. A last bit that differs here moves
//! the picture that the landmark network sees, and that is where the next frame looks for the face.

/// Radians.
pub(crate) fn sin_cos(angle: f32) -> (f32, f32) {
    (libm::sinf(angle), libm::cosf(angle))
}

/// Radians, of the direction of (x, y).
pub(crate) fn atan2(y: f32, x: f32) -> f32 {
    libm::atan2f(y, x)
}

pub(crate) fn exp(x: f32) -> f32 {
    libm::expf(x)
}

pub(crate) fn ln(x: f32) -> f32 {
    libm::logf(x)
}

pub(crate) fn hypot(x: f32, y: f32) -> f32 {
    libm::hypotf(x, y)
}
