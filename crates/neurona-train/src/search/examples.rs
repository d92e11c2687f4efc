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
    given: Option<Arc<Known>>,
    read: Mutex<Vec<(DataConfig, Arc<Known>)>>,
}

/// Examples, and what records call them.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) data: Dataset,
    /// Their [digest](Dataset::digest), in hexadecimal digits.
    pub(super) digest: String,
}

impl Known {
    fn new(data: Dataset) -> Arc<Self> {
        let digest = format!("{:016x}", data.digest());
        Arc::new(Self { data, digest })
    }
}

impl Examples {
    /// Those of the files that a run names.
    pub fn from_files() -> Self {
        Self::default()
    }

    /// These, whatever files a run names.
    pub fn given(data: Dataset) -> Self {
        Self { given: Some(Known::new(data)), ..Self::default() }
    }

    /// The examples of a run.
    pub(super) fn get(&self, config: &DataConfig) -> Result<Arc<Known>, ConfigError> {
        if let Some(data) = &self.given {
            return Ok(Arc::clone(data));
        }
        let key = source(config);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, data)) = read.iter().find(|(other, _)| *other == key) {
            return Ok(Arc::clone(data));
        }
        let data = Known::new(config.load(Path::new(""))?);
        read.push((key, Arc::clone(&data)));
        Ok(data)
    }
}

/// What decides which examples are read: how they are cut makes no difference.
pub(super) fn source(config: &DataConfig) -> DataConfig {
    DataConfig { validation: 0.0, test: 0.0, stratify: true, ..config.clone() }
}
