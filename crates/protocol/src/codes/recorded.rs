//! What the server records when the page ended a session by itself and said why.

use super::{FixedRow, result, sdk};

/// Local endings of the page and the row of table `result` each is recorded as. A cancel and a failed detection have a name of their own
/// on either side; everything else keeps its message.
const ENDINGS: &[(FixedRow, FixedRow)] = &[
    (sdk::USER_CANCEL, result::USER_CANCELLATION),
    (sdk::LIVENESS_DETECT_FAILED, result::VERIFICATION_FAILURE),
    (sdk::USER_TIMEOUT, result::USER_TIMEOUT),
    (sdk::UNDETECTED_FACE, result::UNDETECTED_FACE),
    (sdk::ACTION_ERROR, result::ACTION_ERROR),
    (sdk::REPLACED_FACE_ATTACK, result::REPLACED_FACE_ATTACK),
    (sdk::NO_CAMERA_PERMISSION, result::NO_CAMERA_PERMISSION),
    (sdk::DEVICE_NOT_SUPPORT, result::DEVICE_NOT_SUPPORT),
    (sdk::FACE_INIT_FAIL, result::FACE_INIT_FAIL),
    (sdk::INIT_FAILED, result::INIT_FAILED),
    (sdk::NETWORK_ERROR, result::NETWORK_ERROR),
];

/// The row of table `result` for an ending that a page may report about itself; `None` for every other pair, success above all.
#[must_use]
pub fn recorded(sdk_code: u32, message: &str) -> Option<FixedRow> {
    ENDINGS.iter().find(|(local, _)| local.code == sdk_code && local.message == message).map(|(_, row)| *row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Class;

    #[test]
    fn a_page_can_only_report_failures_of_its_own() {
        for (local, row) in ENDINGS {
            assert!(!row.billed, "{}", row.message);
            assert!(matches!(row.class, Class::Attack | Class::Attempt | Class::Local), "{}", row.message);
            assert_eq!(recorded(local.code, local.message).map(|r| r.message), Some(row.message));
        }
        for (code, message) in
            [(51000, "SUCCESS"), (52000, "PASS_LIVING_NOT_THE_SAME"), (54200, "USER_CANCEL"), (50000, "UNKOWN_ERROR"), (0, "")]
        {
            assert_eq!(recorded(code, message).map(|r| r.message), None, "{code} {message}");
        }
    }
}
