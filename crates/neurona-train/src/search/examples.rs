//! The data of the trials.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    config::{ConfigError, DataConfig},
    data::Dataset,
};

/// The examples of all trials: given, or read from files once, however many trials need them.
#[derive(Debug, Default)]
pub struct Examples {
    given: Option<Arc<Dataset>>,
    read: Mutex<Vec<(DataConfig, Arc<Dataset>)>>,
}

impl Examples {
    /// Those of the files that a run names.
    pub fn from_files() -> Self {
        Self::default()
    }

    /// These, whatever files a run names.
    pub fn given(data: Dataset) -> Self {
        Self { given: Some(Arc::new(data)), ..Self::default() }
    }

    /// The examples of a run.
    pub(super) fn get(&self, config: &DataConfig) -> Result<Arc<Dataset>, ConfigError> {
        if let Some(data) = &self.given {
            return Ok(Arc::clone(data));
        }
        // How they are cut makes no difference to what is read.
        let key = DataConfig { validation: 0.0, test: 0.0, stratify: true, ..config.clone() };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, data)) = read.iter().find(|(other, _)| *other == key) {
            return Ok(Arc::clone(data));
        }
        let data = Arc::new(config.load(Path::new(""))?);
        read.push((key, Arc::clone(&data)));
        Ok(data)
    }
}
