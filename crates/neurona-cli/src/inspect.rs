//! `neurona inspect`: what a network is and what it needs.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use neurona::arch::{ActivationSpec, CellSpec, PaddingSpec, RecurrentSpec, ScaleSpec, Shape, WindowSpec};
use neurona_train::{
    Spec,
    arch::Step,
    config::RunConfig,
    cost::{self, Target},
    model_file::Metadata,
    zoo,
};
use serde::Serialize;

use crate::{
    data, model,
    print::{self, Table},
};

/// Show the layers of a network and the memory it needs on a device.
///
/// Flash and RAM are those of the Rust type, to the byte: `Network::RAM`; the RAM of a layer is its output and its
/// scratch, of which a network needs those of two neighbours at a time. The input, which the caller lends, and the stack
/// are not counted. With --target also what an inference takes there, in instructions, which is a prediction.
#[derive(Args)]
#[command(after_help = "\
Examples:
  neurona inspect digits.neurona
  neurona inspect run.toml          before it is trained
  neurona inspect --zoo ds_cnn      a network of the literature
  neurona inspect digits.neurona --target cortex-m4f

JSON: {\"name\", \"inputs\", \"outputs\", \"layers\": [{\"name\", \"kind\", \"function\", \"inputs\", \"outputs\", \"shape\", \
\"parameters\", \"constants\", \"multiply_adds\", \"output_bytes\", \"scratch_bytes\", \"instructions\"}], \"predicted\": {\"core\", \"opt_level\", \
\"instructions\", \"mean_error_percent\", \"largest_error_percent\"}, \"parameters\", \"constants\", \"multiply_adds\", \"flash_bytes\", \"ram_bytes\": \
{\"inference\", \"in_place\", \"sgd\", \"momentum\", \"adam\"}, \"stack_bytes\", \"fingerprint\", \"loss_name\", \"labels\", \"dataset\", \"seed\", \
\"tool\", \"metrics\": {NAME: FIGURE}}; `ram_bytes` is null where a layer is the user's own; \
`instructions` and `predicted` are null without --target.")]
pub(crate) struct Inspect {
    /// A model file, or a TOML file of a training
    #[arg(required_unless_present = "zoo")]
    file: Option<PathBuf>,
    /// A network of the literature in place of a file, as `neurona train --zoo` names them
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    zoo: Option<String>,
    /// Predict the instructions of an inference on this core: cortex-m0, cortex-m3, cortex-m4f, cortex-m7 or cortex-m33;
    /// cortex-m4f+cortex-m4 with that feature of the crate
    #[arg(long, value_name = "CORE")]
    target: Option<String>,
    /// With --target, the opt-level of the firmware: 3 or s
    #[arg(long, value_name = "LEVEL", default_value = "3", requires = "target")]
    opt_level: String,
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
    predicted: Option<Predicted>,
    flash_bytes: usize,
    ram_bytes: Option<Ram>,
    stack_bytes: usize,
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
    shape: Vec<u32>,
    parameters: usize,
    constants: usize,
    multiply_adds: u64,
    output_bytes: usize,
    scratch_bytes: usize,
    instructions: Option<u64>,
}

/// What an inference takes on a core, and how far off such predictions are.
#[derive(Serialize)]
struct Predicted {
    core: String,
    opt_level: String,
    instructions: u64,
    mean_error_percent: f64,
    largest_error_percent: f64,
}

/// [`neurona::Ram`] with names for JSON.
#[derive(Serialize)]
struct Ram {
    inference: usize,
    in_place: usize,
    sgd: usize,
    momentum: usize,
    adam: usize,
}

impl Inspect {
    pub(crate) fn run(self, out: &mut dyn Write) -> Result<()> {
        let target = self.target.map(|core| Target { core, opt_level: self.opt_level });
        let report = match (&self.file, &self.zoo) {
            (Some(file), _) if file.extension() == Some(OsStr::new("toml")) => from_config(file, target)?,
            (Some(file), _) => {
                let model = model::read(file)?;
                Report::new(model.spec(), model.metadata(), target)?
            }
            (None, name) => of_the_literature(name.as_deref().unwrap_or_default(), target)?,
        };
        if self.json { print::json(out, &report) } else { report.write(out) }
    }
}

