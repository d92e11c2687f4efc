//! Universal approximation in one dimension: networks written down by hand, then trained ones.

use std::f64::consts::PI;

use super::Experiment;
use crate::{Context, CourseError};

mod by_hand;
mod report;
mod trained;

pub use by_hand::{Construction, Step, order};
pub use trained::Trained;

/// Universal approximation in one dimension.
pub const EXPERIMENT: Experiment = Experiment {
    name: "approximation",
    title: "Universal approximation in one dimension",
    text: TEXT,
    run: |context| run(context)?.report(context),
};

const TEXT: &str = "\
<p>A network with one hidden layer and enough neurons comes as near as one likes to any continuous function on a closed \
interval (Cybenko, 1989, for the sigmoid; Leshno and others, 1993, for every continuous activation function that is no \
polynomial). With one input the weights can be written down, without any training, here for <var>f</var>(<var>x</var>) = \
sin(π<var>x</var> + 5π<var>x</var><sup>2</sup>) between 0 and 1.</p>
<p><b>Sigmoid.</b> The neuron <var>σ</var>(<var>w</var><var>x</var> + <var>b</var>) with <var>b</var> = \
−<var>s</var> <var>w</var> is a step at <var>x</var> = <var>s</var>, here 0.4: the larger <var>w</var>, the steeper. \
Its way from 0.1 to 0.9 is 2 ln 9 / <var>w</var> long. A step up and a step down are a pulse, and pulses side by side, \
each as high as <var>f</var> in its middle <var>m<sub>k</sub></var>, follow the function:</p>
<p class=\"formula\"><var>h</var>(<var>x</var>) = Σ<sub><var>k</var></sub> <var>f</var>(<var>m<sub>k</sub></var>) \
[<var>σ</var>(<var>w</var>(<var>x</var> − <var>s<sub>k</sub></var>)) − \
<var>σ</var>(<var>w</var>(<var>x</var> − <var>s</var><sub><var>k</var>+1</sub>))]</p>
<p>Here <var>w</var> = 20<var>N</var>; the first pulse begins and the last ends outside of the interval. With \
<var>N</var> pulses, 2<var>N</var> neurons, the error is at most max |<var>f</var> ′| / (2<var>N</var>), up to \
what the tails of the steps add: twice as many halve it.</p>
<p><b>ReLU.</b> The neuron max(0, <var>x</var> − <var>s</var>) bends at <var>s</var>. Two make a ramp, from 0 at 0.4 to 1 \
at 0.6:</p>
<p class=\"formula\"><var>h</var>(<var>x</var>) = 5 max(0, <var>x</var> − 0.4) − 5 max(0, <var>x</var> − 0.6)</p>
<p>Three make a tent, the ReLU’s pulse. <var>N</var> of them make <var>N</var> straight pieces between points of \
<var>f</var>, each neuron changing the slope where its piece begins, with an error of at most \
max |<var>f</var> ″| / (8<var>N</var><sup>2</sup>): twice as many make it four times smaller. All curves and errors here \
are outputs of networks that have these weights.</p>
<p><b>Trained.</b> That such weights exist does not say that descent finds them. Networks with ReLU learn the same \
<var>f</var> from <var>n</var> = 1,000 examples at random places, whose <var>y</var> has noise of standard deviation 0.1. \
Their input is 2<var>x</var> − 1, and their first neurons begin with <var>b</var> = −<var>s</var> <var>w</var> for \
random <var>s</var>: with biases of 0 all would bend at one place. All are trained with Adam for the same number of steps. \
The test error is the root mean square of <var>h</var> − <var>f</var> at 2,000 places, without noise; every seed has \
examples and first weights of its own, and a picture shows the network in the middle by its error, with 200 of its \
examples.</p>
<p>More nodes help until what is left is due to the noise in the examples, and no longer to the network: the training \
error has come down to that noise. The same nodes in several layers do better than in one, for a layer bends what the one \
before it has bent; but they have more parameters too, and one wide layer with as many parameters is about as good \
here.</p>";

/// What was found.
#[derive(Clone, Debug)]
pub struct Findings {
    /// Steps at 0.4 from one sigmoid, from flat to steep.
    pub steps: Vec<Step>,
    /// Pulses of sigmoids, from few to many.
    pub pulses: Vec<Construction>,
    /// Straight pieces of ReLUs, from few to many.
    pub pieces: Vec<Construction>,
    /// The trained networks.
    pub trained: Trained,
}

/// Runs the experiment.
///
/// # Errors
///
/// A network cannot be trained.
pub fn run(context: &Context<'_>) -> Result<Findings, CourseError> {
    let counts: &[usize] = context.choose(&[5, 10, 20, 40, 80, 160, 320], &[40, 80, 160, 320]);
    let steps = [10.0, 30.0, 100.0, 1000.0].map(|weight| Step::new(weight, 10_001));
    Ok(Findings {
        steps: steps.into_iter().collect::<Result<_, _>>()?,
        pulses: by_hand::ladder(context, counts, by_hand::pulses)?,
        pieces: by_hand::ladder(context, counts, by_hand::pieces)?,
        trained: trained::run(context)?,
    })
}

