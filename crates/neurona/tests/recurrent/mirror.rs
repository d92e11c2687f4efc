//! The formulas of recurrent layers, step by step and one number at a time, each with a bound for what `f32` makes of it.

use neurona::arch::{ActivationSpec, CellSpec, RecurrentSpec, States};

use crate::bounded::{Bounded, ULP};

/// Outputs, gradients of the parameters and of the input, one after another.
pub(crate) struct Results<T>(pub(crate) [Vec<T>; 3]);

/// The formulas, step by step, on vectors of bounded numbers.
pub(crate) struct Mirror {
    spec: RecurrentSpec,
    /// How many steps the gradient goes back through.
    back: usize,
    parameters: Vec<Bounded>,
}

/// What a step of the mirror leaves: the activated gates, the sum over the state that stands apart in a GRU, memory before.
#[derive(Clone, Default)]
pub(crate) struct Trace {
    gates: Vec<Vec<Bounded>>,
    apart: Vec<Bounded>,
    h: Vec<Bounded>,
    c: Vec<Bounded>,
}

const ONE: Bounded = Bounded { value: 1.0, error: 0.0 };

fn number(value: &f64) -> Bounded {
    Bounded { value: *value, error: 0.0 }
}

/// At most 2.5 ULP off, and no steeper than 1/4.
fn sigmoid(z: Bounded) -> Bounded {
    let value = 1.0 / (1.0 + (-z.value).exp());
    Bounded { value, error: z.error / 4.0 + 2.5 * ULP * value }
}

/// At most 2.5 ULP off, and no steeper than 1.
fn tanh(z: Bounded) -> Bounded {
    let value = z.value.tanh();
    Bounded { value, error: z.error + 2.5 * ULP * value.abs() }
}

fn sigmoid_slope(y: Bounded) -> Bounded {
    y.times(ONE.minus(y))
}

fn tanh_slope(y: Bounded) -> Bounded {
    ONE.minus(y).times(ONE.plus(y))
}

/// Each of `firsts` with each number below `count`.
fn pairs(firsts: impl Iterator<Item = usize>, count: usize) -> impl Iterator<Item = (usize, usize)> {
    firsts.flat_map(move |first| (0..count).map(move |second| (first, second)))
}

impl Mirror {
    pub(crate) fn new(spec: RecurrentSpec, back: usize, parameters: &[f64]) -> Self {
        Self { spec, back, parameters: parameters.iter().map(number).collect() }
    }

    fn sizes(&self) -> (usize, usize, usize) {
        (self.spec.inputs as usize, self.spec.units as usize, self.spec.cell.gates() * self.spec.units as usize)
    }

    /// A row of the weights of the input, of those of the state.
    fn rows(&self, row: usize) -> [&[Bounded]; 2] {
        let (inputs, units, rows) = self.sizes();
        let recurrent = &self.parameters[rows * inputs..];
        [&self.parameters[row * inputs..][..inputs], &recurrent[row * units..][..units]]
    }

    fn bias(&self, row: usize) -> Bounded {
        let (inputs, units, rows) = self.sizes();
        self.parameters[rows * (inputs + units) + row]
    }

    /// Each row of the weights of the state, and which of the sums of a step it is a part of.
    fn slots(&self) -> impl Iterator<Item = (usize, usize)> {
        let (_, units, rows) = self.sizes();
        let apart = self.spec.cell.biases() * units - rows;
        (0..rows).map(move |row| (row, if row < rows - apart { row } else { row + apart }))
    }

    fn step(&self, x: &[Bounded], h: &mut [Bounded], c: &mut [Bounded]) -> Trace {
        let (_, units, rows) = self.sizes();
        let mut trace = Trace { h: h.to_vec(), c: c.to_vec(), ..Trace::default() };
        let products = |row: &[Bounded], values: &[Bounded]| -> Vec<Bounded> {
            row.iter().zip(values).map(|(weight, value)| weight.times(*value)).collect()
        };
        let sum = |row: usize, apart: bool| {
            let [weights, recurrent] = self.rows(row);
            let mut terms = vec![self.bias(row)];
            terms.extend(products(weights, x));
            if !apart {
                terms.extend(products(recurrent, h));
            }
            Bounded::sum(terms)
        };
        let gate = |gate: usize, apart| (gate * units..(gate + 1) * units).map(move |row| sum(row, apart));
        match self.spec.cell {
            CellSpec::Rnn { activation } => {
                let of_sum = |z: Bounded| match activation {
                    ActivationSpec::Tanh => tanh(z),
                    ActivationSpec::Relu => {
                        assert!(z.value.abs() > z.error, "a sum at the kink of ReLU");
                        if z.value > 0.0 { z } else { Bounded::ZERO }
                    }
                    _ => panic!("{activation:?}"),
                };
                trace.gates = vec![gate(0, false).map(of_sum).collect()];
                h.copy_from_slice(&trace.gates[0]);
            }
            CellSpec::Gru => {
                let (r, z): (Vec<_>, Vec<_>) =
                    (gate(0, false).map(sigmoid).collect(), gate(1, false).map(sigmoid).collect());
                trace.apart = (0..units)
                    .map(|unit| {
                        let mut terms = vec![self.bias(rows + unit)];
                        terms.extend(products(self.rows(2 * units + unit)[1], h));
                        Bounded::sum(terms)
                    })
                    .collect();
                let n: Vec<_> =
                    gate(2, true).zip(&r).zip(&trace.apart).map(|((n, r), s)| tanh(n.plus(r.times(*s)))).collect();
                for ((h, z), n) in h.iter_mut().zip(&z).zip(&n) {
                    *h = ONE.minus(*z).times(*n).plus(z.times(*h));
                }
                trace.gates = vec![r, z, n];
            }
            CellSpec::Lstm => {
                trace.gates = (0..4)
                    .map(|at| gate(at, false).map(if at == 2 { tanh } else { sigmoid }).collect::<Vec<_>>())
                    .collect();
                for unit in 0..units {
                    let [i, f, g, o] = [0, 1, 2, 3].map(|gate: usize| trace.gates[gate][unit]);
                    c[unit] = f.times(c[unit]).plus(i.times(g));
                    h[unit] = o.times(tanh(c[unit]));
                }
            }
            _ => panic!("{:?}", self.spec.cell),
        }
        trace
    }

