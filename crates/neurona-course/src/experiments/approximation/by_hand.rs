//! Networks of one hidden layer whose weights are written down.

use ndarray::Array2;
use neurona::arch::ActivationSpec;
use neurona_train::Network;

use super::target;
use crate::{Context, CourseError, lab};

/// Where the step is, and where the ramp begins.
pub(super) const FROM: f64 = 0.4;
/// Where the pulse and the ramp end.
pub(super) const TO: f64 = 0.6;
/// The weight of a neuron that makes a pulse.
pub(super) const STEEP: f64 = 100.0;

/// A neuron of the hidden layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Neuron {
    /// The weight of the input.
    weight: f64,
    bias: f64,
    /// The weight that the output has for it.
    output: f64,
}

impl Neuron {
    /// A neuron that turns at `place`: b = -s w.
    pub(super) fn at(place: f64, weight: f64, output: f64) -> Self {
        Self { weight, bias: -place * weight, output }
    }
}

/// A network 1-H-1 of these neurons, with the output's bias.
pub(super) fn network(activation: ActivationSpec, neurons: &[Neuron], bias: f64) -> Result<Network, CourseError> {
    let mut network = lab::network(&[1, neurons.len(), 1], activation)?;
    let weights = neurons.iter().map(|neuron| neuron.weight);
    let values = weights.chain(neurons.iter().map(|neuron| neuron.bias));
    let values = values.chain(neurons.iter().map(|neuron| neuron.output)).chain([bias]);
    network.set_values(&values.map(|value| value as f32).collect::<Vec<_>>())?;
    Ok(network)
}

/// Two sigmoids: up at one place and down at another.
pub(super) fn pulse(from: f64, to: f64, weight: f64, height: f64) -> [Neuron; 2] {
    [Neuron::at(from, weight, height), Neuron::at(to, weight, -height)]
}

/// The target as pulses side by side, each as high as the target in its middle.
pub(super) fn pulses(count: usize) -> Result<Network, CourseError> {
    /// The steepness of the steps: of the width of a pulse, 2 ln 9 / 20 is between 10 % and 90 %.
    const STEEPNESS: f64 = 20.0;
    let width = 1.0 / count as f64;
    let neurons: Vec<Neuron> = (0..count)
        .flat_map(|at| {
            let from = at as f64 * width;
            // The first begins and the last ends outside, so that no step is at an end of the range.
            let outer = [if at == 0 { width } else { 0.0 }, if at + 1 == count { width } else { 0.0 }];
            pulse(from - outer[0], from + width + outer[1], STEEPNESS / width, target(from + width / 2.0))
        })
        .collect();
    network(ActivationSpec::Sigmoid, &neurons, 0.0)
}

/// The target as straight pieces between points on it: a ReLU where each begins, by which the slope changes.
pub(super) fn pieces(count: usize) -> Result<Network, CourseError> {
    let width = 1.0 / count as f64;
    let slope = |at: usize| (target((at + 1) as f64 * width) - target(at as f64 * width)) / width;
    let neuron = |at: usize| {
        let change = if at == 0 { slope(0) } else { slope(at) - slope(at - 1) };
        Neuron::at(at as f64 * width, 1.0, change)
    };
    network(ActivationSpec::Relu, &(0..count).map(neuron).collect::<Vec<_>>(), target(0.0))
}

/// x and the output of a network at evenly spaced places from 0 to 1.
pub(super) fn curve(network: &Network, count: usize) -> Result<Vec<(f64, f64)>, CourseError> {
    let places = Array2::from_shape_vec((count, 1), lab::spaced(0.0, 1.0, count).map(|x| x as f32).collect());
    let places = places.unwrap_or_default();
    let outputs = lab::outputs(network, places.view())?;
    Ok(places.iter().map(|x| f64::from(*x)).zip(outputs).collect())
}

/// A step from one sigmoid.
#[derive(Clone, Debug)]
pub struct Step {
    /// The weight w; the bias is -s w.
    pub weight: f64,
    /// The output at s.
    pub middle: f64,
    /// From where the output is 0.1 to where it is 0.9.
    pub width: f64,
    pub(super) curve: Vec<(f64, f64)>,
}

impl Step {
    pub(super) fn new(weight: f64, places: usize) -> Result<Self, CourseError> {
        let curve = curve(&network(ActivationSpec::Sigmoid, &[Neuron::at(FROM, weight, 1.0)], 0.0)?, places)?;
        let middle = curve.iter().min_by(|one, other| (one.0 - FROM).abs().total_cmp(&(other.0 - FROM).abs()));
        Ok(Self {
            weight,
            middle: middle.map_or(f64::NAN, |point| point.1),
            width: crossing(&curve, 0.9) - crossing(&curve, 0.1),
            curve,
        })
    }
}

/// Where a curve that rises first reaches a level, between two of its points along a line.
fn crossing(curve: &[(f64, f64)], level: f64) -> f64 {
    let pair = curve.windows(2).find(|pair| pair[0].1 < level && level <= pair[1].1);
    pair.map_or(f64::NAN, |pair| {
        let share = (level - pair[0].1) / (pair[1].1 - pair[0].1);
        pair[0].0 + share * (pair[1].0 - pair[0].0)
    })
}

/// How near a network of that many parts comes to the target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Construction {
    /// Pulses, or straight pieces.
    pub parts: usize,
    /// Neurons of the hidden layer.
    pub neurons: usize,
    /// The largest difference to the target.
    pub largest: f64,
    /// The root mean square of the difference.
    pub rms: f64,
}

impl Construction {
    pub(super) fn new(network: &Network, parts: usize, places: usize) -> Result<Self, CourseError> {
        let errors: Vec<f64> = curve(network, places)?.into_iter().map(|(x, y)| y - target(x)).collect();
        Ok(Self {
            parts,
            neurons: network.layer_values(0).map_or(0, |values| values.len() / 2),
            largest: errors.iter().map(|error| error.abs()).fold(0.0, f64::max),
            rms: lab::root_mean_square(errors),
        })
    }
}

/// Constructions with more and more parts.
pub(super) fn ladder(
    context: &Context<'_>,
    counts: &[usize],
    make: fn(usize) -> Result<Network, CourseError>,
) -> Result<Vec<Construction>, CourseError> {
    // At least 25 places in each part, an even number of them, so that its middle is one.
    let places = context.choose(50, 26) * counts.iter().max().unwrap_or(&1) + 1;
    context.each(counts, |count| Construction::new(&make(*count)?, *count, places))
}

/// The slope of a line through the logarithms of parts and error, fitted by least squares to the last four.
pub fn order(constructions: &[Construction], error: fn(&Construction) -> f64) -> f64 {
    let last = &constructions[constructions.len().saturating_sub(4)..];
    let points: Vec<(f64, f64)> = last.iter().map(|of| ((of.parts as f64).ln(), error(of).ln())).collect();
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / points.len() as f64;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let products = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>();
    products / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}