/// The function that is approximated: three waves, each narrower than the one before it.
fn target(x: f64) -> f64 {
    (PI * x + 5.0 * PI * x * x).sin()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Trial, report::median};

    #[test]
    fn a_step_is_where_its_bias_says_and_as_steep_as_its_weight() {
        let steps = [10.0, 100.0].map(|weight| Step::new(weight, 10_001).expect("the network can be built"));
        for step in steps {
            // Single precision: the sum is right to 2^-23 of its terms, 0.4 w, and the sigmoid's slope is 1/4.
            assert!((step.middle - 0.5).abs() < 0.1 * step.weight * f64::from(f32::EPSILON) + 1e-7, "{step:?}");
            // Places are 1e-4 apart; on a line between two of them the sigmoid is off by less than w^2 / 8 / 10 1e-8,
            // and where it is 0.1 or 0.9 its slope is 0.09 w.
            let bound = 2.0 * (step.weight * 1e-8 / 80.0 / 0.09 + 1e-6);
            assert!((step.width - 2.0 * 9.0_f64.ln() / step.weight).abs() < bound, "{step:?}");
        }
    }

    #[test]
    fn constructions_keep_their_bounds_and_orders() {
        let context = Context::new(1, true);
        let counts = [40, 80, 160, 320];
        let pulses = by_hand::ladder(&context, &counts, by_hand::pulses).expect("the networks can be built");
        let pieces = by_hand::ladder(&context, &counts, by_hand::pieces).expect("the networks can be built");
        for (pulses, pieces) in pulses.iter().zip(&pieces) {
            let parts = pulses.parts as f64;
            assert_eq!((pulses.neurons, pieces.neurons), (2 * pulses.parts, pieces.parts));
            // |f'| is at most 11 pi, |f''| at most (11 pi)^2 + 10 pi. Single precision: sums of terms that are, all
            // together, below 400, with relative errors of some 1e-7 each.
            let slope = 11.0 * PI;
            assert!(pulses.largest < slope / (2.0 * parts) + 1e-4, "{pulses:?}");
            assert!(pieces.largest < (slope * slope + 10.0 * PI) / (8.0 * parts * parts) + 1e-4, "{pieces:?}");
            assert!(pulses.rms < pulses.largest && pieces.rms < pieces.largest);
        }
        // The fastest wave has the angular frequency 11 pi. With a step of 1/40 the next terms of either error are a
        // share of (11 pi / 40)^2 / 8 = 0.09 at most, and a quarter of that at each doubling: over three doublings, ln 8,
        // the slope changes by less than this.
        let bound = 0.09 / 8.0_f64.ln();
        for error in [|of: &Construction| of.largest, |of: &Construction| of.rms] {
            assert!((order(&pulses, error) + 1.0).abs() < bound, "{}", order(&pulses, error));
            assert!((order(&pieces, error) + 2.0).abs() < bound, "{}", order(&pieces, error));
        }
    }

    #[test]
    fn nodes_stop_helping_and_layers_help_at_equal_nodes() {
        let runs: Vec<Trained> =
            (1..=3).map(|seed| trained::run(&Context::new(seed, true)).expect("it can be trained")).collect();
        // The errors of the first by those of the second, whose examples are the same: the median over all seeds.
        let ratio = |pair: fn(&Trained) -> [&Trial; 2]| {
            let ratios = runs.iter().map(pair).flat_map(|[one, other]| {
                one.test_errors.iter().zip(&other.test_errors).map(|(one, other)| one / other)
            });
            median(ratios)
        };
        let few = ratio(|trained| [&trained.nodes[0], &trained.nodes[1]]);
        let more = ratio(|trained| [&trained.nodes[1], &trained.nodes[2]]);
        let most = ratio(|trained| [&trained.nodes[2], &trained.nodes[3]]);
        // One bend makes no wave, 30 make some, and ten times as many make all of them. Were it to go on at the pace of
        // a factor of 3 for ten times the nodes, 500 in place of 300 would bring 3^log10(5/3) = 1.28.
        assert!(few > 2.0 && more > 3.0, "{few} and {more}");
        assert!(most < 1.28, "{most}");
        // Paired ratios differ by less than a factor of 3 from seed to seed, their median over six by less than 1.6.
        let layers = ratio(|trained| [&trained.equal_nodes[0], &trained.equal_nodes[1]]);
        assert!(layers > 1.6, "{layers}");
        let parameters = ratio(|trained| [&trained.equal_parameters[0], &trained.equal_parameters[1]]);
        assert!((1.0 / 1.6..1.6).contains(&parameters), "{parameters}");
    }
}
