//! Whether a network can be fed sample by sample on a device.

use neurona::arch::{ConvSpec, DepthwiseConvSpec, PoolSpec, Shape, WindowSpec};

use super::{SourceError, Spec};

impl Spec {
    /// As [`rust_source`](Self::rust_source), of a type that can also be fed one time step a call: see [`neurona::stream`].
    ///
    /// # Errors
    ///
    /// Those of [`rust_source`](Self::rust_source), and a layer that cannot be fed sample by sample.
    ///
    /// # Examples
    ///
    /// ```
    /// use neurona::arch::{ActivationSpec, CellSpec, RecurrentSpec, States};
    /// use neurona_train::Spec;
    ///
    /// let memory = RecurrentSpec { cell: CellSpec::Lstm, steps: 32, inputs: 4, units: 16, states: States::Last };
    /// let output = Spec::Dense { inputs: 16, outputs: 2, activation: ActivationSpec::Identity };
    /// let spec = Spec::Chain(vec![Spec::Recurrent(memory), output]);
    /// assert_eq!(spec.stream_source("Leaving", &[])?, "\
    /// neurona::network! {
    ///     pub stream struct Leaving: Signal<32, 4> => [f32; 2] {
    ///         lstm: Lstm<32, 4, 16>,
    ///         output: Dense<16, 2>,
    ///     }
    /// }
    /// ");
    /// # Ok::<(), neurona_train::SourceError>(())
    /// ```
    pub fn stream_source(&self, name: &str, layer_names: &[String]) -> Result<String, SourceError> {
        let source = self.source("stream struct", name, layer_names)?;
        let names = if layer_names.is_empty() { self.layer_names() } else { layer_names.to_vec() };
        for (step, layer) in self.steps().into_iter().zip(self.step_names(&names)) {
            if step.with.is_none()
                && let Some(fault) = step.spec.stream_fault()
            {
                return Err(SourceError::Stream { layer, fault });
            }
        }
        Ok(source)
    }

    /// Why a layer without parts cannot be fed sample by sample.
    fn stream_fault(&self) -> Option<&'static str> {
        if matches!(self.input_shape(), Shape::Image { .. }) {
            return Some("signals are fed sample by sample, images are not");
        }
        match self {
            Self::Conv(ConvSpec { window, .. })
            | Self::DepthwiseConv(DepthwiseConvSpec { window, .. })
            | Self::Pool(PoolSpec { window, .. }) => window_fault(window),
            Self::TableConv(conv) => window_fault(&conv.window),
            Self::Reshape(_) => Some(
                "it needs all samples at once; `global_pool` or the last state of a recurrent layer makes a vector of a signal, and \
                 a signal is scaled by `standardize`",
            ),
            _ => None,
        }
    }
}

fn window_fault(window: &WindowSpec) -> Option<&'static str> {
    let reach = (window.kernel[1] as usize - 1) * window.dilation[1] as usize + 1;
    let last = (window.output.sizes()[1] as usize - 1) * window.stride[1] as usize;
    let before = window.before(1);
    if last + reach > before + window.input.sizes()[1] as usize {
        Some("its window looks ahead: its padding is to be \"causal\", \"valid\", or none after the signal")
    } else if before >= reach {
        Some("it has as much padding before the signal as its window reaches back, or more")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use neurona::arch::{ActivationSpec::Identity, PaddingSpec, ReshapeSpec};

    use super::*;

    fn error(layers: Vec<Spec>) -> String {
        Spec::Chain(layers).stream_source("Net", &[]).expect_err("it cannot be fed").to_string()
    }

    fn conv(padding: PaddingSpec, steps: u32) -> Spec {
        let signal = |steps| Shape::Signal { steps, channels: 2 };
        let (input, output) = (signal(8), signal(steps));
        let window = WindowSpec { input, output, kernel: [1, 3], stride: [1, 1], dilation: [1, 1], padding };
        Spec::Conv(ConvSpec { window, seen: 2, activation: Identity })
    }

    #[test]
    fn windows_that_look_ahead_and_layers_that_need_all_are_errors() {
        let ahead = "layer `conv` cannot be fed sample by sample: its window looks ahead";
        let explicit = |left, right| PaddingSpec::Explicit { top: 0, bottom: 0, left, right };
        assert!(error(vec![conv(PaddingSpec::Same, 8)]).starts_with(ahead));
        assert!(error(vec![conv(explicit(1, 1), 8)]).starts_with(ahead));
        assert!(error(vec![conv(explicit(3, 0), 9)]).contains("as much padding before the signal"));
        let (input, output) = (Shape::Signal { steps: 8, channels: 2 }, Shape::Vector { len: 16 });
        let flat = Spec::Reshape(ReshapeSpec { input, output });
        let body = Spec::Chain(vec![conv(PaddingSpec::Causal, 8), conv(PaddingSpec::Same, 8)]);
        let residual = Spec::Residual { body: Box::new(body), shortcut: None, activation: Identity };
        assert!(error(vec![residual]).starts_with("layer `residual.body.conv2` cannot be fed"));
        assert!(error(vec![conv(PaddingSpec::Causal, 8), flat]).contains("it needs all samples at once"));
        for (padding, steps) in [(PaddingSpec::Causal, 8), (PaddingSpec::Valid, 6), (explicit(2, 0), 8)] {
            assert!(Spec::Chain(vec![conv(padding, steps)]).stream_source("Net", &[]).is_ok());
        }
    }
}
