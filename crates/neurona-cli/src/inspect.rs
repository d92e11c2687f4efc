//! `neurona inspect`: what a network is and what it needs.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::Args;
use neurona_train::{Spec, config::RunConfig, model_file::Metadata};
use serde::Serialize;

use crate::{
    data, model,
    print::{self, Table},
};

/// Show the layers of a network and the memory it needs on a device.
///
/// Flash and RAM are those of the Rust type, to the byte: `Network::RAM`. The input, which the caller lends, and the
/// stack are not counted.
#[derive(Args)]
#[command(after_help = "\
Examples:
  neurona inspect digits.neurona
  neurona inspect run.toml          before it is trained

JSON: {\"name\", \"inputs\", \"outputs\", \"layers\": [{\"name\", \"kind\", \"function\", \"inputs\", \"outputs\", \"parameters\",
\"constants\", \"multiply_adds\"}], \"parameters\", \"constants\", \"multiply_adds\", \"flash_bytes\", \"ram_bytes\":
{\"inference\", \"in_place\", \"accumulated\", \"momentum\"}, \"fingerprint\", \"loss_name\", \"labels\", \"dataset\", \"seed\",
\"tool\", \"metrics\": {NAME: FIGURE}}; `ram_bytes` is null where a layer is the user's own.")]
pub(crate) struct Inspect {
    /// A model file, or a TOML file of a training
    file: PathBuf,
    /// Print one JSON object in place of the tables
    #[arg(long)]
    json: bool,
}

/// What is known, as JSON says it.
#[derive(Serialize)]
struct Report {
    name: String,
    inputs: usize,
    outputs: usize,
    layers: Vec<Layer>,
    parameters: usize,
    constants: usize,
    multiply_adds: u64,
    flash_bytes: usize,
    ram_bytes: Option<Ram>,
    fingerprint: String,
    loss_name: String,
    labels: Vec<String>,
    dataset: String,
    seed: u64,
    tool: String,
    metrics: BTreeMap<String, f32>,
}

#[derive(Serialize)]
struct Layer {
    name: String,
    kind: &'static str,
    function: String,
    inputs: usize,
    outputs: usize,
    parameters: usize,
    constants: usize,
    multiply_adds: u64,
}

/// [`neurona::Ram`] with names for JSON.
#[derive(Serialize)]
struct Ram {
    inference: usize,
    in_place: usize,
    accumulated: usize,
    momentum: usize,
}

impl Inspect {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<()> {
        let report = if self.file.extension() == Some(OsStr::new("toml")) {
            from_config(&self.file)?
        } else {
            let model = model::read(&self.file)?;
            Report::new(model.spec(), model.metadata())
        };
        if self.json { print::json(out, &report) } else { report.write(out) }
    }
}

/// The network that a TOML file describes; the data tell how many inputs it has.
fn from_config(path: &Path) -> Result<Report> {
    let config = RunConfig::read(path)?;
    let prepared = config.prepare(&data::folder(path)).with_context(|| path.display().to_string())?;
    let metadata = Metadata {
        name: config.network.name,
        layers: prepared.layer_names,
        labels: prepared.training.labels().to_vec(),
        dataset: format!("{} rows, not trained yet", prepared.training.rows()),
        seed: prepared.settings.seed,
        loss: prepared.settings.loss.name().to_owned(),
        ..Metadata::default()
    };
    Ok(Report::new(prepared.network.spec(), &metadata))
}

impl Report {
    fn new(spec: &Spec, metadata: &Metadata) -> Self {
        let ram = |ram: neurona::Ram| Ram {
            inference: ram.inference,
            in_place: ram.in_place,
            accumulated: ram.accumulated,
            momentum: ram.momentum,
        };
        Self {
            name: metadata.name.clone(),
            inputs: spec.inputs(),
            outputs: spec.outputs(),
            layers: layers(spec, &metadata.layers),
            parameters: spec.params(),
            constants: spec.values() - spec.params(),
            multiply_adds: spec.macs(),
            flash_bytes: spec.flash(),
            ram_bytes: spec.ram().map(ram),
            fingerprint: format!("{:016x}", spec.fingerprint()),
            loss_name: metadata.loss.clone(),
            labels: metadata.labels.clone(),
            dataset: metadata.dataset.clone(),
            seed: metadata.seed,
            tool: metadata.tool.clone(),
            metrics: metadata.metrics.iter().cloned().collect(),
        }
    }

