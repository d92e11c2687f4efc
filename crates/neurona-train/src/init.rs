//! Initial weights: random numbers of a size at which a network learns well.
//!
//! | who    | variance of a weight         | meant for                          | source                           |
//! | ------ | ---------------------------- | ---------------------------------- | -------------------------------- |
//! | Glorot | `2 / (inputs + outputs)`     | tanh, sigmoid, softmax, identity   | Glorot and Bengio, 2010          |
//! | He     | `2 / inputs`                 | ReLU and what is like it           | He, Zhang, Ren and Sun, 2015     |
//! | LeCun  | `1 / inputs`                 | functions near the identity around 0 | LeCun, Bottou, Orr, Müller, 1998 |
//!
//! A uniform distribution on `[-a, a)` has the variance `a^2 / 3`. Biases are zero, but for the forms of other
//! programs:
//!
//! | form of      | variance of a weight and of a bias, uniform | in its words                                        |
//! | ------------ | ------------------------------------------- | --------------------------------------------------- |
//! | PyTorch      | `1 / (3 inputs)`                            | `torch.nn.Linear`, on `±1 / sqrt(inputs)`           |
//! | scikit-learn | `2 / (inputs + outputs)`                    | `MLPClassifier`, on `±sqrt(6 / (inputs + outputs))` |
//!
//! With biases of zero the kinks of all neurons with ReLU go through one point at first, that of inputs that are zero,
//! and it is left to training to spread them out. scikit-learn takes a third of that variance where hidden layers have
//! sigmoids; this here does not.
//!
//! # Which is the default
//!
//! PyTorch's, by measurement: on data sets of classes and of numbers, with inputs standardised, networks that begin so tell
//! as much of unseen examples as those that begin as scikit-learn's, or more; `docs/real-data.md` has the figures and the
//! script. Hidden weights that begin small learn what tells more of unseen examples (Chizat, Oyallon and Bach, "On lazy
//! training in differentiable programming", 2019).
//!
//! For networks of many layers choose `by_activation`: of `pytorch`, biases aside, each layer with ReLU passes on a sixth
//! of the variance of its inputs.

use neurona::{
    Reservoir,
    arch::ActivationSpec::{self, *},
};
use serde::{Deserialize, Serialize};

use crate::{
    layer::Fans,
    network::{Network, begin_normalization},
    random::{Purpose, Random},
};

/// How the weights of dense layers begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Init {
    /// By the layer's activation: He's uniform for ReLU and what is like it, else Glorot's uniform. For deep networks.
    ByActivation,
    /// Uniform with Glorot's variance.
    GlorotUniform,
    /// Normal with Glorot's variance.
    GlorotNormal,
    /// Uniform with He's variance.
    HeUniform,
    /// Normal with He's variance.
    HeNormal,
    /// Uniform with LeCun's variance.
    LecunUniform,
    /// Normal with LeCun's variance.
    LecunNormal,
    /// As PyTorch's layers begin, the default: weights and biases uniform, with a variance of a third of LeCun's; of a
    /// recurrent layer as if it had as many inputs as units, and with the sum of two such biases where PyTorch has two.
    #[default]
    Pytorch,
    /// As scikit-learn's networks begin: weights and biases uniform, with Glorot's variance.
    ScikitLearn,
    /// All zero: enough for a single layer, but hidden neurons that begin alike stay alike.
    Zeros,
}

impl Init {
    /// The variance, and whether the distribution is uniform.
    fn distribution(self, inputs: usize, outputs: usize, activation: ActivationSpec) -> (f64, bool) {
        let glorot = 2.0 / (inputs + outputs) as f64;
        let he = 2.0 / inputs as f64;
        let lecun = 1.0 / inputs as f64;
        match self {
            Self::Pytorch => (lecun / 3.0, true),
            Self::ByActivation => match activation {
                Relu | Relu6 | LeakyRelu { .. } | Elu { .. } | Softplus | Silu | HardSwish => (he, true),
                _ => (glorot, true),
            },
            Self::GlorotUniform | Self::ScikitLearn => (glorot, true),
            Self::GlorotNormal => (glorot, false),
            Self::HeUniform => (he, true),
            Self::HeNormal => (he, false),
            Self::LecunUniform => (lecun, true),
            Self::LecunNormal => (lecun, false),
            Self::Zeros => (0.0, true),
        }
    }

    /// Whether biases begin as weights do, and not as zero.
    fn draws_biases(self) -> bool {
        matches!(self, Self::Pytorch | Self::ScikitLearn)
    }
}

