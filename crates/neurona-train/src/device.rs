//! The device's arithmetic on the desktop, for any architecture.
//!
//! The functions of [`neurona::kernel`] and of the activations are called in the order of the layers, so that every
//! bit is the one that the Rust type of the network gives, here and on a board. This is slower than
//! [`Network::forward`](crate::Network::forward), whose sums are in another order.

use neurona::{
    Exact, Exponential,
    arch::{ActivationSpec, CellSpec, EchoStateSpec, PoolKind, RecurrentSpec, States},
    fast,
    kernel::{self, Window},
};

use crate::{ShapeError, Spec};

/// Computes the output of one input to the bits of the device.
///
/// `values` are the weights and constants in the order of the model file, `x` is (I), the result is (O).
///
/// # Errors
///
/// There are more or fewer values or inputs than the architecture has. A custom layer, which is not known here, has no
/// output: the error then says that its outputs are missing.
pub fn forward(spec: &Spec, values: &[f32], x: &[f32]) -> Result<Vec<f32>, ShapeError> {
    ShapeError::check("values", spec.values(), values.len())?;
    ShapeError::check("inputs", spec.inputs(), x.len())?;
    // The output of each step, behind the input of the network.
    let mut given = vec![x.to_vec()];
    for step in spec.steps() {
        let (x, with) = (&given[step.from], step.with.map(|with| &given[with]));
        let mut y = vec![0.0; step.spec.outputs()];
        if let Spec::Custom { .. } = step.spec {
            ShapeError::check("outputs of a custom layer", 0, y.len())?;
        }
        // The sum of the steps' values was checked above.
        compute(step.spec, values.get(step.values).unwrap_or_default(), x, with, &mut y);
        given.push(y);
    }
    Ok(given.pop().unwrap_or_default())
}

/// Computes one step; `with` is the second input of a step that joins branches.
fn compute(spec: &Spec, values: &[f32], x: &[f32], with: Option<&Vec<f32>>, y: &mut [f32]) {
    match spec {
        Spec::Dense { inputs, outputs, activation } => {
            let (weights, bias) = values.split_at((*inputs as usize) * (*outputs as usize));
            kernel::dense_forward(weights, bias, x, y);
            activate(*activation, y);
        }
        Spec::Softmax { fast, .. } => {
            y.copy_from_slice(x);
            kernel::softmax(y, if *fast { fast::Exp::exp } else { Exact::exp });
        }
        Spec::Standardize { .. } | Spec::StandardizeChannels(_) => {
            let (mean, scale) = values.split_at(values.len() / 2);
            kernel::standardize(mean, scale, x, y);
        }
        Spec::Rescale { factor, .. } => kernel::rescale(f32::from_bits(*factor), x, y),
        Spec::Reshape(_) => y.copy_from_slice(x),
        Spec::Conv(conv) => {
            let (weights, bias) = values.split_at(conv.weights());
            kernel::conv_forward(&Window::of(&conv.window), conv.seen as usize, weights, bias, x, y);
            activate(conv.activation, y);
        }
        Spec::DepthwiseConv(conv) => {
            let (weights, bias) = values.split_at(conv.weights());
            kernel::depthwise_forward(&Window::of(&conv.window), weights, bias, x, y);
            activate(conv.activation, y);
        }
        Spec::Pool(pool) => match pool.kind {
            PoolKind::Max => kernel::max_pool_forward(&Window::of(&pool.window), x, y),
            PoolKind::Average => kernel::average_pool_forward(&Window::of(&pool.window), x, y),
        },
        Spec::GlobalPool(pool) => match pool.kind {
            PoolKind::Max => kernel::global_max_forward(x, y),
            PoolKind::Average => kernel::global_average_forward(x, y),
        },
        Spec::Scale(scale) => {
            let (scales, shifts) = values.split_at(scale.shape.channels());
            kernel::scale_forward(scales, shifts, x, y);
            activate(scale.activation, y);
        }
        Spec::Residual { activation, .. } => {
            y.copy_from_slice(x);
            kernel::axpy(1.0, with.map_or(&[], Vec::as_slice), y);
            activate(*activation, y);
        }
        Spec::Concat(first, second) => {
            let (ahead, behind) = (first.output_shape().channels(), second.output_shape().channels());
            let cells = x.chunks_exact(ahead).zip(with.map_or(&[][..], Vec::as_slice).chunks_exact(behind));
            for (y, (first, second)) in y.chunks_exact_mut(ahead + behind).zip(cells) {
                let (ahead, behind) = y.split_at_mut(ahead);
                ahead.copy_from_slice(first);
                behind.copy_from_slice(second);
            }
        }
        Spec::Recurrent(spec) => recurrent(spec, values, x, y),
        Spec::EchoState(spec) => echo_state(spec, values, x, y),
        // `Spec::steps` opens every chain, and a custom layer has no output.
        Spec::Chain(_) | Spec::Custom { .. } => {}
    }
}

