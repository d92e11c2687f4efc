//! The layers of signals and images against PyTorch: `tests/scripts/convolution.py` printed `pytorch.csv`.

use super::*;
use bounds::{Bounds, UNIT, computed, norms};

mod bounds;
mod cases;

/// A case of the script: its lines by what they hold.
struct Lines<'a>(Vec<(&'a str, Vec<f64>)>);

impl Lines<'_> {
    fn get(&self, what: &str) -> &[f64] {
        &self.0.iter().find(|(name, _)| *name == what).unwrap_or_else(|| panic!("no line {what}")).1
    }

    /// Numbers that are multiples of 1/64.
    fn exact(&self, what: &str) -> Vec<f32> {
        self.get(what).iter().map(|value| *value as f32).collect()
    }
}

fn cases() -> Vec<(&'static str, Lines<'static>)> {
    let mut cases: Vec<(&str, Lines<'_>)> = Vec::new();
    for line in include_str!("pytorch.csv").lines().skip(1) {
        let mut cells = line.split(',');
        let (name, what) = (cells.next().expect("a case"), cells.next().expect("what it holds"));
        let numbers = cells.map(|cell| cell.parse().expect("a number")).collect();
        match cases.last_mut() {
            Some((last, lines)) if *last == name => lines.0.push((what, numbers)),
            _ => cases.push((name, Lines(vec![(what, numbers)]))),
        }
    }
    cases
}

/// The network of a case with the script's values, and its mini-batch.
fn of_the_script(name: &str, lines: &Lines<'_>) -> (Network, Array2<f32>, Vec<f32>) {
    let mut network = Network::new(cases::network(name)).expect(name);
    let (values, stored) = (lines.exact("values"), network.spec().values());
    if values.len() > stored {
        // The first layer behind the scale and the shape in front.
        network.normalize(&[2]).expect("a layer with weights");
    }
    let (of_layers, gamma_and_beta) = values.split_at(stored);
    network.values[..stored].copy_from_slice(of_layers);
    network.values[stored..][..gamma_and_beta.len()].copy_from_slice(gamma_and_beta);
    let inputs = lines.exact("inputs");
    let shape = (inputs.len() / network.inputs(), network.inputs());
    let inputs = Array2::from_shape_vec(shape, inputs).expect("as many numbers");
    (network, inputs, lines.exact("targets"))
}

fn near(found: f32, expected: f64, bound: f64, what: &str) {
    // The file's 9 digits are off by less than a hundredth of a rounding.
    let (error, bound) = ((f64::from(found) - expected).abs(), bound + UNIT / 100.0 * expected.abs());
    assert!(error <= bound, "{what}: {found} is not {expected}, off by {error:e}, more than {bound:e}");
}

#[test]
fn every_layer_of_signals_and_images() {
    let cases = cases();
    assert_eq!(cases.len(), 38);
    for (name, lines) in &cases {
        let (network, inputs, targets) = of_the_script(name, lines);
        let found = network.gradients(inputs.view(), TargetRows::Values(&targets), Loss::SquaredError).expect(name);
        let bounds = Bounds::new(&network, &inputs, &targets, true);
        assert_eq!(found.outputs.len(), lines.get("outputs").len(), "{name}");
        for (at, (y, expected)) in found.outputs.iter().zip(lines.get("outputs")).enumerate() {
            near(*y, *expected, bounds.outputs.error, &format!("{name}, output {at}"));
        }
        near(found.loss, lines.get("loss")[0], bounds.loss, &format!("{name}, loss"));

        // The script's gradient has no running statistics.
        let stored = network.spec().values();
        let places: Vec<usize> =
            (0..stored).chain(network.layers.iter().filter_map(Layer::gamma_and_beta).flatten()).collect();
        let expected = lines.get("gradient");
        assert_eq!(places.len(), expected.len(), "{name}");
        for (at, expected) in places.iter().zip(expected) {
            near(found.values[*at], *expected, bounds.values[*at], &format!("{name}, gradient of value {at}"));
        }
        // The largest gradient of each layer is far above its bound, but for biases that a mean takes away.
        let weights = network.layers.iter().filter(|layer| layer.learns());
        let weights = weights.map(|layer| layer.values.start..layer.values.start + layer.weights());
        for range in weights.chain(network.layers.iter().filter_map(Layer::gamma_and_beta)) {
            let bound = bounds.values[range.clone()].iter().copied().fold(0.0, f64::max);
            let largest = found.values[range].iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
            assert!(f64::from(largest) > 10.0 * bound, "{name}: a gradient of {largest} shows nothing, with {bound}");
        }
    }
}

#[test]
fn running_statistics_and_folding() {
    let mut normalized = 0;
    for (name, lines) in &cases() {
        let (mut network, inputs, targets) = of_the_script(name, lines);
        if !network.is_normalized() {
            continue;
        }
        normalized += 1;
        let bounds = Bounds::new(&network, &inputs, &targets, true);
        let tape = computed(&network, &inputs, true);
        let counts = norms(&network, &tape);
        network.track(&tape);
        let mut expected = lines.get("running");
        for (at, layer) in network.layers.clone().iter().enumerate() {
            let (Some(norm), Some(count)) = (&layer.norm, counts[at]) else { continue };
            let (sums, unbiased) = (bounds.sums[at], count.rows / (count.rows - 1.0));
            let (own, rest) = expected.split_at(2 * layer.biases());
            expected = rest;
            let running = norm.start + 2 * layer.biases()..norm.end;
            for (place, (value, expected)) in network.values[running.clone()].iter().zip(own).enumerate() {
                // A mean is off by as much as its terms, a deviation too, which is no larger than they are; a tenth of
                // it is taken in, and rounded.
                let taken = if place < layer.biases() { 0.1 } else { 0.2 * sums.size * unbiased };
                near(*value, *expected, taken * sums.error + UNIT * expected.abs(), &format!("{name}, layer {at}"));
            }
            // The script infers by its own, rounded.
            network.values[running].iter_mut().zip(own).for_each(|(value, own)| *value = *own as f32);
        }
        assert!(expected.is_empty(), "{name}");

        let check = |network: &Network, more: f64| {
            let bound = more * Bounds::new(network, &inputs, &targets, false).outputs.error;
            let found = network.forward(inputs.view()).expect("the shapes fit");
            for (at, (y, expected)) in found.iter().zip(lines.get("inference")).enumerate() {
                near(*y, *expected, bound, &format!("{name}, output {at} in inference"));
            }
        };
        check(&network, 1.0);
        // Folding rounds each weight and each bias once more, which is less than what a sum of two terms has.
        check(&network.folded(), 2.0);
    }
    assert_eq!(normalized, 3);
}