/// A network by name, as a device runs it: normalisation is folded into its weights.
fn of_the_literature(name: &str, target: Option<Target>) -> Result<Report> {
    let Some(known) = zoo::find(name) else {
        let names = zoo::ALL.map(|known| known.name()).join(", ");
        bail!("--zoo: expected one of {names}, found `{name}`");
    };
    let (spec, trained) = (known.spec(), known.trained_values());
    let dataset = match trained - spec.values() {
        0 => "none: not trained".to_owned(),
        _ => format!(
            "none: not trained; {} values in training, with batch normalisation",
            print::grouped(trained as u64)
        ),
    };
    let metadata = Metadata { name: name.to_owned(), layers: spec.layer_names(), dataset, ..Metadata::default() };
    Report::new(&spec, &metadata, target)
}

/// The network that a TOML file describes; the data tell how many inputs it has.
fn from_config(path: &Path, target: Option<Target>) -> Result<Report> {
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
    Report::new(prepared.network.spec(), &metadata, target)
}

impl Report {
    fn new(spec: &Spec, metadata: &Metadata, target: Option<Target>) -> Result<Self> {
        let ram = |ram: neurona::Ram| Ram {
            inference: ram.inference,
            in_place: ram.in_place,
            sgd: ram.sgd,
            momentum: ram.momentum,
            adam: ram.adam,
        };
        let mut layers = layers(spec, &metadata.layers);
        let mut predicted = None;
        if let Some(target) = target {
            let prediction = cost::predict(spec, &target)?;
            for (layer, instructions) in layers.iter_mut().zip(&prediction.steps) {
                layer.instructions = Some(instructions.round() as u64);
            }
            predicted = Some(Predicted {
                core: target.core,
                opt_level: target.opt_level,
                instructions: prediction.total().round() as u64,
                mean_error_percent: prediction.mean_error,
                largest_error_percent: prediction.largest_error,
            });
        }
        Ok(Self {
            name: metadata.name.clone(),
            inputs: spec.inputs(),
            outputs: spec.outputs(),
            layers,
            parameters: spec.params(),
            constants: spec.values() - spec.params(),
            multiply_adds: spec.macs(),
            predicted,
            flash_bytes: spec.flash(),
            ram_bytes: spec.ram().map(ram),
            stack_bytes: neurona::STACK,
            fingerprint: format!("{:016x}", spec.fingerprint()),
            loss_name: metadata.loss.clone(),
            labels: metadata.labels.clone(),
            dataset: metadata.dataset.clone(),
            seed: metadata.seed,
            tool: metadata.tool.clone(),
            metrics: metadata.metrics.iter().cloned().collect(),
        })
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
        let mut heads =
            vec!["layer", "kind", "function", " output", " parameters", " constants", " multiply-adds", " RAM"];
        if self.predicted.is_some() {
            heads.push(" instructions");
        }
        let mut table = Table::new(heads);
        let number = |number: u64| if number == 0 { "·".to_owned() } else { print::grouped(number) };
        for layer in &self.layers {
            let cells = [
                print::short(&layer.name),
                layer.kind.to_owned(),
                layer.function.clone(),
                layer.shape.iter().map(u32::to_string).collect::<Vec<_>>().join("x"),
                number(layer.parameters as u64),
                number(layer.constants as u64),
                number(layer.multiply_adds),
                number((layer.output_bytes + layer.scratch_bytes) as u64),
            ];
            table.row(cells.into_iter().chain(layer.instructions.map(number)));
        }
        let total = [
            "total".to_owned(),
            String::new(),
            String::new(),
            String::new(),
            number(self.parameters as u64),
            number(self.constants as u64),
            number(self.multiply_adds),
            String::new(),
        ];
        table.total(total.into_iter().chain(self.predicted.iter().map(|predicted| number(predicted.instructions))));
        table.write(out)?;
        let Some(Predicted { core, opt_level, mean_error_percent, largest_error_percent, .. }) = &self.predicted else {
            return Ok(());
        };
        let note = format!(
            "instructions are predicted for {core} at opt-level {opt_level}; of networks that were measured, predictions were off \
             by {mean_error_percent:.0} % in the mean and {largest_error_percent:.0} % at most"
        );
        Ok(writeln!(out, "{0}{note}{0:#}", print::QUIET)?)
    }

