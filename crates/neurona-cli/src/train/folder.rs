//! The folder of a run: what it was told, how far it is, and how it went.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use neurona_train::{
    Checkpoints, Epoch, Trained,
    config::{self, RunConfig},
    file::{sweep, write_whole},
    train::Start,
};
use serde::Serialize;
use toml::Table;

mod curves;

/// A folder with `run.toml`, `checkpoint`, `metrics.csv`, `report.json` and `curves.svg`; of several starts each has its
/// `checkpoint-SEED`, and a line of `metrics.csv` begins with the seed.
pub(super) struct Folder {
    path: PathBuf,
}

/// What a kill can cost, beside the epoch that it interrupts.
const INTERVAL: Duration = Duration::from_secs(1);

/// A line of `metrics.csv`; a figure that there is none of is left empty.
#[derive(Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<u64>,
    epoch: u32,
    rate: f32,
    training_loss: f32,
    training_accuracy: Option<f32>,
    validation_loss: Option<f32>,
    validation_accuracy: Option<f32>,
}

/// The first key in which a run differs from what another description says, with both values.
fn difference(begun: &str, asked: &str) -> Option<String> {
    let (begun, asked): (Table, Table) = (begun.parse().ok()?, asked.parse().ok()?);
    let key = config::difference(&begun, &asked)?;
    let value = |table: &Table| {
        let mut keys = key.split('.');
        let first = keys.next().and_then(|key| table.get(key));
        let found = keys.fold(first, |value, key| value?.as_table()?.get(key));
        found.map_or_else(|| "nothing".to_owned(), ToString::to_string)
    };
    Some(format!("`{key}` is {} there, not {}", value(&begun), value(&asked)))
}

impl Folder {
    /// Begins a run in a folder, or goes on with the same one.
    pub(super) fn open(path: &Path, config: &RunConfig) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("{}: cannot make this folder", path.display()))?;
        let folder = Self { path: path.to_owned() };
        sweep(path);
        let description = folder.file("run.toml");
        let text = config.to_toml().context("the run cannot be described in TOML")?;
        match fs::read_to_string(&description) {
            Ok(found) if found == text => {}
            Ok(found) => {
                let difference = difference(&found, &text).unwrap_or_else(|| "its text differs".to_owned());
                bail!(
                    "{}: another run was begun in this folder: {difference}; name another folder, or say the same as it says",
                    description.display()
                )
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => folder.write("run.toml", text.as_bytes())?,
            Err(error) => return Err(error).with_context(|| description.display().to_string()),
        }
        Ok(folder)
    }

    pub(super) fn checkpoints(&self) -> Checkpoints {
        Checkpoints { path: self.file("checkpoint"), interval: INTERVAL }
    }

    /// Writes how a run from one start went.
    pub(super) fn finish(&self, trained: &Trained, report: &impl Serialize) -> Result<()> {
        self.write_metrics(trained.epochs.iter().map(|epoch| (None, *epoch)))?;
        self.write_report(report)?;
        self.write_curves(curves::draw(&trained.epochs, trained.kept, &[])?)
    }

    /// Writes how several starts went, of which the one with that seed is the best.
    pub(super) fn finish_starts(&self, starts: &[Start], best: u64, report: &impl Serialize) -> Result<()> {
        let epochs = |start: &Start| start.epochs.iter().map(|epoch| (Some(start.seed), *epoch)).collect::<Vec<_>>();
        self.write_metrics(starts.iter().flat_map(epochs))?;
        self.write_report(report)?;
        let (best, others): (Vec<&Start>, Vec<&Start>) = starts.iter().partition(|start| start.seed == best);
        let others: Vec<&[Epoch]> = others.into_iter().map(|start| &start.epochs[..]).collect();
        let (epochs, kept) = best.first().map_or((&[][..], 0), |best| (&best.epochs[..], best.kept));
        self.write_curves(curves::draw(epochs, kept, &others)?)
    }

    fn write_metrics(&self, epochs: impl Iterator<Item = (Option<u64>, Epoch)>) -> Result<()> {
        let mut table = csv::Writer::from_writer(Vec::new());
        for (seed, Epoch { number, rate, training, validation }) in epochs {
            table.serialize(Row {
                seed,
                epoch: number,
                rate,
                training_loss: training.loss,
                training_accuracy: training.accuracy,
                validation_loss: validation.map(|score| score.loss),
                validation_accuracy: validation.and_then(|score| score.accuracy),
            })?;
        }
        self.write("metrics.csv", &table.into_inner().context("the metrics cannot be written")?)
    }

    fn write_report(&self, report: &impl Serialize) -> Result<()> {
        self.write("report.json", format!("{}\n", serde_json::to_string_pretty(report)?).as_bytes())
    }

    fn write_curves(&self, picture: Option<String>) -> Result<()> {
        picture.map_or(Ok(()), |picture| self.write("curves.svg", picture.as_bytes()))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.file(name);
        write_whole(&path, |file| file.write_all(bytes)).with_context(|| path.display().to_string())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}
