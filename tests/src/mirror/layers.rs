//! The layers of the mirror: each output is a sum of products over what it meets, and gradients go back along the same
//! products.

use neurona::arch::{ActivationSpec, EchoStateSpec, PoolKind, States, WindowSpec};
use neurona::kernel::Connections;
use neurona_train::{OutputCodes, Spec};

use super::{activate, given, recurrent, softmax};
use crate::bounded::Bounded;

/// A product in the sum of an output: the weight, by its place among the values, and the input.
type Product = (usize, usize);

/// The weighted sums of a layer that has some, and its activation.
pub(super) fn sums(
    layer: &Spec,
    values: &[f64],
    x: &[Bounded],
    with: &[Bounded],
) -> Option<(Vec<Bounded>, ActivationSpec)> {
    if let Spec::Residual { activation, .. } = layer {
        return Some((x.iter().zip(with).map(|(x, with)| x.plus(*with)).collect(), *activation));
    }
    let (products, activation) = products(layer)?;
    let biases = values.len() - products.weights;
    let sum = |(output, products): (usize, &Vec<Product>)| {
        let products = products.iter().map(|(weight, input)| given(values[*weight]).times(x[*input]));
        Bounded::sum(products.chain([given(values[values.len() - biases + output % biases])]))
    };
    Some((products.of_output.iter().enumerate().map(sum).collect(), activation))
}

/// The products of every output.
struct Products {
    /// Number of values that are weights; biases follow, one for each channel.
    weights: usize,
    of_output: Vec<Vec<Product>>,
}

/// The products of a layer with weighted sums, and its activation.
fn products(layer: &Spec) -> Option<(Products, ActivationSpec)> {
    Some(match layer {
        Spec::Dense { inputs, outputs, activation } => {
            let (inputs, outputs) = (*inputs as usize, *outputs as usize);
            let of_output = (0..outputs).map(|o| (0..inputs).map(|i| (o * inputs + i, i)).collect());
            (Products { weights: inputs * outputs, of_output: of_output.collect() }, *activation)
        }
        Spec::Conv(conv) => {
            let (seen, filters) = (conv.seen as usize, conv.window.output.channels());
            let each = filters * seen / conv.window.input.channels();
            let of_output = meetings(&conv.window).into_iter().flat_map(|met| {
                (0..filters).map(move |filter| {
                    let products = |(cell, from): &(usize, usize)| {
                        let (weights, inputs) = (filter * conv.fan_in() + cell * seen, from + filter / each * seen);
                        (0..seen).map(move |channel| (weights + channel, inputs + channel))
                    };
                    met.iter().flat_map(products).collect()
                })
            });
            (Products { weights: conv.weights(), of_output: of_output.collect() }, conv.activation)
        }
        Spec::DepthwiseConv(conv) => {
            let filters = conv.window.output.channels();
            let each = filters / conv.window.input.channels();
            let of_output = meetings(&conv.window).into_iter().flat_map(|met| {
                (0..filters).map(move |filter| {
                    met.iter().map(|(cell, from)| (cell * filters + filter, from + filter / each)).collect()
                })
            });
            (Products { weights: conv.weights(), of_output: of_output.collect() }, conv.activation)
        }
        Spec::TableConv(conv) => {
            let cells = conv.window.kernel_cells();
            // For each filter the channels that it sees, with the place of the first weight of each.
            let mut connections = 0;
            let mut of_filter = |sees: &u64| {
                let channels = (0..64).filter(|channel| sees >> channel & 1 == 1);
                let first = connections;
                connections += sees.count_ones() as usize;
                channels.zip(first..).map(|(channel, n)| (n * cells, channel)).collect()
            };
            let filters: Vec<Vec<(usize, usize)>> = conv.table.iter().map(&mut of_filter).collect();
            let of_output = meetings(&conv.window).into_iter().flat_map(|met| {
                let products = |channels: &Vec<(usize, usize)>| {
                    let of_channel = |(weights, channel): &(usize, usize)| -> Vec<Product> {
                        met.iter().map(|(cell, from)| (weights + cell, from + channel)).collect()
                    };
                    channels.iter().flat_map(of_channel).collect()
                };
                filters.iter().map(products).collect::<Vec<Vec<Product>>>()
            });
            let of_output = of_output.collect();
            (Products { weights: connections * cells, of_output }, conv.activation)
        }
        Spec::Scale(scale) => {
            let channels = scale.shape.channels();
            let of_output = (0..scale.shape.len()).map(|i| vec![(i % channels, i)]);
            (Products { weights: channels, of_output: of_output.collect() }, scale.activation)
        }
        _ => return None,
    })
}

