//! Model files as the commands use them.

use std::path::Path;

use anyhow::{Context as _, Result, anyhow};
use clap::ValueEnum;
use ndarray::{Array2, ArrayView2, Axis};
use neurona::model_file::LoadError;
use neurona_train::{
    Loss,
    model_file::{ModelFile, ModelFileError},
};
use rayon::prelude::*;

/// In which arithmetic outputs are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Arithmetic {
    /// To the bits of the microcontroller
    #[default]
    Device,
    /// As in training: sums in another order, faster
    Trainer,
}

impl Arithmetic {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Trainer => "trainer",
        }
    }
}

/// Reads a model file; an error says what to do.
pub(crate) fn read(path: &Path) -> Result<ModelFile> {
    ModelFile::read(path).map_err(|error| {
        let advice = match &error {
            // The path is in the message.
            ModelFileError::Io { .. } => return error.into(),
            ModelFileError::Load(LoadError::Magic) => "give the file that `neurona train` wrote",
            ModelFileError::Load(LoadError::Version { .. }) => "use the version of neurona that wrote it",
            _ => "copy the file again, or write it anew with `neurona train`",
        };
        anyhow!("{}: {error}; {advice}", path.display())
    })
}

/// The loss that a network was trained with, which says what its outputs mean.
pub(crate) fn loss(model: &ModelFile, path: &Path) -> Result<Loss> {
    let name = &model.metadata().loss;
    Loss::from_name(name).with_context(|| {
        let known = Loss::ALL.map(Loss::name).join(", ");
        format!("{}: expected a network trained with one of {known}; found `{name}`", path.display())
    })
}

/// The outputs for a batch of inputs.
pub(crate) fn outputs(model: &ModelFile, inputs: ArrayView2<'_, f32>, arithmetic: Arithmetic) -> Result<Array2<f32>> {
    if arithmetic == Arithmetic::Trainer {
        return Ok(model.network()?.forward(inputs)?);
    }
    let mut outputs = Array2::zeros((inputs.nrows(), model.spec().outputs()));
    let rows = outputs.axis_iter_mut(Axis(0)).into_par_iter().zip(inputs.axis_iter(Axis(0)));
    rows.try_for_each(|(mut output, input)| {
        output.assign(&ndarray::Array1::from(model.infer(&input.to_vec())?));
        anyhow::Ok(())
    })?;
    Ok(outputs)
}

/// The answer for one example of a network that tells classes apart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// The number of the class.
    pub(crate) class: usize,
    /// How sure the network is; `None` when its outputs are no probabilities and cannot be made so.
    pub(crate) probability: Option<f32>,
}

/// The class that the outputs speak for, and its probability, computed as a device would.
pub(crate) fn answer(loss: Loss, outputs: &[f32]) -> Answer {
    let class = loss.decide(outputs) as usize;
    Answer { class, probability: loss.probability(outputs, class) }
}
