//! Request authentication: the gateway signature (Alibaba Cloud API gateway, `X-Ca-*` headers, HMAC over a canonical text) and
//! the native `sign` parameter.
//!
//! Pure: the secret, the time and the policy are arguments. Header values and parameters are bytes throughout, because some
//! clients send UTF-8 header bytes and a lossy conversion would let two different requests share one MAC.

mod canonical;
mod native;
mod verify;

pub use canonical::Candidate;
pub use native::{NativeFault, NativeSign, SIGN_VERSION};
pub use verify::{Fault, Nonce, Policy, SignedRequest, Verified, WINDOW, app_key, echo, is_form, verify};

/// Parameters in the order in which they arrived: decoded key, decoded value.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// Decodes `application/x-www-form-urlencoded` text byte by byte: `+` is a space, `%xx` a byte, nothing is replaced.
/// Empty pieces between two `&` are skipped; a piece without `=` is a key with an empty value.
#[must_use]
pub fn form_decode(text: &[u8]) -> Pairs {
    text.split(|&b| b == b'&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| match piece.iter().position(|&b| b == b'=') {
            Some(at) => (decode(&piece[..at]), decode(&piece[at + 1..])),
            None => (decode(piece), Vec::new()),
        })
        .collect()
}

fn decode(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|&b| if b == b'+' { b' ' } else { b }).collect();
    percent_encoding::percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_decode_byte_by_byte() {
        let pairs = form_decode(b"a=1+2&&b=%E5%BC%A0&flag&c==&%ff=%fe");
        let expected: Pairs = vec![
            (b"a".to_vec(), b"1 2".to_vec()),
            (b"b".to_vec(), "\u{5f20}".as_bytes().to_vec()),
            (b"flag".to_vec(), Vec::new()),
            (b"c".to_vec(), b"=".to_vec()),
            (vec![0xff], vec![0xfe]),
        ];
        assert_eq!(pairs, expected, "plus, empty piece, UTF-8, bare key, second =, bytes that are no text");
    }
}
