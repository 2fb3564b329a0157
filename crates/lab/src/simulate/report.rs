//! The figures as tables or JSON lines, and the bars they are held against.

use anyhow::Result;
use serde::Serialize;
use serde_json::json;

use super::figures::{Figures, Share};
use super::second::SecondLook;

/// Fewest commands per action.
const COMMANDS: usize = 750;
/// Least recall at the first performance.
const RECALL: f64 = 0.98;
/// Most nods taken for shakes and shakes for nods.
const CONFUSION: f64 = 0.005;
/// Most false triggers per 8 s of rest.
const REST: f64 = 0.01;
/// Least share of sessions passed in the page that are live for the server, and how many that must be.
const AGREE: f64 = 0.99;
const LOOKED: usize = 200;
/// Species of which no session may pass the actions.
const NEVER: [&str; 2] = ["photo_still", "photo_waved"];

/// Missed recordings printed; JSON has them all.
const MISSED: usize = 25;

/// One bar.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bar {
    /// What is held against what.
    pub what: String,
    /// Whether it holds.
    pub holds: bool,
}

/// All bars over the rows that there are.
#[must_use]
pub fn bars(figures: &Figures) -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut bar = |what: String, holds: bool| bars.push(Bar { what, holds });
    let group = if figures.commands.iter().any(|r| r.kind == "all") { "all" } else { figures.commands.first().map_or("", |r| r.kind) };
    for row in figures.commands.iter().filter(|r| r.kind == group) {
        bar(format!("{}: {} commands, at least {COMMANDS}", row.action, row.recall.of), row.recall.of >= COMMANDS);
        bar(format!("{}: recall {}, at least {}", row.action, percent(&row.recall), pc(RECALL)), at_least(&row.recall, RECALL));
        if matches!(row.action, "nod" | "shake") {
            bar(
                format!("{}: confusion {}, at most {}", row.action, percent(&row.confused), pc(CONFUSION)),
                at_most(&row.confused, CONFUSION),
            );
        }
    }
    for row in figures.windows.iter().filter(|r| r.doing == "rest") {
        let what = format!("{}: false triggers per 8 s of rest {}, at most {}", row.action, percent(&row.triggered), pc(REST));
        bar(what, at_most(&row.triggered, REST));
    }
    for row in figures.sessions.iter().filter(|r| NEVER.contains(&r.kind)) {
        bar(format!("{}: {} of {} sessions passed, none may", row.kind, row.passed.hits, row.passed.of), row.passed.hits == 0);
    }
    bars
}

/// The bar of the second look.
pub(super) fn second_bar(second: &SecondLook) -> Bar {
    let share = &second.live;
    Bar {
        what: format!("server agrees with {} of {} passed sessions, at least {} of at least {LOOKED}", share.hits, share.of, pc(AGREE)),
        holds: share.of >= LOOKED && at_least(share, AGREE),
    }
}

fn at_least(share: &Share, least: f64) -> bool {
    share.rate.is_some_and(|r| r >= least)
}

fn at_most(share: &Share, most: f64) -> bool {
    share.rate.is_some_and(|r| r <= most)
}

fn pc(rate: f64) -> String {
    format!("{:.1} %", rate * 100.0)
}

fn percent(share: &Share) -> String {
    match (share.rate, share.interval95) {
        (Some(rate), Some([low, high])) => format!("{:.2} % ({:.2} to {:.2})", rate * 100.0, low * 100.0, high * 100.0),
        (None, _) | (_, None) => "–".into(),
    }
}

/// One JSON object per row, each with its `table`.
///
/// # Errors
/// When a row cannot be written as JSON.
pub(super) fn print_json(figures: &Figures, second: Option<&SecondLook>, bars: &[Bar]) -> Result<()> {
    fn rows<T: Serialize>(table: &str, rows: &[T]) -> Result<()> {
        for row in rows {
            let mut object = serde_json::to_value(row)?;
            if let Some(map) = object.as_object_mut() {
                map.insert("table".into(), json!(table));
            }
            println!("{object}");
        }
        Ok(())
    }
    rows("commands", &figures.commands)?;
    rows("windows", &figures.windows)?;
    rows("sessions", &figures.sessions)?;
    rows("parallax", &figures.parallax)?;
    rows("missed", &figures.missed)?;
    rows("second_look", second.as_slice())?;
    rows("bars", bars)
}

