//! The end of a residual: what two branches give is added, then the activation applied.

use neurona::{
    arch::{ActivationSpec, Shape},
    kernel,
};

use super::{Backward, Forward, LayerKind, activate_on_device};
use crate::{
    Spec,
    arch::Named,
    config::described::{Described, Takes, alone, branch, wrong},
    cost::Work,
};

/// Adds the second input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Add {
    pub(crate) shape: Shape,
    pub(crate) activation: ActivationSpec,
}

impl LayerKind for Add {
    fn name(&self) -> &'static str {
        "residual"
    }

    fn input(&self) -> Shape {
        self.shape
    }

    fn activation(&self) -> ActivationSpec {
        self.activation
    }

    /// Its type holds those of its branches: see [`Spec::rust_source`].
    fn rust_type(&self) -> String {
        String::new()
    }

    fn device_forward(&self, _: &[f32], x: &[f32], with: &[f32], y: &mut [f32]) {
        y.copy_from_slice(x);
        kernel::axpy(1.0, with, y);
        activate_on_device(self.activation, y);
    }

    fn device_work(&self, work: &mut Work) {
        work.values("residual", self.shape.len());
    }

    fn forward(&self, Forward { x, with, y, .. }: Forward<'_>) {
        y.iter_mut().zip(x.iter().zip(with)).for_each(|(y, (x, with))| *y = x + with);
    }

    fn backward(&self, Backward { dy, dx, .. }: Backward<'_>) {
        if let Some(dx) = dx {
            dx.copy_from_slice(dy);
        }
    }
}

/// `residual = [ … ]`
pub(super) const RESIDUAL: Described = Described {
    takes: Takes::Any,
    keys: &["shortcut", "activation"],
    spec: |layer, input| {
        let activation = layer.activation()?;
        let body = Spec::Chain(branch(layer.residual.as_deref().unwrap_or_default(), "residual", input)?);
        let shortcut = match &layer.shortcut {
            Some(layers) => Some(alone(branch(layers, "shortcut", input)?)),
            None => None,
        };
        let given = shortcut.as_ref().map_or(input, Spec::output_shape);
        if body.output_shape() != given {
            let (given, found) = (Named(given), Named(body.output_shape()));
            let (shorter, advice) = match shortcut {
                Some(_) => ("the shortcut gives", "to be added both are of one shape"),
                None => ("the input is", "give it that shape, or a `shortcut` that makes the other"),
            };
            return Err(wrong("residual", format!("its body gives {found}, and {shorter} {given}: {advice}")));
        }
        let (body, shortcut) = (Box::new(body), shortcut.map(Box::new));
        Ok(Spec::Residual { body, shortcut, activation })
    },
};
