//! The layers of a network as a list, in the order in which they compute.

use std::ops::Range;

use super::Spec;
use crate::layer::Kind;

/// A layer that computes something: where its input comes from, and where its values are.
///
/// Chains are opened, and so are the branches of a residual or of a concatenation, whose own step joins them: the branches
/// are computed before it, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Step<'a> {
    /// The layer; of a [`Spec::Residual`] or [`Spec::Concat`] what joins the branches.
    pub spec: &'a Spec,
    /// What it takes: 0 is the input of the network, and `n` the output of the step `n - 1`.
    pub from: usize,
    /// What a joining step takes besides.
    pub with: Option<usize>,
    /// Where its values are among those of the network; none for a joining step.
    pub values: Range<usize>,
}

impl Step<'_> {
    /// Number of parameters that learning changes; none for a joining step.
    pub fn params(&self) -> usize {
        if self.with.is_some() { 0 } else { self.spec.params() }
    }

    /// Multiply-adds of one inference; none for a joining step.
    pub fn macs(&self) -> u64 {
        if self.with.is_some() { 0 } else { self.spec.macs() }
    }

    /// Number of values that inference on a device needs besides what it takes and gives.
    pub fn scratch(&self) -> usize {
        Kind::of(self.spec).map_or(0, |kind| kind.device_scratch())
    }

    /// Length of what it takes, in values; of a joining step that of the first branch.
    pub fn inputs(&self) -> usize {
        Kind::of(self.spec).map_or(self.spec.inputs(), |kind| kind.input().len())
    }
}

impl Spec {
    /// The layers that compute something, in the order in which they do.
    pub fn steps(&self) -> Vec<Step<'_>> {
        let mut steps = Vec::new();
        self.add_steps(0, &mut 0, &mut steps);
        steps
    }

    /// A name for each step, from the names of the layers of the outermost chain: what is within a layer is named after it,
    /// `block.body.conv1` for example.
    pub fn step_names(&self, layer_names: &[String]) -> Vec<String> {
        let mut names = Vec::new();
        let layers = if let Self::Chain(layers) = self { &layers[..] } else { std::slice::from_ref(self) };
        for (at, layer) in layers.iter().enumerate() {
            layer.add_names(layer_names.get(at).cloned().unwrap_or_else(|| at.to_string()), &mut names);
        }
        names
    }

    fn add_names(&self, name: String, names: &mut Vec<String>) {
        match self {
            Self::Chain(layers) => {
                for (layer, inner) in layers.iter().zip(self.layer_names()) {
                    layer.add_names(format!("{name}.{inner}"), names);
                }
                return;
            }
            Self::Residual { body, shortcut, .. } => {
                body.add_names(format!("{name}.body"), names);
                if let Some(shortcut) = shortcut {
                    shortcut.add_names(format!("{name}.shortcut"), names);
                }
            }
            Self::Concat(first, second) => {
                first.add_names(format!("{name}.first"), names);
                second.add_names(format!("{name}.second"), names);
            }
            _ => {}
        }
        names.push(name);
    }

    /// Adds the steps from what `from` names, and returns what names the output.
    fn add_steps<'a>(&'a self, from: usize, values: &mut usize, steps: &mut Vec<Step<'a>>) -> usize {
        let (from, with) = match self {
            Self::Chain(layers) => {
                return layers.iter().fold(from, |from, layer| layer.add_steps(from, values, steps));
            }
            Self::Residual { body, shortcut, .. } => {
                let long = body.add_steps(from, values, steps);
                let short = shortcut.as_ref().map_or(from, |shortcut| shortcut.add_steps(from, values, steps));
                (long, Some(short))
            }
            Self::Concat(first, second) => {
                let first = first.add_steps(from, values, steps);
                (first, Some(second.add_steps(from, values, steps)))
            }
            _ => (from, None),
        };
        let start = *values;
        if with.is_none() {
            *values = start.saturating_add(self.values());
        }
        steps.push(Step { spec: self, from, with, values: start..*values });
        steps.len()
    }
}

#[cfg(test)]
mod tests {
    use neurona::arch::ActivationSpec::Identity;

    use super::*;

    #[test]
    fn branches_come_before_what_joins_them() {
        let dense = |inputs, outputs| Spec::Dense { inputs, outputs, activation: Identity };
        let body = Spec::Chain(vec![dense(2, 3), dense(3, 2)]);
        let residual = Spec::Residual { body: Box::new(body), shortcut: None, activation: Identity };
        let concat = Spec::Concat(Box::new(residual), Box::new(dense(2, 1)));
        let spec = Spec::Chain(vec![dense(4, 2), concat, dense(3, 1)]);
        let found: Vec<_> = spec.steps().into_iter().map(|step| (step.spec.kind(), step.from, step.with)).collect();
        let expected = [
            ("dense", 0, None),
            ("dense", 1, None),
            ("dense", 2, None),
            ("residual", 3, Some(1)),
            ("dense", 1, None),
            ("concat", 4, Some(5)),
            ("dense", 6, None),
        ];
        assert_eq!(found, expected);
        let values: Vec<_> = spec.steps().into_iter().map(|step| step.values).collect();
        assert_eq!(values, [0..10, 10..19, 19..27, 27..27, 27..30, 30..30, 30..34]);
        assert_eq!(spec.values(), 34);
        let names = ["wide", "both", "output"].map(String::from);
        let expected =
            ["wide", "both.first.body.hidden", "both.first.body.output", "both.first", "both.second", "both", "output"];
        assert_eq!(spec.step_names(&names), expected);
    }
}
