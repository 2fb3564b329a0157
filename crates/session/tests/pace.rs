//! Slow cameras and devices: what the session does under its floor of frames per second.

use faceid_protocol::{Action, Millis};
use faceid_session::{Event, Guidance, Params};
use faceid_testkit::{Drive, Trace, Track};

/// The actions as somebody does them who was asked to go slowly.
fn slowly(action: Action) -> Track {
    Track::new(match action {
        Action::Nod => "500ms pitch 0; 1300ms pitch -18; 1700ms pitch -18; 2500ms pitch 0",
        Action::Shake => "500ms yaw 0; 1000ms yaw 22; 1200ms yaw 22; 1900ms yaw -22; 2100ms yaw -22; 2600ms yaw 0",
        Action::Blink => "800ms eyes 1; 950ms eyes 0.1; 2000ms eyes 0.1; 2150ms eyes 1",
        Action::Mouth => "500ms mouth 0.02; 900ms mouth 0.32; 1900ms mouth 0.32; 2300ms mouth 0.02",
    })
}

fn said_slower(trace: &Trace) -> bool {
    trace.saw(|e| *e == Event::Guidance(Some(Guidance::Slower)))
}

#[test]
fn at_the_floor_nobody_is_asked_to_slow_down() {
    for action in Action::ALL {
        let trace = Drive { fps: 8.0, ..Drive::new(&[action]) }.run();
        assert_eq!((trace.ending().as_str(), said_slower(&trace)), ("51000 SUCCESS", false), "{action}");
    }
}

#[test]
fn under_the_floor_the_person_is_asked_to_slow_down_and_can_pass() {
    for action in Action::ALL {
        let drive = Drive { fps: 6.0, answers: vec![slowly(action)], ..Drive::new(&[action]) };
        let trace = drive.run();
        assert!(said_slower(&trace), "{action}: {:?}", trace.events);
        assert_eq!(trace.ending(), "51000 SUCCESS", "{action}");
    }
}

#[test]
fn a_pace_that_proves_nothing_ends_with_a_code() {
    let trace = Drive { fps: 4.0, ..Drive::new(&[Action::Nod]) }.run();
    assert_eq!(trace.ending(), "56000 DEVICE_NOT_SUPPORT");
    let patience = Params::default().times.too_slow;
    let opened = trace.events.iter().find(|(_, e)| matches!(e, Event::State(faceid_session::StateName::AlignFace))).map(|(t, _)| *t);
    let waited = trace.now.since(opened.unwrap_or_default());
    assert!(waited >= patience && waited < patience.plus(Millis(3_000)), "waited {waited:?}");
}