/// For each place of a window the cells of it that lie within the input: their numbers, and where the channels of what they
/// meet begin.
fn meetings(window: &WindowSpec) -> Vec<Vec<(usize, usize)>> {
    let [height, width, channels] = window.input.sizes().map(|size| size as i64);
    let [places_rows, places_columns, _] = window.output.sizes().map(i64::from);
    let [rows, columns] = window.kernel.map(i64::from);
    let meets = |axis: usize, place: i64, cell: i64| {
        place * i64::from(window.stride[axis]) + cell * i64::from(window.dilation[axis]) - window.before(axis) as i64
    };
    let place = |place_row: i64, place_column: i64| {
        let mut met = Vec::new();
        for (cell_row, cell_column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
            let (row, column) = (meets(0, place_row, cell_row), meets(1, place_column, cell_column));
            if (0..height).contains(&row) && (0..width).contains(&column) {
                met.push(((cell_row * columns + cell_column) as usize, ((row * width + column) * channels) as usize));
            }
        }
        met
    };
    (0..places_rows)
        .flat_map(|row| (0..places_columns).map(move |column| (row, column)))
        .map(|(r, c)| place(r, c))
        .collect()
}

/// For each output of pooling the inputs that it is made of.
fn pooled(layer: &Spec) -> Option<(Vec<Vec<usize>>, PoolKind)> {
    Some(match layer {
        Spec::Pool(pool) => {
            let channels = pool.window.input.channels();
            let of_place = |met: Vec<(usize, usize)>| {
                (0..channels).map(move |channel| met.iter().map(|(_, from)| from + channel).collect())
            };
            (meetings(&pool.window).into_iter().flat_map(of_place).collect(), pool.kind)
        }
        Spec::GlobalPool(pool) => {
            let (channels, len) = (pool.input.channels(), pool.input.len());
            ((0..channels).map(|channel| (channel..len).step_by(channels).collect()).collect(), pool.kind)
        }
        _ => return None,
    })
}

/// Which of some inputs is the largest, and whether another may be so within the bound.
fn largest(x: &[Bounded], of: &[usize]) -> (usize, bool) {
    let mut best = of[0];
    for at in of {
        if x[*at].value > x[best].value {
            best = *at;
        }
    }
    let near = |at: &usize| *at != best && x[*at].value + x[*at].error >= x[best].value - x[best].error;
    // Inputs that are equal because they are exactly the same number (of a ReLU, say) are decided for the first in all.
    let undecided = of.iter().any(|at| near(at) && (x[*at].value != x[best].value || x[best].error > 0.0));
    (best, undecided)
}

/// What the code of an output has for an input: -1 or 1.
fn code(codes: &OutputCodes, output: usize, input: usize) -> Bounded {
    let word = codes.codes[output * (codes.inputs as usize).div_ceil(64) + input / 64];
    Bounded::exact(if word >> (input % 64) & 1 == 1 { 1.0 } else { -1.0 })
}

