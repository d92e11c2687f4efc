//! How many instructions an inference takes on a microcontroller, before a network has been there.
//!
//! What a layer does on a device is counted: rows of weighted sums, products, places of a window, values that are
//! activated. Each of these has so many instructions on a core, fitted once to networks that were measured under QEMU
//! (`cargo xtask bench layers`; non-negative least squares of the relative errors), and a layer takes their sum. Networks
//! that were measured and not fitted to tell how far off a prediction may be: see [`Prediction`].
//!
//! Without a floating-point unit a cost depends on the numbers too: it is that of weights and inputs of usual size.

use std::{collections::BTreeMap, sync::LazyLock};

use neurona::arch::ActivationSpec;
use serde::{Deserialize, Serialize};

use crate::{Spec, arch::Step, layer::Kind};

mod fit;
mod work;

pub use fit::{Check, Measured, fit};
pub(crate) use work::Work;

/// What was fitted: a table for each core and `opt-level`.
static MODEL: LazyLock<Model> = LazyLock::new(|| toml::from_str(include_str!("model.toml")).unwrap_or_default());

/// The instructions of each part of the work, for each core and `opt-level`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// The compiler of what was measured.
    pub rustc: String,
    /// By [`Target`], as `core/opt-level`.
    pub targets: BTreeMap<String, Costs>,
}

/// What was fitted for one core and `opt-level`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// The mean of the sizes of the relative errors of networks that were measured and not fitted to, in percent.
    pub mean_error: f64,
    /// The largest of them.
    pub largest_error: f64,
    /// Instructions of each part of the work: `layer.part`.
    pub instructions: BTreeMap<String, f64>,
}

/// A core, and how firmware for it is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `cortex-m0`, `cortex-m3`, `cortex-m4f`, `cortex-m7` or `cortex-m33`; `cortex-m4f+cortex-m4` with that feature of
    /// `neurona`.
    pub core: String,
    /// `opt-level`: `3` or `s`.
    pub opt_level: String,
}

/// What an inference is predicted to take.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Instructions of each of the network's [steps](Spec::steps).
    pub steps: Vec<f64>,
    /// How far off the predictions of networks were that were not fitted to, in percent: the mean of the sizes.
    pub mean_error: f64,
    /// The largest of them.
    pub largest_error: f64,
}

/// Why nothing can be predicted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CostError {
    /// There is no such target.
    #[error("nothing is known of {core} at opt-level {opt_level}; of these it is: {known}")]
    Target {
        /// The core that was asked for.
        core: String,
        /// And the level.
        opt_level: String,
        /// The cores, and the levels of each.
        known: String,
    },
    /// The network has a layer of the user's own.
    #[error("what the layer {0} takes only its author knows")]
    Custom(String),
}

/// Predicts the instructions of an inference.
///
/// # Errors
///
/// Nothing was measured for the target, or a layer is a [custom](Spec::Custom) one.
pub fn predict(spec: &Spec, target: &Target) -> Result<Prediction, CostError> {
    let Target { core, opt_level } = target;
    let costs = MODEL.targets.get(&format!("{core}/{opt_level}")).ok_or_else(|| CostError::Target {
        core: core.clone(),
        opt_level: opt_level.clone(),
        known: MODEL.targets.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
    })?;
    Ok(Prediction {
        steps: work(spec)?.iter().map(|work| costs.of(work)).collect(),
        mean_error: costs.mean_error,
        largest_error: costs.largest_error,
    })
}

impl Prediction {
    /// Instructions of the whole inference.
    pub fn total(&self) -> f64 {
        self.steps.iter().sum()
    }
}

impl Costs {
    fn of(&self, work: &Work) -> f64 {
        work.parts().map(|(part, count)| self.instructions.get(&part).copied().unwrap_or(0.0) * count).sum()
    }
}

/// The work of each step of a network.
fn work(spec: &Spec) -> Result<Vec<Work>, CostError> {
    let steps = spec.steps();
    let of_step = |step: &Step<'_>| {
        let kind = Kind::of(step.spec).ok_or_else(|| CostError::Custom(custom_name(step.spec)))?;
        let mut work = Work::default();
        kind.device_work(&mut work);
        if behind_relu(&steps, step) {
            work = work.behind_relu();
        }
        work.add("activation", kind.activation().name(), kind.output().len());
        Ok(work)
    };
    steps.iter().map(of_step).collect()
}

/// Whether what a step takes was given by a ReLU, perhaps in another shape.
fn behind_relu(steps: &[Step<'_>], step: &Step<'_>) -> bool {
    let before = step.from.checked_sub(1).and_then(|at| steps.get(at));
    before.is_some_and(|before| match before.spec {
        Spec::Reshape(_) => behind_relu(steps, before),
        spec => {
            Kind::of(spec).is_some_and(|kind| matches!(kind.activation(), ActivationSpec::Relu | ActivationSpec::Relu6))
        }
    })
}

fn custom_name(spec: &Spec) -> String {
    if let Spec::Custom { name, .. } = spec { name.clone() } else { spec.kind().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(core: &str) -> Target {
        Target { core: core.to_owned(), opt_level: "3".to_owned() }
    }

    #[test]
    fn what_is_committed_can_be_read_and_knows_every_core() {
        let model: Model = toml::from_str(include_str!("model.toml")).expect("it is TOML of this form");
        for core in ["cortex-m0", "cortex-m3", "cortex-m4f", "cortex-m4f+cortex-m4", "cortex-m7", "cortex-m33"] {
            for level in ["3", "s"] {
                let costs = model.targets.get(&format!("{core}/{level}")).expect(core);
                assert!(costs.largest_error > 0.0 && costs.largest_error < 40.0, "{core}: {}", costs.largest_error);
            }
        }
    }

    #[test]
    fn more_work_takes_more_instructions() {
        let dense = |outputs| Spec::Dense { inputs: 40, outputs, activation: ActivationSpec::Tanh };
        let costs = |spec| predict(&spec, &target("cortex-m4f")).expect("a core that was measured").total();
        assert!(costs(dense(8)) > 1.2 * 40.0 * 8.0);
        assert!(costs(dense(16)) > 1.7 * costs(dense(8)));
        let chain = Spec::Chain(vec![dense(40), dense(8)]);
        assert!((costs(chain) - costs(dense(40)) - costs(dense(8))).abs() < 1e-6);
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        let dense = Spec::Dense { inputs: 4, outputs: 2, activation: ActivationSpec::Identity };
        let error = predict(&dense, &target("cortex-a53")).expect_err("no such core");
        assert!(error.to_string().contains("cortex-m4f/3"), "{error}");
        let custom = Spec::Custom { name: "mix".to_owned(), inputs: 2, outputs: 2, params: 0, constants: 0, macs: 0 };
        assert_eq!(predict(&custom, &target("cortex-m0")), Err(CostError::Custom("mix".to_owned())));
    }
}
