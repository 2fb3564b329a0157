//! Locks after repeated failures. What is kept of a failure is a moment and a subject; a person's subject is an HMAC of the number
//! with a pepper that is not in the database.

use faceid_protocol::{
    Millis,
    codes::{FixedRow, result as rows},
};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;
use std::{
    fmt, io,
    net::IpAddr,
    path::{Path, PathBuf},
};

/// When repeated failures lock.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// Failed sessions of one person within the window; 0 = no limit.
    pub identity_failures: u32,
    /// Failed sessions of one device within the window, for pages that give an id for it; 0 = no limit.
    pub device_failures: u32,
    /// Failed sessions from one address (IPv6: one /64) within the window; 0 = no limit. Off by default: behind one address of a mobile
    /// network there are thousands of people.
    pub address_failures: u32,
    /// Failed sessions of one key within the window; 0 = no limit. Off by default: a busy shop sees five failures in three minutes every day.
    pub key_failures: u32,
    /// The window, seconds.
    pub window_s: u64,
    /// How long the lock lasts after its last failure, seconds.
    pub lock_s: u64,
    /// Refused inits of one token before it is ended.
    pub init_refusals: u32,
    /// File with the pepper, the same for all nodes; default: the data folder's name with `.pepper` behind it. Made when it is not there.
    pub pepper_file: Option<PathBuf>,
}

impl Default for LimitsConfig {
    /// 5 failures in 3 minutes lock: the operators' usual figure for guessing at an identity. Ten minutes outlast a queue of impatient
    /// retries; ten refused inits leave room for reloads of a page whose origin is being configured.
    fn default() -> Self {
        Self {
            identity_failures: 5,
            device_failures: 5,
            address_failures: 0,
            key_failures: 0,
            window_s: 180,
            lock_s: 600,
            init_refusals: 10,
            pepper_file: None,
        }
    }
}

impl LimitsConfig {
    /// No lock at all, for demos and measurements that fail on purpose.
    #[must_use]
    pub fn off() -> Self {
        Self { identity_failures: 0, device_failures: 0, address_failures: 0, key_failures: 0, ..Self::default() }
    }

    /// How far back failures matter.
    #[must_use]
    pub fn memory(&self) -> Millis {
        Millis((self.window_s + self.lock_s) * 1000)
    }

    /// Is a subject with these failures (any order) locked? It is when `most` of them fell within one window and the lock after the
    /// last of those still runs.
    #[must_use]
    pub fn is_locked(&self, failures: &[Millis], most: u32, now: Millis) -> bool {
        let most = most as usize;
        if most == 0 || failures.len() < most {
            return false;
        }
        let mut sorted = failures.to_vec();
        sorted.sort_unstable();
        sorted.windows(most).any(|run| {
            let (first, last) = (run[0], run[most - 1]);
            last.since(first) <= Millis(self.window_s * 1000) && now < last.plus(Millis(self.lock_s * 1000))
        })
    }
}

/// Ends of a session that count as a failed try at being somebody. Time-outs, cancels, device and account rows are none, nor are faults of the
/// authority's data.
const FAILURES: [FixedRow; 9] = [
    rows::PASS_LIVING_NOT_THE_SAME,
    rows::NO_ID_CARD_NUMBER,
    rows::ID_NUMBER_NAME_NOT_MATCH,
    rows::FAIL_LIVING_FACE_ATTACK,
    rows::REPLACED_FACE_ATTACK,
    rows::AUTHENTICATION_FAIL,
    rows::VERIFICATION_FAILURE,
    rows::UNDETECTED_FACE,
    rows::ACTION_ERROR,
];

/// Does a session that ended like this count as a failed try?
#[must_use]
pub fn counts_as_failure(row: FixedRow) -> bool {
    FAILURES.contains(&row)
}

/// Who tries: subjects of locks; `None` = not known, so not locked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Who {
    /// The person.
    pub identity: Option<[u8; 32]>,
    /// The device, by its page's own id.
    pub device: Option<[u8; 32]>,
    /// The client's address.
    pub address: Option<[u8; 32]>,
}

impl fmt::Debug for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Who").finish_non_exhaustive()
    }
}

/// Turns ID numbers, devices and addresses into subjects. Without it a number of 18 digits could be found from any digest by trying all of them.
#[derive(Clone)]
pub struct Pepper([u8; 32]);

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper")
    }
}