/// A cell applied step after step, from a memory of zeros.
fn recurrent(spec: &RecurrentSpec, values: &[f32], x: &[f32], y: &mut [f32]) {
    let (inputs, units) = (spec.inputs as usize, spec.units as usize);
    let (weights, bias) = values.split_at(spec.weights());
    let (weights, recurrent) = weights.split_at(spec.cell.gates() * units * inputs);
    let (mut h, mut c, mut gates) = (vec![0.0; units], vec![0.0; units], vec![0.0; spec.cell.biases() * units]);
    each_step(spec.states, x.chunks_exact(inputs), units, y, |x, y| {
        match spec.cell {
            CellSpec::Rnn { activation } => {
                kernel::recurrent_forward(weights, recurrent, bias, x, &h, &mut gates);
                activate(activation, &mut gates);
                h.copy_from_slice(&gates);
            }
            CellSpec::Gru => kernel::gru_forward(weights, recurrent, bias, x, &mut h, &mut gates),
            _ => kernel::lstm_forward(weights, recurrent, bias, x, &mut h, &mut c, &mut gates),
        }
        y.copy_from_slice(&h);
    });
}

/// A reservoir, from a state of zeros.
fn echo_state(spec: &EchoStateSpec, values: &[f32], x: &[f32], y: &mut [f32]) {
    let (inputs, units, connections) = (spec.inputs as usize, spec.units as usize, spec.connections as usize);
    let (weights, bias) = values.split_at(spec.weights());
    let (weights, recurrent) = weights.split_at(units * inputs);
    let (mut h, mut z) = (vec![0.0; units], vec![0.0; units]);
    each_step(spec.states, x.chunks_exact(inputs), units, y, |x, y| {
        kernel::dense_forward(weights, bias, x, &mut z);
        kernel::reservoir_forward(spec.seed, connections, recurrent, &h, &mut z);
        kernel::leaky_tanh(f32::from_bits(spec.leak), &z, &mut h);
        y.copy_from_slice(&h);
    });
}

/// Gives each step its inputs, and where its state goes: to a place of its own, or over that of the step before.
fn each_step<'a>(
    states: States,
    x: impl Iterator<Item = &'a [f32]>,
    units: usize,
    y: &mut [f32],
    mut step: impl FnMut(&[f32], &mut [f32]),
) {
    for (at, x) in x.enumerate() {
        let place = if states == States::All { at } else { 0 };
        step(x, &mut y[place * units..][..units]);
    }
}

fn activate(activation: ActivationSpec, z: &mut [f32]) {
    for z in z {
        *z = activation.value(*z);
    }
}

#[cfg(test)]
mod tests {
    use neurona::{plain::Plain, prelude::*};

    use super::*;

    neurona::network! {
        #[allow(missing_docs)]
        struct Mixed: [f32; 3] => [f32; 2] {
            rescale: Rescale<3, { 0.5_f32.to_bits() }>,
            standardize: Standardize<3>,
            first: Dense<3, 5, Silu>,
            second: Dense<5, 2, LeakyRelu>,
            softmax: Softmax<2>,
        }
    }

