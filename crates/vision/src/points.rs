//! The landmarks that anything reads, in one place.

/// Every landmark index that a measure, the tracker or the pose reads, ascending. A compact network need only give these.
/// Session and judge must not read others.
pub const LANDMARKS_IN_USE: [usize; 46] = [
    1, 2, 4, 5, 6, 8, 9, 10, 13, 14, 33, 54, 67, 82, 87, 117, 127, 129, 133, 143, 144, 145, 151, 153, 158, 159, 160, 168, 195, 197, 263, 284, 297,
    312, 317, 346, 356, 358, 362, 372, 373, 374, 380, 385, 386, 387,
];
