//! From the `[network]` table to an architecture.

use std::borrow::Cow;

use neurona::arch::{ReshapeSpec, Shape};

use super::{ConfigError, LayerConfig, NetworkConfig, described};
use crate::{
    Network, Spec,
    zoo::{self, Known},
};

impl NetworkConfig {
    /// The architecture for so many inputs, and a name for each of its layers.
    ///
    /// # Errors
    ///
    /// Keys do not go together, an activation is not known, or the layers make no network.
    pub fn spec(&self, inputs: usize) -> Result<(Spec, Vec<String>), ConfigError> {
        let known = self.known()?;
        let input = match &known {
            Some(known) => known_shape(known, inputs)?,
            None => self.input_shape(inputs)?,
        };
        let (mut layers, mut names) = (Vec::new(), Vec::new());
        match (self.rescale, self.standardize, input) {
            (Some(_), true, _) => {
                return Err(ConfigError::key("network", "expected `rescale` or `standardize`, found both"));
            }
            (Some(factor), false, Shape::Vector { len }) => layers.push(Spec::rescale(len, factor)),
            (Some(factor), false, shape) => {
                let len = inputs as u32;
                layers.push(Spec::rescale(len, factor));
                layers.push(Spec::Reshape(ReshapeSpec { input: Shape::Vector { len }, output: shape }));
            }
            (None, true, Shape::Vector { len }) => layers.push(Spec::Standardize { len }),
            (None, true, shape) => layers.push(Spec::StandardizeChannels(shape)),
            (None, false, _) => {}
        }
        names.extend(layers.iter().map(|layer| layer.kind().to_owned()));
        if let Some(Spec::Chain(known)) = known.map(|known| known.spec()) {
            layers.extend(known);
        }
        let (asked, softmax) = self.without_softmax();
        let chain = described::chain(&asked, "network.layers", input);
        layers.extend(chain.map_err(|(key, problem)| ConfigError::key(&key, problem))?);
        if softmax {
            let len = layers.last().map_or(0, Spec::outputs) as u32;
            layers.push(Spec::Softmax { len, fast: false });
        }
        let spec = Spec::Chain(layers);
        spec.check()?;
        let given: Vec<&String> = self.layers.iter().filter_map(|layer| layer.name.as_ref()).collect();
        if given.is_empty() {
            return Ok((spec.clone(), spec.layer_names()));
        }
        if given.len() != self.layers.len() {
            let problem = format!("{} of {} layers have a name; name all or none", given.len(), self.layers.len());
            return Err(ConfigError::key("network.layers", problem));
        }
        names.extend(given.into_iter().cloned());
        names.extend(softmax.then(|| "softmax".to_owned()));
        Ok((spec, names))
    }

    /// The layers without the softmax that the last of them may end in, and whether it does: that is a layer of its own.
    fn without_softmax(&self) -> (Cow<'_, [LayerConfig]>, bool) {
        match self.layers.split_last() {
            Some((last, hidden)) if last.activation.as_deref() == Some(described::SOFTMAX) => {
                let sums = LayerConfig { activation: None, ..last.clone() };
                (Cow::Owned([hidden, &[sums]].concat()), true)
            }
            _ => (Cow::Borrowed(&self.layers), false),
        }
    }

    /// The network of the literature that it names, if it does.
    fn known(&self) -> Result<Option<Known>, ConfigError> {
        let Some(name) = &self.zoo else { return Ok(None) };
        if self.input.is_some() || !self.layers.is_empty() {
            let problem = "has an input and layers of its own: leave out `network.input` and `network.layers`";
            return Err(ConfigError::key("network.zoo", problem));
        }
        let Some(known) = zoo::find(name) else {
            let names = zoo::ALL.map(|known| known.name()).join(", ");
            return Err(ConfigError::key("network.zoo", format!("expected one of {names}, found `{name}`")));
        };
        Ok(Some(known))
    }

    /// The shape of the input of so many values.
    fn input_shape(&self, inputs: usize) -> Result<Shape, ConfigError> {
        let len = u32::try_from(inputs)
            .map_err(|_| ConfigError::key("data", format!("expected fewer than 2^32 columns, found {inputs}")))?;
        let shape = match self.input.as_deref() {
            None => return Ok(Shape::Vector { len }),
            Some([len]) => Shape::Vector { len: *len },
            Some([steps, channels]) => Shape::Signal { steps: *steps, channels: *channels },
            Some([height, width, channels]) => Shape::Image { height: *height, width: *width, channels: *channels },
            Some(_) => {
                let problem = "expected [steps, channels] of a signal or [height, width, channels] of an image";
                return Err(ConfigError::key("network.input", problem));
            }
        };
        if shape.len() != inputs {
            let problem = format!("is a shape of {} values, but the data have {inputs} inputs", shape.len());
            return Err(ConfigError::key("network.input", problem));
        }
        Ok(shape)
    }

    /// Normalises the layers of a network of this description that ask for it.
    pub(super) fn normalize(&self, network: &mut Network) -> Result<(), ConfigError> {
        if let Some(known) = self.known()? {
            // What scales the input stands in front.
            let front = network.layer_count() - known.spec().steps().len();
            let places: Vec<usize> = known.normalized().into_iter().map(|layer| front + layer).collect();
            return network.normalize(&places).map_err(|error| ConfigError::key("network.zoo", error.to_string()));
        }
        let asked = network.learning_layers().into_iter().zip(described::learning(&self.layers));
        let places: Vec<usize> = asked.filter(|(_, layer)| layer.batch_norm).map(|(place, _)| place).collect();
        network.normalize(&places).map_err(|error| ConfigError::key("network.layers", error.to_string()))
    }

    /// The layers that learn, but for the last of them: those that values are dropped from and sums are normalised in.
    pub fn hidden_mut(&mut self) -> Vec<&mut LayerConfig> {
        let mut learning = described::learning_mut(&mut self.layers);
        learning.pop();
        learning
    }

    /// The rates of dropout of all layers that learn but the last; empty when nothing is dropped.
    pub(super) fn dropout(&self) -> Result<Vec<f32>, ConfigError> {
        let learning = described::learning(&self.layers);
        let Some((last, hidden)) = learning.split_last() else { return Ok(Vec::new()) };
        if last.dropout != 0.0 {
            let key = format!("network.layers[{}].dropout", self.layers.len() - 1);
            return Err(ConfigError::key(&key, "the outputs of the network cannot be dropped: leave it out"));
        }
        let rates: Vec<f32> = hidden.iter().map(|layer| layer.dropout).collect();
        Ok(if rates.iter().all(|rate| *rate == 0.0) { Vec::new() } else { rates })
    }
}

/// The shape that a network of the literature takes, if that is so many values.
fn known_shape(known: &Known, inputs: usize) -> Result<Shape, ConfigError> {
    let shape = known.spec().input_shape();
    if shape.len() == inputs {
        return Ok(shape);
    }
    let problem = format!("`{}` takes {} inputs, but the data have {inputs}", known.name(), shape.len());
    Err(ConfigError::key("network.zoo", problem))
}
