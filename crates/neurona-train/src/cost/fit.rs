//! Fits the instructions of each part of the work to networks that were measured.

use std::collections::BTreeMap;

use super::{CostError, Costs, Work, work};
use crate::Spec;

/// A network that was measured.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What it is called.
    pub name: String,
    /// Its layers.
    pub spec: Spec,
    /// Instructions of an inference.
    pub instructions: f64,
    /// Whether it is fitted to; by the others the error is known.
    pub fitted: bool,
}

/// A network and what was predicted of it.
#[derive(Clone, Debug)]
pub struct Check {
    /// What it is called.
    pub name: String,
    /// Instructions, as measured.
    pub measured: f64,
    /// Instructions, as predicted.
    pub predicted: f64,
    /// Whether it was fitted to.
    pub fitted: bool,
}

/// Passes over all parts, far more than it takes until no digit changes.
const PASSES: usize = 20_000;

/// Fits to networks, and says of each what is predicted of it.
///
/// The sum of the squared relative errors becomes smallest, with no part below zero: non-negative least squares by
/// coordinate descent (Franc, Hlaváč and Navara 2005, "Sequential coordinate-wise algorithm for the non-negative least
/// squares problem").
///
/// # Errors
///
/// A network has a [custom](Spec::Custom) layer.
pub fn fit(networks: &[Measured]) -> Result<(Costs, Vec<Check>), CostError> {
    let total = |measured: &Measured| Ok(work(&measured.spec)?.into_iter().fold(Work::default(), Work::and));
    let works: Vec<Work> = networks.iter().map(total).collect::<Result<_, CostError>>()?;
    let fitted = || networks.iter().zip(&works).filter(|(network, _)| network.fitted);
    let mut names: Vec<String> = fitted().flat_map(|(_, work)| work.parts().map(|(part, _)| part)).collect();
    names.sort();
    names.dedup();
    // A row for each network, divided by what was measured: the aim of each row is 1.
    let row = |(network, work): (&Measured, &Work)| {
        let parts: BTreeMap<String, f64> = work.parts().collect();
        let of = |name: &String| parts.get(name).copied().unwrap_or(0.0) / network.instructions;
        names.iter().map(of).collect::<Vec<f64>>()
    };
    let solution = non_negative(&fitted().map(row).collect::<Vec<_>>(), names.len());
    let mut costs = Costs { instructions: names.into_iter().zip(solution).collect(), ..Costs::default() };
    let check = |(network, work): (&Measured, &Work)| Check {
        name: network.name.clone(),
        measured: network.instructions,
        predicted: costs.of(work),
        fitted: network.fitted,
    };
    let checks: Vec<Check> = networks.iter().zip(&works).map(check).collect();
    let errors: Vec<f64> = checks.iter().filter(|check| !check.fitted).map(|check| check.error().abs()).collect();
    costs.mean_error = errors.iter().sum::<f64>() / errors.len().max(1) as f64;
    costs.largest_error = errors.iter().copied().fold(0.0, f64::max);
    Ok((costs, checks))
}

impl Check {
    /// How far off the prediction is, in percent of what was measured.
    pub fn error(&self) -> f64 {
        100.0 * (self.predicted / self.measured - 1.0)
    }
}

/// The `x >= 0` that makes the squared distance of `rows x` from ones smallest.
fn non_negative(rows: &[Vec<f64>], columns: usize) -> Vec<f64> {
    let product = |one: usize, other: usize| rows.iter().map(|row| row[one] * row[other]).sum::<f64>();
    let gram: Vec<Vec<f64>> = (0..columns).map(|one| (0..columns).map(|other| product(one, other)).collect()).collect();
    let mut x = vec![0.0; columns];
    // The gradient, `gram x - rows^T 1`.
    let mut gradient: Vec<f64> = (0..columns).map(|at| -rows.iter().map(|row| row[at]).sum::<f64>()).collect();
    for _ in 0..PASSES {
        for at in 0..columns {
            let curvature = gram[at][at];
            if curvature == 0.0 {
                continue;
            }
            let next = f64::max(0.0, x[at] - gradient[at] / curvature);
            let step = next - x[at];
            if step != 0.0 {
                x[at] = next;
                gradient.iter_mut().zip(&gram[at]).for_each(|(gradient, gram)| *gradient += step * gram);
            }
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use neurona::arch::ActivationSpec;

    use super::*;

    #[test]
    fn what_is_exactly_a_sum_of_parts_is_found_again() {
        let dense = |inputs, outputs| Spec::Dense { inputs, outputs, activation: ActivationSpec::Relu };
        // 5 for a call, 2 for a product, 3 for a value that is activated.
        let cost = |inputs: u32, outputs: u32| f64::from(5 + 2 * inputs * outputs + 3 * outputs);
        let sizes = [(3, 4), (8, 8), (20, 5), (1, 30), (12, 16), (7, 2)];
        let network = |(at, (inputs, outputs)): (usize, (u32, u32))| Measured {
            name: format!("{inputs}-{outputs}"),
            spec: dense(inputs, outputs),
            instructions: cost(inputs, outputs),
            fitted: at != 5,
        };
        let (costs, checks) =
            fit(&sizes.into_iter().enumerate().map(network).collect::<Vec<_>>()).expect("no custom layer");
        assert!(costs.instructions.values().all(|instructions| *instructions >= 0.0));
        // Different parts may stand for the same work in so few networks: what counts is what is predicted.
        assert!(checks.iter().take(5).all(|check| check.error().abs() < 0.5), "{checks:?}");
        assert_eq!((costs.mean_error, checks[5].fitted), (checks[5].error().abs(), false));
    }

    #[test]
    fn nothing_goes_below_zero() {
        // The best line through these falls.
        let rows = [vec![1.0, 0.0], vec![0.9, 1.0], vec![1.1, 2.0]];
        let x = non_negative(&rows, 2);
        assert!((x[0] - 3.0 / 3.02).abs() < 1e-9 && x[1] == 0.0, "{x:?}");
    }
}
