//! Whether an architecture can be built.

use neurona::arch::ActivationSpec;

use super::Spec;

/// Why an architecture cannot be built; layers count from 0, chains within chains opened.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// There is nothing to compute.
    #[error("the network has no layers")]
    NoLayers,
    /// A layer does not take what the one before it gives.
    #[error("layers[{layer}] ({kind}) takes {expected} values, but the layer before it gives {found}")]
    Sizes {
        /// Which layer.
        layer: usize,
        /// What kind it is.
        kind: &'static str,
        /// How many inputs it has.
        expected: usize,
        /// How many outputs the layer before it has.
        found: usize,
    },
    /// A layer has no inputs or no outputs.
    #[error("layers[{layer}] ({kind}) has {inputs} inputs and {outputs} outputs; expected at least 1 of each")]
    Empty {
        /// Which layer.
        layer: usize,
        /// What kind it is.
        kind: &'static str,
        /// How many inputs it has.
        inputs: usize,
        /// How many outputs it has.
        outputs: usize,
    },
    /// A constant of a layer or of its activation makes no sense.
    #[error("layers[{layer}] ({kind}): {fault}; found {found}")]
    Constant {
        /// Which layer.
        layer: usize,
        /// What kind it is.
        kind: &'static str,
        /// What the constant should be.
        fault: &'static str,
        /// What it is.
        found: f32,
    },
    /// The network is larger than a device can address.
    #[error("layers[{layer}] ({kind}) brings the network to {found} values; expected at most {expected}")]
    TooLarge {
        /// Which layer.
        layer: usize,
        /// What kind it is.
        kind: &'static str,
        /// How many values a network can have.
        expected: usize,
        /// How many the layers up to this one have.
        found: usize,
    },
    /// The layer is the user's own, and this crate does not know what it computes.
    #[error("layers[{layer}] ({name}) is a custom layer, which only the program that defines it can run")]
    Custom {
        /// Which layer.
        layer: usize,
        /// What it is called.
        name: String,
    },
}

impl Spec {
    /// The most values that a network can store: four bytes each, they fill the 32-bit address space of a device.
    pub const MAX_VALUES: usize = 1 << 30;

    /// Checks that the layers fit together, that no size is zero, and that constants are what they may be.
    ///
    /// # Errors
    ///
    /// Says which layer is wrong, what was expected and what was found. Custom layers pass: see
    /// [`Network::new`](crate::Network::new).
    pub fn check(&self) -> Result<(), SpecError> {
        let layers = self.layers();
        if layers.is_empty() {
            return Err(SpecError::NoLayers);
        }
        let (mut before, mut values) = (None, 0_usize);
        for (layer, spec) in layers.into_iter().enumerate() {
            let kind = spec.kind();
            let (inputs, outputs) = (spec.inputs(), spec.outputs());
            if inputs == 0 || outputs == 0 {
                return Err(SpecError::Empty { layer, kind, inputs, outputs });
            }
            if let Some(found) = before
                && found != inputs
            {
                return Err(SpecError::Sizes { layer, kind, expected: inputs, found });
            }
            if let Some((fault, found)) = spec.wrong_constant() {
                return Err(SpecError::Constant { layer, kind, fault, found });
            }
            before = Some(outputs);
            values = values.saturating_add(spec.values());
            if values > Self::MAX_VALUES {
                return Err(SpecError::TooLarge { layer, kind, expected: Self::MAX_VALUES, found: values });
            }
        }
        Ok(())
    }

    /// What a constant should be and what it is, when it makes no sense.
    fn wrong_constant(&self) -> Option<(&'static str, f32)> {
        match *self {
            Self::Rescale { factor, .. } => {
                let factor = f32::from_bits(factor);
                (!factor.is_finite()).then_some(("the factor of a rescaling is a finite number", factor))
            }
            Self::Dense { activation, .. } => {
                let bits = match activation {
                    ActivationSpec::LeakyRelu { slope: bits } | ActivationSpec::Elu { alpha: bits } => bits,
                    _ => 0,
                };
                activation.fault().map(|fault| (fault, f32::from_bits(bits)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dense(inputs: u32, outputs: u32, activation: ActivationSpec) -> Spec {
        Spec::Dense { inputs, outputs, activation }
    }

    fn message(layers: Vec<Spec>) -> String {
        Spec::Chain(layers).check().expect_err("the architecture is wrong").to_string()
    }

    #[test]
    fn each_fault_names_the_layer() {
        let relu = ActivationSpec::Relu;
        assert_eq!(message(vec![]), "the network has no layers");
        assert_eq!(
            message(vec![dense(4, 8, relu), Spec::Chain(vec![dense(9, 2, relu)])]),
            "layers[1] (dense) takes 9 values, but the layer before it gives 8"
        );
        assert_eq!(
            message(vec![Spec::Standardize { len: 4 }, dense(4, 0, relu)]),
            "layers[1] (dense) has 4 inputs and 0 outputs; expected at least 1 of each"
        );
        assert_eq!(
            message(vec![Spec::rescale(4, f32::INFINITY)]),
            "layers[0] (rescale): the factor of a rescaling is a finite number; found inf"
        );
        for slope in [-0.5, f32::NAN, f32::INFINITY] {
            let leaky = ActivationSpec::LeakyRelu { slope: slope.to_bits() };
            assert_eq!(
                message(vec![dense(1, 1, leaky)]),
                format!("layers[0] (dense): {}; found {slope}", leaky.fault().expect("the slope is wrong"))
            );
        }
        assert_eq!(
            message(vec![dense(u32::MAX, u32::MAX, relu)]),
            format!(
                "layers[0] (dense) brings the network to {} values; expected at most 1073741824",
                0xffff_ffff_u64 << 32
            )
        );
    }

    #[test]
    fn a_sound_chain_passes() {
        let elu = ActivationSpec::Elu { alpha: 1.0_f32.to_bits() };
        let layers = vec![Spec::rescale(4, -0.5), dense(4, 3, elu), Spec::Softmax { len: 3, fast: false }];
        assert_eq!(Spec::Chain(layers).check(), Ok(()));
    }
}
