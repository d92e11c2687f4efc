//! Bounds on the rounding errors of a network with windows, of any layers that the script has.

use neurona::arch::PoolKind;

use super::*;

/// Half an ulp of 1: the largest relative error of one rounding.
pub(super) const UNIT: f64 = f32::EPSILON as f64 / 2.0;

/// The size of the largest of some numbers, and how far an `f32` computation of one may be off.
///
/// Both go from layer to layer as in Higham, "Accuracy and stability of numerical algorithms", 2002, section 3: a sum of n
/// products has an error of n u on the sum of their sizes, and passes on what its terms are off by. What is of the order of
/// u^2 is left out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub(super) size: f64,
    pub(super) error: f64,
}

impl Bound {
    fn exact(values: &[f32]) -> Self {
        Self { size: largest(values.iter().copied()), error: 0.0 }
    }

    /// A sum of so many products with exact factors, whose sizes sum up to `growth`.
    fn sum(self, terms: usize, growth: f64) -> Self {
        let size = growth * self.size;
        Self { size, error: growth * self.error + (terms + 1) as f64 * UNIT * size }
    }

    fn plus(self, other: Self) -> Self {
        let size = self.size + other.size;
        Self { size, error: self.error + other.error + UNIT * size }
    }

    /// A sum of so many products of two computed numbers.
    fn sum_with(self, other: Self, terms: usize) -> Self {
        let size = self.size * other.size;
        let error = self.error * other.size + self.size * other.error + (terms + 1) as f64 * UNIT * size;
        Self { size: terms as f64 * size, error: terms as f64 * error }
    }

    fn larger(self, other: Self) -> Self {
        Self { size: self.size.max(other.size), error: self.error.max(other.error) }
    }

    /// What an activation makes of it: of those here none is larger than its argument, and no slope is above 1.1 (that of
    /// SiLU); a library's exponential and the operations around it have 16 units.
    fn activated(self) -> Self {
        Self { error: 1.1 * self.error + 16.0 * UNIT * self.size, ..self }
    }

    /// A gradient times the slope of an activation at `z`: second derivatives are at most 1, and what the slope is computed
    /// from is off by no more than twice what z is.
    fn derived(self, z: Self) -> Self {
        Self { size: 1.1 * self.size, error: 1.1 * self.error + self.size * (2.0 * z.error + 16.0 * UNIT) }
    }
}

fn largest(values: impl Iterator<Item = f32>) -> f64 {
    f64::from(values.fold(0.0, |largest: f32, value| largest.max(value.abs())))
}

/// The largest sum of sizes over what `same` puts together.
fn largest_sum(weights: &[f32], sums: usize, same: impl Fn(usize) -> usize) -> f64 {
    let mut sizes = vec![0.0; sums];
    weights.iter().enumerate().for_each(|(at, weight)| sizes[same(at)] += f64::from(weight.abs()));
    sizes.into_iter().fold(0.0, f64::max)
}

/// What a layer sums up: forward for an output, and back for an input, how many terms and by which growth; and how many
/// times it is used for a row, each of which gives a term to the gradient of a weight.
struct Sum {
    forward: (usize, f64),
    back: (usize, f64),
    uses: usize,
}

impl Sum {
    fn of(layer: &Layer, weights: &[f32]) -> Self {
        let copied = (0, 1.0);
        match layer.kind.clone() {
            Kind::Dense(_) => Self {
                forward: (layer.inputs, largest_sum(weights, layer.outputs, |at| at / layer.inputs)),
                back: (layer.outputs, largest_sum(weights, layer.inputs, |at| at % layer.inputs)),
                uses: 1,
            },
            Kind::Conv(conv) => {
                let (filters, seen) = (conv.window.output.channels(), conv.seen as usize);
                Self {
                    forward: (conv.fan_in(), largest_sum(weights, filters, |at| at / conv.fan_in())),
                    back: (filters * conv.window.kernel_cells(), largest_sum(weights, seen, |at| at % seen)),
                    uses: conv.window.output.cells(),
                }
            }
            Kind::DepthwiseConv(conv) => {
                let (filters, cells) = (conv.window.output.channels(), conv.window.kernel_cells());
                let (channels, each) = (conv.window.input.channels(), filters / conv.window.input.channels());
                Self {
                    forward: (cells, largest_sum(weights, filters, |at| at % filters)),
                    back: (cells * each, largest_sum(weights, channels, |at| at % filters / each)),
                    uses: conv.window.output.cells(),
                }
            }
            Kind::Scale(scale) => {
                let growth = (1, largest(weights.iter().copied()));
                Self { forward: growth, back: growth, uses: scale.shape.cells() }
            }
            // A cell is met by no more windows than a window has cells, and has the whole gradient of one at most.
            Kind::Pool(pool) => {
                let cells = pool.window.kernel_cells();
                Self { forward: (cells, 1.0), back: (cells, cells as f64), uses: 0 }
            }
            Kind::GlobalPool(pool) => {
                let share = if pool.kind == PoolKind::Average { 1.0 / pool.input.cells() as f64 } else { 1.0 };
                Self { forward: (pool.input.cells(), 1.0), back: (1, share), uses: 0 }
            }
            Kind::Reshape(_) | Kind::Add(_) | Kind::Concat(_) => Self { forward: copied, back: copied, uses: 0 },
            other => panic!("no bound for {other:?}"),
        }
    }
}

/// What normalisation makes larger: mean and deviation are off by no more than the numbers are.
#[derive(Clone, Copy)]
pub(super) struct Norm {
    /// How many numbers have one mean.
    pub(super) rows: f64,
    gamma: f64,
    beta: f64,
    /// One over the deviation.
    inverse: f64,
    /// The largest of what is normalised.
    largest: f64,
}

