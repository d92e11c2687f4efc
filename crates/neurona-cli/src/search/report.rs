//! What a search came to, for people and for programs.

use std::io::Write;

use anyhow::Result;
use neurona_train::search::{Folder, FoldScore, Record, ResultTable, Search};
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use crate::print::{self, Table};

/// A search, as JSON says it.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    out: String,
    method: &'static str,
    trainings: usize,
    done: usize,
    left: usize,
    best: Option<Trial<'a>>,
    trials: Vec<Trial<'a>>,
}

/// A trial, as JSON says it.
#[derive(Serialize)]
pub(super) struct Trial<'a> {
    trial: usize,
    rung: usize,
    epochs: u32,
    loss: Option<f64>,
    deviation: Option<f64>,
    accuracy: Option<f64>,
    failure: Option<&'a str>,
    values: &'a toml::Table,
    folds: Vec<Fold>,
}

#[derive(Serialize)]
struct Fold {
    loss: f64,
    accuracy: Option<f64>,
}

impl<'a> Trial<'a> {
    pub(super) fn of(record: &'a Record) -> Self {
        let Record { trial, rung, epochs, loss, deviation, accuracy, failure, values, folds } = record;
        let fold = |fold: &FoldScore| Fold { loss: fold.loss, accuracy: fold.accuracy };
        Self {
            trial: *trial,
            rung: *rung,
            epochs: *epochs,
            loss: *loss,
            deviation: *deviation,
            accuracy: *accuracy,
            failure: failure.as_deref(),
            values,
            folds: folds.iter().map(fold).collect(),
        }
    }
}
