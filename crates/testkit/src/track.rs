use crate::face::SyntheticFace;
use faceid_protocol::{Action, Millis};

/// Scripted motion: each channel moves in straight lines between its key frames.
///
/// Text form, times relative to the start of the track: `"0ms yaw 0; 400ms yaw -28; 800ms yaw 0"`. Words: `yaw pitch roll` (degrees),
/// `eyes left right` (openness), `mouth lips` (outer eye distances), `x y height` (px), `luma sharp head` and the switches
/// `face`, `noface`, `faces N`, `measured`, `unmeasured`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Track {
    keys: Vec<(Millis, Channel, f32)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Channel {
    Yaw,
    Pitch,
    Roll,
    Left,
    Right,
    Mouth,
    Lips,
    X,
    Y,
    Height,
    Luma,
    Sharp,
    Head,
    Present,
    Count,
    Measured,
}

impl Channel {
    const ALL: [Self; 16] = [
        Self::Yaw,
        Self::Pitch,
        Self::Roll,
        Self::Left,
        Self::Right,
        Self::Mouth,
        Self::Lips,
        Self::X,
        Self::Y,
        Self::Height,
        Self::Luma,
        Self::Sharp,
        Self::Head,
        Self::Present,
        Self::Count,
        Self::Measured,
    ];

    /// Switches jump, measures glide.
    fn is_switch(self) -> bool {
        matches!(self, Self::Present | Self::Count | Self::Measured | Self::Head)
    }

    fn set(self, face: &mut SyntheticFace, value: f32) {
        match self {
            Self::Yaw => face.yaw = value,
            Self::Pitch => face.pitch = value,
            Self::Roll => face.roll = value,
            Self::Left => face.left = value,
            Self::Right => face.right = value,
            Self::Mouth => face.mouth = value,
            Self::Lips => face.lips = value,
            Self::X => face.x = value,
            Self::Y => face.y = value,
            Self::Height => face.height = value,
            Self::Luma => face.luma = value,
            Self::Sharp => face.sharpness = value,
            Self::Head => face.head = value,
            Self::Present => face.present = value > 0.5,
            Self::Count => face.count = value as u32,
            Self::Measured => face.measured = value > 0.5,
        }
    }
}

impl Track {
    /// Reads the text form.
    ///
    /// # Panics
    /// On a script that cannot be read: a mistake in the test.
    #[must_use]
    pub fn new(script: &str) -> Self {
        let mut keys = Vec::new();
        for part in script.split(';').map(str::trim).filter(|p| !p.is_empty()) {
            let words: Vec<&str> = part.split_whitespace().collect();
            let [time, word, rest @ ..] = words.as_slice() else { panic!("'{part}': expected TIMEms WORD [VALUE]") };
            let Some(t) = time.strip_suffix("ms").and_then(|t| t.parse().ok()).map(Millis) else { panic!("'{part}': time like 400ms") };
            let value = || match rest {
                [value] => value.parse().unwrap_or_else(|_| panic!("'{part}': not a number")),
                _ => panic!("'{part}': one value expected"),
            };
            let channels: &[(Channel, f32)] = &match *word {
                "yaw" => vec![(Channel::Yaw, value())],
                "pitch" => vec![(Channel::Pitch, value())],
                "roll" => vec![(Channel::Roll, value())],
                "eyes" => vec![(Channel::Left, value()), (Channel::Right, value())],
                "left" => vec![(Channel::Left, value())],
                "right" => vec![(Channel::Right, value())],
                "mouth" => vec![(Channel::Mouth, value())],
                "lips" => vec![(Channel::Lips, value())],
                "x" => vec![(Channel::X, value())],
                "y" => vec![(Channel::Y, value())],
                "height" => vec![(Channel::Height, value())],
                "luma" => vec![(Channel::Luma, value())],
                "sharp" => vec![(Channel::Sharp, value())],
                "head" => vec![(Channel::Head, value())],
                "face" => vec![(Channel::Present, 1.0)],
                "noface" => vec![(Channel::Present, 0.0)],
                "faces" => vec![(Channel::Count, value())],
                "measured" => vec![(Channel::Measured, 1.0)],
                "unmeasured" => vec![(Channel::Measured, 0.0)],
                other => panic!("'{part}': unknown word {other}"),
            };
            keys.extend(channels.iter().map(|&(channel, value)| (t, channel, value)));
        }
        keys.sort_by_key(|&(t, _, _)| t);
        Self { keys }
    }

    /// The face at `t` from the start of the track. Channels without key frames are as in `base`; before its first key frame a channel has
    /// that frame's value, after its last it holds.
    #[must_use]
    pub fn at(&self, t: Millis, base: SyntheticFace) -> SyntheticFace {
        let mut face = base;
        for channel in Channel::ALL {
            let keys: Vec<(Millis, f32)> = self.keys.iter().filter(|k| k.1 == channel).map(|k| (k.0, k.2)).collect();
            let after = keys.iter().position(|k| k.0 > t);
            let value = match after {
                None => keys.last().map(|k| k.1),
                Some(0) => (!channel.is_switch()).then(|| keys[0].1),
                Some(i) if channel.is_switch() => Some(keys[i - 1].1),
                Some(i) => {
                    let ((t0, v0), (t1, v1)) = (keys[i - 1], keys[i]);
                    let share = t.since(t0).0 as f32 / t1.since(t0).0.max(1) as f32;
                    Some(v0 + (v1 - v0) * share)
                }
            };
            if let Some(value) = value {
                channel.set(&mut face, value);
            }
        }
        face
    }
}

/// How a person usually does an action, starting half a second after the prompt.
#[must_use]
pub fn gesture(action: Action) -> Track {
    Track::new(match action {
        Action::Nod => "500ms pitch 0; 850ms pitch -18; 950ms pitch -18; 1350ms pitch 0",
        Action::Shake => "500ms yaw 0; 800ms yaw 22; 900ms yaw 22; 1400ms yaw -22; 1500ms yaw -22; 1850ms yaw 0",
        Action::Blink => "500ms eyes 1; 600ms eyes 0.1; 1050ms eyes 0.1; 1150ms eyes 1",
        Action::Mouth => "500ms mouth 0.02; 700ms mouth 0.32; 1200ms mouth 0.32; 1400ms mouth 0.02",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_glide_and_switches_jump() {
        let track = Track::new("100ms yaw 0; 200ms yaw 10; 150ms noface; 300ms face");
        let at = |t| track.at(Millis(t), SyntheticFace::default());
        assert!((at(150).yaw - 5.0).abs() < 1e-4, "halfway");
        assert!((at(500).yaw - 10.0).abs() < 1e-4, "holds");
        assert_eq!([at(149).present, at(150).present, at(299).present, at(300).present], [true, false, false, true], "switch");
    }
}
