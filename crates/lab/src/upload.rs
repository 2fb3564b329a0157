//! How a page of a server with default settings encodes what it uploads.

/// Longest side of neutral and window frames, px (`sdk.evidence_max_side`).
pub(crate) const SIDE: u32 = 480;
/// JPEG quality of neutral and window frames (`sdk.evidence_quality`).
pub(crate) const QUALITY: u8 = 85;
/// JPEG quality of the picture for comparing (the page goes lower only when the file would be too large).
pub(crate) const BEST_QUALITY: u8 = 92;