/// The states of a reservoir. Each unit is connected to every `stride`-th, from `start` on, as the device says.
fn reservoir(echo: &EchoStateSpec, values: &[f64], x: &[Bounded]) -> Vec<Bounded> {
    let (inputs, units, connections) = (echo.inputs as usize, echo.units as usize, echo.connections as usize);
    let (weights, rest) = values.split_at(units * inputs);
    let (recurrent, bias) = rest.split_at(units * connections);
    let leak = Bounded::exact(f32::from_bits(echo.leak));
    let (mut h, mut y) = (vec![Bounded::ZERO; units], Vec::new());
    for x in x.chunks(inputs) {
        let next = |unit: usize| {
            let Connections { start, stride } = Connections::of(echo.seed, unit, units, units / connections);
            let of_input = (0..inputs).map(|input| x[input].times(given(weights[unit * inputs + input])));
            let of_state = (0..connections)
                .map(|k| h[(start + k * stride) % units].times(given(recurrent[unit * connections + k])));
            let z = Bounded::sum(of_input.chain(of_state).chain([given(bias[unit])]));
            let kept = Bounded::exact(1.0).minus(leak).times(h[unit]);
            kept.plus(leak.times(activate(ActivationSpec::Tanh, z).0))
        };
        h = (0..units).map(next).collect();
        if echo.states == States::Last {
            y.clear();
        }
        y.extend_from_slice(&h);
    }
    y
}

/// The outputs of a layer without weighted sums, and whether a decision lies within the bound.
pub(super) fn values(layer: &Spec, values: &[f64], x: &[Bounded], with: &[Bounded]) -> (Vec<Bounded>, bool) {
    if let Some((of_output, kind)) = pooled(layer) {
        let mut undecided = false;
        let output = |of: &Vec<usize>| match kind {
            PoolKind::Max => {
                let (best, unsure) = largest(x, of);
                undecided |= unsure;
                x[best]
            }
            PoolKind::Average => {
                let sum = Bounded::sum(of.iter().map(|at| x[*at]));
                let count = of.len() as f64;
                Bounded { value: sum.value / count, error: sum.error / count }.rounded()
            }
        };
        let y = of_output.iter().map(output).collect();
        return (y, undecided);
    }
    let y = match layer {
        Spec::Recurrent(spec) => {
            let (y, traces) = recurrent::Mirror::new(*spec, spec.steps as usize, values).forward(x);
            return (y, traces.iter().any(|trace| trace.undecided));
        }
        Spec::EchoState(echo) => reservoir(echo, values, x),
        Spec::Softmax { fast, .. } => softmax(x, *fast),
        Spec::Standardize { .. } | Spec::StandardizeChannels(_) => {
            let (mean, scale) = values.split_at(values.len() / 2);
            let pairs = x.iter().zip(mean.iter().cycle()).zip(scale.iter().cycle());
            pairs.map(|((x, mean), scale)| x.minus(given(*mean)).times(given(*scale))).collect()
        }
        Spec::Rescale { factor, .. } => {
            let factor = Bounded::exact(f32::from_bits(*factor));
            x.iter().map(|x| x.times(factor)).collect()
        }
        Spec::Reshape(_) => x.to_vec(),
        Spec::OutputCodes(codes) => {
            let distance = |output: usize| {
                let squares = x.iter().enumerate().map(|(at, x)| {
                    let off = x.minus(code(codes, output, at));
                    off.times(off)
                });
                Bounded::exact(-1.0).times(Bounded::sum(squares))
            };
            (0..codes.outputs as usize).map(distance).collect()
        }
        Spec::Concat(first, second) => {
            let (ahead, behind) = (first.output_shape().channels(), second.output_shape().channels());
            let cells = x.chunks(ahead).zip(with.chunks(behind));
            cells.flat_map(|(x, with)| x.iter().chain(with).copied()).collect()
        }
        other => panic!("the mirror has no layer of the kind {}: give it one", other.kind()),
    };
    (y, false)
}

