//! Whether an architecture can be built.

use std::fmt;

use neurona::arch::Shape;

use super::Spec;
use crate::layer::Kind;

/// Why an architecture cannot be built; layers count from 0, chains within chains opened.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// There is nothing to compute.
    #[error("the network has no layers")]
    NoLayers,
    /// Layers are too deep within one another.
    #[error(
        "layers are {found} deep within one another; expected at most {expected}, where each chain, residual and concat is one"
    )]
    Depth {
        /// How deep they may be.
        expected: usize,
        /// How deep they are.
        found: usize,
    },
    /// A layer does not take what the one before it gives.
    #[error("layers[{layer}] ({kind}) takes {}, but the layer before it gives {}", Named(*expected), Named(*found))]
    Sizes {
        /// Which layer.
        layer: usize,
        /// What kind it is.
        kind: &'static str,
        /// The shape of its input.
        expected: Shape,
        /// The shape of the output before it.
        found: Shape,
    },
    /// The sizes of a layer do not fit together.
    #[error("layers[{layer}] ({kind}): {fault}; found {} to {}", Named(*input), Named(*output))]
    Window {
        /// Which layer.
        layer: usize,
        /// What kind it is.
        kind: &'static str,
        /// What they should be.
        fault: &'static str,
        /// The shape of its input.
        input: Shape,
        /// The shape of its output.
        output: Shape,
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

impl SpecError {
    /// What is wrong, without the place: for messages that name a layer in another way.
    pub(crate) fn problem(&self) -> String {
        match self {
            Self::Sizes { expected, found, .. } => {
                format!("takes {}, but the layer before it gives {}", Named(*expected), Named(*found))
            }
            Self::Window { fault, input, output, .. } => {
                format!("{fault}; found {} to {}", Named(*input), Named(*output))
            }
            Self::Empty { inputs, outputs, .. } => {
                format!("has {inputs} inputs and {outputs} outputs; expected at least 1 of each")
            }
            Self::Constant { fault, found, .. } => format!("{fault}; found {found}"),
            Self::TooLarge { expected, found, .. } => format!("has {found} values; expected at most {expected}"),
            Self::NoLayers | Self::Depth { .. } | Self::Custom { .. } => self.to_string(),
        }
    }
}

/// A shape as messages name it.
pub(crate) struct Named(pub(crate) Shape);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Shape::Vector { len } => write!(f, "{len} values"),
            Shape::Signal { steps, channels } => write!(f, "a signal of {steps} x {channels}"),
            Shape::Image { height, width, channels } => write!(f, "an image of {height} x {width} x {channels}"),
            other => write!(f, "{other:?}"),
        }
    }
}

impl Spec {
    /// The most values that a network can store: four bytes each, they fill the 32-bit address space of a device.
    pub const MAX_VALUES: usize = 1 << 30;

    /// The most that layers can be within one another, as a model file can be read: each chain, residual and concatenation is
    /// one, and so is the innermost layer. A residual within the body of another is two more.
    pub const MAX_DEPTH: usize = 13;

    /// Checks that the layers fit together, that no size is zero, and that constants are what they may be.
    ///
    /// # Errors
    ///
    /// Says which layer is wrong, what was expected and what was found. Custom layers pass: see
    /// [`Network::new`](crate::Network::new).
    pub fn check(&self) -> Result<(), SpecError> {
        let steps = self.steps();
        if steps.is_empty() || self.has_empty_chain() {
            return Err(SpecError::NoLayers);
        }
        let found = self.depth();
        if found > Self::MAX_DEPTH {
            return Err(SpecError::Depth { expected: Self::MAX_DEPTH, found });
        }
        let given = |place: usize| match place.checked_sub(1) {
            Some(step) => steps[step].spec.output_shape(),
            None => self.input_shape(),
        };
        let mut values = 0_usize;
        for (layer, step) in steps.iter().enumerate() {
            let (spec, kind) = (step.spec, step.spec.kind());
            let (input, output) = (spec.input_shape(), spec.output_shape());
            if input.is_empty() || output.is_empty() {
                return Err(SpecError::Empty { layer, kind, inputs: input.len(), outputs: output.len() });
            }
            let expected = match (spec, step.with) {
                (Self::Residual { .. }, Some(with)) => Some((output, given(with))),
                (Self::Concat(first, second), _) => {
                    // The same cells in both, whatever their channels.
                    let (first, second) = (first.output_shape(), second.output_shape());
                    let (ahead, behind) = (first.beside(second), second.beside(first));
                    Some((ahead, behind))
                }
                _ => Some((input, given(step.from))),
            };
            if let Some((expected, found)) = expected
                && expected != found
            {
                return Err(SpecError::Sizes { layer, kind, expected, found });
            }
            let of_kind = Kind::of(spec);
            if let Some(fault) = of_kind.as_ref().and_then(|kind| kind.fault()) {
                return Err(SpecError::Window { layer, kind, fault, input, output });
            }
            if let Some((fault, found)) = of_kind.as_ref().and_then(|kind| kind.wrong_constant()) {
                return Err(SpecError::Constant { layer, kind, fault, found });
            }
            values = values.saturating_add(step.values.len());
            if values > Self::MAX_VALUES {
                return Err(SpecError::TooLarge { layer, kind, expected: Self::MAX_VALUES, found: values });
            }
        }
        Ok(())
    }

    /// How many layers are within one another, with itself.
    fn depth(&self) -> usize {
        1 + self.parts().map(Self::depth).max().unwrap_or(0)
    }

    /// Whether a chain in it, at any depth, has no layers.
    fn has_empty_chain(&self) -> bool {
        matches!(self, Self::Chain(layers) if layers.is_empty()) || self.parts().any(Self::has_empty_chain)
    }
}

#[cfg(test)]
mod tests {
    use neurona::arch::ActivationSpec;

    use super::*;

    fn dense(inputs: u32, outputs: u32, activation: ActivationSpec) -> Spec {
        Spec::Dense { inputs, outputs, activation }
    }

    fn message(layers: Vec<Spec>) -> String {
        Spec::Chain(layers).check().expect_err("the architecture is wrong").to_string()
    }

    /// A chain within chains, so many in all with the dense layer in the middle.
    fn nested(depth: usize) -> Spec {
        (1..depth).fold(dense(2, 2, ActivationSpec::Relu), |inner, _| Spec::Chain(vec![inner]))
    }

    #[test]
    fn what_is_built_can_be_read_again() {
        let deepest = nested(Spec::MAX_DEPTH);
        assert_eq!(deepest.check(), Ok(()));
        let bytes = postcard::to_stdvec(&deepest).expect("it can be written");
        assert_eq!(postcard::from_bytes(&bytes), Ok(deepest));
        let deeper = nested(Spec::MAX_DEPTH + 1);
        let message = deeper.check().expect_err("it could not be read").to_string();
        assert_eq!(
            message,
            "layers are 14 deep within one another; expected at most 13, where each chain, residual and concat is one"
        );
        let bytes = postcard::to_stdvec(&deeper).expect("it can be written");
        assert!(postcard::from_bytes::<Spec>(&bytes).is_err());
    }

    #[test]
    fn each_fault_names_the_layer() {
        let relu = ActivationSpec::Relu;
        assert_eq!(message(vec![]), "the network has no layers");
        assert_eq!(
            message(vec![dense(4, 8, relu), Spec::Chain(vec![dense(9, 2, relu)])]),
            "layers[1] (dense) takes 9 values, but the layer before it gives 8 values"
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
