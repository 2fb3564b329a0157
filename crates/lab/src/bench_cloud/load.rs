//! Many calls, some at once, and what they took.

use std::error::Error;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::Serialize;
use tokio::task::JoinSet;

use super::process::Server;

/// One line of the result.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) call: &'static str,
    pub(super) case: &'static str,
    pub(super) at_once: usize,
    pub(super) count: usize,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) per_second: f64,
    /// Processor time of the server for one call, ms.
    pub(super) server_cpu_ms: f64,
}

/// Makes `count` calls, `at_once` of them in progress; the first that fails ends everything.
pub(super) async fn row<C, E>(
    call: &'static str,
    case: &'static str,
    count: usize,
    at_once: usize,
    server: &Server,
    mut next: impl FnMut() -> C,
) -> Result<Row>
where
    C: Future<Output = Result<(), E>> + Send + 'static,
    E: Error + Send + Sync + 'static,
{
    let timed = |work: C| async move {
        let begun = Instant::now();
        work.await.map(|()| begun.elapsed())
    };
    let (begun, cpu) = (Instant::now(), server.processor_time()?);
    let mut running = JoinSet::new();
    let mut took = Vec::with_capacity(count);
    for _ in 0..count {
        if running.len() == at_once
            && let Some(done) = running.join_next().await
        {
            took.push(done??);
        }
        running.spawn(timed(next()));
    }
    while let Some(done) = running.join_next().await {
        took.push(done??);
    }
    let (all, cpu) = (begun.elapsed(), server.processor_time()?.saturating_sub(cpu));
    let per_call = |whole: Duration| whole.as_secs_f64() / count as f64;
    took.sort_unstable();
    Ok(Row {
        call,
        case,
        at_once,
        count,
        p50_ms: rank(&took, 0.50),
        p99_ms: rank(&took, 0.99),
        per_second: 1.0 / per_call(all),
        server_cpu_ms: per_call(cpu) * 1000.0,
    })
}

/// Nearest rank of sorted times, ms: with few calls the 99th percentile is the longest one.
pub(super) fn rank(sorted: &[Duration], share: f64) -> f64 {
    let index = ((share * sorted.len() as f64).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(index).map_or(0.0, |d| d.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_of_the_calls_themselves() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!((rank(&times, 0.5), rank(&times, 0.99)), (100.0, 198.0), "of 200");
        assert_eq!(rank(&times[..3], 0.99), 3.0, "the longest of three");
        assert_eq!(rank(&[], 0.5), 0.0, "nothing measured");
    }
}
