//! One clip as a drawing: eyes, mouth, yaw and pitch over time, labels as bands, detections as marks.

use std::fmt::Write as _;

use faceid_protocol::{Action, Millis};
use faceid_session::{Sample, Spotted};

use crate::labels::{Confidence, Label, Meaning};

/// Width of the plotting area per second of the clip, px, within limits.
const PER_SECOND: f64 = 36.0;
const LEAST_WIDTH: f64 = 900.0;
const MOST_WIDTH: f64 = 3600.0;
const PANEL: f64 = 150.0;
/// Height of the strip of detections under a panel.
const STRIP: f64 = 14.0;
const GAP: f64 = 22.0;
const LEFT: f64 = 86.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 58.0;

/// Bands of labels that show the action, surely or perhaps, and of movements that only resemble it.
const BAND: &str = "#ffdf80";
const PERHAPS: &str = "#fff2cc";
const ALIKE: &str = "#e6e6e6";
/// Marks of detections: on purpose, and blinks that may be spontaneous.
const MARK: &str = "#c0102a";
const FAINT_MARK: &str = "#e79aa6";

type Read = fn(&Sample) -> Option<f32>;

/// One panel: what it shows, its range and grid, and the action whose marks it carries.
struct Panel {
    title: &'static str,
    unit: &'static str,
    action: Action,
    range: (f32, f32),
    grid: &'static [f32],
    lines: &'static [(&'static str, &'static str, Read)],
}

const PANELS: [Panel; 4] = [
    Panel {
        title: "eyes",
        unit: "openness",
        action: Action::Blink,
        range: (0.0, 1.6),
        grid: &[0.0, 0.5, 1.0, 1.5],
        lines: &[("left", "#1b6ca8", |s| s.eyes.left), ("right", "#2fa36b", |s| s.eyes.right)],
    },
    Panel {
        title: "mouth",
        unit: "gap / eye distance",
        action: Action::Mouth,
        range: (0.0, 0.6),
        grid: &[0.0, 0.2, 0.4, 0.6],
        lines: &[("gap", "#a8431b", |s| s.mouth)],
    },
    Panel {
        title: "yaw",
        unit: "degrees, own left up",
        action: Action::Shake,
        range: (-45.0, 45.0),
        grid: &[-40.0, -20.0, 0.0, 20.0, 40.0],
        lines: &[("yaw", "#5b3fa0", |s| s.pose.map(|p| p.yaw))],
    },
    Panel {
        title: "pitch",
        unit: "degrees, chin up",
        action: Action::Nod,
        range: (-45.0, 45.0),
        grid: &[-40.0, -20.0, 0.0, 20.0, 40.0],
        lines: &[("pitch", "#3f7a2a", |s| s.pose.map(|p| p.pitch))],
    },
];

/// Clip and time scale of one drawing.
struct Sheet<'a> {
    samples: &'a [Sample],
    labels: &'a [Label],
    spotted: &'a [Spotted],
    /// px.
    width: f64,
    /// ms.
    end: f64,
}

impl Sheet<'_> {
    fn x(&self, t: Millis) -> f64 {
        LEFT + t.0 as f64 / self.end * (self.width - LEFT - RIGHT)
    }
}

/// SVG text of one clip.
#[must_use]
pub fn svg(title: &str, samples: &[Sample], labels: &[Label], spotted: &[Spotted]) -> String {
    let end = samples.last().map_or(1, |s| s.t.0.max(1)) as f64;
    let width = (LEFT + RIGHT + end / 1000.0 * PER_SECOND).clamp(LEAST_WIDTH, MOST_WIDTH);
    let sheet = Sheet { samples, labels, spotted, width, end };
    let height = TOP + (PANEL + STRIP + GAP) * PANELS.len() as f64 + 14.0;
    let mut out = String::new();
    // writing to a String cannot fail
    let _ = write!(
        out,
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0}" height="{height:.0}" viewBox="0 0 {width:.0} {height:.0}" font-family="sans-serif" font-size="11" fill="#222"><rect width="100%" height="100%" fill="#fff"/><text x="{LEFT}" y="20" font-size="15" font-weight="bold">{}</text>"##,
        escape(title)
    );
    legend(&mut out);
    for (index, panel) in PANELS.iter().enumerate() {
        draw_panel(&mut out, panel, TOP + (PANEL + STRIP + GAP) * index as f64, &sheet);
    }
    out.push_str("</svg>\n");
    out
}

fn legend(out: &mut String) {
    let keys = [
        (BAND, "labelled"),
        (PERHAPS, "labelled, not sure"),
        (ALIKE, "labelled: only resembles"),
        (MARK, "detected"),
        (FAINT_MARK, "detected, may be spontaneous"),
    ];
    for (i, (colour, text)) in keys.into_iter().enumerate() {
        let x = LEFT + 175.0 * i as f64;
        let _ = write!(
            out,
            r##"<rect x="{x}" y="32" width="14" height="11" fill="{colour}" stroke="#999" stroke-width="0.5"/><text x="{}" y="42">{text}</text>"##,
            x + 20.0
        );
    }
}