impl Pepper {
    /// From secret bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads a file of 64 hex digits; makes one, readable by its owner only, when there is none.
    ///
    /// # Errors
    /// The file cannot be read, made, or is of another form.
    pub fn load_or_make(path: &Path) -> io::Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => {
                let bytes = hex::decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
                bytes.map(Self).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not 64 hex digits"))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let bytes: [u8; 32] = crate::random::bytes().map_err(io::Error::other)?;
                let mut options = std::fs::OpenOptions::new();
                // Somebody else may make it at the same moment: then theirs counts.
                options.write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                match options.open(path) {
                    Ok(mut file) => {
                        io::Write::write_all(&mut file, hex::encode(bytes).as_bytes())?;
                        file.sync_all()?;
                        Ok(Self(bytes))
                    }
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::load_or_make(path),
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// The subject of a person.
    #[must_use]
    pub fn identity(&self, idcard_number: &str) -> [u8; 32] {
        self.subject(b"faceid/identity\0", idcard_number.as_bytes())
    }

    /// The subject of a device, by the random id that the page keeps for it. Ids belong to the customer whose page made them.
    #[must_use]
    pub fn device(&self, app_key: &str, device_id: &str) -> [u8; 32] {
        self.subject(b"faceid/device\0", [app_key, "\0", device_id].concat().as_bytes())
    }

    /// The subject of a client's address. An IPv6 client owns its /64, so that is what counts.
    #[must_use]
    pub fn address(&self, address: IpAddr) -> [u8; 32] {
        match address {
            IpAddr::V4(address) => self.subject(b"faceid/ipv4\0", &address.octets()),
            IpAddr::V6(address) => self.subject(b"faceid/ipv6\0", &address.octets()[..8]),
        }
    }

    fn subject(&self, kind: &[u8], value: &[u8]) -> [u8; 32] {
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(kind);
        mac.update(value);
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: &[u64]) -> Vec<Millis> {
        seconds.iter().map(|s| Millis(s * 1000)).collect()
    }

    #[test]
    fn five_failures_in_three_minutes_lock_for_ten() {
        let limits = LimitsConfig::default();
        let locked = |failures: &[u64], now: u64| limits.is_locked(&at(failures), 5, Millis(now * 1000));
        assert!(!locked(&[0, 10, 20, 30], 31), "four");
        assert!(locked(&[0, 10, 20, 30, 180], 181), "five within the window");
        assert!(!locked(&[0, 10, 20, 30, 181], 182), "five in a longer time");
        assert!(locked(&[180, 30, 20, 10, 0], 779) && !locked(&[180, 30, 20, 10, 0], 780), "ten minutes from the fifth, in any order");
        assert!(locked(&[0, 200, 210, 220, 230, 240], 241), "an older one does not dilute them");
        assert!(!limits.is_locked(&at(&[0; 100]), 0, Millis(0)), "no limit");
    }

    #[test]
    fn tries_count_and_bad_luck_does_not() {
        for row in [rows::PASS_LIVING_NOT_THE_SAME, rows::REPLACED_FACE_ATTACK, rows::ID_NUMBER_NAME_NOT_MATCH, rows::ACTION_ERROR] {
            assert!(counts_as_failure(row), "{}", row.message);
        }
        for row in [rows::SUCCESS, rows::NO_ID_PHOTO, rows::USER_TIMEOUT, rows::USER_CANCELLATION, rows::ACCOUNT_DISCONTINUED] {
            assert!(!counts_as_failure(row), "{}", row.message);
        }
    }

    #[test]
    fn a_pepper_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("pepper");
        let made = Pepper::load_or_make(&path).expect("made");
        let read = Pepper::load_or_make(&path).expect("read");
        assert_eq!(made.identity("110101199003074477"), read.identity("110101199003074477"), "the same afterwards");
        assert_ne!(
            made.identity("110101199003074477"),
            Pepper::new([0; 32]).identity("110101199003074477"),
            "another pepper, another subject"
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).expect("file").permissions().mode() & 0o777, 0o600, "nobody else reads it");
        }
        let subject = |text: &str| made.address(text.parse().expect("address"));
        assert_eq!(subject("2001:db8::1"), subject("2001:db8::ffff:1"), "one /64, one client");
        assert_ne!(subject("2001:db8::1"), subject("2001:db8:0:1::1"), "another /64");
        assert_ne!(made.device("shop", "a"), made.device("bank", "a"), "ids of two customers have nothing to do with each other");
        std::fs::write(&path, "short").expect("write");
        assert!(Pepper::load_or_make(&path).is_err(), "damaged: never replaced silently");
    }
}
