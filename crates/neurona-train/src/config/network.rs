//! From the `[network]` table to an architecture.

use neurona::arch::ActivationSpec;

use super::{ConfigError, LayerConfig, NetworkConfig};
use crate::{Network, Spec};

impl NetworkConfig {
    /// The architecture for so many inputs, and a name for each of its layers.
    ///
    /// # Errors
    ///
    /// Keys do not go together, an activation is not known, or the layers make no network.
    pub fn spec(&self, inputs: usize) -> Result<(Spec, Vec<String>), ConfigError> {
        let mut len = u32::try_from(inputs)
            .map_err(|_| ConfigError::key("data", format!("expected fewer than 2^32 columns, found {inputs}")))?;
        let (mut layers, mut names) = (Vec::new(), Vec::new());
        match (self.rescale, self.standardize) {
            (Some(_), true) => {
                return Err(ConfigError::key("network", "expected `rescale` or `standardize`, found both"));
            }
            (Some(factor), false) => layers.push(Spec::rescale(len, factor)),
            (None, true) => layers.push(Spec::Standardize { len }),
            (None, false) => {}
        }
        names.extend(layers.iter().map(|layer| layer.kind().to_owned()));
        for (at, layer) in self.layers.iter().enumerate() {
            let activation = layer
                .activation()
                .map_err(|(key, problem)| ConfigError::key(&format!("network.layers[{at}].{key}"), problem))?;
            if layer.dense == 0 {
                let problem = "expected the number of outputs, at least 1";
                return Err(ConfigError::key(&format!("network.layers[{at}].dense"), problem));
            }
            layers.push(Spec::Dense { inputs: len, outputs: layer.dense, activation });
            len = layer.dense;
        }
        let given: Vec<&String> = self.layers.iter().filter_map(|layer| layer.name.as_ref()).collect();
        let spec = Spec::Chain(layers);
        spec.check()?;
        if given.is_empty() {
            return Ok((spec.clone(), spec.layer_names()));
        }
        if given.len() != self.layers.len() {
            let problem = format!("{} of {} layers have a name; name all or none", given.len(), self.layers.len());
            return Err(ConfigError::key("network.layers", problem));
        }
        names.extend(given.into_iter().cloned());
        Ok((spec, names))
    }

    /// Normalises the layers of a network of this description that ask for it.
    pub(super) fn normalize(&self, network: &mut Network) -> Result<(), ConfigError> {
        let asked = network.learning_layers().into_iter().zip(&self.layers).filter(|(_, layer)| layer.batch_norm);
        let places: Vec<usize> = asked.map(|(place, _)| place).collect();
        network.normalize(&places).map_err(|error| ConfigError::key("network.layers", error.to_string()))
    }

    /// The rates of dropout of all layers but the last; empty when nothing is dropped.
    pub(super) fn dropout(&self) -> Result<Vec<f32>, ConfigError> {
        let Some((last, hidden)) = self.layers.split_last() else { return Ok(Vec::new()) };
        if last.dropout != 0.0 {
            let key = format!("network.layers[{}].dropout", hidden.len());
            return Err(ConfigError::key(&key, "the outputs of the network cannot be dropped: leave it out"));
        }
        let rates: Vec<f32> = hidden.iter().map(|layer| layer.dropout).collect();
        Ok(if rates.iter().all(|rate| *rate == 0.0) { Vec::new() } else { rates })
    }
}

impl LayerConfig {
    /// The activation, or the key that is wrong and what to do.
    fn activation(&self) -> Result<ActivationSpec, (&'static str, String)> {
        let name = self.activation.as_deref().unwrap_or("identity");
        let Some(mut activation) = ActivationSpec::ALL.into_iter().find(|activation| activation.name() == name) else {
            let known: Vec<&str> = ActivationSpec::ALL.iter().map(ActivationSpec::name).collect();
            return Err(("activation", format!("expected one of {}, found `{name}`", known.join(", "))));
        };
        match (&mut activation, self.slope, self.alpha) {
            (ActivationSpec::LeakyRelu { slope }, given, None) => {
                *slope = given.map_or(*slope, f32::to_bits);
            }
            (ActivationSpec::Elu { alpha }, None, given) => {
                *alpha = given.map_or(*alpha, f32::to_bits);
            }
            (_, Some(_), _) => return Err(("slope", format!("is for `leaky_relu`, but the activation is `{name}`"))),
            (_, _, Some(_)) => return Err(("alpha", format!("is for `elu`, but the activation is `{name}`"))),
            (_, None, None) => {}
        }
        Ok(activation)
    }
}
