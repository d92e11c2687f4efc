//! What an experiment is run with.

use std::{
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use neurona_train::random::{Purpose, Random};

use crate::CourseError;

/// What an observer is told while an experiment runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many pieces of work have begun.
    Begin(usize),
    /// One piece is done.
    Done,
}

/// What an experiment is run with: the seed of all that is random, the form, and whom to tell how far it is.
pub struct Context<'a> {
    seed: u64,
    quick: bool,
    observer: Option<&'a (dyn Fn(Step) + Sync)>,
}

impl<'a> Context<'a> {
    /// A context that tells nobody; `quick` is the small form, for tests.
    pub fn new(seed: u64, quick: bool) -> Self {
        Self { seed, quick, observer: None }
    }

    /// The same context, which tells `observer` how far it is.
    pub fn observed(self, observer: &'a (dyn Fn(Step) + Sync)) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// What everything random follows from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Whether this is the small form.
    pub fn is_quick(&self) -> bool {
        self.quick
    }

    /// The one or the other, by the form.
    pub fn choose<T>(&self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }

    /// Random numbers to make data of; `stream` numbers the sets of one experiment.
    pub fn random(&self, stream: u64) -> Random {
        Random::new(self.seed, Purpose::Sample, stream, 0)
    }

    /// Does `work` for each item, on all cores, and returns the results in the order of the items.
    ///
    /// The threads are not those of a rayon pool: one that waits there for a training would begin another within it.
    ///
    /// # Errors
    ///
    /// That of the first item in order whose work failed; items after the first failure may not have been tried.
    pub fn each<I: Sync, T: Send>(
        &self,
        items: &[I],
        work: impl Fn(&I) -> Result<T, CourseError> + Sync,
    ) -> Result<Vec<T>, CourseError> {
        self.tell(Step::Begin(items.len()));
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let results: Vec<_> = items.iter().map(|_| Mutex::new(None)).collect();
        let worker = || {
            while !failed.load(Ordering::Relaxed) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let (Some(item), Some(place)) = (items.get(at), results.get(at)) else { break };
                let result = work(item);
                if result.is_err() {
                    failed.store(true, Ordering::Relaxed);
                }
                // Nobody else has this place, so that its lock is free and sound.
                if let Ok(mut place) = place.lock() {
                    *place = Some(result);
                }
                self.tell(Step::Done);
            }
        };
        let threads = thread::available_parallelism().map_or(1, usize::from).min(items.len());
        thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(worker))));
        // Items are taken in order: before the first without a result there is one that failed.
        results.into_iter().filter_map(|place| place.into_inner().ok().flatten()).collect()
    }

    fn tell(&self, step: Step) {
        if let Some(observer) = self.observer {
            observer(step);
        }
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("seed", &self.seed).field("quick", &self.quick).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_the_order_of_the_items() {
        let done = AtomicUsize::new(0);
        let observer = |step| {
            if step == Step::Done {
                done.fetch_add(1, Ordering::Relaxed);
            }
        };
        let context = Context::new(1, true).observed(&observer);
        let items: Vec<u32> = (0..100).collect();
        let squares = context.each(&items, |item| Ok(item * item)).expect("nothing fails");
        assert_eq!(squares, items.iter().map(|item| item * item).collect::<Vec<_>>());
        assert_eq!(done.load(Ordering::Relaxed), 100);
        assert!(context.each(&[0; 0], |item| Ok(*item)).expect("nothing fails").is_empty());
    }

    #[test]
    fn a_failure_is_returned() {
        let result = Context::new(1, true)
            .each(&[1, 2, 3], |item| if *item == 2 { Err(CourseError::Plot("two".to_owned())) } else { Ok(*item) });
        assert_eq!(result.map_err(|error| error.to_string()), Err("plot: two".to_owned()));
    }
}
