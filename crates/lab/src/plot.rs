//! One clip as a drawing: eyes, mouth, yaw and pitch over time, labels as bands, detections as marks.

use std::fmt::Write as _;

use faceid_protocol::{Action, Millis};
use faceid_session::{Sample, Spotted};

use crate::labels::{Label, Meaning};

const WIDTH: f64 = 1400.0;
const PANEL: f64 = 150.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 30.0;

type Read = fn(&Sample) -> Option<f32>;

/// One panel: what it shows, its range and the action whose marks it carries.
struct Panel {
    title: &'static str,
    action: Action,
    range: (f32, f32),
    lines: &'static [(&'static str, Read)],
}

const PANELS: [Panel; 4] = [
    Panel {
        title: "eyes",
        action: Action::Blink,
        range: (0.0, 1.5),
        lines: &[("#1b6ca8", |s| s.eyes.left), ("#37a3a8", |s| s.eyes.right)],
    },
    Panel { title: "mouth", action: Action::Mouth, range: (0.0, 0.6), lines: &[("#a8431b", |s| s.mouth)] },
    Panel { title: "yaw °", action: Action::Shake, range: (-45.0, 45.0), lines: &[("#5b3fa0", |s| s.pose.map(|p| p.yaw))] },
    Panel { title: "pitch °", action: Action::Nod, range: (-45.0, 45.0), lines: &[("#3f7a2a", |s| s.pose.map(|p| p.pitch))] },
];

/// SVG text of one clip.
#[must_use]
pub fn svg(title: &str, samples: &[Sample], labels: &[Label], spotted: &[Spotted]) -> String {
    let end = samples.last().map_or(1, |s| s.t.0.max(1)) as f64;
    let x = |t: Millis| LEFT + t.0 as f64 / end * (WIDTH - LEFT - 10.0);
    let height = TOP + PANEL * PANELS.len() as f64 + 20.0;
    let mut out = String::new();
    // writing to a String cannot fail
    let _ = write!(
        out,
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/><text x="{LEFT}" y="18" font-size="14">{}</text>"##,
        escape(title)
    );
    for (index, panel) in PANELS.iter().enumerate() {
        let top = TOP + PANEL * index as f64;
        draw_panel(&mut out, panel, top, samples, labels, spotted, &x);
    }
    for second in 0..=(end / 1000.0) as u64 {
        if second % 5 == 0 {
            let _ = write!(
                out,
                r##"<text x="{:.1}" y="{:.1}" text-anchor="middle">{second} s</text>"##,
                x(Millis(second * 1000)),
                height - 6.0
            );
        }
    }
    out.push_str("</svg>\n");
    out
}

fn draw_panel(
    out: &mut String,
    panel: &Panel,
    top: f64,
    samples: &[Sample],
    labels: &[Label],
    spotted: &[Spotted],
    x: &impl Fn(Millis) -> f64,
) {
    let (low, high) = panel.range;
    let y = |v: f32| top + (PANEL - 16.0) * f64::from(1.0 - ((v - low) / (high - low)).clamp(0.0, 1.0));
    let _ = write!(
        out,
        r##"<text x="6" y="{:.1}">{}</text><text x="6" y="{:.1}" fill="#888">{low}…{high}</text>"##,
        top + 14.0,
        panel.title,
        top + 28.0
    );
    for label in labels {
        let fill = match label.meaning() {
            Some(Meaning::Shows(a)) if a == panel.action => "#ffe08a",
            Some(Meaning::Resembles(a)) if a == panel.action => "#e4e4e4",
            Some(Meaning::Shows(_) | Meaning::Resembles(_)) | None => continue,
        };
        let (x0, x1) = (x(label.start), x(label.end));
        let _ = write!(
            out,
            r##"<rect x="{x0:.1}" y="{top:.1}" width="{:.1}" height="{:.1}" fill="{fill}"><title>{}</title></rect>"##,
            (x1 - x0).max(2.0),
            PANEL - 14.0,
            escape(&label.event)
        );
    }
    let _ =
        write!(out, r##"<line x1="{LEFT}" x2="{WIDTH}" y1="{0:.1}" y2="{0:.1}" stroke="#ddd"/>"##, y(if low < 0.0 { 0.0 } else { low }));
    for (colour, read) in panel.lines {
        draw_line(out, colour, samples, *read, x, &y);
    }
    for event in spotted.iter().filter(|s| s.action == panel.action) {
        let (x0, x1, bar) = (x(event.t_start), x(event.t_end), top + PANEL - 12.0);
        let colour = if event.deliberate { "#c0102a" } else { "#e58a98" };
        let _ = write!(out, r##"<rect x="{x0:.1}" y="{bar:.1}" width="{:.1}" height="6" fill="{colour}"/>"##, (x1 - x0).max(2.0));
    }
}

/// A line broken where the measure is missing.
fn draw_line(out: &mut String, colour: &str, samples: &[Sample], read: Read, x: &impl Fn(Millis) -> f64, y: &impl Fn(f32) -> f64) {
    let mut path = String::new();
    let mut pen_down = false;
    for sample in samples {
        match read(sample) {
            Some(value) => {
                let _ = write!(path, "{}{:.1} {:.1}", if pen_down { 'L' } else { 'M' }, x(sample.t), y(value));
                pen_down = true;
            }
            None => pen_down = false,
        }
    }
    let _ = write!(out, r##"<path d="{path}" fill="none" stroke="{colour}"/>"##);
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
        let labels = [Label { start: Millis(0), end: Millis(80), event: "MOUTH_OPEN".into(), confidence: Confidence::High }];
        let svg = svg("a<b>.mp4", &samples, &labels, &[]);
        assert!(svg.contains("a&lt;b>.mp4"), "escaped");
        let mouth = svg.split("<path").find(|p| p.contains("#a8431b")).expect("mouth line");
        assert_eq!(mouth.matches('M').count(), 2, "one gap makes two strokes: {mouth}");
        assert!(svg.contains("#ffe08a"), "label band");
    }
}
