//! Events as plain objects for the page: `{type, …}`. Types are in kebab-case like DOM event names; states, guidance and faults carry the keys
//! of `www/text`. Documented in `types/index.d.ts`.

use super::{choice::Listed, error};
use faceid_protocol::Action;
use faceid_session::{CameraFault, Event, Guidance, Outcome, StateName};
use serde::Serialize;

/// One event.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(crate) enum PageEvent {
    State {
        state: &'static str,
    },
    Prompt {
        step: u32,
        of: u32,
        action: Action,
        left_ms: u64,
    },
    Progress {
        step: u32,
        fraction: f32,
    },
    Upload {
        fraction: f32,
    },
    Guidance {
        guidance: Option<&'static str>,
    },
    Action {
        step: u32,
        action: Action,
    },
    WrongAction {
        asked: Action,
        seen: Action,
    },
    Blink {
        deliberate: bool,
    },
    /// The camera delivers.
    Camera {
        label: String,
        width: u32,
        height: u32,
    },
    /// Cameras to choose from, and the one in use.
    Cameras {
        cameras: Vec<Listed>,
        current: Option<String>,
    },
    /// The camera cannot be used; `closed` follows. `fault` is a key of `camera` in the texts.
    CameraFault {
        fault: &'static str,
    },
    /// The browser wants a tap before it plays the video: call `resume` from one.
    NeedsTap,
    /// The model worker is ready.
    EngineReady,
    /// Something for the developer's console, no personal data.
    Note {
        text: String,
    },
    Closed {
        code: u32,
        message: String,
        from_server: bool,
        blame: &'static str,
        retryable: bool,
    },
}

impl From<Event> for PageEvent {
    fn from(event: Event) -> Self {
        match event {
            Event::State(state) => Self::State { state: state_name(state) },
            Event::Prompt { step, of, action, left } => Self::Prompt { step, of, action, left_ms: left.0 },
            Event::Progress { step, fraction } => Self::Progress { step, fraction },
            Event::Upload { fraction } => Self::Upload { fraction },
            Event::Guidance(guidance) => Self::Guidance { guidance: guidance.map(Guidance::name) },
            Event::ActionSeen { step, action } => Self::Action { step, action },
            Event::WrongAction { asked, seen } => Self::WrongAction { asked, seen },
            Event::Blink { deliberate } => Self::Blink { deliberate },
            Event::Closed(Outcome { code, message, from_server }) => {
                let (blame, retryable) = error::facts(code, &message);
                Self::Closed { code, message, from_server, blame: blame.name(), retryable }
            }
        }
    }
}

/// Name of a state on the page.
pub(crate) const fn state_name(state: StateName) -> &'static str {
    match state {
        StateName::NotStarted => "not_started",
        StateName::WaitCamera => "wait_camera",
        StateName::AlignFace => "align_face",
        StateName::Calibrate => "calibrate",
        StateName::AwaitChallenge => "await_challenge",
        StateName::Act => "act",
        StateName::Commit => "commit",
        StateName::Submit => "submit",
        StateName::AwaitVerdict => "await_verdict",
        StateName::Closed => "closed",
    }
}

/// Key of the text that helps with a camera fault.
pub(crate) const fn fault_name(fault: CameraFault) -> &'static str {
    match fault {
        CameraFault::Denied => "denied",
        CameraFault::NotFound => "not_found",
        CameraFault::Busy => "busy",
        CameraFault::Overconstrained => "overconstrained",
        CameraFault::Unsupported => "unsupported",
        CameraFault::Unplugged => "unplugged",
        CameraFault::Stalled => "stalled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceid_protocol::Millis;
    use serde_json::{Value, json};

    #[test]
    fn time_and_share_reach_the_page_under_their_documented_names() {
        let told = |event| serde_json::to_value(PageEvent::from(event)).unwrap_or(Value::Null);
        assert_eq!(
            told(Event::Prompt { step: 1, of: 3, action: Action::Nod, left: Millis(20_000) }),
            json!({ "type": "prompt", "step": 1, "of": 3, "action": "nod", "leftMs": 20_000 })
        );
        assert_eq!(told(Event::Upload { fraction: 0.5 }), json!({ "type": "upload", "fraction": 0.5 }));
    }
}
