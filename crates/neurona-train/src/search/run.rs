//! All trials, in parallel.

use std::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, Ordering},
};

use super::{Examples, Folder, Record, ResultTable, Search, SearchError, Task};
use crate::{train::Progress, workers};

/// What an observer is told.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum SearchProgress<'a> {
    /// Something happened in the training of a trial; each fold is a training.
    Training {
        /// Which trial.
        task: Task,
        /// What happened.
        progress: Progress,
    },
    /// A trial is done, and its record is kept.
    Done(&'a Record),
}

impl Search {
    /// Runs all trials that are not in the folder yet, on so many threads (0 for all cores), each on one.
    ///
    /// The observer is called from the threads of the trials, and may ask to stop: trials that are not done are then as if
    /// they had not begun, and the table is that of those that are. Without a folder nothing is kept.
    ///
    /// # Errors
    ///
    /// Values of a trial do not go together or not with the data, threads cannot be started, or the folder cannot be read
    /// or written, or has trials of other examples. What is in the folder stays.
    pub fn run(
        &self,
        examples: &Examples,
        folder: Option<&Folder>,
        threads: usize,
        observer: &(dyn Fn(SearchProgress<'_>) -> ControlFlow<()> + Sync),
    ) -> Result<ResultTable, SearchError> {
        self.check(examples)?;
        let mut records = folder.map_or_else(|| Ok(Vec::new()), |folder| folder.records_of(self, examples))?;
        let stop = AtomicBool::new(false);
        let tell = |progress: SearchProgress<'_>| {
            if observer(progress).is_break() {
                stop.store(true, Ordering::Relaxed);
            }
            if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let measure = |task| {
            if stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let record = self.measure(task, examples, &|progress| tell(SearchProgress::Training { task, progress }))?;
            if let Some(record) = &record {
                folder.map_or(Ok(()), |folder| folder.write(record))?;
                // That was the last word on this trial, whatever the answer.
                let _ = tell(SearchProgress::Done(record));
            }
            Ok(record)
        };
        loop {
            let tasks = self.next(&records);
            if tasks.is_empty() || stop.load(Ordering::Relaxed) {
                return Ok(self.table(&records));
            }
            let results = workers::each(threads, tasks.len(), |at| {
                let result = measure(tasks[at]);
                // The others need not go on.
                stop.fetch_or(result.is_err(), Ordering::Relaxed);
                result
            })?;
            let done: Result<Vec<Option<Record>>, SearchError> = results.into_iter().collect();
            records.extend(done?.into_iter().flatten());
        }
    }
}
