//! Every local ending and its row of the taxonomy.

use crate::io::{CameraFault, Outcome};
use faceid_protocol::codes::{Coded, sdk};

/// Why the session ended without a word from the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Cancelled by the person.
    Cancelled,
    /// The plan or the start-up took an impossible turn.
    InitFailed,
    /// Camera trouble.
    Camera(CameraFault),
    /// The engine does not run.
    Engine,
    /// The network gave up, answered nonsense, or did not answer in time.
    Network,
    /// Frames come or are judged too slowly to prove an action.
    TooSlow,
    /// Attempt, alignment or action window over.
    TimedOut,
    /// No face for too long.
    NoFace,
    /// Several faces for too long, or the page was left.
    Abandoned,
    /// Wrong action, no second chance left.
    WrongAction,
    /// Another face took the place of the first.
    Replaced,
}

impl Ending {
    /// The row. 56000 = local fault, 54200 = user failure, 54100 = attack.
    pub(crate) fn outcome(self) -> Outcome {
        let coded = match self {
            Self::Cancelled => sdk::USER_CANCEL.coded(),
            Self::InitFailed => sdk::INIT_FAILED.coded(),
            Self::Camera(fault) => camera(fault),
            Self::TooSlow => sdk::DEVICE_NOT_SUPPORT.coded(),
            Self::Engine => sdk::FACE_INIT_FAIL.coded(),
            Self::Network => sdk::NETWORK_ERROR.coded(),
            Self::TimedOut => sdk::USER_TIMEOUT.coded(),
            Self::NoFace => sdk::UNDETECTED_FACE.coded(),
            Self::Abandoned => sdk::LIVENESS_DETECT_FAILED.coded(),
            Self::WrongAction => sdk::ACTION_ERROR.coded(),
            Self::Replaced => sdk::REPLACED_FACE_ATTACK.coded(),
        };
        Outcome { code: coded.code, message: coded.message.into_owned(), from_server: false }
    }
}

fn camera(fault: CameraFault) -> Coded {
    match fault {
        CameraFault::Denied => sdk::NO_CAMERA_PERMISSION.coded(),
        CameraFault::NotFound
        | CameraFault::Busy
        | CameraFault::Overconstrained
        | CameraFault::Unsupported
        | CameraFault::Unplugged
        | CameraFault::Stalled => sdk::DEVICE_NOT_SUPPORT.coded(),
    }
}

/// A row sent by the server. Success is not believed here: only [`verdict`] may report it, and it wants the proof of every action.
pub(crate) fn refusal(code: u32, message: String) -> Outcome {
    if code == sdk::SUCCESS.row().code {
        let unknown = sdk::UNKOWN_ERROR.coded();
        return Outcome { code: unknown.code, message: unknown.message.into_owned(), from_server: true };
    }
    Outcome { code, message, from_server: true }
}

/// The server's verdict on a session whose every action was seen.
pub(crate) fn verdict(_every_action: &crate::tokens::AllPassed, code: u32, message: String) -> Outcome {
    Outcome { code, message, from_server: true }
}
