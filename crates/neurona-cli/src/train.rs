//! `neurona train`: from data to a model file.

use std::{
    io::Write,
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use clap::Args;
use neurona_train::{
    Dataset, End, Init, Score, TrainError, Trained,
    config::{DataConfig, Prepared},
    file::Draft,
    model_file::ModelFile,
    train,
    train::{Spread, Start, Starts, train_starts, train_starts_with_checkpoints},
    train_with_checkpoints,
};
use serde::Serialize;

use crate::{
    data,
    print::{self, Table},
    rust,
};

mod folder;
mod introduce;
pub(crate) mod options;
mod progress;

use folder::Folder;
use introduce::introduce;
use options::Options;
use progress::{Display, StartsDisplay};

/// Train a network on examples and write it as a model file.
///
/// The examples are the rows of a table (CSV), or two files of arrays (NPY, IDX). Everything can be said by options, or
/// in a TOML file that options override. With a validation part the weights of the epoch with the least loss on it are
/// kept, without one the last. Ctrl-C ends the training and keeps the best so far. The same seed gives the same weights
/// for any number of threads.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Train {
    /// The model file to write; it is whole or not there
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A folder for the run: its configuration, a checkpoint, metrics as CSV and JSON, and learning curves; with --starts
    /// a checkpoint for each. The same command again goes on where the run was, to the same bits as an unbroken one
    #[arg(long, value_name = "FOLDER")]
    run: Option<PathBuf>,
    /// Print one JSON object in place of the summary
    #[arg(long)]
    json: bool,
    /// Print no progress
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    options: Options,
}

const AFTER_HELP: &str = "\
Examples:
  neurona train train.csv --layers 32:relu --rescale 0.0625 --validation 0.2 --out digits.neurona
  neurona train iris.csv --layers 16:tanh,8:tanh --standardize --test 0.2 --out iris.neurona
  neurona train load.csv --values load --layers 16:relu --standardize --out load.neurona
  neurona train train-images-idx3-ubyte.gz --targets train-labels-idx1-ubyte.gz --out mnist.neurona
  neurona train --config run.toml --epochs 20 --out run.neurona
  neurona train train.csv --validation 0.2 --starts 8 --run runs/starts --out best.neurona
  neurona train train.csv --augment image:8x8:shift=1:rotation=10 --dropout 0.1 --out turned.neurona
  neurona train train.csv --epochs 5000 --run runs/long --out long.neurona

