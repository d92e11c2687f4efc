//! The device's arithmetic on the desktop, for any architecture.
//!
//! The functions of [`neurona::kernel`] and of the activations are called in the order of the layers, so that every
//! bit is the one that the Rust type of the network gives, here and on a board. This is slower than
//! [`Network::forward`](crate::Network::forward), whose sums are in another order.

use neurona::{Exact, Exponential, fast, kernel};

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
    let (mut x, mut rest) = (x.to_vec(), values);
    for layer in spec.layers() {
        let mut y = vec![0.0; layer.outputs()];
        // The sum of the layers' values was checked above.
        let (values, others) = rest.split_at(layer.values().min(rest.len()));
        match layer {
            Spec::Dense { inputs, outputs, activation } => {
                let (weights, bias) = values.split_at((*inputs as usize) * (*outputs as usize));
                kernel::dense_forward(weights, bias, &x, &mut y);
                for y in &mut y {
                    *y = activation.value(*y);
                }
            }
            Spec::Softmax { fast, .. } => {
                y.copy_from_slice(&x);
                kernel::softmax(&mut y, if *fast { fast::Exp::exp } else { Exact::exp });
            }
            Spec::Standardize { len } => {
                let (mean, scale) = values.split_at(*len as usize);
                kernel::standardize(mean, scale, &x, &mut y);
            }
            Spec::Rescale { factor, .. } => kernel::rescale(f32::from_bits(*factor), &x, &mut y),
            // `Spec::layers` opens every chain.
            Spec::Chain(_) | Spec::Custom { .. } => ShapeError::check("outputs of a custom layer", 0, y.len())?,
        }
        (x, rest) = (y, others);
    }
    Ok(x)
}

#[cfg(test)]
mod tests {
    use neurona::prelude::*;

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

    #[test]
    fn the_bits_are_those_of_the_type() {
        let values: Vec<f32> = (0..Mixed::ARCH.values()).map(|i| ((i * 37 % 19) as f32 - 9.0) / 7.0).collect();
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let mut network = Mixed::ZERO;
        assert!(neurona::plain::fill(&mut network, &bytes));
        let x = [0.3, -7.5, 11.0];
        let mut memory = Inference::<Mixed>::ZERO;
        let here = forward(&Spec::from(&Mixed::ARCH), &values, &x).expect("the shapes fit");
        assert_eq!(here, network.infer(&x, &mut memory));
    }

    #[test]
    fn wrong_shapes_are_errors() {
        let spec = Spec::from(&Mixed::ARCH);
        let values = vec![0.0; spec.values()];
        assert!(forward(&spec, &values[1..], &[0.0; 3]).is_err());
        assert!(forward(&spec, &values, &[0.0; 4]).is_err());
    }
}
