//! What both sides must agree on byte for byte. Hashing and MACs are done by the callers (WebCrypto in the page, RustCrypto on the server).

/// Protocol version spoken by this build.
pub const VERSION: u32 = 1;
/// Header with the session id.
pub const HEADER_SESSION: &str = "x-fid-session";
/// Header with the sequence number: decimal u64, last + 1; the first call after init carries 1.
pub const HEADER_SEQ: &str = "x-fid-seq";
/// Header with the running transcript hash before this call: 64 lower-case hex digits.
pub const HEADER_PREV: &str = "x-fid-prev";
/// Header with the MAC of the message: 64 lower-case hex digits. Replies carry it too, the init reply included.
pub const HEADER_MAC: &str = "x-fid-mac";
/// Path prefix of the private calls; a call is `{PREFIX}/init`, `/challenge`, `/frames/{sha256}`, `/finalise`, `/cancel`.
pub const PREFIX: &str = "/sdk/v1";
/// HKDF info of the client-to-server key.
pub const KEY_INFO_C2S: &[u8] = b"faceid/1c2s";
/// HKDF info of the server-to-client key.
pub const KEY_INFO_S2C: &[u8] = b"faceid/1s2c";

/// Which way a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Page to cloud.
    ClientToServer,
    /// Cloud to page.
    ServerToClient,
}

impl Direction {
    /// The label inside the MAC input.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ClientToServer => "c2s",
            Self::ServerToClient => "s2c",
        }
    }
}

/// Bytes under HMAC-SHA256:
/// `"faceid/1" ‖ direction ‖ method ‖ path ‖ u64be seq ‖ prev[32] ‖ SHA-256(body)`.
///
/// `method` is upper case; `path` starts with [`PREFIX`] and has no query: what a reverse proxy expects before it is not part of it. A reply uses its request's method, path and seq,
/// `prev` of its request, and `Direction::ServerToClient`. The init reply is sealed with seq 0 and `prev` = the salt.
#[must_use]
pub fn mac_input(direction: Direction, method: &str, path: &str, seq: u64, prev: &[u8; 32], body_sha256: &[u8; 32]) -> Vec<u8> {
    let mut out = Vec::with_capacity(96 + path.len());
    out.extend_from_slice(b"faceid/1");
    out.extend_from_slice(direction.label().as_bytes());
    out.extend_from_slice(method.as_bytes());
    out.extend_from_slice(path.as_bytes());
    out.extend_from_slice(&seq.to_be_bytes());
    out.extend_from_slice(prev);
    out.extend_from_slice(body_sha256);
    out
}

/// Bytes whose SHA-256 is the next transcript hash: `prev[32] ‖ u64be seq ‖ SHA-256(request body) ‖ SHA-256(reply body)`.
/// The transcript starts as the salt, SHA-256(init request body ‖ init reply body).
/// Every authenticated call that the server accepted (2xx) advances it; refused calls do not.
#[must_use]
pub fn transcript_input(prev: &[u8; 32], seq: u64, request_sha256: &[u8; 32], reply_sha256: &[u8; 32]) -> Vec<u8> {
    let mut out = Vec::with_capacity(104);
    out.extend_from_slice(prev);
    out.extend_from_slice(&seq.to_be_bytes());
    out.extend_from_slice(request_sha256);
    out.extend_from_slice(reply_sha256);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mac_input_layout_is_fixed() {
        let bytes = mac_input(Direction::ClientToServer, "POST", "/sdk/v1/challenge", 0x0102, &[7; 32], &[9; 32]);
        assert_eq!(&bytes[..8], b"faceid/1", "version label first");
        assert_eq!(&bytes[8..32], b"c2sPOST/sdk/v1/challenge", "direction, method, path");
        assert_eq!(&bytes[32..40], &[0, 0, 0, 0, 0, 0, 1, 2], "big-endian sequence");
        assert_eq!(bytes.len(), 40 + 64, "two digests follow");
    }
}
