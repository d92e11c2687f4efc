//! The device's arithmetic on the desktop, for any architecture.
//!
//! The functions of [`neurona::kernel`] and of the activations are called in the order of the layers, so that every
//! bit is the one that the Rust type of the network gives, here and on a board. This is slower than
//! [`Network::forward`](crate::Network::forward), whose sums are in another order.

use crate::{ShapeError, Spec, layer::Kind};

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
        // The sum of the steps' values was checked above.
        let values = values.get(step.values).unwrap_or_default();
        match Kind::of(step.spec) {
            Some(kind) => kind.device_forward(values, x, with.map_or(&[], Vec::as_slice), &mut y),
            None => ShapeError::check("outputs of a custom layer", 0, y.len())?,
        }
        given.push(y);
    }
    Ok(given.pop().unwrap_or_default())
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
            first: Frozen<Rnn<9, 2, 5, All, Silu>>,
            reservoir: EchoState<9, 5, 11, 3, 7, All, { 0.4_f32.to_bits() }>,
            second: Frozen<Gru<9, 11, 4, All>>,
            third: Frozen<Lstm<9, 4, 6, All>>,
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