    fn write(&self, out: &mut dyn Write) -> Result<()> {
        writeln!(
            out,
            "{0}{1}{0:#}  {2} inputs, {3} outputs\n",
            print::STRONG,
            print::shown(&self.name),
            self.inputs,
            self.outputs
        )?;
        self.write_layers(out)?;
        writeln!(out)?;
        self.write_memory(out)?;
        writeln!(out)?;
        let metrics: Vec<String> = self
            .metrics
            .iter()
            .map(|(name, value)| format!("{} {}", print::shown(name), print::significant(*value)))
            .collect();
        let facts = [
            ("labels", print::list(&self.labels)),
            ("loss", print::shown(&self.loss_name)),
            ("data", print::shown(&self.dataset)),
            ("seed", self.seed.to_string()),
            ("metrics", metrics.join("\n             ")),
            ("tool", print::shown(&self.tool)),
            ("fingerprint", self.fingerprint.clone()),
        ];
        Ok(print::facts(out, facts)?)
    }

    fn write_layers(&self, out: &mut dyn Write) -> Result<()> {
        let mut table =
            Table::new(["layer", "kind", "function", " output", " parameters", " constants", " multiply-adds"]);
        let number = |number: u64| if number == 0 { "·".to_owned() } else { print::grouped(number) };
        for layer in &self.layers {
            table.row([
                print::short(&layer.name),
                layer.kind.to_owned(),
                layer.function.clone(),
                layer.outputs.to_string(),
                number(layer.parameters as u64),
                number(layer.constants as u64),
                number(layer.multiply_adds),
            ]);
        }
        table.total([
            "total".to_owned(),
            String::new(),
            String::new(),
            String::new(),
            number(self.parameters as u64),
            number(self.constants as u64),
            number(self.multiply_adds),
        ]);
        Ok(table.write(out)?)
    }

    fn write_memory(&self, out: &mut dyn Write) -> Result<()> {
        let mut table = Table::new(["memory", " bytes", ""]);
        let mut row = |what: &str, bytes: usize, why: &str| table.row([what, &print::grouped(bytes as u64), why]);
        row("flash", self.flash_bytes, "weights and constants");
        if let Some(ram) = &self.ram_bytes {
            row("RAM to infer", ram.inference, "output and activations");
            row("RAM to learn in place", ram.in_place, "weights, output, every activation");
            row("RAM to learn on batches", ram.accumulated, "and a gradient");
            row("RAM with momentum", ram.momentum, "and a velocity");
        }
        table.write(out)?;
        let note = match self.ram_bytes {
            Some(_) => "besides: the input, which the caller lends, and the stack",
            None => "the RAM is known to the program that defines the custom layer: Network::RAM",
        };
        Ok(writeln!(out, "{0}{note}{0:#}", print::QUIET)?)
    }
}

/// The layers that compute something; a chain within the chain gives its name to its layers.
fn layers(spec: &Spec, names: &[String]) -> Vec<Layer> {
    let chain = if let Spec::Chain(layers) = spec { &layers[..] } else { std::slice::from_ref(spec) };
    let mut rows = Vec::new();
    for (at, outer) in chain.iter().enumerate() {
        let name = names.get(at).cloned().unwrap_or_else(|| at.to_string());
        let inner_names = outer.layer_names();
        for (at, inner) in outer.layers().into_iter().enumerate() {
            let is_chain = matches!(outer, Spec::Chain(_));
            let inner_name = inner_names.get(at).map_or_else(|| at.to_string(), String::clone);
            rows.push(Layer {
                name: if is_chain { format!("{name}.{inner_name}") } else { name.clone() },
                kind: inner.kind(),
                function: function(inner),
                inputs: inner.inputs(),
                outputs: inner.outputs(),
                parameters: inner.params(),
                constants: inner.values() - inner.params(),
                multiply_adds: inner.macs(),
            });
        }
    }
    rows
}

/// What a layer applies, with its constants.
fn function(layer: &Spec) -> String {
    use neurona::arch::ActivationSpec::{Elu, LeakyRelu};
    match layer {
        Spec::Dense { activation, .. } => match activation {
            LeakyRelu { slope: bits } | Elu { alpha: bits } => {
                format!("{} {}", activation.name(), f32::from_bits(*bits))
            }
            _ => activation.name().to_owned(),
        },
        Spec::Softmax { fast: true, .. } => "fast".to_owned(),
        Spec::Rescale { factor, .. } => format!("× {}", f32::from_bits(*factor)),
        Spec::Custom { name, .. } => print::short(name),
        _ => String::new(),
    }
}
