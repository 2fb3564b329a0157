//! IEEE 754 half precision, the storage format of the published weights and of compact network files.

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

/// The nearest half, ties to even; infinite beyond the range.
pub(crate) fn f32_to_half(value: f32) -> u16 {
    let bits = value.to_bits();
    let (sign, magnitude) = ((bits >> 16 & 0x8000) as u16, bits & 0x7fff_ffff);
    if magnitude > 0xff << 23 {
        return sign | 0x7e00;
    }
    // Below the smallest normal half, adding 0.5 leaves the fraction in units of 2^-24 in the last bits, rounded by the addition itself.
    if magnitude < (127 - 14) << 23 {
        let fraction = (f32::from_bits(magnitude) + 0.5).to_bits() - 0.5f32.to_bits();
        return sign | fraction as u16;
    }
    let rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
    let half = (rounded >> 13).saturating_sub(112 << 10).min(0x7c00);
    sign | half as u16
}

#[cfg(test)]
mod tests {
    use super::{f32_to_half, half_to_f32};

    #[test]
    fn every_half_survives_and_others_round_to_the_nearest() {
        for bits in 0..=u16::MAX {
            let value = half_to_f32(bits);
            assert!(f32_to_half(value) == bits || value.is_nan(), "{bits:#06x}");
        }
        for (value, bits) in [
            (1.0 + 1.0 / 2048.0, 0x3c00),
            (1.0 + 3.0 / 2048.0, 0x3c02),
            (1.0 + 1.1 / 2048.0, 0x3c01),
            (65519.0, 0x7bff),
            (65520.0, 0x7c00),
            (-1e9, 0xfc00),
            (2.0f32.powi(-25), 0x0000),
            (1.1 * 2.0f32.powi(-25), 0x0001),
        ] {
            assert_eq!(f32_to_half(value), bits, "{value}");
        }
        assert!(half_to_f32(f32_to_half(f32::NAN)).is_nan());
    }

    #[test]
    fn known_halves() {
        for (bits, value) in [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0400, 6.103_515_6e-5),
            (0x0001, 5.960_464_5e-8),
            (0x83ff, -6.097_555e-5),
            (0x3555, 0.333_251_95),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(half_to_f32(bits), value, "{bits:#06x}");
        }
        assert!(half_to_f32(0x7e00).is_nan());
        assert!(half_to_f32(0x8000).is_sign_negative());
    }
}
