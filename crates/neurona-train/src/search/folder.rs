//! A search in a folder: what is done is kept, whatever happens.
//!
//! ```text
//! search.toml            the description, with the paths to data from the root
//! trials/0007-1.toml     the record of trial 7 in rung 1
//! table.csv, best.toml   what came out
//! ```
//!
//! Each record is written when its trial ends, whole or not at all, so that a search may be killed at any moment: what is
//! left is done when it is run again, and ends in the same bits. Several programs may work in one folder at a time.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{Examples, Record, ResultTable, Search, SearchError, Task, examples::source};
use crate::{
    config::DataConfig,
    file::{Draft, sweep, write_whole},
};

/// The folder of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

const DESCRIPTION: &str = "search.toml";
const TRIALS: &str = "trials";
const TABLE: &str = "table.csv";
const BEST: &str = "best.toml";

impl Folder {
    /// The folder `path` for a search; it is made when it is not there.
    ///
    /// # Errors
    ///
    /// It holds another search, or cannot be written.
    pub fn create(path: &Path, search: &Search) -> Result<Self, SearchError> {
        let trials = path.join(TRIALS);
        fs::create_dir_all(&trials).map_err(SearchError::io(&trials))?;
        let description = path.join(DESCRIPTION);
        if !description.exists() {
            let text = search.to_toml();
            write_whole(&description, |file| file.write_all(text.as_bytes())).map_err(SearchError::io(&description))?;
        }
        let (folder, there) = Self::open(path)?;
        match there.document.difference(&search.document) {
            None => Ok(folder),
            Some(difference) => Err(SearchError::Other { path: path.to_owned(), difference }),
        }
    }

    /// A folder that is there, and its search.
    ///
    /// # Errors
    ///
    /// There is no search in it, or it cannot be read.
    pub fn open(path: &Path) -> Result<(Self, Search), SearchError> {
        let search = Search::read(&path.join(DESCRIPTION))?;
        Ok((Self { path: path.to_owned() }, search))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The records of what is done, by rung and number.
    ///
    /// # Errors
    ///
    /// A record cannot be read or is not one of this search, or trials of the same data had different examples.
    pub fn records(&self, search: &Search) -> Result<Vec<Record>, SearchError> {
        let trials = self.path.join(TRIALS);
        let mut records = Vec::new();
        for entry in fs::read_dir(&trials).map_err(SearchError::io(&trials))? {
            let path = entry.map_err(SearchError::io(&trials))?.path();
            // What was being written when a program was killed has another name.
            let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if !is_hidden && path.extension().is_some_and(|extension| extension == "toml") {
                records.push(self.read(search, &path)?);
            }
        }
        records.sort_by_key(Record::task);
        self.check_alike(search, &records)?;
        Ok(records)
    }

    /// The records of what is done, to go on with these examples.
    ///
    /// # Errors
    ///
    /// As [`records`](Self::records), or a trial was measured on other examples than these.
    pub fn records_of(&self, search: &Search, examples: &Examples) -> Result<Vec<Record>, SearchError> {
        let records = self.records(search)?;
        for record in &records {
            if examples.get(&search.trial(record.task())?.config.data)?.digest != record.data {
                return Err(self.other(record, "the data have now".to_owned()));
            }
        }
        Ok(records)
    }

    /// Whether trials that name the same data had the same examples, wherever they were measured.
    fn check_alike(&self, search: &Search, records: &[Record]) -> Result<(), SearchError> {
        let mut seen: Vec<(DataConfig, &Record)> = Vec::new();
        for record in records {
            let source = source(&search.trial(record.task())?.config.data);
            match seen.iter().find(|(other, _)| *other == source) {
                None => seen.push((source, record)),
                Some((_, first)) if first.data == record.data => {}
                Some((_, first)) => return Err(self.other(record, format!("trial {}", first.trial))),
            }
        }
        Ok(())
    }

    fn other(&self, record: &Record, other: String) -> SearchError {
        SearchError::Examples { path: self.path.clone(), trial: record.trial, other }
    }

    /// Writes a record.
    ///
    /// # Errors
    ///
    /// The folder cannot be written.
    pub fn write(&self, record: &Record) -> Result<(), SearchError> {
        let path = self.record(record.task());
        let text = toml::to_string(record).map_err(|error| SearchError::io(&path)(io::Error::other(error)))?;
        write_whole(&path, |file| file.write_all(text.as_bytes())).map_err(SearchError::io(&path))
    }

    /// Writes the table, and the run of the best trial, which [`RunConfig`](crate::config::RunConfig) reads: both or
    /// neither.
    ///
    /// # Errors
    ///
    /// The folder cannot be written.
    pub fn write_results(&self, search: &Search, table: &ResultTable) -> Result<(), SearchError> {
        if table.left == 0 {
            // Every record is in its place: what else was begun was killed.
            sweep(&self.path.join(TRIALS));
        }
        let mut drafts = Vec::new();
        let mut draft = |name: &str, text: String| {
            let path = self.path.join(name);
            let draft = Draft::write(&path, |file| file.write_all(text.as_bytes())).map_err(SearchError::io(&path))?;
            drafts.push((path, draft));
            Ok::<(), SearchError>(())
        };
        draft(TABLE, table.to_csv(search))?;
        if let Some(best) = table.best() {
            let trial = search.trial(best.task())?;
            let loss = best.loss.unwrap_or(f64::NAN);
            draft(
                BEST,
                format!("# Trial {} of the search beside this file: loss {loss}.\n\n{}", best.trial, trial.toml),
            )?;
        }
        drafts.into_iter().try_for_each(|(path, draft)| draft.keep().map_err(SearchError::io(&path)))
    }

    /// The file of the best trial's run.
    pub fn best(&self) -> PathBuf {
        self.path.join(BEST)
    }

    /// The file of the table.
    pub fn table(&self) -> PathBuf {
        self.path.join(TABLE)
    }

    fn record(&self, task: Task) -> PathBuf {
        self.path.join(TRIALS).join(format!("{:04}-{}.toml", task.trial, task.rung))
    }

    fn read(&self, search: &Search, path: &Path) -> Result<Record, SearchError> {
        let wrong = |problem: String| SearchError::Record { path: path.to_owned(), problem };
        let text = fs::read_to_string(path).map_err(SearchError::io(path))?;
        let record: Record = toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
        let trial = search.trial(record.task()).map_err(|error| wrong(error.to_string()))?;
        if trial.values != record.values || path != self.record(record.task()) {
            return Err(wrong("expected the record of a trial of this search, found one of another".to_owned()));
        }
        Ok(record)
    }
}