impl Norm {
    fn normalized(self, z: Bound) -> Bound {
        let size = self.largest;
        Bound { size, error: self.inverse * (2.0 + size) * z.error + 3.0 * UNIT * size }
    }

    fn forward(self, z: Bound) -> Bound {
        let n = self.normalized(z).sum(1, self.gamma);
        n.plus(Bound { size: self.beta, error: 0.0 })
    }

    /// The three terms of `gamma / deviation (dy - mean(dy) - n mean(dy n))`, whose means are no larger than dy's largest.
    fn back(self, dy: Bound, z: Bound) -> Bound {
        let n = self.normalized(z);
        let (size, scale) = ((2.0 + n.size) * dy.size, self.gamma * self.inverse);
        let error = (2.0 + n.size) * dy.error + (1.0 + n.size) * n.error * dy.size;
        let of_deviation = self.inverse * z.error + (self.rows + 8.0) * UNIT;
        Bound { size: scale * size, error: scale * (error + of_deviation * size) }
    }
}

/// Bounds for a network and a mini-batch: of the outputs, of the loss, and of each value's gradient.
pub(super) struct Bounds {
    pub(super) outputs: Bound,
    pub(super) loss: f64,
    pub(super) values: Vec<f64>,
    /// Of what each layer normalises.
    pub(super) sums: Vec<Bound>,
}

impl Bounds {
    pub(super) fn new(network: &Network, inputs: &Array2<f32>, targets: &[f32], training: bool) -> Self {
        let (layers, rows) = (network.layers(), inputs.nrows());
        let weights = |layer: &Layer| &network.values[layer.values.start..][..layer.weights()];
        let bias =
            |layer: &Layer| Bound::exact(&network.values[layer.values.start + layer.weights()..layer.values.end]);
        let tape = computed(network, inputs, training);
        let norms = norms(network, &tape);
        // Of the inputs and each layer: what it gives, and what it applies its activation and its normalisation to.
        // Sizes are those that are computed; errors are bounds.
        let mut given = vec![Bound::exact(tape.given(0))];
        let (mut sums, mut activated) = (Vec::new(), Vec::new());
        for (layer, norm) in layers.iter().zip(&norms) {
            let (terms, growth) = Sum::of(layer, weights(layer)).forward;
            let mut z = given[layer.from].sum(terms, growth);
            match (layer.kind.clone(), layer.with) {
                (Kind::Add(_), Some(with)) => z = given[layer.from].plus(given[with]),
                (_, Some(with)) => z = z.sum(0, 1.0).larger(given[with]),
                _ if layer.learns() => z = z.plus(bias(layer)),
                _ => {}
            }
            sums.push(z);
            let z = norm.map_or(z, |norm| norm.forward(z));
            activated.push(z);
            let y = if layer.activation() == ActivationSpec::Identity { z } else { z.activated() };
            given.push(Bound { size: largest(tape.given(given.len()).iter().copied()), ..y });
        }
        let outputs = given[layers.len()];
        let count = targets.len() as f64;
        let off = tape.output().iter().zip(targets).map(|(y, t)| y - t).collect::<Vec<f32>>();
        let off = Bound { error: outputs.error, ..Bound::exact(&off) }.plus(Bound { size: 0.0, error: 0.0 });
        let loss = off.sum_with(off, targets.len()).error / count;

        let mut back = vec![Bound { size: 0.0, error: 0.0 }; layers.len() + 1];
        back[layers.len()] = off.sum(3, 2.0 / count);
        let mut values = vec![0.0; network.values.len()];
        for (at, layer) in layers.iter().enumerate().rev() {
            let mut dz = back[at + 1];
            if layer.activation() != ActivationSpec::Identity {
                dz = dz.derived(activated[at]);
            }
            let sum = Sum::of(layer, weights(layer));
            let uses = rows * sum.uses;
            if let (Some(norm), Some(place)) = (norms[at], &layer.norm) {
                let channels = layer.biases();
                let dgamma = dz.sum_with(norm.normalized(sums[at]), uses).error;
                values[place.clone()][..channels].fill(dgamma);
                values[place.clone()][channels..2 * channels].fill(dz.sum(uses, uses as f64).error);
                dz = norm.back(dz, sums[at]);
            }
            let (of_weights, of_bias) = values[layer.values.clone()].split_at_mut(layer.weights());
            of_weights.fill(dz.sum_with(given[layer.from], uses).error);
            of_bias.fill(dz.sum(uses, uses as f64).error);
            let (terms, growth) = sum.back;
            for place in [Some(layer.from), layer.with].into_iter().flatten() {
                back[place] = back[place].plus(dz.sum(terms, growth));
            }
        }
        Self { outputs, loss, values, sums }
    }
}

/// The network with all that it computes.
pub(super) fn computed(network: &Network, inputs: &Array2<f32>, training: bool) -> Tape {
    let mut tape = Tape::new(network, 0, inputs.nrows(), &[]);
    tape.fill(inputs.view());
    if training {
        tape.train(network, None);
    } else {
        tape.infer(network);
    }
    tape
}

/// Of each layer that is normalised.
pub(super) fn norms(network: &Network, tape: &Tape) -> Vec<Option<Norm>> {
    let mut norms = vec![None; network.layer_count()];
    for (at, batch, rows) in tape.statistics() {
        let norm = network.normalization(at, network.values()).expect("a normalised layer");
        norms[at] = Some(Norm {
            rows: rows as f64,
            gamma: largest(norm.gamma.iter().copied()),
            beta: largest(norm.beta.iter().copied()),
            inverse: largest(batch.inverse.iter().copied()),
            largest: largest(batch.normalized.iter().copied()),
        });
    }
    norms
}