/// The tables.
pub(super) fn print_tables(figures: &Figures, second: Option<&SecondLook>, bars: &[Bar]) {
    println!(
        "kind    action  commands  recall at first try (95 %)    passed in the end          nod for shake or back     any wrong action"
    );
    for r in &figures.commands {
        println!(
            "{:7} {:6}  {:>8}  {:28}  {:25}  {:24}  {}",
            r.kind,
            r.action,
            r.recall.of,
            percent(&r.recall),
            percent(&r.passed),
            percent(&r.confused),
            percent(&r.wrong)
        );
    }
    println!("\nwhile the person …  asked   windows  taken for it (95 %)");
    for r in &figures.windows {
        println!("{:18}  {:6}  {:>7}  {}", r.doing, r.action, r.triggered.of, percent(&r.triggered));
    }
    println!("\nkind            clips  sessions  passed all three (95 %)       got a prompt  actions passed; other endings");
    for r in &figures.sessions {
        let actions: Vec<String> = r.actions.iter().map(|(a, s)| format!("{a} {}/{}", s.hits, s.of)).collect();
        println!(
            "{:14}  {:>5}  {:>8}  {:28}  {:>12}  {}; {:?}",
            r.kind,
            r.clips,
            r.passed.of,
            percent(&r.passed),
            r.calibrated.hits,
            actions.join(", "),
            r.ended
        );
    }
    println!("\nplanar parallax  action  recordings  measured   1 %    5 %   50 %   95 %   99 %  (above 0: like a plane)");
    for r in &figures.parallax {
        let scores = r.quantiles.map_or_else(|| "–".into(), |q| q.map(|v| format!("{v:6.2}")).join(" "));
        println!("{:15}  {:6}  {:>10}  {:>8}  {scores}", r.kind, r.action, r.recordings, r.measured);
    }
    println!(
        "\nmost often missed of {} recordings missed at least once: kind seed identity action, fps, width, size, dwell ms, times",
        figures.missed.len()
    );
    for r in figures.missed.iter().take(MISSED) {
        let done = r.passage.map_or_else(String::new, |p| format!("{:.2}, {:.0} ms, {}x", p.size, p.dwell_ms, p.times));
        println!(
            "  {} {} {} {}, {} fps, {} px, {done}: {}/{}",
            r.kind, r.seed, r.identity, r.action, r.fps, r.width, r.missed.hits, r.missed.of
        );
    }
    second.inspect(|s| print_second(s));
    println!();
    for bar in bars {
        println!("{}  {}", if bar.holds { "holds" } else { "FAILS" }, bar.what);
    }
}

fn print_second(second: &SecondLook) {
    println!(
        "\nthe server's look at sessions passed in the page: live {} {}; others {:?}",
        of(&second.live),
        percent(&second.live),
        second.ended
    );
    println!("largest upload {:.2} MB", second.largest_upload as f64 / 1e6);
    println!("action  seen with the page's thresholds       seen with the server's                unmeasured or another action");
    for w in &second.windows {
        let share = |s: &Share| format!("{} {}", of(s), percent(s));
        println!("{:6}  {:36}  {:36}  {}", w.action, share(&w.same_thresholds), share(&w.second_look), w.unmeasured_or_wrong);
    }
    println!("page and server apart         pictures   50 %    95 %    99 %   most");
    for a in &second.apart {
        println!("{:28}  {:>8}  {}", a.measure, a.pictures, a.quantiles.map(|v| format!("{v:6.3}")).join("  "));
    }
}

fn of(share: &Share) -> String {
    format!("{}/{}", share.hits, share.of)
}