impl Network {
    /// Gives the weights of every layer with weighted sums new values, and its biases too or sets them to zero; a scale
    /// becomes 1, and other layers stay as they are. What a normalised layer has besides begins anew.
    ///
    /// Of a recurrent layer the variance is that of one gate: from the inputs for the weights of the input, from the units for
    /// those of the state, which also have this distribution and are not orthogonal; biases that are drawn go by the units.
    /// A gate of an LSTM that is to remember for long begins with a bias of 1: set it in [`values`](Self::values).
    ///
    /// The same seed gives the same weights on every machine: see [`random`](crate::random).
    pub fn init(&mut self, init: Init, seed: u64) {
        let layers = self.layers().to_vec();
        for (number, layer) in (0..).zip(layers) {
            let (weights, bias) = self.values_mut()[layer.values.clone()].split_at_mut(layer.weights());
            let fans = layer.kind.fans();
            if let Some(last) = fans.last() {
                let mut random = Random::new(seed, Purpose::Init, number, 0);
                let spread = |fans: &Fans| {
                    // PyTorch's recurrent layers go by the number of units alone.
                    let fans = if init == Init::Pytorch { last } else { fans };
                    let (variance, uniform) = init.distribution(fans.inputs, fans.outputs, layer.activation());
                    ((3.0 * variance).sqrt() as f32, variance.sqrt() as f32, uniform)
                };
                let mut rest = weights;
                for block in &fans {
                    let (weights, behind) = rest.split_at_mut(block.weights);
                    let (limit, deviation, uniform) = spread(block);
                    weights.fill_with(|| if uniform { random.uniform(limit) } else { random.normal() * deviation });
                    rest = behind;
                }
                let (limit, ..) = spread(last);
                bias.fill_with(|| if init.draws_biases() { random.uniform(limit) } else { 0.0 });
                if init == Init::Pytorch {
                    bias[..layer.kind.merged_biases()].iter_mut().for_each(|bias| *bias += random.uniform(limit));
                }
            } else if layer.learns() {
                // A scale that changes nothing.
                weights.fill(1.0);
                bias.fill(0.0);
            }
            if let Some(norm) = layer.norm {
                begin_normalization(&mut self.values_mut()[norm]);
            }
        }
        self.set_drawn();
    }
}

impl Network {
    /// Draws the values of every reservoir from its own seed, to the bits of [`EchoState::fill`](neurona::EchoState::fill).
    ///
    /// They are constants: [`init`](Self::init) leaves them as they are.
    pub fn fill_reservoirs(&mut self, reservoir: Reservoir) {
        self.fill_each_reservoir(std::iter::repeat(reservoir));
    }

