//! Recorded measures of a clip, a rendered person or a simulated movement: one JSON object per line, so that judges and networks can be
//! compared on thousands of sequences without running the face networks again. The columns are those of `simulate --traces`.

use std::path::Path;

use anyhow::{Context, Result};
use faceid_protocol::{Action, Millis};
use faceid_session::Sample;
use faceid_vision::{ActionMeasures, EyeOpenness, Point2, Pose};
use serde::{Deserialize, Serialize};

use crate::labels::{Confidence, Label, Meaning};

/// One sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// File name or seed.
    pub name: String,
    /// Where it comes from (clip, puppet, solid, kinematic, ...): rows of the tables.
    pub kind: String,
    /// Actions in it.
    pub actions: Vec<Arc>,
    /// Actions that the labels cover; empty = all of them.
    pub about: Vec<String>,
    /// Spans in which a detection of the action is neither right nor wrong.
    pub ambiguous: Vec<Arc>,
    /// Every frame.
    pub samples: Vec<Sample>,
}

/// A span of an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arc {
    /// nod, shake, blink (deliberate) or mouth.
    pub action: String,
    /// Begin, s.
    pub start: f64,
    /// End, s.
    pub end: f64,
}

/// The line in the file: an entry per frame in every column; null = not measured. Fields not named here are left unread.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Columns {
    clip: String,
    kind: String,
    #[serde(default)]
    actions: Vec<Arc>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    about: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    ambiguous: Vec<Arc>,
    /// s
    t: Vec<f64>,
    /// degrees
    yaw: Vec<Option<f32>>,
    pitch: Vec<Option<f32>>,
    roll: Vec<Option<f32>>,
    /// openness
    left: Vec<Option<f32>>,
    right: Vec<Option<f32>>,
    mouth: Vec<Option<f32>>,
    mouth_aspect: Vec<Option<f32>>,
    /// centre, px
    x: Vec<Option<f32>>,
    y: Vec<Option<f32>>,
    /// px
    height: Vec<Option<f32>>,
}

impl Recorded {
    /// A clip without labels.
    #[must_use]
    pub fn of_clip(name: &str, samples: Vec<Sample>) -> Self {
        Self { name: name.to_owned(), kind: "clip".to_owned(), actions: Vec::new(), about: Vec::new(), ambiguous: Vec::new(), samples }
    }

    /// Takes over labels read by eye. A closure of the eyes in them may be of either kind, so no blink is required of anyone.
    pub fn label(&mut self, labels: &[Label]) {
        let seconds = |t: Millis| t.0 as f64 / 1000.0;
        for label in labels {
            let Some(meaning) = label.meaning() else { continue };
            let (Meaning::Shows(action) | Meaning::Resembles(action)) = meaning;
            let arc = Arc { action: action.name().to_owned(), start: seconds(label.start), end: seconds(label.end) };
            if !self.about.contains(&arc.action) {
                self.about.push(arc.action.clone());
            }
            match (meaning, label.confidence) {
                (Meaning::Shows(Action::Blink) | Meaning::Resembles(_), _) => {}
                (Meaning::Shows(_), Confidence::High) => self.actions.push(arc),
                (Meaning::Shows(_), Confidence::Medium) => self.ambiguous.push(arc),
            }
        }
    }

    /// Whether detections of this action can be counted here.
    #[must_use]
    pub fn covers(&self, action: Action) -> bool {
        self.about.is_empty() || self.about.iter().any(|name| name == action.name())
    }

    /// Every n-th frame.
    #[must_use]
    pub fn every(&self, n: usize) -> Self {
        Self { samples: self.samples.iter().step_by(n.max(1)).copied().collect(), ..self.clone() }
    }

    /// Minutes from the first to the last frame.
    #[must_use]
    pub fn minutes(&self) -> f64 {
        self.samples.first().zip(self.samples.last()).map_or(0.0, |(a, b)| b.t.since(a.t).0 as f64 / 60_000.0)
    }

