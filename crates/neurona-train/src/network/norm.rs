//! Batch normalisation: in training the weighted sums of a layer are brought to mean 0 and variance 1 over the mini-batch,
//! and over the places of a convolution, so that a layer need not follow what those before it do to its inputs.
//!
//! Source: S. Ioffe and C. Szegedy, "Batch normalization: accelerating deep network training by reducing internal
//! covariate shift", 2015. The constants, and what the running statistics are, are those of PyTorch's `BatchNorm1d` and
//! `BatchNorm2d`.

use std::{borrow::Cow, ops::Range};

use super::{Layer, Network, pass::Tape};

/// What keeps the quotient finite when all sums of a mini-batch are the same.
const EPSILON: f64 = 1e-5;
/// The share of the newest mini-batch in the running statistics.
const MOMENTUM: f64 = 0.1;

/// What a normalised layer stores besides weights and biases; every slice is (O), of a convolution (filters).
///
/// In training z is the weighted sum, mean and variance are those of the mini-batch, and the layer computes
/// `activation(gamma (z - mean) / sqrt(variance + 1e-5) + beta)`. In inference mean and variance are the running ones,
/// to which each mini-batch adds a tenth: `running = 0.9 running + 0.1 of the mini-batch`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalization<'a> {
    /// The factor of what is normalised; begins as 1 and is learned.
    pub gamma: &'a [f32],
    /// What is added to it; begins as 0 and is learned.
    pub beta: &'a [f32],
    /// The running mean; begins as 0.
    pub mean: &'a [f32],
    /// The running variance; begins as 1. What a mini-batch of B rows adds is unbiased: divided by B - 1, where its own
    /// normalisation divides by B.
    pub variance: &'a [f32],
}

/// A layer that cannot be normalised.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("layers[{layer}] cannot be normalised: expected a layer with weights that is not recurrent, found {found}")]
pub struct NormalizeError {
    /// Which layer, from 0.
    pub layer: usize,
    /// What it is.
    pub found: &'static str,
}

impl Network {
    /// Turns batch normalisation on for layers with weights, which count from 0 among all [steps](crate::Spec::steps).
    ///
    /// Usually these are the hidden layers. Behind the values of all layers, [`values`](Self::values) then has gamma,
    /// beta, running means and running variances of each normalised layer, in the order of the layers; see
    /// [`normalization`](Self::normalization). The biases of these layers keep their value and are not learned: the mean
    /// takes them away. A layer that is normalised already stays as it is.
    ///
    /// The architecture does not change, and a device has no normalisation to compute: [`folded`](Self::folded).
    ///
    /// # Cost
    ///
    /// All rows of a mini-batch share their statistics, so that a step is computed on one thread, whatever the number of
    /// threads; validation and inference still use all.
    ///
    /// # Errors
    ///
    /// One of the layers has no weights or is recurrent, whose sums at each step are not those of a mini-batch, or there is no such layer; none is then normalised.
    ///
    /// # Example
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use neurona::arch::ActivationSpec::{Identity, Relu};
    /// use neurona_train::{Init, Network, Spec};
    ///
    /// let mut network = Network::new(Spec::Chain(vec![
    ///     Spec::Dense { inputs: 2, outputs: 16, activation: Relu },
    ///     Spec::Dense { inputs: 16, outputs: 3, activation: Identity },
    /// ]))?;
    /// network.init(Init::Pytorch, 1);
    /// network.normalize(&[0])?;
    /// assert_eq!(network.values().len(), network.spec().values() + 4 * 16);
    /// assert_eq!(network.folded().values().len(), network.spec().values());
    /// # Ok(())
    /// # }
    /// ```
    pub fn normalize(&mut self, layers: &[usize]) -> Result<(), NormalizeError> {
        for layer in layers.iter().copied() {
            let found = match self.layers.get(layer) {
                Some(layer) if layer.kind.gives_sums() => continue,
                Some(layer) => layer.kind.name(),
                None => "none",
            };
            return Err(NormalizeError { layer, found });
        }
        let mut values = self.values[..self.spec.values()].to_vec();
        for (at, layer) in self.layers.iter_mut().enumerate() {
            let start = values.len();
            match layer.norm.take() {
                Some(norm) => values.extend_from_slice(&self.values[norm]),
                None if layers.contains(&at) => {
                    values.resize(start + 4 * layer.biases(), 0.0);
                    begin_normalization(&mut values[start..]);
                }
                None => continue,
            }
            layer.norm = Some(start..values.len());
        }
        self.values = values;
        Ok(())
    }

