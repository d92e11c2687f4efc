//! Whether a network can be fed sample by sample on a device.

use neurona::{
    arch::{ConvSpec, DepthwiseConvSpec, PoolSpec, Shape, WindowSpec},
    stream::Timing,
};

use super::{SourceError, Spec};

impl Spec {
    /// As [`rust_source`](Self::rust_source), of a type that can also be fed one time step a call: see [`neurona::stream`].
    ///
    /// # Errors
    ///
    /// Those of [`rust_source`](Self::rust_source), a layer that cannot be fed sample by sample, and branches that do not give
    /// their outputs for the same samples.
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
        // When the input of the network is given, then when the output of each step is.
        let mut timings = vec![Timing::EACH];
        for (step, layer) in self.steps().into_iter().zip(self.step_names(&names)) {
            let given = timings[step.from];
            let timing = match step.with.map(|with| timings[with]) {
                Some(found) if found != given => return Err(SourceError::Timing { layer, expected: given, found }),
                Some(_) => given,
                None => match step.spec.stream_fault() {
                    Some(fault) => return Err(SourceError::Stream { layer, fault }),
                    None => given.then(step.spec.timing()),
                },
            };
            timings.push(timing);
        }
        Ok(source)
    }

    /// Why a layer without parts cannot be fed sample by sample.
    fn stream_fault(&self) -> Option<&'static str> {
        if matches!(self.input_shape(), Shape::Image { .. }) {
            return Some("signals are fed sample by sample, images are not");
        }
        match self {
            Self::Reshape(_) => Some(
                "it needs all samples at once; `global_pool` or the last state of a recurrent layer makes a vector of a signal, and \
                 a signal is scaled by `standardize`",
            ),
            _ => self.window().and_then(window_fault),
        }
    }

    /// When a layer without parts gives outputs.
    fn timing(&self) -> Timing {
        self.window().map_or(Timing::EACH, |window| Timing {
            delay: (reach(window) - 1).saturating_sub(window.before(1)),
            every: window.stride[1] as usize,
        })
    }

    /// What slides, in a layer where something does.
    fn window(&self) -> Option<&WindowSpec> {
        match self {
            Self::Conv(ConvSpec { window, .. })
            | Self::DepthwiseConv(DepthwiseConvSpec { window, .. })
            | Self::Pool(PoolSpec { window, .. }) => Some(window),
            Self::TableConv(conv) => Some(&conv.window),
            _ => None,
        }
    }
}

/// How many samples there are from the first of the window to its last, both counted.
fn reach(window: &WindowSpec) -> usize {
    (window.kernel[1] as usize - 1) * window.dilation[1] as usize + 1
}

fn window_fault(window: &WindowSpec) -> Option<&'static str> {
    let reach = reach(window);
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
    use neurona::arch::{ActivationSpec::Identity, PaddingSpec, PoolKind, ReshapeSpec};

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
    }

    #[test]
    fn branches_that_do_not_keep_time_are_errors() {
        let residual = |body: Spec| Spec::Residual { body: Box::new(body), shortcut: None, activation: Identity };
        let concat = |first: Spec, second: Spec| Spec::Concat(Box::new(first), Box::new(second));
        let (causal, valid) = (conv(PaddingSpec::Causal, 8), conv(PaddingSpec::Valid, 6));
        let signal = |steps| Shape::Signal { steps, channels: 2 };
        let pool = |kernel: u32, stride, (input, output), padding| {
            let window = WindowSpec {
                input: signal(input),
                output: signal(output),
                kernel: [1, kernel],
                stride: [1, stride],
                dilation: [1, 1],
                padding,
            };
            Spec::Pool(PoolSpec { window, kind: PoolKind::Max })
        };
        let slow = |padding, steps| Spec::Chain(vec![causal.clone(), pool(4, 2, (8, steps), padding)]);
        let odd = PaddingSpec::Explicit { top: 0, bottom: 0, left: 1, right: 0 };
        let message =
            error(vec![concat(pool(4, 3, (8, 2), PaddingSpec::Valid), pool(4, 4, (8, 2), PaddingSpec::Valid))]);
        let expected = "layer `concat` cannot be fed sample by sample: its branches do not give their outputs together, the one \
                        for one of 3 samples behind the first 3, the other for one of 4 samples behind the first 3";
        assert_eq!(message, expected);
        let within = Spec::Chain(vec![
            valid,
            concat(pool(3, 2, (6, 2), PaddingSpec::Valid), pool(4, 2, (6, 2), PaddingSpec::Valid)),
        ]);
        let end = "for one of 2 samples behind the first 4, the other for one of 2 samples behind the first 5";
        assert!(error(vec![within]).ends_with(end));
        for together in [
            residual(causal.clone()),
            concat(slow(PaddingSpec::Valid, 3), pool(4, 2, (8, 3), PaddingSpec::Valid)),
            concat(slow(odd, 3), pool(4, 2, (8, 3), odd)),
        ] {
            assert!(Spec::Chain(vec![together]).stream_source("Net", &[]).is_ok());
        }
    }

    #[test]
    fn windows_that_look_back_are_fed() {
        let explicit = |left, right| PaddingSpec::Explicit { top: 0, bottom: 0, left, right };
        for (padding, steps) in [(PaddingSpec::Causal, 8), (PaddingSpec::Valid, 6), (explicit(2, 0), 8)] {
            assert!(Spec::Chain(vec![conv(padding, steps)]).stream_source("Net", &[]).is_ok());
        }
    }
}
