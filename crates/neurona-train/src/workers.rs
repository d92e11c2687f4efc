//! Work for all cores: many independent jobs, and many short pieces one after the other.

use std::{
    hint,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use rayon::{ThreadPoolBuilder, Yield};

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

/// Does `work` on this thread of a pool while the others stay awake for the pieces of it that they are given.
///
/// A thread of rayon's that finds nothing to do goes to sleep within some 20 us, and to wake it takes as long as a step of a
/// small network. Here the others look for work without end, on no more threads than there are cores. Where they find none
/// for milliseconds, as while a checkpoint is written, they nap.
pub(crate) fn awake<T>(work: impl FnOnce() -> T) -> T {
    /// Looks in vain before a nap: some 5 ms.
    const AWAKE: u32 = 1 << 16;
    /// Looks in vain before a thread of another program may have the core.
    const POLITE: u32 = 1 << 6;
    const NAP: Duration = Duration::from_micros(200);
    /// Sets what it holds at the end of the work, of a panic too.
    struct Done<'a>(&'a AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    let Some(here) = rayon::current_thread_index() else { return work() };
    let (threads, cores) = (rayon::current_num_threads(), thread::available_parallelism().map_or(1, usize::from));
    let done = AtomicBool::new(false);
    let look = |thread: usize| {
        // On this thread the work is done; no more threads than there are cores help it.
        let helps = (1..cores).contains(&((thread + threads - here) % threads));
        let mut idle = 0;
        while helps && !done.load(Ordering::Relaxed) {
            if rayon::yield_now() == Some(Yield::Executed) {
                idle = 0;
                continue;
            }
            idle = AWAKE.min(idle + 1);
            match idle {
                AWAKE.. => thread::sleep(NAP),
                _ if idle % POLITE == 0 => thread::yield_now(),
                _ => hint::spin_loop(),
            }
        }
    };
    rayon::in_place_scope(|scope| {
        let _done = Done(&done);
        scope.spawn_broadcast(|_, context| look(context.index()));
        work()
    })
}

#[cfg(test)]
mod tests {
    use std::panic;

    use rayon::prelude::*;

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

    #[test]
    fn pieces_are_done_while_others_are_awake() {
        let sum = || (0..100).map(|_| (0..64_u64).into_par_iter().sum::<u64>()).sum::<u64>();
        assert_eq!(awake(sum), 201_600, "outside of a pool");
        for threads in [1, 2, 5] {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
            assert_eq!(pool.install(|| awake(sum)), 201_600);
            // A nap is no sleep, and who naps sees the end.
            let idle = || thread::sleep(Duration::from_millis(30));
            assert_eq!(pool.install(|| awake(|| (idle(), sum()).1)), 201_600);
            let fails = || pool.install(|| awake(|| -> u64 { panic!("on purpose") }));
            assert!(panic::catch_unwind(panic::AssertUnwindSafe(fails)).is_err(), "and the others do not wait");
        }
    }
}
