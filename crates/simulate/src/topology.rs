//! Which of the 468 face-mesh points the puppet moves by name. Numbering: MediaPipe face mesh.

/// Outline of the face, clockwise in the picture from the top of the forehead.
pub(crate) const OVAL: [usize; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58, 132,
    93, 234, 127, 162, 21, 54, 103, 67, 109,
];

/// Columns of one eye from the outer to the inner corner.
#[derive(Debug)]
pub(crate) struct EyeColumns {
    /// Row half-way to the eyebrow.
    pub brow: [usize; 9],
    /// Row above the upper lid: where the lid's skin begins.
    pub crease: [usize; 9],
    /// Edge of the upper lid.
    pub upper: [usize; 9],
    /// Edge of the lower lid.
    pub lower: [usize; 9],
    /// Row below the lower lid.
    pub bag: [usize; 9],
    /// Row below that, on the cheek.
    pub cheek: [usize; 9],
}

/// The subject's right and left eye.
pub(crate) const EYES: [EyeColumns; 2] = [
    EyeColumns {
        brow: [226, 113, 225, 224, 223, 222, 221, 189, 244],
        crease: [130, 247, 30, 29, 27, 28, 56, 190, 243],
        upper: [33, 246, 161, 160, 159, 158, 157, 173, 133],
        lower: [33, 7, 163, 144, 145, 153, 154, 155, 133],
        bag: [130, 25, 110, 24, 23, 22, 26, 112, 243],
        cheek: [226, 31, 228, 229, 230, 231, 232, 233, 244],
    },
    EyeColumns {
        brow: [446, 342, 445, 444, 443, 442, 441, 413, 464],
        crease: [359, 467, 260, 259, 257, 258, 286, 414, 463],
        upper: [263, 466, 388, 387, 386, 385, 384, 398, 362],
        lower: [263, 249, 390, 373, 374, 380, 381, 382, 362],
        bag: [359, 255, 339, 254, 253, 252, 256, 341, 463],
        cheek: [446, 261, 448, 449, 450, 451, 452, 453, 464],
    },
];

/// Edge of the upper lip on the inside, from the subject's right corner to the left one.
pub(crate) const LIP_UPPER: [usize; 11] = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308];
/// Edge of the lower lip on the inside, same columns.
pub(crate) const LIP_LOWER: [usize; 11] = [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308];

/// Outer corner of the subject's right eye.
pub(crate) const EYE_OUTER_RIGHT: usize = 33;
/// Outer corner of the subject's left eye.
pub(crate) const EYE_OUTER_LEFT: usize = 263;
/// Lowest point of the chin.
pub(crate) const CHIN: usize = 152;
/// Before the subject's right and left ear.
pub(crate) const EARS: [usize; 2] = [234, 454];
