//! The fixed, sparse reservoir of an echo state network.

use neurona::{
    Reservoir,
    arch::{EchoStateSpec, Shape, States},
    kernel::{self, Connections, reservoir_fill},
};

use crate::{
    Spec,
    config::{
        LayerConfig,
        described::{Described, Takes, at_least_1, wrong},
    },
    cost::Work,
};

use super::{
    Backward, Forward, LayerKind,
    recurrent::state_of,
    source::{bits, given},
};

/// The leaking rate of `EchoState` when none is written.
const DEFAULT_LEAK: u32 = 1.0_f32.to_bits();

impl LayerKind for EchoStateSpec {
    fn name(&self) -> &'static str {
        "echo_state"
    }

    fn input(&self) -> Shape {
        self.input()
    }

    fn output(&self) -> Shape {
        self.output()
    }

    fn fault(&self) -> Option<&'static str> {
        self.fault()
    }

    fn constants(&self) -> usize {
        self.values()
    }

    fn macs(&self) -> u64 {
        self.macs()
    }

    fn rust_type(&self) -> String {
        let Self { steps, inputs, units, connections, seed, leak, states } = *self;
        let leak = (leak != DEFAULT_LEAK).then(|| bits(leak));
        format!("EchoState<{steps}, {inputs}, {units}, {connections}, {seed}{}>", given(states, leak))
    }

    /// From a state of zeros.
    fn device_forward(&self, values: &[f32], x: &[f32], _: &[f32], y: &mut [f32]) {
        let (inputs, units, connections) = (self.inputs as usize, self.units as usize, self.connections as usize);
        let (weights, bias) = values.split_at(self.weights());
        let (weights, recurrent) = weights.split_at(units * inputs);
        let (mut h, mut z) = (vec![0.0; units], vec![0.0; units]);
        for (step, x) in x.chunks_exact(inputs).enumerate() {
            kernel::dense_forward(weights, bias, x, &mut z);
            kernel::reservoir_forward(self.seed, connections, recurrent, &h, &mut z);
            kernel::leaky_tanh(f32::from_bits(self.leak), &z, &mut h);
            state_of(self.states, step, y, units).copy_from_slice(&h);
        }
    }

    fn device_work(&self, work: &mut Work) {
        let (steps, units) = (self.steps as usize, self.units as usize);
        work.values("echo_state", steps * units);
        work.add("echo_state", "step", steps);
        work.add("echo_state", "connection", steps * units * self.connections as usize);
        work.sums("dense", steps, units, self.inputs as usize);
    }

    /// The state and the sums of a step.
    fn device_scratch(&self) -> usize {
        (self.units as usize).saturating_mul(2)
    }

    fn device_tape(&self) -> usize {
        self.device_scratch()
    }

    fn is_reservoir(&self) -> bool {
        true
    }

    fn fill(&self, reservoir: Reservoir, values: &mut [f32]) {
        let (units, connections) = (self.units as usize, self.connections as usize);
        let (weights, bias) = values.split_at_mut(self.weights());
        let (weights, recurrent) = weights.split_at_mut(weights.len() - units * connections);
        let (mut h, mut z) = (vec![0.0; units], vec![0.0; units]);
        reservoir_fill(self.seed, connections, reservoir, [weights, recurrent, bias], [&mut h, &mut z]);
    }

    /// State and sums of one row.
    fn scratch(&self) -> usize {
        2 * self.units as usize
    }

    fn forward(&self, Forward { values, x, y, scratch, .. }: Forward<'_>) {
        forward(self, values, x, y, scratch);
    }

    /// A reservoir gives no gradient to what is before it.
    fn backward(&self, Backward { dx, .. }: Backward<'_>) {
        if let Some(dx) = dx {
            dx.fill(0.0);
        }
    }
}

/// `echo_state = 50`
pub(super) const ECHO_STATE: Described = Described {
    takes: Takes::Signal,
    keys: &["all", "connections", "leak", "radius", "input_scale", "bias_scale", "reservoir_seed"],
    spec: |layer, input| {
        let [steps, channels] = [input.cells() as u32, input.channels() as u32];
        let units = at_least_1("echo_state", layer.echo_state)?;
        let settings = [("radius", layer.radius), ("input_scale", layer.input_scale), ("bias_scale", layer.bias_scale)];
        for (key, value) in settings.into_iter().filter_map(|(key, value)| Some((key, value?))) {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(wrong(key, format!("expected a finite number of at least 0, found {value}")));
            }
        }
        if let Some(leak) = layer.leak.filter(|leak| !(*leak > 0.0 && *leak <= 1.0)) {
            return Err(wrong("leak", format!("expected a rate above 0 and at most 1, found {leak}")));
        }
        let connections = layer.connections.unwrap_or(units.min(10));
        if connections == 0 || connections > units {
            let problem = format!("expected from 1 to as many as there are units, {units}, found {connections}");
            return Err(wrong("connections", problem));
        }
        let echo = EchoStateSpec {
            steps,
            inputs: channels,
            units,
            connections,
            seed: layer.reservoir_seed.unwrap_or(1),
            leak: layer.leak.map_or(DEFAULT_LEAK, f32::to_bits),
            states: if layer.all { States::All } else { States::Last },
        };
        match echo.fault() {
            Some(fault) => Err(wrong("echo_state", fault)),
            None => Ok(Spec::EchoState(echo)),
        }
    },
};

impl LayerConfig {
    /// How the weights of a reservoir are drawn.
    pub(crate) fn reservoir(&self) -> Reservoir {
        Reservoir {
            radius: self.radius.unwrap_or(0.9),
            inputs: self.input_scale.unwrap_or(0.5),
            bias: self.bias_scale.unwrap_or(0.1),
        }
    }
}

/// The states of a reservoir.
///
/// # Shapes
///
/// `x` is (B, steps, inputs), `y` is (B, units) or (B, steps, units).
fn forward(echo: &EchoStateSpec, values: &[f32], x: &[f32], y: &mut [f32], memory: &mut [f32]) {
    let (steps, inputs, units) = (echo.steps as usize, echo.inputs as usize, echo.units as usize);
    let (connections, leak) = (echo.connections as usize, f32::from_bits(echo.leak));
    let (weights, bias) = values.split_at(echo.weights());
    let (weights, recurrent) = weights.split_at(units * inputs);
    let (h, z) = memory.split_at_mut(units);
    let given = y.len() * steps * inputs / x.len();
    for (x, y) in x.chunks_exact(steps * inputs).zip(y.chunks_exact_mut(given)) {
        h.fill(0.0);
        for (step, x) in x.chunks_exact(inputs).enumerate() {
            let of_units = weights.chunks_exact(inputs).zip(recurrent.chunks_exact(connections)).zip(bias);
            for (unit, (z, ((weights, recurrent), bias))) in z.iter_mut().zip(of_units).enumerate() {
                let Connections { start, stride } = Connections::of(echo.seed, unit, units, units / connections);
                let of_input: f32 = weights.iter().zip(x).map(|(weight, x)| weight * x).sum();
                let connected = recurrent.iter().enumerate();
                let of_state: f32 = connected.map(|(k, weight)| weight * h[(start + k * stride) % units]).sum();
                *z = bias + of_input + of_state;
            }
            h.iter_mut().zip(&*z).for_each(|(h, z)| *h = (1.0 - leak) * *h + leak * z.tanh());
            if echo.states == States::All || step + 1 == steps {
                let place = if echo.states == States::All { step } else { 0 };
                y[place * units..][..units].copy_from_slice(h);
            }
        }
    }
}