    /// What a normalised layer stores besides weights and biases, or its part of a gradient; layers count from 0.
    ///
    /// `values` are [`values`](Self::values) or [`Gradients::values`](super::Gradients::values), where the running
    /// statistics are 0. `None` when the layer is not normalised.
    pub fn normalization<'a>(&self, layer: usize, values: &'a [f32]) -> Option<Normalization<'a>> {
        let norm = self.layers.get(layer)?.norm.clone()?;
        values.get(norm).map(Normalization::new)
    }

    /// The network as a device runs it: normalisation is part of the weights and biases, and is not computed.
    ///
    /// With f = gamma / sqrt(variance + 1e-5), the weights of an output are multiplied by its f, and its bias becomes
    /// f (bias - mean) + beta, each computed in `f64` and rounded once. A network without normalisation is lent as it is.
    pub fn folded(&self) -> Cow<'_, Self> {
        if !self.is_normalized() {
            return Cow::Borrowed(self);
        }
        let mut values = self.values[..self.spec.values()].to_vec();
        for layer in &self.layers {
            let Some(norm) = &layer.norm else { continue };
            let norm = Normalization::new(&self.values[norm.clone()]);
            let (weights, bias) = values[layer.values.clone()].split_at_mut(layer.weights());
            let factors = norm.gamma.iter().zip(norm.variance);
            let factors: Vec<f64> =
                factors.map(|(gamma, variance)| f64::from(*gamma) * inverse_deviation(f64::from(*variance))).collect();
            layer.multiply_weights(weights, &factors);
            for (((bias, factor), mean), beta) in bias.iter_mut().zip(factors).zip(norm.mean).zip(norm.beta) {
                *bias = ((f64::from(*bias) - f64::from(*mean)) * factor + f64::from(*beta)) as f32;
            }
        }
        let layers = self.layers.iter().map(|layer| Layer { norm: None, ..layer.clone() }).collect();
        Cow::Owned(Self { spec: self.spec.clone(), layers, values, through: self.through, drawn: self.drawn })
    }

    pub(crate) fn is_normalized(&self) -> bool {
        self.layers.iter().any(|layer| layer.norm.is_some())
    }

    /// The fewest rows that a step can be taken by: one row has no variance.
    pub(crate) fn least_rows(&self) -> usize {
        if self.is_normalized() { 2 } else { 1 }
    }

    /// Takes the statistics of the rows on a tape, computed as in training, into the running ones.
    pub(crate) fn track(&mut self, tape: &Tape) {
        for (at, batch, rows) in tape.statistics() {
            if rows < 2 {
                continue;
            }
            let rows = rows as f64;
            let Some(norm) = self.layers[at].norm.clone() else { continue };
            let (_, running) = self.values[norm].split_at_mut(2 * batch.mean.len());
            let unbiased = batch.variance.iter().map(|variance| variance * rows / (rows - 1.0));
            for (running, newest) in running.iter_mut().zip(batch.mean.iter().copied().chain(unbiased)) {
                *running = ((1.0 - MOMENTUM) * f64::from(*running) + MOMENTUM * newest) as f32;
            }
        }
    }
}

impl Layer {
    /// Where the values are that a normalised layer learns besides its weights.
    pub(super) fn gamma_and_beta(&self) -> Option<Range<usize>> {
        self.norm.as_ref().map(|norm| norm.start..norm.start + 2 * self.biases())
    }
}

impl<'a> Normalization<'a> {
    /// The parts of what one layer stores.
    pub(super) fn new(values: &'a [f32]) -> Self {
        let (learned, running) = values.split_at(values.len() / 2);
        let (gamma, beta) = learned.split_at(learned.len() / 2);
        let (mean, variance) = running.split_at(running.len() / 2);
        Self { gamma, beta, mean, variance }
    }
}

/// Gives a normalised layer the values that it begins with: gamma and variance 1, beta and mean 0.
pub(crate) fn begin_normalization(values: &mut [f32]) {
    let outputs = values.len() / 4;
    for (part, value) in values.chunks_exact_mut(outputs.max(1)).zip([1.0, 0.0, 0.0, 1.0]) {
        part.fill(value);
    }
}

fn inverse_deviation(variance: f64) -> f64 {
    1.0 / (variance + EPSILON).sqrt()
}

/// What forward computes of a normalised layer and backward needs.
#[derive(Debug)]
pub(super) struct Batch {
    /// (z - mean) / sqrt(variance + epsilon), (capacity / O, O).
    pub(super) normalized: Vec<f32>,
    /// What was subtracted, (O). Sums over the rows are taken in `f64`, so that they cost no precision.
    mean: Vec<f64>,
    /// (O); of a mini-batch that of the population.
    variance: Vec<f64>,
    /// 1 / sqrt(variance + epsilon), (O).
    pub(super) inverse: Vec<f32>,
}