    /// As [`fill_reservoirs`](Self::fill_reservoirs), each in its own way.
    pub(crate) fn fill_each_reservoir(&mut self, mut reservoirs: impl Iterator<Item = Reservoir>) {
        for layer in self.layers().to_vec() {
            if layer.kind.is_reservoir() {
                let Some(reservoir) = reservoirs.next() else { return };
                layer.kind.fill(reservoir, &mut self.values_mut()[layer.values]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Spec;

    fn network(activation: ActivationSpec) -> Network {
        let dense = |inputs, outputs| Spec::Dense { inputs, outputs, activation };
        Network::new(Spec::Chain(vec![Spec::Standardize { len: 200 }, dense(200, 400), dense(400, 8)]))
            .expect("the layers fit")
    }

    fn variance(values: impl Iterator<Item = f32> + Clone) -> f64 {
        let count = values.clone().count() as f64;
        values.map(|value| f64::from(value).powi(2)).sum::<f64>() / count
    }

    #[test]
    fn each_has_its_variance() {
        let expected = [
            (Init::GlorotUniform, 2.0 / 600.0, true),
            (Init::GlorotNormal, 2.0 / 600.0, false),
            (Init::HeUniform, 2.0 / 200.0, true),
            (Init::HeNormal, 2.0 / 200.0, false),
            (Init::LecunUniform, 1.0 / 200.0, true),
            (Init::LecunNormal, 1.0 / 200.0, false),
            (Init::ByActivation, 2.0 / 200.0, true),
            // Bounds of 1 / sqrt(200) and sqrt(6 / 600), as the documentation of both programs has them.
            (Init::Pytorch, 1.0 / 200.0 / 3.0, true),
            (Init::ScikitLearn, 6.0 / 600.0 / 3.0, true),
        ];
        for (init, expected, uniform) in expected {
            let mut network = network(Relu);
            network.init(init, 7);
            let (weights, bias) = network.dense(1, network.values()).expect("a dense layer");
            let ratio = variance(weights.iter().copied()) / expected;
            // 80,000 weights; the variance of a squared standard value is 2 (normal) or 4/5 (uniform); 5 deviations.
            let bound = 5.0 * (if uniform { 0.8 } else { 2.0_f64 } / 80_000.0).sqrt();
            assert!((ratio - 1.0).abs() < bound, "{init:?}: {ratio}");
            let largest = weights.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
            assert_eq!(f64::from(largest) <= (3.0 * expected).sqrt() * 1.000_001, uniform, "{init:?}: {largest}");
            if init.draws_biases() {
                // The same for 400 biases.
                let ratio = variance(bias.iter().copied()) / expected;
                assert!((ratio - 1.0).abs() < 5.0 * (0.8_f64 / 400.0).sqrt(), "{init:?}: {ratio}");
                assert!(bias.iter().all(|bias| f64::from(bias.abs()) <= (3.0 * expected).sqrt() * 1.000_001));
            } else {
                assert!(bias.iter().all(|bias| *bias == 0.0));
            }
        }
    }

    #[test]
    fn some_are_by_the_activation() {
        let (glorot, he, pytorch) = (2.0 / 600.0, 2.0 / 200.0, 1.0 / 600.0);
        for (init, activation, expected) in [
            (Init::ByActivation, Tanh, glorot),
            (Init::ByActivation, Identity, glorot),
            (Init::ByActivation, Silu, he),
            (Init::Pytorch, Tanh, pytorch),
            (Init::Pytorch, Identity, pytorch),
            (Init::Pytorch, Silu, pytorch),
        ] {
            let (variance, uniform) = init.distribution(200, 400, activation);
            assert!(uniform && (variance - expected).abs() < 1e-12, "{init:?}, {activation:?}");
        }
    }

    #[test]
    fn recurrent_weights_are_of_one_gate() {
        use neurona::arch::{CellSpec, RecurrentSpec, States};
        let (inputs, units) = (300, 100);
        let recurrent = RecurrentSpec { cell: CellSpec::Gru, steps: 2, inputs, units, states: States::Last };
        let mut network = Network::new(Spec::Recurrent(recurrent)).expect("it is sound");
        let ratios = |network: &Network, expected: [f64; 4]| {
            let (weights, rest) = network.values().split_at(90_000);
            let (recurrent, bias) = rest.split_at(30_000);
            let (merged, apart) = bias.split_at(200);
            for (values, expected) in [weights, recurrent, merged, apart].into_iter().zip(expected) {
                let (found, count) = (variance(values.iter().copied()), values.len() as f64);
                // The squares of uniform values have a variance of 4/5, those of a sum of two 7/5; 5 deviations.
                assert!((found - expected).abs() <= expected * 5.0 * (1.4 / count).sqrt(), "{found}, {expected}");
            }
        };
        for (init, of_bias) in [(Init::ScikitLearn, 2.0 / 200.0), (Init::GlorotUniform, 0.0)] {
            network.init(init, 3);
            ratios(&network, [2.0 / 400.0, 2.0 / 200.0, of_bias, of_bias]);
        }
        network.init(Init::Pytorch, 3);
        // Bounds of 1 / sqrt(100) for all, as the documentation of `torch.nn.GRU` has them.
        let third = 1.0 / 100.0 / 3.0;
        ratios(&network, [third, third, 2.0 * third, third]);
    }

    #[test]
    fn reservoirs_have_the_bits_of_the_device() {
        use neurona::{EchoMemory, EchoState, Layer, plain::Zero};
        type Echo = EchoState<4, 2, 30, 5, 7>;
        let reservoir = Reservoir { radius: 0.9, inputs: 0.5, bias: 0.1 };
        let (mut device, mut memory) = (Echo::ZERO, EchoMemory::ZERO);
        device.fill(reservoir, &mut memory);
        let mut network = Network::from_arch(&Echo::SPEC).expect("it is sound");
        network.fill_reservoirs(reservoir);
        network.init(Init::Pytorch, 1);
        let expected = [device.inputs.as_flattened(), device.recurrent.as_flattened(), &device.bias].concat();
        assert_eq!(network.values(), expected);
        assert!(expected.iter().all(|value| *value != 0.0));
    }

    #[test]
    fn the_seed_decides_and_layers_differ() {
        let values = |seed| {
            let mut network = network(Relu);
            network.init(Init::Pytorch, seed);
            network.values().to_vec()
        };
        assert_eq!(values(1), values(1));
        assert_ne!(values(1), values(2));
        let values = values(1);
        assert!(values[..400].iter().all(|value| *value == 0.0), "the standardisation is left as it is");
        // Limits of 1 / sqrt(200) and 1 / sqrt(400).
        let scale = (400.0_f32 / 200.0).sqrt();
        // The streams differ: else these would be equal up to the factor between their limits.
        assert!((0..4).any(|at| (values[400 + at] - values[400 + 80_400 + at] * scale).abs() > 1e-3));
        let mut network = network(Relu);
        network.init(Init::Zeros, 1);
        assert!(network.values().iter().all(|value| *value == 0.0));
    }
}
