//! The resident ID number: 18 characters, the last a check digit (GB 11643, weights 2^(18-i) mod 11).

/// True for 17 digits and the right check character (`X` stands for 10, capital or small).
#[must_use]
pub fn is_well_formed(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 18 || !bytes[..17].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let last = match bytes[17] {
        digit @ b'0'..=b'9' => u32::from(digit - b'0'),
        b'X' | b'x' => 10,
        _ => return false,
    };
    // Horner in base 2: every step doubles the weights of the digits before it.
    let sum = bytes[..17].iter().fold(0, |sum, &b| (sum * 2 + u32::from(b - b'0')) % 11) * 2 % 11;
    (sum + last) % 11 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits() {
        for good in ["110101199003074477", "11010519491231002X", "11010519491231002x"] {
            assert!(is_well_formed(good), "{good}");
        }
        for bad in [
            "",
            "110101199003074478",
            "11010119900307447",
            "1101011990030744777",
            "11010519491231002Y",
            "1101011990030744\u{ff17}7",
            "X10101199003074477",
        ] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }
}
