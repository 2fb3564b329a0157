//! Bills per day as stacked bars.

use crate::store::BillDay;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Billed results, from the bottom of a bar to its top.
pub(super) const CODES: [(u32, &str); 3] = [(1000, "same person"), (2000, "another person"), (3000, "authority's data")];

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 48.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 28.0;
/// Days between two dates below the axis.
const DATE_WIDTH: f64 = 60.0;

/// Counts of one day by result code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Day {
    pub(super) counts: [u64; 3],
    pub(super) units: i64,
}

impl Day {
    pub(super) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// Every day of the range, also those without a bill, oldest first.
pub(super) fn days(bills: &[BillDay], today: i64, days: u32) -> Vec<(i64, Day)> {
    let mut all: BTreeMap<i64, Day> = (today + 1 - i64::from(days)..=today).map(|day| (day, Day::default())).collect();
    for bill in bills {
        let slot = CODES.iter().position(|(code, _)| *code == bill.code);
        if let (Some(day), Some(slot)) = (all.get_mut(&bill.day), slot) {
            day.counts[slot] += bill.count;
            day.units += bill.units;
        }
    }
    all.into_iter().collect()
}

/// The chart. `date` names a day.
pub(super) fn draw(days: &[(i64, Day)], date: impl Fn(i64) -> String) -> Markup {
    let most = days.iter().map(|(_, day)| day.total()).max().unwrap_or(0);
    let step = tick(most);
    let top = (most.div_ceil(step).max(1) * step) as f64;
    let plot = HEIGHT - TOP - BOTTOM;
    let y = |count: f64| TOP + plot * (1.0 - count / top);
    let slot = (WIDTH - LEFT - RIGHT) / days.len().max(1) as f64;
    let bar = (slot * 0.7).min(44.0);
    let every = (DATE_WIDTH / slot).ceil().max(1.0) as usize;
    html! {
        svg .chart viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label="billed sessions per day; the same figures follow as a table" {
            @for line in 0..=most.div_ceil(step).max(1) {
                @let at = y((line * step) as f64);
                line .grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(tenth(at)) y2=(tenth(at)) {}
                text .tick x=(LEFT - 8.0) y=(tenth(at + 4.0)) text-anchor="end" { (line * step) }
            }
            @for (index, (number, day)) in days.iter().enumerate() {
                @let x = LEFT + slot * (index as f64 + 0.5);
                g {
                    title { (date(*number)) ": " (day.total()) " billed, " (day.units) " units" }
                    // The whole slot answers the pointer, also above a low bar.
                    rect .slot x=(tenth(x - slot / 2.0)) y=(TOP) width=(tenth(slot)) height=(plot) {}
                    @for (place, (code, _)) in CODES.iter().enumerate() {
                        @let below: u64 = day.counts[..place].iter().sum();
                        @let count = day.counts[place];
                        @if count > 0 {
                            @let upper = y((below + count) as f64);
                            rect class=(format!("c{code}")) x=(tenth(x - bar / 2.0)) y=(tenth(upper)) width=(tenth(bar)) height=(tenth(y(below as f64) - upper)) {}
                        }
                    }
                }
                @if (days.len() - 1 - index).is_multiple_of(every) {
                    text .tick x=(tenth(x)) y=(HEIGHT - 8.0) text-anchor="middle" { (date(*number).get(5..).unwrap_or_default()) }
                }
            }
        }
    }
}

/// Distance of the grid's lines: 1, 2 or 5 times a power of ten, at most five lines.
fn tick(most: u64) -> u64 {
    let mut unit = 1;
    loop {
        for factor in [1, 2, 5] {
            if most <= factor * unit * 5 {
                return factor * unit;
            }
        }
        unit *= 10;
    }
}

/// Coordinates to a tenth.
fn tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill(day: i64, code: u32, count: u64) -> BillDay {
        BillDay { app_key: "k".into(), day, code, count, units: count as i64 * 2 }
    }

    #[test]
    fn days_without_bills_are_there_and_keys_add_up() {
        let found = days(&[bill(100, 1000, 3), bill(100, 1000, 4), bill(100, 3000, 1), bill(98, 2000, 5), bill(90, 1000, 9)], 100, 3);
        assert_eq!(
            found,
            [(98, Day { counts: [0, 5, 0], units: 10 }), (99, Day::default()), (100, Day { counts: [7, 0, 1], units: 16 }),],
            "three days, the older one left out"
        );
    }

    #[test]
    fn grid_lines_are_few_and_round() {
        for (most, step) in [(0, 1), (1, 1), (5, 1), (6, 2), (11, 5), (25, 5), (26, 10), (51, 20), (1234, 500)] {
            assert_eq!(tick(most), step, "{most}");
        }
    }

    #[test]
    fn bars_stand_on_each_other() {
        let text = draw(&days(&[bill(1, 1000, 2), bill(1, 2000, 2)], 1, 1), |_| "1970-01-02".into()).into_string();
        let bar = |class: &str| {
            let tag = text.split("<rect ").find(|tag| tag.contains(class)).unwrap_or_else(|| panic!("no {class} in {text}"));
            let number = |name: &str| -> f64 {
                let rest = &tag[tag.find(&format!(" {name}=\"")).expect("attribute") + name.len() + 3..];
                rest.split('"').next().and_then(|text| text.parse().ok()).expect("number")
            };
            (number("y"), number("height"))
        };
        let ((low_y, low_h), (high_y, high_h)) = (bar("c1000"), bar("c2000"));
        assert!((low_y + low_h - (HEIGHT - BOTTOM)).abs() < 0.2, "on the axis");
        assert!((high_y + high_h - low_y).abs() < 0.2 && (high_h - low_h).abs() < 0.2, "equal counts, equal heights");
    }
}
