//! IEEE 754 half precision, the storage format of the published weights.

/// The value of a half, exact (every half is a float).
pub(crate) fn half_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits >> 15) << 31;
    let exponent = u32::from(bits >> 10 & 0x1f);
    let fraction = u32::from(bits & 0x3ff);
    match (exponent, fraction) {
        (0, 0) => f32::from_bits(sign),
        // subnormal: fraction * 2^-24
        (0, _) => {
            let magnitude = fraction as f32 * f32::from_bits((127 - 24) << 23);
            if sign == 0 { magnitude } else { -magnitude }
        }
        // infinity and NaN
        (31, _) => f32::from_bits(sign | 0xff << 23 | fraction << 13),
        // re-bias the exponent from 15 to 127
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}
