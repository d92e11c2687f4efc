//! Many independent jobs on all cores.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use rayon::ThreadPoolBuilder;

use crate::train::{MOST_THREADS, TrainError};

/// Does the jobs `0..count` on so many threads (0 for all cores), and gives their results in the order of the jobs.
///
/// A thread takes the next job when it has done one. The jobs are not handed to rayon one by one: a thread that waits in a
/// job of its own, as [`train`](crate::train()) does for its pool, would begin another meanwhile.
pub(crate) fn each<T: Send>(
    threads: usize,
    count: usize,
    job: impl Fn(usize) -> T + Sync,
) -> Result<Vec<T>, TrainError> {
    if threads > MOST_THREADS {
        let (expected, found) = ("at most 1024", threads.to_string());
        return Err(TrainError::Setting { setting: "threads", expected, found });
    }
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().map_err(TrainError::Threads)?;
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    pool.broadcast(|_| {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            let result = job(number);
            done.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push((number, result));
        }
    });
    let mut done = done.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    done.sort_by_key(|(number, _)| *number);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_and_no_job_begins_within_another() {
        let running = AtomicUsize::new(0);
        let most = AtomicUsize::new(0);
        let results = each(2, 20, |number| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            // A job that waits for a pool of its own, as a training does.
            let pool = ThreadPoolBuilder::new().num_threads(1).build().expect("a thread can be started");
            let square = pool.install(|| number * number);
            running.fetch_sub(1, Ordering::SeqCst);
            square
        });
        let expected: Vec<usize> = (0..20).map(|number| number * number).collect();
        assert_eq!(results.expect("threads can be started"), expected);
        assert!(most.into_inner() <= 2, "as many jobs at a time as there are threads");
    }
}