    neurona::network! {
        #[allow(missing_docs)]
        struct Body: Signal<9, 2> => Signal<9, 3> {
            wide: DepthwiseConv1d<Signal<9, 2>, Signal<9, 4>, Kernel1d<3, 1, 2>, Relu, Same>,
            groups: Conv1d<Signal<9, 4>, Signal<9, 6>, Grouped<2, Kernel1d<2>>, Silu, Causal>,
            output: Conv1d<Signal<9, 6>, Signal<9, 3>, Kernel1d<1>>,
        }
    }

    neurona::network! {
        #[allow(missing_docs)]
        struct Branching: [f32; 18] => [f32; 6] {
            signal: Reshape<[f32; 18], Signal<9, 2>>,
            both: Concat<Body, Conv1d<Signal<9, 2>, Signal<9, 1>, Kernel1d<1>>, Signal<9, 4>>,
            standard: Standardize<4, Signal<9, 4>>,
            mean: AvgPool<Signal<9, 4>, Signal<5, 4>, Kernel1d<3, 2>, Same>,
            scale: Scale<Signal<5, 4>, Tanh>,
            again: Residual<Conv1d<Signal<5, 4>, Signal<5, 4>, Kernel1d<3>, Relu, Same>>,
            half: Projected<
                Conv1d<Signal<5, 4>, Signal<3, 6>, Kernel1d<3, 2>, Identity, Padding1d<1, 1>>,
                Conv1d<Signal<5, 4>, Signal<3, 6>, Kernel1d<1, 2>>,
                Relu,
            >,
            pool: MaxPool<Signal<3, 6>, Signal<2, 6>, Kernel1d<2>>,
            mean_again: GlobalAvgPool<Signal<2, 6>>,
        }
    }

    neurona::network! {
        #[allow(missing_docs)]
        struct Remembering: Signal<9, 2> => [f32; 3] {
            first: Rnn<9, 2, 5, All, Silu>,
            reservoir: EchoState<9, 5, 11, 3, 7, All, { 0.4_f32.to_bits() }>,
            second: Gru<9, 11, 4, All>,
            third: Lstm<9, 4, 6, All>,
            again: EchoState<9, 6, 5, 2, 9>,
            output: Dense<5, 3>,
        }
    }

    fn check<N: Network + Plain>(x: &N::Input) {
        let spec = Spec::from(&N::ARCH);
        let values: Vec<f32> = (0..spec.values()).map(|i| ((i * 37 % 19) as f32 - 9.0) / 7.0).collect();
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let mut network = Box::new(N::ZERO);
        assert!(neurona::plain::fill(&mut *network, &bytes));
        let mut memory = Box::new(Inference::<N>::ZERO);
        let floats = |bytes: &[u8]| -> Vec<f32> {
            bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect()
        };
        let y = floats(neurona::plain::bytes_of(network.infer(x, &mut memory)));
        let here = forward(&spec, &values, &floats(neurona::plain::bytes_of(x))).expect("the shapes fit");
        assert_eq!(here, y);
        assert!(y.iter().any(|y| *y != 0.0));
    }

    #[test]
    fn the_bits_are_those_of_the_type() {
        check::<Mixed>(&[0.3, -7.5, 11.0]);
        let signal = std::array::from_fn(|i| [i as f32 / 5.0 - 1.0, (i * 29 % 17) as f32 / 9.0 - 1.0]);
        check::<Remembering>(&signal);
        check::<Gru<9, 2, 3>>(&signal);
        check::<Lstm<9, 2, 3>>(&signal);
        check::<Rnn<9, 2, 3>>(&signal);
        check::<Branching>(&std::array::from_fn(|i| (i * 29 % 17) as f32 / 5.0 - 1.5));
    }

    #[test]
    fn wrong_shapes_are_errors() {
        let spec = Spec::from(&Mixed::ARCH);
        let values = vec![0.0; spec.values()];
        assert!(forward(&spec, &values[1..], &[0.0; 3]).is_err());
        assert!(forward(&spec, &values, &[0.0; 4]).is_err());
    }
}
