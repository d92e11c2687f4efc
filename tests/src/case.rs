//! One network, one example, in all three arithmetics.

use neurona::plain::{Plain, Zero, bytes_of, fill};
use neurona::{Gradient, Inference, Learn, Loss as DeviceLoss, Network, Workspace};
use neurona_train::random::{Purpose, Random};
use neurona_train::{Loss, Spec};

/// The numbers of a plain value.
pub fn floats<T: Plain>(value: &T) -> Vec<f32> {
    bytes_of(value).as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// A plain value of these numbers.
///
/// # Panics
///
/// When there are too few.
pub fn plain<T: Plain>(values: &[f32]) -> Box<T> {
    let mut value = Box::new(T::ZERO);
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    assert!(fill(&mut *value, &bytes), "too few numbers");
    value
}

/// The numbers of a gradient, in the order of the parameters.
pub fn gradient_floats<N: Learn + Plain>(gradient: &mut N::Gradient) -> Vec<f32> {
    let mut floats = Vec::new();
    // The parameters themselves are of no account here.
    let mut parameters = Box::new(N::ZERO);
    parameters.visit([gradient], &mut |_, _, [gradient]| floats.extend_from_slice(gradient));
    floats
}

/// Where the parameters are among all values, which hold constants as well.
pub fn is_parameter(spec: &Spec) -> Vec<bool> {
    spec.steps().iter().flat_map(|step| vec![step.params() > 0; step.values.len()]).collect()
}

/// Random values, inputs and targets for a network.
#[derive(Debug)]
pub struct Examples {
    random: Random,
    spec: Spec,
    loss: Loss,
}

impl Examples {
    /// The examples of a seed.
    pub fn new(spec: &Spec, loss: Loss, seed: u64) -> Self {
        Self { random: Random::new(seed, Purpose::Init, 0, 0), spec: spec.clone(), loss }
    }

    /// Weights and biases of the size that He's rule gives for ReLU, so that activations neither vanish nor saturate;
    /// for a standardisation means around 0 and scales around 1.
    pub fn values(&mut self) -> Vec<f32> {
        let mut values = Vec::new();
        for step in self.spec.steps() {
            let count = step.values.len();
            let inputs = match step.spec {
                Spec::Conv(conv) => conv.fan_in(),
                Spec::DepthwiseConv(conv) => conv.window.kernel_cells(),
                Spec::TableConv(conv) => conv.window.kernel_cells() * 2,
                Spec::Recurrent(recurrent) => (recurrent.inputs + recurrent.units) as usize,
                // Half as large: so that the reservoir forgets.
                Spec::EchoState(echo) => 4 * (echo.inputs + echo.connections) as usize,
                // A scale of about 1.
                Spec::Scale(_) => 2,
                layer => layer.inputs(),
            };
            let spread = (2.0 / inputs as f32).sqrt();
            let random = &mut self.random;
            match step.spec {
                Spec::Standardize { .. } | Spec::StandardizeChannels(_) => {
                    values.extend((0..count / 2).map(|_| 0.3 * random.normal()));
                    values.extend((0..count / 2).map(|_| 1.0 + 0.3 * random.uniform(1.0)));
                }
                _ => values.extend((0..count).map(|_| spread * random.normal())),
            }
        }
        values
    }

    /// An input. Networks that begin with a rescaling by 1/16 get grey levels, the others standard normal numbers.
    pub fn input(&mut self) -> Vec<f32> {
        let grey = matches!(self.spec.steps().first().map(|step| step.spec), Some(Spec::Rescale { .. }));
        let random = &mut self.random;
        (0..self.spec.inputs()).map(|_| if grey { random.below(17) as f32 } else { random.normal() }).collect()
    }

    /// A target that the loss is made for.
    ///
    /// # Panics
    ///
    /// When the loss is a new one.
    pub fn target(&mut self) -> Vec<f32> {
        let (n, random) = (self.spec.outputs(), &mut self.random);
        match self.loss {
            Loss::SquaredError => (0..n).map(|_| random.normal()).collect(),
            Loss::BinaryCrossEntropy => (0..n).map(|_| random.unit()).collect(),
            Loss::Hinge | Loss::Perceptron => (0..n).map(|_| if random.below(2) == 0 { -1.0 } else { 1.0 }).collect(),
            Loss::SoftmaxCrossEntropy => {
                // One class, or one for each step of a signal.
                let classes = self.spec.output_shape().channels();
                let step = |_| {
                    let class = random.below(classes as u32) as usize;
                    (0..classes).map(move |i| if i == class { 1.0 } else { 0.0 })
                };
                (0..n / classes).flat_map(step).collect()
            }
            other => panic!("no targets for the loss {}: give it some", other.name()),
        }
    }
}

/// What the device computes for one example.
#[derive(Debug)]
pub struct Device {
    /// The outputs.
    pub output: Vec<f32>,
    /// The loss.
    pub loss: f32,
    /// The gradient of every parameter.
    pub gradient: Vec<f32>,
}

impl Device {
    /// Runs and learns one example, into a gradient.
    pub fn run<N, L>(values: &[f32], x: &[f32], target: &[f32], loss: &L) -> Self
    where
        N: Network + Plain,
        L: DeviceLoss<N::Output, N::Output>,
    {
        let (net, x, target) = (plain::<N>(values), plain::<N::Input>(x), plain::<N::Output>(target));
        let mut gradient = Box::new(Gradient::<N>::ZERO);
        let mut workspace = Box::new(Workspace::<N>::ZERO);
        let loss = net.accumulate(&x, &*target, loss, &mut gradient, &mut workspace);
        let mut memory = Box::new(Inference::<N>::ZERO);
        let output = floats(net.infer(&x, &mut memory));
        Self { output, loss, gradient: gradient_floats::<N>(&mut gradient) }
    }
}