impl Batch {
    /// Memory for so many sums of so many outputs, or of so many filters.
    pub(super) fn new(capacity: usize, outputs: usize) -> Self {
        Self {
            normalized: vec![0.0; capacity],
            mean: vec![0.0; outputs],
            variance: vec![0.0; outputs],
            inverse: vec![0.0; outputs],
        }
    }

    /// Number of outputs, or of filters.
    pub(super) fn channels(&self) -> usize {
        self.mean.len()
    }

    /// From the weighted sums z to what the activation sees, in place: by the statistics of the rows in training, else by
    /// the running ones.
    ///
    /// # Shapes
    ///
    /// `rows` is (B, O).
    pub(super) fn forward(&mut self, layer: Normalization<'_>, training: bool, rows: &mut [f32]) {
        if training {
            self.measure(rows);
        } else {
            self.mean.iter_mut().zip(layer.mean).for_each(|(mean, running)| *mean = f64::from(*running));
            self.variance
                .iter_mut()
                .zip(layer.variance)
                .for_each(|(variance, running)| *variance = f64::from(*running));
        }
        for (inverse, variance) in self.inverse.iter_mut().zip(&self.variance) {
            *inverse = inverse_deviation(*variance) as f32;
        }
        let outputs = self.mean.len();
        for (row, normalized) in rows.chunks_exact_mut(outputs).zip(self.normalized.chunks_exact_mut(outputs)) {
            let statistics = self.mean.iter().zip(&self.inverse);
            for ((n, z), (mean, inverse)) in normalized.iter_mut().zip(&*row).zip(statistics) {
                *n = (f64::from(*z) - mean) as f32 * inverse;
            }
            for ((y, n), (gamma, beta)) in row.iter_mut().zip(normalized).zip(layer.gamma.iter().zip(layer.beta)) {
                *y = gamma * *n + beta;
            }
        }
    }

    /// Mean and variance of each column.
    fn measure(&mut self, rows: &[f32]) {
        let outputs = self.mean.len();
        let count = (rows.len() / outputs) as f64;
        self.mean.fill(0.0);
        for row in rows.chunks_exact(outputs) {
            self.mean.iter_mut().zip(row).for_each(|(sum, z)| *sum += f64::from(*z));
        }
        self.mean.iter_mut().for_each(|sum| *sum /= count);
        self.variance.fill(0.0);
        for row in rows.chunks_exact(outputs) {
            for ((sum, mean), z) in self.variance.iter_mut().zip(&self.mean).zip(row) {
                *sum += (f64::from(*z) - mean).powi(2);
            }
        }
        self.variance.iter_mut().for_each(|sum| *sum /= count);
    }

    /// From the gradient of what the activation sees to that of the weighted sums, in place, after a forward pass as in
    /// training; writes the gradient of gamma and beta. With n the normalised sums and means over the rows,
    /// `dz = gamma / sqrt(variance + epsilon) (dy - mean(dy) - n mean(dy n))`.
    ///
    /// # Shapes
    ///
    /// `gradient` is (4, O), of which the first two rows are written; `rows` is (B, O).
    pub(super) fn backward(&self, layer: Normalization<'_>, gradient: &mut [f32], rows: &mut [f32]) {
        let outputs = self.mean.len();
        let share = outputs as f32 / rows.len() as f32;
        let (dgamma, rest) = gradient.split_at_mut(outputs);
        let dbeta = &mut rest[..outputs];
        dgamma.fill(0.0);
        dbeta.fill(0.0);
        for (dy, n) in rows.chunks_exact(outputs).zip(self.normalized.chunks_exact(outputs)) {
            dgamma.iter_mut().zip(dy.iter().zip(n)).for_each(|(sum, (dy, n))| *sum += dy * n);
            dbeta.iter_mut().zip(dy).for_each(|(sum, dy)| *sum += dy);
        }
        for (row, n) in rows.chunks_exact_mut(outputs).zip(self.normalized.chunks_exact(outputs)) {
            let sums = dgamma.iter().zip(&*dbeta);
            let factors = layer.gamma.iter().zip(&self.inverse);
            for (((dy, n), (dgamma, dbeta)), (gamma, inverse)) in row.iter_mut().zip(n).zip(sums).zip(factors) {
                *dy = gamma * inverse * (*dy - (dbeta + n * dgamma) * share);
            }
        }
    }
}

#[cfg(test)]
mod tests;
