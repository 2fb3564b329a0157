//! The figures as tables for people.

use super::Figures;

pub(super) fn print(figures: &Figures) {
    println!(
        "{:<14} {:<10} {:>7} {:>6} {:>9} {:>9} {:>9} {:>11}",
        "call", "", "at once", "count", "p50 ms", "p99 ms", "per s", "CPU ms each"
    );
    for c in &figures.calls {
        println!(
            "{:<14} {:<10} {:>7} {:>6} {:>9.2} {:>9.2} {:>9.1} {:>11.2}",
            c.call, c.case, c.at_once, c.count, c.p50_ms, c.p99_ms, c.per_second, c.server_cpu_ms
        );
    }
    let f = &figures.finalise;
    println!(
        "\nfinalise, {:.0} frames per session (CPU of the server's process; a database server's own is not in it)",
        f.frames_per_session
    );
    println!("{:<14} {:>6} {:>9} {:>10} {:>9} {:>11} {:>14}", "", "count", "p50 ms", "longest ms", "per s", "CPU s each", "per s per core");
    for (name, v) in [("one by one", &f.alone), ("together", &f.together)] {
        println!(
            "{name:<14} {:>6} {:>9.0} {:>10.0} {:>9.2} {:>11.2} {:>14.2}",
            v.count, v.p50_ms, v.longest_ms, v.per_second, v.server_cpu_s, v.per_second_per_core
        );
    }
    println!("before it, per session: {:.2} s CPU (init, commits, uploads)", f.upload_cpu_s);
    println!("\nwhere the time of one verdict goes");
    for s in &figures.shares {
        println!("{:<36} {:>8.1} ms {:>6.1} %", s.part, s.ms, s.share * 100.0);
    }
    let (m, mib) = (&figures.memory, |kib: u64| kib / 1024);
    let of_load = if m.peak_is_of_load { "under load" } else { "since the start (the kernel would not forget it)" };
    println!(
        "\nresident memory: idle {} MiB (peak while starting {}), after warm-up {}, peak {of_load} {}",
        mib(m.idle),
        mib(m.start_peak),
        mib(m.warm),
        mib(m.peak)
    );
}
