//! Signals of injection: what a browser tells of its own camera, read openly. Whoever owns the browser can fake every one of them, so they
//! raise the stated risk of an attempt and decide nothing.

use faceid_protocol::wire::Telemetry;
use serde::Serialize;

/// One signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Signal {
    VirtualCameraLabel,
    DrawnTrack,
    NoCapabilities,
    UnlistedDevice,
    SizeDiffers,
    PatchedGetUserMedia,
    Automated,
    ClockworkFrames,
}

/// Names that software cameras give themselves (their documentation and installers, 2026), lower case. An open list: it catches carelessness.
const VIRTUAL_CAMERAS: [&str; 24] = [
    "obs virtual",
    "obs-camera",
    "manycam",
    "xsplit",
    "snap camera",
    "v4l2loopback",
    "dummy video device",
    "droidcam",
    "iriun",
    "epoccam",
    "splitcam",
    "youcam",
    "webcamoid",
    "akvcam",
    "unity video capture",
    "e2esoft",
    "vcam",
    "altercam",
    "sparkocam",
    "magic camera",
    "mmhmm",
    "camtwist",
    "fake_device",
    "virtual",
];

/// Class of the tracks that cameras deliver.
const CAMERA_TRACK: &str = "MediaStreamTrack";

impl Signal {
    const ALL: [Self; 8] = [
        Self::VirtualCameraLabel,
        Self::DrawnTrack,
        Self::NoCapabilities,
        Self::UnlistedDevice,
        Self::SizeDiffers,
        Self::PatchedGetUserMedia,
        Self::Automated,
        Self::ClockworkFrames,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::VirtualCameraLabel => "virtual_camera_label",
            Self::DrawnTrack => "drawn_track",
            Self::NoCapabilities => "no_capabilities",
            Self::UnlistedDevice => "unlisted_device",
            Self::SizeDiffers => "size_differs",
            Self::PatchedGetUserMedia => "patched_get_user_media",
            Self::Automated => "automated_browser",
            Self::ClockworkFrames => "clockwork_frames",
        }
    }

    /// Share of the remaining trust that a raised signal takes. Chosen, not measured: no collection of real injections is at hand.
    const fn weight(self) -> f64 {
        match self {
            Self::DrawnTrack | Self::PatchedGetUserMedia => 0.7,
            Self::VirtualCameraLabel | Self::Automated => 0.6,
            Self::UnlistedDevice => 0.4,
            Self::NoCapabilities | Self::SizeDiffers => 0.2,
            // Good cameras come near it.
            Self::ClockworkFrames => 0.1,
        }
    }

    /// Does it speak for an injection? `None` where the browser did not tell.
    fn read(self, told: &Telemetry) -> Option<bool> {
        let capture = told.capture.as_ref()?;
        match self {
            Self::VirtualCameraLabel => {
                let label = capture.label.as_ref()?.to_lowercase();
                Some(VIRTUAL_CAMERAS.iter().any(|name| label.contains(name)))
            }
            Self::DrawnTrack => Some(capture.track_class.as_ref()? != CAMERA_TRACK),
            Self::NoCapabilities => Some(!capture.has_capabilities?),
            Self::UnlistedDevice => Some(!capture.device_listed?),
            Self::SizeDiffers => {
                let ([a, b], [c, d]) = (capture.settings_size?, told.frame_size?);
                // A phone that is turned swaps the sides.
                Some((a.min(b), a.max(b)) != (c.min(d), c.max(d)))
            }
            Self::PatchedGetUserMedia => Some(!capture.get_user_media_native?),
            Self::Automated => Some(capture.automated?),
            Self::ClockworkFrames => Some(told.interval_jitter_ms? == 0.0),
        }
    }
}

/// One signal as shown.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SignalLine {
    /// Stable name.
    pub name: &'static str,
    /// True = speaks for an injection; absent = the browser did not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raised: Option<bool>,
}

