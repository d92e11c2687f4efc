//! How far two programs drift from a run in exact arithmetic, each by itself.

/// How far the numbers of a run are from those of exact arithmetic: the root of the mean square.
pub fn size(found: &[f32], exact: &[f64]) -> f64 {
    let squares = found.iter().zip(exact).map(|(found, exact)| (f64::from(*found) - exact).powi(2));
    (squares.sum::<f64>() / exact.len() as f64).sqrt()
}

/// Holds two programs to one another: for each of some runs, by its name, the drift of the one over that of the other.
///
/// Both round each number of each step once or twice, in another order. So over all runs neither drifts farther than the
/// other by more than a factor of 2, which is one rounding more in each number.
///
/// In a single run chance has its part too. A wrong sum, a fused product or a lower precision in one kind of network would set
/// its ratio apart from those of the others. So none that is farther from their mean than this factor of 2 is an outlier among
/// their logarithms, by the test of Grubbs ("Procedures for detecting outlying observations in samples", 1969), with a
/// probability of 10^-8 for each run to be taken for one by chance.
///
/// # Panics
///
/// They are not alike, or there are not enough runs to tell.
pub fn hold_alike(ratios: &[(String, f64)]) {
    let count = ratios.len() as f64;
    for (name, ratio) in ratios {
        assert!(ratio.is_finite() && *ratio > 0.0, "{name}: one over the other is {ratio}");
    }
    let logarithms: Vec<f64> = ratios.iter().map(|(_, ratio)| ratio.ln()).collect();
    let mean = logarithms.iter().sum::<f64>() / count;
    let spread = (logarithms.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
    let most = most_of(count);
    let farthest = logarithms.iter().map(|log| (log - mean).abs() / spread).fold(0.0, f64::max);
    println!(
        "one over the other, geometric mean of {count} runs: {:.2}, spread {:.2}, farthest {farthest:.2} of {most:.2} deviations",
        mean.exp(),
        spread.exp()
    );
    let one_rounding_more = 2.0_f64.ln();
    assert!(mean.abs() <= one_rounding_more, "one drifts farther than the other");
    let most = one_rounding_more.max(most * spread);
    for ((name, ratio), log) in ratios.iter().zip(&logarithms) {
        assert!((log - mean).abs() <= most, "{name}: a ratio of {ratio} is apart from those of other runs");
    }
}

/// How many standard deviations the farthest of so many normal numbers is from their mean.
fn most_of(count: f64) -> f64 {
    // The quantile of the normal distribution that leaves 0.5e-8 above it: scipy 1.17, `norm.isf(0.5e-8)`.
    const Z: f64 = 5.730_728_868_236_29;
    let degrees = count - 2.0;
    // That of Student's distribution: Abramowitz and Stegun, "Handbook of mathematical functions", 26.7.5.
    let z = |power| Z.powi(power);
    let t = Z
        + (z(3) + Z) / (4.0 * degrees)
        + (5.0 * z(5) + 16.0 * z(3) + 3.0 * Z) / (96.0 * degrees.powi(2))
        + (3.0 * z(7) + 19.0 * z(5) + 17.0 * z(3) - 15.0 * Z) / (384.0 * degrees.powi(3));
    let most = (count - 1.0) / count.sqrt() * (t * t / (degrees + t * t)).sqrt();
    // One number apart from all others, which are alike, is so far.
    assert!(most < 0.9 * (count - 1.0) / count.sqrt(), "{count} runs are too few to tell one that is apart");
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ratios between 0.7 and 1.4, and one other.
    fn ratios(other: f64) -> Vec<(String, f64)> {
        let alike = (0..39).map(|i| (0.35 * (f64::from(i * 17 % 39) / 19.0 - 1.0)).exp());
        alike.chain([other]).map(|ratio| (String::new(), ratio)).collect()
    }

    #[test]
    fn those_that_are_alike_are() {
        hold_alike(&ratios(1.5));
    }

    #[test]
    #[should_panic(expected = "apart from those")]
    fn one_that_drifts_ten_times_as_far_is_found() {
        hold_alike(&ratios(10.0));
    }

    #[test]
    #[should_panic(expected = "farther than the other")]
    fn one_program_that_drifts_farther_is_found() {
        hold_alike(&ratios(1.0).into_iter().map(|(name, ratio)| (name, 2.1 * ratio)).collect::<Vec<_>>());
    }
}
