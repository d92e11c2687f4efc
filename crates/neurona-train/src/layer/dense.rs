//! A fully connected layer: `y = f(x W^T + b)`.

use neurona::{
    arch::{
        ActivationSpec::{self, FastSigmoid, Sigmoid},
        Shape,
    },
    kernel,
};

use super::{Backward, Fans, Forward, LayerKind, activate_on_device, options};
use crate::{
    Spec,
    config::described::{Described, Takes, wrong},
    cost::Work,
    product::{self, Left, Right, Target, product},
};

/// A fully connected layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dense {
    pub(crate) inputs: u32,
    pub(crate) outputs: u32,
    pub(crate) activation: ActivationSpec,
}

impl Dense {
    /// Outputs and inputs.
    fn sizes(self) -> (usize, usize) {
        (self.outputs as usize, self.inputs as usize)
    }
}

impl LayerKind for Dense {
    fn name(&self) -> &'static str {
        "dense"
    }

    fn input(&self) -> Shape {
        Shape::Vector { len: self.inputs }
    }

    fn output(&self) -> Shape {
        Shape::Vector { len: self.outputs }
    }

    fn activation(&self) -> ActivationSpec {
        self.activation
    }

    fn weights(&self) -> usize {
        (self.outputs as usize).saturating_mul(self.inputs as usize)
    }

    fn biases(&self) -> usize {
        self.outputs as usize
    }

    fn macs(&self) -> u64 {
        u64::from(self.outputs) * u64::from(self.inputs)
    }

    fn rust_type(&self) -> String {
        format!("Dense<{}, {}{}>", self.inputs, self.outputs, options(self.activation, None))
    }

    fn device_forward(&self, values: &[f32], x: &[f32], _: &[f32], y: &mut [f32]) {
        let (weights, bias) = values.split_at(self.weights());
        kernel::dense_forward(weights, bias, x, y);
        activate_on_device(self.activation, y);
    }

    fn device_work(&self, work: &mut Work) {
        work.add("dense", "call", 1);
        work.sums("dense", 1, self.outputs as usize, self.inputs as usize);
    }

    fn fans(&self) -> Vec<Fans> {
        let (outputs, inputs) = self.sizes();
        vec![Fans { weights: self.weights(), inputs, outputs }]
    }

    fn gives_probabilities(&self) -> bool {
        matches!(self.activation, Sigmoid | FastSigmoid)
    }

    fn scratch(&self) -> usize {
        product::SCRATCH
    }

    fn forward(&self, Forward { values, x, y, scratch, .. }: Forward<'_>) {
        let (outputs, inputs) = self.sizes();
        let weights = Right::Columns(&values[..self.weights()], inputs);
        product(Left::Rows(x, inputs), weights, inputs, Target::whole(y, outputs), scratch);
    }

    fn backward(&self, Backward { values, x, dy, into, dx, scratch, .. }: Backward<'_>) {
        let (outputs, inputs) = self.sizes();
        let rows = dy.len() / outputs;
        let (dw, _) = into.split_at_mut(self.weights());
        product(Left::Columns(dy, outputs), Right::Rows(x, inputs), rows, Target::whole(dw, inputs), scratch);
        if let Some(dx) = dx {
            let weights = Right::Rows(&values[..self.weights()], inputs);
            product(Left::Rows(dy, outputs), weights, outputs, Target::whole(dx, inputs), scratch);
        }
    }
}

/// `dense = 10`
pub(super) const DENSE: Described = Described {
    takes: Takes::Vector,
    keys: &["activation", "batch_norm", "dropout"],
    spec: |layer, input| {
        let activation = layer.activation()?;
        let outputs = layer.dense.unwrap_or(0);
        if outputs == 0 {
            return Err(wrong("dense", "expected the number of outputs, at least 1"));
        }
        Ok(Spec::Dense { inputs: input.len() as u32, outputs, activation })
    },
};