    pub(crate) fn forward(&self, x: &[f64]) -> (Vec<Bounded>, Vec<Trace>) {
        let (inputs, units, _) = self.sizes();
        let (mut h, mut c, mut y) = (vec![Bounded::ZERO; units], vec![Bounded::ZERO; units], Vec::new());
        let mut traces = Vec::new();
        for x in x.chunks(inputs) {
            traces.push(self.step(&x.iter().map(number).collect::<Vec<_>>(), &mut h, &mut c));
            if self.spec.states == States::Last {
                y.clear();
            }
            y.extend_from_slice(&h);
        }
        (y, traces)
    }

    /// The gradients of the sums of a step, in the order of the biases; `dh` and `dc` become those before the step.
    fn back(&self, trace: &Trace, dh: &mut [Bounded], dc: &mut [Bounded]) -> Vec<Bounded> {
        let (_, units, _) = self.sizes();
        let mut dz = vec![Bounded::ZERO; self.spec.cell.biases() * units];
        let mut dh_before = vec![vec![]; units];
        for unit in 0..units {
            let gate = |gate: usize| trace.gates[gate][unit];
            match self.spec.cell {
                CellSpec::Rnn { activation: ActivationSpec::Tanh } => dz[unit] = dh[unit].times(tanh_slope(gate(0))),
                CellSpec::Rnn { .. } => dz[unit] = if gate(0).value > 0.0 { dh[unit] } else { Bounded::ZERO },
                CellSpec::Gru => {
                    let (r, z, n, s, h) = (gate(0), gate(1), gate(2), trace.apart[unit], trace.h[unit]);
                    let dn = dh[unit].times(ONE.minus(z)).times(tanh_slope(n));
                    dz[unit] = dn.times(s).times(sigmoid_slope(r));
                    dz[units + unit] = dh[unit].times(h.minus(n)).times(sigmoid_slope(z));
                    dz[2 * units + unit] = dn;
                    dz[3 * units + unit] = dn.times(r);
                    dh_before[unit].push(dh[unit].times(z));
                }
                _ => {
                    let (i, f, g, o, c) = (gate(0), gate(1), gate(2), gate(3), trace.c[unit]);
                    let t = tanh(f.times(c).plus(i.times(g)));
                    let d = dc[unit].plus(dh[unit].times(o).times(tanh_slope(t)));
                    dz[unit] = d.times(g).times(sigmoid_slope(i));
                    dz[units + unit] = d.times(c).times(sigmoid_slope(f));
                    dz[2 * units + unit] = d.times(i).times(tanh_slope(g));
                    dz[3 * units + unit] = dh[unit].times(t).times(sigmoid_slope(o));
                    dc[unit] = d.times(f);
                }
            }
        }
        for (row, slot) in self.slots() {
            for (terms, weight) in dh_before.iter_mut().zip(self.rows(row)[1]) {
                terms.push(weight.times(dz[slot]));
            }
        }
        for (dh, terms) in dh.iter_mut().zip(dh_before) {
            *dh = Bounded::sum(terms);
        }
        dz
    }

    pub(crate) fn run(&self, x: &[f64], dy: &[f64]) -> Results<Bounded> {
        let (inputs, units, rows) = self.sizes();
        let (y, traces) = self.forward(x);
        let steps = traces.len();
        let mut dy = dy.chunks(units).rev();
        let mut dz = vec![Vec::new(); steps];
        let (mut dh, mut dc) = (vec![Bounded::ZERO; units], vec![Bounded::ZERO; units]);
        for step in (0..steps).rev() {
            if (steps - 1 - step).is_multiple_of(self.back) {
                (dh, dc) = (vec![Bounded::ZERO; units], vec![Bounded::ZERO; units]);
            }
            for (dh, dy) in dh.iter_mut().zip(dy.next().unwrap_or_default()) {
                *dh = dh.plus(number(dy));
            }
            dz[step] = self.back(&traces[step], &mut dh, &mut dc);
        }
        let over_time = |terms: &dyn Fn(usize) -> Bounded| Bounded::sum((0..steps).map(terms));
        let of_weight =
            |(row, input): (usize, usize)| over_time(&|step| dz[step][row].times(number(&x[step * inputs + input])));
        let of_recurrent = |(slot, unit): (usize, usize)| over_time(&|step| dz[step][slot].times(traces[step].h[unit]));
        let mut gradient: Vec<_> = pairs(0..rows, inputs).map(of_weight).collect();
        gradient.extend(pairs(self.slots().map(|(_, slot)| slot), units).map(of_recurrent));
        gradient.extend((0..dz[0].len()).map(|slot| over_time(&|step| dz[step][slot])));
        let of_input = |(step, input): (usize, usize)| {
            Bounded::sum((0..rows).map(|row| self.rows(row)[0][input].times(dz[step][row])))
        };
        Results([y, gradient, pairs(0..steps, inputs).map(of_input).collect()])
    }
}