    /// The line of the file.
    ///
    /// # Errors
    /// None that a number can cause; serde's type asks for it.
    pub fn to_line(&self) -> Result<String> {
        let column = |read: &dyn Fn(&Sample) -> Option<f32>| self.samples.iter().map(read).collect();
        Ok(serde_json::to_string(&Columns {
            clip: self.name.clone(),
            kind: self.kind.clone(),
            actions: self.actions.clone(),
            about: self.about.clone(),
            ambiguous: self.ambiguous.clone(),
            t: self.samples.iter().map(|s| s.t.0 as f64 / 1000.0).collect(),
            yaw: column(&|s| s.pose.map(|p| p.yaw)),
            pitch: column(&|s| s.pose.map(|p| p.pitch)),
            roll: column(&|s| s.pose.map(|p| p.roll)),
            left: column(&|s| s.eyes.left),
            right: column(&|s| s.eyes.right),
            mouth: column(&|s| s.mouth),
            mouth_aspect: column(&|s| s.mouth_aspect),
            x: column(&|s| s.centre.map(|c| c.x)),
            y: column(&|s| s.centre.map(|c| c.y)),
            height: column(&|s| s.height),
        })?)
    }

    /// Reads one line.
    ///
    /// # Errors
    /// When it is not a sequence.
    pub fn from_line(text: &str) -> Result<Self> {
        let c: Columns = serde_json::from_str(text)?;
        let at = |column: &[Option<f32>], i: usize| column.get(i).copied().flatten();
        let samples = c.t.iter().enumerate().map(|(i, t)| {
            let pose = at(&c.yaw, i).zip(at(&c.pitch, i)).zip(at(&c.roll, i));
            Sample {
                pose: pose.map(|((yaw, pitch), roll)| Pose { yaw, pitch, roll }),
                eyes: EyeOpenness { left: at(&c.left, i), right: at(&c.right, i) },
                mouth: at(&c.mouth, i),
                mouth_aspect: at(&c.mouth_aspect, i),
                centre: at(&c.x, i).zip(at(&c.y, i)).map(|(x, y)| Point2 { x, y }),
                height: at(&c.height, i),
                ..Sample::unmeasured(Millis((t.max(0.0) * 1000.0).round() as u64))
            }
        });
        let samples = samples.collect();
        Ok(Self { name: c.clip, kind: c.kind, actions: c.actions, about: c.about, ambiguous: c.ambiguous, samples })
    }
}

/// As the action network reads a sample.
#[must_use]
pub fn measures(sample: &Sample) -> ActionMeasures {
    let Sample { t, pose, eyes, mouth, mouth_aspect, centre, height, scores: _ } = *sample;
    ActionMeasures { t: t.0, pose, eyes, mouth, mouth_aspect, centre, height }
}

/// Reads a file of sequences.
///
/// # Errors
/// When it cannot be read or a line is not a sequence.
pub fn read(path: &Path) -> Result<Vec<Recorded>> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(i, line)| Recorded::from_line(line).with_context(|| format!("{} line {}", path.display(), i + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_survives_the_file() {
        let seen = Sample {
            pose: Some(Pose { yaw: 1.5, pitch: -2.25, roll: 0.5 }),
            eyes: EyeOpenness { left: None, right: Some(0.75) },
            mouth: Some(0.125),
            centre: Some(Point2 { x: 320.5, y: 200.0 }),
            height: Some(150.0),
            ..Sample::unmeasured(Millis(86_399_999))
        };
        let line = Recorded::of_clip("a", vec![seen, Sample::unmeasured(Millis(86_400_001))]);
        let text = line.to_line().expect("serialises");
        assert_eq!(Recorded::from_line(&text).expect("reads"), line, "{text}");
        assert!(Recorded::from_line("{}").is_err(), "no sequence");
    }

    #[test]
    fn labels_by_eye_name_what_they_cover() {
        let label = |event: &str, confidence| Label {
            start: Millis(1000),
            end: Millis(2000),
            event: event.into(),
            confidence,
            note: String::new(),
        };
        let mut line = Recorded::of_clip("a", Vec::new());
        line.label(&[
            label("NOD", Confidence::High),
            label("BLINK", Confidence::High),
            label("MOUTH_OPEN", Confidence::Medium),
            label("FAR", Confidence::High),
        ]);
        assert_eq!(line.actions, [Arc { action: "nod".into(), start: 1.0, end: 2.0 }], "the nod is required");
        assert_eq!(line.ambiguous.len(), 1, "an uncertain opening is not counted either way");
        assert_eq!(Action::ALL.map(|a| line.covers(a)), [true, false, true, true], "in the order nod, shake, blink, mouth");
    }
}
