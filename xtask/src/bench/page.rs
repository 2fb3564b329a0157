//! The page's part of `cargo xtask bench web`: a tracked frame, its memory, the ways from camera to pixels, and the main thread's tasks.

use super::web::{node, number, parsed, print_times};
use crate::{demo, process::step, web};
use anyhow::Result;
use serde_json::{Value, json};
use std::path::Path;

/// Measures on the built page; `quick` leaves out the peers and the ten minutes' frames.
///
/// # Errors
/// When something cannot be built or run.
pub(super) fn measure(built: &Path, quick: bool) -> Result<Value> {
    step("tracked frames in Chromium");
    let frame = parsed(&node("page.mjs", if quick { &["--quick"] } else { &[] }, built)?)?;
    step("ways from camera to pixels");
    let ways = parsed(&node("frames.mjs", &[], built)?)?;
    step("a session, for the tasks of its main thread");
    Ok(json!({"frame": frame, "ways": ways, "main_thread": demo::main_thread()?}))
}

/// Measures a first visit over a slow line on the built page.
///
/// # Errors
/// When it cannot be run.
pub(super) fn arrival() -> Result<Value> {
    step("first visits over a slow line");
    parsed(&node("arrival.mjs", &[], &web::dist())?)
}

/// Prints what [`arrival`] found.
pub(super) fn print_arrival(arrival: &Value) {
    let line = &arrival["line"];
    println!(
        "first visit, round trip {} ms, {} bytes a ms; least and median of {}, ms:",
        line["roundTripMs"], line["bytesPerMs"], arrival["rounds"]
    );
    for (name, way) in arrival["ways"].as_object().into_iter().flatten() {
        let of = |mark: &str, which: &str| number(&way[mark][which]);
        println!(
            "  {name:<26} first sentence {:6.0} {:6.0}   engine ready {:6.0} {:6.0}",
            of("sentence", "min"),
            of("sentence", "median"),
            of("engine", "min"),
            of("engine", "median")
        );
    }
}

/// Prints what [`measure`] found.
pub(super) fn print(page: &Value) {
    print_frame(&page["frame"]);
    print_ways(&page["ways"]);
    let tasks = &page["main_thread"];
    print_tasks("by the clock", tasks);
    if tasks["cpu"].is_null() {
        println!("  the trace has no processor times");
    } else {
        print_tasks("by the thread's processor time", &tasks["cpu"]);
    }
}

fn print_frame(page: &Value) {
    println!("tracked frame of 480 x 360 in Chromium {}:", page["chromium"].as_str().unwrap_or("?"));
    print_times(&page["times"]);
    let mib = |name: &str| number(&page["memory"][name]) / f64::from(1 << 20);
    let (warm, late) = (mib("afterWarmUp"), mib("afterTenMinutes"));
    println!(
        "  linear memory {warm:.1} MiB with a full ring, {:.1} MiB after a session's evidence, {late:.1} MiB at the end (it never shrinks: the peak), ratio {:.2}",
        mib("afterEvidence"),
        late / warm
    );
    let of = |name: &str, which: &str| number(&page["times"][name][which]);
    let share = |which: &str| 1.0 - of("network", which) / of("ours", which);
    println!("  share of a tracked frame that is not the landmark network: {:.2} (min), {:.2} (median)", share("min"), share("median"));
    println!("  share that is reading the picture back: {:.2} (min)", of("read", "min") / of("ours", "min"));
    for (name, way) in [("planes", "judged from its planes"), ("drawn", "drawn small and read back")] {
        let share = |which: &str| 1.0 - of("network", which) / of(name, which);
        println!("  the same of a camera frame of 1280 x 720, {way}: {:.2} (min), {:.2} (median)", share("min"), share("median"));
    }
}

fn print_ways(page: &Value) {
    println!(
        "camera of {} to {}, ms in page, in worker, in all (medians); distance from the area average, grey levels:",
        page["camera"], page["small"]
    );
    for (name, way) in page["ways"].as_object().into_iter().flatten() {
        let median = |part: &str| number(&way[part]["median"]);
        let distance = way["distance"].as_f64().map_or_else(|| "-".to_owned(), |grey| format!("{grey:.2}"));
        println!("  {name:<50} {:6.2} {:6.2} {:6.2}  {distance}", median("page"), median("worker"), median("wall"));
    }
}

fn print_tasks(clock: &str, tasks: &Value) {
    println!(
        "main thread of a session, {clock}: {} tasks, {} over 16 ms, {} over 50 ms; the longest:",
        tasks["tasks"], tasks["over16"], tasks["over50"]
    );
    for task in tasks["longest"].as_array().into_iter().flatten() {
        println!(
            "  {:6.1} ms, {:6.1} ms processor  {}",
            number(&task["ms"]),
            number(&task["cpuMs"]),
            task["does"].as_str().unwrap_or_default()
        );
    }
}