/// All of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Signals {
    /// 0 = nothing raised, towards 1 the more is; absent = the browser told nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<f64>,
    /// Each signal.
    pub signals: Vec<SignalLine>,
}

impl Signals {
    /// Reads what the page reported with its evidence.
    #[must_use]
    pub fn read(told: &Telemetry) -> Self {
        let read: Vec<(Signal, Option<bool>)> = Signal::ALL.iter().map(|signal| (*signal, signal.read(told))).collect();
        let trust = read.iter().filter(|(_, raised)| *raised == Some(true)).fold(1.0, |trust, (signal, _)| trust * (1.0 - signal.weight()));
        let told_anything = read.iter().any(|(_, raised)| raised.is_some());
        Self {
            // Two digits: more would claim a measurement.
            risk: told_anything.then(|| ((1.0 - trust) * 100.0_f64).round() / 100.0),
            signals: read.into_iter().map(|(signal, raised)| SignalLine { name: signal.name(), raised }).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use faceid_protocol::wire::Capture;

    fn camera() -> Telemetry {
        Telemetry {
            frame_size: Some([720, 1280]),
            interval_jitter_ms: Some(2.0),
            capture: Some(Capture {
                label: Some("FaceTime HD Camera".into()),
                track_class: Some(CAMERA_TRACK.into()),
                has_capabilities: Some(true),
                settings_size: Some([1280, 720]),
                settings_rate: Some(30.0),
                get_user_media_native: Some(true),
                automated: Some(false),
                device_listed: Some(true),
            }),
            ..Telemetry::default()
        }
    }

    fn raised(told: &Telemetry) -> Vec<&'static str> {
        Signals::read(told).signals.iter().filter(|line| line.raised == Some(true)).map(|line| line.name).collect()
    }

    #[test]
    fn a_camera_raises_nothing_and_silence_is_not_innocence() {
        let read = Signals::read(&camera());
        assert_eq!((raised(&camera()), read.risk), (Vec::new(), Some(0.0)), "{read:?}");
        let silent = Signals::read(&Telemetry::default());
        assert_eq!(silent.risk, None, "nothing told is not no risk");
        assert!(silent.signals.iter().all(|line| line.raised.is_none()) && silent.signals.len() == Signal::ALL.len(), "{silent:?}");
    }

    #[test]
    fn each_signal_is_raised_by_its_own_fact() {
        type Change = fn(&mut Telemetry);
        fn of(told: &mut Telemetry) -> &mut Capture {
            told.capture.get_or_insert_default()
        }
        let cases: [(Signal, Change); 8] = [
            (Signal::VirtualCameraLabel, |told| of(told).label = Some("OBS Virtual Camera (m-de:vice)".into())),
            (Signal::DrawnTrack, |told| of(told).track_class = Some("CanvasCaptureMediaStreamTrack".into())),
            (Signal::NoCapabilities, |told| of(told).has_capabilities = Some(false)),
            (Signal::UnlistedDevice, |told| of(told).device_listed = Some(false)),
            (Signal::SizeDiffers, |told| of(told).settings_size = Some([640, 480])),
            (Signal::PatchedGetUserMedia, |told| of(told).get_user_media_native = Some(false)),
            (Signal::Automated, |told| of(told).automated = Some(true)),
            (Signal::ClockworkFrames, |told| told.interval_jitter_ms = Some(0.0)),
        ];
        assert_eq!(cases.len(), Signal::ALL.len(), "every signal");
        for (signal, change) in cases {
            let mut told = camera();
            change(&mut told);
            assert_eq!(raised(&told), [signal.name()], "only this one");
            assert_eq!(Signals::read(&told).risk, Some(signal.weight()), "{}", signal.name());
        }
    }

    #[test]
    fn risks_add_up_below_one() {
        let mut told = camera();
        let capture = told.capture.get_or_insert_default();
        (capture.automated, capture.get_user_media_native) = (Some(true), Some(false));
        assert_eq!(Signals::read(&told).risk, Some(0.88), "1 - 0.4 * 0.3");
    }
}
