//! The formulas of recurrent layers, step by step and one number at a time, each with a bound for what `f32` makes of it.

use neurona::arch::{ActivationSpec, CellSpec, RecurrentSpec, States};

// `activate` gives the value of an activation, its derivative, and whether a kink lies within the bound.
use super::{Bounded, activate};

/// Outputs, gradients of the parameters and of the input, one after another.
pub(crate) struct Results<T>(pub(crate) [Vec<T>; 3]);

/// The formulas, step by step, on vectors of bounded numbers.
pub(crate) struct Mirror {
    spec: RecurrentSpec,
    /// How many steps the gradient goes back through.
    back: usize,
    parameters: Vec<Bounded>,
}

/// What a step of the mirror leaves: the activated gates and their derivatives, the sum over the state that stands apart in a
/// GRU, memory before, and whether a kink of an activation lies within its bound.
#[derive(Clone, Default)]
pub(crate) struct Trace {
    gates: Vec<Vec<Bounded>>,
    slopes: Vec<Vec<Bounded>>,
    apart: Vec<Bounded>,
    h: Vec<Bounded>,
    c: Vec<Bounded>,
    pub(crate) undecided: bool,
}

impl Trace {
    fn gate(&mut self, activation: ActivationSpec, sums: impl Iterator<Item = Bounded>) {
        let (mut gate, mut slopes) = (Vec::new(), Vec::new());
        for z in sums {
            let (y, slope, unsure) = activate(activation, z);
            gate.push(y);
            slopes.push(slope);
            self.undecided |= unsure;
        }
        self.gates.push(gate);
        self.slopes.push(slopes);
    }
}

const ONE: Bounded = Bounded { value: 1.0, error: 0.0 };

fn number(value: &f64) -> Bounded {
    Bounded { value: *value, error: 0.0 }
}

fn tanh(z: Bounded) -> (Bounded, Bounded) {
    let (y, slope, _) = activate(ActivationSpec::Tanh, z);
    (y, slope)
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
        let gate = |gate: usize| (gate * units..(gate + 1) * units).map(|row| sum(row, false));
        match self.spec.cell {
            CellSpec::Rnn { activation } => {
                trace.gate(activation, gate(0));
                h.copy_from_slice(&trace.gates[0]);
            }
            CellSpec::Gru => {
                trace.gate(ActivationSpec::Sigmoid, gate(0));
                trace.gate(ActivationSpec::Sigmoid, gate(1));
                let of_state = |unit: usize| {
                    let terms = products(self.rows(2 * units + unit)[1], h);
                    Bounded::sum(terms.into_iter().chain([self.bias(rows + unit)]))
                };
                trace.apart = (0..units).map(of_state).collect();
                let of_both =
                    |unit: usize| sum(2 * units + unit, true).plus(trace.gates[0][unit].times(trace.apart[unit]));
                let sums: Vec<_> = (0..units).map(of_both).collect();
                trace.gate(ActivationSpec::Tanh, sums.into_iter());
                for ((h, z), n) in h.iter_mut().zip(&trace.gates[1]).zip(&trace.gates[2]) {
                    *h = ONE.minus(*z).times(*n).plus(z.times(*h));
                }
            }
            CellSpec::Lstm => {
                for at in 0..4 {
                    trace.gate(if at == 2 { ActivationSpec::Tanh } else { ActivationSpec::Sigmoid }, gate(at));
                }
                for unit in 0..units {
                    let [i, f, g, o] = [0, 1, 2, 3].map(|gate: usize| trace.gates[gate][unit]);
                    c[unit] = f.times(c[unit]).plus(i.times(g));
                    h[unit] = o.times(tanh(c[unit]).0);
                }
            }
        }
        trace
    }

    pub(crate) fn forward(&self, x: &[Bounded]) -> (Vec<Bounded>, Vec<Trace>) {
        let (inputs, units, _) = self.sizes();
        let (mut h, mut c, mut y) = (vec![Bounded::ZERO; units], vec![Bounded::ZERO; units], Vec::new());
        let mut traces = Vec::new();
        for x in x.chunks(inputs) {
            traces.push(self.step(x, &mut h, &mut c));
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
            let (gate, slope) = (|gate: usize| trace.gates[gate][unit], |gate: usize| trace.slopes[gate][unit]);
            match self.spec.cell {
                CellSpec::Rnn { .. } => dz[unit] = dh[unit].times(slope(0)),
                CellSpec::Gru => {
                    let (r, z, n, s, h) = (gate(0), gate(1), gate(2), trace.apart[unit], trace.h[unit]);
                    let dn = dh[unit].times(ONE.minus(z)).times(slope(2));
                    dz[unit] = dn.times(s).times(slope(0));
                    dz[units + unit] = dh[unit].times(h.minus(n)).times(slope(1));
                    dz[2 * units + unit] = dn;
                    dz[3 * units + unit] = dn.times(r);
                    dh_before[unit].push(dh[unit].times(z));
                }
                CellSpec::Lstm => {
                    let (i, f, g, o, c) = (gate(0), gate(1), gate(2), gate(3), trace.c[unit]);
                    let (t, of_t) = tanh(f.times(c).plus(i.times(g)));
                    let d = dc[unit].plus(dh[unit].times(o).times(of_t));
                    dz[unit] = d.times(g).times(slope(0));
                    dz[units + unit] = d.times(c).times(slope(1));
                    dz[2 * units + unit] = d.times(i).times(slope(2));
                    dz[3 * units + unit] = dh[unit].times(t).times(slope(3));
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

    pub(crate) fn run(&self, x: &[Bounded], dy: &[Bounded]) -> Results<Bounded> {
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
                *dh = dh.plus(*dy);
            }
            dz[step] = self.back(&traces[step], &mut dh, &mut dc);
        }
        let over_time = |terms: &dyn Fn(usize) -> Bounded| Bounded::sum((0..steps).map(terms));
        let of_weight = |(row, input): (usize, usize)| over_time(&|step| dz[step][row].times(x[step * inputs + input]));
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
