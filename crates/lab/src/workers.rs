//! Work spread over threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;

/// `work` on each of `0..count`, on `jobs` threads, as they come free. The results in order.
///
/// # Errors
/// The first error of any worker, or when one panicked.
pub(crate) fn each<T: Send>(jobs: usize, count: usize, work: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let worker = || -> Result<Vec<(usize, T)>> {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return Ok(done);
            }
            done.push((index, work(index)?));
        }
    };
    let mut all = together(jobs, worker)?;
    all.sort_by_key(|(index, _)| *index);
    Ok(all.into_iter().map(|(_, result)| result).collect())
}

/// What `jobs` threads that all run `worker` found together.
///
/// # Errors
/// The first error of any of them, or when one panicked.
pub(crate) fn together<T: Send>(jobs: usize, worker: impl Fn() -> Result<Vec<T>> + Sync) -> Result<Vec<T>> {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.max(1)).map(|_| scope.spawn(&worker)).collect();
        let results = workers.into_iter().map(|w| w.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a worker panicked"))));
        results.collect::<Result<Vec<_>>>().map(|all| all.into_iter().flatten().collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_errors_come_out() {
        assert_eq!(each(3, 100, |i| Ok(i * i)).expect("no error"), (0..100).map(|i| i * i).collect::<Vec<_>>());
        let failed = each(2, 10, |i| if i == 7 { Err(anyhow::anyhow!("seven")) } else { Ok(i) });
        assert_eq!(failed.expect_err("one failed").to_string(), "seven");
        assert!(each(0, 0, |_| Ok(())).expect("nothing to do").is_empty());
    }
}
