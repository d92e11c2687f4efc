//! The folder of a run: what it was told, how far it is, and how it went.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use neurona_train::{Checkpoints, Epoch, config::RunConfig, file::write_whole};
use serde::Serialize;

mod curves;

/// A folder with `run.toml`, `checkpoint`, `metrics.csv`, `report.json` and `curves.svg`.
pub(super) struct Folder {
    path: PathBuf,
}

/// What a kill can cost, beside the epoch that it interrupts.
const INTERVAL: Duration = Duration::from_secs(5);

/// A line of `metrics.csv`; a figure that there is none of is left empty.
#[derive(Serialize)]
struct Row {
    epoch: u32,
    training_loss: f32,
    training_accuracy: Option<f32>,
    validation_loss: Option<f32>,
    validation_accuracy: Option<f32>,
}

impl Folder {
    /// Begins a run in a folder, or goes on with the same one.
    pub(super) fn open(path: &Path, config: &RunConfig) -> Result<Self> {
        fs::create_dir_all(path).with_context(|| format!("{}: cannot make this folder", path.display()))?;
        let folder = Self { path: path.to_owned() };
        let description = folder.file("run.toml");
        let text = config.to_toml().context("the run cannot be described in TOML")?;
        match fs::read_to_string(&description) {
            Ok(found) if found == text => {}
            Ok(_) => bail!(
                "{}: another run was begun in this folder; name another folder, or say the same as it says",
                description.display()
            ),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => folder.write("run.toml", text.as_bytes())?,
            Err(error) => return Err(error).with_context(|| description.display().to_string()),
        }
        Ok(folder)
    }

    pub(super) fn checkpoints(&self) -> Checkpoints {
        Checkpoints { path: self.file("checkpoint"), interval: INTERVAL }
    }

    /// Writes how the run went.
    pub(super) fn finish(&self, epochs: &[Epoch], report: &impl Serialize) -> Result<()> {
        let mut table = csv::Writer::from_writer(Vec::new());
        for Epoch { number, training, validation, .. } in epochs {
            table.serialize(Row {
                epoch: *number,
                training_loss: training.loss,
                training_accuracy: training.accuracy,
                validation_loss: validation.map(|score| score.loss),
                validation_accuracy: validation.and_then(|score| score.accuracy),
            })?;
        }
        self.write("metrics.csv", &table.into_inner().context("the metrics cannot be written")?)?;
        self.write("report.json", format!("{}\n", serde_json::to_string_pretty(report)?).as_bytes())?;
        if let Some(picture) = curves::draw(epochs)? {
            self.write("curves.svg", picture.as_bytes())?;
        }
        Ok(())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.file(name);
        write_whole(&path, |file| file.write_all(bytes)).with_context(|| path.display().to_string())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}