/// The gradients of the inputs, and of the second input of a step that joins branches, from that of the sums.
pub(super) fn backward(
    layer: &Spec,
    values: &[f64],
    x: &[Bounded],
    with: &[Bounded],
    y: &[Bounded],
    dz: &[Bounded],
    into: &mut [Bounded],
) -> (Vec<Bounded>, Vec<Bounded>) {
    if let Some((products, _)) = products(layer) {
        let mut of_values: Vec<Vec<Bounded>> = vec![Vec::new(); values.len()];
        let mut of_inputs: Vec<Vec<Bounded>> = vec![Vec::new(); x.len()];
        let biases = values.len() - products.weights;
        for (output, (products, dz)) in products.of_output.iter().zip(dz).enumerate() {
            for (weight, input) in products {
                of_values[*weight].push(dz.times(x[*input]));
                of_inputs[*input].push(dz.times(given(values[*weight])));
            }
            of_values[values.len() - biases + output % biases].push(*dz);
        }
        into.iter_mut().zip(of_values).for_each(|(into, terms)| *into = Bounded::sum(terms));
        return (of_inputs.into_iter().map(Bounded::sum).collect(), Vec::new());
    }
    if let Some((of_output, kind)) = pooled(layer) {
        let mut of_inputs: Vec<Vec<Bounded>> = vec![Vec::new(); x.len()];
        for (of, dz) in of_output.iter().zip(dz) {
            let count = of.len() as f64;
            match kind {
                PoolKind::Max => of_inputs[largest(x, of).0].push(*dz),
                PoolKind::Average => {
                    let share = Bounded { value: dz.value / count, error: dz.error / count }.rounded();
                    of.iter().for_each(|at| of_inputs[*at].push(share));
                }
            }
        }
        return (of_inputs.into_iter().map(Bounded::sum).collect(), Vec::new());
    }
    if let Spec::Recurrent(spec) = layer {
        let mirror = recurrent::Mirror::new(*spec, spec.steps as usize, values);
        let recurrent::Results([_, gradient, dx]) = mirror.run(x, dz);
        into.copy_from_slice(&gradient);
        return (dx, Vec::new());
    }
    let dx = match layer {
        // The gradient ends there.
        Spec::EchoState(_) => vec![Bounded::ZERO; x.len()],
        Spec::Softmax { .. } => {
            let sum = Bounded::sum(y.iter().zip(dz).map(|(y, dy)| y.times(*dy)));
            y.iter().zip(dz).map(|(y, dy)| y.times(dy.minus(sum))).collect()
        }
        Spec::Standardize { .. } | Spec::StandardizeChannels(_) => {
            let (_, scale) = values.split_at(values.len() / 2);
            dz.iter().zip(scale.iter().cycle()).map(|(dy, scale)| dy.times(given(*scale))).collect()
        }
        Spec::Rescale { factor, .. } => dz.iter().map(|dy| dy.times(Bounded::exact(f32::from_bits(*factor)))).collect(),
        Spec::Reshape(_) => dz.to_vec(),
        Spec::OutputCodes(codes) => {
            let slope = |(at, x): (usize, &Bounded)| {
                let terms = dz
                    .iter()
                    .enumerate()
                    .map(|(output, dy)| Bounded::exact(-2.0).times(*dy).times(x.minus(code(codes, output, at))));
                Bounded::sum(terms)
            };
            x.iter().enumerate().map(slope).collect()
        }
        Spec::Residual { .. } => return (dz.to_vec(), dz.to_vec()),
        Spec::Concat(first, second) => {
            let (ahead, behind) = (first.output_shape().channels(), second.output_shape().channels());
            let cells = || dz.chunks(ahead + behind);
            let first = cells().flat_map(|cell| cell[..ahead].to_vec()).collect();
            return (first, cells().flat_map(|cell| cell[ahead..].to_vec()).take(with.len()).collect());
        }
        other => panic!("the mirror has no layer of the kind {}: give it one", other.kind()),
    };
    (dx, Vec::new())
}