fn draw_panel(out: &mut String, panel: &Panel, top: f64, sheet: &Sheet<'_>) {
    let (low, high) = panel.range;
    let y = |v: f32| top + PANEL * f64::from(1.0 - ((v - low) / (high - low)).clamp(0.0, 1.0));
    let right = sheet.width - RIGHT;
    bands(out, panel, top, sheet);
    for &value in panel.grid {
        let (at, stroke) = (y(value), if value == 0.0 { "#999" } else { "#ddd" });
        let _ = write!(
            out,
            r##"<line x1="{LEFT}" x2="{right:.1}" y1="{at:.1}" y2="{at:.1}" stroke="{stroke}" stroke-width="0.7"/><text x="{:.1}" y="{:.1}" text-anchor="end" fill="#666">{value}</text>"##,
            LEFT - 5.0,
            at + 4.0
        );
    }
    let every = if sheet.end > 60_000.0 { 5 } else { 1 };
    for second in (0..=(sheet.end / 1000.0) as u64).step_by(every) {
        let at = sheet.x(Millis(second * 1000));
        let _ = write!(out, r##"<line x1="{at:.1}" x2="{at:.1}" y1="{top}" y2="{:.1}" stroke="#eee"/>"##, top + PANEL);
        if second.is_multiple_of(5) || sheet.end < 20_000.0 {
            let below = top + PANEL + STRIP + 12.0;
            let _ = write!(out, r##"<text x="{at:.1}" y="{below:.1}" text-anchor="middle" fill="#666">{second} s</text>"##);
        }
    }
    let _ = write!(
        out,
        r##"<text x="8" y="{:.1}" font-size="13" font-weight="bold">{}</text><text x="0" y="0" fill="#666" transform="translate(52 {:.1}) rotate(-90)">{}</text>"##,
        top + 14.0,
        panel.title,
        top + PANEL,
        panel.unit
    );
    for (index, (name, colour, read)) in panel.lines.iter().enumerate() {
        if panel.lines.len() > 1 {
            let _ = write!(out, r##"<text x="8" y="{:.1}" fill="{colour}">{name}</text>"##, top + 30.0 + 14.0 * index as f64);
        }
        draw_line(out, colour, sheet, *read, &y);
    }
    marks(out, panel, top + PANEL + 2.0, sheet);
}

fn bands(out: &mut String, panel: &Panel, top: f64, sheet: &Sheet<'_>) {
    for (index, label) in sheet.labels.iter().enumerate() {
        let fill = match (label.meaning(), label.confidence) {
            (Some(Meaning::Shows(a)), Confidence::High) if a == panel.action => BAND,
            (Some(Meaning::Shows(a)), Confidence::Medium) if a == panel.action => PERHAPS,
            (Some(Meaning::Resembles(a)), Confidence::High | Confidence::Medium) if a == panel.action => ALIKE,
            (Some(Meaning::Shows(_) | Meaning::Resembles(_)) | None, _) => continue,
        };
        let (x0, x1) = (sheet.x(label.start), sheet.x(label.end));
        // neighbours in two rows, so that their names do not run into each other
        let row = top + 10.0 + 11.0 * (index % 2) as f64;
        let _ = write!(
            out,
            r##"<rect x="{x0:.1}" y="{top:.1}" width="{:.1}" height="{PANEL:.1}" fill="{fill}"/><text x="{x0:.1}" y="{row:.1}" font-size="9" fill="#7a5c00">{}</text>"##,
            (x1 - x0).max(2.0),
            escape(&label.event)
        );
    }
}

/// A bar from begin to end of each detection, a triangle at its peak.
fn marks(out: &mut String, panel: &Panel, top: f64, sheet: &Sheet<'_>) {
    for event in sheet.spotted.iter().filter(|s| s.action == panel.action) {
        let (x0, x1, peak) = (sheet.x(event.t_start), sheet.x(event.t_end), sheet.x(event.t_peak));
        let colour = if event.deliberate { MARK } else { FAINT_MARK };
        let _ = write!(
            out,
            r##"<rect x="{x0:.1}" y="{:.1}" width="{:.1}" height="4" fill="{colour}"/><path d="M{peak:.1} {top:.1}l-4 7h8z" fill="{colour}"/>"##,
            top + 7.0,
            (x1 - x0).max(2.0)
        );
    }
}

/// A line broken where the measure is missing.
fn draw_line(out: &mut String, colour: &str, sheet: &Sheet<'_>, read: Read, y: &impl Fn(f32) -> f64) {
    let mut path = String::new();
    let mut pen_down = false;
    for sample in sheet.samples {
        match read(sample) {
            Some(value) => {
                let _ = write!(path, "{}{:.1} {:.1}", if pen_down { 'L' } else { 'M' }, sheet.x(sample.t), y(value));
                pen_down = true;
            }
            None => pen_down = false,
        }
    }
    let _ = write!(out, r##"<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.2" stroke-linejoin="round"/>"##);
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::Confidence;

    #[test]
    fn drawing_breaks_lines_at_gaps_and_escapes_names() {
        let mut samples: Vec<Sample> = (0..6).map(|i| Sample { mouth: Some(0.1), ..Sample::unmeasured(Millis(i * 40)) }).collect();
        samples[3].mouth = None;
        let labels =
            [Label { start: Millis(0), end: Millis(80), event: "MOUTH_OPEN".into(), confidence: Confidence::High, note: String::new() }];
        let svg = svg("a<b>.mp4", &samples, &labels, &[]);
        assert!(svg.contains("a&lt;b>.mp4"), "escaped");
        let mouth = svg.split("<path").find(|p| p.contains("#a8431b")).expect("mouth line");
        assert_eq!(mouth.matches('M').count(), 2, "one gap makes two strokes: {mouth}");
        assert!(svg.contains(BAND) && svg.contains(">MOUTH_OPEN<"), "label band with its name");
    }
}