    fn write_memory(&self, out: &mut dyn Write) -> Result<()> {
        let mut table = Table::new(["memory", " bytes", " with stack", ""]);
        let number = |bytes: usize| print::grouped(bytes as u64);
        table.row(["flash", &number(self.flash_bytes), "", "weights and constants"]);
        let mut row = |what: &str, bytes: usize, why: &str| {
            table.row([what, &number(bytes), &number(bytes.saturating_add(self.stack_bytes)), why]);
        };
        if let Some(ram) = &self.ram_bytes {
            row("RAM to infer", ram.inference, "output and activations");
            row("RAM to learn in place", ram.in_place, "weights, output, every activation");
            row("RAM to learn on batches", ram.sgd, "and a gradient");
            row("RAM with momentum", ram.momentum, "and a velocity");
            row("RAM with Adam", ram.adam, "and another mean");
        }
        table.write(out)?;
        let note = match self.ram_bytes {
            Some(_) => {
                "besides: the input, which the caller lends; the stack is the most that a call takes in a release build"
            }
            None => "the RAM is known to the program that defines the custom layer: Network::RAM",
        };
        Ok(writeln!(out, "{0}{note}{0:#}", print::QUIET)?)
    }
}

/// The layers that compute something; a chain within the chain gives its name to its layers.
fn layers(spec: &Spec, names: &[String]) -> Vec<Layer> {
    let row = |(step, name): (Step<'_>, String)| Layer {
        name,
        kind: step.spec.kind(),
        function: function(step.spec),
        inputs: step.inputs(),
        outputs: step.spec.outputs(),
        shape: shape(step.spec.output_shape()),
        parameters: step.params(),
        constants: step.values.len() - step.params(),
        multiply_adds: step.macs(),
        output_bytes: step.spec.outputs() * size_of::<f32>(),
        scratch_bytes: step.scratch() * size_of::<f32>(),
        instructions: None,
    };
    spec.steps().into_iter().zip(spec.step_names(names)).map(row).collect()
}

/// The axes of a shape, the channels last.
fn shape(shape: Shape) -> Vec<u32> {
    match shape {
        Shape::Signal { steps, channels } => vec![steps, channels],
        Shape::Image { height, width, channels } => vec![height, width, channels],
        other => vec![other.len() as u32],
    }
}

/// What a layer applies, with its constants.
fn function(layer: &Spec) -> String {
    match layer {
        Spec::Dense { activation, .. } | Spec::Scale(ScaleSpec { activation, .. }) => named(*activation),
        Spec::Residual { activation: ActivationSpec::Identity, .. } => String::new(),
        Spec::Residual { activation, .. } => named(*activation),
        Spec::Conv(conv) => {
            let groups = if conv.groups() == 1 { String::new() } else { format!(", {} groups", conv.groups()) };
            format!("{}{groups} {}", window(&conv.window), named(conv.activation))
        }
        Spec::DepthwiseConv(conv) => format!("{} {}", window(&conv.window), named(conv.activation)),
        Spec::Pool(pool) => window(&pool.window),
        Spec::Recurrent(RecurrentSpec { cell: CellSpec::Rnn { activation }, .. }) => named(*activation),
        Spec::EchoState(echo) => format!("{} connections, leak {}", echo.connections, f32::from_bits(echo.leak)),
        Spec::Softmax { fast: true, .. } => "fast".to_owned(),
        Spec::Rescale { factor, .. } => format!("× {}", f32::from_bits(*factor)),
        Spec::Custom { name, .. } => print::short(name),
        _ => String::new(),
    }
}

/// An activation with its constant.
fn named(activation: ActivationSpec) -> String {
    match activation {
        ActivationSpec::LeakyRelu { slope: bits } | ActivationSpec::Elu { alpha: bits } => {
            format!("{} {}", activation.name(), f32::from_bits(bits))
        }
        _ => activation.name().to_owned(),
    }
}

/// The size of a window, and how it slides where that is not the usual.
fn window(window: &WindowSpec) -> String {
    let signal = matches!(window.input, Shape::Signal { .. });
    let pair = |[rows, columns]: [u32; 2]| if signal { columns.to_string() } else { format!("{rows}x{columns}") };
    let mut text = pair(window.kernel);
    for (what, numbers) in [("/", window.stride), (" dilation ", window.dilation)] {
        if numbers != [1, 1] {
            text += &format!("{what}{}", pair(numbers));
        }
    }
    match window.padding {
        PaddingSpec::Valid => text,
        PaddingSpec::Same => text + " same",
        PaddingSpec::Causal => text + " causal",
        _ => text + " padded",
    }
}