A TOML file:
  [data]
  file = \"digits.csv\"     # from the folder of this file
  label = \"label\"
  validation = 0.2
  [network]
  name = \"Digits\"
  rescale = 0.0625
  layers = [{ dense = 32, activation = \"relu\" }, { dense = 10 }]
  [train]
  epochs = 100

A network of images or signals, behind the shape of its input; each row of the table is one, channels next to each other:
  input = [28, 28, 1]       # rows, columns, channels
  layers = [
    { conv = 8, kernel = 3, stride = 2, padding = \"same\", activation = \"relu\", batch_norm = true },
    { depthwise = 1, kernel = [3, 1] }, { conv = 16, kernel = 1 }, { max_pool = 2 },
    { residual = [{ conv = 16, kernel = 3, padding = \"same\" }], activation = \"relu\" },
    { global_pool = \"avg\" }, { dense = 10 },
  ]
  input = [119, 6]          # steps, channels
  layers = [
    { conv = 8, kernel = 5, padding = \"causal\", activation = \"relu\" },
    { gru = 16, all = true }, { lstm = 8 }, { dense = 4 },
  ]
  layers = [{ echo_state = 100, leak = 0.3 }, { dense = 4 }]  # with ridge = [1e-4, 1e-2] in [train]

A layer is what its first key says; the keys behind it may be given too:
  dense = 10              activation
  conv = 8                kernel, stride, dilation, padding, activation, and either groups = 2 or
                          table = [[0, 1], [1, 2]]: the channels that each filter sees
  depthwise = 1           kernel, stride, dilation, padding, activation: filters for each channel
  max_pool = 2            stride (the size without), dilation, padding; also avg_pool = 2
  global_pool = \"avg\"     the mean of each channel; \"max\" for the largest
  flatten = true          a vector
  scale = true            activation: a scale and a shift for each channel; with batch_norm = true
                          it is a batch normalisation by itself
  rnn = 16                all, activation (tanh without)
  gru = 16                all = true: the state of each step; also lstm = 16
  echo_state = 100        all, connections, leak, radius, input_scale, bias_scale, reservoir_seed
  codes = [\"##.\", \"..#\"] minus the squared distance to each code of # (1) and . (-1)
  residual = [LAYERS]     shortcut = [LAYERS], activation
  concat = [[LAYERS], [LAYERS]]   the channels of two branches
Every layer may have a name, its field in Rust; those that learn have dropout = 0.1, dense, conv, depthwise and scale also \
batch_norm = true; leaky_relu has a slope, elu an alpha. A kernel is a size, or [rows, columns], and so are stride and dilation. \
Padding is \"valid\", \"same\" (TensorFlow's), \"causal\", or sizes by side. `neurona rust --stream` makes the type of a \
network that is fed sample by sample.

JSON: {\"out\", \"bytes\", \"end\" (finished, patience, interrupted, diverged), \"epochs\", \"kept\" \
(epoch of the weights), \"seconds\", \"parameters\", \"zero_weights\", \"loss_name\", \"training\", \
\"validation\", \"test\"}; each part is {\"rows\", \"loss\", \"accuracy\"} or null, and accuracy is null for \
numbers. With --starts also \"starts\": [{\"seed\", \"validation_loss\" (null where it diverged), \"epochs\", \
\"kept\", \"end\"}] and \"spread\": {\"mean\", \"deviation\", \"least\", \"largest\"} of these losses, where there are two.

Exit status: 130 when Ctrl-C ended the training, 1 when it diverged; the best network so far is \
written in both cases.";

/// What was done, as JSON says it.
#[derive(Serialize)]
struct Report {
    out: String,
    bytes: u64,
    end: &'static str,
    epochs: usize,
    kept: u32,
    seconds: f64,
    parameters: usize,
    /// Weights that are exactly 0, biases not counted.
    zero_weights: usize,
    loss_name: &'static str,
    training: Part,
    validation: Option<Part>,
    test: Option<Part>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    starts: Vec<OneStart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spread: Option<Spread>,
}

#[derive(Serialize)]
struct OneStart {
    seed: u64,
    validation_loss: Option<f32>,
    epochs: usize,
    kept: u32,
    end: &'static str,
}

impl From<&Start> for OneStart {
    fn from(start: &Start) -> Self {
        let Start { seed, loss, epochs, kept, end } = start;
        Self { seed: *seed, validation_loss: *loss, epochs: epochs.len(), kept: *kept, end: end_name(*end) }
    }
}

/// Why a training ended, as JSON says it.
fn end_name(end: End) -> &'static str {
    match end {
        End::Patience => "patience",
        End::Asked => "interrupted",
        End::Diverged => "diverged",
        _ => "finished",
    }
}

#[derive(Serialize)]
struct Part {
    rows: usize,
    loss: f32,
    accuracy: Option<f32>,
}

impl Train {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<ExitCode> {
        // Found now, and not when the training is done.
        ensure!(!self.out.is_dir(), "{}: expected a file to write, found a folder", self.out.display());
        Draft::write(&self.out, |_| Ok(())).with_context(|| format!("{}: cannot write there", self.out.display()))?;
        let (prepared, config) = self.options.prepare(&self.out)?;
        let DataConfig { file, inputs, targets, .. } = &config.data;
        for path in [file, inputs, targets, self.options.config()].into_iter().flatten() {
            ensure!(
                !data::is_same_file(&self.out, path),
                "{}: the model would replace what it is trained from; choose another name for --out",
                self.out.display()
            );
        }
        let folder = self.run.as_ref().map(|path| Folder::open(path, &config)).transpose()?;
        if !self.quiet {
            introduce(&prepared);
        }
        let start = Instant::now();
        let (trained, starts, diverged) = match prepared.starts.1 {
            1 => {
                let (trained, diverged) = self.fit(&prepared, folder.as_ref())?;
                (trained, Vec::new(), diverged)
            }
            _ => {
                let Starts { best, all } = self.fit_starts(&prepared, folder.as_ref())?;
                (best, all, None)
            }
        };
        let interrupted = trained.end == End::Asked || starts.iter().any(|start| start.end == End::Asked);
        let seconds = start.elapsed().as_secs_f64();

        let (model, report) = self.report(&trained, &prepared, &config.network.name, seconds)?;
        model.write(&self.out)?;
        let bytes = std::fs::metadata(&self.out).with_context(|| self.out.display().to_string())?.len();
        let end = if interrupted { "interrupted" } else { report.end };
        let losses: Vec<f64> = starts.iter().filter_map(|start| start.loss).map(f64::from).collect();
        let (starts_of, spread) = (starts.iter().map(OneStart::from).collect(), Spread::of(&losses));
        let report = Report { bytes, end, starts: starts_of, spread, ..report };
        match &folder {
            Some(folder) if starts.is_empty() => folder.finish(&trained, &report)?,
            Some(folder) => folder.finish_starts(&starts, trained.seed, &report)?,
            None => {}
        }
        if self.json {
            print::json(out, &report)?
        } else {
            report.write(out, &self.out, &prepared)?
        }
        if report.epochs > 0 {
            hint(&report, &prepared)?;
        }
        if let Some(error) = diverged {
            // Both are said: what was written, then why it is not better.
            out.flush()?;
            return Err(error);
        }
        Ok(if interrupted { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS })
    }

    /// Trains; when it diverged after the first epoch, the last good network and the error.
    fn fit(&self, prepared: &Prepared, folder: Option<&Folder>) -> Result<(Trained, Option<anyhow::Error>)> {
        let stop = stop_on_interrupt()?;
        let Prepared { training, validation, network, settings, .. } = prepared;
        let mut display = Display::new(settings, self.quiet);
        let mut observer = |progress| {
            display.show(progress);
            go_on_unless(&stop)
        };
        let (network, validation) = (network.clone(), validation.as_ref());
        let result = match folder {
            None => train(network, training, validation, settings, &mut observer),
            Some(folder) => {
                let checkpoints = folder.checkpoints();
                train_with_checkpoints(network, training, validation, settings, &checkpoints, &mut observer)
            }
        };
        display.end();
        match result {
            Ok(trained) => Ok((trained, None)),
            Err(TrainError::NotFinite { epoch, batch, what, trained }) if trained.kept > 0 => {
                let error = anyhow::anyhow!(
                    "training diverged in epoch {epoch}, step {batch}: {what} is not finite; {} holds the weights of \
                     epoch {}, the last good ones; try a smaller --rate than {}",
                    self.out.display(),
                    trained.kept,
                    settings.rate
                );
                Ok((*trained, Some(error)))
            }
            Err(TrainError::NotFinite { epoch, batch, what, .. }) => Err(anyhow::anyhow!(
                "training diverged in epoch {epoch}, step {batch}: {what} is not finite; no epoch was completed, so \
                 that nothing was written; try a smaller --rate than {}",
                settings.rate
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// Trains from several first weights, says how they did, and gives the best.
    fn fit_starts(&self, prepared: &Prepared, folder: Option<&Folder>) -> Result<Starts> {
        let stop = stop_on_interrupt()?;
        let Prepared { training, validation, network, settings, starts, .. } = prepared;
        let validation = validation.as_ref().context("several starts need a validation part")?;
        let display = StartsDisplay::new(starts.1, settings.epochs, self.quiet);
        let observer = |start, progress| {
            display.show(start, progress);
            go_on_unless(&stop)
        };
        let result = match folder {
            None => train_starts(network, *starts, training, validation, settings, &observer),
            Some(folder) => {
                let checkpoints = folder.checkpoints();
                train_starts_with_checkpoints(network, *starts, training, validation, settings, &checkpoints, &observer)
            }
        };
        display.end();
        let starts = result?;
        // They are a result, which JSON has.
        if !self.json {
            write_starts(&starts)?;
        }
        Ok(starts)
    }

    fn report(&self, trained: &Trained, prepared: &Prepared, name: &str, seconds: f64) -> Result<(ModelFile, Report)> {
        let score = |data: &Dataset| -> Result<Part> {
            let Score { loss, accuracy } = trained.network.evaluate(data, trained.loss)?;
            Ok(Part { rows: data.rows(), loss, accuracy })
        };
        let training = score(&prepared.training)?;
        let validation = prepared.validation.as_ref().map(score).transpose()?;
        let test = prepared.test.as_ref().map(score).transpose()?;

        let mut metadata = trained.metadata(name, &prepared.training);
        metadata.layers.clone_from(&prepared.layer_names);
        metadata.dataset = self.options.data_name(&prepared.training);
        metadata.metrics.clear();
        for (name, part) in
            [("training", Some(&training)), ("validation", validation.as_ref()), ("test", test.as_ref())]
        {
            let Some(part) = part else { continue };
            metadata.metrics.push((format!("{name}_loss"), part.loss));
            metadata.metrics.extend(part.accuracy.map(|accuracy| (format!("{name}_accuracy"), accuracy)));
        }
        let golden = prepared.test.as_ref().or(prepared.validation.as_ref()).unwrap_or(&prepared.training).input(0);
        let model = trained.model_file(metadata, golden.context("a data set has at least one row")?)?;
        let report = Report {
            out: self.out.display().to_string(),
            bytes: 0,
            end: end_name(trained.end),
            epochs: trained.epochs.len(),
            kept: trained.kept,
            seconds,
            parameters: trained.network.spec().params(),
            zero_weights: trained.network.zero_weights().1,
            loss_name: trained.loss.name(),
            training,
            validation,
            test,
            starts: Vec::new(),
            spread: None,
        };
        Ok((model, report))
    }
}

/// Says what to do where training did not make the loss less, as at a rate of which the first steps leave no neuron that
/// answers.
fn hint(report: &Report, prepared: &Prepared) -> Result<()> {
    let before = prepared.network.evaluate(&prepared.training, prepared.settings.loss)?.loss;
    let after = report.training.loss;
    // Of zeros something else was said.
    if prepared.starts.0 != Init::Zeros && after.partial_cmp(&before) != Some(std::cmp::Ordering::Less) {
        print::note(format_args!(
            "hint: the loss on the training part is {} now and was {} before training; try a smaller rate than {}",
            print::significant(after),
            print::significant(before),
            prepared.settings.rate
        ));
    }
    Ok(())
}

/// 128 and the number of SIGINT, as shells tell it.
pub(crate) const INTERRUPTED: u8 = 130;

/// A flag that Ctrl-C sets; a second Ctrl-C ends the program at once.
pub(crate) fn stop_on_interrupt() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED.into());
        }
    })
    .context("cannot wait for Ctrl-C")?;
    Ok(stop)
}

pub(crate) fn go_on_unless(stop: &AtomicBool) -> ControlFlow<()> {
    if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// The loss of each start on the validation part, and their spread, beside the output.
fn write_starts(starts: &Starts) -> Result<()> {
    let mut table = Table::new([" seed", " validation loss"]);
    for Start { seed, loss, .. } in &starts.all {
        table.row([seed.to_string(), loss.map_or_else(|| "diverged".to_owned(), print::significant)]);
    }
    let mut out = anstream::stderr();
    table.write(&mut out)?;
    if let Some(Spread { mean, deviation, least, largest }) = starts.spread() {
        let [mean, deviation, least, largest] =
            [mean, deviation, least, largest].map(|figure| print::significant(figure as f32));
        print::note(format_args!("mean {mean}, deviation {deviation}, from {least} to {largest}\n"));
    }
    Ok(())
}

impl Report {
    fn write(&self, out: &mut dyn Write, path: &Path, prepared: &Prepared) -> Result<()> {
        let mut table = Table::new(["part", " rows", " loss", " accuracy"]);
        let parts = [
            ("training", Some(&self.training)),
            ("validation", self.validation.as_ref()),
            ("test", self.test.as_ref()),
        ];
        for (name, part) in parts {
            let Some(Part { rows, loss, accuracy }) = part else { continue };
            let accuracy = accuracy.map_or_else(|| "-".to_owned(), print::percent);
            table.row([name.to_owned(), print::grouped(*rows as u64), print::significant(*loss), accuracy]);
        }
        table.write(out)?;
        let end = match self.end {
            "patience" => format!("no better for {} epochs", prepared.settings.patience.unwrap_or_default()),
            "interrupted" => "interrupted".to_owned(),
            "diverged" => "diverged".to_owned(),
            _ => "done".to_owned(),
        };
        let epochs = prepared.settings.epochs;
        writeln!(
            out,
            "\n{end} after {} of {epochs} epochs in {}; these are the weights of epoch {}",
            self.epochs,
            print::duration(self.seconds),
            self.kept
        )?;
        writeln!(
            out,
            "{0}wrote {1}{0:#}: {2} parameters, {3} bytes",
            print::STRONG,
            path.display(),
            print::grouped(self.parameters as u64),
            print::grouped(self.bytes)
        )?;
        if prepared.settings.l1 > 0.0 {
            let (weights, _) = prepared.network.zero_weights();
            let share = self.zero_weights as f32 / weights.max(1) as f32;
            writeln!(out, "{} of {} weights are 0: {}", self.zero_weights, weights, print::percent(share))?;
        }
        writeln!(out)?;
        rust::write_next_steps(out, path)
    }
}

#[cfg(test)]
mod tests {
    use neurona_train::config::LayerConfig;

    use super::*;

    #[test]
    fn the_help_has_every_key_of_a_layer() {
        let layer = serde_json::to_value(LayerConfig::default()).expect("it is a table");
        let words: Vec<&str> =
            AFTER_HELP.split(|character: char| !character.is_alphanumeric() && character != '_').collect();
        let keys = layer.as_object().expect("it is a table").keys();
        let missing: Vec<&String> = keys.filter(|key| !words.contains(&key.as_str())).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
